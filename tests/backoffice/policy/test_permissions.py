"""What each permission allows, as people read it, and which of them give power over others."""

from flask import Flask
from sqlalchemy import update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import previewed
from tests.support.html import is_asked, read

SENSITIVE = " sensitive"
MEANINGS = {
    "access_review_items.decide": "Decide in access reviews about what one is asked",
    "access_review_items.export": "Download access review entries as a file",
    "access_review_items.view": "See the list of access review entries and their details",
    "access_reviews.export": "Download access reviews as a file",
    "access_reviews.open": "Open and close access reviews, and decide in all of them",
    "access_reviews.view": "See the list of access reviews and their details",
    "bulk.run": "Act on several rows at once",
    "bulk.run_all_matching": "Act on every row that matches a filter sensitive",
    "bulk.undo": "Undo what was done to several rows",
    "bulk_runs.export": "Download bulk runs as a file",
    "bulk_runs.view": "See the list of bulk runs and their details",
    "client_sign_ins.export": "Download API sessions as a file",
    "client_sign_ins.view": "See the list of API sessions and their details",
    "client_tags.create": "Add client tags",
    "client_tags.delete": "Delete client tags for good sensitive",
    "client_tags.edit": "Change client tags",
    "client_tags.export": "Download client tags as a file",
    "client_tags.view": "See the list of client tags and their details",
    "client_tokens.export": "Download sent tokens as a file",
    "client_tokens.view": "See the list of sent tokens and their details",
    "clients.create": "Add clients",
    "clients.deactivate": "Deactivate and activate clients sensitive",
    "clients.delete": "Delete clients for good sensitive",
    "clients.edit": "Change clients",
    "clients.export": "Download clients as a file",
    "clients.set_2fa": "Switch the two-factor authentication of clients on and off sensitive",
    "clients.set_group": "Move clients to another client group by hand sensitive",
    "clients.set_password": (
        "Set temporary passwords of clients, and mail them links to choose one sensitive"
    ),
    "clients.set_permissions": (
        "Give clients extra permissions in your product, and take them sensitive"
    ),
    "clients.verify": "Mark e-mail addresses and phones of clients as verified",
    "clients.find_exact": "Find clients by a whole e-mail address or phone number, though masked",
    "clients.reveal": "See the full data of single clients for some minutes",
    "clients.view": "See the list of clients and their details",
    "companies.create": "Add companies",
    "companies.delete": "Delete companies for good sensitive",
    "companies.edit": "Change companies",
    "companies.export": "Download companies as a file",
    "companies.reveal": "See the full data of single companies for some minutes",
    "companies.view": "See the list of companies and their details",
    "direct_grants.export": "Download extra permissions as a file",
    "direct_grants.view": "See the list of extra permissions and their details",
    "events.check": "Have the events log checked for changes",
    "events.comment": "Comment on events",
    "events.export": "Download events as a file",
    "events.view": "See the list of events and their details",
    "groups.create": "Add groups",
    "groups.delete": "Delete groups for good sensitive",
    "groups.edit": "Change groups",
    "groups.export": "Download groups as a file",
    "groups.import": "Import groups from a file sensitive",
    "groups.view": "See the list of groups and their details",
    "invitations.resend": "Send invitations again",
    "invitations.revoke": "Withdraw invitations that were not accepted",
    "kyc_cases.ask": "Ask clients for KYC",
    "kyc_cases.decide": "Decide KYC cases: approve, reject, expire",
    "kyc_cases.edit": "Change KYC cases",
    "kyc_cases.export": "Download KYC cases as a file",
    "kyc_cases.view": "See the list of KYC cases and their details",
    "messages.export": "Download messages as a file",
    "messages.retry": "Have messages sent again that did not go out",
    "messages.view": "See the list of messages and their details",
    "nodes.block": "Block and unblock service providers sensitive",
    "nodes.create": "Add nodes",
    "nodes.delete": "Delete nodes for good sensitive",
    "nodes.edit": "Change nodes",
    "nodes.export": "Download nodes as a file",
    "nodes.view": "See the list of nodes and their details",
    "saved_views.share": "Share saved views of lists with their groups",
    "sessions.view": "See the list of sessions and their details",
    "sign_in_attempts.export": "Download sign-ins as a file",
    "sign_in_attempts.view": "See the list of sign-ins and their details",
    "users.assign_groups": "Add people to groups and remove them sensitive",
    "users.assign_nodes": (
        "Decide which part of the organisation people belong to and reach sensitive"
    ),
    "users.assign_permissions": "Give people extra permissions and take them away sensitive",
    "users.assign_scope": "Decide which clients people see",
    "users.block": "Block and unblock people",
    "users.create": "Add people",
    "users.delete": "Delete people for good sensitive",
    "users.edit": "Change people",
    "users.edit_ip": "Limit people to internet addresses sensitive",
    "users.end_sessions": "End people's sessions",
    "users.export": "Download people as a file",
    "users.mask": "Decide whether people see clients' personal data",
    "users.remove_avatar": "Remove people's avatars",
    "users.reset_2fa": "Reset, disable and re-enrol people's second factor sensitive",
    "users.reset_password": "Send people links to set a password, and hand over temporary ones",
    "users.revoke": "Revoke people's access and their groups, and grant it again sensitive",
    "users.view": "See the list of people and their details",
    "users.view_as": "View the pages as another person gets them, read only sensitive",
    "wallet_members.create": "Add wallet members",
    "wallet_members.delete": "Delete wallet members for good sensitive",
    "wallet_members.edit": "Change wallet members",
    "wallet_members.export": "Download wallet members as a file",
    "wallet_members.view": "See the list of wallet members and their details",
    "wallets.edit": "Change wallets",
    "wallets.export": "Download wallets as a file",
    "wallets.view": "See the list of wallets and their details",
}
# Whoever holds one of these decides who gets in, who is in which group, or what others see.
STRONG = {
    "groups.create", "groups.edit", "groups.import", "nodes.create", "nodes.edit",
    "users.assign_groups", "users.assign_nodes", "users.assign_permissions",
    "users.assign_scope", "users.create", "users.edit", "users.edit_ip", "users.mask",
    "users.revoke", "users.view_as",
}  # fmt: skip


