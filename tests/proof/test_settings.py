"""`[proof] witness`, `stamp` and `stamp_roots` in config.toml: what is wrong is said at the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import read_config
from engine.proof.note import COSIGNATURE, ED25519, format_vkey
from engine.proof.tlog_witness import Witness
from engine.sequence.mistakes import Unpublishable
from tests.running_installation import CONFIG


def read(folder: Path, lines: str) -> tuple[tuple[str, ...], str, str]:
    (folder / "config.toml").write_text(f"{CONFIG}\n[proof]\n{lines}\n", encoding="utf-8")
    proof = read_config(folder).proof
    return proof.witness, proof.stamp, proof.stamp_roots


def test_nobody_is_named_unless_somebody_is(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ((), "", "")
    assert read(tmp_path, 'witness = []\nstamp = ""\nstamp_roots = ""') == ((), "", "")


PUBLIC = bytes(range(32))
KEY = format_vkey("temoin.example/w1", COSIGNATURE, PUBLIC)
OTHER = format_vkey("temoin.example/w2", COSIGNATURE, bytes(32))


def test_a_witness_is_an_address_and_a_key(tmp_path: Path) -> None:
    lines = f'witness_url = ["https://temoin.example/log/ {KEY}", "http://127.0.0.1:8000 {OTHER}"]'
    (tmp_path / "config.toml").write_text(f"{CONFIG}\n[proof]\n{lines}\n", encoding="utf-8")
    assert read_config(tmp_path).proof.witness_url == (
        Witness("https://temoin.example/log", KEY),
        Witness("http://127.0.0.1:8000", OTHER),
    )


def test_addresses_come_in_their_one_spelling(tmp_path: Path) -> None:
    said = (
        'witness = ["Notaire@Étude.example"]\nstamp ='
        ' "http://tsa.example:8080/tsr?x=1"\nstamp_roots = "tsa.pem"'
    )
    assert read(tmp_path, said) == (
        ("notaire@xn--tude-9oa.example",),
        "http://tsa.example:8080/tsr?x=1",
        "tsa.pem",
    )


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ('witness = "notaire@example.org"', "`witness` must be a list"),
        ("witness = [7]", "`witness` is a list of addresses"),
        ('witness = ["notaire"]', "`witness` is a list of addresses"),
        ('witness = ["a@example.org\\r\\nBcc: b@example.org"]', "`witness` is a list of addresses"),
        ('witness = ["a@example.org", "A@example.org"]', "each once"),
        (f"witness = {[f'w{n}@example.org' for n in range(11)]}", "up to 10"),
        ('stamp = "https://tsa.example/"', "go together"),
        ('stamp_roots = "tsa.pem"', "go together"),
        *[
            (
                f'stamp = "{url}"\nstamp_roots = "tsa.pem"',
                "`stamp` is the address of a time-stamping server",
            )
            for url in (
                "tsa.example",
                "ftp://tsa.example/",
                "https://",
                "https://a b.example/",
                "https://u:p@tsa.example/",
                "https://t.example:x/",
            )
        ],
        ('stamped = "x"', "did you mean"),
        *[
            (f'witness_url = ["{entry}"]', "each its address, a blank and its verifier key")
            for entry in (
                "https://temoin.example",
                KEY,
                f"http://temoin.example {KEY}",
                f"https://temoin.example/?log=1 {KEY}",
                f"https://u:p@temoin.example/ {KEY}",
                f"https://temoin.example/  {KEY}",
                f"https://temoin.example {KEY} {KEY}",
                f"https://temoin.example {KEY[:-4]}AAA=",
                f"https://temoin.example {format_vkey('w', ED25519, PUBLIC)}",
                f"https://temoin.example {format_vkey('w', 6, bytes(1312))}",
            )
        ],
        (f'witness_url = ["https://a.example {KEY}", "https://b.example {KEY}"]', "each once"),
        ("witness_url = [7]", "each its address, a blank and its verifier key"),
    ],
)
def test_what_is_wrong_is_said_at_the_key(tmp_path: Path, lines: str, why: str) -> None:
    with pytest.raises(Unpublishable) as refused:
        read(tmp_path, lines)
    assert any(why in str(mistake) for mistake in refused.value.mistakes), [
        str(mistake) for mistake in refused.value.mistakes
    ]
