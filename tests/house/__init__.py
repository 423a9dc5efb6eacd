"""The rules of the house, checked over the repository itself."""
