"""What an operator does for one person, each act with its evidence and cause: `subscribe`,
`transfer`, `unsubscribe`; and `show`, their whole story from the ledger, joined with what the vault
still knows.
"""

from __future__ import annotations

import argparse
import secrets

from engine.audit.event_sentences import line
from engine.audit.standing import letter_names, standing
from engine.cli.operator_acts import fields_of, operator_cause, report
from engine.cli.terminal import json_text
from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.i18n.dates import language_argument, on_clock, read_date, shown, zone_argument
from engine.i18n.evidence_words import EvidenceWords
from engine.i18n.language import N_, Say, translator
from engine.i18n.user_error import UserError, address_of, list_of, purpose_of
from engine.imports.rows import EARLIEST
from engine.installation.state import Installation
from engine.intake.calls import DOUBLE_OPT_IN
from engine.intake.evidence_requirements import NOT_DECLARED
from engine.intake.ground_requirements import GroundDeclaration
from engine.intake.instants import not_after
from engine.ledger.codec import entry_as_json
from engine.privacy.rights_requests import person_of
from engine.sequence.model import List
from engine.subscriber.commands import RequestConsent, Subscribe, Transfer, withdrawal
from engine.subscriber.events import ConsentRequested
from engine.subscriber.outcome import Done
from engine.vault.evidence import of_ground, unknown
from engine.vault.vault import VaultWrite
from engine.words import Words

NOBODY = N_("nobody is known under this address")


