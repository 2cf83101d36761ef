"""The newest checkpoint is stamped once a day by a real authority, again before its certificate
ends, and the stamp goes with what is handed over.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine.cli import checkpoints as audit_witness
from engine.cli import prove as proving
from engine.context import AppContext, DatabaseContext
from engine.desk.clock import wall_now
from engine.i18n.user_error import UserError
from engine.proof import verify as verifier
from engine.proof.stamping import KeptStamp, best
from engine.proof.store import Cosignature
from engine.runtime import stamping
from engine.sequence.delay import DAY
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.metrics import exposition
from tests.backup.database_context import backup, database_context_of, restore
from tests.cli.asking import FILES, join
from tests.conftest import MakeContext
from tests.proof.tsa import Authority, authority
from tests.running_installation import Installations

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
LONG, SHORT = 1000, 30


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    (tmp_path / "tsa").mkdir()
    with authority(tmp_path / "tsa") as found:
        found.days = LONG
        found.certify()
        yield found


def config(tsa: Authority) -> str:
    return f'\n[proof]\nstamp = "{tsa.url}"\nstamp_roots = "{tsa.root}"\n'


@pytest.fixture
def context(make_context: MakeContext, tsa: Authority) -> AppContext:
    """Published and signed."""
    found = make_context(FILES, extra=config(tsa))
    found.tree.sign_now()
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The wall clock of whoever has things stamped, put forward by so many ms."""
    ahead = [0]
    monkeypatch.setattr("engine.runtime.stamping.wall_now", lambda: wall_now() + ahead[0])

    def move(by: int) -> None:
        ahead[0] += by

    return move


def goes_on(context: AppContext) -> None:
    """A day later something has come, and was signed."""
    context.clock.jump(DAY)
    join(context, 1)
    context.tree.sign_now()


def stamps(context: AppContext) -> list[list[int]]:
    """Until when each stamp of each checkpoint lasts, in days from now."""
    now = wall_now()
    return [
        [round((s.holds_until - now) / DAY) for s in context.tree.stamps.of(c.origin, c.size)]
        for c in context.tree.all_checkpoints()
    ]


def test_the_newest_checkpoint_is_stamped_once_a_day_and_an_unchanged_ledger_not_again(
    context: AppContext, tsa: Authority
) -> None:
    assert [stamping.stamp_when_due(context) for _ in range(3)] == [1, 0, 0]
    goes_on(context)
    assert [stamping.stamp_when_due(context) for _ in range(3)] == [1, 0, 0]
    context.clock.jump(DAY)
    assert stamping.stamp_when_due(context) == 0
    assert stamps(context) == [[LONG], [LONG]] and tsa.asked == 2
    age = gather(context).stamped
    assert (
        age is not None
        and age < 120
        and b"relance_stamp_age_seconds" in exposition(gather(context))
    )


def test_nothing_is_stamped_before_anything_is_signed(
    make_context: MakeContext, tsa: Authority
) -> None:
    assert stamping.stamp_when_due(make_context(FILES, extra=config(tsa))) == 0 and tsa.asked == 0


def test_what_ends_soon_is_stamped_again_once_the_authority_has_a_certificate_that_lasts(
    context: AppContext, tsa: Authority
) -> None:
    tsa.days = SHORT
    tsa.certify()
    assert stamping.stamp_when_due(context) == 1
    goes_on(context)
    assert stamping.stamp_when_due(context) == 1, (
        "another stamp of the same certificate would last no longer"
    )
    tsa.days = LONG
    tsa.certify()
    goes_on(context)
    assert stamping.stamp_when_due(context) == 3
    assert stamps(context) == [[SHORT, LONG], [SHORT, LONG], [LONG]]
    goes_on(context)
    assert stamping.stamp_when_due(context) == 1


@pytest.mark.parametrize(
    ("mood", "why"),
    [("broken", "answered 503"), ("garbage", "no time-stamp"), ("refuses", "did not grant")],
)
def test_a_failure_is_told_of_and_tried_again_within_the_hour(
    context: AppContext, tsa: Authority, later: Callable[[int], None], mood: str, why: str
) -> None:
    tsa.mood = mood
    assert [stamping.stamp_when_due(context) for _ in range(3)] == [0, 0, 0] and tsa.asked == 1
    (trouble,) = gather(context).troubles
    assert trouble.what == "stamp" and why in trouble.why
    (found,) = [each for each in findings(gather(context)) if each.code == "unstamped"]
    assert found.level == "notice" and "relance audit stamp" in found.remedy
    (late,) = [
        each
        for each in findings(replace(gather(context), troubles=(replace(trouble, since=90_000.0),)))
        if each.code == "unstamped"
    ]
    assert late.level == "stopped"
    assert b"relance_stamp_in_trouble 1.0" in exposition(gather(context))
    tsa.mood = "well"
    later(3_600_000)
    assert stamping.stamp_when_due(context) == 1
    assert gather(context).troubles == ()


