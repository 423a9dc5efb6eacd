"""Django's admin with prefetching, as a competent developer would set it up."""

import csv
import os
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import django
import psycopg
from django.conf import settings
from django.contrib.admin import ModelAdmin, action, register, site
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import StreamingHttpResponse
from django.urls import path

from benchmarks.client import Client
from benchmarks.peer import Ids, Peer

NAME = "olivia"
PASSWORD = "correct horse battery staple"
LABEL = "django_admin"


class DjangoAdmin(Peer):
    """Django's admin on the product's tables, with an account of its own."""

    name = "django"
    title = f"Django {django.get_version()} admin"
    target = "benchmarks.django_admin:create_app()"
    start = "/admin/login/"
    base = f"/admin/{LABEL}/user/"
    paths: ClassVar = {
        "first": base,
        "middle": f"{base}?p={{page}}",
        "filter": f"{base}?status__exact=blocked",
        "sort": f"{base}?o=-6",
        "search": f"{base}?q={{search}}",
        "edit": f"{base}{{id}}/change/",
        "pick": f"/admin/autocomplete/?app_label={LABEL}"
        "&model_name=user&field_name=created_by&term={search}",
        "export": "/export.csv",
    }

    def prepare(self, url: str) -> None:
        """Create Django's own tables, an administrator, and an index for the sort.

        The index is one that a developer would add for the sort by last sign-in.
        """
        os.environ["DATABASE_URL"] = url
        settings.DATABASES["default"].update(_database())
        call_command("migrate", verbosity=0)
        from django.contrib.auth.models import User as Account  # noqa: PLC0415  # needs Django's set-up

        Account.objects.create_superuser(NAME, "", PASSWORD)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE INDEX django_last_login ON users (last_login_at, id)")
        django.db.connections.close_all()

    def sign_in(self, client: Client) -> None:
        token = client.get("/admin/login/").token
        account = [("username", NAME), ("password", PASSWORD)]
        client.post("/admin/login/", [("csrfmiddlewaretoken", token), *account])
        self.token = client.get(self.base).token

    def block(self, client: Client, ids: Ids) -> None:
        self._act(client, self.base, [("_selected_action", number) for number in ids])

    def block_invited(self, client: Client) -> None:
        address = f"{self.base}?status__exact=invited"
        self._act(client, address, [("_selected_action", 1), ("select_across", 1)])

    def _act(self, client: Client, address: str, chosen: list[tuple[str, object]]) -> None:
        token = ("csrfmiddlewaretoken", self.token)
        client.post(address, [token, ("action", "block"), ("index", 0), *chosen])


def _database() -> dict[str, Any]:
    """Return Django's settings of the database that DATABASE_URL names in libpq's form."""
    url = urlsplit(os.environ.get("DATABASE_URL", "postgresql:///postgres"))
    query = dict(parse_qsl(url.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.strip("/"),
        "CONN_MAX_AGE": None,  # connections are kept
        "HOST": query.get("host") or url.hostname or "",
        "USER": query.get("user") or url.username or "",
        "PORT": url.port or "",
        "PASSWORD": url.password or "",
    }


if not settings.configured:
    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DEBUG=False,
        DATABASES={"default": _database()},
        STATIC_URL="/static/",
        DATA_UPLOAD_MAX_NUMBER_FIELDS=5000,
        INSTALLED_APPS=[
            "benchmarks.django_admin",
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        LOGGING={
            "version": 1,
            "handlers": {"stderr": {"class": "logging.StreamHandler"}},
            "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR"}},
        },
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
    )
    django.setup()


class Group(models.Model):
    name = models.CharField(max_length=80)

    class Meta:
        managed = False
        db_table = "groups"
        app_label = LABEL

    def __str__(self) -> str:
        return self.name


class Client_Tag(models.Model):  # noqa: N801  # Django names the column client_tag_id after it
    name = models.CharField(max_length=60)

    class Meta:
        managed = False
        db_table = "client_tags"
        app_label = LABEL

    def __str__(self) -> str:
        return self.name


class User(models.Model):
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.CharField(max_length=254)
    phone = models.CharField(max_length=32, blank=True)
    status = models.CharField(
        max_length=10, choices=[(s, s) for s in ("invited", "active", "blocked", "revoked")]
    )
    last_login_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)
    groups = models.ManyToManyField(Group, db_table="user_groups")
    client_tags = models.ManyToManyField(Client_Tag, db_table="user_client_tags", blank=True)

    class Meta:
        managed = False
        db_table = "users"
        app_label = LABEL
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


@register(User)
class Users(ModelAdmin):
    list_display = (
        "id", "first_name", "last_name", "email", "status", "last_login_at", "group_names",
        "tag_names", "created_by", "created_at",
    )  # fmt: skip
    list_select_related = ("created_by",)
    list_filter = ("status", "groups")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("first_name", "last_name", "email")
    autocomplete_fields = ("created_by",)
    actions = ("block",)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("groups", "client_tags")

    def group_names(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    def tag_names(self, user: User) -> str:
        return ", ".join(tag.name for tag in user.client_tags.all())

    @action
    def block(self, request: Any, chosen: Any) -> None:
        """Change all of them at once, and log each one as the admin does."""
        bare = chosen.prefetch_related(None).select_related(None)
        people = list(bare.only("id", "first_name", "last_name"))
        User.objects.filter(pk__in=[user.pk for user in people]).update(status="blocked")
        self.log_all(request, people)
        self.message_user(request, f"{len(people)} people were blocked.")

    def log_all(self, request: Any, people: list[User]) -> None:
        from django.contrib.admin.models import CHANGE, LogEntry  # noqa: PLC0415  # needs Django's set-up

        LogEntry.objects.log_actions(request.user.pk, people, CHANGE, "Blocked.")


site.register(Group)


class Echo:
    """A file that returns what is written to it.

    Django's documentation streams large CSV files this way.
    """

    def write(self, value: str) -> str:
        return value


def export(_request: Any) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        writer = csv.writer(Echo())
        people = User.objects.select_related("created_by").prefetch_related("groups", "client_tags")
        for user in people.iterator(chunk_size=2000):
            groups = ", ".join(group.name for group in user.groups.all())
            tags = ", ".join(tag.name for tag in user.client_tags.all())
            cells = [
                user.id,
                str(user),
                user.email,
                user.status,
                groups,
                tags,
                user.last_login_at,
                user.created_by,
                user.created_at,
            ]
            yield writer.writerow(cells)

    return StreamingHttpResponse(lines(), content_type="text/csv")


urlpatterns = [path("admin/", site.urls), path("export.csv", export)]


def create_app() -> WSGIHandler:
    return get_wsgi_application()


PEER = DjangoAdmin()
