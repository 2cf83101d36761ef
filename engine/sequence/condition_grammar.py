"""Reads one line of a segment or of a search into a Condition, or says which word cannot stand
where, and what could. The only door to lark: an LALR(1) parser, loaded and built when the first
line is read, because that takes a tenth of a second which most commands need not spend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from engine.sequence.condition import (
    FIELD_OPERATORS,
    MAX_TIMES,
    MEASURED_ACTS,
    Answered,
    FieldIs,
    FieldOperator,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Line,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
    quoted,
)
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.field_values import value_of
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Field, FieldType, Letter, Plan
from engine.sequence.nearest import hint, nearest, nearest_field
from engine.sequence.plan_source import letters_of
from engine.words import N_, Value, Words, words

if TYPE_CHECKING:
    from lark import Lark, UnexpectedInput

_GRAMMAR = r"""
start: on | in_group | in_segment | joined | answered | received | ordered | silent | source
     | field | measured
on: _ON LIST
in_group: _IN _GROUP GROUP_NAME
in_segment: _IN _SEGMENT SEGMENT_NAME
joined: _JOINED LIST within
answered: _ANSWERED (ANYTHING | LETTER_NAME [_WITH TEXT]) [NUMBER _TIMES] [within]
received: _RECEIVED [NUMBER] _LETTERS [_OF PURPOSE] within
ordered: _ORDERED [TEXT] [NUMBER _TIMES] [within]
silent: _SILENT _FOR DURATION
source: _SOURCE IS values
field: _FIELD FIELD_NAME comparison
comparison: IS NOT? values
          | (OVER | UNDER | BEFORE | AFTER) TEXT [_OR UNKNOWN]
          | STARTS _WITH TEXT (_OR (UNKNOWN | TEXT))*
measured: _MEASURED (CLICKED | OPENED) [LETTER_NAME] within
within: _WITHIN DURATION
values: (UNKNOWN | TEXT) (_OR (UNKNOWN | TEXT))*
_TIMES.2: /times?(?=\s|$)/i
_LETTERS.2: /letters?(?=\s|$)/i
NUMBER: /\d+(?=\s|$)/
DURATION: /\S.*/s
%ignore /\s+/
"""
_SILENT_WORDS = (
    *("on", "in", "group", "segment", "joined", "answered", "with", "received", "of", "ordered"),
    *("silent", "for", "source", "field", "measured", "within", "or"),
)
_HEARD = ("anything", "is", "not", "unknown", "over", "under", "before", "after", "starts")
_KEYWORDS = (*_SILENT_WORDS, "letters", "times", *_HEARD, *MEASURED_ACTS)
_IN_QUOTES = r'"(?:\\.|[^"\\])*"|“[^”]*”|«[^»]*»'
_NAMED: Mapping[str, str] = {
    "LIST": N_("the number or the name of a list"),
    "GROUP_NAME": N_("the name of a group"),
    "SEGMENT_NAME": N_("the id of a segment"),
    "LETTER_NAME": N_("a letter: `id` or `list/id`"),
    "PURPOSE": N_("the id of a purpose"),
    "FIELD_NAME": N_("the name of a field"),
}
_OTHERS: Mapping[str, str] = {
    "TEXT": N_('a text in quotes, "…"'),
    "NUMBER": N_("a number of times"),
    "DURATION": N_("a duration: `30 days`"),
    "$END": N_("the end of the line"),
}
_OPERATORS_OF: Mapping[FieldType, tuple[FieldOperator, ...]] = {
    "text": ("is", "is not", "starts with"),
    "number": ("is", "is not", "over", "under"),
    "date": ("is", "is not", "before", "after"),
    "choice": ("is", "is not"),
    "choices": ("is", "is not"),
    "yes-no": ("is", "is not"),
}
_EXAMPLES = {"number": '"12.5"', "date": '"1980-09-03"', "yes-no": '"yes"'}
_WORD_AT = re.compile(rf"{_IN_QUOTES}|[^\s\",“«]+|\S")


class ConditionMistake(Unreadable):
    """Why a line is no condition. `offset` counts characters of the line from 0. `is_unknown_name`
    where something is named that was not declared.
    """

    def __init__(
        self, offset: int, message: str, is_unknown_name: bool = False, /, **values: Value
    ) -> None:
        super().__init__(message, **values)
        self.offset = offset
        self.is_unknown_name = is_unknown_name


class Names:
    """What conditions may name: everything a plan declares. `segments` are the ids of segments,
    of which the plan need not know more yet.
    """

    def __init__(self, plan: Plan, segments: Iterable[str]) -> None:
        self.plan = plan
        self.segments = frozenset(segments)
        self.labels = dict(_labels_of_letters(plan))
        """The labels of each letter's links."""

    def letters(self, written: str) -> list[LetterRef]:
        """The letters that `written` may mean: `id`, `list/id` or `broadcast/id`."""
        place, _, letter = written.rpartition("/")
        listed = self.plan.list_named(place) if place else None
        return [
            known
            for known in self.labels
            if known.letter == letter
            and (not place or known.broadcast == place or (listed and known.list == listed.id))
        ]


