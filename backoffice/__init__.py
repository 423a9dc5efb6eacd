"""What the product knows and may do, without a web request anywhere in it."""

from backoffice import memory

memory.prepare()
