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

from engine.app import furnished
from engine.cli import accept_secret as accepting
from engine.cli.parser import parser
from engine.config import Config
from engine.context import Premises
from engine.desk import agreement
from engine.desk.agreement import REPLACEABLE, Disagreement, clock_sentence
from engine.desk.clock import wall_now
from engine.i18n.language import translator
from engine.i18n.refusal import Refusal
from engine.i18n.refused import in_words
from engine.runtime import heartbeat as beating
from engine.secret_files import NAMES, make_secrets, read_secrets
from engine.store.database import StoreUnavailable
from tests.backup.premises import premises_of
from tests.installation import Installations

pytestmark = pytest.mark.timeout(120)
TEN_MINUTES = 600_000


@pytest.fixture
def premises(installations: Installations) -> Iterator[Premises]:
    with premises_of(installations) as made:
        yield made


@pytest.fixture
def second(premises: Premises, tmp_path: Path) -> Config:
    """The same configuration on another host, whose secrets are its own; the database is not."""
    config = replace(
        premises.config, folder=tmp_path / "second", store_url="postgresql://owner@db/relance"
    )
    make_secrets(config.secrets)
    return config


def opens(premises: Premises, config: Config) -> None:
    with furnished(config, premises.owner, read_secrets(config.secrets)) as house:
        assert house.ledger.head() > 0


def facts(premises: Premises) -> tuple[object, ...]:
    with psycopg.connect(premises.owner) as connection:
        counted = "SELECT count(*), (SELECT count(*) FROM vault.person) FROM ledger.events"
        return connection.execute(counted.encode()).fetchone() or ()


def test_a_role_that_is_there_is_never_altered(premises: Premises, second: Config) -> None:
    """A host without the password says so, makes none up, and the host that has it goes on."""
    with pytest.raises(
        StoreUnavailable,
        match=(
            r"database\.password is missing, and the role installation_\d+_program is there already"
        ),
    ):
        opens(premises, second)
    assert not (second.secrets / "database.password").exists()
    with premises.furnish() as house:
        assert house.ledger.head() > 0
    (second.secrets / "database.password").write_text("another password")
    with pytest.raises(
        StoreUnavailable,
        match=(
            r"does not take the password in data/secrets/database\.password for"
            r" installation_\d+_program"
        ),
    ):
        opens(premises, second)
    with premises.furnish() as house:
        assert house.ledger.head() > 0


@pytest.mark.parametrize("name", NAMES)
def test_another_secret_is_refused_by_its_name_and_nothing_is_changed(
    premises: Premises, second: Config, name: str
) -> None:
    before = facts(premises)
    for file in premises.config.secrets.iterdir():
        if file.name != name:
            shutil.copy(file, second.secrets / file.name)
    with pytest.raises(Disagreement) as refused:
        opens(premises, second)
    assert str(second.secrets / name) in str(refused.value) and "copy data/secrets" in str(
        refused.value
    )
    assert "n’est pas le secret" in in_words(str(refused.value), translator("fr"))
    assert facts(premises) == before
    shutil.copy(premises.config.secrets / name, second.secrets / name)
    opens(premises, second)


def accepts(premises: Premises, config: Config, name: str, *more: str) -> int:
    given = replace(premises, config=config, secrets=read_secrets(config.secrets))
    return accepting.run(given, parser().parse_args(["accept-secret", name, *more]))


@pytest.mark.parametrize("name", REPLACEABLE)
def test_a_secret_replaced_on_purpose_is_taken_alone_and_when_nothing_runs(
    premises: Premises, second: Config, name: str
) -> None:
    for file in premises.config.secrets.iterdir():
        if file.name not in (name, "suppression.pepper"):
            shutil.copy(file, second.secrets / file.name)
    with pytest.raises(Disagreement, match=r"suppression\.pepper is not the secret"):
        accepts(premises, second, name, "--yes")
    shutil.copy(premises.config.secrets / "suppression.pepper", second.secrets)
    with pytest.raises(Refusal, match="say --yes"):
        accepts(premises, second, name)
    with pytest.raises(Disagreement, match=f"`relance accept-secret {name}`"):
        opens(premises, second)
    with premises.furnish(), pytest.raises(Refusal, match="stop it first"):
        accepts(premises, second, name, "--yes")
    assert accepts(premises, second, name, "--yes") == 0
    opens(premises, second)
    with pytest.raises(Disagreement):
        opens(premises, premises.config)


def test_an_installation_from_before_leaves_its_fingerprints_at_the_first_start_and_no_secret(
    premises: Premises,
) -> None:
    with psycopg.connect(premises.owner, autocommit=True) as connection:
        connection.execute("DELETE FROM desk.secret")
        with premises.furnish():
            rows = connection.execute("SELECT name, fingerprint FROM desk.secret").fetchall()
    secrets = premises.secrets
    assert {name for name, _ in rows} == set(NAMES)
    for known in (secrets.pepper, secrets.link_key, secrets.nonce_key):
        assert not [
            fingerprint
            for _, fingerprint in rows
            if fingerprint in known.hex() or known.hex() in fingerprint
        ]


@pytest.mark.parametrize("ahead", [TEN_MINUTES, -3_000])
def test_a_clock_that_is_not_the_databases_is_refused_at_the_start(
    premises: Premises, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    before = facts(premises)
    monkeypatch.setattr(agreement, "wall_now", lambda: wall_now() + ahead)
    with (
        pytest.raises(
            Disagreement,
            match=(
                rf"by \{ahead / 1000:+.0f} s from the database's: set the one that is wrong right"
            ),
        ),
        premises.furnish(),
    ):
        pass
    assert facts(premises) == before
    with psycopg.connect(premises.owner, autocommit=True) as connection:
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
        premises.furnish(),
    ):
        pass


def test_a_second_and_a_half_is_no_disagreement(
    premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "wall_now", lambda: wall_now() + 1_500)
    with premises.furnish() as house:
        assert 1_000 < agreement.check_clock(house.database) < 2_000


def test_a_clock_that_goes_astray_ends_the_process_at_a_beat(
    premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beating, "BEAT", 0.05)

    async def works() -> None:
        with ExitStack() as stack:
            house = stack.enter_context(premises.furnish())
            async with beating.known(house, {"web"}, dict) as presence:
                monkeypatch.setattr(agreement, "wall_now", lambda: wall_now() + TEN_MINUTES)
                await asyncio.wait_for(presence.ended, 30)

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
    sentence = clock_sentence("a", ahead, others)
    assert wrong in sentence and "(a)" in sentence
    assert in_words(sentence, translator("fr")).startswith(
        "l’horloge de cette machine (a) diffère de"
    )
