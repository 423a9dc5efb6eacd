"""The application."""

# feature: start
from pathlib import Path

from sqladmin import Admin
from sqladmin.contrib.rbac import DBAuthorizationBackend
from starlette.applications import Starlette

from company.access import GroupView, Login, UserView
from company.models import User, session_maker
from company.views import (
    ChangeView,
    CustomerView,
    LoadView,
    PalletView,
    StockView,
    TagView,
    WarehouseView,
    audit,
    count_closed,
)

app = Starlette()
admin = Admin(
    app,
    session_maker=session_maker,
    title="Company",
    # feature: figure
    templates_dir=Path(__file__).parent / "templates",
    # feature: permissions
    authentication_backend=Login(secret_key="change me"),
    authorization_backend=DBAuthorizationBackend(session_maker, user_model=User),
    # feature: history
    audit_backend=audit,
    # feature: start
)
# feature: plain
admin.add_view(WarehouseView)
admin.add_view(TagView)
# feature: related
admin.add_view(PalletView)
# feature: permissions
admin.add_view(UserView)
admin.add_view(GroupView)
# feature: text-key
admin.add_view(CustomerView)
# feature: two-keys
admin.add_view(StockView)
# feature: sql-view
admin.add_view(LoadView)
# feature: history
admin.add_view(ChangeView)
# feature: figure
admin.templates.env.globals["count_closed"] = count_closed
