"""Two streams of mail, judged apart by mailbox providers (A51): what people asked for or need, and
all the rest. `[stream.transactional]` of config.toml gives the first a sender of its own; without
it both are written as `[site]`, `[smtp]` and `[dkim]` say.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from engine.frozen import dataclass
from engine.sending.smtp_settings import Dkim, check_alignment, check_return_path, check_selector
from engine.sequence.table import Table
from engine.words import N_

Stream = Literal["marketing", "transactional"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
_ASKED_FOR = ("confirmation", "permission")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """As whom the letters of a stream are written: From, the domain where what comes back is read
    ("" for none), and what signs.
    """

    sender: str
    sender_name: str
    return_path: str
    dkim: Dkim


def stream_of(kind: str, basis: str) -> Stream:
    """Of a mail of this kind, to somebody who gets it on this ground."""
    return "transactional" if kind in _ASKED_FOR or basis == "service" else "marketing"


def read_transactional(table: Table, sender: str, usual: Identity) -> Identity | None:
    """`sender` is `from` as it was checked, "" where it is not given: there is one stream then."""
    identity = Identity(
        sender=sender,
        sender_name=table.get("from_name", str, "") or usual.sender_name,
        return_path=table.get("return_path", str, "") or usual.return_path,
        dkim=Dkim(
            table.get("domain", str, "") or usual.dkim.domain,
            table.get("selector", str, "relance-service"),
            usual.dkim.ed25519,
        ),
    )
    written = set(table.values) & {"from_name", "return_path", "domain"}
    if not sender:
        if any(table.values[key] for key in written) and not table.values.get("from"):
            table.mistake(
                "", N_("the stream has no sender: write `from`, the address its letters come from")
            )
        return None
    check_return_path(table, identity.return_path)
    check_alignment(table, identity.dkim, sender)
    check_selector(table, identity.dkim)
    counted = re.compile(rf"{re.escape(usual.dkim.selector)}(-[0-9]+)?")
    if identity.dkim.domain == usual.dkim.domain and counted.fullmatch(identity.dkim.selector):
        table.mistake(
            "selector", N_("`selector` is that of [dkim]: each stream has a name of its own there")
        )
    return identity
