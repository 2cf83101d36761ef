"""A shop's word that an order was placed with an address: `UNTIL.MAC`, made with a key that the
shop and this installation share. Pure.

    text  = "relance-order" LF form LF order number LF address LF UNTIL
            (UTF-8; LF is one line feed)
    MAC   = HMAC-SHA-256(key, text) in hexadecimal
    UNTIL = seconds since 1970 (UTC) after which the proof is worth nothing

The address is written as `normalise` gives it: small letters, no blanks, the domain in ASCII. It
stands in no link: whoever opens one types it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

MAX_LIFE_SECONDS = 30 * 86_400
"""How far ahead a proof's end may lie: as long as a person's stream remembers that an order was
served.
"""
_PROOF = re.compile(r"([1-9][0-9]{0,14})\.([0-9a-f]{64})")


def is_signed(
    keys: Sequence[bytes], form: str, order: str, address: str, proof: str, now: int
) -> bool:
    """Whether one of the shop's `keys` signed this order for this address, and the proof has not
    ended. `now` is the wall clock, in seconds.
    """
    match = _PROOF.fullmatch(proof)
    if match is None or not order:
        return False
    until, mac = int(match[1]), match[2]
    text = "\n".join(("relance-order", form, order, address, match[1])).encode()
    genuine = [
        hmac.compare_digest(hmac.new(key, text, hashlib.sha256).hexdigest(), mac) for key in keys
    ]
    return any(genuine) and now <= until <= now + MAX_LIFE_SECONDS
