"""A checkpoint stamped by a real time-stamping authority: taken when it holds, and what does not
hold is refused with its reason.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.proof import posting
from engine.proof.errors import ProofRefused
from engine.proof.posting import NotFetched, fetched
from engine.proof.stamping import CONTENT_TYPE, accepted, question
from tests.proof.tsa import Authority, authority

CHECKPOINT = (
    b"lettres.example.org/relance/0123456789abcdef\n0\n"
    b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
)
HEADERS = {"Content-Type": CONTENT_TYPE}


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as found:
        yield found


@pytest.fixture
def well(tsa: Authority) -> Authority:
    tsa.mood = "well"
    return tsa


def test_a_stamp_that_holds_is_taken_with_its_time(well: Authority) -> None:
    asked = question(CHECKPOINT)
    stamp = accepted(fetched(well.url, asked, HEADERS), asked, CHECKPOINT, well.root.read_bytes())
    assert abs(stamp.at / 1000 - time.time()) < 120


def test_openssl_reads_what_was_taken(well: Authority, tmp_path: Path) -> None:
    asked = question(CHECKPOINT)
    (tmp_path / "checkpoint.tsr").write_bytes(fetched(well.url, asked, HEADERS))
    (tmp_path / "checkpoint").write_bytes(CHECKPOINT)
    command = [
        "openssl",
        "ts",
        "-verify",
        "-data",
        "checkpoint",
        "-in",
        "checkpoint.tsr",
        "-CAfile",
        str(well.root),
    ]
    assert (
        subprocess.run(
            command, cwd=tmp_path, capture_output=True, timeout=60, check=False
        ).returncode
        == 0
    )
    (tmp_path / "checkpoint").write_bytes(CHECKPOINT + b" ")
    assert (
        b"imprint"
        in subprocess.run(
            command, cwd=tmp_path, capture_output=True, timeout=60, check=False
        ).stderr
    )


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        ("moved", "answered 302"),
        ("broken", "answered 503"),
        ("huge", "longer than 1000000"),
        ("garbage", "no time-stamp"),
        ("refuses", "did not grant"),
    ],
)
def test_a_server_that_fails_is_told_of(tsa: Authority, mood: str, why: str) -> None:
    tsa.mood = mood
    asked = question(CHECKPOINT)
    with pytest.raises((NotFetched, ProofRefused), match=why):
        accepted(fetched(tsa.url, asked, HEADERS), asked, CHECKPOINT, tsa.root.read_bytes())


@pytest.mark.parametrize("mood", ["slow", "slow head"])
def test_an_answer_that_trickles_is_not_waited_for(
    tsa: Authority, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    monkeypatch.setattr(posting, "POST_SECONDS", 1)
    tsa.mood = mood
    begun = time.monotonic()
    with pytest.raises(NotFetched, match="not there after 1 seconds"):
        fetched(tsa.url, question(CHECKPOINT), HEADERS)
    assert time.monotonic() - begun < 3


def test_a_stamp_says_until_when_its_certificates_last(well: Authority) -> None:
    asked = question(CHECKPOINT)
    stamp = accepted(fetched(well.url, asked, HEADERS), asked, CHECKPOINT, well.root.read_bytes())
    assert abs(stamp.until / 1000 - time.time() - 30 * 86_400) < 3600


def test_a_server_that_is_away_is_told_of() -> None:
    with pytest.raises(NotFetched, match="cannot be reached"):
        fetched("http://127.0.0.1:9/tsr", b"", HEADERS)


def test_a_stamp_of_another_checkpoint_is_refused(well: Authority) -> None:
    asked = question(CHECKPOINT)
    response = fetched(well.url, asked, HEADERS)
    with pytest.raises(ProofRefused, match="does not hold for this checkpoint: message imprint"):
        accepted(response, asked, CHECKPOINT + b" ", well.root.read_bytes())


def test_an_answer_to_another_question_is_refused(well: Authority) -> None:
    response = fetched(well.url, question(CHECKPOINT), HEADERS)
    with pytest.raises(ProofRefused, match="does not hold for this question: nonce"):
        accepted(response, question(CHECKPOINT), CHECKPOINT, well.root.read_bytes())


def test_a_stamp_of_another_authority_is_refused(well: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path)
    other.make()
    asked = question(CHECKPOINT)
    with pytest.raises(ProofRefused, match="does not hold"):
        accepted(fetched(well.url, asked, HEADERS), asked, CHECKPOINT, other.root.read_bytes())


def test_roots_that_are_none_hold_nothing(well: Authority) -> None:
    asked = question(CHECKPOINT)
    with pytest.raises(ProofRefused, match="does not hold"):
        accepted(fetched(well.url, asked, HEADERS), asked, CHECKPOINT, b"-----BEGIN NOTHING-----\n")
