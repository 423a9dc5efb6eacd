"""List, search, filter, read, create, change and export the rows of any entity.

This package knows events and what lies below. Special rules of an entity are registered by the area
that owns it. Only `disclosure` names entities: the log and the bulk runs, which are about rows of
all others.
"""
