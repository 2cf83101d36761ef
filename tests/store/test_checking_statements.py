"""Every statement of a `.sql` file is prepared before anything runs: a broken one is named, with
its file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.context import AppContext
from engine.store.sql import BrokenStatement, queries
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres
SOUND = (
    "-- name: sound\n-- It can be prepared.\nSELECT %(one)s::int + %(two)s::int, %(one)s::text LIKE"
    " '100 %%'\n"
)
BROKEN = "-- name: {name}\n-- It asks for what is not there.\nSELECT nothing FROM {table}\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_broken_statement_is_named_with_its_file(
    make_context: MakeContext, tmp_path: Path
) -> None:
    context: AppContext = make_context()
    broken = queries(
        written(tmp_path, "broken.sql", SOUND + BROKEN.format(name="astray", table="nowhere"))
    )
    with context.database.connection() as connection:
        for _ in range(2):
            with pytest.raises(
                BrokenStatement, match=r'broken\.sql: astray: relation "nowhere" does not exist'
            ):
                broken.check(connection)
        queries(written(tmp_path, "sound.sql", SOUND)).check(connection)


def test_what_holds_a_name_still_to_be_put_in_is_checked_when_it_is(
    make_context: MakeContext, tmp_path: Path
) -> None:
    context: AppContext = make_context()
    opened = queries(
        written(
            tmp_path,
            "opened.sql",
            "-- name: later\n-- The schema is put in later.\nSELECT 1 FROM {schema}.nowhere\n",
        )
    )
    with context.database.connection() as connection:
        opened.check(connection)
        with pytest.raises(BrokenStatement, match=r"opened\.sql: later"):
            opened.within(schema="public").check(connection)
