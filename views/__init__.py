"""What a browser or a client may ask for."""
