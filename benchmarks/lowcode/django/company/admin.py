"""Screens and actions."""

from adminactions.mass_update import mass_update
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.utils.html import format_html
from django_admin_action_forms import AdminActionForm, AdminActionFormsMixin, action_with_form
from import_export.admin import ExportActionModelAdmin
from simple_history.admin import SimpleHistoryAdmin
from simple_history.utils import bulk_update_with_history
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
    RangeNumericFilter,
)
from unfold.contrib.import_export.forms import ExportForm
from unfold.datasets import BaseDataset
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from company.models import Customer, Load, Pallet, Tag, Warehouse


# feature: permissions
def in_scope(request, rows, manager):
    return rows if request.user.is_superuser else rows.filter(**{manager: request.user})


# feature: move
class MoveForm(AdminActionForm):
    warehouse = forms.ModelChoiceField(Warehouse.objects.filter(is_active=True))

    # feature: permissions
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        warehouses = self.fields["warehouse"].queryset
        self.fields["warehouse"].queryset = in_scope(self.request, warehouses, "manager")

    # feature: move
    class Meta:
        list_objects = True


# feature: set-weight
class WeightForm(AdminActionForm):
    weight = forms.DecimalField(label="Weight (kg)", min_value=0, decimal_places=2)


# feature: add-note
class NoteForm(AdminActionForm):
    text = forms.CharField(widget=forms.Textarea)


# feature: history
class HistoryAdmin(SimpleHistoryAdmin, ExportActionModelAdmin, ModelAdmin):
    export_form_class = ExportForm


# feature: related
@admin.register(Pallet)
class PalletAdmin(AdminActionFormsMixin, HistoryAdmin):
    list_display = ["id", "warehouse", "weight", "status"]
    list_filter = [
        ("warehouse", AutocompleteSelectFilter),
        ("weight", RangeNumericFilter),
        ("status", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    search_fields = ["note"]
    autocomplete_fields = ["warehouse"]
    actions = [
        # feature: move
        "move",
        # feature: set-weight
        "set_weight",
        # feature: add-note
        "add_note",
        # feature: bulk-edit
        mass_update,
        # feature: related
    ]

    # feature: move
    @action_with_form(MoveForm, description="Move to warehouse", permissions=["change"])
    def move(self, request, queryset, data):
        self.change(request, queryset, "warehouse", lambda pallet: data["warehouse"])

    def change(self, request, queryset, name, value):
        pallets = list(queryset)
        for pallet in pallets:
            setattr(pallet, name, value(pallet))
        bulk_update_with_history(pallets, Pallet, [name], default_user=request.user)
        self.message_user(request, f"{len(pallets)} pallets were changed.")

    # feature: set-weight
    @action_with_form(WeightForm, description="Set weight", permissions=["change"])
    def set_weight(self, request, queryset, data):
        self.change(request, queryset, "weight", lambda pallet: data["weight"])

    # feature: add-note
    @action_with_form(NoteForm, description="Add note", permissions=["change"])
    def add_note(self, request, queryset, data):
        self.change(
            request, queryset, "note", lambda pallet: f"{pallet.note}\n{data['text']}".strip()
        )

    # feature: permissions
    def get_queryset(self, request):
        return in_scope(request, super().get_queryset(request), "warehouse__manager")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "warehouse":
            kwargs["queryset"] = in_scope(request, Warehouse.objects.all(), "manager")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


# feature: related
class WarehousePalletAdmin(PalletAdmin):
    def get_queryset(self, request):
        return super().get_queryset(request).filter(warehouse=self.extra_context.get("object"))


class PalletDataset(BaseDataset):
    model = Pallet
    model_admin = WarehousePalletAdmin
    tab = True


# feature: plain
@admin.register(Tag)
class TagAdmin(ModelAdmin):
    search_fields = ["name"]


@admin.register(Warehouse)
class WarehouseAdmin(HistoryAdmin):
    list_display = ["name", "code", "country", "opened_on", "capacity", "is_active", "manager"]
    list_filter = [
        ("country", ChoicesDropdownFilter),
        ("opened_on", RangeDateFilter),
        ("capacity", RangeNumericFilter),
        "is_active",
        ("manager", AutocompleteSelectFilter),
    ]
    list_filter_submit = True
    search_fields = ["name", "code", "email"]
    ordering = ["name"]
    autocomplete_fields = ["manager", "tags"]
    # feature: related
    change_form_datasets = [PalletDataset]
    # feature: bulk-edit
    actions = [mass_update]

    # feature: files
    list_display += ["thumbnail"]

    @admin.display(description="Picture")
    def thumbnail(self, warehouse):
        return warehouse.picture and format_html('<img src="{}" width=48>', warehouse.picture.url)

    # feature: permissions
    def get_queryset(self, request):
        return in_scope(request, super().get_queryset(request), "manager")


admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    pass


# feature: text-key
@admin.register(Customer)
class CustomerAdmin(ExportActionModelAdmin, ModelAdmin):
    list_display = ["number", "name", "city"]
    list_filter = ["city"]
    search_fields = ["number", "name"]
    export_form_class = ExportForm


# feature: sql-view
@admin.register(Load)
class LoadAdmin(ModelAdmin):
    list_display = ["warehouse", "pallets", "weight"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    # feature: permissions
    def get_queryset(self, request):
        return in_scope(request, super().get_queryset(request), "warehouse__manager")


# feature: figure
def dashboard(request, context):
    warehouses = admin.site.get_model_admin(Warehouse)
    if warehouses.has_view_permission(request):
        context["closed"] = warehouses.get_queryset(request).filter(is_active=False).count()
    return context
