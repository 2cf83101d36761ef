"""Headers on the wire: no injection, sound lines, text that decodes to itself, URLs left whole (A02
to A05, A10).
"""

from __future__ import annotations

import email.policy
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.parser import BytesParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.mime.headers import HeaderRefused, date_header, guard, structured_header, text_header
from engine.mime.self_test import HOSTILE_VALUES
from tests.sending.reading import lines, read_text, read_word, unfolded, words

FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
CLEAN = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"))
FESTIVE = "Été à Noël 🎄"
RARE_BUT_REAL = [
    "é",
    "e\u0301",
    "🎄",
    "👨‍👩‍👧",
    "a",
    " ",
    "_",
    "=",
    "?",
    '"',
    "\\",
    "<",
    ">",
    ",",
    "@",
    "(",
    "\u00a0",
    "\u3000",
]


@pytest.mark.parametrize("value", HOSTILE_VALUES)
@pytest.mark.parametrize("write", [guard, text_header, structured_header])
def test_a_hostile_value_is_refused_and_not_repeated(
    write: Callable[[str, str], object], value: str
) -> None:
    with pytest.raises(HeaderRefused) as refusal:
        write("Subject", value)
    assert str(refusal.value).startswith("Subject ") and str(refusal.value).endswith(".")
    assert value not in str(refusal.value) and "y@e.fr" not in str(refusal.value)
    assert refusal.value.__cause__ is None and (
        refusal.value.__suppress_context__ or not refusal.value.__context__
    )


@pytest.mark.parametrize(
    "point", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xD800, 0xDBFF, 0xDC00, 0xDFFF]
)
def test_every_control_character_is_refused_wherever_it_stands(point: int) -> None:
    for value in (chr(point), "a" + chr(point), chr(point) + "é", "a" + chr(point) + "b"):
        with pytest.raises(HeaderRefused):
            guard("Subject", value)


@pytest.mark.parametrize(
    "word",
    [
        "=?utf-8?b?w6k!?=",
        "=?utf-8?b?w6k?=",
        "=?utf-8?q?=C3=A?=",
        "=?utf-8?q?=C3?=",
        "=?koi8-r?q?a?=",
        "=?utf-8?q?é?=",
    ],
)
def test_an_encoded_word_that_cannot_be_read_without_doubt_is_refused(word: str) -> None:
    with pytest.raises(HeaderRefused, match=r"^Subject holds an encoded word "):
        guard("Subject", f"Bonjour {word}")


@given(st.text(st.sampled_from("=?utf8-qQbB_0dDaA \r\né+/"), max_size=60))
def test_what_passes_the_guard_holds_no_control_character_even_after_lenient_decoding(
    value: str,
) -> None:
    try:
        guard("Subject", value)
    except HeaderRefused:
        return
    assert not FORBIDDEN.search(value)
    try:
        seen = str(make_header(decode_header(value)))
    except (ValueError, LookupError):
        return
    assert not FORBIDDEN.search(seen)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Sub ject",
        "Subject:",
        "Subject\r\nBcc",
        "Sujét",
        "-a",
        "X" * 51,
        "Bcc",
        "BCC",
        "Resent-Bcc",
    ],
)
def test_a_name_that_is_no_header_name_is_refused(name: str) -> None:
    for write in (text_header, structured_header):
        with pytest.raises(HeaderRefused):
            write(name, "value")


@pytest.mark.parametrize(
    "subject", ["", "Bonjour", "a = b ? c", "x" * 69, " ".join(["mot"] * 60), "1  2"]
)
def test_plain_ascii_is_written_in_clear(subject: str) -> None:
    header = text_header("Subject", subject)
    assert b"=?" not in header
    assert unfolded(header) == subject
    assert max(map(len, lines(header))) <= 78


@pytest.mark.parametrize(
    "subject",
    [
        " a",
        "a ",
        " ",
        "x" * 71,
        "=?utf-8?q?Bonjour?=",
        "=?",
        "a =?b",
        " ".join(["a"] * 50) + " " * 90 + "b",
    ],
)
def test_ascii_that_would_not_survive_in_clear_is_encoded(subject: str) -> None:
    header = text_header("Subject", subject)
    assert words(unfolded(header))
    assert read_text(unfolded(header)) == subject


@pytest.mark.parametrize("times", [1, 40, 200])
def test_french_and_emoji_are_words_of_at_most_75_characters_apart_and_whole(times: int) -> None:
    value = unfolded(text_header("Subject", FESTIVE * times))
    found = words(value)
    assert value == " ".join(found)
    assert "".join(map(read_word, found)) == FESTIVE * times
    assert str(make_header(decode_header(value))) == FESTIVE * times
    parsed = BytesParser(policy=email.policy.default).parsebytes(
        text_header("Subject", FESTIVE * times) + b"\r\n"
    )
    assert parsed["Subject"] == FESTIVE * times


