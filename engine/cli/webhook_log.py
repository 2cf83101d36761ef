"""`relance webhook log`: the calls of shops and mail services that came, and what came of each.
Apart from `webhook try`, which needs no database.
"""

from __future__ import annotations

import argparse

from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.desk.webhook_calls import MAX_CALLS, WebhookCall
from engine.i18n import dates
from engine.i18n.language import N_, Say, translator
from engine.i18n.user_error import UserError
from engine.sequence.delay import DAY
from engine.sequence.nearest import hint, nearest
from engine.webhooks.call_outcomes import FACT_NAMES, believed_in_words, outcome_in_words


def webhook_log(context: AppContext, args: argparse.Namespace) -> int:
    """The newest last, as a terminal is read."""
    _, zone = translator(context.config.site.language), context.config.site.timezone
    if args.webhook:
        known = context.installation_stream.current().plan().webhooks
        if args.webhook not in known:
            close = hint(nearest(args.webhook, known))
            message = N_('there is no webhook "{webhook}"{hint}')
            raise UserError(message, 2, webhook=args.webhook, hint=close)
    since = wall_now() - args.days * DAY
    calls = context.webhook_calls.recent(args.webhook or None, MAX_CALLS, since=since)
    if args.json:
        print(json_text([_as_json(call, _) for call in calls]))
        return 0
    for call in reversed(calls):
        believed = believed_in_words(call.trust, call.refusal).said(_)
        told = _("{name}: {value}").format(name=call.webhook, value=believed)
        print(f"{dates.shown(call.at, zone)}  {told}")
        for line in _lines(call, _):
            print(f"    {line}")
    if not calls:
        print(_("No call has come in the last {days} days.").format(days=args.days))
    return 0


def _lines(call: WebhookCall, _: Say) -> list[str]:
    return [
        _("{name}: {value}").format(
            name=_(FACT_NAMES.get(fact.name, fact.name)),
            value=outcome_in_words(fact.outcome).said(_),
        )
        + (f"  [{fact.subscriber}]" if fact.subscriber else "")
        for fact in call.facts
    ]


def _as_json(call: WebhookCall, _: Say) -> dict[str, object]:
    return {
        "id": call.id,
        "webhook": call.webhook,
        "at": call.at,
        "trust": call.trust or None,
        "refused": call.refusal or None,
        "facts": [
            {
                "name": fact.name,
                "outcome": fact.outcome,
                "subscriber": fact.subscriber or None,
                "said": outcome_in_words(fact.outcome).said(_),
            }
            for fact in call.facts
        ],
        "said": believed_in_words(call.trust, call.refusal).said(_),
    }
