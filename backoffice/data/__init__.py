"""Any entity, whichever it is: lists with filters and search, rows that are read, created, changed and exported.

Knows events and what lies below; nothing here names an entity. What one of them needs beyond that is registered
by the area that owns it.
"""
