"""The facts, read from an installation. Each question is cheap at any size: counts come from
indexes, times from single entries.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Protocol

from engine.config import Config
from engine.delivery.figures import DeliveryViews
from engine.delivery.report import ProviderDelivery, delivery_report
from engine.desk.clock import Clock, wall_now
from engine.desk.desk import HELD, HELD_BACK, TRAPS, Desk
from engine.desk.hooks import HookDesk
from engine.desk.processes import EXPIRY_SECONDS, Processes
from engine.desk.shaping import ShapingDesk
from engine.desk.webhook_calls import WebhookCalls
from engine.hooks.report import answer_in_words, hook_reports
from engine.i18n.language import N_
from engine.installation.breaches import told_late
from engine.installation.breaches import waiting as waiting_breaches
from engine.installation.events import ClockChanged
from engine.installation.stream import InstallationStream
from engine.ledger.codec import EntryRefused
from engine.ledger.store import Ledger
from engine.proof.ledger_tree import LedgerTree
from engine.proof.tlog_witness import TROUBLE as COSIGNER
from engine.sending.signing_faults import signing_faults
from engine.sending.smtp_settings import DIRECT
from engine.sending.witness_mail import TROUBLE, witness_mark
from engine.sequence.delay import DAY, HOUR
from engine.sequence.model import Plan
from engine.shaping.guards import PASSED
from engine.status.facts import (
    NO_WORDS,
    ClockState,
    DeliveryFacts,
    ExpiringKey,
    Facts,
    HeldProvider,
    HookFacts,
    InboundState,
    Process,
    ProviderCount,
    ProviderFacts,
    SilentWebhook,
    Stuck,
    TreeState,
    Trouble,
    ViewState,
    Waiting,
    Withheld,
)
from engine.status.mail_findings import INBOUND_KINDS
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber.terms import CANNOT_BE_CARRIED, CANNOT_BE_RENDERED
from engine.vault.inbound_mail import MAX_UNKNOWN, MAX_UNKNOWN_BYTES, InboundMails
from engine.vault.vault import Vault
from engine.views import DueCount, week_of
from engine.webhooks.secret_files import unusable_files

SQL = beside(__file__)
STUCK_SHOWN = 1000
MENDABLE = (CANNOT_BE_RENDERED, CANNOT_BE_CARRIED)
KEYS_TOLD_SECONDS = 14 * 86_400


class CountingViews(Protocol):
    """The views, as far as they count."""

    @property
    def delivery(self) -> DeliveryViews: ...

    def quarantined(self, limit: int) -> list[tuple[str, int, str]]:
        """Of whom nothing can be made: subscriber, the position of their last fact, why. The latest
        first.
        """

    def due_within(self, instants: Sequence[int]) -> list[DueCount]:
        """What falls due up to each of some instants."""

    def next_due(self, now: int) -> int | None:
        """The first instant after `now` (ms) at which anything is due."""

    def in_doubt(self) -> list[tuple[str, str, str, int]]:
        """Letters in doubt: message, subscriber, letter, since when."""

    def open_rights(self, limit: int = 1000) -> list[tuple[str, str, str, int]]:
        """Rights asked for and not answered, the most urgent first: subscriber, request, right,
        when it must be answered.
        """

    def positions(self) -> list[tuple[str, int, str]]:
        """Each view with its position and what stopped it."""

    def held_back(self) -> dict[int, int]:
        """How many letters of each list wait for room under a cap."""

    def stopped(self) -> dict[str, int]:
        """How many people nothing is written to for a purpose, because they were silent."""

    def not_sent(self, since: int) -> dict[str, int]:
        """How many letters were withheld since the week of a Monday (days since 1970-01-01), by
        reason; the most frequent first.
        """

    def withheld(self) -> list[tuple[str, int, str, str, int]]:
        """Letters withheld for what can be mended: key without occurrence, list (0: none), letter,
        what is to be mended, from how many people.
        """


class StatusStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def database(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> CountingViews: ...
    @property
    def shaping(self) -> ShapingDesk: ...
    @property
    def tree(self) -> LedgerTree: ...
    @property
    def webhook_calls(self) -> WebhookCalls: ...


Due = Mapping[int, tuple[int, ...]]
"""Letters by place (as DueCount has it) that are due by now, within the hour and within a day."""


def letters_due(views: CountingViews, now: int) -> Due:
    due = views.due_within((now, now + HOUR, now + DAY))
    return {one.place: one.counts for one in due if one.kind == "letter"}


def gather(stores: StatusStores, due: Due | None = None) -> Facts:
    """As of about this moment: the parts are read one after the other. `due` is counted where it is
    not handed in. Raises what a lost database raises (LOST).
    """
    processes, troubles = Processes(stores.database), []
    running = tuple(
        Process(
            parts=tuple(beat.parts),
            host=beat.host,
            pid=beat.pid,
            since=beat.since,
            seen=beat.seen,
            lives=beat.seen < EXPIRY_SECONDS,
            version=beat.version,
        )
        for beat in processes.all()
    )
    faults = {}
    witnesses = {
        witness_mark(stores.vault.hash(address)) for address in stores.config.proof.witness
    }
    cosigners = {witness.mark for witness in stores.config.proof.witness_url}
    for what, why, since in processes.troubles():
        kind, _, view = what.partition(":")
        if kind == "view":
            faults[view] = why
        elif kind in (TROUBLE, COSIGNER):
            # Whoever is no witness any more keeps nobody waiting.
            troubles += [Trouble(kind, why, since)] if what in witnesses | cosigners else []
        elif kind != "stamp" or stores.config.proof.stamp:
            troubles.append(Trouble(what, why, since))
    installation = stores.installation_stream.current()
    paused, breaches, now = installation.paused, installation.breaches.values(), stores.clock.now()
    disk = shutil.disk_usage(
        stores.config.data if stores.config.data.exists() else stores.config.folder
    )
    with stores.database.connection() as connection:
        size = int(connection.execute(SQL["size"]).fetchall()[0][0])
    tick = stores.desk.mark("tick")
    smtp, head = stores.config.smtp, stores.ledger.head()
    forms_held, forms_held_for = stores.desk.held(HELD)
    last_week = week_of(now) - 7
    not_sent = stores.views.not_sent(last_week)
    oldest_due = stores.views.next_due(0) or now
    deadlines = [due for _who, _request, _right, due in stores.views.open_rights()]
    return Facts(
        head=head,
        processes=running,
        troubles=tuple(troubles),
        views=view_states(stores, faults),
        waiting=waiting(letters_due(stores.views, now) if due is None else due, paused),
        paused=dict(paused),
        in_doubt=len(stores.views.in_doubt()),
        stuck=tuple(_stuck(stores)),
        withheld=tuple(Withheld(*row) for row in stores.views.withheld()),
        held_back=stores.views.held_back(),
        held_back_today=stores.desk.counted(HELD_BACK, 1),
        not_sent={why: n for why, n in not_sent.items() if why not in MENDABLE},
        not_sent_since=str(date(1970, 1, 1) + timedelta(days=last_week)),
        stopped=stores.views.stopped(),
        breaches_late=tuple(breach.breach for breach in told_late(breaches, now)),
        breaches_waiting=tuple(breach.breach for breach in waiting_breaches(breaches, now)),
        tick=stores.clock.wall_age(tick[0]) if tick is not None else None,
        relay=f"{smtp.host}:{smtp.port}" if smtp.relay else smtp.host,
        comes_back=not smtp.relay or stores.config.inbound.is_on,
        tree=tree_state(stores, head),
        checkpoint_every=stores.config.proof.every.nominal_ms / 1000,
        database_bytes=size,
        disk_free=disk.free,
        disk_total=disk.total,
        requests=len(deadlines),
        requests_late=sum(due < stores.clock.now() for due in deadlines),
        witnessed=_witnessed(stores, witnesses),
        stamped=_stamped(stores),
        clock=clock_state(stores, installation.clock),
        forms_held=forms_held,
        forms_held_for=forms_held_for,
        form_traps=stores.desk.counted(TRAPS, 30),
        forms_failing={
            form: failed for (form, _), (_, failed) in installation.forms_tried.items() if failed
        },
        held_providers=tuple(
            HeldProvider(
                title=stores.config.providers.by_name[state.provider].title,
                rule=state.rule,
                left=state.held,
                to_mend=state.to_mend,
                waiting=state.waiting,
            )
            for state in stores.shaping.states()
            if state.held and state.provider in stores.config.providers.by_name
        ),
        ailments={
            code: max(0.0, stores.clock.wall_age(since))
            for code, since in installation.ailments.items()
        },
        inbound=inbound_state(stores, now),
        delivery=delivery_facts(stores),
        signing=tuple(
            (fault.code, fault.words) for fault in signing_faults(stores.config, int(time.time()))
        ),
        hooks=tuple(hook_facts(stores)),
        oldest_due=max(0, now - oldest_due) / 1000,
        totals=stores.desk.totals(),
        webhooks=tuple(_silent_webhooks(stores, installation.plan())),
        keys=tuple(ExpiringKey(*key) for key in stores.desk.expiring_keys(KEYS_TOLD_SECONDS)),
    )


def hook_facts(stores: StatusStores) -> Iterator[HookFacts]:
    config, now = stores.config, wall_now()
    for report in hook_reports(
        config.hooks, config.folder, HookDesk(stores.database), stores.ledger
    ):
        state, waiting = report.state, report.waiting
        begun = (state.off_at or state.failing_since) if state is not None else 0
        answer = answer_in_words(state.answer) if state is not None and state.answer else NO_WORDS
        yield HookFacts(
            name=report.hook.name,
            standing=report.standing,
            since=max(0, now - begun) / 1000 if begun else 0.0,
            answer=answer,
            fault=report.fault,
            behind=report.behind,
            waiting=waiting.retries,
            given_up=waiting.given_up,
            first_given_up=waiting.first_given_up,
            taken=state.delivered if state is not None else 0,
            failed=state.failures if state is not None else 0,
        )


def _silent_webhooks(stores: StatusStores, plan: Plan) -> Iterator[SilentWebhook]:
    refused = {one.webhook: one for one in stores.webhook_calls.refused()}
    for webhook in plan.webhooks.values():
        unusable = next(unusable_files(webhook, stores.config.folder), None)
        if unusable is not None:
            yield SilentWebhook(webhook.name, why=unusable.why)
        elif webhook.name in refused:
            calls = refused[webhook.name]
            since = max(0.0, stores.clock.wall_age(calls.first))
            yield SilentWebhook(webhook.name, calls=calls.calls, since=since)


def delivery_facts(stores: StatusStores) -> DeliveryFacts:
    report, smtp = delivery_report(stores), stores.config.smtp
    hears = stores.config.inbound.is_on or smtp.host == DIRECT
    return DeliveryFacts(
        whole=() if report.is_empty else (_provider(report.whole, N_("all providers")),),
        providers=tuple(
            _provider(one, one.title or N_("not recorded")) for one in report.providers
        ),
        ever=tuple(ProviderCount(*count) for count in stores.views.delivery.ever()),
        unheard=hears and not smtp.return_path,
    )


def _provider(one: ProviderDelivery, title: str) -> ProviderFacts:
    blocked = [letters for letters in one.put_off if letters.why == "blocked"]
    return ProviderFacts(
        provider=one.provider,
        title=title,
        sent=one.sums.sent,
        tried=one.sums.tried,
        bounced=one.sums.bounced,
        complained=one.sums.complained,
        complaints=one.complaints if one.complaints in PASSED else "",
        bounces=one.bounces if one.bounces in PASSED else "",
        waiting=one.waiting,
        refused=sum(letters.n for letters in blocked),
        answer=blocked[0].reply if blocked else "",
    )


def inbound_state(stores: StatusStores, now: int) -> InboundState:
    """At `now` of the engine's time (ms)."""
    mails, inbound = InboundMails(stores.database), stores.config.inbound
    unknown, octets, unknown_since = mails.held()
    waiting, waiting_since = mails.waiting_since()
    doors = {"lmtp": inbound.lmtp, "smtp": inbound.smtp, "imap": inbound.imap}
    counts = {kind: stores.desk.counted(f"inbound:{kind}", 7) for kind in INBOUND_KINDS}
    return InboundState(
        doors=tuple(name for name, place in doors.items() if place is not None),
        handled={kind: n for kind, n in counts.items() if n},
        unknown=unknown,
        unknown_for=max(0, now - unknown_since) / 1000 if unknown else 0,
        is_full=unknown >= MAX_UNKNOWN or octets >= MAX_UNKNOWN_BYTES,
        waiting=waiting,
        waiting_for=max(0, now - waiting_since) / 1000 if waiting else 0,
    )


