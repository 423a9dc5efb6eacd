"""Tests of what writes the first files of an entity."""
