"""What a provider's reply asks of the sender: one rule per reply that is known, each with the day
on which it was checked, where it is written, and a sample that it must match.

A rule never counts against the person: a reply that a rule knows speaks of us.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from engine.sequence.delay import parse_delay
from engine.sequence.table import Table
from engine.words import N_, WordedError

Action = Literal["wait", "slow", "stop", "suppress-nobody"]
"""wait: nothing more to this provider for a time. slow: half as fast, over one connection less.
stop: as wait, and said as a finding, for somebody has to mend something. suppress-nobody: the
letter counts against nobody, and nothing else changes.
"""
ACTIONS: tuple[Action, ...] = get_args(Action)
MAX_LINE_CHARACTERS = 1000
MAX_REPEAT = 200
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`seconds` is for how long `action` holds, once the reply was seen `times` within `within`
    seconds of wall time. `reply` is looked for in "CODE ENHANCED TEXT", whatever the case.
    """

    name: str
    reply: re.Pattern[str]
    action: Action
    seconds: int
    times: int
    within: int
    checked_on: date
    source: str
    sample: str

    def matches(self, line: str) -> bool:
        return self.reply.search(line[:MAX_LINE_CHARACTERS]) is not None


def reply_line(code: int, enhanced: str, text: str) -> str:
    """A reply as rules read it: "421 4.7.0 [TSS04] Messages from …"."""
    return " ".join(part for part in (str(code), enhanced, text) if part)


def matching(rules: Iterable[Rule], line: str) -> tuple[Rule, ...]:
    """None for what no rule knows, and for every reply that is no refusal."""
    if line[:1] not in ("4", "5"):
        return ()
    return tuple(rule for rule in rules if rule.matches(line))


class NoPattern(WordedError, ValueError):
    """No pattern, or one that could take long over a long reply."""


def read_pattern(text: str) -> re.Pattern[str]:
    """A pattern whose time is bounded: each repetition is of one character or class, all together
    try at most MAX_REPEAT ways from one place, and nothing refers back. Raises NoPattern.
    """
    if not text:
        raise NoPattern(N_("a rule needs a pattern"))
    if re.search(r"\\[0-9]", text) or "(?P" in text:
        raise NoPattern(N_("a pattern of a rule refers back to nothing"))
    plain = re.sub(r"\[\^?\]?[^\]]*\]", "x", re.sub(r"\\.", "x", text))
    ways = 1
    for least, comma, most in re.findall(r"\{(\d*)(,?)(\d*)\}", plain):
        ways *= int(most or MAX_REPEAT + 1) if comma else 1 + int(least) // MAX_REPEAT
    if ways > MAX_REPEAT or re.search(r"[*+]|\)\{", plain):
        raise NoPattern(
            N_(
                "a pattern of a rule repeats single characters, and at most {most} times in all:"
                " write `.{0,40}`, not `.*`"
            ),
            most=MAX_REPEAT,
        )
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise NoPattern(N_("this is no pattern: {why}"), why=str(error)) from None


class NoDay(WordedError, ValueError):
    """Not a day as "2026-11-30"."""


def read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoDay(N_('"{text}" is no day: write "2026-11-30"'), text=text) from None


MAX_SECONDS = 30 * 86_400


class NoTime(WordedError, ValueError):
    """Not a time that an action may hold for."""


def _seconds(text: str) -> int:
    seconds = parse_delay(text).nominal_ms // 1000
    if not 0 < seconds <= MAX_SECONDS:
        raise NoTime(N_('"{text}" is not between a minute and thirty days'), text=text)
    return seconds


_NEVER = re.compile(r"(?!)")


def read_rule(table: Table) -> Rule:
    """A rule that does not match its own sample is a mistake of its file."""
    rule = Rule(
        name=table.need("name", str, ""),
        reply=table.parsed("reply", read_pattern, _NEVER),
        action=table.one_of("action", ACTIONS, "wait"),
        seconds=table.parsed("for", _seconds, 3600),
        times=table.get("times", int, 1),
        within=table.parsed("within", _seconds, 3600),
        checked_on=table.parsed("checked_on", read_day, date.min),
        source=table.need("source", str, ""),
        sample=table.need("sample", str, ""),
    )
    if rule.name and not _SLUG.fullmatch(rule.name):
        table.mistake(
            "name", N_("`name` is made of at most 40 small letters, digits and hyphens within")
        )
    if rule.checked_on == date.min and "checked_on" not in table.values:
        table.mistake("", N_("`{key}` is missing"), key="checked_on")
    if not 1 <= rule.times <= 1000:
        table.mistake("times", N_("`times` is a number from 1 to 1000"))
    if rule.reply is _NEVER and "reply" not in table.values:
        table.mistake("", N_("`{key}` is missing"), key="reply")
    elif rule.sample and rule.reply is not _NEVER and not matching((rule,), rule.sample):
        table.mistake(
            "sample",
            N_("`reply` does not match this `sample`, which is a refusal as the provider words it"),
        )
    table.finish()
    return rule
