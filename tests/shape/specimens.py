"""Small files that break each rule, and small files that come close and do not."""

from __future__ import annotations

from tests.shape import directions, places, purity, statements, stores, writing
from tests.shape.source import Rule, Source


def written(path: str, *lines: str) -> Source:
    return Source(path, "".join(f"{line}\n" for line in lines))


# Taken apart, so that this file holds no such address itself.
HOME = "/ho" + "me/somebody/notes"
INDEX = "https://py" + "pi.org/simple"

BAD: list[tuple[Rule, Source]] = [
    (directions.imports_run_one_way, written("engine/sequence/a.py", "import jinja2")),
    (
        directions.imports_run_one_way,
        written("engine/sequence/a.py", "from engine.subscriber import decide"),
    ),
    (
        directions.imports_run_one_way,
        written("engine/sequence/a.py", "from ..subscriber.decide import decide"),
    ),
    (directions.imports_run_one_way, written("engine/sequence/a.py", "import engine")),
    (
        directions.imports_run_one_way,
        written("engine/subscriber/a.py", "from engine import ledger"),
    ),
    (
        directions.imports_run_one_way,
        written("engine/subscriber/a.py", "def f():", "    import psycopg"),
    ),
    (directions.imports_run_one_way, written("engine/intake/a.py", "import engine.store.pool")),
    (
        directions.imports_run_one_way,
        written("engine/letter/a.py", "from engine.vault.vault import Vault"),
    ),
    (
        directions.imports_run_one_way,
        written("projections/a.py", "from engine.vault import people"),
    ),
    (
        directions.imports_run_one_way,
        written("projections/a.py", "from engine.sending import send"),
    ),
    (
        directions.no_import_goes_upward,
        written("engine/sending/a.py", "from engine.web.pages import Pages"),
    ),
    (
        directions.no_import_goes_upward,
        written("engine/proof/tree.py", "from engine.ledger.store import Ledger"),
    ),
    (directions.no_import_goes_upward, written("engine/a_new_room/a.py", "import re")),
    (
        directions.only_the_command_line_knows_the_app,
        written("engine/web/a.py", "from engine import app"),
    ),
    (
        directions.only_the_command_line_knows_the_app,
        written("projections/a.py", "from engine.app import App"),
    ),
    (
        directions.only_the_app_knows_the_views,
        written("engine/web/a.py", "import projections.agenda"),
    ),
    (
        directions.only_the_app_knows_the_views,
        written("engine/cli/main.py", "from projections import agenda"),
    ),
    (directions.each_outside_package_has_one_door, written("engine/web/a.py", "import psycopg")),
    (
        directions.each_outside_package_has_one_door,
        written("engine/letter/a.py", "from markdown_it import MarkdownIt"),
    ),
    (directions.each_outside_package_has_one_door, written("engine/web/a.py", "import requests")),
    (
        directions.each_outside_package_has_one_door,
        written("engine/web/a.py", "from tests.shape import source"),
    ),
    (
        directions.nothing_is_imported_by_a_computed_name,
        written("engine/a.py", "importlib.import_module(name)"),
    ),
    (
        directions.nothing_is_imported_by_a_computed_name,
        written("engine/a.py", "__import__('psycopg')"),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written("engine/web/a.py", "from engine.context import AppContext"),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written("engine/sending/a.py", "from engine.ledger.store import LOST, Ledger"),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written(
            "engine/runtime/supervisor.py",
            "def f():",
            "    from engine.secret_files import Secrets",
        ),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written("engine/letter/a.py", "from engine.vault import vault as v"),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written("projections/a.py", "import engine.desk.desk"),
    ),
    (purity.deciding_is_pure, written("engine/sequence/a.py", "import time")),
    (purity.deciding_is_pure, written("engine/subscriber/a.py", "from uuid import uuid4")),
    (purity.deciding_is_pure, written("engine/subscriber/a.py", "from os import path")),
    (
        purity.deciding_is_pure,
        written("engine/subscriber/a.py", "from datetime import datetime", "datetime.now()"),
    ),
    (purity.deciding_is_pure, written("engine/sequence/a.py", "text = open('config.toml').read()")),
    (purity.deciding_is_pure, written("engine/proof/tree.py", "import secrets")),
    (purity.deciding_is_pure, written("engine/proof/note.py", "import uuid", "uuid.uuid4()")),
    (
        directions.imports_run_one_way,
        written("engine/proof/tree.py", "from engine.ledger import store"),
    ),
    (
        directions.each_outside_package_has_one_door,
        written("engine/secret_files.py", "from cryptography import x509"),
    ),
    (writing.agenda_keys_are_read_in_one_place, written("engine/a.py", "key = f'list:{number}'")),
    (writing.agenda_keys_are_read_in_one_place, written("engine/a.py", "x = row.key.split('/')")),
    (writing.many_values_are_named, written("engine/subscriber/a.py", "x = e.Sent(1, 2, 3, 4, 5)")),
    (writing.many_values_are_named, written("engine/subscriber/a.py", "x = Given(1, 2, 3, *both)")),
    (writing.files_are_short, written("engine/a.py", *["pass"] * 501)),
    (writing.files_are_short, written("projections/a.sql", *["-- why"] * 501)),
    (writing.names_say_what_a_thing_is, written("engine/a.py", "class ListManager: ...")),
    (writing.names_say_what_a_thing_is, written("engine/a.py", "class _DateHelper: ...")),
    (writing.names_say_what_a_thing_is, written("engine/sending/mail_service.py", "")),
    (writing.names_say_what_a_thing_is, written("engine/utils/text.py", "")),
    (writing.no_error_is_swallowed, written("engine/a.py", "try: f()", "except: raise")),
    (writing.no_error_is_swallowed, written("engine/a.py", "try: f()", "except Exception: pass")),
    (
        writing.no_error_is_swallowed,
        written("engine/a.py", "for x in y:", " try: f()", " except Exception: continue"),
    ),
    (
        writing.no_error_is_swallowed,
        written("engine/a.py", "try: f()", "except (OSError, BaseException): ..."),
    ),
    (
        writing.no_error_is_swallowed,
        written("engine/a.py", "with contextlib.suppress(Exception): f()"),
    ),
    (writing.types_are_known, written("engine/a.py", "def f(x: Any) -> None: ...")),
    (writing.types_are_known, written("engine/a.py", "def f() -> dict[str, typing.Any]: ...")),
    (writing.types_are_known, written("projections/a.py", "from typing import Any")),
    (writing.statements_stand_in_sql_files, written("engine/a.py", "q = 'SELECT 1'")),
    (writing.statements_stand_in_sql_files, written("engine/a.py", "q = 'select id from people'")),
    (writing.statements_stand_in_sql_files, written("engine/a.py", "q = f'DELETE FROM {table}'")),
    (
        writing.statements_stand_in_sql_files,
        written("engine/a.py", "q = '''\n  WITH due AS (VALUES (1)) TABLE due'''"),
    ),
    (
        writing.statements_stand_in_sql_files,
        written("engine/store/a.py", "q = 'create role ' + name"),
    ),
    (
        writing.statements_stand_in_sql_files,
        written("engine/ledger/a.py", "q = 'COPY ledger FROM STDIN'"),
    ),
    (
        writing.statements_stand_in_sql_files,
        written("projections/a.py", "q = 'update agenda set due = 1'"),
    ),
    (
        statements.each_query_says_why,
        written("engine/ledger/a.sql", "-- name: heads", "TABLE heads;"),
    ),
    (
        statements.each_query_says_why,
        written("engine/ledger/a.sql", "-- name: heads", "-- name: tails", "-- Why."),
    ),
    (statements.each_query_says_why, written("engine/ledger/a.sql", "-- name: heads")),
    (statements.engine_time_is_handed_in, written("projections/a.sql", "VALUES (now())")),
    (
        statements.engine_time_is_handed_in,
        written("engine/vault/a.sql", "-- The time.", "VALUES (CURRENT_TIMESTAMP)"),
    ),
    (
        statements.engine_time_is_handed_in,
        written("engine/store/a.sql", "/* the time */ VALUES (clock_timestamp())"),
    ),
    (places.nothing_names_a_machine, written("docs/a.md", f"Look in `{HOME}`.")),
    (places.nothing_names_a_machine, written("Makefile", "cp x /ro" + "ot/x")),
    (places.nothing_names_a_machine, written("docs/a.md", "open C:\\" + "Users\\me")),
    (places.nothing_names_a_machine, written("constraints.txt", "--index" + f"-url {INDEX}")),
    (places.nothing_names_a_machine, written("README.md", INDEX)),
]

