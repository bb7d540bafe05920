"""What students hand in, from the file in their folder to a notebook that can be graded."""
