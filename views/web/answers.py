"""What a view may answer with."""

from werkzeug import Response

Answer = Response | str | tuple[str, int]  # a page may come with its status
