"""Mail: written into the outbox with the change it tells of, rendered and delivered after the commit.

Knows data and what lies below. Who is mailed what, and when, is decided above.
"""