def clock_state(stores: StatusStores, changed: ClockChanged | None) -> ClockState:
    """`changed` is the last change of the clock."""
    clock, trial = stores.clock, stores.clock.trial
    kind: Literal["", "whole", "over people"] = (
        "" if trial is None else "over people" if trial.over_people else "whole"
    )
    now = clock.now()
    jumped = changed.jumped if changed is not None else 0
    # Where the clock stood when it was found.
    after = changed.at + jumped * clock.rate if changed is not None else 0
    return ClockState(
        now=now,
        ahead=clock.ahead / 1000,
        rate=clock.rate,
        trial=kind,
        behind=max(0, stores.ledger.last_recorded() - now) / 1000,
        jumped=jumped / 1000 if abs(now - after) < 7 * DAY else 0,
    )


def tree_state(stores: StatusStores, head: int) -> TreeState:
    size, latest = stores.tree.size(), stores.tree.latest()
    origin, signed = (latest.origin, latest.size) if latest is not None else (stores.tree.origin, 0)
    age = (
        max(0.0, datetime.now(UTC).timestamp() - latest.signed_at / 1000)
        if latest is not None
        else None
    )
    return TreeState(size, max(0, head - size), origin, signed, age)


def _witnessed(stores: StatusStores, witnesses: Collection[str]) -> float | None:
    """Of several witnesses the one whose last mail is the oldest."""
    marks = [stores.desk.mark(witness) for witness in witnesses]
    times = [mark[0] for mark in marks if mark is not None and mark[0]]
    return (
        max(0.0, stores.clock.wall_age(min(times)))
        if times and len(times) == len(witnesses)
        else None
    )


