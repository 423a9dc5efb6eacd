"""The product's data and actions, independent of any web request."""

from backoffice import memory

memory.prepare()
