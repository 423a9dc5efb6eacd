"""What home shows: figures, and alerts that need somebody.

Knows people and what lies below, reads only, and is imported by views alone.
"""