def _labels_of_letters(plan: Plan) -> Iterator[tuple[LetterRef, tuple[str, ...]]]:
    for listed in plan.lists.values():
        for letter in listed.letters:
            yield LetterRef(listed.id, "", letter.id), _labels(letter)
    for broadcast in plan.broadcasts.values():
        for letter in letters_of(broadcast):
            yield LetterRef(0, broadcast.id, letter.id), _labels(letter)


def _labels(letter: Letter) -> tuple[str, ...]:
    """Of the letter's links, in all its versions."""
    labels = (link.label for _version, worded in letter.wordings() for link in worded.links)
    return tuple(dict.fromkeys(labels))


class _Word(NamedTuple):
    """A word of a line that means something: its terminal in the grammar, as written, and where."""

    terminal: str
    text: str
    offset: int

    @property
    def plain(self) -> str:
        """Without the quotes around it."""
        text = normalize("NFC", self.text)
        if text[0] == '"':
            return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.S)
        return text[1:-1].strip() if text[0] in "“«" else text


@cache
def _parser() -> Lark:
    from lark import Lark

    terminals = [
        *(f"_{word.upper()}.2: /{word}(?=\\s|$)/i" for word in _SILENT_WORDS),
        *(f"{word.upper()}.2: /{word}(?=\\s|$)/i" for word in (*_HEARD, *MEASURED_ACTS)),
        *(f'{name}: /{_IN_QUOTES}|[^\\s",“«]+/' for name in _NAMED),
        f"TEXT: /{_IN_QUOTES}/",
    ]
    return Lark("\n".join((_GRAMMAR, *terminals)), parser="lalr", maybe_placeholders=False)


def read_condition(line: str, names: Names) -> Line:
    """The condition of a line. Raises ConditionMistake."""
    from lark import Token, Tree, UnexpectedInput

    try:
        rule = _parser().parse(line).children[0]
    except UnexpectedInput as error:
        raise _misplaced(line, error) from None
    assert isinstance(rule, Tree)
    tokens = rule.scan_values(lambda value: isinstance(value, Token))
    words_of_line = tuple(_Word(t.type, str(t), t.start_pos or 0) for t in tokens)
    return _READERS[rule.data](_Recognised(words_of_line, names))


def _misplaced(line: str, error: UnexpectedInput) -> ConditionMistake:
    """The word that cannot stand there, or that something is missing at the end."""
    from lark import UnexpectedCharacters, UnexpectedToken

    unclosed = _unclosed(line)
    if unclosed is not None:
        return ConditionMistake(unclosed, N_("no quote closes the one that opens here"))
    at_end, expected = False, set[str]()
    if isinstance(error, UnexpectedToken):
        at_end, expected = error.token.type == "$END", set(error.accepts or error.expected)
    elif isinstance(error, UnexpectedCharacters):
        expected = set(error.allowed or ())
    could = _could_stand(expected)
    word = None if at_end else _WORD_AT.match(line, error.pos_in_stream or 0)
    if word is None:
        message = (
            N_("something is missing at the end; what can stand there: {expected}")
            if line.strip()
            else N_("this line is empty; what can stand there: {expected}")
        )
        return ConditionMistake(len(line.rstrip()), message, expected=could)
    keywords = [keyword for keyword in _KEYWORDS if _terminals(keyword) & expected]
    return ConditionMistake(
        word.start(),
        N_("`{word}` cannot stand here; what can: {expected}{hint}"),
        word=word[0],
        expected=could,
        hint=hint(nearest(word[0], keywords)),
    )


