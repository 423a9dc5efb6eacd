"""Warehouses, pallets, and what was there before."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django_countries.fields import CountryField
from simple_history.models import HistoricalRecords


class Tag(models.Model):
    name = models.CharField(max_length=60, unique=True)

    class Meta:
        db_table = "tags"

    def __str__(self):
        return self.name


class Warehouse(models.Model):
    name = models.CharField(max_length=80)
    code = models.CharField(max_length=10, unique=True)
    country = CountryField(blank=True)
    opened_on = models.DateField(null=True, blank=True)
    capacity = models.PositiveIntegerField(default=0)
    rent = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    tags = models.ManyToManyField(Tag, blank=True)
    note = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    website = models.URLField(blank=True)
    facts = models.JSONField(null=True, blank=True)
    picture = models.ImageField(upload_to="pictures", blank=True)
    contract = models.FileField(upload_to="contracts", blank=True)
    history = HistoricalRecords(m2m_fields=[tags])

    class Meta:
        db_table = "warehouses"

    def __str__(self):
        return self.name


class Pallet(models.Model):
    class Status(models.TextChoices):
        HERE = "here"
        MOVING = "moving"

    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="pallets")
    weight = models.DecimalField(
        max_digits=8, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.HERE)
    note = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        db_table = "pallets"

    def __str__(self):
        return f"Pallet {self.pk}"


class Customer(models.Model):
    number = models.CharField(primary_key=True, max_length=10, db_column="KDNR")
    name = models.CharField(max_length=80, db_column="NAME")
    city = models.CharField(max_length=80, null=True, blank=True, db_column="ORT")

    class Meta:
        managed = False
        db_table = "KUNDEN"

    def __str__(self):
        return self.name


class Load(models.Model):
    warehouse = models.OneToOneField(Warehouse, models.DO_NOTHING, primary_key=True, db_column="id")
    pallets = models.IntegerField()
    weight = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        managed = False
        db_table = "loads"
