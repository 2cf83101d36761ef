"""Keys for the HTTP API: made, listed, revoked. A key is shown once and kept nowhere (G17)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from engine.api.scopes import CALENDAR, CALENDAR_PATH, SCOPES
from engine.desk.desk import Desk
from engine.i18n.dates import read_date, shown
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.sequence.delay import parse_delay
from engine.sequence.mistakes import Unreadable
from engine.sequence.timing import later, to_local

MAX_NAME_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Listed:
    """A key as the desk knows it. Times are wall clock with their zone, None where it never was."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    last_used: datetime | None
    revoked: datetime | None
    expires: datetime | None


def create(desk: Desk, name: str, scopes: Collection[str], expires: datetime | None = None) -> str:
    """The new key itself, this once. `expires` is wall clock with its zone, None for never. Raises
    UserError (status 2).
    """
    stripped = name.strip()
    if not stripped or len(stripped) > MAX_NAME_CHARACTERS or not stripped.isprintable():
        raise UserError(
            N_("a key has a name of 1 to {most} characters, to know it by"),
            2,
            most=MAX_NAME_CHARACTERS,
        )
    if not scopes or set(scopes) - set(SCOPES):
        raise UserError(N_("a key may do one or more of: {scopes}"), 2, scopes=", ".join(SCOPES))
    _, key = desk.new_key(stripped, frozenset(scopes), expires)
    return key


def refuse_mixed(scopes: Collection[str]) -> None:
    """Raises UserError (status 2) for what no address would open with."""
    if CALENDAR in scopes and len(set(scopes)) > 1:
        why = N_("a key with {scope} stands in an address: it may do nothing else")
        raise UserError(why, 2, scope=CALENDAR)


def calendar_address(url: str, key: str, scopes: Collection[str]) -> str:
    """Where a calendar subscribes with this key, below the site's `url`; "" for any other key."""
    return url.rstrip("/") + CALENDAR_PATH.format(key=key) if set(scopes) == {CALENDAR} else ""


def expiry(text: str, zone: str, now: int) -> datetime:
    """When a key made now (ms, wall clock) expires: after "90 days", or at a date or moment of the
    zone. Raises UserError (status 2).
    """
    try:
        instant = later(now, parse_delay(text), zone)
    except Unreadable:
        try:
            instant = read_date(text, zone)
        except UserError:
            raise UserError(
                N_(
                    '"{text}" is neither a span nor a date: write "90 days", 2027-03-01 or'
                    " 2027-03-01T09:00"
                ),
                2,
                text=text,
            ) from None
    if instant <= now:
        raise UserError(
            N_("{when} is over: a key expires later than it is made"), 2, when=shown(instant, zone)
        )
    return to_local(instant, zone)


def listing(desk: Desk) -> list[Listed]:
    """Every key ever made, oldest first; never the keys themselves."""
    rows = desk.keys()
    return [Listed(row[0], row[1], tuple(row[2].split(",")), *row[3:]) for row in rows]


def revoke(desk: Desk, id: str) -> None:
    """From now on the key opens nothing. Raises UserError for an id that is none or is revoked
    already.
    """
    if not desk.revoke_key(id):
        raise UserError(
            N_("there is no key {key} in use; `relance api-key list` shows them"), key=id
        )
