"""What home shows."""

from acme.models.warehouse import Warehouse
from backoffice.dashboard.parts import Figure

# feature: figure
CLOSED = Figure(Warehouse, label="Closed warehouses", filters={"is_active": "no"})
