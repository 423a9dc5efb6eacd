"""What all pages share: the actor, headers, errors, the theme, times and redirects.

Of the screens it knows only the list in `app.extensions["screens"]`, with their names, models and
forms. The only table from a refusal to a status is in `errors`.
"""
