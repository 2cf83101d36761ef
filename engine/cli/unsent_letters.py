"""`relance in-doubt` and `relance retry-withheld`: letters of which nobody knows whether they were
taken, and letters that were withheld until something is mended; settled by the operator.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Iterator

from engine.cli.people import operator_cause, report
from engine.cli.progress import catch_up
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say, counting_translator, translator
from engine.i18n.phrases import say_letter
from engine.i18n.stored_words import what_is_wanting
from engine.i18n.user_error import UserError
from engine.sequence.model import Plan
from engine.subscriber.agenda_key import every_occurrence, matter_of
from engine.subscriber.commands import RecordOutcome, RetryLetter
from engine.subscriber.due_acts import PAST_LATENESS
from engine.subscriber.outcome import Done
from engine.subscriber.terms import LetterVerdict
from engine.vault.vault import VaultWrite

BATCH = 500
Letter = tuple[str, str]
"""The encoded matter, of a broadcast without its occurrence, and the letter's id."""


def retry_withheld(context: AppContext, args: argparse.Namespace) -> int:
    language = context.config.site.language
    _ = translator(language)
    catch_up(context)
    letters = sorted({letter for _key, _list, letter, _what, _people in context.views.withheld()})
    if args.letter and args.letter not in letters:
        known = ", ".join(letters) or "-"
        raise UserError(
            N_("no letter {letter} is withheld for what can be mended; there are: {letters}"),
            letter=args.letter,
            letters=known,
        )
    if not letters:
        print(_("No letter is withheld for what can be mended."))
        return 0
    counts = _retry(context, args.letter, late=args.late)
    context.views.catch_up()
    plan = context.installation_stream.current().plan()
    for letter in dict.fromkeys(letter for letter, _how in counts):
        for line in _told(letter, counts, plan, _):
            print(line)
    if any(how == "again" for _letter, how in counts):
        print(
            _(
                "They leave while `relance run` runs; who still lacks what was wanting is withheld"
                " again, and `relance status` says so."
            )
        )
    return 1 if any(how == "busy" for _letter, how in counts) else 0


def _retry(context: AppContext, letter: str, *, late: bool) -> Counter[tuple[Letter, str]]:
    """How many, by letter and how it ended: "again", "late", "gone" (it may no longer leave),
    "busy".
    """
    counts: Counter[tuple[Letter, str]] = Counter()
    after = ("", "", "")
    while page := context.views.withheld_from(letter, after, BATCH):
        requests, meant = [], []
        for subscriber, row, name in page:
            key = matter_of(row)
            now, (cause, kept) = context.clock.now(), operator_cause({"letter": name})
            command = RetryLetter(at=now, cause=cause, key=key, letter=name, late=late)
            requests.append(
                CommandRequest(
                    command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
                )
            )
            meant.append((every_occurrence(key), name))
        for about, result in zip(meant, context.command_handler.execute(requests), strict=True):
            how = (
                "again"
                if isinstance(result.outcome, Done)
                else "late"
                if result.outcome == PAST_LATENESS
                else "gone"
            )
            counts[about, "busy" if result.conflict else how] += 1
        subscriber, row, name = page[-1]
        after = (name, subscriber, row)
    return counts


def _told(letter: Letter, counts: Counter[tuple[Letter, str]], plan: Plan, _: Say) -> Iterator[str]:
    sentences = {
        "again": _("{letter}: tried again for {n}"),
        "late": _("{letter}: past its max_lateness for {n}; with `--late` it is sent all the same"),
        "gone": _("{letter}: may no longer be sent to {n}"),
        "busy": _("{letter}: too much is changing for {n}; try again"),
    }
    for how, sentence in sentences.items():
        if count := counts[letter, how]:
            yield sentence.format(letter=say_letter(plan, *letter, _), n=count)


def withheld_lines(
    context: AppContext, plan: Plan, keys: Collection[str] | None = None
) -> Iterator[str]:
    """What waits to be mended, a line for each letter and cause, and how it is sent afterwards; of
    these matters only, where they are given.
    """
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    for key, _list, letter, what, people in context.views.withheld():
        if keys is None or key in keys:
            whom = ngettext("{n} person", "{n} people", people).format(n=people)
            wanting = what_is_wanting(what, _)
            yield _("{letter} is withheld from {people}: {wanting}").format(
                letter=say_letter(plan, key, letter, _), people=whom, wanting=wanting
            )
            yield "    " + _("mended, `relance retry-withheld {id}` sends it").format(id=letter)


def in_doubt(context: AppContext, args: argparse.Namespace) -> int:
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    catch_up(context)
    doubtful = context.views.in_doubt()
    chosen = args.resend or args.taken_as_sent
    if not chosen:
        people = context.vault.people(
            {subscriber for _message, subscriber, _letter, _at in doubtful}
        )
        for message, subscriber, letter, at in doubtful:
            address = people[subscriber].address if subscriber in people else _("(erased)")
            print(f"{message}  {shown(at, context.config.site.timezone)}  {letter}  {address}")
        print(
            ngettext("{n} letter in doubt", "{n} letters in doubt", len(doubtful)).format(
                n=len(doubtful)
            )
        )
        return 0
    subscriber = next((s for message, s, _letter, _at in doubtful if message == chosen), "")
    if not subscriber:
        raise UserError(N_("no letter {message} is in doubt"), message=chosen)
    verdict: LetterVerdict = "resend" if args.resend else "taken-as-sent"
    command = RecordOutcome(context.clock.now(), operator_cause({})[0], chosen, verdict)
    result = context.command_handler.execute_one(CommandRequest(command, stream=subscriber))
    return report(
        result, _("it will be sent again") if args.resend else _("it is taken as sent"), _
    )
