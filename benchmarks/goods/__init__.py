"""A company with the same rows twice: in a table of ours, and in one that existed before."""
