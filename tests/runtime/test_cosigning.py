"""Each witness of `[proof] witness_url` is shown the newest checkpoint and cosigns it (C2SP
tlog-witness); what it signed is handed over, and what it does not is said.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cli import checkpoints
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.i18n.user_error import UserError
from engine.proof import verify
from engine.proof.tlog_witness import Witness, parse_witness
from engine.runtime import cosigning
from engine.runtime.cosigning import LEASE, cosign_when_due
from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.metrics import exposition
from tests.cli.asking import FILES, join
from tests.proof.handed import bundle, judged, unpack
from tests.proof.witness import WitnessServer, witness_server
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
Later = Callable[[int], None]


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        made.tree.sign_now()
        yield made


@pytest.fixture
def witness(context: AppContext) -> Iterator[WitnessServer]:
    """One that no other test has asked."""
    key = verify.parse_vkey(context.tree.vkey)
    with witness_server({context.tree.origin: key}) as found:
        found.seed = wall_now().to_bytes(8, "big") * 4
        name(context, found)
        yield found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """The wall clock, put forward by so many ms."""
    ahead = [0]
    monkeypatch.setattr(cosigning, "wall_now", lambda: wall_now() + ahead[0])

    def move(by: int) -> None:
        ahead[0] += by

    return move


def name(context: AppContext, *witnesses: WitnessServer) -> None:
    """What config.toml would name."""
    named = tuple(parse_witness(f"{witness.url}/ {witness.vkey}") for witness in witnesses)
    object.__setattr__(context.config.proof, "witness_url", named)


def sign(context: AppContext, number: int = 1) -> int:
    """So many more people, and a checkpoint over them: its size."""
    join(context, number)
    return context.tree.sign_now().size


def cosigned(context: AppContext, witness: WitnessServer) -> int:
    return context.tree.cosignatures.last(context.tree.origin, witness.vkey)


def why(context: AppContext) -> str:
    """The one trouble that status tells of; "" for none."""
    reasons = [trouble.why for trouble in gather(context).troubles if trouble.what == "cosigner"]
    assert len(reasons) <= 1
    return "".join(reasons)


def olds(witness: WitnessServer) -> list[int]:
    """The sizes that it was told it knows, in the order in which it was asked."""
    return [verify.parse_consistency(body).size for body in witness.asked]


def test_a_checkpoint_is_cosigned_once_and_the_next_continues_it(
    context: AppContext, witness: WitnessServer, later: Later
) -> None:
    first = sign(context)
    assert [cosign_when_due(context) for _ in range(3)] == [1, 0, 0]
    assert cosigned(context, witness) == first
    second = sign(context, 3)
    assert cosign_when_due(context) == 0, "not again within the time between two checkpoints"
    later(HOUR)
    assert cosign_when_due(context) == 1 and cosigned(context, witness) == second
    assert olds(witness) == [0, first] and why(context) == ""


def test_the_time_between_two_checkpoints_may_be_days(
    context: AppContext, witness: WitnessServer, later: Later
) -> None:
    object.__setattr__(context.config.proof, "every", Delay(days=3))
    try:
        sign(context)
        assert cosign_when_due(context) == 1
        sign(context)
        later(HOUR)
        assert cosign_when_due(context) == 0
        later(3 * DAY - HOUR)
        assert cosign_when_due(context) == 1
    finally:
        object.__setattr__(context.config.proof, "every", Delay(minutes=60))


def test_what_a_witness_signed_goes_with_what_is_handed_over_and_the_verifier_believes_it(
    context: AppContext, witness: WitnessServer, tmp_path: Path
) -> None:
    (stream,) = join(context, 1)
    signed = context.tree.sign_now()
    assert cosign_when_due(context) == 1
    files = bundle(context, stream, signed)
    assert files["checkpoint"].startswith(signed.note) and files["checkpoint"] != signed.note
    found = judged(unpack(files, tmp_path / "b"))
    assert found.status == 0, found.wrong
    assert "witnesses have cosigned the checkpoint: temoin.example/w1" in "\n".join(
        found.said["proved"]
    )
    assert context.tree.latest() == signed, "what the log signed stays as it was"


def test_after_a_lost_answer_it_goes_on_from_where_the_witness_says(
    context: AppContext, witness: WitnessServer, later: Later
) -> None:
    lost = sign(context)
    witness.mood = "lost"
    assert cosign_when_due(context) == 0 and "cannot be reached" in why(context)
    assert witness.known[context.tree.origin][0] == lost and cosigned(context, witness) == 0
    witness.mood = ""
    size = sign(context)
    later(MINUTE)
    assert cosign_when_due(context) == 1 and cosigned(context, witness) == size
    assert olds(witness) == [0, 0, lost] and why(context) == ""


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("forged", "temoin.example/w1 is not one over this checkpoint"),
        ("stranger", "without a signature of temoin.example/w1"),
        ("huge", "longer than"),
        ("restless", "another size each time"),
        ("302", "answered 302"),
        ("404", "does not know this log"),
        ("403", "does not know the key of this log"),
        ("409", "the witness's size is not a whole number"),
        ("422", "the history it has seen is another"),
        ("429", "too often"),
        ("500", "answered 500"),
    ],
)
def test_what_is_no_cosignature_is_not_kept_and_its_reason_is_said(
    context: AppContext, witness: WitnessServer, mood: str, reason: str
) -> None:
    sign(context, 2)
    witness.mood = mood
    assert cosign_when_due(context) == 0 and cosigned(context, witness) == 0
    assert reason in why(context)


def test_a_log_or_a_key_that_the_witness_does_not_know_is_answered_by_itself(
    context: AppContext, witness: WitnessServer, later: Later
) -> None:
    sign(context)
    witness.logs = {context.tree.origin: verify.Key(context.tree.origin, bytes(32))}
    assert cosign_when_due(context) == 0 and "403" in why(context)
    witness.logs = {}
    later(MINUTE)
    assert cosign_when_due(context) == 0 and "404" in why(context)


def test_another_history_than_the_witness_has_seen_is_told(
    context: AppContext, witness: WitnessServer, later: Later
) -> None:
    size = sign(context)
    for known, reason in (
        ((size, b"?" * 32), "another tree of"),
        ((size - 1, b"?" * 32), "the history it has seen is another"),
        ((size + 7, b"?" * 32), f"has cosigned {size + 7} entries"),
    ):
        witness.known[context.tree.origin] = known
        assert cosign_when_due(context) == 0 and reason in why(context)
        later(HOUR)


def test_a_failure_is_tried_again_after_longer_and_longer_and_told_in_status(
    context: AppContext, witness: WitnessServer, later: Later
) -> None:
    sign(context)
    witness.mood = "500"
    for wait in (MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE, HOUR, HOUR):
        asked = len(witness.asked)
        assert cosign_when_due(context) == 0 and len(witness.asked) == asked + 1
        later(wait - 1000)
        assert cosign_when_due(context) == 0 and len(witness.asked) == asked + 1
        later(1000)
    (told,) = [finding for finding in findings(gather(context)) if finding.code == "uncosigned"]
    assert told.level == "notice" and "relance audit witness" in told.remedy
    assert b"relance_cosigner_in_trouble 1.0" in exposition(gather(context))
    name(context)
    assert why(context) == "", "who is no witness any more keeps nobody waiting"


def test_of_several_hosts_one_asks_and_one_that_dies_leaves_it_to_the_next(
    context: AppContext, witness: WitnessServer, later: Later
) -> None:
    sign(context)
    claimed = [cosigning._claim(context, named(context)) for _ in range(3)]
    assert [claim is not None for claim in claimed] == [True, False, False]
    assert cosign_when_due(context) == 0
    later(LEASE)
    assert cosign_when_due(context) == 1


def named(context: AppContext) -> Witness:
    (witness,) = context.config.proof.witness_url
    return witness


def test_on_demand_each_is_asked_now_and_what_it_answers_is_said(
    context: AppContext, witness: WitnessServer, capsys: pytest.CaptureFixture[str]
) -> None:
    join(context, 1)
    assert checkpoints.witness(context, argparse.Namespace()) == 0
    assert f"{witness.url} : le point de contrôle" in capsys.readouterr().out
    assert cosigned(context, witness) == context.ledger.head()
    witness.mood = "500"
    assert checkpoints.witness(context, argparse.Namespace()) == 1
    assert f"{witness.url} : non accepté : " in capsys.readouterr().out


def test_without_any_witness_it_says_where_to_write_one(
    context: AppContext, witness: WitnessServer
) -> None:
    name(context)
    with pytest.raises(UserError, match="witness_url"):
        checkpoints.witness(context, argparse.Namespace())
