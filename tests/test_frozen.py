"""What is made fast is a frozen dataclass like any other: it differs in the time it takes alone."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from inspect import signature
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import frozen
from engine.frozen import frozen_as, made_fast
from engine.ledger.store import Append
from engine.subscriber.act import Act
from engine.subscriber.commands import Perform
from engine.subscriber.events import LetterBegun
from engine.subscriber.evolve import fold
from engine.subscriber.person import InFlight, LetterState, Membership, Person
from engine.subscriber.person_draft import PersonDraft


@dataclass(frozen=True, slots=True)
class Plain:
    name: str
    at: int
    kept: bool = False
    held: Mapping[str, int] = field(default_factory=dict)


@made_fast
@dataclass(frozen=True, slots=True)
class Fast:
    name: str
    at: int
    kept: bool = False
    held: Mapping[str, int] = field(default_factory=dict)


VALUES = st.fixed_dictionaries(
    {"name": st.text(max_size=5), "at": st.integers()},
    optional={
        "kept": st.booleans(),
        "held": st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    },
)
MADE_FAST = (Fast, Act, Append, InFlight, LetterBegun, LetterState, Membership, Perform, Person)


@given(VALUES, VALUES)
def test_it_holds_shows_compares_and_copies_as_its_plain_twin(
    one: dict[str, object], other: dict[str, object]
) -> None:
    plain, fast = Plain(**one), Fast(**one)  # type: ignore[arg-type]
    assert repr(fast) == repr(plain).replace("Plain", "Fast")
    assert (fast == Fast(**other)) == (plain == Plain(**other))  # type: ignore[arg-type]
    changed = replace(fast, at=7)
    assert (changed.name, changed.at, changed.held) == (plain.name, 7, plain.held)
    for again in (copy.copy(fast), copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        assert again == fast and type(again) is Fast


def test_by_place_and_by_name_are_the_same_and_a_factory_is_asked_each_time() -> None:
    one, other = Fast("a", 1), Fast(at=1, name="a")
    assert one == other and hash(Fast("a", 1, False, FrozenMapping())) is not None
    assert one.held == {} and one.held is not other.held
    match one:
        case Fast(name, at):
            assert (name, at) == ("a", 1)
        case _:
            pytest.fail("its fields have lost their places")


class FrozenMapping(dict[str, int]):
    def __hash__(self) -> int:  # type: ignore[override]
        return 0


@pytest.mark.parametrize("kind", MADE_FAST)
def test_nothing_of_it_can_be_changed(kind: type[object]) -> None:
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    made = kind(*names)
    assert type(made) is kind and isinstance(made, kind.__bases__)
    for name in names:
        assert getattr(made, name) == name
        with pytest.raises(FrozenInstanceError):
            setattr(made, name, 1)
        with pytest.raises(FrozenInstanceError):
            delattr(made, name)
    with pytest.raises((AttributeError, TypeError)):
        made.another = 1  # type: ignore[attr-defined]


def test_what_is_missing_or_too_much_is_said_as_before() -> None:
    for arguments, values in (((), {}), (("a", 1, True, {}, 5), {}), (("a", 1), {"other": 2})):
        with pytest.raises(TypeError) as plain:
            Plain(*arguments, **values)  # type: ignore[arg-type]
        with pytest.raises(TypeError) as fast:
            Fast(*arguments, **values)  # type: ignore[arg-type]
        assert str(fast.value) == str(plain.value).replace("Plain", "Fast")
    assert list(signature(Fast).parameters) == list(signature(Plain).parameters)


def test_a_class_with_more_to_its_making_is_refused() -> None:
    with pytest.raises(TypeError, match="more to its making"):

        @made_fast
        @dataclass(frozen=True, slots=True)
        class Checked:
            at: int

            def __post_init__(self) -> None:
                raise ValueError


def test_a_draft_that_was_folded_is_a_person_and_changes_no_more() -> None:
    draft = PersonDraft(Person(version=3))
    draft.runs = 2
    person = draft.frozen()
    assert person == Person(version=3, runs=2) and type(person) is Person
    with pytest.raises(FrozenInstanceError):
        draft.runs = 3
    assert fold((), person) == person and fold((), person) is not person


class Both(NamedTuple):
    """The same declaration, by the standard library and by `engine.frozen`."""

    plain: type
    own: type


def declared(declare: Callable[[Callable[..., Any]], type]) -> Both:
    return Both(declare(dataclass), declare(frozen.dataclass))


def _few(dataclass: Callable[..., Any]) -> type:
    @dataclass(frozen=True, slots=True)
    class Declared:
        name: str
        at: int = 3
        kind: str = "k"
        change: str = "c"
        twin: tuple[int, ...] = ()

    return Declared


def _none(dataclass: Callable[..., Any]) -> type:
    @dataclass(frozen=True, slots=True)
    class Declared:
        """Has nothing."""

    return Declared


def _chosen(dataclass: Callable[..., Any]) -> type:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Declared:
        held: dict[str, int] = field(default_factory=dict, hash=False)
        secret: str = field(default="s", repr=False)
        noted: int = field(default=0, compare=False)
        kept: int = field(default=7, init=False)
        name: str

    return Declared


def _heir(dataclass: Callable[..., Any]) -> type:
    @dataclass(frozen=True, slots=True)
    class Base:
        at: int
        name: str = "b"

    @dataclass(frozen=True, slots=True)
    class Declared(Base):
        last: int = field(default=0, kw_only=True)
        other: str = "o"

        def __post_init__(self) -> None:
            if self.at < 0:
                raise ValueError("before 1970")

    return Declared


def _equal_by_itself(dataclass: Callable[..., Any]) -> type:
    @dataclass(frozen=True, slots=True)
    class Declared:
        name: str

        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "by itself"

    return Declared


Values = tuple[tuple[object, ...], dict[str, object]]
MADE_OF: dict[Callable[..., type], list[Values]] = {
    _few: [((), {"name": "a"}), (("a", 4), {}), (("b", 3), {})],
    _none: [((), {})],
    _chosen: [
        ((), {"name": "a"}),
        ((), {"name": "a", "noted": 2}),
        ((), {"name": "a", "held": {"x": 1}, "secret": "t"}),
    ],
    _heir: [((1,), {}), ((1, "c", "p"), {"last": 2}), ((1, "b"), {"last": 0})],
    _equal_by_itself: [(("a",), {}), (("b",), {})],
}


@pytest.mark.parametrize("declare", MADE_OF, ids=lambda declare: declare.__name__)
def test_what_is_declared_here_behaves_as_the_standard_library_s(
    declare: Callable[..., type],
) -> None:
    both = declared(declare)
    plains, owns = ([kind(*places, **named) for places, named in MADE_OF[declare]] for kind in both)
    assert list(map(repr, plains)) == list(map(repr, owns))
    for _ in range(2):  # compiled at the first
        assert [[a == b for a in plains] for b in plains] == [[a == b for a in owns] for b in owns]
        assert [[hash(a) == hash(b) for a in plains] for b in plains] == [
            [hash(a) == hash(b) for a in owns] for b in owns
        ]
    assert plains[0] != owns[0] or declare is _equal_by_itself
    for shape in (lambda kind: kind.__match_args__, lambda kind: list(signature(kind).parameters)):
        assert shape(both.own) == shape(both.plain)
    for one in owns:
        assert copy.copy(one) == copy.deepcopy(one) == replace(one) == one
        assert asdict(one) == {each.name: getattr(one, each.name) for each in fields(one)}
        for name in ("another", *(each.name for each in fields(one))):
            with pytest.raises((FrozenInstanceError, TypeError)):
                setattr(one, name, 1)
            with pytest.raises((FrozenInstanceError, TypeError)):
                delattr(one, name)
        assert not hasattr(one, "__dict__")


def test_what_a_class_checks_of_itself_is_checked() -> None:
    for kind in declared(_heir):
        with pytest.raises(ValueError, match="before 1970"):
            kind(-1)


def test_what_has_other_slots_becomes_nothing_else() -> None:
    with pytest.raises(TypeError):
        frozen_as(Person, Plain("a", 1))
