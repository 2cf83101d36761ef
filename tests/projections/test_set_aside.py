"""One person whose history the rules cannot take is set aside with the reason; everybody else is
followed, and they come back by themselves.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.cli.people import show
from engine.context import AppContext
from engine.sequence.delay import DAY
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.metrics import exposition
from engine.subscriber import events as e
from engine.subscriber import evolve
from engine.subscriber.person_draft import PersonDraft
from projections.agenda import Agenda
from tests.projections.test_rebuilding import FILES, happened, joined, silent
from tests.running_installation import publish, write_sequences

pytestmark = pytest.mark.postgres
MakeContext = Callable[..., AppContext]
BEYOND_ANY_CALENDAR = 9 * 10**15
END_OF_THE_CALENDAR = 253_402_300_799_999
"""The last millisecond of the year 9999: no letter falls due after it."""
UNTAKEN = "KeyError: what has happened to this person cannot be taken in"


class AnotherVersion:
    """A program that cannot take one kind of fact, until it is replaced by one that can."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, unknown: type[e.PersonEvent] = e.ContactNoted
    ) -> None:
        self._apply, self._monkeypatch, self._unknown = evolve._apply, monkeypatch, unknown
        monkeypatch.setattr(evolve, "_apply", self.apply)

    def apply(self, draft: PersonDraft, event: e.PersonEvent) -> None:
        if isinstance(event, self._unknown):
            raise KeyError("anna@lecteurs.example")
        self._apply(draft, event)

    def upgraded(self) -> None:
        self._monkeypatch.setattr(evolve, "_apply", self._apply)


def started_again(context: AppContext) -> None:
    context.views.follower.begun.clear()  # type: ignore[attr-defined]
    context.views.catch_up()


def aside(context: AppContext) -> list[tuple[str, str]]:
    return [(who, why) for who, _position, why in context.views.quarantined(10)]


def due(context: AppContext) -> set[str]:
    with context.database.connection() as connection:
        return {
            str(row[0])
            for row in connection.execute(
                f"SELECT subscriber FROM view_agenda_{Agenda.version}.agenda WHERE due > 0"
            ).fetchall()
        }


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> AnotherVersion:
    return AnotherVersion(monkeypatch)


