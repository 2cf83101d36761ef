"""Which occurrence of which broadcast an auditor asks about, and whom it was to: the head of the
answer, and the people counted as they are decided again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from engine.audit.broadcast_replay import BroadcastReplay
from engine.audit.broadcast_report import Tally, choices
from engine.audit.membership_report import everybody
from engine.audit.published import Published
from engine.i18n.dates import shown
from engine.i18n.language import N_, Language, translator
from engine.i18n.phrases import quoted, say_list, say_segment, subject_of
from engine.i18n.user_error import UserError
from engine.ledger.store import Ledger
from engine.sequence.anchors import PersonalDate
from engine.sequence.model import Broadcast, Plan
from engine.store.database import Database
from engine.subscriber.agenda_key import BroadcastKey, decode, encode


class ReplayStores(Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...


def tally_of(stores: ReplayStores, replay: BroadcastReplay) -> Tally:
    """Everybody decided again; reads the whole ledger."""
    tally = Tally()
    for _choice in choices(replay, everybody(stores.database, stores.ledger), tally):
        """Each is counted as it comes."""
    return tally


def broadcast_key(published: Published, name: str, occurrence: str) -> str:
    """The encoded key of the occurrence that is asked for, or of the latest."""
    keys = [fallen.key for _at, fallen in published.fallen_due if fallen.broadcast == name]
    if is_personal(published, name):
        if occurrence:
            return encode(BroadcastKey(name, occurrence))
        sentence = N_("{name} comes on each reader's own date: say --occurrence, such as 2027")
        raise UserError(sentence, 2, name=name)
    if occurrence:
        keys = [key for key in keys if occurrence_of(key).startswith(occurrence)]
    if not keys:
        sentence = N_("the broadcast {name} never fell due ({date}): nobody was chosen for it")
        raise UserError(sentence, 2, name=name, date=occurrence or "–")
    return keys[-1]


def is_personal(published: Published, name: str) -> bool:
    broadcast = _latest(published, name)[1]
    return broadcast.anchored is not None and isinstance(broadcast.anchored.date, PersonalDate)


def _latest(published: Published, name: str) -> tuple[Plan, Broadcast]:
    """The latest plan that has it."""
    numbers = sorted(published.state.editions, reverse=True)
    plan = next(plan for plan in map(published.plan, numbers) if name in plan.broadcasts)
    return plan, plan.broadcasts[name]


def occurrence_of(key: str) -> str:
    decoded = decode(key)
    return decoded.occurrence if isinstance(decoded, BroadcastKey) else ""


def head_lines(
    replay: BroadcastReplay,
    published: Published,
    name: str,
    key: str,
    zone: str,
    language: Language,
) -> Iterator[str]:
    _ = translator(language)
    plan, broadcast = _latest(published, name)
    if replay.fell_due is not None:
        position, occurrence = replay.fell_due
        plan = published.plan_at(position)
        broadcast = plan.broadcasts.get(name, broadcast)
        sentence = _("{subject} ({id}) fell due on {when} ({zone}), position {position}, to:")
        yield sentence.format(
            subject=quoted(subject_of(broadcast.letter), _),
            id=f"{name}/{occurrence_of(key)}",
            when=shown(occurrence.at, zone),
            zone=zone,
            position=position,
        )
    else:
        sentence = _("{subject} ({id}), on each reader's own date, to:")
        yield sentence.format(
            subject=quoted(subject_of(broadcast.letter), _), id=f"{name}/{occurrence_of(key)}"
        )
    for number in broadcast.to:
        yield f"    {say_list(plan, number)}"
    for segment in broadcast.segments:
        yield f"    {say_segment(plan, segment, _)}"
    yield _("Recomputed from the ledger alone, person by person:")
