"""`relance webhook try FILE --from KIND`: what a call's body says, whether its signature holds, and
what facts would follow; that changes nothing. With `--webhook NAME` the sender, the secrets and the
fields are those that `sequences/` declares, and the rule that each fact meets is said. Of PayPal
and Amazon their certificate is fetched. `relance webhook log` lists the calls that came.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from engine.cli.inbound import BEFORE_A_CAPITAL, octets_of
from engine.cli.opened_context import with_context
from engine.cli.terminal import json_text
from engine.config import Config
from engine.i18n.dates import read_date
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError
from engine.inbound.handling import letter_domains
from engine.letter.source_folder import read_sequences
from engine.secret_files import MAX_SECRET_BYTES
from engine.sequence.mistakes import Unpublishable, Unreadable
from engine.sequence.nearest import hint, nearest
from engine.sequence.parse import parse
from engine.sequence.webhooks import Webhook, WebhookFields, WebhookKind
from engine.webhooks.body import MAX_BODY_BYTES
from engine.webhooks.delivery import Delivery, Fact, Undeliverable
from engine.webhooks.reading import read_delivery
from engine.webhooks.secret_files import secrets_of
from engine.webhooks.sentences import TRUSTS, why_not_believed
from engine.webhooks.signatures import Refusal, Trust, certificate_url, verify
from engine.webhooks.trial import Declared, certificate_at, what_follows
from engine.words import Reason, Words, words


def webhook(config: Config, args: argparse.Namespace) -> int:
    if args.part == "log":
        from engine.cli.webhook_log import webhook_log

        return with_context(config, lambda context: webhook_log(context, args))
    return _try(config, args)


def _try(config: Config, args: argparse.Namespace) -> int:
    """0 where the call can be read and nothing speaks against its signature, else 1. Without a
    secret the signature is not looked at.
    """
    declared = _declared(config, args.webhook) if args.webhook else None
    kind: WebhookKind = declared.webhook.kind if declared else args.kind
    if args.field and kind != "generic":
        message = N_(
            "--field says where members of a generic body stand: one of {kind} has its own"
        )
        raise UserError(message, 2, kind=kind)
    headers = [_header(line) for line in args.header]
    raw = octets_of(args.file, MAX_BODY_BYTES)
    now = read_date(args.at, config.site.timezone) if args.at else time.time_ns() // 1_000_000
    secrets = [octets_of(file, MAX_SECRET_BYTES).rstrip(b"\r\n") for file in args.secret_file]
    if declared and not secrets:
        secrets = _secrets(declared.webhook, config.folder)
    belief: Trust | Refusal | None = None
    if secrets or kind == "sumup":
        given = octets_of(args.certificate, MAX_SECRET_BYTES) if args.certificate else None
        certificate = given or certificate_at(certificate_url(kind, headers, raw), config.dns)
        belief = verify(kind, secrets, headers, raw, now, certificate=certificate)
    fields = declared.webhook.fields if declared else WebhookFields()
    delivery = read_delivery(kind, headers, raw, _fields(args.field, fields))
    _ = translator(config.site.language)
    follows = what_follows(delivery, declared, letter_domains(config))
    lines = [_about(belief).said(_), *(line.said(_) for line in follows)]
    if args.json:
        print(json_text(_as_json(args.file, belief, delivery, lines)))
    else:
        print(f"{args.file}: {lines[0]}", *lines[1:], sep="\n    ")
    return 1 if isinstance(belief, Reason) or isinstance(delivery, Reason) else 0


def _declared(config: Config, name: str) -> Declared:
    """As it stands in the author's files, published or not."""
    try:
        plan = parse(dict(read_sequences(config.sequences)), config.settings)
    except Unpublishable:
        raise UserError(N_("sequences/ has mistakes: `relance check` names them"), 2) from None
    if name not in plan.webhooks:
        message = N_('there is no webhook "{webhook}"{hint}')
        close = hint(nearest(name, plan.webhooks))
        raise UserError(message, 2, webhook=name, hint=close)
    return Declared(plan.webhooks[name], plan)


def _secrets(webhook: Webhook, folder: Path) -> list[bytes]:
    try:
        return list(secrets_of(webhook, folder))
    except Unreadable as error:
        raise UserError(error.words, 2) from None


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise UserError(N_('--header {line}: write "Name: value"'), 2, line=line)
    return name.strip(), value.strip()


def _fields(pairs: list[str], declared: WebhookFields) -> WebhookFields:
    known = WebhookFields.__dataclass_fields__
    pointers: dict[str, str] = {}
    for pair in pairs:
        name, equals, pointer = pair.partition("=")
        if not equals or name not in known or (pointer and not pointer.startswith("/")):
            raise UserError(
                N_("--field {pair}: write NAME=/pointer; there are: {known}"),
                2,
                pair=pair,
                known=", ".join(known),
            )
        pointers[name] = pointer
    return replace(declared, **pointers)


def _about(belief: Trust | Refusal | None) -> Words:
    match belief:
        case None:
            return words(N_("its signature was not looked at: name the secret by --secret-file"))
        case Reason():
            return words(N_("it would not be believed: {why}"), why=why_not_believed(belief))
        case _:
            return words(TRUSTS[belief])


def _as_json(
    file: Path,
    belief: Trust | Refusal | None,
    delivery: Delivery | Undeliverable,
    lines: list[str],
) -> dict[str, object]:
    read = delivery if isinstance(delivery, Delivery) else None
    return {
        "file": str(file),
        "trust": None if isinstance(belief, Reason) else belief,
        "refused": belief.code.value if isinstance(belief, Reason) else None,
        "id": read.id if read else None,
        "occurred_at": read.occurred_at if read else None,
        "facts": [_name(fact) for fact in read.facts] if read else None,
        "unreadable": delivery.code.value if isinstance(delivery, Reason) else None,
        "said": lines,
    }


def _name(fact: Fact) -> str:
    return BEFORE_A_CAPITAL.sub("-", type(fact).__name__).lower()
