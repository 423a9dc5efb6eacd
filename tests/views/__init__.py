"""Tests of what a browser or a client may ask for."""
