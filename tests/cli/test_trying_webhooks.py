"""`relance webhook try` as somebody types it who connects a shop."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.config import read_config
from engine.inbound.handling import letter_domains
from engine.mime.header_values import message_id
from tests.cli.test_reading_mails import MESSAGE, folder
from tests.dns.stub import StubDns
from tests.webhooks.calls import AT, LETTER, SAMPLES, SECRET, TOPIC, certificate
from tests.webhooks.test_fetching import HOST

__all__ = ["folder"]
Try = Callable[..., int]


@pytest.fixture
def trying(folder: Path) -> Try:
    def run(name: str, *more: str, octets: bytes | None = None) -> int:
        sample = SAMPLES[name]
        (folder / "body").write_bytes(sample.octets if octets is None else octets)
        (folder / "secret").write_bytes(SECRET + b"\n")
        given = [f"--header={key}: {value}" for key, value in sample.signed()]
        file = str(folder / "body")
        return main(
            ["-C", str(folder), "webhook", "try", file, "--from", sample.kind, *given, *more]
        )

    return run


def test_a_call_is_told_with_its_trust_and_its_facts(
    trying: Try, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = f"--secret-file={folder / 'secret'}"
    assert trying("stripe purchase", secret, f"--at={AT}") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{folder / 'body'}: the signature holds",
        "    a purchase: order pi_1, 49.90 EUR, by anna@example.org"
        " (coffret-printemps, semis, plink_1)",
    ]


def test_a_call_that_would_be_refused_is_told_with_its_reason(
    trying: Try, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = f"--secret-file={folder / 'secret'}"
    assert trying("stripe purchase", secret) == 1
    assert "it was signed more than 5 minutes ago" in capsys.readouterr().out
    assert trying("stripe purchase", secret, f"--at={AT}", octets=b"{}") == 1
    told = capsys.readouterr().out
    assert "the signature is not by this secret" in told
    assert "it cannot be read: type is missing" in told


def test_without_a_secret_the_signature_is_not_looked_at(
    trying: Try, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trying("shopify purchase", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["trust"], told["refused"], told["facts"]) == (None, None, ["purchase"])
    assert "--secret-file" in told["said"][0]


def test_a_bounce_is_told_with_its_letter(
    trying: Try, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trying("brevo bounce") == 0
    assert "no letter of this installation is named" in capsys.readouterr().out
    [domain] = letter_domains(read_config(folder))
    own = message_id(bytes.fromhex(MESSAGE), domain)
    octets = SAMPLES["brevo bounce"].octets.replace(LETTER.encode(), own.encode())
    assert trying("brevo bounce", octets=octets) == 0
    assert f"letter {MESSAGE}, by its Message-ID" in capsys.readouterr().out


def test_the_certificate_is_given_or_fetched(
    trying: Try, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "topic").write_text(f"{TOPIC}\n", encoding="utf-8")
    (folder / "sns.pem").write_bytes(certificate())
    of_topic = (f"--secret-file={folder / 'topic'}", f"--at={AT}")
    assert trying("ses bounce", *of_topic, f"--certificate={folder / 'sns.pem'}") == 0
    assert "the signature holds" in capsys.readouterr().out
    written = (folder / "config.toml").read_text("utf-8")
    with StubDns({}) as dns:
        own = f'{written}\n[dns]\nservers = ["127.0.0.1"]\nport = {dns.port}\n'
        (folder / "config.toml").write_text(own, encoding="utf-8")
        assert trying("ses bounce", *of_topic) == 1
    (folder / "config.toml").write_text(written, encoding="utf-8")
    assert "the sender’s certificate is not at hand" in capsys.readouterr().out
    assert (HOST, "A", "udp") in dns.questions


def test_a_mistyped_line_is_a_sentence(trying: Try, capsys: pytest.CaptureFixture[str]) -> None:
    for mistyped in ("--header=nothing", "--field=amount", "--secret-file=nowhere"):
        assert trying("generic purchase", mistyped) == 2
        assert mistyped.partition("=")[2] in capsys.readouterr().err


def test_fields_are_for_a_generic_body_alone(
    trying: Try, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trying("stripe purchase", "--field=email=/mail") == 2
    assert "one of stripe has its own" in capsys.readouterr().err


DECLARED = """title = "Boutique"
purpose = "conseils"
[[list]]
id = 10
name = "semeurs"
[[webhook]]
name = "boutique"
from = "stripe"
secret_file = ["secret", "new-secret"]
[[webhook.do]]
on = "purchase"
product = ["semis"]
leave = 10
[[webhook.do]]
on = "refund"
product = ["semis"]
nothing = true
"""


@pytest.fixture
def declared(folder: Path) -> Iterator[Path]:
    file = folder / "sequences" / "boutique.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(DECLARED, encoding="utf-8")
    (folder / "new-secret").write_bytes(b"whsec_another\n")
    yield file
    file.unlink()


@pytest.fixture
def trying_declared(folder: Path, declared: Path) -> Try:
    def run(name: str, webhook: str = "boutique") -> int:
        sample = SAMPLES[name]
        (folder / "body").write_bytes(sample.octets)
        (folder / "secret").write_bytes(SECRET + b"\n")
        given = [f"--header={key}: {value}" for key, value in sample.signed()]
        call = ["webhook", "try", str(folder / "body"), "--webhook", webhook, f"--at={AT}"]
        return main(["-C", str(folder), *call, *given])

    return run


def test_a_declared_webhook_has_its_secrets_and_its_rules(
    trying_declared: Try, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trying_declared("stripe purchase") == 0
    told = capsys.readouterr().out
    assert "the signature holds" in told
    assert "the person would leave list 10 (" in told
    assert trying_declared("stripe refund") == 0
    assert "the products of its order decide" in capsys.readouterr().out
    assert trying_declared("stripe purchase", "botique") == 2
    assert "did you mean `boutique`?" in capsys.readouterr().err


def test_check_tells_which_secret_is_not_there(
    folder: Path, declared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "secret").unlink(missing_ok=True)
    (folder / "new-secret").write_bytes(b" \n")
    main(["-C", str(folder), "check"])
    told = [line for line in capsys.readouterr().err.splitlines() if ".toml:9:" in line]
    assert len(told) == 2 and all(line.endswith("(warning)") for line in told), told
    assert f"{folder / 'new-secret'} holds no secret" in told[0]
    assert f"{folder / 'secret'} cannot be used" in told[1]