def test_a_file_of_roots_that_is_not_there_is_named(
    make_context: MakeContext, tsa: Authority
) -> None:
    context = make_context(FILES, extra=config(tsa).replace("root.pem", "lost.pem"))
    context.tree.sign_now()
    assert stamping.stamp_when_due(context) == 0
    assert "lost.pem cannot be read" in gather(context).troubles[0].why and tsa.asked == 0


def test_on_demand_it_is_done_now_and_said(
    context: AppContext, tsa: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit_witness.stamp(context, argparse.Namespace()) == 0
    assert f"horodaté par {tsa.url}" in capsys.readouterr().out
    assert stamping.stamp_when_due(context) == 0
    tsa.mood = "broken"
    with pytest.raises(UserError, match="answered 503"):
        audit_witness.stamp(context, argparse.Namespace())


def test_on_demand_without_a_server_it_says_where_to_write_one(make_context: MakeContext) -> None:
    with pytest.raises(UserError, match="stamp_roots") as refused:
        audit_witness.stamp(make_context(FILES), argparse.Namespace())
    assert refused.value.status == 2


def test_the_stamp_goes_with_the_bundle_and_with_the_whole_ledger_and_the_verifier_holds_it(
    context: AppContext, tsa: Authority, tmp_path: Path
) -> None:
    (someone,) = join(context, 1)
    assert audit_witness.stamp(context, argparse.Namespace()) == 0
    latest = context.tree.latest()
    assert latest is not None
    bundle, whole = tmp_path / "proof.zip", tmp_path / "ledger"
    assert (
        proving.prove(
            context, argparse.Namespace(person=someone, target=str(bundle), size=latest.size)
        )
        == 0
    )
    assert proving.ledger(context, argparse.Namespace(target=str(whole))) == 0
    for given in (bundle, whole):
        command = [
            sys.executable,
            "-I",
            "-S",
            verifier.__file__,
            str(given),
            "--tsa-ca",
            str(tsa.root),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "a time stamping authority has stamped it" in done.stdout


@pytest.mark.parametrize(
    "change", ["UPDATE proof.stamp SET size = 1", "DELETE FROM proof.stamp", "TRUNCATE proof.stamp"]
)
def test_a_stamp_is_never_changed_or_removed(
    context: AppContext, installations: Installations, change: str
) -> None:
    assert stamping.stamp_when_due(context) == 1
    with (
        context.database.connection() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(change.encode())
    name = str(conninfo_to_dict(context.database.conninfo)["dbname"])
    with (
        psycopg.connect(make_conninfo(installations.admin, dbname=name)) as owner,
        pytest.raises(psycopg.errors.RaiseException, match="stamped"),
    ):
        owner.execute(change.encode())


def test_a_copy_keeps_what_others_signed_and_an_older_one_that_is_put_back_takes_none_away(
    installations: Installations, tsa: Authority, tmp_path: Path
) -> None:
    def others_sign(context: AppContext) -> None:
        assert stamping.stamp_when_due(context) == 1
        signed = context.tree.latest()
        assert signed is not None
        context.tree.cosignatures.add(signed, Cosignature("w", "a line"), 1)

    def prepare(context: AppContext) -> None:
        context.tree.sign_now()
        others_sign(context)

    def held(database_context: DatabaseContext) -> tuple[int, int]:
        """How many stamps, and how many cosignatures."""
        with database_context.open_context() as context:
            cosignatures = [
                context.tree.cosignatures.of(signed.origin, signed.size)
                for signed in context.tree.all_checkpoints()
            ]
            return sum(map(len, stamps(context))), sum(map(len, cosignatures))

    with database_context_of(installations, prepare, config(tsa)) as database_context:
        assert backup(database_context, tmp_path / "copy") == 0
        with database_context.open_context() as context:
            goes_on(context)
            others_sign(context)
            context.rollback_detection.note()
        assert held(database_context) == (2, 2)
        assert restore(database_context, tmp_path / "copy") == 0
        assert held(database_context) == (2, 2)
        with psycopg.connect(database_context.owner, autocommit=True) as owner:
            owner.execute("DROP TABLE proof.stamp, proof.cosignature")
        assert restore(database_context, tmp_path / "copy") == 0
        assert held(database_context) == (1, 1)


def test_of_the_stamps_that_still_hold_the_earliest_is_handed_over() -> None:
    first, second, third = (
        KeptStamp("o", 1, b"", b"", at, until) for at, until in ((10, 100), (90, 200), (95, 300))
    )
    assert best([], 0) is None
    assert [best([third, second, first], now) for now in (50, 150, 250, 999)] == [
        first,
        second,
        third,
        third,
    ]
