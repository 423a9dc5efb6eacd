"""The pages under /account/, which everybody has for themselves."""

from flask import Blueprint

account = Blueprint("account", __name__, url_prefix="/account")
