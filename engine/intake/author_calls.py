"""The JSON body of an API call of somebody who writes, publishes and connects → what is wanted, or
every mistake in it at once. Pure; see `body_reader`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.intake.body_reader import YES_NO, BodyReader, CallFault, Member, Mistakes
from engine.sequence.model import Plan

PUBLICATION = (
    Member("digest", "text", True, "The digest of the plan that was looked at."),
    Member(
        "backfill",
        "text",
        False,
        "yes: new letters also go to those for whom their moment is past.",
        YES_NO,
    ),
    Member(
        "stranded",
        "text",
        False,
        "yes: you know that people stand on lists that would be gone.",
        YES_NO,
    ),
)
NEW_BROADCAST = (
    Member("subject", "text", True, "Its subject; its id is made from it."),
    Member(
        "to",
        "texts",
        True,
        'To whom: numbers or names of lists, "@group", "segment:id", or "everyone".',
    ),
    Member("words", "words", True, "What it says, in Markdown, with links as letters have them."),
    Member(
        "on",
        "text",
        False,
        'When it leaves, on the clock of the installation: "2026-12-01 09:00". This or every.',
    ),
    Member("every", "text", False, 'Or when it comes back, as a cron line: "0 9 1 * *".'),
    Member("dialogue", "text", False, "The file it is written into; left out: that of its list."),
    Member("preheader", "text", False, "What mail programs show after the subject."),
    Member("theme", "text", False, "The code of a theme."),
    Member("content", "text", False, "The code of a type of content."),
    Member("reminder", "text", False, 'After how long the silent are reminded, once: "5 days".'),
)
TEST = (
    Member("to", "address", True, "The address that gets it."),
    Member(
        "reader",
        "address",
        False,
        "The address of whom it is made for, if they are known here; left out: as to says. Another"
        " than to wants the scope people, and is recorded.",
    ),
)

REPLAY = (
    Member("after", "number", False, "The position after which it is told. This or since."),
    Member("since", "moment", False, "Or the moment since when."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBroadcast:
    """`on` or `every` says when; `keys` are those of its file that are given as they stand."""

    subject: str
    to: tuple[str, ...]
    words: str
    on: str
    every: str
    dialogue: str
    keys: Mapping[str, str]
    reminder: str


def read_new_broadcast(body: object, plan: Plan, now: int) -> NewBroadcast | Mistakes:
    reader = BodyReader(body, NEW_BROADCAST, plan, now)
    on, every = reader.text("on"), reader.text("every")
    if bool(on) == bool(every):
        reader.mistake("on", CallFault.ON_OR_EVERY)
    to = reader.texts("to")
    if not to and not reader.lacks("to"):
        reader.mistake("to", CallFault.REQUIRED)
    keys = {name: reader.text(name) for name in ("preheader", "theme", "content")}
    read = NewBroadcast(
        subject=" ".join(reader.text("subject").split()),
        to=to,
        words=reader.words("words"),
        on=on.replace("T", " ")[:16],
        every=every,
        dialogue=reader.text("dialogue"),
        keys={name: value for name, value in keys.items() if value},
        reminder=reader.text("reminder"),
    )
    return reader.end() or read


def read_test(body: object, plan: Plan, now: int) -> tuple[str, str] | Mistakes:
    """Where a test goes, and whom it is made for: two addresses."""
    reader = BodyReader(body, TEST, plan, now)
    read = reader.address("to"), reader.address("reader")
    return reader.end() or read


class Replay(NamedTuple):
    """`after` a position, or, where that is not 0, `since` an instant (ms)."""

    after: int
    since: int


def read_replay(body: object, plan: Plan, now: int) -> Replay | Mistakes:
    reader = BodyReader(body, REPLAY, plan, now)
    if reader.lacks("after") == reader.lacks("since"):
        reader.mistake("after", CallFault.AFTER_OR_SINCE)
    read = Replay(reader.number("after"), reader.moment("since"))
    return reader.end() or read


@dataclass(frozen=True, slots=True)
class WantedPublication:
    digest: str
    backfill: bool
    stranded: bool


def read_publication(body: object, plan: Plan, now: int) -> WantedPublication | Mistakes:
    reader = BodyReader(body, PUBLICATION, plan, now)
    read = WantedPublication(
        reader.text("digest"), reader.text("backfill") == "yes", reader.text("stranded") == "yes"
    )
    return reader.end() or read
