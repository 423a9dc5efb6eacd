"""Lead back to a form that was sent after its session had ended."""

from views.account.blueprint import account
from views.web import unsent
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.view_as import not_while_viewing


@account.get("/unsent/<handle>", endpoint="unsent")
@not_while_viewing
def lead_back(handle: str) -> Answer:
    """Redirect to the form's page, which shows what was typed; anybody else is led home."""
    return unsent.lead_back(signed_in(), handle)
