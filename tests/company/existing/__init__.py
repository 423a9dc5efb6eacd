"""Walks over the tables of `trade`, which existed before the product came."""
