"""When the last copy was made, whether it was tried, and what is to be done, on a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.console.access import Role
from engine.console.backup_pages import routes
from engine.context import AppContext
from engine.desk.operations import Operation
from tests.cli.asking import FILES
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations

AT = "/operator/backups"
COPY = Operation(kind="backup", octets=1_400_000, place="~/copies/monday", copy="c1")


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_done(context: AppContext) -> None:
    with context.database.connection() as connection:
        connection.execute("DELETE FROM desk.operation")


def page(context: AppContext) -> str:
    return words_of(answered(tuple(routes(context)), "GET", AT, visit(Role.OPERATOR, url=AT)))


def ago(context: AppContext, days: int) -> None:
    """What was noted is so many days older than it was."""
    statement = "UPDATE desk.operation SET at = at - %s * interval '1 day'"
    with context.database.connection() as connection:
        connection.execute(statement, (days,))


def test_where_no_copy_is_known_the_page_says_how_one_is_made(context: AppContext) -> None:
    words = page(context)
    assert "No copy is known" in words and "relance backup -o /copies/" in words


def test_the_last_copy_stands_there_with_its_place_size_and_what_came_since(
    context: AppContext,
) -> None:
    context.operations.note(COPY)
    words = page(context)
    assert "~/copies/monday" in words and "1.4 MB" in words and "of this week" in words
    assert f"{context.ledger.head()} entries have come since" in words
    assert "A copy nobody has tried may be none" in words
    assert "relance restore ~/copies/monday --try" in words


def test_a_copy_that_was_tried_says_so(context: AppContext) -> None:
    context.operations.note(COPY)
    context.operations.note(Operation(kind="trial", place="~/copies/monday", copy="c1"))
    words = page(context)
    assert "could be put back" in words and "never" not in words


@pytest.mark.parametrize(
    ("days", "present", "absent"),
    [
        (6, "of this week", "older than a week"),
        (8, "older than a week", "older than a month"),
        (31, "older than a month: delete it", "long ago"),
        (91, "long ago", "of this week"),
    ],
)
def test_what_is_overdue_is_marked(
    context: AppContext, days: int, present: str, absent: str
) -> None:
    context.operations.note(COPY)
    context.operations.note(Operation(kind="trial", place="~/copies/monday", copy="c1"))
    ago(context, days)
    words = page(context)
    assert present in words and absent not in words


def test_what_failed_stands_first(context: AppContext) -> None:
    context.operations.note(COPY)
    full = Operation(kind="backup", well=False, place="/full", why="No space left on device")
    context.operations.note(full)
    torn = Operation(kind="trial", well=False, place="/torn", faults=1, why="ledger.dump is torn")
    context.operations.note(torn)
    words = page(context)
    assert "No copy was made in /full: No space left on device" in words
    assert "cannot be put back: ledger.dump is torn" in words
    context.operations.note(Operation(kind="trial", well=False, place="/torn", faults=2))
    assert "differs from what it proves in 2 places" in page(context)


def test_after_thirteen_months_it_is_forgotten(context: AppContext) -> None:
    context.operations.note(COPY)
    ago(context, 399)
    context.operations.forget()
    assert context.operations.latest("backup")
    ago(context, 2)
    context.operations.forget()
    assert not context.operations.latest("backup")
