"""`relance watch FILE`: a dialogue as it runs: its questions (asked, each answer, silent, waiting,
lost at the button), what became of its mailings, and which of its letters are withheld.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from engine.authoring.dialogue_file import broadcasts_in, files_asked_for, lists_in
from engine.cli.sending import withheld_lines
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import Say, counting_translator, grouped, translator
from engine.i18n.phrases import named, quoted, say_list, say_matter
from engine.sequence.model import Plan
from engine.status.questions import MailingOutcomes, Question, questions
from engine.subscriber.agenda_key import BroadcastKey, encode, list_key


def run(context: AppContext, args: argparse.Namespace) -> int:
    context.views.catch_up()
    plan = context.installation_stream.current().plan()
    files = files_asked_for(plan, args.file)
    by_file = {file: tuple(questions(context, plan, file)) for file in files}
    if args.json:
        rows = {
            file: [asdict(question) for question in of_file] for file, of_file in by_file.items()
        }
        print(json_text(rows))
        return 0
    language = context.config.site.language
    _ = translator(language)
    for file, of_file in by_file.items():
        print(f"{plan.titles[file]}  ({file})")
        for question in of_file:
            print()
            for line in _lines(question, plan, language == "fr"):
                print(line)
        if not of_file:
            print(_("  no letter of it asks anything"))
        keys = {list_key(listed.id) for listed in lists_in(plan, file)} | {
            encode(BroadcastKey(broadcast.id)) for broadcast in broadcasts_in(plan, file)
        }
        for number, line in enumerate(withheld_lines(context, plan, keys)):
            print(line if number else f"\n{line}")
        print()
    return 0


def _lines(question: Question, plan: Plan, french: bool) -> Iterator[str]:
    _ = translator("fr" if french else "en")
    ngettext = counting_translator("fr" if french else "en")
    where = say_matter(plan, question.where, _)
    yield f"{named(question.letter, question.subject, _)} ({where})"
    if question.became is not None:
        yield f"  {_outcomes(question.became, _)}"
    if not question.answers:
        return
    rows = [(_("asked"), question.asked, "")]
    for answer in question.answers:
        note = f"→ {say_list(plan, answer.target)}"
        if answer.automatic:
            note += "  " + _("({n} by the page itself)").format(n=answer.automatic)
        rows.append((quoted(answer.label, _), answer.people, note))
    reminded = ngettext(
        "{n} reminder was sent", "{n} reminders were sent", question.reminded
    ).format(n=question.reminded)
    rows.append((_("silent"), question.silent, ""))
    rows.append(
        (
            _("waiting"),
            question.waiting,
            _("there is still time, or a reminder to come") if question.waiting else "",
        )
    )
    rows.append(
        (
            _("lost at the button"),
            question.lost,
            _("opened a link and did not press") if question.lost else "",
        )
    )
    width = max(len(row[0]) for row in rows)
    for index, (label, count, note) in enumerate(rows):
        share = f"{100 * count / question.asked:5.0f} %" if question.asked and index else " " * 7
        shown = reminded if index == 0 and question.reminded else note
        yield f"  {label.ljust(width)} {count:7} {share}  {shown}".rstrip()


def _outcomes(became: MailingOutcomes, _: Say) -> str:
    """ "sent 120 · refused by mail servers 3 · withheld 5"; what there is none of is left out,
    but for what was sent.
    """
    parts = [
        (_("sent"), became.sent),
        (_("refused by mail servers"), became.refused),
        (_("withheld"), became.withheld),
        (_("in doubt"), became.in_doubt),
        (_("put off"), became.put_off),
        (_("under way"), became.under_way),
    ]
    return " · ".join(
        f"{name} {grouped(count, _)}" for name, count in parts if count or name == parts[0][0]
    )
