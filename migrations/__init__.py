"""The history of the tables. Alembic reads the files in `versions`."""
