"""A token that is not ours, in whatever way, opens the same page as any other that is not, and says
nothing (G01).
"""

from __future__ import annotations

import base64

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.context import AppContext
from engine.letter.link_token import (
    EVERYTHING,
    UNSUBSCRIBE,
    genuine,
    make_token,
    make_tokens,
    read_token,
)
from tests.sizes import sized
from tests.web.correspondence import YES, Letter, letter, press

KEY = bytes(range(0x20, 0x40))
MESSAGE = "00112233445566778899aabbccddeeff"
TOKEN = make_token(KEY, 2, 123456789, MESSAGE)
FEW = settings(
    max_examples=sized(15, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def believed(text: str) -> bool:
    claimed = read_token(text)
    return claimed is not None and genuine(KEY, claimed, MESSAGE)


def test_links_that_were_sent_once_are_made_the_same_today() -> None:
    assert make_tokens(bytes(range(32)), (0, 16, 255), 7_000_000, MESSAGE) == [
        "AQAAAAAAAGrPwDIJCrfMqQ4xU7luxRsdWew",
        "ARAAAAAAAGrPwOI3TObBL2qVwg0cr2SgzrI",
        "Af8AAAAAAGrPwPYf-eUJKEcIZ8j5LpuEISs",
    ]


def test_the_token_made_is_believed() -> None:
    assert believed(TOKEN) and len(TOKEN) == 35


def test_no_bit_of_a_token_can_be_turned() -> None:
    for bit in range(26 * 8):
        raw = bytearray(base64.urlsafe_b64decode(TOKEN + "="))
        raw[bit // 8] ^= 1 << bit % 8
        assert not believed(base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()), bit


@given(
    st.text(max_size=60)
    | st.text(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ",
        min_size=30,
        max_size=40,
    )
)
def test_nothing_invented_is_believed(text: str) -> None:
    assert text == TOKEN or not believed(text)


@pytest.fixture
def unknown(reader: httpx.Client) -> str:
    return _without_nonce(reader.get(f"/l/{'A' * 35}").text)


def _without_nonce(page: str) -> str:
    before, _, rest = page.partition('nonce="')
    return before + rest.partition('"')[2]


def test_every_false_token_gets_the_same_page(
    context: AppContext, reader: httpx.Client, unknown: str
) -> None:
    found, other = letter(context), letter(context)
    token = found.link(YES)
    swapped = token[:2] + other.link(YES)[2:14] + token[14:]
    key = context.secrets.link_key
    false = [
        token[:-1],
        token + "A",
        token.lower(),
        token.swapcase(),
        swapped,
        "",
        "%00",
        "a/b",
        "..%2f..%2fetc",
        "é" * 35,
        "A" * 500,
    ]
    false += [make_token(b"x" * 32, UNSUBSCRIBE, found.position, found.claim.message)]
    false += [
        make_token(key, UNSUBSCRIBE, position, found.claim.message)
        for position in (0, 1, other.position, 2**63, 2**64 - 1)
    ]
    false += [
        make_token(key, action, found.position, found.claim.message)
        for action in (2, 7, 15, 16 + 5, 255)
    ]
    before = context.ledger.head()
    for each in false:
        answers = (
            reader.get(f"/l/{each}"),
            reader.post(f"/l/{each}", data={"List-Unsubscribe": "One-Click"}),
        )
        # A mail client must not tell its reader that they are unsubscribed.
        assert [(answer.status_code, _without_nonce(answer.text)) for answer in answers] == [
            (200, unknown),
            (404, unknown),
        ], each
    assert context.ledger.head() == before


@pytest.fixture(scope="module")
def shared(context: AppContext) -> Letter:
    return letter(context)


@FEW
@given(index=st.integers(0, 34), character=st.sampled_from("AZaz09-_"))
def test_a_changed_character_opens_nothing(
    shared: Letter, reader: httpx.Client, unknown: str, index: int, character: str
) -> None:
    token = shared.token(EVERYTHING)
    changed = token[:index] + character + token[index + 1 :]
    if changed != token:
        assert _without_nonce(reader.get(f"/l/{changed}").text) == unknown


def test_a_preview_link_says_what_it_is(reader: httpx.Client) -> None:
    for answer in (reader.get("/l/preview"), reader.post("/l/preview")):
        assert answer.status_code == 200 and "aperçu" in answer.text


def test_no_token_reaches_a_log(
    context: AppContext,
    reader: httpx.Client,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = letter(context)
    with caplog.at_level(0):
        press(reader, found.link(YES))
        reader.get(f"/l/{found.link(YES)}/more")
        reader.put(f"/l/{found.link(YES)}")
    ours = [
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith(("httpx", "httpcore", "asyncio"))
    ]
    assert found.link(YES) not in "".join(ours) + "".join(capfd.readouterr())
