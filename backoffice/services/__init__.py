"""What is not a set operation, one area per file."""
