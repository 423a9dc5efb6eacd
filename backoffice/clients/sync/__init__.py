"""Sync: clients, and what belongs to them, from a file of the company's own product.

tables      which tables and fields a file may feed, from the models
lines       the bytes of a file as lines, each understood or refused on its own
claims      what only one row may have
writing     a batch of lines, judged and written in few statements
running     the run over a whole file, batch by batch
"""
