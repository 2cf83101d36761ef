"""Which messages the program says, read from its code and its templates, and what a catalogue gets
wrong about them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from jinja2 import Environment

SINGLE = {"_", "N_", "gettext"}
COUNTED = {"ngettext"}
ABOUT_MISTAKES = {"Mistake", "Unreadable", "mistake", "refuse", "words"}
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%\([^)]*\)[a-z]|%[sdf]")

Id = str | tuple[str, str]


@dataclass(frozen=True)
class Message:
    """One message and where it stands, or, with `id` None, a call whose words no catalogue can
    hold.
    """

    id: Id | None
    place: str


def messages(root: Path) -> Iterator[Message]:
    for file in sorted(root.rglob("*")):
        if file.suffix == ".py":
            yield from in_python(file.read_text("utf-8"), str(file))
        elif file.suffix in {".html", ".txt", ".j2"} and "templates" in file.parts:
            yield from in_template(file.read_text("utf-8"), str(file))


def in_python(text: str, file: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node)
        count = 1 if name in SINGLE else 2 if name in COUNTED else 0
        if not count:
            continue
        words = [
            word.value if isinstance(word, ast.Constant) else None for word in node.args[:count]
        ]
        place = f"{file}:{node.lineno}"
        if count == 1 and len(words) == 1 and isinstance(words[0], str) and words[0]:
            yield Message(words[0], place)
        elif (
            count == 2
            and len(words) == 2
            and isinstance(words[0], str)
            and isinstance(words[1], str)
        ):
            yield Message((words[0], words[1]), place)
        elif any(_spells_words(argument) for argument in node.args[:count]):
            yield Message(None, place)


def unmarked(text: str, file: str) -> Iterator[Message]:
    """Sentences about an author's mistakes that are written where no catalogue can find them."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _name(node) in ABOUT_MISTAKES:
            for argument in node.args:
                parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
                if any(
                    isinstance(part, ast.Constant)
                    and isinstance(part.value, str)
                    and " " in part.value
                    for part in parts
                ):
                    yield Message(None, f"{file}:{argument.lineno}")


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _spells_words(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node)
    )


def in_template(text: str, file: str) -> Iterator[Message]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for line, _function, found in environment.extract_translations(text):  # type: ignore[attr-defined]
        parts = [part for part in found if part] if isinstance(found, tuple) else [found]
        yield Message(parts[0] if len(parts) == 1 else (parts[0], parts[1]), f"{file}:{line}")


def faults(used: list[Message], catalogue: Catalog) -> list[str]:
    """Everything that is wrong between the messages in use and the catalogue, one sentence each."""
    found = [
        f"{message.place}: write the whole message as one plain string"
        for message in used
        if message.id is None
    ]
    wanted = {message.id: message.place for message in used if message.id is not None}
    held = {_id(entry): entry for entry in catalogue if entry.id}
    for id in wanted.keys() - held.keys():
        found.append(f"{wanted[id]}: not in the catalogue; add\n{_as_entry(id)}")
    for id in held.keys() - wanted.keys():
        found.append(f"the catalogue holds a message no longer used: {id!r}")
    for id in held.keys() & wanted.keys():
        entry = held[id]
        said = [entry.string] if isinstance(entry.string, str) else list(entry.string or ("",))
        if entry.fuzzy:
            found.append(f"the translation is only guessed (fuzzy): {id!r}")
        elif not all(said):
            found.append(f"not translated: {id!r}")
        elif not _same_placeholders(id, said):
            found.append(f"the placeholders differ: {id!r} and {said!r}")
    return sorted(found)


def _id(entry: Entry) -> Id:
    return entry.id if isinstance(entry.id, str) else (entry.id[0], entry.id[1])


def _same_placeholders(id: Id, said: list[str]) -> bool:
    if isinstance(id, str):
        return all(_placeholders(id) == _placeholders(text) for text in said)
    one, many = (_placeholders(text) for text in id)
    return _placeholders(said[0]) in (one, many) and all(
        _placeholders(text) == many for text in said[1:]
    )


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def _as_entry(id: Id) -> str:
    def quoted(text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'

    if isinstance(id, str):
        return f'msgid {quoted(id)}\nmsgstr ""'
    return f'msgid {quoted(id[0])}\nmsgid_plural {quoted(id[1])}\nmsgstr[0] ""\nmsgstr[1] ""'
