"""View as somebody else, in one call."""

from werkzeug.test import TestResponse

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client


def view_as(client: Client, name: str, reason: str = "A page looks empty to her") -> TestResponse:
    """View as this member of the cast or staff, and fail if that is refused."""
    answer = begin(client, getattr(Cast(), name).id, reason)
    assert (answer.status_code, answer.location) == (303, "/"), answer.text
    return answer


def begin(client: Client, user_id: int, reason: str = "A page looks empty to her") -> TestResponse:
    """Ask to view as the person with this number, and return the answer."""
    answer = client.post(f"/view-as/{user_id}", {"reason": reason})
    forget_forms(client)
    return answer


def leave(client: Client) -> TestResponse:
    """Be oneself again."""
    answer = client.post("/view-as/leave")
    forget_forms(client)
    return answer


def forget_forms(client: Client) -> None:
    """Read the next form's token from a new page: the forms before cannot be sent any more."""
    client._token = None
