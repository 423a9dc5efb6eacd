"""The product's data and actions, independent of any web request."""

from backoffice import memory

__version__ = "0.1.0"  # here and nowhere else; a company's repository pins it

memory.prepare()
