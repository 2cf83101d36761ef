"""The address by which a mail that comes back names its letter (A14, B01)."""

from __future__ import annotations

import base64
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mime.return_path import (
    MAX_LOCAL_CHARACTERS,
    TOKEN_CHARACTERS,
    ReturnToken,
    TokenUse,
    make_token,
    read_return_address,
    read_token,
    return_address,
    return_key,
)

KEY = return_key(b"a link key of thirty-two octets!")
OTHER_KEY = return_key(b"another one of thirty-two octets")
MESSAGE = "00112233445566778899aabbccddeeff"
uses = st.sampled_from(get_args(TokenUse))
messages = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(uses, messages)
def test_what_was_made_is_read_back_also_in_capitals(use: TokenUse, message: str) -> None:
    address = return_address(KEY, use, "bounce@garden.example", message)
    assert read_return_address(KEY, address) == ReturnToken(use, message)
    assert read_return_address(KEY, address.upper()) == ReturnToken(use, message)


def test_return_paths_that_were_sent_once_are_made_the_same_today() -> None:
    key = return_key(bytes(range(32)))
    assert [make_token(key, use, MESSAGE) for use in get_args(TokenUse)] == [
        "aaisem2ekvthpcezvk54zxpo76che36fnnogx6oty6pnff7dy3ra",
        "aaisem2ekvthpcezvk54zxpo74i4w3z7nlej3bdlfomkk64gnk3a",
    ]


@given(uses, messages, st.text("abcdefghijk", min_size=1, max_size=11))
def test_the_part_before_the_at_sign_is_never_too_long(
    use: TokenUse, message: str, mailbox: str
) -> None:
    address = return_address(KEY, use, f"{mailbox}@garden.example", message)
    assert len(address.partition("@")[0]) <= MAX_LOCAL_CHARACTERS


def test_a_mailbox_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="11 characters"):
        return_address(KEY, "bounce", "twelveletter@garden.example", MESSAGE)


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text: str) -> None:
    assert read_token(KEY, text) is None
    assert read_return_address(KEY, f"bounce+{text}@garden.example") is None


@given(uses, messages, st.integers(0, 255), st.integers(0, TOKEN_CHARACTERS - 1))
def test_a_token_with_one_letter_changed_is_none(
    use: TokenUse, message: str, by: int, place: int
) -> None:
    token = make_token(KEY, use, message)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    other = letters[(letters.index(token[place]) + 1 + by % 31) % 32]
    assert read_token(KEY, token[:place] + other + token[place + 1 :]) is None


def test_a_token_is_spelled_in_one_way() -> None:
    token = make_token(KEY, "bounce", MESSAGE)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    spellings = [token[:-1] + last for last in letters]
    assert [spelling for spelling in spellings if read_token(KEY, spelling)] == [token]


def test_a_token_of_another_installation_is_none() -> None:
    assert read_token(KEY, make_token(OTHER_KEY, "bounce", MESSAGE)) is None


def test_a_return_path_unsubscribes_nobody() -> None:
    token = base64.b32decode(make_token(KEY, "bounce", MESSAGE).upper() + "====")
    other = base64.b32decode(make_token(KEY, "unsubscribe", MESSAGE).upper() + "====")
    assert token[:16] == other[:16] and token[16:] != other[16:]
    assert read_token(KEY, make_token(KEY, "bounce", MESSAGE)) == ReturnToken("bounce", MESSAGE)


def test_a_token_holds_no_address() -> None:
    assert make_token(KEY, "bounce", MESSAGE) == make_token(KEY, "bounce", MESSAGE)
    assert len(make_token(KEY, "bounce", MESSAGE)) == TOKEN_CHARACTERS
