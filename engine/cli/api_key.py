"""`relance api-key create | list | revoke`: keys for the HTTP API. A key is shown once and kept
nowhere (G17).
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.api.api_keys import (
    Listed,
    calendar_address,
    create,
    expiry,
    listing,
    refuse_mixed,
    revoke,
)
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.i18n.language import Say, translator


def run(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    match args.act:
        case "create":
            expires = (
                expiry(args.expires, context.config.site.timezone, wall_now())
                if args.expires is not None
                else None
            )
            scopes = frozenset(args.scope or ("subscribe",))
            refuse_mixed(scopes)
            secret = create(context.desk, args.name, scopes, expires)
            print(secret)
            if address := calendar_address(context.config.site.url, secret, scopes):
                print(_("for your calendar: {address}").format(address=address), file=sys.stderr)
        case "revoke":
            revoke(context.desk, args.id)
            print(_("key {key} is revoked").format(key=args.id))
        case "list":
            known = listing(context.desk)
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
