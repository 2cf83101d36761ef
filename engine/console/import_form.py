"""The answers about a file on its page: what each column holds, and what is so of everybody in it.
They are guessed as the command line guesses; a column that may say who refused has to be answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.console.half_built import one_line
from engine.console.import_words import START_WORDS, WHICH_ADDRESS
from engine.console.visit import Mistake
from engine.i18n.in_words import in_words
from engine.i18n.language import N_, Language, Say, translator
from engine.imports.agreement import COLUMN_MEANINGS, ColumnMeaning
from engine.imports.columns import EMAIL, Place
from engine.imports.declaration import Declaration, Ground, options_of
from engine.imports.passes import OF_EVERYBODY, ImportOptions, SuppressOptions
from engine.imports.recipes import Recipe, recognised
from engine.imports.rows import PROOF, RESERVED, STARTS
from engine.imports.scan import meanings_to_be_said
from engine.imports.stores import ImportStores
from engine.imports.table import FirstLook, first_look
from engine.imports.uploads import Kind
from engine.intake.instants import DATE_ORDERS
from engine.sequence.model import Plan
from engine.subscriber.terms import SUPPRESSION_REASONS, Basis, SuppressionReason
from engine.words import LANGUAGES, capitalised

MAX_CHARACTERS = 500
CELLS_SHOWN, CHARACTERS_SHOWN = 3, 60
ROWS_SHOWN = 5
FIELD = "field:"
"""Before the name of a field, so that none is taken for what stands besides fields."""
NAMED: Mapping[str, str] = {
    EMAIL: N_("e-mail address"),
    "timezone": N_("time zone"),
    "language": N_("language"),
}
PROOF_TOGETHER = "proof-together"
RESERVED_WORDS: Mapping[str, str] = {
    "source": N_("where the address comes from"),
    "collected": N_("when it was collected"),
    "basis": N_("on what basis: consent, soft-optin or b2b"),
    "proof": N_("a proof of consent"),
    PROOF_TOGETHER: N_("with others, a proof of consent where all of them are filled"),
    "order": N_("the order behind a soft opt-in"),
    "function": N_("a profession"),
    "theme": N_("themes they chose"),
    "tags": N_("tags: those named like a segment put them into it"),
    "last_contact": N_("when they were last in touch"),
}
MEANING_WORDS: Mapping[ColumnMeaning, str] = {
    "unsubscribed": N_("yes or a date: they refused"),
    "subscribed": N_("yes or a date: they agreed"),
    "confirmed": N_("yes or a date: they confirmed; no: not yet"),
    "ignore": N_("it speaks of neither"),
}
BASIS_WORDS: Mapping[Basis, str] = {
    "consent": N_("they agreed to these letters (consent)"),
    "soft-optin": N_("they are your customers, for similar things (soft opt-in)"),
    "b2b": N_("they are written to at work, for their profession (B2B)"),
}
ORDER_WORDS = {
    "day-first": N_("the day first: 03/04 is the third of April"),
    "month-first": N_("the month first: 03/04 is the fourth of March"),
}
REASON_WORDS: Mapping[SuppressionReason, str] = {
    "operator": N_("they asked for it, or you decided so"),
    "bounced": N_("their addresses do not work (bounced)"),
    "complained": N_("they complained"),
}
UNSAID: Mapping[Ground, str] = {
    "source": N_("Say where these addresses come from, or which column says it."),
    "collected": N_("Say when they were collected, or which column says it."),
    "basis": N_("Say on what basis they are written to, or which column says it."),
}


class PreviewColumn(NamedTuple):
    """`place` from 0; `heading` "" for none; `asks` is what a yes in it most likely means where
    somebody has to say, "" elsewhere.
    """

    place: int
    heading: str
    cells: tuple[str, ...]
    guess: str
    asks: str

    @property
    def input(self) -> str:
        return f"column-{self.place}"


@dataclass(frozen=True, slots=True)
class FilePreview:
    """`recipe`: of the tool whose export it looks like."""

    columns: tuple[PreviewColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    recipe: Recipe | None = None


_CHOSEN_AS = {holds: name for name, holds in RESERVED.items()}
"""What a recipe says of a column, as it is chosen on the page."""


def preview_of(path: Path, stores: ImportStores, meanings: Mapping[str, str]) -> FilePreview:
    """Its columns but for those without heading that are empty in the first rows, as sheets add
    by the thousand. `meanings`: what a yes most likely means in the columns, by place, that a look
    at the whole file found to need an answer. Raises TableRefused.
    """
    wanted = (*OF_EVERYBODY, *stores.field_labels)
    look = first_look(path, wanted, stores.field_labels)
    header = look.header if look.header is not None else ("",) * look.width
    explained = {look.columns[name] for name in NAMED if name in look.columns}
    asks: dict[int, str] = {**meanings_to_be_said(header, look.rows, explained)}
    guesses = {
        place: name if name in NAMED else f"{FIELD}{name}" for name, place in look.columns.items()
    }
    recipe = recognised(header)
    for heading, holds in recipe.mapping(header).items() if recipe is not None else ():
        place = header.index(heading)
        if (known := _CHOSEN_AS.get(holds)) and known not in guesses.values():
            guesses[place] = known
        elif holds in COLUMN_MEANINGS:
            guesses[place] = holds
            asks.pop(place, None)
        elif holds.startswith(f"{PROOF} "):
            guesses[place] = PROOF_TOGETHER
            asks.pop(place, None)
    asks |= {int(place): meaning for place, meaning in meanings.items()}
    every = (
        PreviewColumn(
            place, shown(heading), _cells(look, place), guesses.get(place, ""), asks.get(place, "")
        )
        for place, heading in enumerate(header)
    )
    columns = tuple(column for column in every if column.heading or column.cells or column.asks)
    rows = [
        tuple(shown(row[column.place]) if column.place < len(row) else "" for column in columns)
        for row in look.rows[:ROWS_SHOWN]
    ]
    return FilePreview(columns, tuple(rows), recipe)


def shown(cell: str) -> str:
    """A cell in one short line."""
    text = "".join(c if c.isprintable() else " " for c in cell[: 4 * CHARACTERS_SHOWN])
    text = " ".join(text.split())
    return f"{text[:CHARACTERS_SHOWN]}…" if len(text) > CHARACTERS_SHOWN else text


def _cells(look: FirstLook, place: int) -> tuple[str, ...]:
    filled = (row[place] for row in look.rows if len(row) > place and row[place].strip())
    cells: dict[str, None] = {}
    for cell in filled:
        cells[shown(cell)] = None
        if len(cells) == CELLS_SHOWN:
            break
    return tuple(cells)


class Choices(NamedTuple):
    """What can be chosen on the page: pairs of value and words."""

    columns: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    lists: Sequence[tuple[str, str]]
    segments: Sequence[tuple[str, str]]
    bases: Sequence[tuple[str, str]]
    starts: Sequence[tuple[str, str]]
    orders: Sequence[tuple[str, str]]
    reasons: Sequence[tuple[str, str]]


def choices(plan: Plan, stores: ImportStores, kind: Kind, _: Say) -> Choices:
    please = ("", _("— please say —"))
    return Choices(
        columns=_column_choices(plan, stores, kind, _),
        lists=[
            *([please] if len(plan.lists) > 1 else []),
            *((str(number), f"{one.name} ({number})") for number, one in plan.lists.items()),
        ],
        segments=[("", _("none"))]
        + [(one.id, one.name) for one in plan.segments.values() if one.static],
        bases=[please, *((basis, _(words)) for basis, words in BASIS_WORDS.items())],
        starts=[(start, _(words)) for start, words in START_WORDS.items()],
        orders=[("", _("as the file shows it")), *((o, _(w)) for o, w in ORDER_WORDS.items())],
        reasons=[(reason, _(words)) for reason, words in REASON_WORDS.items()],
    )


def _column_choices(
    plan: Plan, stores: ImportStores, kind: Kind, _: Say
) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """In groups, each with its heading."""
    if kind == "suppress":
        return [("", [(EMAIL, _(NAMED[EMAIL]))])]
    fields = [(f"{FIELD}{name}", label) for name, label in stores.field_labels.items()]
    reserved = [
        (name, _(words)) for name, words in RESERVED_WORDS.items() if name != "theme" or plan.themes
    ]
    return [
        (_("Who it is"), [*((name, _(words)) for name, words in NAMED.items()), *fields]),
        (_("Whether they refused"), [(m, _(words)) for m, words in MEANING_WORDS.items()]),
        (_("On what ground they are written to"), reserved),
    ]


class Form:
    """What is chosen and typed for `preview`, or guessed where `pairs` is empty; `reason` is
    what the name of the file says.
    """

    def __init__(
        self, preview: FilePreview, pairs: Sequence[tuple[str, str]], reason: str = ""
    ) -> None:
        self.preview = preview
        self.values = {name: one_line(value[:MAX_CHARACTERS]) for name, value in pairs}
        if not pairs:
            self.values = {
                column.input: "" if column.asks else column.guess for column in preview.columns
            } | {"reason": reason}
            if preview.recipe is not None:
                self.values["source"] = preview.recipe.title
                self.values["date_order"] = preview.recipe.dates or ""

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def mapping(self) -> dict[str, str]:
        """As an import takes it: by the places of columns."""
        return {
            Place(column.place + 1): meaning
            for column in self.preview.columns
            if (meaning := self._meant(column))
        }

    def _meant(self, column: PreviewColumn) -> str:
        chosen = self.get(column.input)
        return f"{PROOF} {column.heading}" if chosen == PROOF_TOGETHER else _meant(chosen)

    def mistakes(self, stores: ImportStores, kind: Kind, _: Say) -> Iterator[Mistake]:
        """Whatever can be known to be wrong before the file is read."""
        taken: dict[str, PreviewColumn] = {}
        for column in self.preview.columns:
            meaning = self._meant(column)
            if column.asks and kind == "import" and not meaning:
                message = _("{column} may say who refused: say what it means.")
                yield Mistake(column.input, message.format(column=called(column, _)))
            elif meaning in taken and meaning not in COLUMN_MEANINGS:
                message = _("{one} and {other} are said to be the same.")
                one, other = called(taken[meaning], _), called(column, _)
                yield Mistake(column.input, message.format(one=one, other=other))
            if meaning:
                taken[meaning] = column
        if EMAIL not in taken:
            first = next((column.input for column in self.preview.columns), "")
            yield Mistake(first, _(WHICH_ADDRESS))
        if kind == "suppress":
            return
        declaration = self.declaration()
        if not declaration.list:
            yield Mistake("list", _("Say which list they come onto."))
        for ground in declaration.unsaid():
            yield Mistake(ground, _(UNSAID[ground]))
        if declaration.basis in ("soft-optin", "b2b") and not declaration.objection:
            yield Mistake(
                "objection",
                _("Say how they could object when their address was collected: the law asks it."),
            )
        options = options_of(declaration, Path(), stores)
        for about, reason in options if isinstance(options, list) else ():
            if about == "list" and not declaration.list:
                continue
            words = in_words(reason, _)
            yield Mistake(about, capitalised(words))

    def declaration(self) -> Declaration:
        chosen = self.get
        return Declaration(
            list=chosen("list"),
            source=chosen("source"),
            collected=chosen("collected"),
            basis=next((basis for basis in BASIS_WORDS if basis == chosen("basis")), ""),
            objection=chosen("objection"),
            start=next((start for start in STARTS if start == chosen("start")), "none"),
            segment=chosen("segment"),
            mapping=self.mapping(),
            by_heading=False,
            date_order=next((o for o in DATE_ORDERS if o == chosen("date_order")), None),
            first_address=bool(chosen("first_address")),
            update=bool(chosen("update")),
        )

    def import_options(self, path: Path, stores: ImportStores) -> ImportOptions | None:
        """None where the answers hold no longer."""
        options = options_of(self.declaration(), path, stores)
        return options if isinstance(options, ImportOptions) else None

    def suppress_options(self, path: Path) -> SuppressOptions:
        return SuppressOptions(path=path, reason=self.reason, mapping=self.mapping())

    @property
    def reason(self) -> SuppressionReason:
        wanted = self.get("reason")
        return next((one for one in SUPPRESSION_REASONS if one == wanted), "operator")

    def columns_in_words(
        self, plan: Plan, stores: ImportStores, kind: Kind
    ) -> dict[Language, Sequence[tuple[str, str]]]:
        """What each column is said to hold."""
        return {language: self._columns(plan, stores, kind, language) for language in LANGUAGES}

    def _columns(
        self, plan: Plan, stores: ImportStores, kind: Kind, language: Language
    ) -> Sequence[tuple[str, str]]:
        _ = translator(language)
        groups = _column_choices(plan, stores, kind, _)
        words = dict(pair for _heading, pairs in groups for pair in pairs)
        return [
            (called(column, _), words.get(self.get(column.input)) or _("not used"))
            for column in self.preview.columns
        ]


def called(column: PreviewColumn, _: Say) -> str:
    """A column as sentences name it."""
    if column.heading:
        return _("Column {number} “{heading}”").format(
            number=column.place + 1, heading=column.heading
        )
    return _("Column {number}").format(number=column.place + 1)


def _meant(value: str) -> str:
    """What a choice is called in the options of an import; "" for a column that is not used."""
    if value.startswith(FIELD):
        return value.removeprefix(FIELD)
    return RESERVED.get(value, value)
