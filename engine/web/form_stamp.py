"""When a form was shown, and with which words: a hidden value only this installation can make, so
that a post need not be believed. Pure.

`shown` is the digest of the form's notice. Times are wall clock, integer milliseconds since 1970.
"""

from __future__ import annotations

import hashlib
import hmac

YOUNGEST, OLDEST = 3_000, 24 * 3_600_000
_PREFIX = b"form/v1\0"


def make_stamp(key: bytes, form: str, shown: str, at: int) -> str:
    return f"{at}.{_mac(key, form, shown, at)}"


def stamped_at(key: bytes, form: str, shown: str, stamp: str) -> int | None:
    """When that form was shown with those words, or None for a stamp that is not ours. Compared in
    constant time.
    """
    said, _, mac = stamp.partition(".")
    if not (said.isascii() and said.isdigit() and len(said) <= 15 and mac.isascii()):
        return None
    at = int(said)
    return at if hmac.compare_digest(_mac(key, form, shown, at), mac) else None


def _mac(key: bytes, form: str, shown: str, at: int) -> str:
    return hmac.new(key, _PREFIX + f"{form}\0{shown}\0{at}".encode(), hashlib.sha256).hexdigest()[
        :32
    ]
