"""Random people, and random conditions about them, around the days on which clocks change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from hypothesis import strategies as st

from engine.sequence.condition import (
    MEASURED_ACTS,
    Answered,
    Combined,
    Condition,
    FieldIs,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Line,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
)
from engine.sequence.delay import DAY, Delay
from engine.sequence.model import Broadcast, Field, Group, Letter, List, Plan, Segment
from engine.subscriber.person import (
    ANY_PRODUCT,
    INSTANTS_KEPT,
    GivenAnswer,
    Ground,
    Membership,
    Person,
)
from tests.examples import local

Zone = Literal["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "", "Mars/Olympus"]
ZONES: tuple[Zone, ...] = (
    *("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "", "Mars/Olympus"),
)
MOMENTS = [
    local(text)
    for text in ("2027-03-28 01:59", "2027-10-31 02:30", "2028-02-29 12:00", "2027-06-01 09:00")
]
QUESTION, AGAIN = LetterRef(10, "", "question"), "list:10/again"
POLL = LetterRef(0, "enfants", "enfants")
BODY = Letter("question", "S", "b.md")
TOWNS = ("Lyon", "LYON", "Orléans", "orleans", "", "Nice")

PLAN = Plan(
    timezone="Europe/Paris",
    groups={"clients": Group("clients"), "nobody": Group("nobody")},
    lists={
        10: List(
            10,
            "dix",
            "conseils",
            group="clients",
            letters=(BODY, Letter("again", "S", "b.md", reminds="question")),
        ),
        11: List(11, "onze", "conseils", group="clients"),
        12: List(12, "douze", "offres"),
    },
    broadcasts={"enfants": Broadcast("enfants", "conseils", (10,), Letter("enfants", "S", "b.md"))},
    fields={
        "town": Field("town", "Ville"),
        "children": Field("children", "Enfants", type="number"),
        "birthday": Field("birthday", "Né le", type="date"),
        "likes": Field("likes", "Aime", type="choices", options=("semis", "taille")),
    },
    segments={
        "salon": Segment("salon", "Salon", static=True),
        "actifs": Segment("actifs", "Actifs", own=Combined(all=(Answered(within=Delay(days=30)),))),
        "lyon": Segment(
            "lyon",
            "Lyon",
            parent="actifs",
            own=Combined(any=(FieldIs("town", "is", ("Lyon",)), InSegment("salon"))),
        ),
    },
)


@dataclass(frozen=True)
class Known:
    """As the vault has it."""

    fields: dict[str, str] = field(default_factory=dict)
    source: str = ""
    form: str = ""
    measured: tuple[tuple[str, str, int], ...] = ()


def instants(around: int) -> st.SearchStrategy[int]:
    """Mostly near the edge of some window."""
    edges = [around - days * DAY for days in (0, 1, 2, 7, 30, 31, 365)]
    return st.builds(
        lambda edge, off: min(around, edge + off),
        st.sampled_from(edges),
        st.one_of(st.integers(-5_400_000, 5_400_000), st.sampled_from([-1, 0, 1])),
    )


def several(around: int) -> st.SearchStrategy[tuple[int, ...]]:
    times = st.lists(instants(around), min_size=1, max_size=5)
    return times.map(lambda found: tuple(sorted(found))[-INSTANTS_KEPT:])


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What people are drawn from around one moment. Made once: making strategies takes longer than
    drawing from them.
    """

    joined: st.SearchStrategy[dict[int, int]]
    ordered: st.SearchStrategy[dict[str, tuple[int, ...]]]
    grounds: st.SearchStrategy[dict[str, int]]
    received: st.SearchStrategy[dict[str, tuple[int, ...]]]
    answers: st.SearchStrategy[dict[str, list[GivenAnswer]]]
    segments: st.SearchStrategy[dict[str, int]]
    moment: st.SearchStrategy[int]
    """0: never."""


@cache
def drawn(around: int) -> Drawn:
    at, times = instants(around), several(around)
    answers = st.builds(
        GivenAnswer, st.just("m"), st.sampled_from(["Oui", "oui", "Non"]), at, st.booleans()
    )
    names = st.sampled_from(["list:10/question", AGAIN, "broadcast:enfants/enfants", "list:11/x"])
    return Drawn(
        joined=st.dictionaries(st.sampled_from([10, 11, 12]), at, max_size=3),
        ordered=st.dictionaries(st.sampled_from(["SEMIS", "COURS"]), times, max_size=2),
        grounds=st.dictionaries(st.just("conseils"), at),
        received=st.dictionaries(st.sampled_from(["conseils", "offres"]), times, max_size=2),
        answers=st.dictionaries(names, st.lists(answers, min_size=1, max_size=4), max_size=3),
        segments=st.dictionaries(st.just("salon"), at),
        moment=st.one_of(st.just(0), at),
    )


