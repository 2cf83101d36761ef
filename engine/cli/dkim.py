"""`dkim new`, `show`, `rotate` and `retire`: the keys that sign letters, and the lines of the DNS
that belong to them. The lines to be pasted are the same in every language.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

from engine.config import Config
from engine.i18n.language import N_, Say, translator
from engine.i18n.user_error import UserError
from engine.sending.dkim_keys import KEPT_SECONDS, DkimKey, DkimKeys, State, keys_of
from engine.sending.stream_settings import Stream

PUBLISH = N_("Publish in the DNS, then `relance dkim rotate --published`:")
STATES: dict[State, str] = {
    "made": N_("{selector}: made {date}, signs nothing until `relance dkim rotate --published`"),
    "signing": N_("{selector}: signs since {date}"),
    "former": N_("{selector}: signs nothing since {date}; stays published until {until}"),
    "revoked": N_("{selector}: revoked {date}"),
}


def dkim(config: Config, args: argparse.Namespace) -> int:
    keys, now = _keys(config, args.stream), int(time.time())
    _ = translator(config.site.language)
    match args.part:
        case "new":
            if keys.one("signing"):
                raise UserError(N_("there is a key already; `relance dkim rotate` makes the next"))
            _print_lines(_(PUBLISH), keys, keys.make(now))
        case "rotate" if args.published:
            key = keys.take(now)
            print(_("{selector} signs from here on.").format(selector=key.selector))
            if former := keys.one("former"):
                print(_shown(former, _))
        case "rotate":
            if keys.one("signing") is None and keys.one("made") is None:
                raise UserError(N_("there is no key yet; `relance dkim new` makes the first"))
            _print_lines(_(PUBLISH), keys, keys.make(now))
        case "retire":
            revoked = keys.retire(now)
            _print_lines(_("Put this in the place of its line in the DNS:"), keys, revoked)
        case "show":
            _show(keys, _)
    return 0


def _keys(config: Config, stream: Stream) -> DkimKeys:
    known = {keys.stream: keys for keys in keys_of(config)}
    if stream not in known:
        raise UserError(
            N_("[stream.{stream}] has no `from`: there is one stream"), 2, stream=stream
        )
    if not known[stream].settings.domain:
        raise UserError(
            N_("[dkim] names no `domain`, so Relance signs nothing: write that of [site] from"),
            2,
        )
    return known[stream]


def _show(keys: DkimKeys, _: Say) -> None:
    shown = keys.all()
    if not shown:
        print(_("There is no key yet; `relance dkim new` makes the first."))
    for key in shown:
        _print_lines(_shown(key, _), keys, key)


def _shown(key: DkimKey, _: Say) -> str:
    return _(STATES[key.state]).format(
        selector=key.selector, date=_day(key.since), until=_day(key.since + KEPT_SECONDS)
    )


def _print_lines(heading: str, keys: DkimKeys, key: DkimKey) -> None:
    print(heading)
    for line in keys.dns_lines(key):
        print(f"    {line}")


def _day(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M} UTC"