def _unclosed(line: str) -> int | None:
    """Where the quote stands that nothing closes."""
    rest = re.sub(_IN_QUOTES, lambda quoted: " " * len(quoted[0]), line)
    opened = re.search(r'["“«]', rest)
    return opened.start() if opened else None


def _terminals(keyword: str) -> set[str]:
    return {keyword.upper(), f"_{keyword.upper()}"}


def _could_stand(expected: set[str]) -> Words:
    """What could stand at a place, in words: keywords first, in the order of the vocabulary."""
    keywords: list[Value] = [f"`{word}`" for word in _KEYWORDS if _terminals(word) & expected]
    others = [words(told) for name, told in {**_NAMED, **_OTHERS}.items() if name in expected]
    parts = {f"part{number}": part for number, part in enumerate((*keywords, *others))}
    return Words(", ".join(f"{{{name}}}" for name in parts), tuple(parts.items()))


class _Recognised:
    """A line that follows the grammar, and what its words name."""

    def __init__(self, words_of_line: tuple[_Word, ...], names: Names) -> None:
        self.words, self.names = words_of_line, names

    def word(self, terminal: str) -> _Word | None:
        """The first word of this kind."""
        return next((word for word in self.words if word.terminal == terminal), None)

    def text(self, terminal: str) -> str:
        """What is named or quoted, "" where nothing is."""
        word = self.word(terminal)
        return "" if word is None else word.plain

    def known(self, terminal: str, known: Iterable[str], message: str) -> str:
        """A name that has to be one of `known`; `message` takes {name} and {hint}."""
        name, names = self.text(terminal), tuple(known)
        if name in names:
            return name
        raise self.unknown(terminal, message, name=name, hint=hint(nearest(name, names)))

    def unknown(self, terminal: str, message: str, /, **values: Value) -> ConditionMistake:
        word = self.word(terminal)
        return ConditionMistake(word.offset if word else 0, message, True, **values)

    def list(self) -> int:
        plan, name = self.names.plan, self.text("LIST")
        listed = plan.list_named(name)
        if listed is not None:
            return listed.id
        known = (*(other.name for other in plan.lists.values()), *map(str, plan.lists))
        message = N_("there is no list {list}{hint}")
        raise self.unknown("LIST", message, list=name, hint=hint(nearest(name, known)))

    def letter(self) -> LetterRef | None:
        name = self.text("LETTER_NAME")
        if not name:
            return None
        meant = self.names.letters(name)
        if len(meant) == 1:
            return meant[0]
        if meant:
            choices = ", ".join(f"`{letter}`" for letter in meant)
            message = N_("there are several letters {letter}: write {choices}")
            raise self.unknown("LETTER_NAME", message, letter=name, choices=choices)
        ids = sorted({letter.letter for letter in self.names.labels})
        close = hint(nearest(name.rpartition("/")[2], ids))
        message = N_("there is no letter {letter}{hint}")
        raise self.unknown("LETTER_NAME", message, letter=name, hint=close)

    def label(self, letter: LetterRef | None) -> str:
        """The label of a link of that letter, "" where none is asked for."""
        label = " ".join(self.text("TEXT").split())
        if letter is None or self.word("TEXT") is None or label in self.names.labels[letter]:
            return label
        labels = ", ".join(quoted(other) for other in self.names.labels[letter])
        message = (
            N_('no link of the letter {letter} says "{label}"; its links say {labels}')
            if labels
            else N_("no link of the letter {letter} is an answer")
        )
        values = {"letter": letter.letter, "label": label, "labels": labels}
        raise self.unknown("TEXT", message, **values)

    def times(self) -> int:
        word = self.word("NUMBER")
        if word is None:
            return 1
        digits = word.text.lstrip("0")
        if not digits or len(digits) > 3 or int(digits) > MAX_TIMES:
            message = N_("{number} is not a number from 1 to {most}")
            raise ConditionMistake(word.offset, message, number=word.text, most=MAX_TIMES)
        return int(digits)

    def within(self) -> Delay | None:
        return None if self.word("DURATION") is None else self.duration()

    def duration(self) -> Delay:
        word = self.word("DURATION")
        text, offset = (word.text.rstrip(), word.offset) if word else ("", 0)
        try:
            delay = parse_delay(text)
        except Unreadable as error:
            raise ConditionMistake(
                offset, error.words.message, False, **dict(error.words.values)
            ) from None
        if not delay.nominal_ms:
            raise ConditionMistake(offset, N_('"{duration}" is no time at all'), duration=text)
        return delay

    def values(self) -> tuple[tuple[str, ...], bool]:
        """The texts in quotes, each once, and whether `unknown` stands beside them."""
        texts = dict.fromkeys(word.plain for word in self.words if word.terminal == "TEXT")
        return tuple(texts), self.word("UNKNOWN") is not None


