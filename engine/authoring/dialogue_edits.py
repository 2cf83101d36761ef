"""What an author does to a dialogue by forms: a new one, a list, a letter, an answer, another name.
Each gives the new texts of the files it changes. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.authoring.toml_changes import (
    AddTable,
    Change,
    SetKey,
    TablePath,
    TomlValue,
    identity,
)
from engine.authoring.toml_edit import edited
from engine.sequence.draft import MAX_LIST_NUMBER, as_name
from engine.sequence.links import SPECIAL
from engine.sequence.model import Broadcast, Letter, List, Plan
from engine.sequence.toml import read_tables

# Keys whose values are lists, by number or by name.
_NAMING_LISTS = {"move", "copy", "join", "leave", "from", "leaves", "to", "list"}
Files = dict[str, str]


@dataclass(frozen=True, slots=True)
class NewLetter:
    """`when` is ("after" or "wait", a delay) or ("reminds", the letter reminded), whose delay is
    then `wait`.
    """

    list: int
    subject: str
    when: tuple[Literal["after", "wait", "reminds"], str]
    wait: str = ""


def list_path(number: int) -> TablePath:
    return (("list", str(number)),)


def letter_path(number: int, letter: str) -> TablePath:
    return (*list_path(number), ("letter", letter))


def broadcast_path(broadcast: str) -> TablePath:
    return (("broadcast", broadcast),)


def free_list_name(title: str, plan: Plan) -> str:
    """A name made of a title that no list has, and that a link can hold."""
    name = as_name(title)
    if name.isdigit() or name in SPECIAL:
        name = f"liste-{name}"
    return _free(name, {listed.name for listed in plan.lists.values()})


def free_list_number(plan: Plan, near: Collection[int] = ()) -> int:
    """The next after those of the same dialogue, or after all."""
    number = max(near or plan.lists, default=0) + 1
    while number in plan.lists:
        number += 1
    return min(number, MAX_LIST_NUMBER)


def _free(name: str, taken: Collection[str]) -> str:
    free, count = name[:58], 2
    while free in taken:
        free, count = f"{name[:58]}-{count}", count + 1
    return free


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDialogue:
    """`greeting` begins its letter; `form` is what its form for signing up says, None for none, and
    `fields` what it asks for.
    """

    title: str
    purpose: str
    list: str
    subject: str
    greeting: str
    form: Mapping[str, str | bool] | None = None
    fields: Sequence[Mapping[str, str]] = ()


def new_dialogue(new: NewDialogue, plan: Plan) -> tuple[str, Files]:
    """A file with one list, whose letter is sent at once. Its path, and the texts."""
    stem = _free(
        as_name(new.title), {path.partition(".")[0].partition("/")[0] for path in plan.words}
    )
    path = f"{stem}.toml"
    text = edited("", [SetKey((), "title", new.title), SetKey((), "purpose", new.purpose)])
    number, text = new_list(text, path, new.list, plan)
    letter = NewLetter(number, new.subject, ("after", "0 minutes"))
    _, body, text = new_letter(text, path, letter, plan)
    if new.form is not None:
        name = _free(stem, plan.forms)
        values: dict[str, TomlValue] = {"name": name, "title": new.title, "list": number}
        changes: list[Change] = [AddTable((), "form", values | dict(new.form) | values)]
        changes += [AddTable((("form", name),), "field", field) for field in new.fields]
        text = edited(text, changes)
    return path, {path: text, body: new.greeting}


def new_list(text: str, file: str, title: str, plan: Plan, thanks: str = "") -> tuple[int, str]:
    """Its number and the dialogue's text with it."""
    near = [listed.id for listed in plan.lists.values() if listed.file == file]
    number = free_list_number(plan, near)
    values: dict[str, TomlValue] = {"id": number, "name": free_list_name(title, plan)}
    group = next((plan.lists[other].group for other in near if plan.lists[other].group), "")
    if group:
        values["group"] = group
    if thanks:
        values["thanks"] = thanks
    return number, edited(text, [AddTable((), "list", values)])


def list_in(text: str, number: int) -> str:
    """The name of a list, read from a dialogue's text."""
    tables = read_tables(text).get("list")
    for table in tables if isinstance(tables, list) else ():
        if isinstance(table, dict) and table.get("id") == number:
            return str(table.get("name"))
    return str(number)


def new_letter(text: str, file: str, letter: NewLetter, plan: Plan) -> tuple[str, str, str]:
    """Its id, the file of its words, and the dialogue's text with it."""
    listed = plan.lists.get(letter.list)
    identifier = _free(
        as_name(letter.subject), {own.id for own in listed.letters} if listed else ()
    )
    body = free_body(file, identifier, plan)
    values: dict[str, TomlValue] = {"id": identifier}
    kind, delay = letter.when
    values[kind] = delay
    if kind == "reminds":
        values["wait"] = letter.wait or "1 day"
    values |= {"subject": letter.subject, "body": body}
    return identifier, body, edited(text, [AddTable(list_path(letter.list), "letter", values)])