@pytest.mark.parametrize("apart", [False, True], ids=["all in one batch", "a batch for each fact"])
def test_they_alone_are_set_aside_and_the_others_are_followed(
    make_context: MakeContext, old: AnotherVersion, apart: bool
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    people = []
    for number in range(3):
        people.append(happened(context, *joined(at)))
        if apart:
            context.views.catch_up()
        if number == 1:
            happened(context, e.ContactNoted(at, at), to=people[1])
    context.views.catch_up()
    assert aside(context) == [(people[1], UNTAKEN)]
    assert set(context.views.folds(people)) == due(context) == {people[0], people[2]}
    assert context.views.positions()[0] == ("agenda", context.ledger.head(), "")
    assert context.views.compare(silent) == []


def test_time_goes_on_for_the_segments_of_the_others(
    make_context: MakeContext, old: AnotherVersion
) -> None:
    fresh = '[[segment]]\nid = "fresh"\nname = "F"\nall = [\'joined 10 within 3 days\']\n'
    name = next(iter(FILES))
    context = make_context(FILES | {name: FILES[name] + fresh})
    at = context.clock.now()
    people = [happened(context, *joined(at)) for _ in range(2)]
    context.views.catch_up()
    assert context.views.segments.counts() == {"fresh": 2}
    happened(context, e.ContactNoted(at, at), to=people[0])
    context.views.catch_up()
    assert context.views.segments.counts() == {"fresh": 1}
    context.clock.jump(4 * DAY)
    context.views.catch_up()
    assert context.views.positions()[0] == ("agenda", context.ledger.head(), "")
    assert context.views.segments.counts().get("fresh", 0) == 0


def test_a_person_whose_next_act_no_calendar_holds_is_set_aside_too(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    good = happened(context, *joined(context.clock.now()))
    bad = happened(context, *joined(END_OF_THE_CALENDAR))
    context.views.catch_up()
    assert [who for who, _why in aside(context)] == [bad] and due(context) == {good}
    assert context.views.compare(silent) == []


def test_later_facts_do_not_stand_on_nothing(
    make_context: MakeContext, old: AnotherVersion
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    bad = happened(context, *joined(at), e.ContactNoted(at, at))
    context.views.catch_up()
    happened(context, *joined(at, 11, 2), to=bad)
    context.views.catch_up()
    assert (
        [who for who, _why in aside(context)] == [bad]
        and not context.views.folds([bad])
        and due(context) == set()
    )
    assert context.views.quarantined(1)[0][1] == context.ledger.head()
    assert context.views.compare(silent) == []


@pytest.mark.parametrize("how", ["a start", "a rebuild", "their next fact", "a publication"])
def test_they_come_back_with_a_program_that_can_take_it(
    make_context: MakeContext, old: AnotherVersion, how: str
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    bad = happened(context, *joined(at), e.ContactNoted(at, at))
    context.views.catch_up()
    started_again(context)
    assert [who for who, _why in aside(context)] == [bad]
    old.upgraded()
    if how == "a start":
        started_again(context)
    elif how == "a rebuild":
        context.views.rebuild(["agenda"], silent)
    elif how == "their next fact":
        happened(context, e.ContactNoted(at + 1, at + 1), to=bad)
    else:
        write_sequences(
            context.config.folder, {"a.toml": FILES["a.toml"].replace("1 day", "2 days")}
        )
        publish(context)
    context.views.catch_up()
    assert aside(context) == [] and set(context.views.folds([bad])) == due(context) == {bad}
    assert context.views.compare(silent) == []


def test_a_crowd_of_them_is_tried_again_in_pieces(
    make_context: MakeContext, old: AnotherVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.agenda.QUARANTINE_BATCH", 2)
    context = make_context(FILES)
    at = context.clock.now()
    people = {happened(context, *joined(at), e.ContactNoted(at, at)) for _ in range(5)}
    context.views.catch_up()
    assert {who for who, _why in aside(context)} == people
    old.upgraded()
    started_again(context)
    assert aside(context) == [] and due(context) == people


def test_a_rebuild_sets_aside_whom_it_cannot_take(
    make_context: MakeContext, old: AnotherVersion
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    good, bad = (
        happened(context, *joined(at)),
        happened(context, *joined(at), e.ContactNoted(at, at)),
    )
    context.views.rebuild([], silent)
    assert aside(context) == [(bad, UNTAKEN)] and due(context) == {good}
    assert context.views.compare(silent) == []


def test_who_is_set_aside_is_shown_by_their_id_and_by_nothing_personal(
    make_context: MakeContext, old: AnotherVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    bad = happened(context, *joined(at), e.ContactNoted(at, at))
    context.views.catch_up()
    context.desk.settle_stuck()
    facts = gather(context)
    ((who, key, why),) = [(each.subscriber, each.key, each.why) for each in facts.stuck]
    assert (who, key, why) == (bad, "agenda", UNTAKEN)
    assert "stuck" in {each.code for each in findings(facts)}
    assert b"relance_stuck 1.0\n" in exposition(facts)
    assert show(context, argparse.Namespace(address=bad, json=False)) == 0
    heard = capsys.readouterr().out
    assert (
        "Mis de côté, rien n’est envoyé : KeyError : ce qui est arrivé" in heard
        and "anna@" not in heard
    )


def test_a_fold_that_was_spoilt_is_no_reason_to_set_anybody_aside(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    person = happened(context, *joined(at))
    context.views.catch_up()
    fold = context.views.folds([person])[person]
    recent = context.views.agenda._recent  # type: ignore[attr-defined]
    recent[person] = replace(
        fold, memberships={10: replace(fold.memberships[10], since=BEYOND_ANY_CALENDAR)}
    )
    happened(context, e.ContactNoted(at, at), to=person)
    context.views.catch_up()
    assert aside(context) == [] and context.views.compare(silent) == []