@cache
def some_of(lists: tuple[int, ...]) -> st.SearchStrategy[set[int]]:
    return st.sets(st.sampled_from(lists)) if lists else st.just(set())


zones = st.sampled_from(ZONES)
one_in_twenty = st.integers(0, 19).map(lambda number: number == 0)


@st.composite
def people(draw: st.DrawFn, around: int) -> Person:
    of = drawn(around)
    joined = draw(of.joined)
    still = draw(some_of(tuple(sorted(joined))))
    ordered = draw(of.ordered)
    everything = tuple(sorted(t for some in ordered.values() for t in some))[-INSTANTS_KEPT:]
    return Person(
        version=9,
        timezone=draw(zones),
        erased=draw(one_in_twenty),
        grounds={p: Ground("consent", "live", t) for p, t in draw(of.grounds).items()},
        memberships={n: Membership(n, n, joined[n], joined[n]) for n in sorted(still)},
        joined_at=joined,
        received=draw(of.received),
        ordered={**ordered, ANY_PRODUCT: everything} if everything else {},
        answers={
            name: tuple(sorted(given, key=lambda answer: answer.at))
            for name, given in draw(of.answers).items()
        },
        segments=draw(of.segments),
        last_contact=draw(of.moment),
        measured_since=draw(of.moment),
    )


known = st.builds(
    Known,
    st.fixed_dictionaries(
        {},
        optional={
            "town": st.sampled_from(TOWNS),
            "children": st.sampled_from(["0", "2", "2.5", "many"]),
            "birthday": st.sampled_from(["1980-09-03", "2001-02-28", "soon"]),
            "likes": st.sampled_from(["semis", "semis; taille", "other"]),
        },
    ),
    st.sampled_from(["", "salon 2026", "foire"]),
)


@cache
def known_and_measured(around: int) -> st.SearchStrategy[Known]:
    """The same, with what was clicked and opened."""
    letters = st.sampled_from(["list:10/question", AGAIN, "broadcast:enfants/enfants", "list:11/x"])
    acts = st.tuples(st.sampled_from((*MEASURED_ACTS, "relayed")), letters, instants(around))
    several_acts = st.lists(acts, max_size=4, unique=True).map(tuple)
    return st.builds(lambda of, measured: replace(of, measured=measured), known, several_acts)


windows = st.sampled_from(
    [
        *(Delay(days=days) for days in (1, 7, 30)),
        *(Delay(months=months) for months in (1, 12)),
        Delay(minutes=1440),
    ]
)
times = st.integers(1, 3)
lines: st.SearchStrategy[Line] = st.one_of(
    st.builds(On, st.sampled_from([10, 11, 12])),
    st.builds(InGroup, st.sampled_from(["clients", "nobody"])),
    st.builds(InSegment, st.sampled_from(["salon", "actifs", "lyon"])),
    st.builds(InSegment, st.just("salon")),
    st.builds(Joined, st.sampled_from([10, 11, 12]), windows),
    st.builds(
        Answered,
        st.sampled_from([None, QUESTION, POLL]),
        st.just(""),
        times,
        st.one_of(st.none(), windows),
    ),
    st.builds(
        Answered,
        st.sampled_from([QUESTION, POLL]),
        st.sampled_from(["OUI", "Non"]),
        times,
        st.one_of(st.none(), windows),
    ),
    st.builds(Received, windows, times, st.sampled_from(["", "conseils"])),
    st.builds(Ordered, st.sampled_from(["", "SEMIS"]), times, st.one_of(st.none(), windows)),
    st.builds(Silent, windows),
    st.builds(Measured, st.sampled_from(MEASURED_ACTS), windows, st.sampled_from([None, QUESTION])),
    st.builds(SourceIs, st.just(("salon 2026",)), st.booleans()),
    st.builds(
        FieldIs,
        st.just("town"),
        st.sampled_from(["is", "is not", "starts with"]),
        st.sampled_from([("lyon",), ("Orleans", "Nice"), ("Ly",)]),
        st.booleans(),
    ),
    st.builds(FieldIs, st.just("town"), st.just("is"), st.just(()), st.just(True)),
    st.builds(
        FieldIs, st.just("children"), st.sampled_from(["over", "under", "is"]), st.just(("2",))
    ),
    st.builds(
        FieldIs,
        st.just("birthday"),
        st.sampled_from(["before", "after"]),
        st.just(("1990-01-01",)),
        st.booleans(),
    ),
    st.builds(FieldIs, st.just("likes"), st.sampled_from(["is", "is not"]), st.just(("semis",))),
)


def _combined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    some = st.lists(parts, max_size=3).map(tuple)
    return st.builds(Combined, some, some, some)


conditions: st.SearchStrategy[Condition] = st.recursive(lines, _combined, max_leaves=6)
