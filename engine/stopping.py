"""Which facts the stop journal is told of: everything after which somebody may no longer be written to, at their own wish or an operator's.

A bounce is not among them: writing to a dead address again harms nobody, and it bounces again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.subscriber import events as e
from engine.vault.stop_journal import Stop, suppression
from engine.vault.vault import Keep

STOPPING = frozenset({e.ConsentWithdrawn, e.ProcessingRestricted, e.MailComplained, e.SubscriberSuppressed, e.SubscriberErased})


def stops_of(stream: str, events: Iterable[object], keeps: Sequence[Keep]) -> list[Stop]:
    """The lines for what one person's share of a batch does. The hash that stays of somebody erased has a line without their id."""
    stops = []
    for event in events:
        if type(event) not in STOPPING:
            continue
        match event:
            case e.ConsentWithdrawn(at, purpose):
                stops.append(Stop("withdrawal", at, stream, purpose))
            case e.ProcessingRestricted(at, lifted):
                stops.append(Stop("restriction", at, stream, why="lifted" if lifted else ""))
            case e.MailComplained(at):
                stops.append(Stop("suppression", at, stream, why="complained"))
            case e.SubscriberSuppressed(at, why) if why != "bounced":
                stops.append(Stop("suppression", at, stream, why=why))
            case e.SubscriberErased(at, basis):
                stops.append(Stop("erasure", at, stream, why=basis))
                stops += [suppression(keep.address_hash, keep.suppress, keep.at) for keep in keeps if keep.erasing and keep.suppress]
    return stops


def with_hash(stop: Stop, hashed: bytes) -> Stop:
    """With the keyed hash of the address, for a copy in which this person is not known yet. An erasure names nobody's address."""
    return replace(stop, hash=hashed.hex()) if hashed and not stop.hash and stop.kind in ("withdrawal", "suppression") else stop
