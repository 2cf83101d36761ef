"""The facts, read from a house. Each question is cheap at any size: counts come from indexes, times
from single entries.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from engine.context import House
from engine.desk.desk import HELD, TRAPS
from engine.desk.processes import EXPIRES, Processes
from engine.installation.breaches import told_late
from engine.installation.breaches import waiting as waiting_breaches
from engine.ledger.codec import EntryRefused
from engine.sending.witness_mail import TROUBLE, mark_of
from engine.sequence.delay import HOUR
from engine.status.facts import (
    ClockState,
    ExpiringKey,
    Facts,
    Process,
    Stuck,
    TreeState,
    Trouble,
    ViewState,
    Waiting,
    Withheld,
)
from engine.store.sql import beside

SQL = beside(__file__)
STUCK_SHOWN = 1000
KEYS_TOLD_SECONDS = 14 * 86_400


def gather(house: House) -> Facts:
    """As of about this moment: the parts are read one after the other. Raises what a lost database
    raises (LOST).
    """
    processes, troubles = Processes(house.database), []
    running = tuple(
        Process(tuple(parts), host, pid, since, seen, seen < EXPIRES)
        for parts, host, pid, since, seen in processes.all()
    )
    faults = {}
    witnesses = {mark_of(house.vault.hash(address)) for address in house.config.proof.witness}
    for what, why, since in processes.troubles():
        kind, _, view = what.partition(":")
        if kind == "view":
            faults[view] = why
        elif kind == TROUBLE:
            # Whoever is no witness any more keeps nobody waiting.
            troubles += [Trouble(kind, why, since)] if what in witnesses else []
        elif kind != "stamp" or house.config.proof.stamp:
            troubles.append(Trouble(what, why, since))
    installation = house.publications.current()
    paused, breaches, now = installation.paused, installation.breaches.values(), house.clock.now()
    disk = shutil.disk_usage(
        house.config.data if house.config.data.exists() else house.config.folder
    )
    with house.database.connection() as connection:
        size = int(connection.execute(SQL["size"]).fetchall()[0][0])
    tick = house.desk.mark("tick")
    smtp, head = house.config.smtp, house.ledger.head()
    forms_held, forms_held_for = house.desk.held(HELD)
    deadlines = [due for _who, _request, _right, due in house.views.open_rights()]
    return Facts(
        head=head,
        processes=running,
        troubles=tuple(troubles),
        views=view_states(house, faults),
        waiting=waiting(house, paused),
        paused=dict(paused),
        in_doubt=len(house.views.in_doubt()),
        stuck=tuple(_stuck(house)),
        withheld=tuple(Withheld(*row) for row in house.views.withheld()),
        breaches_late=tuple(each.breach for each in told_late(breaches, now)),
        breaches_waiting=tuple(each.breach for each in waiting_breaches(breaches, now)),
        tick=house.clock.wall_age(tick[0]) if tick is not None else None,
        relay=smtp.host if smtp.is_mailbox else f"{smtp.host}:{smtp.port}",
        tree=tree_state(house, head),
        checkpoint_every=house.config.proof.every.nominal_ms / 1000,
        database_bytes=size,
        disk_free=disk.free,
        disk_total=disk.total,
        requests=len(deadlines),
        requests_late=sum(due < house.clock.now() for due in deadlines),
        witnessed=_witnessed(house, witnesses),
        stamped=_stamped(house),
        clock=clock_state(house),
        forms_held=forms_held,
        forms_held_for=forms_held_for,
        form_traps=house.desk.counted(TRAPS, 30),
        keys=tuple(ExpiringKey(*key) for key in house.desk.expiring_keys(KEYS_TOLD_SECONDS)),
    )


def clock_state(house: House) -> ClockState:
    trial = house.clock.trial
    kind: Literal["", "whole", "over people"] = (
        "" if trial is None else "over people" if trial.over_people else "whole"
    )
    return ClockState(house.clock.now(), house.clock.ahead / 1000, house.clock.rate, kind)


def tree_state(house: House, head: int) -> TreeState:
    size, latest = house.tree.size(), house.tree.latest()
    origin, signed = (latest.origin, latest.size) if latest is not None else (house.tree.origin, 0)
    age = (
        max(0.0, datetime.now(UTC).timestamp() - latest.signed_at / 1000)
        if latest is not None
        else None
    )
    return TreeState(size, max(0, head - size), origin, signed, age)


def _witnessed(house: House, witnesses: Collection[str]) -> float | None:
    """Of several witnesses the one whose last mail is the oldest."""
    marks = [house.desk.mark(each) for each in witnesses]
    times = [mark[0] for mark in marks if mark is not None and mark[0]]
    return (
        max(0.0, house.clock.wall_age(min(times)))
        if times and len(times) == len(witnesses)
        else None
    )


def _stamped(house: House) -> float | None:
    last = house.tree.stamps.last() if house.config.proof.stamp else None
    return (
        max(0.0, datetime.now(UTC).timestamp() - last.stamped_at / 1000)
        if last is not None
        else None
    )


def _stuck(house: House) -> Iterator[Stuck]:
    now = datetime.now(UTC)
    for subscriber, key, why, at in house.desk.stuck(STUCK_SHOWN):
        yield Stuck(str(subscriber), key, why, max(0.0, (now - at).total_seconds()))
    for subscriber, position, why in house.views.aside(STUCK_SHOWN):
        yield Stuck(subscriber, "agenda", why, max(0.0, _age(house, position)))


def view_states(house: House, faults: Mapping[str, str] | None = None) -> tuple[ViewState, ...]:
    """How far behind each view is; `faults` are those that whoever follows has told of (asked here
    when they are not handed in).
    """
    if faults is None:
        told = Processes(house.database).troubles()
        faults = {
            what.partition(":")[2]: why for what, why, _since in told if what.startswith("view:")
        }
    found = []
    for name, position, fault in house.views.positions():
        behind = house.ledger.head() - position
        late = max(0.0, _age(house, position + 1)) if behind > 0 else 0.0
        found.append(ViewState(name, position, behind, late, fault or faults.get(name, "")))
    return tuple(found)


def _age(house: House, position: int) -> float:
    """How many seconds ago an entry was recorded; what cannot be read is told of by whoever
    follows.
    """
    try:
        entry = house.ledger.at(position)
    except EntryRefused:
        return 0.0
    return house.clock.wall_age(entry.recorded_at) if entry is not None else 0.0


def waiting(house: House, paused: Mapping[int, str]) -> tuple[Waiting, ...]:
    now = house.clock.now()
    at_once, within = _letters(house, now), _letters(house, now + HOUR)
    return tuple(
        Waiting(
            number, at_once.get(number, 0), within[number], paused.get(number) or paused.get(0, "")
        )
        for number in sorted(within)
    )


def _letters(house: House, upto: int) -> dict[int, int]:
    return {
        number: count for number, kind, count in house.views.due_until(upto) if kind == "letter"
    }
