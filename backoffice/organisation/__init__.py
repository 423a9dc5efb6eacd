"""The nodes of the organisation: what may be written about them, and who and what is of them.

Which nodes somebody reaches is policy (policy/reach.py). Stands where people does.
"""
