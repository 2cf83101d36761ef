"""A plan with the texts it was parsed from, so that a mistake found in it names its file and
line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.frozen import dataclass
from engine.sequence.draft import as_name
from engine.sequence.links import find_links
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Broadcast, Letter, Link, List, Plan
from engine.sequence.timing import to_local
from engine.sequence.toml import Places, read_tables
from engine.words import N_, Value, Words, words

CONFIG = "config.toml"


@dataclass(frozen=True, slots=True)
class LetterInPlan:
    """A letter with the list or broadcast that sends it (`path`); `lists` are the lists its readers
    are on.
    """

    letter: Letter
    lists: tuple[List, ...]
    path: tuple[str, ...]


class PlanSource:
    """`path` names a thing by ("list", "10"), ("letter", "10", "welcome"), ("broadcast", id),
    ("version", path of its letter…, id), ("form", name), ("webhook", name), ("anchor", id),
    ("programme", id), ("segment", id), ("rule", file, number), ("reactivation", "10").
    """

    def __init__(self, plan: Plan, files: Mapping[str, str], now: int = 0) -> None:
        """`files` may hold `config.toml` too; `now` (ms) is 0 when dates are not to be looked
        at.
        """
        self.plan, self.files, self.now = plan, files, now
        self._places: dict[str, Places] = {}
        self._paths: dict[tuple[str, ...], tuple[str, str]] = {}
        self.tables: dict[tuple[str, ...], Mapping[str, object]] = {}
        for file in sorted(files):
            if file.endswith(".toml"):
                self._read(file)

    def _read(self, file: str) -> None:
        try:
            values = read_tables(self.files[file])
        except ValueError:
            return
        for path, table in _tables(values, "list"):
            self._note(("list", str(table.get("id"))), file, path, table)
            for inner, letter in _tables(table, "letter"):
                name = ("letter", str(table.get("id")), str(letter.get("id")))
                self._note(name, file, f"{path}.{inner}", letter)
                self._note_versions(name, file, f"{path}.{inner}", letter)
        for path, table in _tables(values, "broadcast"):
            self._note(("broadcast", str(table.get("id"))), file, path, table)
            self._note_versions(("broadcast", str(table.get("id"))), file, path, table)
        for path, table in _tables(values, "anchor"):
            self._note(("anchor", str(table.get("id"))), file, path, table)
        for path, table in _tables(values, "programme"):
            intended = table.get("id") or as_name(str(table.get("what")))
            self._note(("programme", str(intended)), file, path, table)
        for path, table in _tables(values, "segment"):
            self._note(("segment", str(table.get("id"))), file, path, table)
        for path, table in _tables(values, "reactivation"):
            listed = self.plan.list_named(str(table.get("list")))
            self._note(("reactivation", str(listed.id if listed else 0)), file, path, table)
        for number, (path, table) in enumerate(_tables(values, "rule")):
            self._note(("rule", file, str(number)), file, path, table)
        for path, table in _tables(values, "form"):
            self._note(("form", str(table.get("name"))), file, path, table)
        for path, table in _tables(values, "webhook"):
            self._note(("webhook", str(table.get("name"))), file, path, table)

    @property
    def today(self) -> str:
        """The date on the installation's clock, as "2027-05-12"."""
        return f"{to_local(self.now, self.plan.timezone):%Y-%m-%d}"

    def _note(
        self, name: tuple[str, ...], file: str, path: str, table: Mapping[str, object]
    ) -> None:
        if name not in self._paths:
            self._paths[name] = (file, path)
            self.tables[name] = table

    def _note_versions(
        self, name: tuple[str, ...], file: str, path: str, table: Mapping[str, object]
    ) -> None:
        for inner, version in _tables(table, "version"):
            own = ("version", *name, str(version.get("id")))
            self._note(own, file, f"{path}.{inner}", version)

    def mistake(
        self,
        name: tuple[str, ...],
        key: str,
        message: str | Words,
        fatal: bool = False,
        /,
        **values: Value,
    ) -> Mistake:
        file, path = self._paths.get(name, ("", ""))
        return self.at(file, f"{path}.{key}" if key else path, message, fatal, **values)

    def at(
        self, file: str, path: str, message: str | Words, fatal: bool = False, /, **values: Value
    ) -> Mistake:
        """A mistake at a key of a file, by its path in the TOML."""
        if file not in self.files or not file.endswith(".toml"):
            return Mistake(file, 1, message, fatal, 0, **values)
        if file not in self._places:
            self._places[file] = Places(self.files[file])
        line, column = self._places[file].line(path), self._places[file].column(path)
        return Mistake(file, line, message, fatal, column, **values)

    def at_link(self, letter: Letter, link: Link, message: str, /, **values: Value) -> Mistake:
        """A mistake, not a fatal one, at a link in the body of a letter."""
        links = find_links(self.files.get(letter.body, ""))
        line = next((other.line for other in links if other.index == link.index), 1)
        return Mistake(letter.body, line, message, False, **values)

    def letters_in_plan(self) -> Iterator[LetterInPlan]:
        """Every letter of the plan, and each of its versions, with the lists of its readers."""
        for listed in self.plan.lists.values():
            for letter in listed.letters:
                yield from _worded(letter, (listed,), ("letter", str(listed.id), letter.id))
        for broadcast in self.plan.broadcasts.values():
            for mailed in letters_of(broadcast):
                lists = tuple(self.plan.lists[n] for n in broadcast.to if n in self.plan.lists)
                yield from _worded(mailed, lists, ("broadcast", broadcast.id))


def _worded(
    letter: Letter, lists: tuple[List, ...], path: tuple[str, ...]
) -> Iterator[LetterInPlan]:
    for version, worded in letter.wordings():
        yield LetterInPlan(worded, lists, ("version", *path, version) if version else path)


def letters_of(broadcast: Broadcast) -> tuple[Letter, ...]:
    return (
        (broadcast.letter,)
        if broadcast.reminder is None
        else (broadcast.letter, broadcast.reminder)
    )


def named(listed: List) -> Words:
    return words(N_("list {number} ({name})"), number=listed.id, name=listed.name)


def _tables(values: Mapping[str, object], key: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    entries = values.get(key)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield f"{key}[{index}]", entry
