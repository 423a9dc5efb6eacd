"""Sheets: groups with their permissions and grants as a file, to take elsewhere and to review.

sheet       what a sheet holds
writing     groups as the bytes of a file, the same bytes for the same groups
reading     the bytes of a file as a sheet, or every problem with its place
planning    what a sheet would change
judging     whether somebody may change it
applying    the changes, written
imports     a sheet that somebody sent: preview, apply, undo
shipped     the sheets that come with the product
"""
