"""A dialogue as boxes and arrows, for Mermaid and for Graphviz. Every word of the author is quoted:
none can be read as a drawing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.authoring.dialogue_file import broadcasts_in, forms_in, lists_in
from engine.authoring.graph_text import when
from engine.i18n.language import translator
from engine.i18n.phrases import say_delay, say_list, subject_of
from engine.sequence.model import Letter, Plan
from engine.words import Language


@dataclass(frozen=True, slots=True)
class Box:
    """`kind`: list, elsewhere (a list of another file), form, broadcast."""

    name: str
    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """`kind`: move, copy, ends, to (a broadcast to its lists)."""

    source: str
    target: str
    kind: str
    label: str


def boxes(plan: Plan, file: str, language: Language) -> tuple[Box, ...]:
    _ = translator(language)
    drawn = [
        Box(
            f"list{source.id}",
            "list",
            (
                say_list(plan, source.id),
                *(f"{when(letter, language)}: {letter.id}" for letter in source.letters),
            ),
        )
        for source in lists_in(plan, file)
    ]
    drawn += [
        Box(f"form{n}", "form", (_("form {name}").format(name=source.name), source.title))
        for n, source in enumerate(forms_in(plan, file))
    ]
    drawn += [
        Box(
            f"broadcast{n}",
            "broadcast",
            (f"{_('broadcast')} {source.id}", source.on or source.every, subject_of(source.letter)),
        )
        for n, source in enumerate(broadcasts_in(plan, file))
    ]
    here = {box.name for box in drawn}
    elsewhere = {arrow.target for arrow in arrows(plan, file, language)} - here
    return (
        *drawn,
        *(Box(name, "elsewhere", (say_list(plan, int(name[4:])),)) for name in sorted(elsewhere)),
    )


def arrows(plan: Plan, file: str, language: Language) -> tuple[Arrow, ...]:
    drawn: list[Arrow] = []
    for listed in lists_in(plan, file):
        for letter in listed.letters:
            drawn += _answers(f"list{listed.id}", letter)
        if listed.ends is not None and listed.ends.target:
            delay = say_delay(listed.ends.after, language)
            drawn.append(Arrow(f"list{listed.id}", f"list{listed.ends.target}", "ends", delay))
    for number, form in enumerate(forms_in(plan, file)):
        choices = form.question.choices if form.question is not None else ()
        drawn += [
            Arrow(f"form{number}", f"list{choice.list}", "move", choice.label) for choice in choices
        ]
        drawn += (
            [] if choices else [Arrow(f"form{number}", f"list{form.list}", "move", form.button)]
        )
    for number, broadcast in enumerate(broadcasts_in(plan, file)):
        drawn += [Arrow(f"broadcast{number}", f"list{to}", "to", "") for to in broadcast.to]
        drawn += _answers(f"broadcast{number}", broadcast.letter)
    return tuple(dict.fromkeys(drawn))


def _answers(source: str, letter: Letter) -> list[Arrow]:
    return [Arrow(source, f"list{link.target}", link.kind, link.label) for link in letter.links]


def draw_mermaid(plan: Plan, file: str, language: Language) -> Iterator[str]:
    shapes = {
        "list": ("[", "]"),
        "elsewhere": ("[[", "]]"),
        "form": ("([", "])"),
        "broadcast": ("{{", "}}"),
    }
    lines = {"move": "-->", "copy": "-.->", "ends": "==>", "to": "-.-"}
    yield "flowchart TD"
    for box in boxes(plan, file, language):
        left, right = shapes[box.kind]
        yield f'  {box.name}{left}"{"<br/>".join(_mermaid(line) for line in box.lines)}"{right}'
    for arrow in arrows(plan, file, language):
        label = f'|"{_mermaid(arrow.label)}"|' if arrow.label else ""
        yield f"  {arrow.source} {lines[arrow.kind]}{label} {arrow.target}"


def _mermaid(text: str) -> str:
    plain = " ".join(text.split()).replace("#", "#35;").replace("&", "#38;")
    return (
        plain.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;").replace("`", "#96;")
    )


def draw_dot(plan: Plan, file: str, language: Language) -> Iterator[str]:
    shapes = {"list": "box", "elsewhere": "folder", "form": "ellipse", "broadcast": "hexagon"}
    styles = {"move": "solid", "copy": "dashed", "ends": "bold", "to": "dotted"}
    yield "digraph dialogue {"
    yield (
        f'  label="{_dot(plan.titles[file])}"; node [fontname="Helvetica"]; edge'
        ' [fontname="Helvetica"];'
    )
    for box in boxes(plan, file, language):
        yield f'  {box.name} [shape={shapes[box.kind]}, label="{_dot_lines(box.lines)}"];'
    for arrow in arrows(plan, file, language):
        yield (
            f"  {arrow.source} -> {arrow.target} [style={styles[arrow.kind]},"
            f' label="{_dot(arrow.label)}"];'
        )
    yield "}"


def _dot_lines(lines: tuple[str, ...]) -> str:
    return r"\n".join(_dot(line) for line in lines)


def _dot(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
