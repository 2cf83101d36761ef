"""The plan as values: letters, lists, broadcasts, forms. Nothing here parses, decides or computes
times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Literal, get_args
from unicodedata import normalize

from engine.frozen import dataclass
from engine.sequence.anchors import Anchor, Anchored
from engine.sequence.condition import Combined, Condition, InSegment
from engine.sequence.declared import Declared
from engine.sequence.delay import NONE, Delay
from engine.sequence.pressure import DEFAULT_WEIGHT, Caps, ScopedCap, WhenFull
from engine.sequence.timing import ANY_HOUR, Hours
from engine.sequence.webhooks import Webhook
from engine.words import Language

FieldType = Literal["text", "number", "date", "choice", "choices", "yes-no"]
FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)
MAX_LABEL = 200
_MARKUP = re.compile(r"\*\*|__|[*_`](?=\S)|(?<=\S)[*_`]")


@dataclass(frozen=True, slots=True)
class Link:
    """The n-th action link of a letter: where a click leads. `kind` is "move" or "copy"; `target`
    is a list's number.
    """

    index: int
    kind: Literal["move", "copy"]
    target: int
    label: str = ""

    @property
    def readable(self) -> str:
        """The label as plain words in Unicode normal form C, at most MAX_LABEL characters; "" when
        it has none of its own: one that holds a merge field is not shown half filled in.
        """
        if "{{" in self.label or "{%" in self.label:
            return ""
        return normalize("NFC", _MARKUP.sub("", self.label)).strip()[:MAX_LABEL]


ORIGINAL = "a"
"""The letter itself, where it is tried against other versions."""
HOLDOUT = "holdout"
"""The share of people who do not get the letter: a version without one."""


@dataclass(frozen=True, slots=True)
class Version:
    """Other words of a letter, for `share` of a hundred people; what it does not say is the
    letter's. Its links lead where those of the letter lead, in the same order.
    """

    id: str
    share: int
    subject: str
    body: str
    preheader: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail of a list or broadcast. Its identity is `id`, never its position.

    Exactly one of these says when: `after` (since joining), `wait` (since the letter before),
    `reminds` with `wait` (since the letter reminded was sent, only to who has not answered it),
    `anchored` (before or since a date that matters).
    `added_at` (ms) is when it was first published, `backfill` whether it also reaches people
    already past it. Under a cap a letter leaves room for those of more `weight` (0 to 9);
    `when_full` says what becomes of it where there is none. Only who is in segment `only` ("" is
    everybody) gets it, and nobody who is in segment `unless`. `theme` is what it is about,
    `content` of which type it is: declared in config.toml, "" for none. It is tried where it has
    `versions`, or a `holdout`: so many of a hundred do not get it. The trial is the one that began
    with edition `tried_since`, 0 where nothing is tried.
    """

    id: str
    subject: str
    body: str
    preheader: str = ""
    after: Delay | None = None
    wait: Delay | None = None
    reminds: str = ""
    hours: Hours = ANY_HOUR
    links: tuple[Link, ...] = ()
    added_at: int = 0
    backfill: bool = False
    weight: int = DEFAULT_WEIGHT
    when_full: WhenFull = "wait"
    only: str = ""
    unless: str = ""
    anchored: Anchored | None = None
    theme: str = ""
    content: str = ""
    versions: tuple[Version, ...] = ()
    holdout: int = 0
    tried_since: int = 0

    @property
    def arms(self) -> tuple[tuple[str, int], ...]:
        """Of a letter that is tried, each version with its share of a hundred; the rest has the
        letter itself. Empty where nothing is tried.
        """
        if not (self.versions or self.holdout):
            return ()
        others = [(version.id, version.share) for version in self.versions]
        if self.holdout:
            others.append((HOLDOUT, self.holdout))
        return ((ORIGINAL, 100 - sum(share for _, share in others)), *others)

    def in_version(self, name: str) -> Letter:
        """The letter in the words of a version; itself where there is none of that name."""
        version = next((version for version in self.versions if version.id == name), None)
        if version is None:
            return self
        return replace(
            self,
            subject=version.subject,
            body=version.body,
            preheader=version.preheader,
            links=version.links,
        )

    def wordings(self) -> Iterator[tuple[str, Letter]]:
        """The letter itself under "", then in each version under its id."""
        yield "", self
        for version in self.versions:
            yield version.id, self.in_version(version.id)


