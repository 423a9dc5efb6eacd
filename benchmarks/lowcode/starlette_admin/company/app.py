"""The application."""

# feature: start
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette_admin.contrib.sqla import Admin

from company import models
from company.access import CompanyView, Login, UserView
from company.views import (
    ChangeView,
    CustomerView,
    LoadView,
    PalletView,
    StockView,
    WarehouseView,
    home,
    remember,
)

app = Starlette(middleware=[Middleware(SessionMiddleware, secret_key="change me")])
admin = Admin(
    models.engine,
    title="Company",
    secret_key="change me",
    # feature: permissions
    auth_provider=Login(),
    # feature: figure
    index_view=home,
    # feature: start
)
# feature: plain
admin.add_view(WarehouseView(models.Warehouse))
admin.add_view(CompanyView(models.Tag))
# feature: related
admin.add_view(PalletView(models.Pallet))
# feature: permissions
admin.add_view(UserView(models.User))
admin.add_view(CompanyView(models.Group))
# feature: text-key
admin.add_view(CustomerView(models.Customer))
# feature: two-keys
admin.add_view(StockView(models.Stock))
# feature: sql-view
admin.add_view(LoadView(models.Load))
# feature: history
admin.add_view(ChangeView(models.Change))
for event in ("create", "edit", "delete", "action"):
    admin.events.on(f"after_{event}", remember)
# feature: start
admin.mount_to(app)
