"""How long tests wait for threads, processes and machines before they give up."""

# Seconds. It bounds how long a failure takes and never what passes, so it is long enough for a
# machine that does other things too.
PATIENCE = 120.0