def test_the_form_of_a_group_says_what_each_permission_allows(client: Client, cast: Cast) -> None:
    page = read(client.sign_in("olivia").get("/admin/groups/new"))
    found = {}
    for label in page.all("label"):
        for box in label.all("input", name="permissions"):
            found[box["value"]] = label.text
    found = {code: text for code, text in found.items() if code and not code.endswith(".*")}
    assert found == MEANINGS
    areas = [code.partition(".")[0] for code in found if code]
    assert areas == sorted(areas)
    first = {area: next(code for code in found if code.startswith(f"{area}.")) for area in areas}
    viewed = {area for area in areas if f"{area}.view" in MEANINGS}
    assert {area for area, code in first.items() if code == f"{area}.view"} == viewed


def test_a_group_that_gives_power_over_others_is_given_after_a_confirmation(
    app: Flask, client: Client, cast: Cast
) -> None:
    """A group with one permission each; Olivia's last confirmation is an hour old."""
    given = {code: Group(name=f"Only {code}", permissions=[code]) for code in MEANINGS}
    given["none"] = Group(name="Nothing", permissions=[])
    db.session.add_all(given.values())
    client.sign_in("olivia")
    settle()
    numbers = {code: each.id for code, each in given.items()}
    long_ago = clock.now().replace(year=2000)
    db.session.execute(update(Session).values(confirmed_at=long_ago))
    asked = {
        code
        for code, number in numbers.items()
        if is_asked(previewed(client, "users", "add-to-group", cast.max.id, group=number))
    }
    assert asked == STRONG
