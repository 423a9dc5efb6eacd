"""The screens: one small file per entity, found without registration."""
