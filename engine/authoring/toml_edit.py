"""Changes to a dialogue's file, made where its author wrote it: comments, order and alignment stay,
and what is not changed keeps every character. Pure.

The text is cut into the statements of `engine.sequence.toml`, and tomlkit rewrites the value of one
statement at a time. It is not asked to read a whole file: where `[[list]]` and `[[broadcast]]` take
turns, it brings the tables of one name together (seen with 0.15.2). What comes out is read again
and held against the same change made to the tables, so that no edit means anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, InlineTable, Item, String

from engine.authoring.toml_changes import (
    AddTable,
    CannotEdit,
    Change,
    MoveTable,
    RemoveTable,
    SetKey,
    TablePath,
    TomlValue,
    apply,
    index_of,
    plain,
    stored,
)
from engine.sequence.toml import Places, read_tables
from engine.words import N_

MAX_LINE, TEXTS_KEPT = 100, 16

# Where a new key is written: after the last of its table that stands before it here.
_ORDER = (
    *("title", "purpose", "id", "name", "group", "in", "static", "all", "any", "none"),
    *("reminds", "theme", "content", "to", "on", "every", "anchor", "before", "since", "programme"),
    *("after", "wait", "at", "between", "days", "weight", "when_full", "only", "unless"),
    *("subject", "preheader", "body", "thanks", "rejoin", "leaves", "min_gap", "max_lateness"),
    *("stop_on_reply", "holdout", "ends"),
)


def place_of(text: str, path: TablePath) -> str:
    """As Places has it: "list[0].letter[1]". Raises CannotEdit, ValueError."""
    return _read(text).path_of(path)


@lru_cache(maxsize=TEXTS_KEPT)
def _read(text: str) -> _Source:
    """A page asks for many places of one text."""
    return _Source(text)


def edited(text: str, changes: Sequence[Change]) -> str:
    """The text (lines end in "\\n") with the changes made one after the other. Raises CannotEdit,
    and ValueError for a text that is no TOML.
    """
    tables = plain(read_tables(text))
    for change in changes:
        intended = deepcopy(tables)
        apply(intended, change)
        if intended == tables:
            continue
        try:
            text = _rewritten(text, change)
            tables = plain(read_tables(text))
        except (TOMLKitError, ValueError):
            tables = None
        if tables != intended:
            raise CannotEdit(
                N_("this file is written in a way that a form cannot change: edit it as text")
            )
    return text


@dataclass(frozen=True, slots=True)
class _Statement:
    """A key of a block, from line `start` until before `end` (from 0)."""

    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    """A header with its statements: from the comments right above it (`start`) until before `end`,
    after the comments right below its last statement. The head of the file is the block "".
    """

    path: str
    header: int
    start: int
    end: int
    statements: tuple[_Statement, ...]


class _Source:
    """A text by blocks and statements, with its tables."""

    def __init__(self, text: str) -> None:
        self.lines = _lines(text)
        self.tables = read_tables(text)
        self.blocks = tuple(self._blocks(Places(text).lines))

    def _blocks(self, places: Mapping[str, int]) -> Iterator[_Block]:
        headers: dict[int, str] = {}
        keys: dict[int, str] = {}
        for path, number in places.items():
            if path:
                at = headers if self.lines[number - 1].lstrip().startswith("[") else keys
                at[number - 1] = max(path, at.get(number - 1, ""), key=len)
        starts = [(-1, ""), *sorted(headers.items())]
        free = 0
        for (header, path), (limit, _) in pairwise([*starts, (len(self.lines), "")]):
            inside = [(line, key) for line, key in sorted(keys.items()) if header < line < limit]
            statements = []
            for line, key in inside:
                statements.append(_Statement(key, line, self._end(line, limit)))
            start = max(header, 0)
            while start > free and self.lines[start - 1].lstrip().startswith("#"):
                start -= 1
            end = statements[-1].end if statements else header + 1
            if header < 0 and not statements:
                while end < limit and self.lines[end].lstrip().startswith("#"):
                    end += 1
            while end < limit and statements and self.lines[end].lstrip().startswith("#"):
                end += 1
            yield _Block(path, header, start, end, tuple(statements))
            free = end

    def _end(self, start: int, limit: int) -> int:
        """After the shortest run of lines from `start` that is whole by itself."""
        for end in range(start + 1, limit + 1):
            try:
                read_tables("".join(self.lines[start:end]))
            except ValueError:
                continue
            return end
        raise ValueError("a statement without an end")

    def path_of(self, path: TablePath) -> str:
        tables: object = self.tables
        written = ""
        for kind, name in path:
            inner = tables.get(kind) if isinstance(tables, dict) else None
            written = f"{written}.{kind}" if written else kind
            if isinstance(inner, list):
                index = index_of(inner, kind, name)
                written, tables = f"{written}[{index}]", inner[index]
            else:
                tables = inner
        return written

    def block(self, path: str) -> _Block:
        for block in self.blocks:
            if block.path == path:
                return block
        raise ValueError(path)

    def unit(self, path: str) -> tuple[int, int]:
        """From which line until before which the table stands with all within it. ValueError where
        other tables stand between.
        """
        numbers = [
            number
            for number, block in enumerate(self.blocks)
            if block.path == path or block.path.startswith(f"{path}.")
        ]
        if not numbers or self.blocks[numbers[0]].path != path:
            raise ValueError(path)
        if numbers != list(range(numbers[0], numbers[-1] + 1)):
            raise ValueError("tables of another stand between")
        return self.blocks[numbers[0]].start, self.blocks[numbers[-1]].end


def _rewritten(text: str, change: Change) -> str:
    source = _Source(text)
    match change:
        case SetKey(path, key, value):
            return "".join(_set(source, source.path_of(path), key, value))
        case AddTable(within, kind, values, before):
            written = _written_table(source, within, kind, values)
            return _inserted(source, within, kind, written, before)
        case RemoveTable(path):
            return "".join(_cut(source, path))
        case MoveTable((*around, (kind, _)) as path, before):
            start, end = source.unit(source.path_of(tuple(path)))
            moved = [_with_newline(line) for line in source.lines[start:end]]
            rest = _Source("".join(_cut(source, tuple(path))))
            return _inserted(rest, tuple(around), kind, moved, before)
    raise ValueError(change)


def _lines(text: str) -> list[str]:
    """With their ends; a form feed or U+2028 ends none."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _with_newline(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"


