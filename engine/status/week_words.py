"""A week in words: sections of lines, the same for the mail to the operator, the command line and
the console. Numbers and an author's own words; nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from textwrap import TextWrapper
from typing import NamedTuple

from engine.audience.result_words import earned, share, titled_letter
from engine.audience.results import EPOCH, Results
from engine.audience.year import entry_in_words
from engine.i18n.language import (
    Language,
    counting_translator,
    day_in_words,
    grouped,
    translator,
)
from engine.i18n.phrases import quoted, say_list, say_moment
from engine.sequence.model import Plan
from engine.status.finding import WRONG, Finding
from engine.status.finding_words import FindingWords
from engine.status.week import Week
from engine.views import week_of

MAX_QUESTIONS = 20
WIDTH = 76


class Line(NamedTuple):
    """`note` says more of it, "" for nothing; `under`: it is a part of the line before."""

    words: str
    note: str = ""
    under: bool = False


class Section(NamedTuple):
    title: str
    lines: tuple[Line, ...]


class WeekWords:
    def __init__(self, plan: Plan, language: Language) -> None:
        self.plan, self.language = plan, language
        self.say = self._ = translator(language)
        self.ngettext = counting_translator(language)
        self._findings = FindingWords(plan, language)

    def title(self, monday: int, now: int) -> str:
        """Of the week of a Monday (days since 1970-01-01), as of `now` (ms)."""
        day = day_in_words(EPOCH + timedelta(days=monday), self.language)
        words = (
            self._("Week of {day}") if monday < week_of(now) else self._("Week of {day}, so far")
        )
        return words.format(day=day)

    def finding(self, finding: Finding) -> str:
        return self._findings.what(finding)

    def sections(self, week: Week) -> Iterator[Section]:
        _ = self._
        stuck = [finding for finding in week.findings if finding.level in WRONG]
        notices = [finding for finding in week.findings if finding.level not in WRONG]
        yield Section(_("What is stuck"), tuple(self._stuck(stuck)))
        yield Section(_("People"), tuple(self._people(week)))
        yield Section(_("Letters of this week"), tuple(self._letters(week)))
        if week.questions:
            yield Section(_("Answers to them"), tuple(self._answers(week.questions)))
        yield Section(_("The seven days to come"), tuple(self._coming(week)))
        if notices:
            yield Section(_("Good to know"), tuple(self._told(notices)))

    def _stuck(self, wrong: Iterable[Finding]) -> Iterator[Line]:
        yield from tuple(self._told(wrong)) or (Line(self._("nothing")),)

    def _told(self, findings: Iterable[Finding]) -> Iterator[Line]:
        for finding in findings:
            yield Line(self._findings.what(finding), self._findings.remedy(finding))

    def _people(self, week: Week) -> Iterator[Line]:
        _ = self._
        yield self._beside(_("came onto a list"), week.came, week.came_before)
        yield self._beside(_("left one"), week.left, week.left_before)
        for one in week.lists:
            if one.came or one.left:
                words = _("{list}: {came} came, {left} left; {standing} stand on it").format(
                    list=say_list(self.plan, one.list),
                    came=grouped(one.came, _),
                    left=grouped(one.left, _),
                    standing=grouped(one.standing, _),
                )
                yield Line(words, under=True)

    def _letters(self, week: Week) -> Iterator[Line]:
        _, letters, before = self._, week.letters, week.before
        yield self._beside(_("accepted"), letters.accepted, before.accepted)
        bounced, bounced_before = (sum(one.bounced.values()) for one in (letters, before))
        for head, n, n_before in (
            (_("refused for good"), letters.refused, before.refused),
            (_("bounces"), bounced, bounced_before),
            (_("complaints"), letters.complained, before.complained),
            (_("unsubscribes"), letters.unsubscribed, before.unsubscribed),
            (_("answered"), letters.answered, before.answered),
            (_("put off"), letters.put_off, 0),
            (_("withheld"), letters.withheld, before.withheld),
            (_("in doubt"), letters.in_doubt, 0),
        ):
            if n or n_before:
                yield self._beside(head, n, n_before)
        if amount := earned(letters, _):
            words = _("{name}: {value}").format(name=_("ordered after them"), value=amount)
            yield Line(words)

    def _beside(self, head: str, n: int, before: int) -> Line:
        """ "accepted: 1,203 (the week before: 980)"."""
        words = self._("{name}: {value}").format(name=head, value=grouped(n, self._))
        note = self._("the week before: {n}").format(n=grouped(before, self._))
        return Line(words, note)

    def _answers(self, questions: tuple[Results, ...]) -> Iterator[Line]:
        _ = self._
        for one in sorted(questions, key=lambda one: -one.answered)[:MAX_QUESTIONS]:
            words = _("{letter}: {answered} of {accepted} answered").format(
                letter=quoted(titled_letter(self.plan, one.name), _),
                answered=grouped(one.answered, _),
                accepted=grouped(one.accepted, _),
            )
            yield Line(words, share(one.answered, one.accepted, _))
            for answer in one.answers:
                value = _("{name}: {value}").format(
                    name=quoted(answer.label, _), value=grouped(answer.people, _)
                )
                yield Line(value, under=True)
        if len(questions) > MAX_QUESTIONS:
            more = len(questions) - MAX_QUESTIONS
            words = _("and {n} more: `relance results`").format(n=grouped(more, _))
            yield Line(words)

    def _coming(self, week: Week) -> Iterator[Line]:
        _, ngettext = self._, self.ngettext
        due = ngettext("{n} letter falls due", "{n} letters fall due", week.due)
        yield Line(due.format(n=grouped(week.due, _)))
        for entry in week.mailings:
            moment = say_moment(entry.at, self.plan.timezone, self.language)
            words = entry_in_words(entry, self.plan, _)
            yield Line(f"{moment}  {words}")
        for entry in week.intended:
            yield Line(f"{entry.day}  {entry_in_words(entry, self.plan, _)}")
        if week.rights:
            rights = ngettext(
                "{n} request of somebody about their data must be answered",
                "{n} requests of people about their data must be answered",
                week.rights,
            )
            yield Line(rights.format(n=grouped(week.rights, _)), "relance requests")


def told_in_text(sections: Iterable[Section]) -> Iterator[str]:
    """As lines of plain text."""
    for number, section in enumerate(sections):
        if number:
            yield ""
        yield section.title
        for line in section.lines:
            indent = "    " if line.under else "  "
            beside = f"{line.words} ({line.note})" if line.note else line.words
            if len(indent + beside) <= WIDTH:
                yield indent + beside
                continue
            yield from _wrapped(line.words, indent)
            yield from _wrapped(line.note, "    ")


def _wrapped(text: str, indent: str) -> list[str]:
    """No word is broken: an address or a command has to stay whole."""
    return TextWrapper(
        WIDTH,
        initial_indent=indent,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    ).wrap(text)
