"""`preview` and `send-test`: a letter as a chosen person would get it, its links inert. From the
author's files as they are now.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import webbrowser
from dataclasses import replace

from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError, address_of
from engine.letter.published_letter import letter_of
from engine.letter.source_folder import read_sequences
from engine.proof.cached_checkpoint import CachedCheckpoint
from engine.sending.compose import CannotRender, Composed, Composer, ComposeRequest
from engine.sending.envelope import Delivery, Envelope
from engine.sending.replies import Verdict
from engine.sequence.model import ORIGINAL, Plan
from engine.sequence.parse import parse
from engine.subscriber.agenda_key import BroadcastKey, encode, list_key, request_key
from engine.subscriber.eligibility import is_measured
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import ASK, ASK_FIRST
from engine.words import WordedError


def preview(context: AppContext, args: argparse.Namespace) -> int:
    plan = _plan(context)
    letter = letter_of(plan, find_letter(plan, args.letter))
    versions = [name for name, _words in letter.wordings()] if letter is not None else [""]
    if args.version is not None:
        if args.version not in (*versions, ORIGINAL):
            raise UserError(
                N_('"{letter}" has no version "{version}"; it has: {known}'),
                2,
                letter=args.letter,
                version=args.version,
                known=", ".join((ORIGINAL, *versions[1:])),
            )
        versions = [args.version]
    for version in versions:
        if len(versions) > 1:
            _ = translator(context.config.site.language)
            print(_("version {version}:").format(version=version or ORIGINAL))
        _preview(context, args, version)
    return 0


def _preview(context: AppContext, args: argparse.Namespace, version: str) -> None:
    composed = _composed(context, args.letter, args.address, args.address, version)
    if args.text:
        print(composed.text)
        return
    folder = context.config.data / "preview"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ending = f"-{version}" if version not in ("", ORIGINAL) else ""
    path = folder / f"{args.letter.replace('/', '-')}{ending}.html"
    path.write_text(composed.html, encoding="utf-8")
    path.chmod(0o600)
    print(composed.subject)
    print(path)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(path.as_uri())


def send_test(context: AppContext, args: argparse.Namespace) -> int:
    to = address_of(args.to)
    composed = _composed(context, args.letter, args.address or to, to)
    delivery = asyncio.run(
        _send(
            context,
            Envelope(secrets.token_hex(16), context.config.site.sender, to, composed.octets),
        )
    )
    if delivery.verdict is not Verdict.ACCEPTED:
        reply = delivery.reply
        if reply is None:
            raise UserError(
                N_(
                    "the mail server did not answer ({stage}): whether it took the letter is not"
                    " known"
                ),
                stage=delivery.stage,
            )
        answer = f"{reply.code} {reply.enhanced} {reply.text}".strip()
        raise UserError(
            N_("the mail server did not take it ({stage}): {answer}"),
            stage=delivery.stage,
            answer=answer,
        )
    _ = translator(context.config.site.language)
    print(_("sent: {subject}").format(subject=composed.subject))
    return 0


async def _send(context: AppContext, envelope: Envelope) -> Delivery:
    from engine.sending.relay import Relay, RelayUnavailable
    from engine.sending.relay_settings import relay_of

    relay = Relay(relay_of(context.config, context.config.mailbox_smtp_port))
    deliveries: list[Delivery] = []
    try:
        await relay.open()
        await relay.deliver([envelope], None, deliveries.append)
    except RelayUnavailable as error:
        if context.config.smtp.is_mailbox:
            raise UserError(
                N_("the built-in mailbox takes letters only while `relance run` is running")
            ) from error
        raise UserError(str(error)) from error
    finally:
        await relay.close()
    return deliveries[0]


def _plan(context: AppContext) -> Plan:
    """From the author's files as they are now."""
    return replace(
        parse(read_sequences(context.config.sequences), context.config.settings), edition=-1
    )


def _composed(
    context: AppContext, letter: str, person: str, to: str, version: str = ""
) -> Composed:
    plan = _plan(context)
    subscriber = context.vault.find(address_of(person))
    known = context.vault.people([subscriber]).get(subscriber) if subscriber else None
    claim = replace(find_letter(plan, letter), version=version)
    state = context.command_handler.load([subscriber])[subscriber] if subscriber else None
    ground = state.grounds.get(claim.purpose) if state else None
    request = ComposeRequest(
        claim,
        0,
        address_of(to),
        known.fields if known else {},
        state.language if state else "",
        ground.basis if ground else _usual_basis(plan, claim),
        known.source if known else "",
        state is not None and is_measured(state, plan),
    )
    try:
        newest = CachedCheckpoint(context.tree)
        return Composer(context.config, context.secrets.link_key, newest).compose(
            request, plan, context.clock.now()
        )
    except CannotRender as error:
        why = error.__cause__.words if isinstance(error.__cause__, WordedError) else str(error)
        raise UserError(N_("this letter cannot be made for this person: {why}"), why=why) from error


def _usual_basis(plan: Plan, claim: LetterBegun) -> str:
    """On what ground people get this letter of whom nothing is known: that of the forms that lead
    to its list, else of its purpose.
    """
    forms = [form for form in plan.forms.values() if form.purpose == claim.purpose]
    leading = [form for form in forms if claim.list in form.lists] or forms
    return leading[0].basis if leading else "consent"


def find_letter(plan: Plan, text: str) -> LetterBegun:
    """What claims the letter "welcome", "prise-en-main/welcome", a broadcast, "confirmation" or
    "ask-first". UserError of status 2 when it is none or several.
    """
    where, _, name = text.rpartition("/")
    message = secrets.token_hex(16)
    claims = [
        LetterBegun(
            at=0,
            key=list_key(listed.id),
            kind="letter",
            letter=letter.id,
            message=message,
            edition=plan.edition,
            list=listed.id,
            purpose=listed.purpose,
        )
        for listed in plan.lists.values()
        for letter in listed.letters
        if letter.id == name and where in ("", listed.name, str(listed.id))
    ]
    for broadcast in plan.broadcasts.values():
        for letter in (broadcast.letter, broadcast.reminder):
            if letter is not None and letter.id == text:
                key = encode(BroadcastKey(broadcast.id, "preview"))
                claims.append(
                    LetterBegun(
                        at=0,
                        key=key,
                        kind="broadcast",
                        letter=letter.id,
                        message=message,
                        edition=plan.edition,
                        purpose=broadcast.purpose,
                    )
                )
    if text in ("confirmation", ASK_FIRST):
        claims.append(
            LetterBegun(
                at=0,
                key=request_key("preview"),
                kind="confirmation",
                letter=ASK_FIRST if text == ASK_FIRST else ASK,
                message=message,
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
