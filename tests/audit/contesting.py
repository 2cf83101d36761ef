"""Ten people with something to contest, and what an auditor types: real verbs on a real
installation, letters composed as they are sent.
"""

from __future__ import annotations

import argparse
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import cast

import pytest

from engine.cli import arguments_of_trust, dispatch
from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.installation.events import ClockChanged
from engine.ledger.codec import Encoded
from engine.ledger.store import AT_HEAD, Append
from engine.sending.compose import Composer, ComposeRequest
from engine.subscriber.commands import AnyCommand, Perform, RecordOutcome, Subscribe
from engine.subscriber.events import Cause, LetterBegun, PersonEvent
from engine.subscriber.outcome import Done
from engine.subscriber.terms import LetterVerdict
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite

DAY = 86_400_000
FORM_NOTICE = "Le Potager garde votre adresse jusqu’à votre désinscription."
FILES = {
    "potager.toml": (
        f"""
title = "Le potager"
purpose = "conseils"

[[form]]
name = "inscription"
title = "La lettre du potager"
list = 10
checkbox = "Oui, je souhaite recevoir la lettre."
button = "Je m’inscris"
notice = "{FORM_NOTICE}"

[[list]]
id = 10
name = "semis"
group = "prospects"

  [[list.letter]]
  id = "question"
  after = "0 minutes"
  subject = "Avez-vous semé, {{{{ first_name | default('vous', true) }}}} ?"
  body = "question.md"

[[list]]
id = 11
name = "seme"
group = "prospects"
  [[list.letter]]
  id = "bravo"
  after = "0 minutes"
  subject = "Bravo"
  body = "bravo.md"

[[list]]
id = 12
name = "pas-encore"
group = "prospects"
"""
    ),
    "clients.toml": (
        """
title = "Clients"
purpose = "offres"
[[list]]
id = 20
name = "acheteurs"
group = "clients"
  [[list.letter]]
  id = "merci"
  after = "0 minutes"
  subject = "Merci"
  body = "bravo.md"
"""
    ),
    "question.md": (
        "Bonjour {{ first_name | default('à vous', true) }}, avez-vous semé"
        " ?\n\n[Oui](===11===)\n\n[Non](===12===)\n"
    ),
    "bravo.md": "Bravo !\n",
}


@dataclass(frozen=True)
class Told:
    status: int
    out: str

    @property
    def plain(self) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.out))


@dataclass(frozen=True)
class Auditor:
    """Types `relance audit …`."""

    context: AppContext
    capture: pytest.CaptureFixture[str]
    folder: Path

    def asks(self, *typed: str, lang: str = "en") -> Told:
        parser = argparse.ArgumentParser()
        arguments_of_trust.audit_arguments(parser)
        said = [*typed] if typed[0] in ("replay", "prove") else [*typed, "--lang", lang]
        self.capture.readouterr()
        status = dispatch.audit(self.context, parser.parse_args(said))
        return Told(status, self.capture.readouterr().out)

    def file(self, octets: bytes, name: str = "contested.eml") -> str:
        path = self.folder / name
        path.write_bytes(octets)
        return str(path)


@dataclass(frozen=True)
class Mail:
    """A letter as it left: where its claim stands, and its octets."""

    position: int
    claim: LetterBegun
    octets: bytes


def wished(
    context: AppContext, command: AnyCommand, address: str, *, vault_write: VaultWrite | None = None
) -> Result:
    result = context.command_handler.execute_one(
        CommandRequest(command, address=address, vault_write=vault_write)
    )
    assert isinstance(result.outcome, Done), result
    return result


def time_passes(context: AppContext, milliseconds: int) -> None:
    """Engine time goes on, and the ledger says so: dates of facts may then lie after real time."""
    context.clock.jump(milliseconds)
    now = context.clock.now()
    context.installation_stream.execute(
        lambda state: [ClockChanged(now, ahead=context.clock.ahead)], Cause("operator"), now
    )


def subscribed(context: AppContext, address: str) -> None:
    """On list 10 with a declared consent, by an operator."""
    cause, vault_write = with_evidence(context, "operator", {"source": "foire"})
    command = Subscribe(context.clock.now(), cause, 10, "consent", "declared")
    wished(context, command, address, vault_write=vault_write)


def with_evidence(
    context: AppContext, door: str, said: dict[str, object], fields: dict[str, str] | None = None
) -> tuple[Cause, VaultWrite]:
    kept = evidence(secrets.token_bytes(32), said)
    return Cause(door, secrets.token_hex(8), evidence=kept.commitment.hex()), VaultWrite(
        "", context.clock.now(), fields=fields or {}, evidence=(kept,)
    )


def sent(
    context: AppContext, address: str, key: str, verdict: LetterVerdict = "sent", words: str = ""
) -> Mail:
    """The letter that is due, begun, composed as senders do, and accepted by the mail server (or
    not).
    """
    stream = context.vault.find(address)
    assert stream is not None
    begun = context.command_handler.execute_one(
        CommandRequest(
            Perform(context.clock.now(), Cause("engine"), key, secrets.token_hex(16), "test"),
            stream=stream,
        )
    )
    assert isinstance(begun.outcome, Done), begun
    (claim,) = begun.outcome.events
    assert isinstance(claim, LetterBegun)
    person = context.command_handler.load([stream])[stream]
    known = context.vault.people([stream])[stream]
    ground = person.grounds.get(claim.purpose)
    ordered = ComposeRequest(
        claim,
        begun.positions[0],
        known.address,
        known.fields,
        person.language,
        ground.basis if ground else "consent",
    )
    octets = Composer(context.config, context.secrets.link_key).octets(
        ordered, context.installation_stream.current().plan(claim.edition), context.clock.now()
    )
    cause, vault_write = (
        with_evidence(context, "relay", {"words": words, "code": 450})
        if words
        else (Cause("relay"), None)
    )
    code = 250 if verdict == "sent" else 450
    context.command_handler.execute_one(
        CommandRequest(
            RecordOutcome(context.clock.now(), cause, claim.message, verdict, code, ""),
            stream=stream,
            vault_write=vault_write,
        )
    )
    return Mail(begun.positions[0], claim, octets)


def recorded(
    context: AppContext, stream: str, events: Sequence[PersonEvent], door: str = "operator"
) -> None:
    """Facts as somebody at the ledger would put them there, whatever the rules say."""
    now = context.clock.now()
    context.ledger.append(
        [
            Append(
                stream, AT_HEAD, tuple(Encoded(stream, event, Cause(door), now) for event in events)
            )
        ]
    )


def forgotten(context: AppContext, stream: str) -> None:
    """Gone from the vault, as after an erasure."""
    with context.database.connection() as connection:
        connection.execute("DELETE FROM vault.evidence WHERE subscriber = %s", (stream,))
        connection.execute("DELETE FROM vault.person WHERE subscriber = %s", (stream,))


RAW = re.compile(r"[0-9a-f]{16,}|\b\d{12,}\b|\b[a-z]+_[a-z]+\b|\bTrue\b|\bFalse\b|·\?")
"""What no sentence for a stranger has: a digest, an instant in milliseconds, a stored name, a value
of the program.
"""


def first_page(dossier: str) -> str:
    """The words of a dossier's first page, as somebody reads them."""
    return words_of(dossier.split('<div class="annex">')[0])


def words_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.split("<body>")[-1])).split())
