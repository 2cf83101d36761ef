"""Two readings of docs/format.md, `verify.py` and a verifier written from the page alone: over
random lives, and over what is tampered with, they say the same of the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import MISSING, fields
from random import Random

import pytest
from hypothesis import HealthCheck, settings

from engine.ledger.codec import Encoded, canonical
from engine.ledger.names import NAMES
from engine.proof import verify
from engine.subscriber import events as e
from tests.auditor import Auditor
from tests.examples import NOON
from tests.given import flat
from tests.proof.handed import (
    COMMITMENT,
    DAY,
    ORIGIN,
    SIGNER,
    Book,
    bundle_of,
    ledger_of,
)
from tests.proof.independent import rule
from tests.proof.test_the_rule import LINES, SCENARIOS, STREAM, Told, declared_in
from tests.proof.test_two_verifiers_of_files import holds
from tests.sizes import sized
from tests.test_lives import Life

Plain = dict[str, object]
"""An entry as JSON has it."""


def in_verify(life: Sequence[bytes], settings: str = "{}") -> list[tuple[str, int]]:
    """The lines that verify.py finds broken, with positions; `settings` are those of edition 1."""
    replay, broken = verify.Replay(), []
    replay.declared = {1: verify.parse_declared(settings) or verify.NOTHING_DECLARED}
    for position, octets in enumerate(life, 1):
        fact = verify.parse_entry(position, octets)
        lines = verify.LINES_ABOUT.get(verify.subject(fact), verify.LINES_ABOUT["any"])
        broken += [(line.id, position) for line in lines if not line.holds(replay, fact)]
        replay.apply(fact)
        after = [line for line in verify.AFTERWARDS if not line.holds(replay, fact)]
        broken += [(line.id, position) for line in after]
    return broken


def by_the_page(life: Sequence[bytes], settings: str = "{}") -> list[tuple[str, int]]:
    person, broken = rule.Person(configurations={1: json.loads(settings)}), []
    for position, octets in enumerate(life, 1):
        lines = person.broken(rule.read_entry(position, octets))
        broken += [(line, position) for line in lines]
    return broken


def agreed(life: Sequence[bytes], settings: str = "{}") -> list[tuple[str, int]]:
    found = in_verify(life, settings)
    assert found == by_the_page(life, settings), b"\n".join(life).decode()
    return found


def stored(facts: Sequence[Told]) -> list[bytes]:
    return [
        Encoded(STREAM, fact.event, fact.cause, fact.recorded).at_version(version)
        for version, fact in enumerate(facts, 1)
    ]


def with_something_else(life: Sequence[bytes], random: Random) -> list[bytes]:
    """The same life with one to three things told otherwise, as if that had been written."""
    facts: list[Plain] = [json.loads(octets) for octets in life]
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(facts))
        other = random.choice(facts)
        random.choice((_leave_out, _repeat, _move, _shift, _take_a_value, _count, _rename))(
            facts, place, other, random
        )
        if not facts:
            return []
    return [canonical({**fact, "version": n}) for n, fact in enumerate(facts, 1)]


def _leave_out(facts: list[Plain], place: int, other: Plain, random: Random) -> None:
    del facts[place]


def _repeat(facts: list[Plain], place: int, other: Plain, random: Random) -> None:
    facts.insert(place, json.loads(json.dumps(other)))


def _move(facts: list[Plain], place: int, other: Plain, random: Random) -> None:
    facts.insert(random.randrange(len(facts)), facts.pop(place))


def _shift(facts: list[Plain], place: int, other: Plain, random: Random) -> None:
    """Earlier or later by what the rule's limits are about."""
    hour = 3_600_000
    span = random.choice((1, hour, 24 * hour, 8 * 24 * hour, 400 * 24 * hour))
    for name in random.choice((("at",), ("recorded_at",), ("at", "recorded_at"))):
        facts[place][name] = facts[place][name] + random.choice((-1, 1)) * span  # type: ignore[operator]


def _data(fact: Plain) -> Plain:
    data = fact["data"]
    assert isinstance(data, dict)
    return data


def _take_a_value(facts: list[Plain], place: int, other: Plain, random: Random) -> None:
    """What another fact has in a field of the same name."""
    own, theirs = _data(facts[place]), _data(other)
    shared = sorted(own.keys() & theirs.keys())
    if shared:
        name = random.choice(shared)
        own[name] = theirs[name]


def _count(facts: list[Plain], place: int, other: Plain, random: Random) -> None:
    data = _data(facts[place])
    numbers = sorted(name for name, value in data.items() if type(value) is int)
    if numbers:
        data[random.choice(numbers)] = random.choice((0, 1, 2, 10, 11))


VALUES = {
    "kind": ("letter", "broadcast", "confirmation", "permission", "rights", "hard", "other"),
    "act": ("", "human_button", "auto_submit", "reply"),
    "settled": ("", "resend", "taken-as-sent"),
    "why": ("complained", "operator", "cannot be rendered"),
    "purpose": ("conseils", "offres", "*"),
    "key": ("ask:*", "ask:conseils", "list:10", "right:x"),
}


def _rename(facts: list[Plain], place: int, other: Plain, random: Random) -> None:
    """Another of the closed values of a field, or another event with the same data."""
    data = _data(facts[place])
    closed = sorted(VALUES.keys() & data.keys())
    if closed and random.random() < 0.7:
        name = random.choice(closed)
        data[name] = random.choice(VALUES[name])
    elif data.keys() >= REQUIRED[str(other["name"])]:
        facts[place]["name"] = other["name"]