def place_of_broadcast(subject: str, file: str, plan: Plan) -> tuple[str, str]:
    """A free id for a new broadcast of a dialogue, and the free file of its words."""
    letters = {letter.id for listed in plan.lists.values() for letter in listed.letters}
    identifier = _free(as_name(subject), {*plan.broadcasts, *letters})
    return identifier, free_body(file, identifier, plan)


def dialogue_of_audience(plan: Plan, to: str) -> str:
    """The file of the dialogue in which an audience is written, else the first; "" where there is
    none. `to` is as a broadcast's file names it: a list, "segment:id".
    """
    segment = plan.segments.get(to.removeprefix("segment:"))
    listed = plan.list_named(to) if len(to) < 100 else None
    if segment is not None:
        return segment.file
    return listed.file if listed is not None else next(iter(plan.titles), "")


def free_body(file: str, letter: str, plan: Plan) -> str:
    """A free file for the words of a letter of a dialogue."""
    taken = {path.removesuffix(".md") for path in plan.words if path.endswith(".md")}
    return _free_path(f"{file.removesuffix('.toml')}/{letter}", taken) + ".md"


def _free_path(path: str, taken: Collection[str]) -> str:
    free, count = path, 2
    while free in taken:
        free, count = f"{path}-{count}", count + 1
    return free


def renamed_list(texts: Mapping[str, str], listed: List, name: str) -> Files:
    """The list under another name, in every dialogue and letter that names it."""
    changed: Files = {}
    for path, text in texts.items():
        if path.endswith(".toml"):
            changes: list[Change] = []
            if path == listed.file:
                changes.append(SetKey(list_path(listed.id), "name", name))
            changes += _naming(read_tables(text), listed.name, name)
            new = edited(text, changes)
        else:
            sign = r"(===|\+\+\+|%3D%3D%3D|%2B%2B%2B)"
            new = re.sub(rf"{sign}{re.escape(listed.name)}(?=\1)", rf"\g<1>{name}", text)
        if new != text:
            changed[path] = new
    return changed


def _naming(
    table: Mapping[str, object], former: str, name: str, path: TablePath = ()
) -> Iterator[SetKey]:
    for key, value in table.items():
        if isinstance(value, list) and value and all(isinstance(inner, dict) for inner in value):
            for index, inner in enumerate(value):
                step = (key, identity(inner) or f"#{index}")
                yield from _naming(inner, former, name, (*path, step))
        elif isinstance(value, dict) and key not in ("ends", "then"):
            yield from _naming(value, former, name, (*path, (key, "")))
        elif (key, [kind for kind, _ in path]) != ("from", ["webhook"]):
            new = _named(key, value, former, name)
            if new != value:
                yield SetKey(path, key, new)


def _named(key: str, value: object, former: str, name: str) -> TomlValue:
    if isinstance(value, dict):
        return {inner: _named(inner, other, former, name) for inner, other in value.items()}
    if key in _NAMING_LISTS and isinstance(value, list):
        return [name if other == former else other for other in value]
    return name if key in _NAMING_LISTS and value == former else value  # type: ignore[return-value]


def with_inserted(body: str, words: str, at: int, *, apart: bool = False) -> str:
    """A letter's text with words at a place (from 0, -1 for the end), on lines of their own if
    `apart`.
    """
    place = at if 0 <= at <= len(body) else len(body)
    above, below = body[:place], body[place:]
    if not apart:
        return f"{above}{words}{below}"
    above = f"{above.rstrip(chr(10))}\n\n" if above.strip() else ""
    below = below.lstrip("\n")
    return f"{above}{words}\n{chr(10) + below if below else ''}"


def answer_link(label: str, target: str, kind: Literal["move", "copy"]) -> str:
    """As Markdown has it: "[Oui](===11===)"."""
    sign = "===" if kind == "move" else "+++"
    words = re.sub(r"([\[\]\\])", r"\\\1", " ".join(label.split()))
    return f"[{words}]({sign}{target}{sign})"


def field_tag(name: str, default: str) -> str:
    """ "{{ first_name | default('à vous', true) }}"."""
    quoted = default.replace("\\", "\\\\").replace("'", "\\'")
    return f"{{{{ {name} | default('{quoted}', true) }}}}"


def asset_link(kind: str, name: str, words: str) -> str:
    """A picture, or a link to a download."""
    plain = re.sub(r"([\[\]\\])", r"\\\1", " ".join(words.split()))
    address = f"{kind}/{name}" if re.fullmatch(r"[\w.-]+", name) else f"<{kind}/{name}>"
    return f"{'!' if kind == 'pictures' else ''}[{plain}]({address})"


def sent_by(plan: Plan, file: str) -> Iterator[tuple[List | Broadcast, Letter]]:
    """Every letter of a dialogue with what sends it, in the order they are written."""
    for listed in plan.lists.values():
        if listed.file == file:
            yield from ((listed, letter) for letter in listed.letters)
    for broadcast in plan.broadcasts.values():
        if broadcast.file == file:
            yield broadcast, broadcast.letter
            if broadcast.reminder is not None:
                yield broadcast, broadcast.reminder
