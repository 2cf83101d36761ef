"""What whoever wrote a letter looks at before it leaves: size, links, pictures, colours, lengths of
what lists of mails show, and which mail programs show what it is built of.

Nothing is fetched for it: a link is told by its words and where it leads, not tried.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict, cast
from urllib.parse import unquote, urlsplit

from engine.config import Config
from engine.i18n.language import N_, Say, SayCounted
from engine.i18n.phrases import say_list
from engine.letter.colour import READABLE
from engine.letter.compile import Rendered
from engine.letter.layout import TEXT_WIDTH
from engine.letter.link_token import (
    CONFIRM,
    EVERYTHING,
    FIRST_LINK,
    MY_DATA,
    PREFERENCES,
    UNSUBSCRIBE,
    make_token,
)
from engine.letter.shown_parts import ShownLink, ShownParts, ShownWords, shown_parts
from engine.letter.source_folder import open_asset
from engine.sequence.model import Letter, Plan
from engine.subscriber.events import LetterBegun

Status = Literal["good", "look", "wrong"]
Shown = Literal["yes", "partly", "no", "unknown"]
CLIPPED_BYTES = 102 * 1024
"""Gmail shows no more of a mail's HTML, and a link to the rest."""
NEARLY_CLIPPED_BYTES = 80 * 1024
HEAVY_PICTURES_BYTES = 1_000_000
LONG_SUBJECT, SHORT_PREHEADER, LONG_PREHEADER = 60, 30, 110
SAYS_NOTHING = frozenset(
    {
        "ce lien",
        "click",
        "click here",
        "cliquer ici",
        "cliquez ici",
        "en savoir plus",
        "here",
        "ici",
        "learn more",
        "lien",
        "link",
        "lire la suite",
        "more",
        "plus",
        "read more",
        "see more",
        "this link",
        "voir",
    }
)
MAIL_PROGRAMS = Path(__file__).with_name("mail_programs.toml")
CONSTRUCTS: Mapping[str, tuple[str, str]] = {
    "style": (N_("Styles in the head"), N_("Every style is written into its element too.")),
    "media": (N_("Other widths on small screens"), N_("The letter grows and shrinks by itself.")),
    "dark": (N_("Colours of its own in the dark"), N_("The program darkens the light colours.")),
    "corners": (N_("Round corners"), N_("Square ones.")),
    "width": (N_("Never wider than 600 px"), N_("A table of 600 px in comments for Word.")),
    "padding": (N_("Room around words"), N_("Buttons are cells, where Word keeps it.")),
    "background": (N_("Colours behind words"), N_("The same colour as an attribute (bgcolor).")),
    "beside": (N_("Buttons side by side"), N_("A table of one row in comments for Word.")),
}
"""By their `id` in `mail_programs.toml`, in words; and what there is where it is not shown."""
ACTIONS: Mapping[int, str] = {
    UNSUBSCRIBE: N_("unsubscribes from this purpose"),
    EVERYTHING: N_("unsubscribes from everything"),
    CONFIRM: N_("confirms"),
    MY_DATA: N_("to “My data”"),
    PREFERENCES: N_("to the choice of what one receives"),
}


class _Construct(TypedDict):
    id: str
    sign: str
    tested: date
    source: str
    shown: list[Shown]


class _Known(TypedDict):
    programs: list[str]
    construct: list[_Construct]


class Point(NamedTuple):
    status: Status
    words: str


class LinkPoint(NamedTuple):
    words: str
    leads: str
    note: str


class PicturePoint(NamedTuple):
    """`octets` -1: it is fetched from another host, whose size nobody knows here."""

    name: str
    alternative: str | None
    octets: int


class Support(NamedTuple):
    """How the programs of `mail_programs.toml` show one construct, in their order."""

    words: str
    instead: str
    tested: date
    source: str
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """`in_lists`: what a list of mails shows after the subject. `supports`: of the constructs that
    the letter is built of, by `programs`.
    """

    points: tuple[Point, ...]
    found: Sequence[Mapping[str, str | int | bool]]
    links: tuple[LinkPoint, ...]
    pictures: tuple[PicturePoint, ...]
    pale: tuple[ShownWords, ...]
    in_lists: str
    programs: tuple[str, ...]
    supports: tuple[Support, ...]

    @property
    def wanting(self) -> int:
        return sum(point.status != "good" for point in self.points)