REQUIRED = {
    name: {field.name for field in fields(event) if field.default is MISSING} - {"at"}
    for name, event in NAMES.items()
}


def as_files(life: Sequence[bytes]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The bundle and the ledger of such a life, behind what was published for it."""
    book = Book(at=NOON - DAY)
    book.write(verify.INSTALLATION, "origin-begun", origin=ORIGIN, vkey=SIGNER.vkey)
    for edition in (1, 2):
        book.write(verify.INSTALLATION, "sequence-published", edition=edition, files=[])
    book.entries += [octets.replace(b"e" * 64, COMMITMENT.encode()) for octets in life]
    return bundle_of(book), ledger_of(book, signed=(2,))


class Recording(Auditor):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[Told] = []

    def see(self, event: e.PersonEvent, cause: e.Cause, recorded_at: int) -> None:
        super().see(event, cause, recorded_at)
        self.told.append(Told(event, cause, recorded_at))


class TwoVerifiers(Life):
    """A random life is lived to its end, and then told: as it was, and otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.auditor = self.recording = Recording()

    def teardown(self) -> None:
        life = stored(self.recording.told)
        assert agreed(life) == []
        random = Random(b"".join(life))
        assert all(holds(files) for files in as_files(life))
        for n in range(100):
            otherwise = with_something_else(life, random) if life else []
            agreed(otherwise)
            if n < 2:
                for files in as_files(otherwise):
                    holds(files)


TestTwoVerifiersOverRandomLives = TwoVerifiers.TestCase
TestTwoVerifiersOverRandomLives.settings = settings(
    max_examples=sized(8, 100),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("line", LINES)
def test_what_a_line_forbids_breaks_that_line_in_both(line: str) -> None:
    for life in (SCENARIOS[line].forbidden, SCENARIOS[line].allowed):
        facts = [*map(Told, flat([life.history])), life.fact]
        octets = [_plain(fact, version) for version, fact in enumerate(facts, 1)]
        broken = agreed(octets, declared_in(life.plan))
        assert (line, len(octets)) in broken or life is SCENARIOS[line].allowed
        assert {position for _, position in broken} <= {len(octets)}


def _plain(fact: Told, version: int) -> bytes:
    """Also of what the engine refuses to encode."""
    entry = fact.entry()
    return canonical(
        {
            "at": entry.at,
            "cause": entry.cause,
            "data": entry.data,
            "name": entry.name,
            "recorded_at": entry.recorded_at,
            "stream": STREAM,
            "v": 1,
            "version": version,
        }
    )


ZONES = ("Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia", "Nowhere/Else", "")
CAPS = ("1 per 7 days", "2 per 1 month", "2 per 1 day 3 hours", "1 per 90 minutes", "3 per 1 hour")


def test_both_count_the_same_letters_for_a_cap() -> None:
    """Over changes of the clock, zones that are none, and outcomes of every kind."""
    broken = Counter(
        line
        for seed in range(sized(60, 2000))
        for line in {line for line, _ in _random_pressure(Random(seed))}
    )
    assert min(broken["P1.65"], broken["P1.66"]) >= 10


def _random_pressure(random: Random) -> list[tuple[str, int]]:
    at = random.choice((NOON, NOON + 25 * DAY, NOON + 300 * DAY, NOON + 331 * DAY))
    facts: list[e.PersonEvent] = [e.SubscriberRegistered(at, random.choice(ZONES))]
    messages: list[str] = []
    for number in range(40):
        at += random.choice((0, 1, 3_600_000, DAY // 4, DAY, 7 * DAY, 30 * DAY))
        message = random.choice(messages or ["none"])
        purpose = random.choice(("conseils", "offres"))
        facts.append(
            random.choice(
                (
                    e.LetterBegun(
                        at, "list:1", "letter", f"l{number}", f"{number}", random.choice((1, 2)),
                        1, 1, purpose,
                    ),
                    e.LetterSent(at + random.choice((0, DAY)), message),
                    e.LetterInDoubt(at, message, random.choice(("", "resend", "taken-as-sent"))),
                    e.LetterDeferred(at, message, at),
                    e.LetterFailed(at, message),
                    e.PreferencesSet(at, frequency=random.choice(("weekly", "monthly", "x"))),
                    e.ProfileChanged(at, (), random.choice(ZONES)),
                    e.GroundDeclared(at, purpose, random.choice(("service", "b2b")), "declared"),
                    e.LetterWithheld(
                        at, "list:1", "w", random.choice(("pressure", "too late")),
                        message=random.choice(("", message)), until=random.choice((0, at, at + 1)),
                        favoured=random.choice(("", "list:2/x")), cap=random.choice(CAPS),
                        edition=random.choice((1, 1, 2)), purpose=purpose,
                    ),
                )
            )
        )  # fmt: skip
        if isinstance(facts[-1], e.LetterBegun):
            messages.append(facts[-1].message)
    settings = json.dumps(
        {
            "pressure": random.sample(CAPS, 2),
            "purposes": [{"id": "offres", "max": random.sample(CAPS, 1)}, {"id": "conseils"}],
            "timezone": random.choice(ZONES),
        }
    )
    return agreed(stored([Told(fact) for fact in facts]), settings)
