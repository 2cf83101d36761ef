"""What a key of the API may do. Apart, since the parser of the command line names them without a
store.
"""

CALENDAR = "calendar"
"""Of a key that stands in an address, and may do nothing else."""
CALENDAR_PATH = "/calendar/{key}.ics"

SCOPES = (
    "subscribe",
    "transfer",
    "unsubscribe",
    "segments",
    "orders",
    "preferences",
    "fields",
    "read",
    "people",
    "rights",
    "broadcasts",
    "results",
    "publish",
    "hooks",
    "metrics",
    "audit",
    CALENDAR,
)
