"""Stories that belong to no module alone: rules as people meet them, attacks, races, and traps that stay closed."""
