"""A class on disk and in the gradebook, and the command that grades it."""
