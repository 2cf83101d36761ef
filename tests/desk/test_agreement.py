"""Several machines on one database: whoever has other secrets or another time is refused by the
name of what is wrong, and changes nothing.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from engine.app import open_context_in
from engine.cli.arguments_of_trust import REPLACEABLE_SECRETS
from engine.cli.database import replace_secret
from engine.cli.parser import parser
from engine.config import Config
from engine.context import DatabaseContext
from engine.desk import processes
from engine.desk.clock import wall_now
from engine.desk.processes import REPLACEABLE, Disagreement, clock_differs
from engine.i18n.language import translator
from engine.i18n.user_error import UserError
from engine.runtime import heartbeat
from engine.secret_files import NAMES, make_secrets, read_secrets
from engine.store.database import StoreUnavailable
from tests.backup.database_context import database_context_of
from tests.running_installation import Installations

pytestmark = pytest.mark.timeout(120)
TEN_MINUTES = 600_000


@pytest.fixture
def database_context(installations: Installations) -> Iterator[DatabaseContext]:
    with database_context_of(installations) as made:
        yield made


@pytest.fixture
def second(database_context: DatabaseContext, tmp_path: Path) -> Config:
    """The same configuration on another host, whose secrets are its own; the database is not."""
    config = replace(
        database_context.config,
        folder=tmp_path / "second",
        store_url="postgresql://owner@db/relance",
    )
    make_secrets(config.secrets)
    return config


def opens(database_context: DatabaseContext, config: Config) -> None:
    with open_context_in(config, database_context.owner, read_secrets(config.secrets)) as context:
        assert context.ledger.head() > 0


def facts(database_context: DatabaseContext) -> tuple[object, ...]:
    with psycopg.connect(database_context.owner) as connection:
        counted = "SELECT count(*), (SELECT count(*) FROM vault.person) FROM ledger.events"
        return connection.execute(counted.encode()).fetchone() or ()


def test_a_role_that_is_there_is_never_altered(
    database_context: DatabaseContext, second: Config
) -> None:
    """A host without the password says so, makes none up, and the host that has it goes on."""
    with pytest.raises(
        StoreUnavailable,
        match=(
            r"database\.password is missing, and the role installation_\d+_program is there already"
        ),
    ):
        opens(database_context, second)
    assert not (second.secrets / "database.password").exists()
    with database_context.open_context() as context:
        assert context.ledger.head() > 0
    (second.secrets / "database.password").write_text("another password")
    with pytest.raises(
        StoreUnavailable,
        match=(
            r"does not take the password in data/secrets/database\.password"
            r" for installation_\d+_program"
        ),
    ):
        opens(database_context, second)
    with database_context.open_context() as context:
        assert context.ledger.head() > 0


@pytest.mark.parametrize("name", NAMES)
def test_another_secret_is_refused_by_its_name_and_nothing_is_changed(
    database_context: DatabaseContext, second: Config, name: str
) -> None:
    before = facts(database_context)
    for file in database_context.config.secrets.iterdir():
        if file.name != name:
            shutil.copy(file, second.secrets / file.name)
    with pytest.raises(Disagreement) as refused:
        opens(database_context, second)
    assert str(second.secrets / name) in str(refused.value) and "copy data/secrets" in str(
        refused.value
    )
    assert "n’est pas le secret" in refused.value.words.said(translator("fr"))
    assert facts(database_context) == before
    shutil.copy(database_context.config.secrets / name, second.secrets / name)
    opens(database_context, second)


def accepts(database_context: DatabaseContext, config: Config, name: str, *more: str) -> int:
    given = replace(database_context, config=config, secrets=read_secrets(config.secrets))
    return replace_secret(given, parser().parse_args(["accept-secret", name, *more]))


def test_the_command_line_takes_what_may_be_replaced() -> None:
    assert REPLACEABLE_SECRETS == REPLACEABLE


@pytest.mark.parametrize("name", REPLACEABLE)
def test_a_secret_replaced_on_purpose_is_taken_alone_and_when_nothing_runs(
    database_context: DatabaseContext, second: Config, name: str
) -> None:
    for file in database_context.config.secrets.iterdir():
        if file.name not in (name, "suppression.pepper"):
            shutil.copy(file, second.secrets / file.name)
    with pytest.raises(Disagreement, match=r"suppression\.pepper is not the secret"):
        accepts(database_context, second, name, "--yes")
    shutil.copy(database_context.config.secrets / "suppression.pepper", second.secrets)
    with pytest.raises(UserError, match="say --yes"):
        accepts(database_context, second, name)
    with pytest.raises(Disagreement, match=f"`relance accept-secret {name}`"):
        opens(database_context, second)
    with database_context.open_context(), pytest.raises(UserError, match="stop it first"):
        accepts(database_context, second, name, "--yes")
    assert accepts(database_context, second, name, "--yes") == 0
    opens(database_context, second)
    with pytest.raises(Disagreement):
        opens(database_context, database_context.config)


def test_an_installation_from_before_leaves_its_fingerprints_at_the_first_start_and_no_secret(
    database_context: DatabaseContext,
) -> None:
    with psycopg.connect(database_context.owner, autocommit=True) as connection:
        connection.execute("DELETE FROM desk.secret")
        with database_context.open_context():
            rows = connection.execute("SELECT name, fingerprint FROM desk.secret").fetchall()
    secrets = database_context.secrets
    assert {name for name, _ in rows} == set(NAMES)
    for known in (secrets.pepper, secrets.link_key, secrets.nonce_key):
        assert not [
            fingerprint
            for _, fingerprint in rows
            if fingerprint in known.hex() or known.hex() in fingerprint
        ]


@pytest.mark.parametrize("ahead", [TEN_MINUTES, -3_000])
def test_a_clock_that_is_not_the_databases_is_refused_at_the_start(
    database_context: DatabaseContext, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    before = facts(database_context)
    monkeypatch.setattr(processes, "wall_now", lambda: wall_now() + ahead)
    with (
        pytest.raises(
            Disagreement,
            match=(
                rf"by \{ahead / 1000:+.0f} s from the database's: set the one that is wrong right"
            ),
        ),
        database_context.open_context(),
    ):
        pass
    assert facts(database_context) == before
    with psycopg.connect(database_context.owner, autocommit=True) as connection:
        row = (
            "INSERT INTO desk.process (id, host, pid, parts, since, seen, clock) VALUES ('x',"
            " 'elsewhere', 1, '{send}', now(), now(), 0)"
        )
        connection.execute(row.encode())
    with (
        pytest.raises(
            Disagreement,
            match=(
                r"the others \(elsewhere\) agree with the database: set this machine's clock right"
            ),
        ),
        database_context.open_context(),
    ):
        pass


def test_a_second_and_a_half_is_no_disagreement(
    database_context: DatabaseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "wall_now", lambda: wall_now() + 1_500)
    with database_context.open_context() as context:
        assert 1_000 < processes.check_clock(context.database) < 2_000


def test_a_clock_that_goes_astray_ends_the_process_at_a_beat(
    database_context: DatabaseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)

    async def works() -> None:
        with ExitStack() as stack:
            context = stack.enter_context(database_context.open_context())
            async with heartbeat.beating(context, {"web"}, dict) as beats:
                monkeypatch.setattr(processes, "wall_now", lambda: wall_now() + TEN_MINUTES)
                await asyncio.wait_for(beats.ended, 30)

    with pytest.raises(Disagreement, match=r"\+600 s"):
        asyncio.run(works())


@pytest.mark.parametrize(
    ("ahead", "others", "wrong"),
    [
        (600_000, {}, "set the one that is wrong right"),
        (600_000, {"b": 10}, "set this machine's clock right"),
        (600_000, {"b": 10, "c": -40}, "(b, c) agree with the database"),
        (600_000, {"b": 600_200, "c": 599_000}, "set the clock of the database's machine right"),
        (600_000, {"b": 600_200, "c": 0}, "set the one that is wrong right"),
        (-600_000, {"b": 600_000, "c": 0}, "set this machine's clock right"),
    ],
)
def test_whoever_disagrees_with_most_is_named(
    ahead: int, others: dict[str, int], wrong: str
) -> None:
    refused = clock_differs("a", ahead, others)
    sentence = str(refused)
    assert wrong in sentence and "(a)" in sentence
    assert refused.words.said(translator("fr")).startswith(
        "l’horloge de cette machine (a) diffère de"
    )
