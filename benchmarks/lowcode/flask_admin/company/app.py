"""The application."""

# feature: start
from pathlib import Path

from flask import Flask
from flask_admin import Admin
from flask_login import LoginManager

from company import models
from company.access import GroupView, UserView
from company.views import (
    UPLOADS,
    ChangeView,
    CompanyView,
    CustomerView,
    Home,
    LoadView,
    PalletView,
    StockView,
    WarehouseView,
)

app = Flask(__name__, static_folder=UPLOADS)
app.config["SECRET_KEY"] = "change me"
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{Path.cwd() / 'company.sqlite3'}"
models.db.init_app(app)
admin = Admin(app, name="Company", index_view=Home())
# feature: permissions
login_manager = LoginManager(app)
login_manager.login_view = "admin.login"


@login_manager.user_loader
def load_user(number):
    return models.db.session.get(models.User, int(number))


# feature: plain
admin.add_view(WarehouseView(models.Warehouse, models.db))
admin.add_view(CompanyView(models.Tag, models.db))
# feature: related
admin.add_view(PalletView(models.Pallet, models.db))
# feature: permissions
admin.add_view(UserView(models.User, models.db))
admin.add_view(GroupView(models.Group, models.db))
# feature: text-key
admin.add_view(CustomerView(models.Customer, models.db))
# feature: two-keys
admin.add_view(StockView(models.Stock, models.db))
# feature: sql-view
admin.add_view(LoadView(models.Load, models.db))
# feature: history
admin.add_view(ChangeView(models.Change, models.db))
