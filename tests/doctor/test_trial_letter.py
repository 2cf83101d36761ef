"""A letter to oneself leaves the ordinary way; what the mail server found of it is read back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.doctor.trial_letter import read_back
from engine.inbound.mail import parse_mail
from tests.sink import Accepted, Sink

SIGNED = (
    "DKIM-Signature: v=1; a=rsa-sha256; d=example.fr; s=r;\n"
    " h=from:list-unsubscribe:list-unsubscribe-post; b=x\n"
)
PASSED = (
    "Authentication-Results: MX.own.example 1;\n"
    " spf=pass (ok; fine) smtp.mailfrom=b@bounces.example.fr;\n"
    " dkim=pass header.d=relais.example; dkim=pass header.d=example.fr header.s=r;\n"
    " dmarc=pass (p=none) header.from=example.fr\n"
)
CONFIG = """[site]
name = "Le Potager"
url = "https://lettres.example.fr"
from = "a@example.fr"
language = "en"
postal_address = "x"
[smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
return_path = "bounces.example.fr"
[[purpose]]
id = "a"
name = "a"
"""


def codes(headers: str, *trusted: str) -> list[str]:
    mail = f"{headers}From: a@example.fr\nSubject: x\n\nBonjour\n".encode()
    lines = list(read_back(mail, "example.fr", trusted))
    assert all(line.what.said().isprintable() for line in lines)
    return [f"{line.code} {line.verdict}" for line in lines]


def test_what_a_mail_server_found_is_told() -> None:
    held = [f"letter-{what} holds" for what in ("spf", "dkim", "dmarc", "one-click")]
    assert codes(PASSED + SIGNED) == held
    assert codes(PASSED + SIGNED, "mx.own.example") == held


@pytest.mark.parametrize(
    ("written", "instead", "code"),
    [
        ("spf=pass", "spf=softfail", "letter-spf fails"),
        (
            "spf=pass (ok; fine) smtp.mailfrom=b@bounces.example.fr",
            "x=y",
            "letter-spf-unknown unknown",
        ),
        ("b@bounces.example.fr", "b@relais.example", "letter-spf-other fails"),
        ("dkim=pass header.d=example.fr", "dkim=none", "letter-dkim-other fails"),
        ("dmarc=pass", "dmarc=\x1b[2Jfail", "letter-dmarc-unknown unknown"),
        ("dmarc=pass", "dmarc=fail", "letter-dmarc fails"),
        (":list-unsubscribe:list-unsubscribe-post", ":subject", "letter-one-click fails"),
        ("Authentication-Results:", "X:", "letter-no-results unknown"),
    ],
)
def test_what_does_not_pass_is_named(written: str, instead: str, code: str) -> None:
    assert code in codes((PASSED + SIGNED).replace(written, instead))


def test_what_others_wrote_is_not_believed() -> None:
    forged = PASSED.replace("MX.own.example", "mx.other.example")
    assert codes(forged + SIGNED, "mx.own.example") == ["letter-no-results unknown"]
    assert codes(forged + PASSED.replace("dmarc=pass", "dmarc=fail"), "mx.own.example")[2] == (
        "letter-dmarc fails"
    )
    first = next(read_back(b"\0" * 100, "example.fr", ()))
    assert first.code in ("letter-unreadable", "letter-no-results")


def test_the_letter_leaves_the_ordinary_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def sent() -> Accepted:
        async with Sink() as sink:
            (tmp_path / "config.toml").write_text(CONFIG.format(port=sink.port))
            arguments = ["-C", str(tmp_path), "doctor", "--letter", "me@own.example"]
            assert await asyncio.to_thread(main, arguments) == 0
            return sink.messages[0]

    letter = asyncio.run(sent())
    assert (letter.sender, letter.recipients) == ("bounce@bounces.example.fr", ("me@own.example",))
    mail = parse_mail(letter.body)
    assert mail.value("list-unsubscribe-post") == "List-Unsubscribe=One-Click"
    assert mail.words("subject") == "A letter from the doctor of Le Potager"
    assert "--received" in capsys.readouterr().out
    (tmp_path / "received.eml").write_bytes(PASSED.encode() + SIGNED.encode() + letter.body)
    arguments = ["-C", str(tmp_path), "doctor", "--received", str(tmp_path / "received.eml")]
    assert main(arguments) == 0
    assert "+ mx.own.example found that DMARC passes" in capsys.readouterr().out
