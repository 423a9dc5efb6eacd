"""Measure the product against its peers and against the floor, side by side, on the same rows."""
