"""The networks of the course, one file each; they need torch."""
