"""What may be repeated of an error: never the values it quotes. A database's DETAIL holds keys, and
a value that does not fit is a value.
"""

from __future__ import annotations

import psycopg

QUOTES_VALUES = ("22", "23", "P0")
"""Classes of SQLSTATE whose words may hold data: what does not fit, what breaks a constraint, what
a trigger of somebody's says.
"""


def safe_error_text(error: BaseException) -> str:
    """One line: the kind of error, with the words that are known to be its own."""
    kind = type(error).__name__
    if isinstance(error, psycopg.Error):
        words = error.diag.message_primary or ""
        if (error.sqlstate or "").startswith(QUOTES_VALUES):
            words = " ".join(
                filter(
                    None,
                    (error.diag.table_name, error.diag.column_name, error.diag.constraint_name),
                )
            )
        return f"{kind}: {' '.join(words.split())}" if words else kind
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    return kind
