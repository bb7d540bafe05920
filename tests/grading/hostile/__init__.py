"""Submissions that attack the grading of a class, what must become of each, and the run that tries them."""
