"""The engine writes to the installation's stream as operators do: whoever is second decides again,
and no operator is told to try again.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator

import pytest

from engine.authoring.publication import apply, plan_publication
from engine.cli import arguments_of_trust, papers, sending
from engine.context import AppContext
from engine.installation.events import OriginBegun, SendingPaused, SendingResumed
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.subscriber.events import Cause
from tests.conftest import MakeContext
from tests.sizes import sized

pytestmark = pytest.mark.postgres
ENGINE, OPERATOR = Cause("engine"), Cause("operator")
TIMES = sized(5, 15)
DIALOGUE = """
title = "Semis"
purpose = "conseils"

[[list]]
id = 10
name = "semis"

  [[list.letter]]
  id = "question"
  after = "1 day"
  subject = "Avez-vous semé ?"
  body = "question.md"

[[list]]
id = 20
name = "seme"
"""


@pytest.fixture
def busy(make_context: MakeContext) -> Iterator[AppContext]:
    """An installation whose engine writes to its stream without rest."""
    context = make_context({"semis.toml": DIALOGUE, "question.md": "Bonjour\n\n[Oui](===20===)\n"})
    over = threading.Event()
    engine = InstallationStream(context.ledger)

    def write() -> None:
        while not over.is_set():
            engine.execute(
                lambda state: [OriginBegun(context.clock.now(), "lettres.example/relance/0", "")],
                ENGINE,
                context.clock.now(),
            )

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield context
    finally:
        over.set()
        thread.join()


def test_an_operator_is_never_told_to_try_again(
    busy: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = argparse.Namespace(list="", yes=True, anyway=False)
    for _ in range(TIMES):
        assert sending.pause(busy, arguments) == 0
        assert 0 in busy.installation_stream.current().paused
        assert sending.resume(busy, arguments) == 0
        assert not busy.installation_stream.current().paused
    parser = argparse.ArgumentParser()
    arguments_of_trust.breach_arguments(parser)
    words = ["record", "--facts", "perdu", "--effects", "aucun", "--measures", "retrouvé"]
    for _ in range(TIMES):
        assert papers.breach(busy, parser.parse_args(words)) == 0
    assert len(busy.installation_stream.current().breaches) == TIMES
    for number in range(TIMES):
        letter = busy.config.sequences / "question.md"
        letter.write_text(f"Bonjour {number}\n\n[Oui](===20===)\n", encoding="utf-8")
        assert apply(busy, plan_publication(busy)) == number + 2


def test_it_is_decided_again_about_what_somebody_else_has_done(make_context: MakeContext) -> None:
    context = make_context({"semis.toml": DIALOGUE, "question.md": "Bonjour\n\n[Oui](===20===)\n"})
    another, now = InstallationStream(context.ledger), context.clock.now()
    decided_about: list[bool] = []

    def decide(installation: Installation) -> list[SendingPaused]:
        decided_about.append(0 in installation.paused)
        if len(decided_about) == 1:
            another.execute(lambda state: [SendingPaused(now, "restored")], ENGINE, now)
        return [] if 0 in installation.paused else [SendingPaused(now, "operator")]

    assert context.installation_stream.execute(decide, OPERATOR, now) == ()
    assert decided_about == [False, True]
    assert context.installation_stream.current().paused == {0: "restored"}
    assert context.installation_stream.execute(
        lambda state: [SendingResumed(now)], OPERATOR, now
    ) == (SendingResumed(now),)