def checklist(
    rendered: Rendered,
    letter: Letter,
    plan: Plan,
    claim: LetterBegun,
    *,
    config: Config,
    key: bytes,
    found: Sequence[Mapping[str, str | int | bool]],
    say: Say,
    say_counted: SayCounted,
) -> Checklist:
    """Of a letter whose links were made with `key` at position 1; `found` is what `check` says."""
    parts = shown_parts(rendered.html)
    pictures = tuple(_pictures(parts, config))
    leads = _leads(letter, plan, claim, config.site.url, key, say)
    links = tuple(_links(parts, leads, say))
    about = _About(say, say_counted)
    points = (
        *about.found(found),
        *about.lengths(rendered.subject, letter.preheader, parts.in_lists),
        *about.size(rendered.html, pictures),
        *about.pictures(pictures),
        *about.colours(parts),
        *about.links(links),
        *about.text(rendered.text),
    )
    pale = tuple(words for words in (*parts.light, *parts.dark) if words.contrast < READABLE)
    return Checklist(
        points=points,
        found=found,
        links=links,
        pictures=pictures,
        pale=pale,
        in_lists=parts.in_lists,
        programs=tuple(_known()["programs"]),
        supports=tuple(_supports(rendered.html, say)),
    )


@cache
def _known() -> _Known:
    return cast(_Known, tomllib.loads(MAIL_PROGRAMS.read_text(encoding="utf-8")))


def _supports(html: str, say: Say) -> Iterator[Support]:
    for one in _known()["construct"]:
        if one["sign"] in html:
            words, instead = CONSTRUCTS[one["id"]]
            shown = tuple(one["shown"])
            yield Support(say(words), say(instead), one["tested"], one["source"], shown)


def _leads(
    letter: Letter, plan: Plan, claim: LetterBegun, site: str, key: bytes, say: Say
) -> dict[str, str]:
    """Where each address of this installation leads, in words."""
    leads = {}
    for link in letter.links:
        if link.index >= 0:
            words = N_("moves to {list}") if link.kind == "move" else N_("adds {list}")
            target = say_list(plan, link.target)
            leads[FIRST_LINK + link.index] = say(words).format(list=target)
    actions = {action: say(words) for action, words in ACTIONS.items()} | leads
    return {
        f"{site}/l/{make_token(key, action, 1, claim.message)}": words
        for action, words in actions.items()
    }


def _links(parts: ShownParts, leads: Mapping[str, str], say: Say) -> Iterator[LinkPoint]:
    places: dict[str, set[str]] = {}
    for link in parts.links:
        places.setdefault(link.words.casefold(), set()).add(link.address)
    for link in parts.links:
        yield LinkPoint(
            link.words, leads.get(link.address, link.address), _note(link, places, leads, say)
        )


def _note(
    link: ShownLink, places: Mapping[str, set[str]], leads: Mapping[str, str], say: Say
) -> str:
    words = link.words.casefold()
    if words.strip(" .…!→>»") in SAYS_NOTHING:
        return say(N_("These words do not say where it leads: many hear links without the rest."))
    if len(places[words]) > 1:
        return say(N_("The same words lead to several places."))
    if link.address.lower().startswith("http://") and link.address not in leads:
        return say(N_("This address is not encrypted (http:)."))
    return ""


def _pictures(parts: ShownParts, config: Config) -> Iterator[PicturePoint]:
    ours = f"{config.site.url}/a/pictures/"
    for picture in parts.pictures:
        if not picture.address.startswith(ours):
            yield PicturePoint(picture.address, picture.alternative, -1)
            continue
        name = unquote(picture.address.removeprefix(ours))
        descriptor = open_asset(config.sequences, "pictures", name)
        octets = 0
        if descriptor is not None:
            octets = os.fstat(descriptor).st_size
            os.close(descriptor)
        yield PicturePoint(name, picture.alternative, octets)


