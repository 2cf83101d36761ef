"""The door to the console's templates: every page in the account's language, with its navigation
and the headers that keep other origins out.

Nothing on a page comes from another host; style and script are files of this package, addressed by
their digest. No page holds a script or a style of its own, so the policy needs no nonce.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi.responses import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.config import Site
from engine.console import charts
from engine.console.access import ROLE_WORDS, Right
from engine.i18n.language import (
    N_,
    Language,
    counting_translator,
    day_in_words,
    grouped,
    translator,
)
from engine.i18n.phrases import clock_in_words
from engine.letter.french_spacing import spaced_html
from engine.web.pages import HEADERS, YEAR_SECONDS
from engine.web.pages import TEMPLATES as READERS
from engine.words import capitalised

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src"
    " 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_CODE = re.compile(r"`([^`]+)`")
_QUOTED = re.compile(r'(?<!\w)"([^"\n]*)"(?!\w)')
# Of English alone, and never within an address.
_APOSTROPHE = re.compile(r"(?<=[a-z])'(?=(?:s|t|re|ve|ll|d)\b(?!@))")
OF_A_PAGE = HEADERS | {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
"""With no referrer at all, browsers say that a form comes from nowhere (`Origin: null`)."""
OF_CHARTS = {
    "chart_height": charts.HEIGHT,
    "chart_floor": charts.HEAD + charts.PLOT,
    "bar_row": charts.ROW,
    "bar_height": charts.BAR,
    "interval_row": charts.INTERVAL_ROW,
}
STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the navigation."""

    url: str
    words: str
    right: Right = Right.SEE


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    words: str
    places: tuple[Place, ...]


NAVIGATION: tuple[PlaceGroup, ...] = (
    PlaceGroup("", (Place("/", N_("Today")),)),
    PlaceGroup(
        N_("Letters"),
        (
            Place("/d", N_("Dialogues")),
            Place("/broadcasts", N_("Broadcasts")),
            Place("/programme", N_("Programme")),
            Place("/publish", N_("Publish")),
            Place("/results", N_("Results")),
        ),
    ),
    PlaceGroup(
        N_("Readers"),
        (
            Place("/people", N_("People"), Right.READ_PEOPLE),
            Place("/requests", N_("Requests"), Right.HANDLE_RIGHTS),
            Place("/segments", N_("Segments")),
            Place("/import", N_("Import"), Right.IMPORT),
            Place("/forms", N_("Forms")),
        ),
    ),
    PlaceGroup(
        N_("Installation"),
        (
            Place("/operator", N_("State of things")),
            Place("/connections", N_("Connections")),
            Place("/accounts", N_("Accounts"), Right.ADMINISTER),
            Place("/api-reference", N_("API")),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What every page tells at its head: is sending held, how fast does the clock go, what day is
    it. `is_bare`: no dialogue is in force, and none is in the folder.
    """

    paused: bool = False
    speed: int = 1
    now: int = 0
    is_bare: bool = False


class ConsolePages:
    """Renders templates. They know `_`, `ngettext`, `language`, `site`, `static`, `navigation`,
    `standing` and the filters below. `standing` is asked once a page.
    """

    def __init__(self, site: Site, standing: Callable[[], Standing]) -> None:
        self.site, self.standing = site, standing

    def page(
        self,
        template: str,
        language: Language,
        *,
        status: int = 200,
        headers: Mapping[str, str] = OF_A_PAGE,
        **values: object,
    ) -> Response:
        text = self.text(template, language, **values)
        own = {**OF_A_PAGE, "Content-Language": language, **headers}
        return Response(text, status, own, media_type="text/html")

    def text(self, template: str, language: Language, **values: object) -> str:
        """A page or a piece of one, without headers."""
        environment = _environment(language, self.site.timezone)
        rendered = environment.get_template(template).render(
            language=language,
            site=self.site,
            navigation=NAVIGATION,
            standing=self.standing(),
            **values,
        )
        return spaced_html(rendered) if language == "fr" else rendered


@cache
def _environment(language: Language, zone: str) -> Environment:
    environment = Environment(
        # The control of a typed field is the same on readers' pages.
        loader=FileSystemLoader([TEMPLATES, READERS]),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    _, say_counted = translator(language), counting_translator(language)
    environment.install_gettext_callables(_, say_counted, newstyle=True)  # type: ignore[attr-defined]
    local = ZoneInfo(zone)

    def at(instant: int) -> datetime:
        return datetime.fromtimestamp(instant / 1000, UTC).astimezone(local)

    def day(instant: int | date) -> str:
        return day_in_words(instant if isinstance(instant, date) else at(instant).date(), language)

    def moment(instant: int) -> Markup:
        """The day and the minute on the installation's clock, for eyes and for programs."""
        moment_at = at(instant)
        return Markup('<time datetime="{}">{}</time>').format(
            moment_at.isoformat(timespec="minutes"),
            _("{day}, {clock}").format(
                day=day(instant),
                clock=clock_in_words(moment_at.hour * 60 + moment_at.minute, language),
            ),
        )

    def short_moment(instant: int) -> Markup:
        """ "03/11/2026 09:00", "3 Nov 2026, 09:00"."""
        moment_at = at(instant)
        words = (
            f"{moment_at:%d/%m/%Y %H:%M}" if language == "fr" else f"{moment_at:%-d %b %Y, %H:%M}"
        )
        return Markup('<time datetime="{}">{}</time>').format(
            moment_at.isoformat(timespec="minutes"), words
        )

    def number(value: int) -> str:
        return grouped(value, _)

    def share(part: int, whole: int) -> str:
        """ "37 %", "<1 %", "–" of nothing."""
        if not whole:
            return "–"
        hundredths = 100 * part / whole
        words = "<1" if 0 < hundredths < 1 else f"{hundredths:.0f}"
        return _("{n}%").format(n=words)

    environment.filters |= {
        "sentence": partial(sentence, language=language),
        "day": day,
        "moment": moment,
        "short_moment": short_moment,
        "number": number,
        "share": share,
        "say": _,
        "role": lambda role: _(ROLE_WORDS[role]),
    }
    environment.globals |= {"static": static_url, "Right": Right, **OF_CHARTS}
    return environment


def sentence(words: str, language: Language = "en") -> Markup:
    """Words of the command line as a sentence of a page: with a capital, `code` as code, and quotes
    and apostrophes as they are printed.
    """
    quoted = "«\u00a0\\1\u00a0»" if language == "fr" else r"“\1”"
    pieces = _CODE.split(capitalised(words))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece)
        if number % 2
        else escape(_APOSTROPHE.sub("’", _QUOTED.sub(quoted, piece)))
        for number, piece in enumerate(pieces)
    )


def rendered(html: str) -> Markup:
    """HTML that a renderer of ours made, with every outside word escaped, for a page to hold."""
    return Markup(html)


@cache
def static_url(name: str) -> str:
    """Where a file of `static/` is fetched: another address whenever its octets are others."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]
    return f"/static/{digest}/{name}"


def static_file(digest: str, name: str) -> Response | None:
    """None for what this package does not have, or had in another version."""
    known = {file.name for file in STATIC.iterdir() if file.suffix in STATIC_TYPES}
    if name not in known or static_url(name) != f"/static/{digest}/{name}":
        return None
    return Response(
        (STATIC / name).read_bytes(),
        headers=HEADERS | {"Cache-Control": f"public, max-age={YEAR_SECONDS}, immutable"},
        media_type=STATIC_TYPES[Path(name).suffix],
    )
