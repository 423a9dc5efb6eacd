"""Count the rows of the views of a list, for their tabs.

The list does not wait for it: a script asks for the numbers when the page is there.
"""

from functools import partial

from flask import jsonify

from backoffice import limits, slots
from backoffice.data import lists
from backoffice.data.brief import Budget
from backoffice.policy.actor import Actor
from views.screen import list_views
from views.screen.definition import Definition
from views.web.answers import Answer


def answer(screen: Definition, actor: Actor) -> Answer:
    """Return the number of rows of each view as JSON, by its name in addresses.

    A view is missing if its rows cannot be counted in time. Raises Busy if others are counting.
    """
    budget = Budget(limits.VIEW_COUNTS, limits.VIEW_COUNT)
    counts = {}
    with slots.brief().taken():
        for view in list_views.of_list(screen, actor):
            query = list_views.readable(screen, actor, view.address).query
            number = budget.ask(partial(lists.count, actor, screen.model, query))
            if number is not None:
                counts[view.mark] = lists.count_text(actor, screen.model, number)
    return jsonify(counts=counts)
