"""Training: one loop, its measures, and the long experiments whose results the chapters draw."""
