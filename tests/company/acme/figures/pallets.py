"""What home shows of pallets."""

from acme.models.depot import Depot, Pallet

from backoffice.dashboard.parts import Figure, Latest, Share, Trend

MOVING = Figure(Pallet, label="Pallets on the move", filters={"status": "moving"}, warns_above=1)
LARGE = Figure(Pallet, label="Large pallets", filters={"pieces.from": 3})
BY_STATUS = Share(Pallet.status)
FRAGILE = Share(Pallet.is_fragile, filters={"pieces.from": 2})
PER_DAY = Trend(Pallet.created_at, days=7)
DUE = Trend(Pallet.due, label="Due", days=7)
LATEST = Latest(Pallet, number=3)
RATED = Figure(Pallet, label="Rated five", filters={"rating.from": 5, "rating.to": 5})
DEPOTS = Latest(Depot, label="New depots", filters={"is_active": "yes"})
