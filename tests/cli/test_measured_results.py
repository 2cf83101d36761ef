"""`results` of who agreed to be measured: apart from everybody, and no cell of fewer than ten."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import pytest

from engine.cli.arguments_of_people import STDOUT
from engine.context import AppContext
from engine.desk.desk import VisitCell
from engine.sequence.delay import DAY
from engine.vault.measured import Measured, keep_measured
from engine.views import week_of
from tests.cli.asking import FILES, join, send
from tests.cli.test_results import told
from tests.projections.test_measured_segments import agrees, withdraws
from tests.running_installation import Installations

ASKS = "list:10/asks"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """Of fourteen who got the letter thirteen had agreed, and one of them takes it back; of the
    twelve ten clicked and nine loaded the picture, and one agreed only afterwards.
    """
    with installations.made(FILES, "[measure]\npeople = true\nimages = true\n") as made:
        people = join(made, 14)
        for who in people[:13]:
            agrees(made, who)
        send(made, people)
        made.clock.jump(DAY)
        now = made.clock.now()
        acts = [(who, Measured(ASKS, "clicked", "https://a.example", now)) for who in people[:10]]
        acts += [(who, Measured(ASKS, "clicked", "https://b.example", now)) for who in people[:2]]
        acts += [(who, Measured(ASKS, "opened", "", now)) for who in people[:9]]
        acts += [(who, Measured(ASKS, "relayed", "", now)) for who in people[8:11]]
        acts += [(people[10], Measured("list:11/x", "clicked", "https://a.example", now))]
        keep_measured(made.database, acts, lambda streams: dict.fromkeys(streams, 1))
        withdraws(made, people[12])
        agrees(made, people[13])
        made.desk.count_visits([(VisitCell(ASKS, "image", "", week_of(now)), 20, 9)])
        made.views.catch_up()
        yield made


def test_they_stand_apart_and_few_are_not_told(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    said = " ".join(told(context, capsys, letter="asks").split())
    assert "parmi les personnes qui acceptent d’être mesurées (12)" in said
    assert "10 ont cliqué, moins de 10 ont ouvert (image chargée)" in said
    assert "un service de messagerie la charge" in said
    assert "chargements de son image" in said


def test_as_json_and_csv_few_are_left_empty(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = json.loads(told(context, capsys, json=True))
    [asks] = [row["measured"] for row in rows if row["name"] == ASKS]
    assert asks == {"people": 12, "opened": None, "clicked": 10, "relayed": None}
    table = list(csv.DictReader(told(context, capsys, csv=STDOUT).splitlines()))
    [row] = [row for row in table if row["letter"] == ASKS]
    cells = [row[f"measured_{name}"] for name in ("people", "opened", "clicked")]
    assert cells == ["12", "", "10"]
    assert "measured_people" not in told(context, capsys, csv=STDOUT, by="week")


def test_by_anything_but_letters_nothing_is_said_of_it(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "measured" not in json.loads(told(context, capsys, json=True, by="list"))[0]
