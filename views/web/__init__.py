"""What all pages share: who asks, what every answer says, errors, the theme, times, ways back.

Knows no screen. The only table from a refusal to a status is `errors`.
"""