@dataclass(frozen=True, slots=True)
class Ending:
    """What happens to a person after the last letter of a list: moved, copied, or taken off; of one
    that asks the silent, also no longer written to for its purpose ("stop").
    """

    kind: Literal["move", "copy", "leave", "stop"]
    target: int = 0
    after: Delay = NONE


@dataclass(frozen=True, slots=True)
class Rejoin:
    kind: Literal["always", "after", "never"] = "always"
    after: Delay = NONE


@dataclass(frozen=True, slots=True)
class List:
    """A number, a name, a purpose, and the letters sent to whoever is on it."""

    id: int
    name: str
    purpose: str
    file: str = ""
    group: str = ""
    thanks: str = ""
    letters: tuple[Letter, ...] = ()
    ends: Ending | None = None
    leaves: tuple[int, ...] = ()
    leaves_groups: tuple[str, ...] = ()
    rejoin: Rejoin = Rejoin()
    min_gap: Delay = Delay(minutes=12 * 60)
    max_lateness: Delay = Delay(days=7)
    stop_on_reply: bool = False

    def letter(self, letter_id: str) -> Letter | None:
        return next((letter for letter in self.letters if letter.id == letter_id), None)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One mailing on a date (`on`, local "YYYY-MM-DD HH:MM" in the installation's zone), a
    recurring one (`every`, a cron line), or one that is counted from a date that matters
    (`letter.anchored`, at `letter.hours`). It goes to who is on one of the lists `to` or in one of
    `segments`. `programme`: the intended entry it carries out.
    """

    id: str
    purpose: str
    to: tuple[int, ...]
    letter: Letter
    file: str = ""
    on: str = ""
    every: str = ""
    reminder: Letter | None = None
    max_lateness: Delay = Delay(days=2)
    segments: tuple[str, ...] = ()
    programme: str = ""

    @property
    def anchored(self) -> Anchored | None:
        return self.letter.anchored


@dataclass(frozen=True, slots=True)
class Intention:
    """An entry of the year's programme that is only intended: `on` is "2027-05" or "2027-05-12"."""

    id: str
    on: str
    what: str
    to: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Who is meant: whom somebody put in (`static`), or who satisfies `own` and is in the segment
    `parent`, if there is one.
    """

    id: str
    name: str
    file: str = ""
    parent: str = ""
    static: bool = False
    own: Combined = Combined()

    @property
    def condition(self) -> Condition:
        """What holds for its members; of a static segment, that they are in it."""
        if self.static:
            return InSegment(self.id)
        return Combined(all=(InSegment(self.parent), self.own)) if self.parent else self.own


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """What happens to a person who enters or leaves a segment. A move leaves list `source`."""

    when: Literal["enters", "leaves"]
    segment: str
    then: Literal["join", "move", "leave"]
    list: int
    source: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Reactivation:
    """Who has been silent for `silent_for`, and in that time got at least `received` letters of the
    purpose of `list`, is put on it: its letters ask them, and its ending stops the purpose.
    """

    list: int
    silent_for: Delay
    received: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button of a form and the list it leads to."""

    label: str
    list: int


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A piece of information about a person which letters may use. `options` are what a choice or
    choices choose from; `engine.sequence.field_values` says how each type is kept.
    """

    name: str
    label: str
    type: FieldType = "text"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormField(Field):
    """A field as a form asks for it, with its label there."""

    required: bool = False


Asked = Literal["themes", "contents", "frequency", "measure"]
ASKED: tuple[Asked, ...] = get_args(Asked)


@dataclass(frozen=True, slots=True)
class Form:
    """A hosted form. `basis` "consent" asks for a confirmation by mail unless `confirm` is false;
    "service" and "soft-optin" join at once.

    `age` is the label of a box by which somebody declares to be old enough; `function_field` names
    the field that holds a profession (D09). `ask`: what it lets people choose besides, as their
    page of preferences does. Who joins by it is put into the static `segment`. `language` is
    that of its words, and of whoever comes by it. `sites` are the origins on which it may stand in
    a frame, whose scripts may post it, and where it may lead back to.
    """

    name: str
    title: str
    purpose: str
    list: int
    notice: str
    button: str
    checkbox: str = ""
    file: str = ""
    intro: str = ""
    fields: tuple[FormField, ...] = ()
    question: Question | None = None
    basis: Literal["consent", "soft-optin", "b2b", "service"] = "consent"
    confirm: bool = True
    thanks: str = ""
    confirmed: str = ""
    order_field: str = ""
    age: str = ""
    function_field: str = ""
    ask: tuple[Asked, ...] = ()
    segment: str = ""
    language: Language = "fr"
    sites: tuple[str, ...] = ()

    @property
    def lists(self) -> tuple[int, ...]:
        return (
            (self.list,)
            if self.question is None
            else tuple(choice.list for choice in self.question.choices)
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The letter that asks a person to confirm, and its one reminder."""

    subject: str
    body: str
    preheader: str = ""
    remind_after: Delay = Delay(days=2)
    expire_after: Delay = Delay(days=7)
    remind_subject: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    yields_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purpose:
    """What consent is given for. `partner` is whose messages they are, when they are not the
    installation's own (D07); `caps` hold for its letters alone.
    """

    id: str
    name: str
    description: str = ""
    partner: str = ""
    caps: Caps = ()


MEASURE = "measure"
"""Stands in place of a purpose for the consent to be measured, which is no ground for writing."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What a letter may be about; readers choose themes among their preferences."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """A type of content (a video, an article); readers choose among these too."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything published: the engine runs on exactly one of these at a time; `edition` counts
    publications, 0 is the empty plan. `caps` hold for the letters of all purposes together;
    `measured` is what one agrees to who agrees to be measured, None where nobody is asked to.
    """

    edition: int = 0
    timezone: str = "Europe/Paris"
    language: Language = "fr"
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    lists: Mapping[int, List] = field(default_factory=dict)
    broadcasts: Mapping[str, Broadcast] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    confirmation: Confirmation = Confirmation(subject="", body="")
    words: Mapping[str, str] = field(default_factory=dict)
    declared: Declared | None = None
    caps: Caps = ()
    segments: Mapping[str, Segment] = field(default_factory=dict)
    rules: tuple[SegmentRule, ...] = ()
    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    programme: Mapping[str, Intention] = field(default_factory=dict)
    themes: Mapping[str, Theme] = field(default_factory=dict)
    contents: Mapping[str, Content] = field(default_factory=dict)
    reactivations: Mapping[int, Reactivation] = field(default_factory=dict)
    measured: Purpose | None = None
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)

    def field_types(self) -> dict[str, FieldType]:
        """Of the fields that are no texts."""
        return {field.name: field.type for field in self.fields.values() if field.type != "text"}

    def agreed_to(self, purpose: str) -> Purpose | None:
        """What one agrees to by a consent: to letters of a purpose, or to be measured."""
        return self.measured if purpose == MEASURE else self.purposes.get(purpose)

    def title_for_readers(self, number: int) -> str:
        """The name of a list for readers: the title of its dialogue, else that of its purpose; ""
        for a list no longer published.
        """
        listed = self.lists.get(number)
        if listed is None:
            return ""
        title, purpose = self.titles.get(listed.file, ""), self.purposes.get(listed.purpose)
        return title if title and title != listed.file else purpose.name if purpose else ""

    def list_named(self, reference: str | int) -> List | None:
        """The list of a number ("11") or a name ("liste-creee"), or None."""
        text = str(reference)
        if text.isascii() and text.isdigit():
            return self.lists.get(int(text))
        return next((listed for listed in self.lists.values() if listed.name == text), None)

    def partner_of(self, purpose: str) -> tuple[str, str]:
        """The partner a purpose is for and the version of the list it stands in (D07), "" and ""
        for what is the installation's own.
        """
        purposed = self.purposes.get(purpose)
        if purposed is None or not purposed.partner or self.declared is None:
            return "", ""
        return purposed.partner, self.declared.partners_version

    def caps_for(self, purpose: str) -> tuple[ScopedCap, ...]:
        """The caps that hold for letters of a purpose: of the house, and its own. What a reader
        chose for themselves is not among them.
        """
        purposed = self.purposes.get(purpose)
        own = purposed.caps if purposed is not None else ()
        if not (self.caps or own):
            return ()
        return (*(("", cap) for cap in self.caps), *((purpose, cap) for cap in own))

    def takes_off(self, listed: List, joined: List) -> bool:
        """Whether joining `joined` takes people off `listed`."""
        by_group = listed.group != "" and listed.group in {
            *joined.leaves_groups,
            *self.yielding_to(joined.group),
        }
        return listed.id != joined.id and (by_group or listed.id in joined.leaves)

    def yielding_to(self, group: str) -> frozenset[str]:
        """The groups whose members leave them when they join a list of `group`."""
        return frozenset(g.name for g in self.groups.values() if group in g.yields_to)
