"""People on lists, and letters they have been sent: what a click needs to have happened before."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.ledger.codec import Entry
from engine.letter.link_token import FIRST_LINK, make_token
from engine.subscriber.commands import Perform, RecordOutcome, RequestConsent, Subscribe
from engine.subscriber.events import Cause, LetterBegun, PersonEvent, SubscriberErased
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person
from engine.vault.vault import VaultWrite

MINUTE = 60_000
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


def phone() -> str:
    """A telephone nobody else has: who opens the pages of several people within seconds is taken
    for a robot.
    """
    return f"{PHONE} Telephone/{secrets.token_hex(4)}"


YES, NO, COPY, OFFERS, SHOP = range(5)

FILES = {
    "dialogue.toml": (
        """
title = "Le potager"
purpose = "conseils"
[[form]]
name = "inscription"
title = "La lettre"
list = 10
notice = "Nous vous écrivons."
button = "Je m’inscris"
checkbox = "Oui"
confirmed = "C’est confirmé, bonne lecture !"

[[list]]
id = 10
name = "prise-en-main"
  [[list.letter]]
  id = "question"
  after = "0 minutes"
  subject = "Avez-vous semé ?"
  body = "question.md"
[[list]]
id = 11
name = "numero-onze"
thanks = "Bravo ! La suite vous attend."
  [[list.letter]]
  id = "bravo"
  after = "0 minutes"
  subject = "Bravo"
  body = "bravo.md"
[[list]]
id = 12
name = "numero-douze"
[[list]]
id = 21
name = "guide"
thanks = "Le guide arrive."
[[list]]
id = 13
name = "boutique"
thanks = "https://boutique.example/merci?de=potager"
"""
    ),
    "offres.toml": (
        """
title = "Les offres"
purpose = "offres"
[[list]]
id = 40
name = "ventes"
"""
    ),
    "question.md": (
        "Avez-vous semé ?\n\n- [Oui, c’est fait](===11===)\n- [Pas **encore**](===12===)\n- [Le"
        " guide aussi](+++21+++)\n- [Vos offres](===40===)\n- [La boutique](===13===)\n"
    ),
    "bravo.md": "Bravo.\n",
}


@dataclass(frozen=True)
class Letter:
    """One letter begun for one person, and the tokens of its links."""

    context: AppContext
    stream: str
    position: int
    claim: LetterBegun

    def token(self, action: int) -> str:
        return make_token(self.context.secrets.link_key, action, self.position, self.claim.message)

    def link(self, number: int) -> str:
        return self.token(FIRST_LINK + number)

    def entries(self) -> list[Entry]:
        return self.context.ledger.stream(self.stream)

    def since(self) -> list[PersonEvent]:
        """What happened to the person after the letter had been sent."""
        outcomes = ("letter-begun", "letter-sent")
        return [
            entry.event  # type: ignore[misc]
            for entry in self.entries()
            if entry.position > self.position and entry.name not in outcomes
        ]

    def person(self) -> Person:
        return self.context.command_handler.load([self.stream])[self.stream]

    def lists(self) -> set[int]:
        return set(self.person().memberships)


def address() -> str:
    return f"lectrice-{secrets.token_hex(6)}@exemple.fr"


def joined(context: AppContext, number: int = 10, who: str = "", language: str = "") -> str:
    now = context.clock.now()
    command = Subscribe(now, Cause("operator"), number, "consent", "declared", language=language)
    result = context.command_handler.execute_one(
        CommandRequest(command, address=who or address(), vault_write=VaultWrite("", now))
    )
    assert isinstance(result.outcome, Done), result
    return result.stream


def written_to(
    context: AppContext, stream: str, key: str = "list:10", *, accepted: bool = True
) -> Letter:
    """The letter due for that matter, begun and (if so) accepted by the server just now."""
    now = context.clock.now()
    result = context.command_handler.execute_one(
        CommandRequest(
            Perform(now, Cause("engine"), key, secrets.token_hex(16), "test"), stream=stream
        )
    )
    assert isinstance(result.outcome, Done), result
    (begun,) = result.outcome.events
    assert isinstance(begun, LetterBegun), begun
    if accepted:
        context.command_handler.execute_one(
            CommandRequest(
                RecordOutcome(context.clock.now(), Cause("relay"), begun.message, "sent", 250),
                stream=stream,
            )
        )
    return Letter(context, stream, result.positions[0], begun)


def letter(
    context: AppContext, number: int = 10, *, minutes_ago: int = 0, language: str = ""
) -> Letter:
    """Somebody new, who has had their first letter."""
    found = written_to(context, joined(context, number, language=language))
    if minutes_ago:
        context.clock.jump(minutes_ago * MINUTE)
    return found


def confirmation(context: AppContext, form: str = "inscription") -> Letter:
    """Somebody new, who has asked on a form and had the mail that asks to confirm."""
    now = context.clock.now()
    command = RequestConsent(now, Cause("form"), (10,), str(uuid.uuid4()), form=form)
    result = context.command_handler.execute_one(
        CommandRequest(command, address=address(), vault_write=VaultWrite("", now))
    )
    return written_to(context, result.stream, "ask:conseils")


def erased(found: Letter) -> None:
    """The bare fact of an erasure, and the person gone from the vault."""
    from engine.ledger.codec import Encoded
    from engine.ledger.store import AT_HEAD, Append

    context, now = found.context, found.context.clock.now()
    context.ledger.append(
        [
            Append(
                found.stream,
                AT_HEAD,
                (Encoded(found.stream, SubscriberErased(now), Cause("operator"), now),),
            )
        ]
    )
    with context.database.connection() as connection:
        connection.execute("DELETE FROM vault.evidence WHERE subscriber = %s", (found.stream,))
        connection.execute("DELETE FROM vault.person WHERE subscriber = %s", (found.stream,))


class Telephone(httpx.Client):
    """Follows the redirects of the site itself after a press, as a browser does, and no other."""

    def post(self, url: httpx.URL | str, **options: Any) -> httpx.Response:
        answer = super().post(url, **options)
        if answer.status_code == 303 and answer.headers["location"].startswith(("/l/", "/f/")):
            return self.get(answer.headers["location"], headers=options.get("headers"))
        return answer


def field(page: str, name: str) -> str:
    """The first hidden field of that name on a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name!r} in {page}"
    return found[1]


def form_to(page: str, token: str, act: str = "button") -> dict[str, str]:
    """The fields of the page's form that is posted to a token."""
    for piece in page.split("<form ")[1:]:
        piece = piece.partition("</form>")[0]
        if f'action="/l/{token}"' in piece and field(piece, "act") == act:
            return {"act": act, "nonce": field(piece, "nonce")}
    raise AssertionError(f"no form with act={act} to that link in {page}")


def press(client: httpx.Client, token: str, **more: str) -> httpx.Response:
    """Open a link and press its button."""
    page = client.get(f"/l/{token}").text
    return client.post(f"/l/{token}", data=form_to(page, token) | more)
