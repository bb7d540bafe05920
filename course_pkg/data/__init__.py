"""Data sets: drawn anew from a seed, or real ones that come inside pip packages."""
