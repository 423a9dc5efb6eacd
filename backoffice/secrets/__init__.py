"""Keep secrets encrypted with keys from the settings, and move them to newer keys.

This package knows models and policy. Modules that keep a secret import it; what the secret is for
is known only to them.
"""
