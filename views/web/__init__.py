"""What all pages share: the actor, headers, errors, the theme, times and redirects.

Nothing here knows a screen. The only table from a refusal to a status is in `errors`.
"""
