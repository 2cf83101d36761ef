"""What a key of the API may do. Apart, since the parser of the command line names them without a
store.
"""

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
    "calendar",
)
