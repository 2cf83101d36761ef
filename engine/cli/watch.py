"""`relance watch FILE`: a dialogue as it runs: its questions (asked, each answer, silent, waiting,
lost at the button), what became of its mailings, and which of its letters are withheld.

Whoever was asked and has not answered is waited for while a reminder is to come to them, and after
the last letter for as long again as its reminder waits (a week where nothing reminds of it); from
then on they are silent.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from engine.authoring.dialogue_file import broadcasts_in, files_asked_for, lists_in
from engine.cli.retry_withheld import withheld_lines
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import Say, counting_translator, grouped, translator
from engine.i18n.phrases import language_of, named, quoted, say_list, say_matter, subject_of
from engine.sequence.delay import DAY, Delay
from engine.sequence.model import Letter, Link, Plan
from engine.subscriber.agenda_key import BroadcastKey, encode, list_key
from engine.views import QuestionQuery, QuestionTally

WINDOW = 7 * DAY
PATIENCE = 7 * DAY
"""For an answer to a question that nothing reminds of."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is "move" or "copy"; `automatic` are those among `people` whose page acted by
    itself.
    """

    label: str
    kind: str
    target: int
    people: int
    automatic: int


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a mailing, over all its dates: people by outcome. `refused`: by mail servers;
    `withheld`: for whatever reason.
    """

    sent: int = 0
    refused: int = 0
    withheld: int = 0
    in_doubt: int = 0
    put_off: int = 0
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A letter that asks, or a mailing, which need not. `lost` are among the waiting and the
    silent: they opened a link and never pressed. `became` is None for a letter of a list.
    """

    where: str
    letter: str
    subject: str
    asked: int
    reminded: int
    answers: tuple[Answer, ...]
    waiting: int
    silent: int
    lost: int
    became: Became | None = None


def run(context: AppContext, args: argparse.Namespace) -> int:
    context.views.catch_up()
    plan = context.installation_stream.current().plan()
    files = files_asked_for(plan, args.file)
    found = {file: tuple(watch(context, plan, file)) for file in files}
    if args.json:
        rows = {
            file: [asdict(question) for question in questions] for file, questions in found.items()
        }
        print(json_text(rows))
        return 0
    language = language_of(context.config)
    _ = translator(language)
    for file, questions in found.items():
        print(f"{plan.titles[file]}  ({file})")
        for question in questions:
            print()
            for line in _lines(question, plan, language == "fr"):
                print(line)
        if not questions:
            print(_("  no letter of it asks anything"))
        keys = {list_key(listed.id) for listed in lists_in(plan, file)} | {
            encode(BroadcastKey(broadcast.id)) for broadcast in broadcasts_in(plan, file)
        }
        for number, line in enumerate(withheld_lines(context, plan, keys)):
            print(line if number else f"\n{line}")
        print()
    return 0


def watch(context: AppContext, plan: Plan, file: str) -> Iterator[Question]:
    """Each question and mailing of a file in the dialogue in force, as far as the views have
    followed.
    """
    now, lost = context.clock.now(), context.desk.lost_messages()
    for listed in lists_in(plan, file):
        for letter in listed.letters:
            if letter.links and not letter.reminds:
                reminders = _reminders(letter, listed.letters)
                since = now - _longest(reminders, listed.max_lateness)
                yield _question(
                    context, list_key(listed.id), letter, reminders, (listed.id,), since, lost
                )
    for broadcast in broadcasts_in(plan, file):
        reminders = [broadcast.reminder] if broadcast.reminder is not None else []
        since = now - _longest(reminders, broadcast.max_lateness)
        key = encode(BroadcastKey(broadcast.id))
        question = _question(context, key, broadcast.letter, reminders, broadcast.to, since, lost)
        yield replace(question, became=_became(context, key, broadcast.letter.id))


def _became(context: AppContext, key: str, letter: str) -> Became:
    counts = Counter[str]()
    for _key, _letter, status, _link, people, _automatic in context.views.mailings([(key, letter)]):
        counts[status] += people
    return Became(
        *(counts[status] for status in ("sent", "failed", "withheld", "doubt", "deferred", "begun"))
    )


def _reminders(letter: Letter, letters: Sequence[Letter]) -> list[Letter]:
    """What reminds of a letter, and what reminds of that."""
    names, found = {letter.id}, []
    for each in letters:
        if each.reminds in names:
            names.add(each.id)
            found.append(each)
    return found


def _longest(reminders: Sequence[Letter], lateness: Delay) -> int:
    """After so long (ms) no reminder comes any more: every wait, the lateness allowed, and a week
    for hours and days.
    """
    waits = sum(each.wait.nominal_ms for each in reminders if each.wait is not None)
    return waits + len(reminders) * (lateness.nominal_ms + WINDOW)


def _question(
    context: AppContext,
    key: str,
    letter: Letter,
    reminders: Sequence[Letter],
    lists: tuple[int, ...],
    since: int,
    lost: tuple[str, ...],
) -> Question:
    every = [letter, *reminders]
    answers: dict[tuple[str, int, int], tuple[int, Link]] = {}
    links: list[tuple[str, int, int, bool]] = []
    for each in every:
        for link in each.links:
            name = _answer_name(each, link)
            number = answers.setdefault(name, (len(answers), link))[0]
            links.append((each.id, link.index, number, link.kind == "move"))
    patience = max(
        (each.wait.nominal_ms for each in reminders if each.wait is not None), default=PATIENCE
    )
    asked = QuestionQuery(
        key,
        letter.id,
        tuple(each.id for each in reminders),
        tuple(links),
        lists,
        since,
        lost,
        context.clock.now() - patience,
    )
    tally: QuestionTally = context.views.question(asked)
    return Question(
        key,
        letter.id,
        subject_of(letter),
        tally.sent.get(letter.id, 0),
        sum(tally.sent.get(each.id, 0) for each in reminders),
        tuple(
            Answer(link.label, link.kind, link.target, *tally.given.get(number, (0, 0)))
            for number, link in answers.values()
        ),
        tally.waiting,
        tally.silent,
        tally.lost,
    )


def _answer_name(letter: Letter, link: Link) -> tuple[str, int, int]:
    """The same answer in a question and its reminder, whatever its words; two links of one letter
    to one list are two answers.
    """
    before = [
        each
        for each in letter.links
        if (each.kind, each.target) == (link.kind, link.target) and each.index < link.index
    ]
    return link.kind, link.target, len(before)


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


def _outcomes(became: Became, _: Say) -> str:
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