def _answered(line: _Recognised) -> Line:
    letter = line.letter()
    return Answered(letter, line.label(letter), line.times(), line.within())


def _received(line: _Recognised) -> Line:
    purpose = ""
    if line.word("PURPOSE") is not None:
        message = N_('the purpose "{name}" is not declared in config.toml{hint}')
        purpose = line.known("PURPOSE", line.names.plan.purposes, message)
    return Received(line.duration(), line.times(), purpose)


def _ordered(line: _Recognised) -> Line:
    """A code is looked for where `[[product]]` declares any."""
    declared, code = line.names.plan.declared, line.text("TEXT")
    codes = [product.code for product in declared.products] if declared is not None else []
    if line.word("TEXT") is not None and codes and code not in codes:
        message = N_("no [[product]] has the code {product}{hint}")
        raise line.unknown("TEXT", message, product=code, hint=hint(nearest(code, codes)))
    return Ordered(code, line.times(), line.within())


def _field(line: _Recognised) -> Line:
    name, fields = line.text("FIELD_NAME"), line.names.plan.fields
    if name not in fields:
        close = hint(nearest_field(name, {field: fields[field].label for field in fields}))
        message = N_('the field "{name}" is not declared in config.toml{hint}')
        raise line.unknown("FIELD_NAME", message, name=name, hint=close)
    terminals = [word.terminal for word in line.words]
    operator: FieldOperator = next(
        operator for operator in FIELD_OPERATORS if operator.split()[0].upper() == terminals[1]
    )
    if "NOT" in terminals:
        operator = "is not"
    if operator not in _OPERATORS_OF[fields[name].type]:
        could = ", ".join(f"`{operator}`" for operator in _OPERATORS_OF[fields[name].type])
        message = N_(
            '`{operator}` compares no field of type {type}, which "{field}" is; what can stand'
            " here: {operators}"
        )
        values = {"operator": operator, "type": fields[name].type, "operators": could}
        raise ConditionMistake(line.words[1].offset, message, False, field=name, **values)
    for word in line.words:
        if word.terminal == "TEXT" and value_of(fields[name], word.plain) is None:
            raise _unfit(fields[name], word)
    return FieldIs(name, operator, *line.values())


def _unfit(field: Field, word: _Word) -> ConditionMistake:
    if field.type in ("choice", "choices"):
        message = N_('"{value}" is no option of the field "{field}", which has {options}{hint}')
        options = ", ".join(map(quoted, field.options))
        close = hint(nearest(word.plain, field.options))
        return ConditionMistake(
            word.offset,
            message,
            False,
            value=word.plain,
            field=field.name,
            options=options,
            hint=close,
        )
    message = N_('"{value}" is no value of a field of type {type}: write for example {example}')
    example = _EXAMPLES[field.type]
    return ConditionMistake(
        word.offset, message, False, value=word.plain, type=field.type, example=example
    )


def _measured(line: _Recognised) -> Line:
    act = next(act for act in MEASURED_ACTS if line.word(act.upper()))
    return Measured(act, line.duration(), line.letter())


_READERS: Mapping[str, Callable[[_Recognised], Line]] = {
    "on": lambda line: On(line.list()),
    "in_group": lambda line: InGroup(
        line.known(
            "GROUP_NAME",
            line.names.plan.groups,
            N_('the group "{name}" is not declared in config.toml{hint}'),
        )
    ),
    "in_segment": lambda line: InSegment(
        line.known("SEGMENT_NAME", line.names.segments, N_('there is no segment "{name}"{hint}'))
    ),
    "joined": lambda line: Joined(line.list(), line.duration()),
    "answered": _answered,
    "received": _received,
    "ordered": _ordered,
    "silent": lambda line: Silent(line.duration()),
    "source": lambda line: SourceIs(*line.values()),
    "field": _field,
    "measured": _measured,
}
