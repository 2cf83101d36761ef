"""The facts, read from an installation. Each question is cheap at any size: counts come from
indexes, times from single entries.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from engine.context import AppContext
from engine.desk.desk import HELD, TRAPS
from engine.desk.processes import EXPIRY_SECONDS, Processes
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


def gather(context: AppContext) -> Facts:
    """As of about this moment: the parts are read one after the other. Raises what a lost database
    raises (LOST).
    """
    processes, troubles = Processes(context.database), []
    running = tuple(
        Process(tuple(parts), host, pid, since, seen, seen < EXPIRY_SECONDS)
        for parts, host, pid, since, seen in processes.all()
    )
    faults = {}
    witnesses = {mark_of(context.vault.hash(address)) for address in context.config.proof.witness}
    for what, why, since in processes.troubles():
        kind, _, view = what.partition(":")
        if kind == "view":
            faults[view] = why
        elif kind == TROUBLE:
            # Whoever is no witness any more keeps nobody waiting.
            troubles += [Trouble(kind, why, since)] if what in witnesses else []
        elif kind != "stamp" or context.config.proof.stamp:
            troubles.append(Trouble(what, why, since))
    installation = context.installation_stream.current()
    paused, breaches, now = installation.paused, installation.breaches.values(), context.clock.now()
    disk = shutil.disk_usage(
        context.config.data if context.config.data.exists() else context.config.folder
    )
    with context.database.connection() as connection:
        size = int(connection.execute(SQL["size"]).fetchall()[0][0])
    tick = context.desk.mark("tick")
    smtp, head = context.config.smtp, context.ledger.head()
    forms_held, forms_held_for = context.desk.held(HELD)
    deadlines = [due for _who, _request, _right, due in context.views.open_rights()]
    return Facts(
        head=head,
        processes=running,
        troubles=tuple(troubles),
        views=view_states(context, faults),
        waiting=waiting(context, paused),
        paused=dict(paused),
        in_doubt=len(context.views.in_doubt()),
        stuck=tuple(_stuck(context)),
        withheld=tuple(Withheld(*row) for row in context.views.withheld()),
        breaches_late=tuple(breach.breach for breach in told_late(breaches, now)),
        breaches_waiting=tuple(breach.breach for breach in waiting_breaches(breaches, now)),
        tick=context.clock.wall_age(tick[0]) if tick is not None else None,
        relay=smtp.host if smtp.is_mailbox else f"{smtp.host}:{smtp.port}",
        tree=tree_state(context, head),
        checkpoint_every=context.config.proof.every.nominal_ms / 1000,
        database_bytes=size,
        disk_free=disk.free,
        disk_total=disk.total,
        requests=len(deadlines),
        requests_late=sum(due < context.clock.now() for due in deadlines),
        witnessed=_witnessed(context, witnesses),
        stamped=_stamped(context),
        clock=clock_state(context),
        forms_held=forms_held,
        forms_held_for=forms_held_for,
        form_traps=context.desk.counted(TRAPS, 30),
        keys=tuple(ExpiringKey(*key) for key in context.desk.expiring_keys(KEYS_TOLD_SECONDS)),
    )


def clock_state(context: AppContext) -> ClockState:
    trial = context.clock.trial
    kind: Literal["", "whole", "over people"] = (
        "" if trial is None else "over people" if trial.over_people else "whole"
    )
    return ClockState(context.clock.now(), context.clock.ahead / 1000, context.clock.rate, kind)


def tree_state(context: AppContext, head: int) -> TreeState:
    size, latest = context.tree.size(), context.tree.latest()
    origin, signed = (
        (latest.origin, latest.size) if latest is not None else (context.tree.origin, 0)
    )
    age = (
        max(0.0, datetime.now(UTC).timestamp() - latest.signed_at / 1000)
        if latest is not None
        else None
    )
    return TreeState(size, max(0, head - size), origin, signed, age)


def _witnessed(context: AppContext, witnesses: Collection[str]) -> float | None:
    """Of several witnesses the one whose last mail is the oldest."""
    marks = [context.desk.mark(witness) for witness in witnesses]
    times = [mark[0] for mark in marks if mark is not None and mark[0]]
    return (
        max(0.0, context.clock.wall_age(min(times)))
        if times and len(times) == len(witnesses)
        else None
    )


def _stamped(context: AppContext) -> float | None:
    last = context.tree.stamps.last() if context.config.proof.stamp else None
    return (
        max(0.0, datetime.now(UTC).timestamp() - last.stamped_at / 1000)
        if last is not None
        else None
    )


def _stuck(context: AppContext) -> Iterator[Stuck]:
    now = datetime.now(UTC)
    for subscriber, key, why, at in context.desk.stuck(STUCK_SHOWN):
        yield Stuck(str(subscriber), key, why, max(0.0, (now - at).total_seconds()))
    for subscriber, position, why in context.views.aside(STUCK_SHOWN):
        yield Stuck(subscriber, "agenda", why, max(0.0, _age(context, position)))


def view_states(
    context: AppContext, faults: Mapping[str, str] | None = None
) -> tuple[ViewState, ...]:
    """How far behind each view is; `faults` are those that whoever follows has told of (asked here
    when they are not handed in).
    """
    if faults is None:
        told = Processes(context.database).troubles()
        faults = {
            what.partition(":")[2]: why for what, why, _since in told if what.startswith("view:")
        }
    states = []
    for name, position, fault in context.views.positions():
        behind = context.ledger.head() - position
        late = max(0.0, _age(context, position + 1)) if behind > 0 else 0.0
        states.append(ViewState(name, position, behind, late, fault or faults.get(name, "")))
    return tuple(states)


def _age(context: AppContext, position: int) -> float:
    """How many seconds ago an entry was recorded; what cannot be read is told of by whoever
    follows.
    """
    try:
        entry = context.ledger.at(position)
    except EntryRefused:
        return 0.0
    return context.clock.wall_age(entry.recorded_at) if entry is not None else 0.0


def waiting(context: AppContext, paused: Mapping[int, str]) -> tuple[Waiting, ...]:
    now = context.clock.now()
    at_once, within = _letters(context, now), _letters(context, now + HOUR)
    return tuple(
        Waiting(
            number, at_once.get(number, 0), within[number], paused.get(number) or paused.get(0, "")
        )
        for number in sorted(within)
    )


def _letters(context: AppContext, upto: int) -> dict[int, int]:
    return {
        number: count for number, kind, count in context.views.due_until(upto) if kind == "letter"
    }
