"""Who was erased leaves PostgreSQL's files too: its tables' pages and its write-ahead log, once for
many (E05).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from engine.context import AppContext
from engine.privacy.erasure import erase, note_erased, scrub_when_due
from engine.store import scrubbing
from engine.store.scrubbing import scrub
from engine.subscriber.events import Cause
from tests.privacy.garden import FILES, Anna, Everything
from tests.running_installation import Installations

pytestmark = pytest.mark.timeout(120)
ASKED = Cause("operator", "o1")


@pytest.fixture
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


def somebody(context: AppContext) -> Anna:
    """With words that stand in no other test's database."""
    one = secrets.token_hex(6)
    anna = Anna(
        context,
        f"anna{one}@lecteurs.example",
        f"Anastasie{one}",
        f"203.0.113.77 {one}",
        f"commande-{one}",
        f"<anna{one}>: mailbox is full",
    )
    anna.joins()
    anna.changes()
    anna.is_sent()
    return anna


def files_with(folder: Path, anna: Anna) -> set[str]:
    """Where any of her words stands on the disk, below the data folder: by the first folder's
    name.
    """
    words = [word.encode() for word in (anna.address, anna.name, anna.ip, anna.order, anna.said)]
    found = set()
    for path in folder.rglob("*"):
        try:
            octets = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:
            continue
        if any(word in octets for word in words):
            found.add(path.relative_to(folder).parts[0])
    return found


def checkpoint(installations: Installations) -> None:
    with psycopg.connect(installations.admin, autocommit=True) as admin:
        admin.execute("CHECKPOINT")


def test_no_file_of_the_database_holds_her_any_more(
    context: AppContext, installations: Installations
) -> None:
    stays, first, second = somebody(context), somebody(context), somebody(context)
    checkpoint(installations)
    assert files_with(installations.data, first) == {"base", "pg_wal"}
    # Their rows are the last of a page, where a plain VACUUM frees the room and nothing comes over
    # what stood there.
    for anna in (second, first):
        assert (
            erase(context, anna.stream, ASKED, context.command_handler.execute_one)[1] is not None
        )
    checkpoint(installations)
    assert files_with(installations.data, first) & files_with(installations.data, second) >= {
        "base"
    }
    assert scrub_when_due(context).done
    assert files_with(installations.data, first) == files_with(installations.data, second) == set()
    assert "base" in files_with(installations.data, stays)


def test_once_for_many_and_not_again(context: AppContext, installations: Installations) -> None:
    for anna in [somebody(context) for _ in range(3)]:
        erase(context, anna.stream, ASKED, context.command_handler.execute_one)
    before = checkpoints(installations)
    assert scrub_when_due(context).done and scrub_when_due(context).done
    assert checkpoints(installations) == before + 1
    note_erased(context)
    assert scrub_when_due(context).done
    assert checkpoints(installations) == before + 2


def checkpoints(installations: Installations) -> int:
    """How many were asked for."""
    with psycopg.connect(installations.admin, autocommit=True) as admin:
        (asked,) = admin.execute("SELECT num_requested FROM pg_stat_checkpointer").fetchone() or (
            0,
        )
    return int(asked)


def test_who_works_at_the_table_is_not_waited_for_and_it_is_done_the_next_time(
    context: AppContext,
) -> None:
    erase(context, somebody(context).stream, ASKED, context.command_handler.execute_one)
    with context.database.transaction() as connection:
        connection.execute("SELECT 1 FROM vault.person")
        assert not scrub_when_due(context).done
    assert scrub_when_due(context).done


def test_a_large_table_is_not_stopped_for_it(
    context: AppContext, installations: Installations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "MAX_REWRITTEN_BYTES", 0)
    anna = somebody(context)
    erase(context, anna.stream, ASKED, context.command_handler.execute_one)
    scrubbed = context.scrub()
    assert scrubbed.done and {"vault.person", "vault.evidence"} <= set(scrubbed.large)
    assert "pg_wal" not in files_with(installations.data, anna)


def test_an_owner_who_may_not_see_to_the_log_says_so_and_the_tables_are_clean_all_the_same(
    context: AppContext, installations: Installations
) -> None:
    """PostgreSQL elsewhere: the owner of a database has no checkpoint unless it was granted."""
    owner = Everything.of(installations, context).conninfo
    with psycopg.connect(owner, autocommit=True) as admin:
        admin.execute("CREATE ROLE tenant LOGIN PASSWORD 'x'")
        try:
            for table in (
                "vault.person",
                "vault.evidence",
                "vault.former_address",
                "vault.recorded_order",
                "vault.measured",
                "vault.inbound_mail",
                "vault.archive",
                "desk.stuck",
            ):
                admin.execute(f"ALTER TABLE {table} OWNER TO tenant".encode())
            admin.execute("GRANT USAGE ON SCHEMA vault, desk TO tenant")
            scrubbed = scrub(psycopg.conninfo.make_conninfo(owner, user="tenant", password="x"))
            assert scrubbed.done and scrubbed.refused
        finally:
            admin.execute(
                "REASSIGN OWNED BY tenant TO postgres; DROP OWNED BY tenant; DROP ROLE tenant"
            )
