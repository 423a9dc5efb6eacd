"""The forms: what a person may type."""
