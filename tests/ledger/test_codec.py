"""The exact bytes of an entry are canonical JSON (RFC 8785), written once; whatever was written
reads back the same (F15).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import fields

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.installation.events import WordsPublished
from engine.ledger import codec
from engine.ledger.codec import (
    MAX_ENTRY,
    MAX_INTEGER,
    Encoded,
    EntryRefused,
    decode,
    pack,
    unpacker,
)
from engine.ledger.names import NAME_OF, AnyEvent
from engine.store.binary import bigint, length, row
from engine.subscriber import events as e
from engine.subscriber.events import Cause
from engine.subscriber.evolve import fold
from engine.subscriber.person import Person
from tests.examples import ASKED, NO, YES, click
from tests.given import flat
from tests.given import given as given_facts
from tests.ledger.events import CAUSES, DELAYS, EVENTS
from tests.sizes import sized

STREAM = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"
CAUSE = Cause("form", "f1")
SHARED = (
    e.ListJoined(1, 10, 1),
    e.ListJoined(1, 10, 1),
    e.ListJoined(1, 10, 2),
    e.SubscriberRegistered(1),
    e.SubscriberRegistered(2),
)


def entry(event: AnyEvent, cause: Cause = CAUSE, recorded_at: int = 7, version: int = 3) -> bytes:
    return Encoded(STREAM, event, cause, recorded_at).at_version(version)


def plainly(value: object, leave_out: str = "") -> dict[str, object]:
    """The fields that differ from their default, as JSON has them."""
    found = {}
    for field in fields(value):  # type: ignore[arg-type]
        held = getattr(value, field.name)
        if field.name != leave_out and (
            held != field.default or type(held) is not type(field.default)
        ):
            found[field.name] = held
    return found


def canonical(event: AnyEvent, cause: Cause, recorded_at: int, version: int) -> bytes:
    """The same entry by another road: Python's own JSON, its keys sorted as RFC 8785 3.2.3 sorts
    names that are ASCII.
    """
    whole = {
        "at": event.at,
        "cause": plainly(cause),
        "data": plainly(event, "at"),
        "name": NAME_OF[type(event)],
        "recorded_at": recorded_at,
        "stream": STREAM,
        "v": 1,
        "version": version,
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@settings(max_examples=sized(37, 150))
@given(EVENTS, CAUSES, DELAYS, st.integers(1, MAX_INTEGER))
def test_an_entry_is_canonical_json(
    event: AnyEvent, cause: Cause, delay: int, version: int
) -> None:
    recorded_at = event.at + delay
    assert entry(event, cause, recorded_at, version) == canonical(
        event, cause, recorded_at, version
    )


@settings(max_examples=sized(37, 150))
@given(EVENTS, CAUSES, DELAYS, st.integers(1, MAX_INTEGER))
def test_what_was_written_reads_back_the_same(
    event: AnyEvent, cause: Cause, delay: int, version: int
) -> None:
    recorded_at = event.at + delay
    read = decode(9, entry(event, cause, recorded_at, version))
    assert (read.event, type(read.event), read.cause) == (event, type(event), cause)
    assert (read.position, read.stream, read.version, read.at, read.recorded_at) == (
        9,
        STREAM,
        version,
        event.at,
        recorded_at,
    )
    assert read.name == NAME_OF[type(event)]


@given(EVENTS, st.integers(1, MAX_INTEGER), st.integers(1, MAX_INTEGER))
def test_an_entry_is_a_row_of_the_ledger_once_it_has_a_version_and_a_position(
    event: AnyEvent, version: int, position: int
) -> None:
    encoded = Encoded(STREAM, event, CAUSE, event.at)
    values = (
        uuid.UUID(STREAM).bytes,
        bigint(version),
        encoded.name.encode(),
        encoded.at_version(version),
        bigint(position),
    )
    assert encoded.row(version) + length(8) + bigint(position) == row(*values)


@given(
    st.lists(
        st.tuples(st.sampled_from(SHARED), st.sampled_from([7, 8, 2**40]), CAUSES), max_size=12
    )
)
def test_an_event_shared_by_many_is_written_for_each_as_if_alone(
    said: list[tuple[AnyEvent, int, Cause]],
) -> None:
    for event, recorded_at, cause in said:
        assert entry(event, cause, recorded_at) == canonical(event, cause, recorded_at, 3)


MESSAGES = st.sampled_from(["0" * 32, "5" * 31 + "a", "A" * 32, "0" * 33, "", "é", '"'])
LETTERS = st.builds(
    e.LetterBegun,
    st.sampled_from([1, 2]),
    st.sampled_from(["list:1", "0" * 32, "list:" + "5" * 31 + "a"]),
    st.just("letter"),
    st.sampled_from(["a", "é"]),
    MESSAGES,
    st.sampled_from([1, True]),
    st.sampled_from([0, False, 1]),
    attempt=st.sampled_from([1, 2, True]),
) | st.builds(
    e.LetterSent,
    st.sampled_from([1, 2]),
    MESSAGES,
    st.sampled_from([0, 250, False]),
    st.sampled_from(["", "2.0.0"]),
    provider=st.sampled_from(["", "orange", "0" * 32]),
)


@settings(max_examples=sized(37, 150))
@given(st.lists(LETTERS, max_size=12))
@example(
    [
        e.LetterBegun(1, "0" * 32, "letter", "a", message, 1)
        for message in ("0" * 32, "5" * 31 + "a")
    ]
)
@example(
    [e.LetterSent(1, message, code) for message, code in (("0" * 32, 1), ("5" * 31 + "a", True))]
)
def test_letters_that_differ_in_their_message_alone_are_written_each_as_if_alone(
    letters: list[e.LetterBegun | e.LetterSent],
) -> None:
    for event in letters:
        assert entry(event) == canonical(event, CAUSE, 7, 3)


def test_a_time_that_is_no_integer_is_refused_even_where_an_equal_one_was_written_before() -> None:
    event = e.ListJoined(1, 10, 1)
    entry(event, recorded_at=1)
    for wrong in (True, 1.0):
        with pytest.raises(EntryRefused, match="times are integers"):
            entry(event, recorded_at=wrong)  # type: ignore[arg-type]


def test_control_characters_are_escaped_as_rfc_8785_has_them() -> None:
    """3.2.2.2: the seven short forms, lower-case \\u00xx for the others, everything else as it
    is.
    """
    said = "".join(map(chr, range(0x20))) + '"\\/\x7f\x80\u2028\u20ac\U0001f331'
    expected = (
        r'"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f'
        r"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"
    )
    assert (expected + '\\"\\\\/\x7f\x80\u2028\u20ac\U0001f331"').encode() in entry(
        WordsPublished(1, "d", 0, 1, said)
    )


def test_every_key_is_ascii_so_that_sorting_bytes_is_sorting_utf16() -> None:
    keys = {field.name for kind in (*NAME_OF, Cause) for field in fields(kind)}
    assert all(key.isascii() and key.isidentifier() for key in keys)


def test_a_field_that_holds_its_default_is_left_out() -> None:
    assert b'"data":{},' in entry(e.SubscriberRegistered(1))
    assert b'"data":{"lifted":true},' in entry(e.ProcessingRestricted(1, lifted=True))


def test_a_zero_is_not_a_false() -> None:
    assert b'"lifted":0' in entry(e.ProcessingRestricted(1, lifted=0))  # type: ignore[arg-type]


REFUSED = [
    (e.ContactNoted(1, 1.5), "float"),  # type: ignore[arg-type]
    (e.ContactNoted(1.0, 1), "times are integers"),  # type: ignore[arg-type]
    (e.ContactNoted(True, 1), "times are integers"),
    (e.ContactNoted(MAX_INTEGER, 1), "no calendar reaches so far"),
    (e.ContactNoted(-MAX_INTEGER, 1), "no calendar reaches so far"),
    (e.ContactNoted(8, 1), "recorded before it was so"),
    (e.ContactNoted(1, MAX_INTEGER + 1), "integers last up to"),
    (e.ContactNoted(1, -MAX_INTEGER - 1), "integers last up to"),
    (e.ContactNoted(1, None), "NoneType"),  # type: ignore[arg-type]
    (e.MoveUndone(1, "m", 1, 1, ((1, 2.5),)), "float"),  # type: ignore[arg-type]
    (e.ProfileChanged(1, ("e\u0301te",)), "normal form C"),
    (e.CallHonoured(1, "e\u0301"), "normal form C"),
    (e.CallHonoured(1, "\ud800"), "half a character"),
    (e.CallHonoured(1, b"bytes"), "bytes"),  # type: ignore[arg-type]
    (e.CallHonoured(1, {"a": 1}), "dict"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("event", "why"), REFUSED)
def test_what_does_not_last_is_refused_with_a_sentence(event: AnyEvent, why: str) -> None:
    with pytest.raises(EntryRefused, match=why):
        entry(event)


def test_a_cause_is_held_to_the_same() -> None:
    with pytest.raises(EntryRefused, match="normal form C"):
        entry(e.SubscriberRegistered(1), Cause("form", "e\u0301"))


@pytest.mark.parametrize(
    "stream",
    [
        "",
        "anna",
        STREAM.upper(),
        "{" + STREAM + "}",
        STREAM.replace("-", ""),
        STREAM + '","name":"x',
        STREAM + "\n",
    ],
)
def test_a_stream_is_named_in_one_way_only(stream: str) -> None:
    with pytest.raises(EntryRefused, match="UUID"):
        Encoded(stream, e.SubscriberRegistered(1), CAUSE, 1)


def test_an_entry_holds_65535_bytes_and_no_more() -> None:
    """Whatever its version: the longest number a stream can reach has its room."""
    room = MAX_ENTRY - len(entry(WordsPublished(1, "d", 0, 1, ""), version=2**63 - 1))
    assert (
        len(entry(WordsPublished(1, "d", 0, 1, "x" * (room - 5)), version=2**63 - 1))
        == MAX_ENTRY - 5
    )
    with pytest.raises(EntryRefused, match="longer than an entry"):
        entry(WordsPublished(1, "d", 0, 1, "x" * (room + 5)))


BROKEN = [
    b"",
    b"{}",
    b"null",
    b"\xff",
    entry(e.CallHonoured(1, "k"))[:-1],
    entry(e.CallHonoured(1, "k")).replace(b"call-honoured", b"call-unheard-of"),
    entry(e.CallHonoured(1, "k")).replace(b'"k"', b'"\xff"'),
    entry(e.CallHonoured(1, "k")).replace(b'"call":"k"', b'"call":1'),
    entry(e.CallHonoured(1, "k")).replace(b'"data":{"call":"k"}', b'"data":{}'),
    entry(e.CallHonoured(1, "k")).replace(b'"data":{"call":"k"}', b'"data":7'),
    entry(e.CallHonoured(1, "k")).replace(b'"v":1', b'"v":2'),
    entry(e.CallHonoured(1, "k")).replace(b'"v":1', b'"v":0'),
    entry(e.CallHonoured(1, "k")).replace(b'"v":1', b'"v":-1000000000000'),
]


@pytest.mark.parametrize("state", BROKEN)
def test_bytes_that_are_no_entry_are_refused(state: bytes) -> None:
    with pytest.raises(EntryRefused, match="position 12 cannot be read"):
        decode(12, state)


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_but_be_refused(state: bytes) -> None:
    with pytest.raises(EntryRefused):
        decode(1, state)


def test_an_older_shape_is_brought_up_to_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if `call` had once been called `key` and had been a number before that."""
    monkeypatch.setattr(codec, "VERSIONS", {"call-honoured": 3})
    upcasts = {
        ("call-honoured", 1): lambda data: {"key": str(data["number"])},
        ("call-honoured", 2): lambda data: {"call": data["key"]},
    }
    monkeypatch.setattr(codec, "UPCASTS", upcasts)
    first = (
        entry(e.CallHonoured(5, "7"))
        .replace(b'"call":"7"', b'"number":7')
        .replace(b'"v":3', b'"v":1')
    )
    second = entry(e.CallHonoured(5, "7")).replace(b'"call"', b'"key"').replace(b'"v":3', b'"v":2')
    assert decode(1, first).event == decode(1, second).event == e.CallHonoured(5, "7")


def test_a_folded_person_is_packed_and_unpacked_the_same() -> None:
    person = given_facts(ASKED).when(click(YES)).when(click(NO)).person
    assert unpacker(Person)(pack(person)) == person
    assert unpacker(Person)(pack(fold(flat(ASKED)))) == fold(flat(ASKED))
    assert unpacker(Person)(pack(Person())) == Person()


def test_a_fold_packed_before_a_field_was_added_is_still_read() -> None:
    membership = {"list": 10, "run": 1, "since": 5, "joined_at": 5}
    older = msgspec.msgpack.encode(
        {"version": 4, "timezone": "Europe/Paris", "memberships": {10: membership}}
    )
    read = unpacker(Person)(older)
    assert (read.version, read.memberships[10].since, read.mailed_before) == (4, 5, 0)
