"""Draw home: what needs attention, figures, and what happened last.

Each section is one of SECTIONS, or a part that a package declares in its `figures`. People hide and
order them.
"""

from http import HTTPStatus

from flask import Flask, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from backoffice.auth.actors import lock_own_row
from backoffice.dashboard import figures
from backoffice.extensions import db
from backoffice.policy.actor import Actor
from views.home import arrangement, latest, needs, parts, sign_ins
from views.home.arrangement import PREFERENCES, Arrangement
from views.home.sections import Section
from views.web.actor import signed_in

# In the order in which people see them until they choose another.
SECTIONS = (
    needs.SECTION,
    parts.section("people", figures.PEOPLE),
    parts.section("waiting_kyc_cases", figures.WAITING_KYC_CASES),
    parts.section("blocked_clients", figures.BLOCKED_CLIENTS),
    parts.section("second_factors", figures.SECOND_FACTORS),
    sign_ins.SECTION,
    latest.EVENTS,
    latest.RUNS,
)
PARTS_BEFORE = 4  # sections of SECTIONS that stand above those of packages


def register(app: Flask) -> None:
    """Add home at `/`, with what packages add to it, and the page that arranges it."""
    of_packages = parts.find(app)
    first, last = SECTIONS[:PARTS_BEFORE], SECTIONS[PARTS_BEFORE:]
    app.extensions["home_sections"] = (*first, *of_packages, *last)
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/arrange-home", "arrange_home", arrange, methods=("GET", "POST"))


def home() -> str:
    """Show what this person may see and does not hide, in their order."""
    actor = signed_in()
    chosen = _arrangement(actor)
    blocks = [section.draw(actor) for section in chosen.shown()]
    return render_template("home/home.html", groups=list(arrangement.grouped(blocks)))


def arrange() -> str | Response:
    """Show every section that this person may see, to hide it or to move it, and keep that."""
    if request.method == "POST":
        return _keep()
    return render_template("home/arrange.html", sections=_arrangement(signed_in()).entries())


def _keep() -> Response:
    """Keep which sections this person hides, and their order after a move."""
    actor = signed_in()
    user = lock_own_row(actor)
    kept = _arrangement(actor).changed(request.form)
    user.preferences = {**user.preferences, PREFERENCES: kept}
    db.session.commit()
    moved = "up" in request.form or "down" in request.form
    return redirect(url_for("arrange_home" if moved else "home"), HTTPStatus.SEE_OTHER)


def _arrangement(actor: Actor) -> Arrangement:
    sections: tuple[Section, ...] = current_app.extensions["home_sections"]
    seen = [section for section in sections if section.is_seen(actor)]
    return Arrangement(seen, actor.preferences.get(PREFERENCES))