GOOD: list[tuple[Rule, Source]] = [
    (
        directions.imports_run_one_way,
        written("engine/sequence/a.py", "import re", "from .delay import Delay"),
    ),
    (
        directions.imports_run_one_way,
        written("engine/intake/address.py", "import idna", "from engine.subscriber import c"),
    ),
    (
        directions.imports_run_one_way,
        written("projections/a.py", "from engine.store.sql import load", "import psycopg"),
    ),
    (
        directions.imports_run_one_way,
        written("engine/sequences.py", "from engine.sending import send"),
    ),
    (
        directions.no_import_goes_upward,
        written("engine/web/a.py", "from engine.sending.compose import compose", "import fastapi"),
    ),
    (
        directions.only_the_command_line_knows_the_app,
        written("engine/cli/main.py", "from engine.app import App"),
    ),
    (
        directions.only_the_command_line_knows_the_app,
        written("engine/web/a.py", "from engine.appearance import colour"),
    ),
    (
        directions.only_the_app_knows_the_views,
        written("engine/app.py", "from projections import agenda"),
    ),
    (
        directions.each_outside_package_has_one_door,
        written("engine/ledger/a.py", "import eventsourcing.postgres"),
    ),
    (
        directions.each_outside_package_has_one_door,
        written("engine/web/a.py", "from . import pages", "import http"),
    ),
    (
        directions.nothing_is_imported_by_a_computed_name,
        written("engine/a.py", "from importlib import resources"),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written("engine/sending/a.py", "from engine.ledger.store import LOST"),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written("engine/cli/people.py", "from engine.context import AppContext"),
    ),
    (
        stores.stores_are_held_where_they_are_needed,
        written("engine/web/a.py", "from engine.vault.vault import Vault, VaultWrite"),
    ),
    (
        purity.deciding_is_pure,
        written("engine/sequence/a.py", "from datetime import datetime, time"),
    ),
    (purity.deciding_is_pure, written("engine/sequence/a.py", "from pathlib import PurePosixPath")),
    (
        purity.deciding_is_pure,
        written(
            "engine/subscriber/a.py", "from urllib.parse import quote", "from uuid import UUID"
        ),
    ),
    (purity.deciding_is_pure, written("engine/sending/a.py", "import time")),
    (
        writing.agenda_keys_are_read_in_one_place,
        written("engine/a.py", "def f(key):", "    'list:12'", "    say('list: 12', decode(key))"),
    ),
    (
        writing.many_values_are_named,
        written("engine/subscriber/a.py", "x = Sent(1, 2, 3, 4)", "y = sent(1, 2, 3, 4, 5)"),
    ),
    (writing.files_are_short, written("engine/a.py", *["pass"] * 500)),
    (writing.files_are_short, written("engine/locale/fr/LC_MESSAGES/relance.po", *["# fr"] * 900)),
    (
        writing.names_say_what_a_thing_is,
        written("engine/a.py", "class Managed: ...", "class ServiceGround: ..."),
    ),
    (writing.no_error_is_swallowed, written("engine/a.py", "try: f()", "except OSError: pass")),
    (
        writing.no_error_is_swallowed,
        written("engine/a.py", "try: f()", "except Exception as e: record(e)"),
    ),
    (
        writing.types_are_known,
        written("engine/ledger/codec.py", "from typing import Any", "x: Any"),
    ),
    (writing.types_are_known, written("engine/a.py", "x: AnyStr", "y = any(z)")),
    (
        writing.statements_stand_in_sql_files,
        written("engine/a.py", '"""SELECT is said in .sql files."""'),
    ),
    (
        writing.statements_stand_in_sql_files,
        written("engine/a.py", "say('Select people from a list')"),
    ),
    (
        writing.statements_stand_in_sql_files,
        written("engine/a.py", "say('Update the list', 'copy it to list 11', 'set')"),
    ),
    (writing.statements_stand_in_sql_files, written("projections/a.sql", "SELECT 1")),
    (
        statements.each_query_says_why,
        written("engine/a.sql", "-- name: heads", "-- To know who is first.", "TABLE x;"),
    ),
    (statements.engine_time_is_handed_in, written("engine/desk/a.sql", "VALUES (now())")),
    (
        statements.engine_time_is_handed_in,
        written("projections/a.sql", "-- never now()", "VALUES ($1, known())"),
    ),
    (
        places.nothing_names_a_machine,
        written("docs/a.md", "https://example.org" + HOME, "/var/lib/relance"),
    ),
]
