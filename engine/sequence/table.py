"""Reading one TOML table by a closed vocabulary: every key known, every type right, every mistake noted and reading goes on."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import TypeVar

from engine.sequence.mistakes import Mistake
from engine.sequence.places import Places

T = TypeVar("T")
KINDS: Mapping[type, str] = {str: "text in quotes", int: "a number", bool: "true or false", list: "a list in brackets", dict: "a table"}


class Table:
    """One table of a file, at `path`. Asking for a key marks it known; `finish` reports the others."""

    def __init__(self, values: Mapping[str, object], file: str, places: Places, path: str, mistakes: list[Mistake]) -> None:
        self.values, self.file, self.places, self.path, self.mistakes = values, file, places, path, mistakes
        self.known: set[str] = set()

    def mistake(self, key: str, text: str, fatal: bool = True) -> None:
        where = f"{self.path}.{key}" if self.path and key else key or self.path
        self.mistakes.append(Mistake(self.file, self.places.line(where), text, fatal))

    def get(self, key: str, kind: type[T], default: T) -> T:
        self.known.add(key)
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.mistake(key, f"`{key}` must be {KINDS[kind]}")
            return default
        return value

    def need(self, key: str, kind: type[T], default: T) -> T:
        if key not in self.values:
            self.known.add(key)
            self.mistake("", f"`{key}` is missing")
        value = self.get(key, kind, default)
        if kind is str and key in self.values and isinstance(value, str) and not value.strip():
            self.mistake(key, f"`{key}` is empty")
        return value

    def parsed(self, key: str, read: Callable[[str], T], default: T) -> T:
        """A text that `read` turns into a value; its ValueError becomes the mistake."""
        text = self.get(key, str, "")
        if not text:
            return default
        try:
            return read(text)
        except ValueError as error:
            self.mistake(key, f"`{key}`: {error}")
            return default

    def one_of(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.get(key, str, default)
        if value not in allowed:
            self.mistake(key, f"`{key}` must be one of {', '.join(allowed)}")
            return default
        return value

    def tables(self, key: str) -> list[Table]:
        """The array of tables `[[…key]]`."""
        if isinstance(self.values.get(key), dict):
            self.known.add(key)
            self.mistake(key, f"`{key}` may be there several times: write it with two brackets on each side, as in [[list]]")
            return []
        found = self.get(key, list, [])
        children = []
        for index, each in enumerate(found):
            if isinstance(each, dict):
                child = f"{self.path}.{key}[{index}]" if self.path else f"{key}[{index}]"
                children.append(Table(each, self.file, self.places, child, self.mistakes))
            else:
                self.mistake(key, f"`{key}` must hold tables")
        return children

    def table(self, key: str) -> Table | None:
        found = self.get(key, dict, {})
        path = f"{self.path}.{key}" if self.path else key
        return Table(found, self.file, self.places, path, self.mistakes) if key in self.values else None

    def finish(self) -> None:
        for key in self.values:
            if key not in self.known:
                close = difflib.get_close_matches(key, self.known, 1)
                hint = f"; did you mean `{close[0]}`?" if close else f"; known here: {', '.join(sorted(self.known))}"
                self.mistake(key, f"unknown key `{key}`{hint}")
