"""One small file per entity, found without registration."""
