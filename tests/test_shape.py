"""The program keeps its shape: the rules of docs/design.md, Rooms, read from code and SQL, each
proven able to fail.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.shape import directions, places, purity, statements, stores, writing
from tests.shape.source import OWN, Rule, Source
from tests.shape.specimens import BAD, GOOD

ROOT = Path(__file__).parent.parent
KINDS = {".py", ".sql", ".html", ".css", ".js"}
NOT_OURS = {".git", ".venv", "build", "dist", "var", "data"}

OF_THE_PROGRAM: list[Rule] = [
    directions.imports_run_one_way,
    directions.no_import_goes_upward,
    directions.only_the_command_line_knows_the_app,
    directions.only_the_app_knows_the_views,
    directions.each_outside_package_has_one_door,
    stores.stores_are_held_where_they_are_needed,
    directions.nothing_is_imported_by_a_computed_name,
    purity.deciding_is_pure,
    writing.agenda_keys_are_read_in_one_place,
    writing.files_are_short,
    writing.many_values_are_named,
    writing.names_say_what_a_thing_is,
    writing.no_error_is_swallowed,
    writing.types_are_known,
    writing.statements_stand_in_sql_files,
    statements.each_query_says_why,
    statements.engine_time_is_handed_in,
]
OF_EVERY_FILE: list[Rule] = [places.nothing_names_a_machine]


def sentence(value: object) -> str | None:
    if callable(value):
        return str(getattr(value, "__name__", "")).replace("_", " ")
    return value.path if isinstance(value, Source) else None


@cache
def program() -> list[Source]:
    files = (
        file for part in OWN for file in sorted((ROOT / part).rglob("*")) if file.suffix in KINDS
    )
    return [Source(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


@cache
def every_file() -> list[Source]:
    return [
        Source(path, text)
        for path in sorted(_tracked())
        if (text := _text(ROOT / path)) is not None
    ]


def _tracked() -> Iterator[str]:
    """Every file git keeps or would keep; in a copy without git, every file but what is built or
    run.
    """
    asked = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(asked, capture_output=True, check=True, timeout=30).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        for file in ROOT.rglob("*"):
            path = file.relative_to(ROOT)
            if (
                file.is_file()
                and not NOT_OURS & set(path.parts)
                and not any(p.endswith("_cache") for p in path.parts)
            ):
                yield path.as_posix()
    else:
        yield from filter(None, listed.split("\0"))


def _text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except (
        FileNotFoundError,
        IsADirectoryError,
        UnicodeDecodeError,
    ):  # deleted but still tracked, or a picture
        return None


def assert_kept(rule: Rule, sources: list[Source]) -> None:
    assert sources, "nothing was read: a rule over no file proves nothing"
    findings = [str(finding) for source in sources for finding in rule(source)]
    assert not findings, "\n" + "\n".join(findings)


@pytest.mark.parametrize("rule", OF_THE_PROGRAM, ids=sentence)
def test_the_program_keeps_the_rule(rule: Rule) -> None:
    assert_kept(rule, program())


@pytest.mark.parametrize("rule", OF_EVERY_FILE, ids=sentence)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    assert_kept(rule, every_file())


@pytest.mark.parametrize(("rule", "source"), BAD, ids=sentence)
def test_the_rule_is_broken_by(rule: Rule, source: Source) -> None:
    findings = list(rule(source))
    assert findings
    assert all(str(finding).startswith(f"{source.path}:") for finding in findings)


@pytest.mark.parametrize(("rule", "source"), GOOD, ids=sentence)
def test_the_rule_is_kept_by(rule: Rule, source: Source) -> None:
    assert list(rule(source)) == []


def test_each_rule_is_proven_able_to_fail() -> None:
    assert {rule for rule, _ in BAD} == {*OF_THE_PROGRAM, *OF_EVERY_FILE}


def test_what_is_allowed_to_hold_statements_is_there_and_holds_some() -> None:
    for path in writing.SQL_ALLOWED:
        assert list(writing.statements_in(Source(path, (ROOT / path).read_text("utf-8")))), path


def test_no_circle_runs_between_files() -> None:
    imports = {
        source.path: {
            path
            for _, name in source.imports
            if (path := directions.file_of(name)) is not None and path != source.path
        }
        for source in program()
        if source.path.endswith(".py")
    }
    assert directions.circles(imports) == []
    assert directions.circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]


def test_what_still_climbs_does_climb() -> None:
    imported = {
        (source.path, directions.file_of(name))
        for source in program()
        for _, name in source.imports
    }
    assert not directions.CLIMBING - imported, "mended: take it off the list"


def test_no_room_is_allowed_a_store_that_it_does_not_hold() -> None:
    held = {place: set[str]() for place in stores.HOLDERS}
    for source in program():
        if place := stores.holder_of(source.path):
            held[place] |= {store for _, store in stores.stores_in(source)}
    wired = {"engine/app.py", "engine/context.py"}
    unused = {
        (place, store)
        for place, allowed in stores.HOLDERS.items()
        if place not in wired
        for store in allowed - held[place]
    }
    assert unused == set()
