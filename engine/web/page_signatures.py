"""What only this installation can write into a page, so that a POST need not be believed: the nonce
of a button (C05) and the stamp of a form. Pure but for a nonce's random bytes.

A nonce shows that the POST comes from a page rendered for this very link within half an hour. A
stamp tells when a form was shown, and with which words.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

LIVES_SECONDS = 30 * 60
_NONCE_PREFIX = b"page/v1\0"
_NONCE_LENGTH = 8 + 12 + 16
YOUNGEST_STAMP, OLDEST_STAMP = 3_000, 24 * 3_600_000
"""Ages in wall-clock milliseconds between which a stamped form counts as filled in by a person."""
_STAMP_PREFIX = b"form/v1\0"


def make_nonce(key: bytes, token: str, now: float) -> str:
    """`now` is the wall clock's, in seconds since 1970."""
    payload = int(now + LIVES_SECONDS).to_bytes(8, "big") + secrets.token_bytes(12)
    return base64.urlsafe_b64encode(payload + _nonce_mac(key, payload, token)).decode()


def is_nonce(key: bytes, token: str, nonce: str, now: float) -> bool:
    """Whether it was made for this token and still lives; whether it was spent is the desk's to
    say. Compared in constant time.
    """
    try:
        raw = base64.b64decode(nonce, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(raw) != _NONCE_LENGTH:
        return False
    payload, mac = raw[:20], raw[20:]
    genuine = hmac.compare_digest(_nonce_mac(key, payload, token), mac)
    return genuine and now <= int.from_bytes(payload[:8], "big") <= now + LIVES_SECONDS + 1


def made_at(nonce: str) -> float:
    """When a nonce that is one was made, in seconds since 1970."""
    return float(int.from_bytes(base64.urlsafe_b64decode(nonce)[:8], "big") - LIVES_SECONDS)


def _nonce_mac(key: bytes, payload: bytes, token: str) -> bytes:
    return hmac.digest(
        key, _NONCE_PREFIX + payload + token.encode(errors="surrogatepass"), "sha256"
    )[:16]


def make_stamp(key: bytes, form: str, shown: str, at: int) -> str:
    """`shown` is the digest of the form's notice; `at` wall-clock milliseconds since 1970."""
    return f"{at}.{_stamp_mac(key, form, shown, at)}"


def stamped_at(key: bytes, form: str, shown: str, stamp: str) -> int | None:
    """When that form was shown with those words, or None for a stamp that is not ours. Compared in
    constant time.
    """
    digits, _, mac = stamp.partition(".")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15 and mac.isascii()):
        return None
    at = int(digits)
    return at if hmac.compare_digest(_stamp_mac(key, form, shown, at), mac) else None


def _stamp_mac(key: bytes, form: str, shown: str, at: int) -> str:
    message = _STAMP_PREFIX + f"{form}\0{shown}\0{at}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]
