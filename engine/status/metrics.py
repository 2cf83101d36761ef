"""The facts for Prometheus, in its text format 0.0.4. No person, not even by an opaque id: how
many, how far, how long.

The door to prometheus_client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from engine.desk.totals import DELAY_BOUNDS, Total
from engine.sending.outcome_tally import Outcome
from engine.status.facts import PARTS, DeliveryFacts, Facts, HookFacts
from engine.status.finding import is_well
from engine.status.findings import findings

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def exposition(facts: Facts) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collected(facts))
    return generate_latest(registry)


class _Collected:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def collect(self) -> Iterator[Metric]:
        facts, told = self.facts, findings(self.facts)
        yield _one(
            "well",
            "1 while nothing is stuck or stopped (`relance status` says what to do).",
            is_well(told),
        )
        counts = Counter((item.code, item.level) for item in told)
        yield _many(
            "findings",
            "What is not as it should be, by code and level.",
            ("code", "level"),
            counts.items(),
        )
        alive = [process for process in facts.processes if process.lives]
        parts = [((part,), sum(part in process.parts for process in alive)) for part in PARTS]
        yield _many("processes", "Living processes that do each part.", ("part",), parts)
        yield _one("ledger_head", "Position of the last entry of the ledger.", facts.head)
        yield _one("tree_size", "Entries the tree over the ledger holds.", facts.tree.size)
        yield _one("tree_behind_entries", "Entries the tree does not hold yet.", facts.tree.behind)
        yield _one(
            "checkpoint_size", "Entries the last signed checkpoint covers.", facts.tree.signed
        )
        if facts.tree.age is not None:
            yield _one(
                "checkpoint_age_seconds",
                "Seconds since the last checkpoint was signed.",
                facts.tree.age,
            )
        if facts.witnessed is not None:
            yield _one(
                "witness_age_seconds",
                "Seconds since the last mail with a checkpoint left for a witness.",
                facts.witnessed,
            )
        if facts.stamped is not None:
            yield _one(
                "stamp_age_seconds", "Seconds since the last checkpoint was stamped.", facts.stamped
            )
        for what, about in (
            ("witness", "Witnesses to whom the last mail did not go."),
            ("cosigner", "Witnesses that did not cosign when they were last asked."),
            ("stamp", "1 while the last attempt at stamping failed."),
        ):
            yield _one(
                f"{what}_in_trouble", about, sum(item.what == what for item in facts.troubles)
            )
        views = [((view.name,), view) for view in facts.views]
        yield _many(
            "view_behind_entries",
            "Entries a view has not seen yet.",
            ("view",),
            [(k, v.behind) for k, v in views],
        )
        yield _many(
            "view_behind_seconds",
            "Seconds since the first of them was written.",
            ("view",),
            [(k, v.late) for k, v in views],
        )
        yield _many(
            "view_stopped",
            "1 for a view that cannot go on.",
            ("view",),
            [(k, bool(v.fault)) for k, v in views],
        )
        lists = [((str(item.list),), item) for item in facts.waiting]
        yield _many(
            "letters_due",
            "Letters due now (list 0: requests to confirm, -1: broadcasts to segments).",
            ("list",),
            [(k, w.now) for k, w in lists],
        )
        yield _many(
            "letters_due_within_hour",
            "Letters due within an hour.",
            ("list",),
            [(k, w.hour) for k, w in lists],
        )
        yield _one(
            "letters_held",
            "Letters due that a pause holds.",
            sum(item.now for item in facts.waiting if item.held),
        )
        withheld = [((item.key, item.letter, item.what), item.people) for item in facts.withheld]
        yield _many(
            "letters_withheld",
            "Letters that wait for what withheld them to be mended.",
            ("key", "letter", "what"),
            withheld,
        )
        held_back = [((str(number),), letters) for number, letters in facts.held_back.items()]
        yield _many(
            "letters_held_back",
            "Letters that wait for room under a cap.",
            ("list",),
            held_back,
        )
        yield _one(
            "letters_held_back_today",
            "How often a letter found no room under a cap today.",
            facts.held_back_today,
        )
        paused = [((str(number), why), 1) for number, why in facts.paused.items()]
        yield _many(
            "sending_paused",
            "1 for what is paused (list 0: everything), with the reason.",
            ("list", "why"),
            paused,
        )
        yield from _of_totals(facts.totals)
        yield _one(
            "oldest_due_seconds",
            "Seconds by which the oldest act that is due is late, held by a pause or not.",
            facts.oldest_due,
        )
        yield from _of_delivery(facts.delivery)
        yield from _of_hooks(facts.hooks)
        yield _one("letters_in_doubt", "Letters whose acceptance is not known.", facts.in_doubt)
        yield _one(
            "requests_open", "Rights people asked for that wait for an answer.", facts.requests
        )
        yield _one("requests_late", "Those past their deadline.", facts.requests_late)
        yield _one(
            "forms_held",
            "Requests to confirm that are held because too many forms were posted.",
            facts.forms_held,
        )
        yield _one(
            "form_traps",
            "Posts of forms within thirty days that filled in the input hidden from people.",
            facts.form_traps,
        )
        yield _many(
            "inbound_mails",
            "Mails that came back within seven days, by what they were.",
            ("what",),
            [((kind,), n) for kind, n in facts.inbound.handled.items()],
        )
        yield _one(
            "inbound_unknown", "Mails that were not understood and are kept.", facts.inbound.unknown
        )
        yield _one(
            "inbound_waiting",
            "Mails that people wrote and that wait to be handed on.",
            facts.inbound.waiting,
        )
        yield _one("stuck", "What was set aside with its reason.", len(facts.stuck))
        yield _one(
            "relay_in_trouble",
            "1 while the mail server cannot be used.",
            any(item.what == "relay" for item in facts.troubles),
        )
        if facts.tick is not None:
            yield _one(
                "last_tick_seconds", "Seconds since a round of sending last ended.", facts.tick
            )
        yield _one("database_bytes", "Size of the database.", facts.database_bytes)
        yield _one("disk_free_bytes", "Free space on the disk that holds data/.", facts.disk_free)


def _of_totals(totals: Mapping[Total, int]) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "relance_letters_begun",
        "Tries to hand a letter over that senders have begun.",
        value=totals.get(Total("begun"), 0),
    )
    outcomes = CounterMetricFamily(
        "relance_letter_outcomes",
        "What came of these tries, and letters withheld before one.",
        labels=("what",),
    )
    for what in get_args(Outcome):
        outcomes.add_metric((what,), totals.get(Total("outcome", what), 0))
    yield outcomes
    buckets, within = [], 0
    for label in (*map(str, DELAY_BOUNDS), ""):
        within += totals.get(Total("delay", label), 0)
        buckets.append((str(float(label)) if label else "+Inf", within))
    yield HistogramMetricFamily(
        "relance_delivery_delay_seconds",
        "From when a letter or its next try was due until its acceptance was recorded.",
        buckets=buckets,
        sum_value=totals.get(Total("delay_ms"), 0) / 1000,
    )
    visits = CounterMetricFamily(
        "relance_link_visits",
        "Visits to links of letters, by the link's kind and who presumably came: human, robot.",
        labels=("kind", "who"),
    )
    calls = CounterMetricFamily(
        "relance_webhook_calls",
        "Calls of shops and mail services: taken, refused.",
        labels=("webhook", "what"),
    )
    for (name, label), n in sorted(totals.items()):
        if name == "visit":
            people = totals.get(Total("presumed_human", label), 0)
            visits.add_metric((label, "human"), people)
            visits.add_metric((label, "robot"), n - people)
        elif name in ("taken", "refused"):
            calls.add_metric((label, name), n)
    yield visits
    yield calls


def _of_delivery(delivery: DeliveryFacts) -> Iterator[Metric]:
    letters = CounterMetricFamily(
        "relance_letters",
        "What became of letters, by receiving provider: sent, deferred (each time), failed, bounced"
        " (hard, soft, blocked), complained.",
        labels=("provider", "what"),
    )
    for provider, what, n in delivery.ever:
        letters.add_metric((provider or "unknown", what), n)
    yield letters
    yield _many(
        "letters_waiting",
        "Letters that a provider put off, or that wait for their turn with it.",
        ("provider",),
        [((one.provider or "unknown",), one.waiting) for one in delivery.providers],
    )
    for what in ("complaints", "bounces"):
        levels = [(one.provider or "unknown", getattr(one, what)) for one in delivery.providers]
        yield _many(
            f"{what}_level",
            "0 within bounds or of too few letters, 1 from the warning on, 2 from the limit on.",
            ("provider",),
            [((name,), {"": 0, "warn": 1, "over": 2}[level]) for name, level in levels],
        )


def _of_hooks(hooks: Sequence[HookFacts]) -> Iterator[Metric]:
    messages = CounterMetricFamily(
        "relance_hook_messages",
        "Tries to tell a program of a fact since its hook began: taken, failed.",
        labels=("hook", "what"),
    )
    for hook in hooks:
        messages.add_metric((hook.name, "taken"), hook.taken)
        messages.add_metric((hook.name, "failed"), hook.failed)
    yield messages
    gauges = (
        ("behind_entries", "Entries a hook was not looked through for.", "behind"),
        ("waiting", "Messages to a hook that are to be tried again.", "waiting"),
        ("given_up", "Messages to a hook that were given up, for thirty days.", "given_up"),
    )
    for name, about, field in gauges:
        values = [((hook.name,), getattr(hook, field)) for hook in hooks]
        yield _many(f"hook_{name}", about, ("hook",), values)
    stopped = [
        ((hook.name,), hook.standing in ("failing", "operator", "gone", "dead")) for hook in hooks
    ]
    yield _many("hook_stopped", "1 for a hook that takes nothing or is off.", ("hook",), stopped)


def _one(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"relance_{name}", about, value=value)


def _many(
    name: str, about: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"relance_{name}", about, labels=labels)
    for label, value in values:
        family.add_metric(label, value)
    return family