@dataclass(frozen=True, slots=True)
class _About:
    """Each point of the list, in words."""

    say: Say
    say_counted: SayCounted

    def found(self, found: Sequence[Mapping[str, str | int | bool]]) -> Iterator[Point]:
        ngettext = self.say_counted
        fatal = sum(bool(fault["fatal"]) for fault in found)
        if fatal:
            words = ngettext("{n} mistake to mend", "{n} mistakes to mend", fatal)
            yield Point("wrong", words.format(n=fatal))
        elif found:
            count = len(found)
            words = ngettext("{n} thing to look at again", "{n} things to look at again", count)
            yield Point("look", words.format(n=count))
        else:
            yield Point("good", self.say(N_("Nothing to mend in what is written.")))

    def lengths(self, subject: str, preheader: str, shown: str) -> Iterator[Point]:
        n, _ = len(subject), self.say
        if n > LONG_SUBJECT:
            words = N_("The subject has {n} characters: telephones show about 40, other lists 60.")
            yield Point("look", _(words).format(n=n))
        else:
            yield Point("good", _("The subject has {n} characters.").format(n=n))
        length = len(preheader)
        if not preheader:
            words = N_("Without a preheader, lists show the first words: “{words}”.")
            yield Point("look", _(words).format(words=shown[:60].rstrip() + "…"))
        elif not SHORT_PREHEADER <= length <= LONG_PREHEADER:
            words = N_(
                "The preheader has {n} characters; {least} to {most} fill a line and no more."
            )
            yield Point(
                "look", _(words).format(n=length, least=SHORT_PREHEADER, most=LONG_PREHEADER)
            )
        else:
            yield Point("good", _("The preheader has {n} characters.").format(n=length))

    def size(self, html: str, pictures: Sequence[PicturePoint]) -> Iterator[Point]:
        octets, _ = len(html.encode()), self.say
        kilobytes = -(-octets // 1024)
        if octets >= CLIPPED_BYTES:
            words = N_("{n} kB of HTML: Gmail cuts it off at 102 kB, and the way out with it.")
            yield Point("wrong", _(words).format(n=kilobytes))
        elif octets >= NEARLY_CLIPPED_BYTES:
            words = N_("{n} kB of HTML: Gmail cuts letters off at 102 kB.")
            yield Point("look", _(words).format(n=kilobytes))
        else:
            words = N_("{n} kB of HTML, of the 102 kB that Gmail shows.")
            yield Point("good", _(words).format(n=kilobytes))
        weight = sum(one.octets for one in {p.name: p for p in pictures}.values() if one.octets > 0)
        if weight:
            words = N_("{n} kB of pictures.")
            heavy: Status = "look" if weight > HEAVY_PICTURES_BYTES else "good"
            yield Point(heavy, _(words).format(n=-(-weight // 1024)))

    def pictures(self, pictures: Sequence[PicturePoint]) -> Iterator[Point]:
        _, ngettext = self.say, self.say_counted
        missing = sum(one.alternative is None for one in pictures)
        if missing:
            words = ngettext(
                "{n} picture has no words for who does not see it",
                "{n} pictures have no words for who does not see them",
                missing,
            )
            yield Point("wrong", words.format(n=missing))
        elif pictures:
            yield Point("good", _("Every picture says its words, or that it adorns."))
        hosts = sorted({urlsplit(one.name).hostname or "" for one in pictures if one.octets < 0})
        for host in filter(None, hosts):
            words = N_(
                "A picture is fetched from {host}, which learns who reads the letter and when."
            )
            yield Point("look", _(words).format(host=host))

    def colours(self, parts: ShownParts) -> Iterator[Point]:
        _ = self.say
        for shown, good, pale in (
            (
                parts.light,
                N_("In the light every word can be read: contrast {n} at least."),
                N_("In the light some words are too pale: contrast {n}, and 4.5 is needed."),
            ),
            (
                parts.dark,
                N_("In the dark every word can be read: contrast {n} at least."),
                N_("In the dark some words are too pale: contrast {n}, and 4.5 is needed."),
            ),
        ):
            if shown:
                least = min(words.contrast for words in shown)
                figure = f"{int(least * 10) / 10:.1f}".replace(".", _("."))
                readable = least >= READABLE
                yield Point(
                    "good" if readable else "wrong", _(good if readable else pale).format(n=figure)
                )
        if not parts.dark:
            words = N_("The layout has no colours for the dark: mail programs choose their own.")
            yield Point("look", _(words))

    def links(self, links: Sequence[LinkPoint]) -> Iterator[Point]:
        ngettext = self.say_counted
        noted = sum(bool(link.note) for link in links)
        if noted:
            words = ngettext("{n} link to look at again", "{n} links to look at again", noted)
            yield Point("look", words.format(n=noted))
        elif links:
            yield Point("good", self.say(N_("The words of every link say where it leads.")))

    def text(self, text: str) -> Iterator[Point]:
        _, ngettext = self.say, self.say_counted
        long = sum(len(line) > TEXT_WIDTH and " " in line.strip() for line in text.split("\n"))
        if long:
            words = ngettext(
                "{n} line of the text part is longer than 72 columns",
                "{n} lines of the text part are longer than 72 columns",
                long,
            )
            yield Point("look", words.format(n=long))
        else:
            yield Point("good", _("The text part keeps within 72 columns."))
