"""Bodies as quoted-printable: seven bits, short lines, CRLF only, and back again (A02, A07,
A08).
"""

from __future__ import annotations

import quopri
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.mime.message import BodyRefused, quoted_printable

TRICKY = st.text(st.sampled_from(" \t\r\n.=aé🎄\x00\x0b\x0c\x85\u2028_"), max_size=300)


def sound(encoded: bytes) -> None:
    """RFC 2045 section 6.7, rule by rule."""
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert re.fullmatch(rb"(?:[\t\x20-\x3c\x3e-\x7e]|=[0-9A-F]{2})*=?", line)
        assert not line.endswith((b" ", b"\t"))


@given(st.text() | TRICKY)
@example("a" * 74 + " \n" + "b" * 75 + "\t")
@example("\r\r\n\n\r")
def test_any_body_comes_back_with_its_line_breaks_as_crlf(body: str) -> None:
    encoded = quoted_printable(body)
    sound(encoded)
    assert quopri.decodestring(encoded).decode("utf-8") == re.sub(r"\r\n|\r|\n", "\r\n", body)


@pytest.mark.parametrize("blank", [" ", "\t"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("length", range(68, 84))
def test_a_blank_at_the_end_of_a_line_of_any_length_is_kept_within_76(
    length: int, end: str, blank: str
) -> None:
    encoded = quoted_printable("a" * length + blank + end)
    sound(encoded)
    assert quopri.decodestring(encoded) == ("a" * length + blank).encode() + (
        b"\r\n" if end else b""
    )


def test_a_long_paragraph_is_broken_softly() -> None:
    for paragraph in ("x" * 5_000, "Été à Noël 🎄 " * 400, "mot " * 1_250):
        sound(quoted_printable(paragraph))
        assert quopri.decodestring(quoted_printable(paragraph)).decode() == paragraph


def test_a_lone_surrogate_is_refused_without_repeating_the_body() -> None:
    with pytest.raises(BodyRefused, match="surrogate") as refusal:
        quoted_printable("secret \ud800")
    assert "secret" not in str(refusal.value)
