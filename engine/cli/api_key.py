"""`relance api-key create | list | revoke`: keys for the HTTP API. A key is shown once and kept
nowhere (G17).
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.cli.arguments_of_trust import SCOPES
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.i18n.dates import read_date, shown
from engine.i18n.language import N_, Say, translator
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


def create(
    context: AppContext, name: str, scopes: Collection[str], expires: datetime | None = None
) -> str:
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
    _, key = context.desk.new_key(stripped, frozenset(scopes), expires)
    return key


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


def listing(context: AppContext) -> list[Listed]:
    """Every key ever made, oldest first; never the keys themselves."""
    rows = context.desk.keys()
    return [Listed(row[0], row[1], tuple(row[2].split(",")), *row[3:]) for row in rows]


def revoke(context: AppContext, id: str) -> None:
    """From now on the key opens nothing. Raises UserError for an id that is none or is revoked
    already.
    """
    if not context.desk.revoke_key(id):
        raise UserError(
            N_("there is no key {key} in use; `relance api-key list` shows them"), key=id
        )


def run(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    match args.act:
        case "create":
            expires = (
                expiry(args.expires, context.config.site.timezone, wall_now())
                if args.expires is not None
                else None
            )
            print(create(context, args.name, frozenset(args.scope or ("subscribe",)), expires))
        case "revoke":
            revoke(context, args.id)
            print(_("key {key} is revoked").format(key=args.id))
        case "list":
            known = listing(context)
            if not known:
                print(_("there is no key; `relance api-key create NAME` makes one"))
            for key in known:
                print(
                    f"{key.id}  {key.name}  {','.join(key.scopes)} "
                    f" {_state(key, context.config.site.timezone, _)}"
                )
    return 0


def _state(key: Listed, zone: str, _: Say) -> str:
    if key.revoked:
        return _("revoked on {day}").format(day=f"{key.revoked:%Y-%m-%d}")
    used = (
        _("last used on {when}").format(when=f"{key.last_used:%Y-%m-%d %H:%M}")
        if key.last_used
        else _("never used")
    )
    if key.expires is None:
        return used
    sentence = (
        _("expired on {when}") if key.expires <= datetime.now(UTC) else _("expires on {when}")
    )
    when = f"{key.expires.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    return f"{used}  {sentence.format(when=when)}"