def subscribe(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    address = address_of(args.address)
    plan = context.installation_stream.current().plan()
    target, now = list_of(plan, args.list), context.clock.now()
    fields = fields_of(args.field, plan.fields)
    zone, language = zone_argument(args.timezone), language_argument(args.language)
    asks = args.basis == DOUBLE_OPT_IN
    ground = GroundDeclaration(
        basis="consent" if asks else args.basis,
        source=args.source.strip(),
        collected=0,
        proof=args.proof.strip(),
        order=args.order.strip(),
        function=args.function.strip(),
        objection=args.objection.strip(),
    )
    if not (asks or ground.source):
        raise UserError(N_("--source is required: where does this ground come from?"), 2)
    ground = ground._replace(collected=_collected(args.collected, plan.timezone, now))
    for reason in context.vault.suppressed([context.vault.hash(address)]).values():
        raise UserError(N_("this address is suppressed ({why})"), why=Words(reason))
    names = tuple(sorted(fields))
    for name in ground.missing(address):
        raise UserError(
            N_("--{name} is required for {basis}: {why}"),
            2,
            name=name.value,
            basis=args.basis,
            why=name,
        )
    cause, kept = operator_cause(
        {"email": address}
        | _particulars(context.installation_stream.current(), ground, target, names, asks=asks)
    )
    vault_write = VaultWrite("", now, fields=fields, evidence=(kept,), source=ground.source)
    command: RequestConsent | Subscribe
    if asks:
        command = RequestConsent(
            now,
            cause,
            (target.id,),
            secrets.token_hex(16),
            timezone=zone,
            language=language,
            fields=names,
        )
    else:
        command = Subscribe(
            at=now,
            cause=cause,
            list=target.id,
            basis=ground.basis,
            proof=ground.proof_kind,
            declared_at=ground.collected,
            start=args.start,
            timezone=zone,
            language=language,
            fields=names,
        )
    result = context.command_handler.execute_one(
        CommandRequest(command, address=address, vault_write=vault_write)
    )
    return report(result, _subscribed(result, target, _), _)


def _particulars(
    current: Installation,
    ground: GroundDeclaration,
    target: List,
    fields: tuple[str, ...],
    *,
    asks: bool,
) -> dict[str, object]:
    """What the operator says of the ground, and what they did not say (D10)."""
    plan = current.plan()
    facts = of_ground(current, target.purpose, ground.basis, "operator") | {
        "lists": [target.id],
        "fields": list(fields),
    }
    if asks:
        return unknown(facts | ground.texts() | {"language": plan.language}, ("source",))
    collected = shown(ground.collected, plan.timezone)
    return unknown(facts | ground.particulars(collected), NOT_DECLARED)


def _subscribed(result: Result, target: List, _: Say) -> str:
    if isinstance(result.outcome, Done) and any(
        isinstance(event, ConsentRequested) for event in result.outcome.events
    ):
        return _("a confirmation is on its way; once confirmed: list {list} ({name})").format(
            list=target.id, name=target.name
        )
    return _("on list {list} ({name})").format(list=target.id, name=target.name)


def _collected(text: str, zone: str, now: int) -> int:
    if not text:
        return now
    collected = not_after(read_date(text, zone), now)
    if collected is None:
        raise UserError(N_("--collected lies in the future"), 2)
    if collected < read_date(EARLIEST, zone):
        raise UserError(N_("--collected lies before {date}"), 2, date=EARLIEST)
    return collected


def transfer(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    address = address_of(args.address)
    plan = context.installation_stream.current().plan()
    source, target = list_of(plan, args.source), list_of(plan, args.target)
    cause, kept = operator_cause({})
    now = context.clock.now()
    request = CommandRequest(
        Transfer(now, cause, source.id, target.id),
        address=address,
        vault_write=VaultWrite("", now, evidence=(kept,)),
        only_known=True,
    )
    values = {"source": f"{source.id} ({source.name})", "target": f"{target.id} ({target.name})"}
    return report(
        _known(context.command_handler.execute_one(request)),
        _("moved from list {source} to list {target}").format(**values),
        _,
    )


def unsubscribe(context: AppContext, args: argparse.Namespace) -> int:
    """From everything, an address nobody has is noted as one never to be written to; from one
    purpose, it is a refusal.
    """
    _ = translator(context.config.site.language)
    address, plan = address_of(args.address), context.installation_stream.current().plan()
    purpose = purpose_of(plan, args.purpose)
    cause, kept = operator_cause({"purpose": purpose})
    now = context.clock.now()
    everything = purpose == "*"
    vault_write = VaultWrite("", context.clock.now(), evidence=(kept,))
    stream = context.vault.find(address) or context.vault.formerly(address) or ""
    result = context.command_handler.execute_one(
        CommandRequest(
            withdrawal(now, cause, purpose),
            stream=stream,
            address=address,
            vault_write=vault_write,
            only_known=True,
        )
    )
    if everything and not result.stream:
        context.vault.suppress({context.vault.hash(address): "objected"}, now)
        print(_("nobody is known under this address; it is noted that it must not be written to"))
        return 0
    agreed = plan.agreed_to(purpose)
    done = (
        _("withdrawn from everything")
        if everything
        else _("withdrawn from “{purpose}”").format(purpose=agreed.name if agreed else purpose)
    )
    return report(_known(result), done, _)


def _known(result: Result) -> Result:
    if not result.stream and not result.conflict:
        raise UserError(NOBODY)
    return result


DATE_WIDTH = len("2026-12-01 09:00:00")


def show(context: AppContext, args: argparse.Namespace) -> int:
    subscriber = person_of(context, args.address)
    entries = context.ledger.stream(subscriber)
    evidence = context.vault.evidence_of(subscriber)
    if args.json:
        print(json_text([entry_as_json(entry, evidence) for entry in entries]))
        return 0
    _ = translator(context.config.site.language)
    zone = context.config.site.timezone
    print(f"{_('when it was so'):<{DATE_WIDTH}}  {_('when it was recorded'):<{DATE_WIDTH}}")
    installation, known = context.installation_stream.current(), context.vault.people([subscriber])
    fields = known[subscriber].fields if subscriber in known else {}
    letters = letter_names(installation, fields, entries, _)
    plan = installation.plan()
    words = EvidenceWords(context.config.site.language, zone)
    former = installation.former_options()
    for entry in entries:
        print(line(entry, plan, words, evidence, letters, former))
    print()
    for sentence in standing(context, subscriber, on_clock(zone), _):
        print(sentence)
    return 0
