"""A published letter with all that is the same for everybody filled in and encoded beforehand. What
it gives equals `Compiled.render`, encoded.

It is encoded line by line, as quoted-printable allows: what a line becomes depends on no other
line. Lines that hold nothing of a person are encoded here, once; a link's token in them has one
length and only signs that stay as they are, so it goes into its place, even across a soft break. A
line with a field, or an `if` that does not keep to whole lines, is encoded per person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from jinja2 import nodes
from jinja2.environment import Environment
from markupsafe import escape

from engine.frozen import dataclass
from engine.letter.draft import MAX_HTML_BYTES
from engine.letter.merge import MergeFailed, Template, Value, names_in, restricted
from engine.letter.typed_fields import typed
from engine.words import N_

Encode = Callable[[str], str]
SOFT_BREAK = "=\r\n"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# Between what is written for each person: no encoded line can hold it.
_BETWEEN = "\0"


@dataclass(frozen=True, slots=True)
class _Condition:
    test: nodes.Node
    then: list[_BodyItem]
    otherwise: list[_BodyItem]


# Text as it will stand there; an expression to be written; an `if`.
_BodyItem = str | nodes.Expr | _Condition
# The template of a part and its foot.
_TemplateAndFoot = tuple[Template, str]


class EncodedLetter(NamedTuple):
    """The letter for one person; both parts are encoded."""

    subject: str
    text: str
    html: str


class PrecompiledBody:
    """Both parts as pieces of encoded text: what is the same for everybody, and between it the
    places of tokens and of what is written for each person.
    """

    def __init__(
        self,
        lines: Mapping[str, Template],
        html: _TemplateAndFoot,
        text: _TemplateAndFoot,
        own: Mapping[str, str],
        marks: Sequence[str],
        encode: Encode,
    ) -> None:
        """`own` are the engine's values; in these and in the feet of `html` and `text`, `marks`
        stand for the tokens of links.
        """
        known = dict(own)
        for name, line in lines.items():
            if line.fields <= own.keys():
                known[name] = line.render({}, own)
        self._lines = {name: line for name, line in lines.items() if name not in known}
        self._subject = known.get("subject", "")
        environment, tokens = _encoding(encode), _TokenSlots(marks)
        pieces = _Pieces(tokens)
        pieces.add(_Part(text, known, False, tokens, environment).body("\n"))
        self._html_at = len(pieces.pieces)
        pieces.add(_Part(html, known, True, tokens, environment).body())
        self._pieces, self._tokens = pieces.pieces, pieces.tokens
        self._personal = tuple(pieces.personal)
        tree = nodes.Template(_merge_outputs(pieces.template()), lineno=1)
        tree.set_lineno(1)
        tree.set_environment(environment)
        names = names_in(tree)
        self._slots = tuple(slot for slot in tokens.slots.items() if slot[0] in names)
        # All of them: a filter may ask for one that no line names, such as the reader's language.
        self._own = {
            name: value for name, value in known.items() if not any(mark in value for mark in marks)
        }
        engines = self._own.keys() | lines.keys() | tokens.slots.keys()
        self._template = Template(environment.from_string(tree), names - engines)

    def fill(self, values: Mapping[str, Value], tokens: Sequence[str]) -> EncodedLetter:
        """`tokens` replace `marks`, in the same order and of the same length.

        Raises MergeFailed where only `Compiled.render` can tell whether the letter can be rendered
        for this person, or why not.
        """
        pieces = self._pieces.copy()
        for place, (token, start, end) in self._tokens:
            pieces[place] = tokens[token][start:end]
        subject = self._subject
        if self._lines or self._personal:
            own = self._own.copy()
            for name, line in self._lines.items():
                own[name] = line.render(values, own)
            subject = own.get("subject", subject)
            if self._personal:
                for name, (token, start, end) in self._slots:
                    own[name] = tokens[token][start:end]
                written = self._template.render(values, own).split(_BETWEEN)
                for place, piece in zip(self._personal, written, strict=True):
                    pieces[place] = piece
        html = "".join(pieces[self._html_at :])
        if len(html) > MAX_HTML_BYTES:
            raise MergeFailed(N_("The HTML may be too large."))
        text = "".join(pieces[: self._html_at]).strip("\r\n")
        return EncodedLetter(subject, f"{text}\r\n", html)


class _Pieces:
    """`pieces` is "" at the places of `tokens` and of `personal`, whose nodes `template` has."""

    def __init__(self, slots: _TokenSlots) -> None:
        self._slots = slots
        self.pieces: list[str] = []
        self.tokens: list[tuple[int, tuple[int, int, int]]] = []
        self.personal: list[int] = []
        self._nodes: list[nodes.Node] = []

    def add(self, body: Iterable[nodes.Node]) -> None:
        at_hole = True
        for node in body:
            for child in node.nodes if isinstance(node, nodes.Output) else [node]:
                if isinstance(child, nodes.TemplateData) and not at_hole:
                    self.pieces[-1] += child.data
                    continue
                at_hole = not isinstance(child, nodes.TemplateData)
                if isinstance(child, nodes.Name):
                    self.tokens.append((len(self.pieces), self._slots.slots[child.name]))
                elif at_hole:
                    self.personal.append(len(self.pieces))
                    self._nodes.append(child)
                self.pieces.append(child.data if isinstance(child, nodes.TemplateData) else "")

    def template(self) -> list[nodes.Node]:
        """What is written for each person, with a mark between one place and the next."""
        body: list[nodes.Node] = []
        for written in self._nodes:
            if body:
                body.append(nodes.Output([nodes.TemplateData(_BETWEEN)]))
            body.append(written)
        return body


class _TokenSlots:
    """The slots for links' tokens: `slots` maps a name in the template to a token and the slice of
    it that stands there.
    """

    def __init__(self, marks: Sequence[str]) -> None:
        either = "|".join(f"({f'(?:{SOFT_BREAK})?'.join(map(re.escape, mark))})" for mark in marks)
        self._any = re.compile(either or "(?!)")
        self.slots: dict[str, tuple[int, int, int]] = {}

    def with_slots(self, text: str) -> Iterator[nodes.Expr]:
        """`text`, encoded or not, with its marks replaced by slot names."""
        done = 0
        for token in self._any.finditer(text):
            yield nodes.TemplateData(text[done : token.start()])
            start = 0
            for stretch in token[0].split(SOFT_BREAK):
                if start:
                    yield nodes.TemplateData(SOFT_BREAK)
                yield self._slot((token.lastindex or 1) - 1, start, start + len(stretch))
                start += len(stretch)
            done = token.end()
        yield nodes.TemplateData(text[done:])

    def _slot(self, place: int, start: int, end: int) -> nodes.Expr:
        name = f"_token_{place}_{start}_{end}"
        self.slots[name] = (place, start, end)
        return nodes.Name(name, "load")


class _Part:
    """One part of a letter, encoded as far as it is the same for everybody."""

    def __init__(
        self,
        part: _TemplateAndFoot,
        own: Mapping[str, str],
        escaped: bool,
        tokens: _TokenSlots,
        environment: Environment,
    ) -> None:
        template, foot = part
        self._known = {**own, "foot": foot}
        self._escaped, self._tokens, self._encode = escaped, tokens, environment.filters["encoded"]
        self._tree = typed(environment.parse(template.source), template.types)

    def body(self, end: str = "") -> list[nodes.Node]:
        done, rest = self._encoded([*self._flat(self._tree.body), end])
        return [*done, *self._line(rest)]

    def _flat(self, body: Iterable[nodes.Node]) -> list[_BodyItem]:
        flat: list[_BodyItem] = []
        for node in body:
            if isinstance(node, nodes.Output):
                flat += [self._written(child) for child in node.nodes]
            elif isinstance(node, nodes.If):
                flat += self._chosen(node)
            else:
                raise TypeError(
                    f"a published letter holds output and `if` only, not {type(node).__name__}"
                )
        return flat

    def _written(self, child: nodes.Expr) -> _BodyItem:
        if isinstance(child, nodes.TemplateData):
            return child.data
        if isinstance(child, nodes.Const):
            return self._as_text(child.value)
        if isinstance(child, nodes.Name) and child.name in self._known:
            return self._as_text(self._known[child.name])
        return nodes.Filter(child, "escaped", [], [], None, None) if self._escaped else child

    def _as_text(self, value: object) -> str:
        return str(escape(value)) if self._escaped else str(value)

    def _chosen(self, node: nodes.If) -> list[_BodyItem]:
        otherwise = list(node.else_)
        if node.elif_:
            first, *others = node.elif_
            otherwise = [nodes.If(first.test, first.body, others, node.else_)]
        if isinstance(node.test, nodes.Name) and node.test.name in self._known:
            return self._flat(node.body if self._known[node.test.name] else otherwise)
        return [_Condition(node.test, self._flat(node.body), self._flat(otherwise))]

    def _encoded(self, flat: Iterable[_BodyItem]) -> tuple[list[nodes.Node], list[_BodyItem]]:
        """All whole lines, encoded, and what stands after the last of them. It begins a line."""
        done: list[nodes.Node] = []
        line: list[_BodyItem] = []
        for segment in flat:
            if isinstance(segment, str):
                for stretch in _LINE.findall(segment):
                    line.append(stretch)
                    if stretch.endswith("\n"):
                        done += self._line(line)
                        line = []
            elif isinstance(segment, _Condition) and not line and (whole := self._whole(segment)):
                done.append(whole)
            else:
                line.append(segment)
        return done, line

    def _whole(self, choice: _Condition) -> nodes.If | None:
        """The `if` with encoded branches, when each holds whole lines only; else None."""
        (then, after_then) = self._encoded(choice.then)
        (otherwise, after_otherwise) = self._encoded(choice.otherwise)
        return (
            None
            if after_then or after_otherwise
            else nodes.If(choice.test, _merge_outputs(then), [], _merge_outputs(otherwise))
        )

    def _line(self, line: list[_BodyItem]) -> list[nodes.Node]:
        fixed = [segment for segment in line if isinstance(segment, str)]
        if len(fixed) == len(line):
            return (
                [nodes.Output(list(self._tokens.with_slots(self._encode("".join(fixed)))))]
                if fixed
                else []
            )
        return [
            nodes.FilterBlock(self._live(line), nodes.Filter(None, "encoded", [], [], None, None))
        ]

    def _live(self, flat: Iterable[_BodyItem]) -> list[nodes.Node]:
        body: list[nodes.Node] = []
        for segment in flat:
            if isinstance(segment, _Condition):
                body.append(
                    nodes.If(
                        segment.test, self._live(segment.then), [], self._live(segment.otherwise)
                    )
                )
            else:
                body.append(
                    nodes.Output(
                        list(self._tokens.with_slots(segment))
                        if isinstance(segment, str)
                        else [segment]
                    )
                )
        return _merge_outputs(body)


def _merge_outputs(body: Iterable[nodes.Node]) -> list[nodes.Node]:
    """Neighbouring outputs merged into one: Jinja then writes a page of fixed lines in one
    piece.
    """
    joined: list[nodes.Node] = []
    for node in body:
        last = joined[-1] if joined else None
        if isinstance(node, nodes.Output) and isinstance(last, nodes.Output):
            last.nodes += node.nodes
        else:
            joined.append(node)
    return joined


@lru_cache(maxsize=4)
def _encoding(encode: Encode) -> Environment:
    """A Jinja environment that escapes values only where told: encoded lines are not HTML."""
    environment = restricted(autoescape=False)
    environment.filters |= {"encoded": encode, "escaped": escape}
    return environment
