"""Which facts the stop journal is told of: everything after which somebody may no longer be written
to, at their own wish or an operator's; a pause, too, and that it is over.

A bounce is not among them: writing to a dead address again harms nobody, and it bounces again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.subscriber import events as e
from engine.vault.stop_journal import Stop, suppression
from engine.vault.vault import VaultWrite, reason_of_former

STOPPING = frozenset(
    {
        e.ConsentWithdrawn,
        e.ProcessingRestricted,
        e.MailComplained,
        e.SubscriberSuppressed,
        e.SubscriberErased,
        e.PreferencesSet,
    }
)


def is_stopping(
    events: Iterable[object], vault_writes: Sequence[VaultWrite], objected: bool
) -> bool:
    """Whether anything of what one person's share of a batch does belongs into the journal: of an
    objector, also another address.
    """
    return any(type(event) in STOPPING for event in events) or (
        objected and any(vault_write.address for vault_write in vault_writes)
    )


def stops_of(
    stream: str,
    events: Iterable[object],
    vault_writes: Sequence[VaultWrite],
    hashes: Sequence[bytes],
    objected: bool,
) -> list[Stop]:
    """The lines for that share. `hashes` are those of the person's address, then of former ones: a
    copy may know them by another than today's, or not at all. What stays of somebody erased has
    lines without their id.
    """
    stops: list[Stop] = []
    current, former = (hashes[0].hex() if hashes else ""), [hashed.hex() for hashed in hashes[1:]]
    if objected:
        stops += [
            Stop(
                "suppression",
                vault_write.at,
                stream,
                hash=vault_write.address_hash.hex(),
                why="objected",
            )
            for vault_write in vault_writes
            if vault_write.address
        ]
    for event in events:
        match event:
            case e.ConsentWithdrawn(at, purpose):
                stops.append(Stop("withdrawal", at, stream, purpose, current))
                stops += [
                    Stop("suppression", at, stream, hash=hashed, why="objected")
                    for hashed in former
                    if purpose == "*"
                ]
            case e.ProcessingRestricted(at, lifted):
                stops.append(Stop("restriction", at, stream, why="lifted" if lifted else ""))
            case e.PreferencesSet(at):
                stops.append(Stop("pause", at, stream, why=str(event.paused_until or "")))
            case e.MailComplained(at):
                stops.append(Stop("suppression", at, stream, hash=current, why="complained"))
            case e.SubscriberSuppressed(at, why) if why != "bounced":
                stops.append(Stop("suppression", at, stream, hash=current, why=why))
            case e.SubscriberErased(at, basis):
                stops.append(Stop("erasure", at, stream, why=basis))
                for vault_write in vault_writes:
                    if vault_write.erasing and vault_write.suppress:
                        reasons = [
                            vault_write.suppress,
                            *(reason_of_former(vault_write.suppress) for _ in former),
                        ]
                        stops += [
                            suppression(hashed, reason, vault_write.at)
                            for hashed, reason in zip(hashes, reasons, strict=True)
                        ]
    return stops
