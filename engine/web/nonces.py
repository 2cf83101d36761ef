"""A page's nonce (C05): shows that a POST comes from a page we rendered for this very link within
half an hour. Pure but for its random bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

LIVES_SECONDS = 30 * 60
_PREFIX = b"page/v1\0"
_LENGTH = 8 + 12 + 16


def make_nonce(key: bytes, token: str, now: float) -> str:
    """`now` is the wall clock's, in seconds since 1970."""
    payload = int(now + LIVES_SECONDS).to_bytes(8, "big") + secrets.token_bytes(12)
    return base64.urlsafe_b64encode(payload + _mac(key, payload, token)).decode()


def is_nonce(key: bytes, token: str, nonce: str, now: float) -> bool:
    """Whether it was made for this token and still lives; whether it was spent is the desk's to
    say. Compared in constant time.
    """
    try:
        raw = base64.b64decode(nonce, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(raw) != _LENGTH:
        return False
    payload, mac = raw[:20], raw[20:]
    genuine = hmac.compare_digest(_mac(key, payload, token), mac)
    return genuine and now <= int.from_bytes(payload[:8], "big") <= now + LIVES_SECONDS + 1


def made_at(nonce: str) -> float:
    """When a nonce that is one was made, in seconds since 1970."""
    return float(int.from_bytes(base64.urlsafe_b64decode(nonce)[:8], "big") - LIVES_SECONDS)


def _mac(key: bytes, payload: bytes, token: str) -> bytes:
    return hmac.digest(key, _PREFIX + payload + token.encode(errors="surrogatepass"), "sha256")[:16]
