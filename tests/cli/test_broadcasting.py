"""`relance broadcast now ID`: who it goes to is said first; it leaves once, whatever its date; and
what became of it is told.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from engine.cli.broadcast import broadcast
from engine.context import House
from engine.i18n.refusal import Refusal
from engine.installation.events import SendingPaused
from engine.runtime.scheduler import claim_broadcasts, fallen_due, moments
from engine.sequence.delay import DAY
from engine.subscriber.events import Cause
from tests.cli.asking import DIALOGUE, FILES, join
from tests.cli.commanding import DIALOGUE as SEMIS
from tests.cli.commanding import Installation
from tests.cli.test_command_line_running import embedded, stop
from tests.conftest import MakeHouse
from tests.running import write

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
IN_2041 = 2_240_000_000_000
NEWS = """
[[broadcast]]
id = "nouvelles"
to = [11, 12]
every = "0 9 * * *"
subject = "Des nouvelles"
body = "copy.md"
"""


def now(house: House, name: str = "poll", *, yes: bool = True) -> None:
    assert broadcast(house, argparse.Namespace(part="now", id=name, yes=yes)) == 0


def occurrences(house: House) -> list[str]:
    return [occurrence.key for occurrence in house.publications.current().calendar]


def test_it_says_to_how_many_people_and_sends_nothing_unasked(
    make_house: MakeHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(FILES)
    join(house, 2, 11)
    with pytest.raises(Refusal, match="--yes"):
        now(house, yes=False)
    told = capsys.readouterr().out
    assert "Un carnet" in told and "2 personnes en tout" in told and "2040-01-01 09:00" in told
    assert occurrences(house) == []


def test_a_dated_broadcast_sent_now_does_not_leave_again_on_its_date(
    make_house: MakeHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(FILES)
    now(house)
    assert (
        occurrences(house) == ["broadcast:poll/2040-01-01"] and "relance" in capsys.readouterr().out
    )
    with pytest.raises(Refusal, match="already"):
        now(house)
    assert fallen_due(house.publications.current(), IN_2041) == []
    house.clock.jump(IN_2041 - house.clock.now())
    assert claim_broadcasts(house.publications, house.clock.now()) == 0


def test_one_that_left_on_its_date_is_not_sent_again(make_house: MakeHouse) -> None:
    house = make_house(FILES)
    due = next(moments("0 9 1 1 *", "Europe/Paris", 2_208_900_000_000))
    house.clock.jump(due - house.clock.now())
    assert claim_broadcasts(house.publications, house.clock.now()) == 1
    with pytest.raises(Refusal, match="already"):
        now(house)


def test_a_recurring_one_also_comes_at_its_next_moment_and_people_are_counted_once(
    make_house: MakeHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(FILES | {"d.toml": DIALOGUE + NEWS})
    join(house, 2, 11)
    join(house, 1, 12)
    now(house, "nouvelles")
    assert "3 personnes en tout" in capsys.readouterr().out and len(occurrences(house)) == 1
    with pytest.raises(Refusal, match="already"):
        now(house, "nouvelles")
    house.clock.jump(DAY)
    assert (
        claim_broadcasts(house.publications, house.clock.now()) == 1
        and len(occurrences(house)) == 2
    )


def test_where_it_cannot_leave_that_is_said(
    make_house: MakeHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(FILES)
    at = house.clock.now()
    house.publications.execute(lambda state: [SendingPaused(at, "operator")], Cause("operator"), at)
    now(house)
    assert "relance resume" in capsys.readouterr().out
    for name, meant in (("pole", "did you mean poll"), ("xyz", "there are: poll")):
        with pytest.raises(Refusal, match=meant) as refused:
            now(house, name)
        assert refused.value.status == 2


def test_what_became_of_it_is_told_once_it_has_left(tmp_path: Path) -> None:
    relance = Installation(tmp_path)
    with embedded(relance):
        dated = (
            '\n[[broadcast]]\nid = "enfants"\nto = [11]\non = "2040-01-01 09:00"\nsubject = "Une'
            ' question"\nbody = "question.md"\n'
        )
        write(tmp_path, {"sequences/semis.toml": SEMIS + dated})
        relance.done("publish", "--yes")
        for name in ("anna", "bruno"):
            relance.done(
                "subscribe",
                f"{name}@lecteurs.example",
                "--list",
                "11",
                "--basis",
                "consent",
                "--source",
                "s",
            )
        with relance.running("--for", "100") as process:
            told = relance.done("broadcast", "now", "enfants", "--yes")
            stop(process)
        assert "2 people in all, each once." in told and told.endswith(
            "        2  accepted by the mail server\n"
        )
        assert "letter-sent" in relance.done("show", "anna@lecteurs.example")
