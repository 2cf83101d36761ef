"""A letter as one reader would get it, its links without effect; and one copy of it, for whoever
tries it out.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.commands.command_handler import CommandHandler
from engine.config import Config
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError
from engine.letter.compile import Rendered
from engine.sending.compose import CannotRender, Composed, Composer, ComposeRequest
from engine.sending.dkim_keys import DkimSigning
from engine.sending.envelope import Delivery, Envelope
from engine.sending.replies import Verdict
from engine.sequence.model import Broadcast, Letter, List, Plan
from engine.subscriber.agenda_key import BroadcastKey, encode, list_key, request_key
from engine.subscriber.eligibility import is_measured
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import ASK, ASK_FIRST
from engine.vault.vault import Vault
from engine.words import WordedError

TEST_MARK = N_("[Test] {subject}")


class ReaderStores(Protocol):
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def vault(self) -> Vault: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterReader:
    """Whom a letter is shown for. `basis` "" is the ground on which people usually get it."""

    fields: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    basis: str = ""
    source: str = ""
    measured: bool = False


def reader_of(stores: ReaderStores, subscriber: str, plan: Plan, purpose: str) -> LetterReader:
    """Somebody who is here, as letters of a purpose are made for them."""
    known = stores.vault.people([subscriber]).get(subscriber)
    state = stores.command_handler.load([subscriber])[subscriber]
    ground = state.grounds.get(purpose)
    return LetterReader(
        fields=known.fields if known else {},
        language=state.language,
        basis=ground.basis if ground else "",
        source=known.source if known else "",
        measured=is_measured(state, plan),
    )


def rendered_for(
    composer: Composer, plan: Plan, claim: LetterBegun, reader: LetterReader, position: int = 0
) -> Rendered:
    """Its words and links alone; with a `position` each link is another, for a composer whose key
    is no installation's. Raises UserError.
    """
    request = _request(plan, claim, reader, "")._replace(position=position)
    try:
        return composer.rendered(request, plan)
    except CannotRender as error:
        raise _unmade(error) from error


def composed_for(
    composer: Composer, plan: Plan, claim: LetterBegun, reader: LetterReader, to: str, at: int
) -> Composed:
    """As it would be sent to the address `to`. Raises UserError."""
    return _composed(composer, plan, _request(plan, claim, reader, to), at)


def composed_test(
    composer: Composer, plan: Plan, claim: LetterBegun, reader: LetterReader, to: str, at: int
) -> tuple[Composed, Envelope]:
    """The same, with a subject that says that it is a test. Raises UserError."""
    mark = translator(composer.config.site.language)(TEST_MARK)
    request = _request(plan, claim, reader, to)
    composed = _composed(composer, plan, request, at, mark)
    return composed, composer.envelope(request, composed.octets)


def _composed(
    composer: Composer, plan: Plan, request: ComposeRequest, at: int, mark: str = ""
) -> Composed:
    try:
        return composer.compose(request, plan, at, mark)
    except CannotRender as error:
        raise _unmade(error) from error


def _request(plan: Plan, claim: LetterBegun, reader: LetterReader, to: str) -> ComposeRequest:
    basis = reader.basis or _usual_basis(plan, claim)
    return ComposeRequest(
        claim, 0, to, reader.fields, reader.language, basis, reader.source, reader.measured
    )


def _unmade(error: CannotRender) -> UserError:
    why = error.__cause__.words if isinstance(error.__cause__, WordedError) else str(error)
    return UserError(N_("this letter cannot be made for this person: {why}"), why=why)


def _usual_basis(plan: Plan, claim: LetterBegun) -> str:
    """On what ground people get this letter of whom nothing is known: that of the forms that lead
    to its list, else of its purpose.
    """
    forms = [form for form in plan.forms.values() if form.purpose == claim.purpose]
    leading = [form for form in forms if claim.list in form.lists] or forms
    return leading[0].basis if leading else "consent"


def send_one(config: Config, envelope: Envelope) -> None:
    """Hands one mail to the mail server, or to the built-in mailbox. Raises UserError where it is
    not taken.
    """
    signing = DkimSigning(config)
    signing.read()
    delivery = asyncio.run(_deliver(config, *signing.signed([envelope])))
    if delivery.verdict is Verdict.ACCEPTED:
        return
    reply = delivery.reply
    if reply is None:
        raise UserError(
            N_("the mail server did not answer ({stage}): whether it took the letter is not known"),
            stage=delivery.stage,
        )
    answer = f"{reply.code} {reply.enhanced} {reply.text}".strip()
    raise UserError(
        N_("the mail server did not take it ({stage}): {answer}"),
        stage=delivery.stage,
        answer=answer,
    )


async def _deliver(config: Config, envelope: Envelope) -> Delivery:
    from engine.sending.relay_settings import route_settings
    from engine.sending.route import RouteUnavailable
    from engine.sending.routes import route_of

    route = route_of(route_settings(config, config.mailbox_smtp_port))
    deliveries: list[Delivery] = []
    try:
        await route.open()
        await route.deliver([envelope], None, deliveries.append)
    except RouteUnavailable as error:
        if config.smtp.is_mailbox:
            raise UserError(
                N_("the built-in mailbox takes letters only while `relance run` is running")
            ) from error
        raise UserError(str(error)) from error
    finally:
        await route.close()
    return deliveries[0]


def claim_of(plan: Plan, sender: List | Broadcast, letter: Letter) -> LetterBegun:
    """What would claim a letter of a list or broadcast."""
    number = sender.id if isinstance(sender, List) else 0
    return LetterBegun(
        at=0,
        key=list_key(number) if number else encode(BroadcastKey(str(sender.id), "preview")),
        kind="letter" if number else "broadcast",
        letter=letter.id,
        message=secrets.token_hex(16),
        edition=plan.edition,
        list=number,
        purpose=sender.purpose,
    )


def letter_named(plan: Plan, text: str) -> LetterBegun:
    """What claims the letter "welcome", "prise-en-main/welcome", a broadcast, "confirmation" or
    "ask-first". UserError of status 2 when it is none or several.
    """
    where, _, name = text.rpartition("/")
    claims = [
        claim_of(plan, listed, letter)
        for listed in plan.lists.values()
        for letter in listed.letters
        if letter.id == name and where in ("", listed.name, str(listed.id))
    ]
    claims += [
        claim_of(plan, broadcast, letter)
        for broadcast in plan.broadcasts.values()
        for letter in (broadcast.letter, broadcast.reminder)
        if letter is not None and letter.id == text
    ]
    if text in ("confirmation", ASK_FIRST):
        claims.append(
            LetterBegun(
                at=0,
                key=request_key("preview"),
                kind="confirmation",
                letter=ASK_FIRST if text == ASK_FIRST else ASK,
                message=secrets.token_hex(16),
                edition=plan.edition,
                purpose=next(iter(plan.purposes)),
            )
        )
    if len(claims) == 1:
        return claims[0]
    every = [
        f"{listed.name}/{letter.id}" for listed in plan.lists.values() for letter in listed.letters
    ]
    if claims:
        choice = ", ".join(path for path in every if path.endswith("/" + name))
        raise UserError(
            N_('several lists have a letter "{letter}": say one of {choice}'),
            2,
            letter=text,
            choice=choice,
        )
    known = ", ".join([*every, *plan.broadcasts, "confirmation", ASK_FIRST])
    raise UserError(
        N_('there is no letter "{letter}"; there are: {known}'), 2, letter=text, known=known
    )
