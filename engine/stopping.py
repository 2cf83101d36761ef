"""Which facts the stop journal is told of: everything after which somebody may no longer be written to, at their own wish or an operator's.

A bounce is not among them: writing to a dead address again harms nobody, and it bounces again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.subscriber import events as e
from engine.vault.stop_journal import Stop, suppression
from engine.vault.vault import Keep, Vault

STOPPING = frozenset({e.ConsentWithdrawn, e.ProcessingRestricted, e.MailComplained, e.SubscriberSuppressed, e.SubscriberErased})


def stops_of(stream: str, events: Iterable[object], keeps: Sequence[Keep]) -> list[Stop]:
    """The lines for what one person's share of a batch does. The hash that stays of somebody erased has a line without their id."""
    stopping = [event for event in events if type(event) in STOPPING]
    if not stopping:
        return []
    stops, hashed = [], next((keep.address_hash.hex() for keep in keeps if keep.address_hash), "")
    for event in stopping:
        match event:
            case e.ConsentWithdrawn(at, purpose):
                stops.append(Stop("withdrawal", at, stream, purpose, hashed))
            case e.ProcessingRestricted(at, lifted):
                stops.append(Stop("restriction", at, stream, why="lifted" if lifted else ""))
            case e.MailComplained(at):
                stops.append(Stop("suppression", at, stream, hash=hashed, why="complained"))
            case e.SubscriberSuppressed(at, why) if why != "bounced":
                stops.append(Stop("suppression", at, stream, hash=hashed, why=why))
            case e.SubscriberErased(at, basis):
                stops.append(Stop("erasure", at, stream, why=basis))
                stops += [suppression(keep.address_hash, keep.suppress, keep.at) for keep in keeps if keep.erasing and keep.suppress]
    return stops


def with_hashes(vault: Vault, stops: Sequence[Stop]) -> list[Stop]:
    """A withdrawal says whose address it is about, as a keyed hash: a copy may not know the person yet. An erasure names nobody's."""
    wanting = {stop.stream for stop in stops if _wants_hash(stop)}
    known = vault.people(wanting) if wanting else {}
    return [
        replace(stop, hash=vault.hash(known[stop.stream].address).hex()) if _wants_hash(stop) and stop.stream in known else stop for stop in stops
    ]


def _wants_hash(stop: Stop) -> bool:
    return bool(stop.stream) and not stop.hash and stop.kind in ("withdrawal", "suppression")
