"""Who holds a due row, and for how long: a lease is renewed for what is under way, and for nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from engine.deciding import Wish
from engine.desk.desk import SQL as DESK
from engine.house import House
from engine.sending.claim import let_go, marks_file, renew, take_over
from engine.sending.marks import Marks
from engine.subscriber.commands import ChangeProfile, Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.commitment import evidence
from engine.vault.vault import Keep
from projections.agenda import Agenda
from projections.reading import FROM_THE_BEGINNING, TAKING
from projections.view import LIVE, schema_of
from tests.installation import Installations

pytestmark = pytest.mark.postgres
MakeHouse = Callable[..., House]

FILES = {
    "suite.toml": """
title = "Suite"
purpose = "conseils"

[[list]]
id = 1
name = "un"
group = "prospects"

  [[list.letter]]
  id = "bonjour"
  after = "0 minutes"
  subject = "Bonjour"
  body = "bonjour.md"
""",
    "bonjour.md": "Bonjour.\n",
}


def with_readers(make_house: MakeHouse, count: int) -> House:
    house = make_house(FILES)
    now = house.clock.now()
    for n in range(count):
        said = evidence(secrets.token_bytes(32), {"n": n})
        command = Subscribe(now, Cause("import", evidence=said.commitment.hex()), 1, "consent", "declared")
        result = house.decisions.one(Wish(command, address=f"reader-{n}@potager.example", keep=Keep("", now, evidence=(said,))))
        assert isinstance(result.outcome, Done)
    house.views.catch_up()
    return house


def take(house: House, lease: int) -> list[tuple[str, str]]:
    return sorted(house.views.take(house.clock.now(), 10, house.sender, lease, []))


def test_a_row_under_way_is_held_as_long_as_its_sender_renews_the_lease(make_house: MakeHouse) -> None:
    house = with_readers(make_house, 2)
    rows = take(house, 0)
    assert len(rows) == 2
    renew(house, rows)
    assert take(house, 120) == []


def test_a_row_that_was_let_go_is_not_held_again_when_its_sender_renews_the_lease(make_house: MakeHouse) -> None:
    house = with_readers(make_house, 2)
    rows = take(house, 120)
    let_go(house, rows, position=0)
    renew(house, rows)
    assert take(house, 120) == rows


def test_what_a_sender_that_lives_has_taken_is_not_taken_over(make_house: MakeHouse) -> None:
    house = with_readers(make_house, 2)
    path = marks_file(house, house.sender)
    path.parent.mkdir(parents=True)
    marks = Marks(path)
    rows = take(house, 120)
    take_over(house)
    assert take(house, 120) == []
    marks.close()
    take_over(house)
    assert take(house, 120) == rows


def test_renewing_does_not_wait_for_rows_that_are_being_let_go(make_house: MakeHouse) -> None:
    house = with_readers(make_house, 2)
    rows = take(house, 0)
    with house.database.transaction() as letting_go:
        values = {"subscribers": [rows[0][0]], "keys": [rows[0][1]], "seconds": 0, "why": "let go", "position": 0}
        letting_go.execute(DESK["release"], values)
        with house.database.transaction() as renewing:
            renewing.execute("SET LOCAL lock_timeout TO '2s'")
            held = {"subscribers": [s for s, _ in rows], "keys": [k for _, k in rows]}
            renewing.execute(DESK["keep_taken"], held | {"seconds": 120, "sender": house.sender})
    assert take(house, 120) == rows[:1]


def test_what_is_taken_goes_on_where_the_last_take_came_to_and_comes_back_for_what_was_passed(make_house: MakeHouse) -> None:
    house = with_readers(make_house, 6)

    def some(lease: int) -> list[tuple[str, str]]:
        return house.views.take(house.clock.now(), 2, house.sender, lease, [])

    first = some(0)
    rest = some(120) + some(120)
    assert len({*first, *rest}) == 6, "what was taken first is free again, but was passed"
    assert some(120) == first, "where nothing more is due, it begins anew"
    assert some(120) == []


def test_a_row_that_was_let_go_waits_for_the_agenda_to_follow(make_house: MakeHouse) -> None:
    house = with_readers(make_house, 1)
    rows = take(house, 120)
    let_go(house, rows, position=house.ledger.head() + 1)
    assert take(house, 120) == []
    house.decisions.one(Wish(ChangeProfile(house.clock.now(), Cause("operator"), language="en"), stream=rows[0][0]))
    assert take(house, 120) == []
    house.views.catch_up()
    assert take(house, 120) == rows


def test_what_is_taken_is_looked_up_by_key_though_nothing_was_taken_when_the_plan_was_made(
    make_house: MakeHouse, installations: Installations
) -> None:
    house = with_readers(make_house, 1)
    with psycopg.connect(installations.admin, dbname=conninfo_to_dict(house.database.conninfo)["dbname"], autocommit=True) as owner:
        owner.execute("VACUUM desk.taken")
    values = {"now": 1, "limit": 10, "sender": "x", "lease": 1, "paused": [], "passed": 0, "passed_subscriber": FROM_THE_BEGINNING[1]}
    with house.database.connection() as connection:
        plan = connection.execute("EXPLAIN " + TAKING.within(schema=schema_of(Agenda, LIVE))["take"], values).fetchall()
    assert not [line for (line,) in plan if "Seq Scan on taken" in line]