def _cut(source: _Source, path: TablePath) -> list[str]:
    start, end = source.unit(source.path_of(path))
    lines = source.lines
    while end < len(lines) and not lines[end].strip():
        end += 1
    if end == len(lines):
        while start and not lines[start - 1].strip():
            start -= 1
    return [*lines[:start], *lines[end:]]


def _inserted(
    source: _Source, within: TablePath, kind: str, written: Sequence[str], before: str
) -> str:
    """The text with a table put among those of its kind, blank lines around it."""
    parent = source.path_of(within)
    stem = f"{parent}.{kind}" if parent else kind
    siblings = [block.path for block in source.blocks if _is_child(block.path, stem)]
    if before:
        place = source.unit(source.path_of((*within, (kind, before))))[0]
    elif siblings:
        place = source.unit(siblings[-1])[1]
    elif parent:
        place = source.unit(parent)[1]
    else:
        place = source.blocks[-1].end
    above = [_with_newline(line) for line in source.lines[:place]]
    below = source.lines[place:]
    gap = ["\n"] if above and above[-1].strip() else []
    end = ["\n"] if below and below[0].strip() else []
    return "".join((*above, *gap, *written, *end, *below))


def _is_child(path: str, stem: str) -> bool:
    return path.startswith(f"{stem}[") and path.endswith("]") and path.count("[", len(stem)) == 1


def _written_table(
    source: _Source, within: TablePath, kind: str, values: Mapping[str, TomlValue]
) -> list[str]:
    """Header and keys, indented as its siblings are, the equals signs below each other."""
    parent = source.path_of(within)
    stem = f"{parent}.{kind}" if parent else kind
    sibling = next((block for block in source.blocks if _is_child(block.path, stem)), None)
    if sibling is not None:
        indent = _indent_of(source.lines[sibling.header])
    elif parent:
        indent = _indent_of(source.lines[source.block(parent).header]) + "  "
    else:
        indent = ""
    header = ".".join((*(step for step, _ in within), kind))
    width = max(map(len, values), default=0)
    lines = [f"{indent}[[{header}]]\n"]
    for key, value in values.items():
        lines += _lines(f"{indent}{key:<{width}} = {_rendered(value)}\n")
    return lines


def _indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _set(source: _Source, table: str, key: str, value: TomlValue | None) -> list[str]:
    path = f"{table}.{key}" if table else key
    inner = [
        s for block in source.blocks for s in block.statements if s.path.startswith(f"{path}.")
    ]
    has_block = any(block.path == path for block in source.blocks)
    block = next((block for block in source.blocks if block.path == table), None)
    if (inner or has_block) and isinstance(value, Mapping):
        return _set_each(source, path, value, has_block)
    if has_block:
        start, end = source.unit(path)
        source = _Source("".join((*source.lines[:start], *source.lines[end:])))
        return source.lines if value is None else _set(source, table, key, value)
    for part in reversed(inner):
        del source.lines[part.start : part.end]
    if inner:
        return (
            source.lines
            if value is None
            else _set(_Source("".join(source.lines)), table, key, value)
        )
    if block is None:
        raise ValueError(table)
    written = next((s for s in block.statements if s.path == path), None)
    if written is None:
        return source.lines if value is None else _with_new_key(source, block, key, value)
    statement = "".join(source.lines[written.start : written.end])
    changed = "" if value is None else _replaced(statement, _parts(path, block), value)
    return [
        *source.lines[: written.start],
        *_lines(changed),
        *source.lines[written.end :],
    ]


