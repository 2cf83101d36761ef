"""`relance hook`: the programs that are told of facts, a message to try one, what is told anew, and
who is told nothing for a while.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import ssl
from collections.abc import Iterator

from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.dns.https import Answer, Poster
from engine.dns.resolver import DnsResolver
from engine.hooks.message import headers, test_message
from engine.hooks.posting import POST_SECONDS, NoAnswer, Target
from engine.hooks.report import (
    STANDINGS,
    HookReport,
    answer_in_words,
    hook_reports,
    recorded_before,
)
from engine.hooks.settings import Hook
from engine.hooks.target_secrets import secrets_of
from engine.i18n.dates import read_date, shown
from engine.i18n.language import N_, Say, grouped, translator
from engine.i18n.user_error import UserError
from engine.ledger.codec import iso
from engine.sequence.mistakes import Unreadable
from engine.sequence.nearest import hint, nearest


def run(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    if args.part == "list":
        return _list(context, args.json, _)
    hook = _named(context, args.name)
    if args.part == "test":
        return _test(context, hook, _)
    context.hook_desk.begin([hook.name], context.ledger.head(), wall_now())
    match args.part:
        case "replay":
            position = _replayed_after(context, args)
            context.hook_desk.replay(hook.name, position)
            message = _("“{hook}” is told anew of what follows position {position}")
            print(message.format(hook=hook.name, position=position))
        case "enable":
            context.hook_desk.switch_on(hook.name)
            print(_("“{hook}” goes on from where it stood").format(hook=hook.name))
        case "disable":
            context.hook_desk.switch_off(hook.name, wall_now())
            message = _("“{hook}” is told nothing until `relance hook enable {hook}`")
            print(message.format(hook=hook.name))
    return 0


def _named(context: AppContext, name: str) -> Hook:
    hooks = {hook.name: hook for hook in context.config.hooks}
    if name not in hooks:
        message = N_("there is no [[hook]] “{hook}” in config.toml{hint}")
        raise UserError(message, 2, hook=name, hint=hint(nearest(name, hooks)))
    return hooks[name]


def _replayed_after(context: AppContext, args: argparse.Namespace) -> int:
    head = context.ledger.head()
    if args.since:
        since = read_date(args.since, context.config.site.timezone)
        return recorded_before(context.ledger, since)
    if not 1 <= args.position <= head + 1:
        message = N_("the ledger has the positions 1 to {head}")
        raise UserError(message, 2, head=head)
    return int(args.position) - 1


def _test(context: AppContext, hook: Hook, _: Say) -> int:
    """0 where the target took it, else 1."""
    try:
        known = secrets_of(hook, context.config.folder)
    except Unreadable as error:
        raise UserError(error.words, 2) from None
    message = test_message(secrets.token_hex(8), wall_now())
    dns = context.config.dns

    async def tried() -> Answer | NoAnswer:
        poster = Poster(ssl.create_default_context(), POST_SECONDS)
        target = Target(hook, DnsResolver(dns.servers, dns.port), poster)
        try:
            return await target.post(message.body, headers(message, known, wall_now()))
        finally:
            await target.close()

    answer = asyncio.run(tried())
    code = answer if isinstance(answer, str) else str(answer.status)
    said = answer_in_words(code).said(_)
    print(_("{host}: {answer} ({id})").format(host=hook.host, answer=said, id=message.id))
    return 0 if not isinstance(answer, str) and 200 <= answer.status < 300 else 1


def _list(context: AppContext, as_json: bool, _: Say) -> int:
    config = context.config
    reports = hook_reports(config.hooks, config.folder, context.hook_desk, context.ledger)
    if as_json:
        print(json_text([_as_json(report) for report in reports]))
    elif not reports:
        print(_("config.toml has no [[hook]]"))
    else:
        for report in reports:
            for line in _lines(report, config.site.timezone, _):
                print(line)
    return 0


def _lines(report: HookReport, zone: str, _: Say) -> Iterator[str]:
    hook, state, waiting = report.hook, report.state, report.waiting
    yield f"{hook.name}  {hook.host}  {', '.join(hook.events)}"
    if report.fault is not None:
        yield f"    ! {report.fault.said(_)}"
    yield f"    {_(STANDINGS[report.standing])}"
    if hook.allow_private:
        yield "    " + _("it may stand in a private network: `allow_private`")
    if state is None:
        return
    counts = _("at position {position}, {behind} before the end; taken: {n}").format(
        position=grouped(state.position, _),
        behind=grouped(report.behind, _),
        n=grouped(state.delivered, _),
    )
    yield f"    {counts}"
    if state.answer:
        last = _("last answer on {when}: {answer}").format(
            when=shown(state.answered_at, zone), answer=answer_in_words(state.answer).said(_)
        )
        yield f"    {last}"
    if waiting.retries:
        line = _("to be tried again: {n}").format(n=grouped(waiting.retries, _))
        yield f"    {line}"
    if waiting.given_up:
        line = _(
            "given up: {n}, the first at position {position}; `relance hook replay {hook} --from"
            " {position}` tells of them anew"
        )
        n, position = grouped(waiting.given_up, _), waiting.first_given_up
        yield "    " + line.format(n=n, position=position, hook=hook.name)


def _as_json(report: HookReport) -> dict[str, object]:
    answer = report.state.answer if report.state else ""
    return report.members(iso) | {"allow_private": report.hook.allow_private, "answer": answer}
