"""The blueprint of the pages under /account/, which are a person's own."""

from flask import Blueprint

account = Blueprint("account", __name__, url_prefix="/account")
