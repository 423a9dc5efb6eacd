"""List, search, filter, read, create, change and export the rows of any entity.

This package knows events and what lies below. Nothing here names an entity. Special rules of an
entity are registered by the area that owns it.
"""
