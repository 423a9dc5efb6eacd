"""Write the first files of an entity, for developers.

A server needs none of it. It may import models and what lies below them; only commands import it.
"""
