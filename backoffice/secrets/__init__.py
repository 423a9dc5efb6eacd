"""Secrets that are kept: encrypted with keys of the settings, with a way to newer keys.

Knows models and policy. Whoever keeps a secret imports this; what the secret is for is known above.
"""