def _set_each(
    source: _Source, path: str, values: Mapping[str, TomlValue], has_block: bool
) -> list[str]:
    """A table that has lines of its own (`[list.ends]`, or `ends.move = 20`), key by key."""
    table, key = (path, "") if has_block else (path.rpartition(".")[0], path.rpartition(".")[2])
    former = {
        s.path.removeprefix(f"{path}.")
        for block in source.blocks
        for s in block.statements
        if s.path.startswith(f"{path}.")
    }
    for inner in (*values, *sorted(former - values.keys())):
        name = f"{key}.{inner}" if key else inner
        source = _Source("".join(_set(source, table, name, values.get(inner))))
    return source.lines


def _parts(path: str, block: _Block) -> list[str]:
    return path.removeprefix(block.path).removeprefix(".").split(".")


def _with_new_key(source: _Source, block: _Block, key: str, value: TomlValue) -> list[str]:
    """Before it stand the keys that _ORDER puts before it."""
    order = {name: place for place, name in enumerate(_ORDER)}
    rank = order.get(key.partition(".")[0], len(order))
    place = block.header + 1 if block.header >= 0 else block.end
    for statement in block.statements:
        if order.get(_parts(statement.path, block)[0], len(order)) <= rank:
            place = statement.end
    if block.header < 0 and block.statements:
        place = max(place, block.statements[0].start)
    indent, width = "", 0
    if block.statements:
        first = source.lines[block.statements[0].start]
        indent = _indent_of(first)
        width = max(0, _equals_sign(first) - len(indent) - 1)
    elif block.header >= 0:
        indent = _indent_of(source.lines[block.header])
    written = _lines(f"{indent}{key:<{width}} = {_rendered(value)}\n")
    above = [_with_newline(line) for line in source.lines[:place]]
    below = source.lines[place:]
    apart = (
        ["\n"] if not block.statements and block.header < 0 and below and below[0].strip() else []
    )
    return [*above, *written, *apart, *below]


def _equals_sign(line: str) -> int:
    """Where the sign of a statement stands, after a key that may be quoted."""
    quote = ""
    for place, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "=":
            return place
    return 0


def _replaced(statement: str, parts: Sequence[str], value: TomlValue) -> str:
    """The statement with another value; a comment stays in its column where there is room."""
    document = tomlkit.parse(statement)
    around: object = document
    for part in parts[:-1]:
        around = around[part] if isinstance(around, dict) else None
    if not isinstance(around, dict):
        raise ValueError(statement)
    former = around[parts[-1]]
    if not (isinstance(former, (Array, InlineTable)) and _changed_within(former, value)):
        around[parts[-1]] = tomlkit.value(_rendered(value, former))
    new = document.as_string()
    comment = former.trivia.comment if isinstance(former, Item) else ""
    if comment and statement.count("\n") <= 1 and new.count("\n") <= 1:
        column, code = statement.rindex(comment), new[: new.rindex(comment)].rstrip()
        new = f"{code}{' ' * max(1, column - len(code))}{new[new.rindex(comment) :]}"
    return new


def _changed_within(former: Array | InlineTable, value: TomlValue) -> bool:
    """Whether the new value could be put in element by element, so that what stands around them
    stays.
    """
    if isinstance(former, InlineTable):
        if not isinstance(value, Mapping) or list(former) != list(value):
            return False
        for key, inner in value.items():
            if plain(former.unwrap()[key]) != stored(inner):
                former[key] = tomlkit.value(_rendered(inner, former[key]))
        return True
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        return False
    if "\n" not in former.as_string() or not len(former) or not value:
        return False
    before = [str(plain(inner)) for inner in former.unwrap()]
    after = [str(stored(inner)) for inner in value]
    for kind, start, end, new_start, new_end in reversed(
        SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    ):
        if kind == "equal":
            continue
        new = [tomlkit.value(_rendered(inner, former[0])) for inner in value[new_start:new_end]]
        shared = min(end - start, len(new))
        for place in range(shared):
            former[start + place] = new[place]
        for place in reversed(range(start + shared, end)):
            del former[place]
        for place, item in enumerate(new[shared:], start + shared):
            former.insert(place, item)
    return True


def _rendered(value: TomlValue, like: object = None) -> str:
    """A value as TOML, its quotes as those of `like` where they can be."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _quoted(value, like.as_string() if isinstance(like, String) else "")
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_rendered(inner)}" for key, inner in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    items = [_rendered(inner) for inner in value]
    line = f"[{', '.join(items)}]"
    if len(line) <= MAX_LINE:
        return line
    return "".join(("[\n", *(f"  {item},\n" for item in items), "]"))


def _quoted(text: str, like: str) -> str:
    if "\n" in text or like.startswith('"""'):
        return tomlkit.string(text, multiline=True).as_string()
    is_printable = text.isprintable() and "'" not in text
    if is_printable and (like.startswith("'") if like else '"' in text):
        return tomlkit.string(text, literal=True).as_string()
    return tomlkit.string(text).as_string()
