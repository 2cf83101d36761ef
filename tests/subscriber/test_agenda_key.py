"""The encoded form of an agenda key stands in events and rows for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.subscriber.agenda_key import (
    AgendaKey,
    BroadcastKey,
    FlightKey,
    ListKey,
    RequestKey,
    RightKey,
    UnknownKey,
    WithheldKey,
    decode,
    encode,
    every_occurrence,
    list_key,
    matter_of,
    request_key,
)

STORED: dict[str, AgendaKey] = {
    "list:12": ListKey(12),
    "ask:conseils": RequestKey("conseils"),
    "ask:*": RequestKey("*"),
    "broadcast:enfants": BroadcastKey("enfants"),
    "broadcast:enfants/2026-12-01": BroadcastKey("enfants", "2026-12-01"),
    "flight:0f": FlightKey("0f"),
    "right:r1": RightKey("r1"),
    "withheld:list:12/welcome": WithheldKey(ListKey(12), "welcome"),
    "withheld:ask:conseils/ask": WithheldKey(RequestKey("conseils"), "ask"),
    "withheld:broadcast:enfants/2026-12-01/again": WithheldKey(
        BroadcastKey("enfants", "2026-12-01"), "again"
    ),
}
UNKNOWN = (
    "",
    "list",
    "list:",
    "list:abc",
    "list:007",
    "list:\u0663",
    "list:-1",
    "ask",
    "segment:4",
    "broadcast:enfants/",
    "withheld:flight:0f/a",
    "withheld:list:12",
)


@pytest.mark.parametrize("text", STORED)
def test_a_key_is_stored_in_these_letters_and_read_back(text: str) -> None:
    assert decode(text) == STORED[text]
    assert encode(STORED[text]) == text


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_no_version_has_written_is_kept_as_it_is(text: str) -> None:
    assert decode(text) == UnknownKey(text)


@given(
    st.lists(st.sampled_from([*STORED, *UNKNOWN, ":", "/", "1"]), max_size=3).map("".join)
    | st.text()
)
def test_any_text_is_read_and_written_alike(text: str) -> None:
    assert encode(decode(text)) == text


def test_the_short_ways_to_write_one_agree() -> None:
    assert (list_key(12), request_key("conseils")) == ("list:12", "ask:conseils")


def test_a_withheld_letter_belongs_to_its_matter_and_every_other_key_to_itself() -> None:
    assert matter_of("withheld:broadcast:enfants/2026-12-01/again") == (
        "broadcast:enfants/2026-12-01"
    )
    assert matter_of("list:12") == "list:12"


def test_a_mailing_is_known_without_its_occurrence() -> None:
    assert every_occurrence("broadcast:enfants/2026-12-01") == "broadcast:enfants"
    assert every_occurrence("list:12") == "list:12"
