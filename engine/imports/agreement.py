"""What headings, cells and file names of other programs' exports say of refusal and agreement.
Pure.

A heading is held against stems of words in the languages exports are written in; a cell against the
words of Mailchimp, Brevo, MailPoet, Klaviyo, Ghost, ActiveCampaign, HubSpot, Mailjet, MailerLite,
Kit, Substack, beehiiv, listmonk, Mautic, Sendy, AWeber, GetResponse, Shopify, WooCommerce and
PrestaShop. What is not known is never taken for an agreement.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from engine.imports import agreement_words
from engine.imports.columns import folded
from engine.intake.instants import DateOrder, DateRefused, in_figures, is_no_day, read_instant
from engine.subscriber.terms import SuppressionReason

ColumnMeaning = Literal["unsubscribed", "subscribed", "confirmed", "ignore"]
COLUMN_MEANINGS: tuple[ColumnMeaning, ...] = get_args(ColumnMeaning)
"""What an operator says of a column: yes in it is a refusal; yes in it is an agreement, and no a
refusal or, of "confirmed", none yet; or it speaks of neither.
"""


class Cell(StrEnum):
    """What one cell says. YES, NO and DATE depend on their heading; NOT_YET is neither agreement
    nor refusal (pending, inactive, archived).
    """

    EMPTY = "empty"
    YES = "yes"
    NO = "no"
    DATE = "date"
    AGREED = "agreed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    NOT_YET = "not yet"
    OTHER = "other"


DepartureReason = Literal["unsubscribed"] | SuppressionReason
REFUSALS: Mapping[Cell, DepartureReason] = {
    Cell.UNSUBSCRIBED: "unsubscribed",
    Cell.BOUNCED: "bounced",
    Cell.COMPLAINED: "complained",
}
REFUSING = frozenset(REFUSALS)


class Heading(StrEnum):
    """What a heading says of its column. LOG: each filled cell records a refusal (UNSUB_TIME, Email
    Suppressions). The HINTs speak only together with cells that do. NOTES are free words, among
    which a refusal may be one of many.
    """

    LOG = "log"
    REFUSAL = "refusal"
    REFUSAL_HINT = "refusal hint"
    AGREEMENT = "agreement"
    AGREEMENT_HINT = "agreement hint"
    STATUS = "status"
    NOTES = "notes"
    PLAIN = "plain"


NEGATIVE = frozenset({Heading.LOG, Heading.REFUSAL, Heading.REFUSAL_HINT})
POSITIVE = frozenset({Heading.AGREEMENT, Heading.AGREEMENT_HINT})

_CELLS = {
    word: Cell(cell) for cell, words in agreement_words.CELLS.items() for word in words.split()
}
_ALOUD = {
    word for word, cell in _CELLS.items() if cell in REFUSING or cell is Cell.AGREED
} - agreement_words.COMMON
_ALOUD |= {
    "neversubscribed",
    "nonsubscribed",
    "notsubscribed",
    "softbounced",
    "softbounce",
    "unconfirmed",
    "nonabonne",
    "noninscrit",
    "noconsent",
}
_HEADING = 500  # characters of a heading that are looked at
_WORD = 60  # characters within which a cell may be a word or some words with commas between
_APART = re.compile(r"[,;|\[\]\"'/]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ,].*)?", re.ASCII | re.DOTALL)
_ZERO_DATE = re.compile(r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}(?:[T ].*)?", re.ASCII)
_SIGNS = {sign: cell for signs, cell in (("✓✔☑✅", Cell.YES), ("✗✘❌☐", Cell.NO)) for sign in signs}
_NOTHING_IN = re.compile(r"\[\s*\]|\{\s*\}")  # an empty list, as Klaviyo has it
_BELOW_ZERO = re.compile(r"[-−]\d+")
_ADDRESS_OF_MACHINE = re.compile(r"[0-9a-fA-F:.]{7,45}")


class JudgedColumn(NamedTuple):
    """A column of which an operator has said what it means: its `place` from 0, its heading ("" for
    none), and how its dates are written.
    """

    place: int
    heading: str
    meaning: ColumnMeaning
    order: DateOrder | None = None


class Verdict(NamedTuple):
    """What all judged columns of one row say together: AGREED, one of REFUSING, NOT_YET, or OTHER
    for what is not known; `at` is since when (ms; 0: not said).
    """

    cell: Cell
    at: int = 0


@lru_cache(maxsize=1024)
def heading_of(heading: str) -> Heading:
    """What a heading says, in any case, accent, language and spelling (`IsExcludedFromCampaigns`,
    `Désinscrit le`, `opted_out`).
    """
    words = spaced(heading[:_HEADING])
    tokens = set(words.split())
    if agreement_words.REFUSAL.search(words):
        return Heading.LOG if tokens & agreement_words.RECORDING_WORDS else Heading.REFUSAL
    if tokens & agreement_words.REFUSAL_WORDS:
        return Heading.REFUSAL_HINT
    if agreement_words.AGREEMENT.search(words):
        return (
            Heading.AGREEMENT_HINT
            if tokens & agreement_words.RECORDING_WORDS
            else Heading.AGREEMENT
        )
    if tokens & agreement_words.STATUS_WORDS:
        return Heading.STATUS
    if agreement_words.AGREEMENT_HINT.search(words):
        return Heading.AGREEMENT_HINT
    return Heading.NOTES if tokens & agreement_words.NOTES_WORDS else Heading.PLAIN


def has_status(heading: str) -> bool:
    """Whether a heading announces words such as “subscribed” rather than a yes or a no."""
    return not agreement_words.STATUS_WORDS.isdisjoint(spaced(heading[:_HEADING]).split())


def is_ground(heading: str) -> bool:
    """Whether a heading announces an agreement in so many words (OPTIN_TIME, Date du consentement),
    rather than by a hint (Newsletter).
    """
    return agreement_words.AGREEMENT.search(spaced(heading[:_HEADING])) is not None


def of_another_channel(heading: str) -> bool:
    """Whether a heading speaks of text messages, calls or paper, and not of mail."""
    tokens = set(spaced(heading[:_HEADING]).split())
    return bool(tokens & agreement_words.OTHER_CHANNELS) and tokens.isdisjoint(
        agreement_words.MAIL_CHANNELS
    )


@lru_cache(maxsize=8192)
def cell_of(text: str) -> Cell:
    """What a whole cell says, by itself."""
    stripped = text.strip()
    if not stripped or _ZERO_DATE.fullmatch(stripped) or is_no_day(stripped):
        return Cell.EMPTY
    if _NOTHING_IN.fullmatch(stripped):
        return Cell.EMPTY
    if _BELOW_ZERO.fullmatch(stripped):  # AcyMailing's -1 is no yes
        return Cell.OTHER
    known = (
        _SIGNS.get(stripped[0])
        if len(stripped.strip("\ufe0f")) == 1 and stripped[0] in _SIGNS
        else _CELLS.get(folded(stripped))
    )
    if known is not None:
        return known
    return Cell.DATE if _DATE.fullmatch(in_figures(stripped)) else Cell.OTHER


def is_detail(text: str) -> bool:
    """Whether a cell is an address of a machine, a number or an address of a page: never a yes or a
    no.
    """
    stripped = text.strip()
    return "://" in stripped or (
        stripped not in ("0", "1")
        and bool(_ADDRESS_OF_MACHINE.fullmatch(stripped) or stripped.isdecimal())
    )


def may_speak_aloud(row: str) -> bool:
    """Whether a row as written may hold a cell that `speaks_aloud`; quick, because nearly no row
    does.
    """
    lower = row.lower()
    # Every row comes by here: a loop takes half the time of any() over a generator.
    for core in agreement_words.CORES:  # noqa: SIM110
        if core in lower:
            return True
    return False


@lru_cache(maxsize=8192)
def speaks_aloud(text: str) -> bool:
    """Whether a cell speaks of refusal or agreement whatever its heading."""
    if "://" in text or "@" in text:
        return False
    if len(text) <= _WORD and (
        folded(text) in _ALOUD or any(folded(piece) in _ALOUD for piece in _APART.split(text))
    ):
        return True
    return agreement_words.IN_WORDS.search(text) is not None


def refuses(cell: Cell, heading: Heading, text: str) -> bool:
    """Whether a cell under a heading nobody has explained may say that a row is not to be written
    to.
    """
    if cell is Cell.OTHER:
        return (
            heading is Heading.LOG
            or heading is Heading.REFUSAL
            or (heading is Heading.AGREEMENT and not is_detail(text))
        )
    if cell in (Cell.YES, Cell.DATE):
        return heading in NEGATIVE
    if cell is Cell.NO:
        return heading in POSITIVE
    return cell in REFUSING or cell is Cell.NOT_YET


_WORST_FIRST = (Cell.COMPLAINED, Cell.BOUNCED, Cell.UNSUBSCRIBED, Cell.OTHER, Cell.NOT_YET)


def judge(cells: tuple[str, ...], columns: tuple[JudgedColumn, ...], zone: str) -> Verdict:
    """A refusal in any column wins, then what is not known, then what is no agreement yet. `zone`
    is the site's.
    """
    verdicts = [
        _judge(text, column, zone)
        for text, column in zip(cells, columns, strict=True)
        if column.meaning != "ignore"
    ]
    for wanted in _WORST_FIRST:
        since = [verdict.at for verdict in verdicts if verdict.cell is wanted]
        if since:
            return Verdict(wanted, max(since))
    return Verdict(Cell.AGREED)


def worse(one: Cell, other: Cell) -> Cell:
    """Of two verdicts the one that wins."""
    return next((cell for cell in _WORST_FIRST if cell in (one, other)), Cell.AGREED)


_YES_AND_NO: Mapping[ColumnMeaning, tuple[Cell, Cell]] = {
    "unsubscribed": (Cell.UNSUBSCRIBED, Cell.AGREED),
    "subscribed": (Cell.AGREED, Cell.UNSUBSCRIBED),
    "confirmed": (Cell.AGREED, Cell.NOT_YET),
    "ignore": (Cell.AGREED, Cell.AGREED),
}


def _judge(text: str, column: JudgedColumn, zone: str) -> Verdict:
    cell, heading = cell_of(text), heading_of(column.heading)
    yes, no = _YES_AND_NO[column.meaning]
    match cell:
        case Cell.EMPTY:
            says_none = bool(text.strip()) and heading is Heading.STATUS
            return Verdict(
                Cell.AGREED if column.meaning == "unsubscribed" and not says_none else Cell.NOT_YET
            )
        case Cell.YES:
            return Verdict(yes)
        case Cell.NO:
            return Verdict(no)
        case Cell.DATE if column.meaning != "unsubscribed":
            return Verdict(Cell.AGREED)
        case Cell.DATE:
            return _since(text, column.order, zone, heading)
        case Cell.OTHER:
            return Verdict(_among_words(text, column.meaning, heading))
        case _:
            return Verdict(cell)


def _since(text: str, order: DateOrder | None, zone: str, heading: Heading) -> Verdict:
    try:
        return Verdict(Cell.UNSUBSCRIBED, max(read_instant(text, zone, order), 0))
    except DateRefused:
        return Verdict(Cell.UNSUBSCRIBED if heading is Heading.LOG else Cell.OTHER)


def _among_words(text: str, meaning: ColumnMeaning, heading: Heading) -> Cell:
    pieces = [cell_of(piece) for piece in _APART.split(text)]
    for wanted in (Cell.COMPLAINED, Cell.BOUNCED, Cell.UNSUBSCRIBED):
        if wanted in pieces:
            return wanted
    if meaning == "unsubscribed" and (
        heading is Heading.LOG or agreement_words.IN_WORDS.search(text)
    ):
        return Cell.UNSUBSCRIBED
    return Cell.AGREED if meaning == "unsubscribed" and heading is Heading.NOTES else Cell.OTHER


def file_speaks(name: str) -> Literal["", "operator", "bounced", "complained"]:
    """Why the people of a file called so are not to be written to, in the words of `relance
    suppress --reason`; "" where its name says nothing.
    """
    words = spaced(name.rpartition(".")[0] or name)
    tokens = set(words.split())
    if not (tokens & agreement_words.FILE_WORDS or agreement_words.REFUSAL.search(words)):
        return ""
    if re.search(r"bounc|cleaned|rebond|npai|rebot", words):
        return "bounced"
    return "complained" if re.search(r"complain|plainte|spam", words) else "operator"


def spaced(text: str) -> str:
    """Words in lower case without accents, a blank between two: `UnsubscribedAt` and
    `UNSUBSCRIBED_AT` are 'unsubscribed at'.
    """
    apart = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text)).casefold()
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return " ".join(re.findall(r"[^\W_]+", plain))
