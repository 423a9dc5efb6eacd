"""Decides who may do what, and to which rows."""
