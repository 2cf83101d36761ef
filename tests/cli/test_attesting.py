"""`audit checkpoint`, `key`, `rotate-key`, `restored`, and what `run` does by itself: as their
operator has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.proof.checkpoint import open_checkpoint, read_checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.signing import read_vkey
from tests.cli.commanding import SOURCE, Installation, database, embedded, published, stop
from tests.running import wait_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def relance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with published(tmp_path_factory.mktemp("installation")) as installation:
        yield installation


def subscribe(relance: Installation, name: str) -> None:
    relance.done("subscribe", f"{name}@lecteurs.example", "--list", "10", *SOURCE)


def printed_key(relance: Installation) -> tuple[str, str]:
    """Origin and verifier key."""
    lines = [
        line.strip()
        for line in relance.done("audit", "key").splitlines()
        if line.startswith("    ")
    ]
    assert lines[2] == f'_relance.127.0.0.1. IN TXT "{lines[1]}"'
    return lines[0], lines[1]


def test_a_checkpoint_is_printed_as_it_is_signed_and_is_believed_by_the_key_that_is_printed(
    relance: Installation,
) -> None:
    note = relance.done("audit", "checkpoint").encode()
    origin, vkey = printed_key(relance)
    assert origin.startswith(f"127.0.0.1:{relance.web}/relance/")
    first = open_checkpoint(note, [read_vkey(vkey)])
    assert first.origin == origin
    assert relance.done("audit", "checkpoint").encode() == note
    subscribe(relance, "anna")
    assert (
        open_checkpoint(relance.done("audit", "checkpoint").encode(), [read_vkey(vkey)]).size
        > first.size
    )
    assert relance.done("audit", "replay") == "equal\n"


def test_run_lets_the_tree_follow_and_signs_by_itself_and_says_how_far_it_is(
    relance: Installation,
) -> None:
    relance.configure('\n[proof]\nevery = "1 minute"\n')
    (relance.folder / "data" / "proof" / "last-checkpoint").unlink(missing_ok=True)
    with database(relance) as connection:
        connection.execute("ALTER TABLE proof.checkpoint DISABLE TRIGGER checkpoints_are_immutable")
        connection.execute("UPDATE proof.checkpoint SET signed_at = signed_at - 61000")
        connection.execute("ALTER TABLE proof.checkpoint ENABLE TRIGGER checkpoints_are_immutable")
    with relance.running() as process:
        subscribe(relance, "bruno")

        def signed() -> bool:
            tree = json.loads(relance("status", "--json").out)["tree"]
            return bool(
                tree["behind"] == 0
                and tree["age"] is not None
                and tree["age"] < 60
                and tree["signed"] > 0
            )

        wait_for(signed)
        said = relance("status")
        assert said.status == 0
        assert "proof" in said.out and "tree up to date; last checkpoint over " in said.out
        assert (
            read_checkpoint(
                (relance.folder / "data" / "proof" / "last-checkpoint").read_bytes()
            ).size
            > 0
        )
        assert stop(process).status == 0
    relance.configure()
    assert relance.done("audit", "replay") == "equal\n"


def test_a_new_key_is_named_by_the_old_one_and_printed(relance: Installation) -> None:
    before = relance.done("audit", "checkpoint").encode()
    origin, old = printed_key(relance)
    said = relance.done("audit", "rotate-key")
    assert printed_key(relance)[0] == origin
    new = printed_key(relance)[1]
    assert new != old and new in said
    after = relance.done("audit", "checkpoint").encode()
    assert open_checkpoint(before, [read_vkey(old)]) and open_checkpoint(after, [read_vkey(new)])
    with pytest.raises(ProofRefused):
        open_checkpoint(after, [read_vkey(old)])
    assert relance.done("audit", "replay") == "equal\n"


def test_a_difference_is_named_with_status_1(relance: Installation) -> None:
    relance.done("audit", "checkpoint")
    with database(relance) as connection:
        connection.execute("ALTER TABLE proof.checkpoint DISABLE TRIGGER checkpoints_are_immutable")
        connection.execute("CREATE TABLE kept AS SELECT * FROM proof.tile")
        connection.execute(
            "UPDATE proof.tile SET hashes = set_byte(hashes, 70, 255 - get_byte(hashes, 70)) WHERE"
            " level = 0 AND number = 0"
        )
    said = relance("audit", "replay")
    assert said.status == 1
    assert "tile/0/000 holds other hashes than the ledger's entries at positions 3 to 3" in said.out
    assert "not equal: 1 differences between ledger, tree and checkpoints" in said.err
    with database(relance) as connection:
        connection.execute(
            "UPDATE proof.tile t SET hashes = kept.hashes FROM kept WHERE (kept.level, kept.number)"
            " = (t.level, t.number)"
        )
    assert relance.done("audit", "replay") == "equal\n"


def test_a_refusal_is_a_sentence_that_says_what_to_do(relance: Installation) -> None:
    subscribe(relance, "chloe")
    secret = relance.folder / "data" / "secrets" / "proof.key"
    kept = secret.read_text()
    secret.write_text("00" * 32)
    said = relance("audit", "checkpoint")
    assert said.status == 1 and said.out == ""
    assert (
        "the key in data/secrets/proof.key is not the one the ledger names" in said.err
        and "Put that key back" in said.err
    )
    relance.configure(changes={'language = "en"': 'language = "fr"'})
    assert "Remettez celle-ci" in relance("audit", "checkpoint").err
    relance.configure()
    secret.write_text(kept)
    assert relance("audit", "checkpoint").status == 0


def test_a_ledger_that_was_put_back_begins_a_new_origin_that_names_the_last_checkpoint(
    tmp_path: Path,
) -> None:
    relance = Installation(tmp_path)
    with embedded(relance) as server:
        relance.done("publish", "--yes")
        relance.done("audit", "checkpoint")
        owner = make_conninfo(server.attach(), dbname="postgres")
        run(owner, "CREATE DATABASE saved TEMPLATE relance")
        subscribe(relance, "anna")
        last = read_checkpoint(relance.done("audit", "checkpoint").encode())
        run(owner, "DROP DATABASE relance", "CREATE DATABASE relance TEMPLATE saved")
        refused = relance("audit", "checkpoint")
        assert (
            refused.status == 1
            and "was signed over more entries than the ledger has" in refused.err
            and "relance audit restored" in refused.err
        )
        said = relance.done("audit", "restored")
        assert "sending is paused until `relance resume`" in said
        now = read_checkpoint(relance.done("audit", "checkpoint").encode())
        assert now.origin != last.origin and now.origin in said
        begun = begun_last(relance)
        assert (begun["previous"], begun["size"], begun["root"]) == (
            last.origin,
            last.size,
            last.root.hex(),
        )
        assert relance.done("audit", "replay") == "equal\n"


def begun_last(relance: Installation) -> dict[str, object]:
    """What the last event that began an origin says."""
    with database(relance) as connection:
        row = connection.execute(
            "SELECT convert_from(state, 'UTF8')::json -> 'data' FROM ledger.events WHERE topic ="
            " 'origin-begun' ORDER BY notification_id DESC"
        ).fetchone()
    assert row is not None and isinstance(row[0], dict)
    return row[0]


def run(conninfo: str, *statements: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
