"""How requests are told apart before the app looks at them."""

HEALTH_PATHS = ("/healthz", "/readyz")
READING_METHODS = ("GET", "HEAD", "OPTIONS")  # all others may write