def _stamped(stores: StatusStores) -> float | None:
    last = stores.tree.stamps.last() if stores.config.proof.stamp else None
    return (
        max(0.0, datetime.now(UTC).timestamp() - last.stamped_at / 1000)
        if last is not None
        else None
    )


def _stuck(stores: StatusStores) -> Iterator[Stuck]:
    now = datetime.now(UTC)
    for subscriber, key, why, at in stores.desk.stuck(STUCK_SHOWN):
        yield Stuck(str(subscriber), key, why, max(0.0, (now - at).total_seconds()))
    for subscriber, position, why in stores.views.quarantined(STUCK_SHOWN):
        yield Stuck(subscriber, "agenda", why, max(0.0, _age(stores, position)))


def view_states(
    stores: StatusStores, faults: Mapping[str, str] | None = None
) -> tuple[ViewState, ...]:
    """How far behind each view is; `faults` are those that whoever follows has told of (asked here
    when they are not handed in).
    """
    if faults is None:
        told = Processes(stores.database).troubles()
        faults = {
            what.partition(":")[2]: why for what, why, _since in told if what.startswith("view:")
        }
    states = []
    for name, position, fault in stores.views.positions():
        behind = stores.ledger.head() - position
        late = max(0.0, _age(stores, position + 1)) if behind > 0 else 0.0
        states.append(ViewState(name, position, behind, late, fault or faults.get(name, "")))
    return tuple(states)


def _age(stores: StatusStores, position: int) -> float:
    """How many seconds ago an entry was recorded; what cannot be read is told of by whoever
    follows.
    """
    try:
        entry = stores.ledger.at(position)
    except EntryRefused:
        return 0.0
    return stores.clock.wall_age(entry.recorded_at) if entry is not None else 0.0


def waiting(due: Due, paused: Mapping[int, str]) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(number, at_once, within, paused.get(number) or paused.get(0, ""))
        for number, (at_once, within, _day) in sorted(due.items())
        if within
    )