def test_the_shorter_of_b_and_q_is_taken() -> None:
    assert "?q?" in unfolded(text_header("Subject", "Votre réponse nous manque"))
    assert "?b?" in unfolded(text_header("Subject", "Добро пожаловать"))


@given(
    CLEAN | st.lists(st.sampled_from(RARE_BUT_REAL), max_size=99).map("".join),
    st.sampled_from(["Subject", "X" * 50]),
)
@example(FESTIVE * 40, "Subject")
@example("\u00a0", "Subject")
def test_any_subject_decodes_to_itself(subject: str, name: str) -> None:
    try:
        header = text_header(name, subject)
    except HeaderRefused:
        assert re.search(r"=\?[^?]*\?[bq]\?.*\?=", subject, re.IGNORECASE)
        return
    value = unfolded(header)
    limit = 76 if words(value) else 78
    assert max(map(len, lines(header))) <= limit
    assert read_text(value) == subject
    assert str(make_header(decode_header(value))) == subject


@pytest.mark.parametrize("length", [60, 75, 120, 300])
@pytest.mark.parametrize("name", ["List-Unsubscribe", "List-Help", "References", "Feedback-ID"])
def test_urls_of_every_length_are_left_whole(name: str, length: int) -> None:
    url = "https://lettres.exemple.fr/u/".ljust(length, "x")
    value = f"<{url}>, <mailto:u+{'t' * 35}@exemple.fr?subject=unsubscribe>"
    header = structured_header(name, value)
    assert b"=?" not in header
    assert unfolded(header) == value
    assert any(f"<{url}>,".encode() in line for line in lines(header))
    assert max(map(len, lines(header)[1:])) <= 78
    parsed = BytesParser(policy=email.policy.compat32).parsebytes(header + b"\r\n")
    assert re.sub(r"\r\n", "", parsed[name]) == value


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=1200))
def test_a_structured_value_unfolds_to_itself_or_is_refused(value: str) -> None:
    try:
        header = structured_header("List-Help", value)
    except HeaderRefused:
        longest = max(map(len, re.findall(r" *[^ ]+", value)), default=0)
        assert "=?" in value or value.strip(" ") != value or not value or longest > 900
        return
    assert unfolded(header) == value
    for line in lines(header):
        assert len(line) <= 78 or " " not in line.removeprefix(b"List-Help: ").decode().strip(" ")
        assert len(line) <= 998


@pytest.mark.parametrize("value", ["", " a", "a ", "é", "a =?b", "x" * 999, "<a\t<b>"])
def test_a_structured_value_that_cannot_stand_as_it_is_is_refused(value: str) -> None:
    with pytest.raises(HeaderRefused, match=r"^List-Help "):
        structured_header("List-Help", value)


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (
            datetime(2026, 11, 22, 3, 4, 5, 999999, tzinfo=UTC),
            b"Date: Sun, 22 Nov 2026 03:04:05 +0000\r\n",
        ),
        (
            datetime(2026, 7, 1, 9, 0, tzinfo=timezone(timedelta(hours=2))),
            b"Date: Wed, 01 Jul 2026 09:00:00 +0200\r\n",
        ),
        (
            datetime(2024, 2, 29, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
            b"Date: Thu, 29 Feb 2024 00:00:00 -0330\r\n",
        ),
        (
            datetime(2024, 2, 29, tzinfo=timezone(timedelta(minutes=9, seconds=21))),
            b"Date: Wed, 28 Feb 2024 23:50:39 +0000\r\n",
        ),
    ],
)
def test_a_date_is_written_with_its_numeric_zone(at: datetime, written: bytes) -> None:
    assert date_header(at) == written


@given(st.datetimes(datetime(1900, 1, 3), timezones=st.timezones()))
def test_any_date_parses_back_to_the_same_instant(at: datetime) -> None:
    header = date_header(at)
    assert re.fullmatch(
        rb"Date: [A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}\r\n", header
    )
    parsed = BytesParser(policy=email.policy.default).parsebytes(header + b"\r\n")
    assert parsed["Date"].datetime == at.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize("at", [datetime(2026, 1, 1), datetime(1899, 12, 31, tzinfo=UTC)])
def test_a_date_without_zone_or_before_1900_is_refused(at: datetime) -> None:
    with pytest.raises(HeaderRefused, match=r"^Date "):
        date_header(at)
