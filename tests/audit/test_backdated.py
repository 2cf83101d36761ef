"""An operator with the clock and the database in hand: facts whose dates of recording cannot be
true are named by every verb that tells of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.ledger.chronology import DescentsKept
from engine.ledger.codec import Encoded, iso
from engine.runtime.clock_changes import begin_trial, set_speed
from engine.subscriber.events import Cause, ConsentGiven, ListJoined, PersonEvent
from tests.audit.contesting import DAY, FILES, Auditor, Mail, sent, subscribed
from tests.conftest import MakeContext
from tests.proof.handed import bundle, judged, unpack
from tests.proof.test_handing_over import ledger as handed_over

pytestmark = pytest.mark.postgres
ANNA, BRUNO = "anna@lecteurs.example", "bruno@lecteurs.example"


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    context = make_context(FILES)
    subscribed(context, ANNA)
    context.views.catch_up()
    return context


@pytest.fixture
def auditor(context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(context, capsys, tmp_path)


def replayed(auditor: Auditor) -> str:
    """What `audit replay` finds, in English; it is not equal."""
    found = [difference.said() for difference in auditor.context.tree.replay()]
    with pytest.raises(UserError, match="not equal"):
        auditor.asks("replay")
    assert len(auditor.capture.readouterr().out.splitlines()) == len(found)
    return "\n".join(found)


def backdated(context: AppContext, address: str, days: int) -> list[int]:
    """A consent and a place on list 11, by rows put into the table by hand with a date of recording
    of long ago: their positions.
    """
    stream, past = context.vault.find(address), context.clock.now() - days * DAY
    assert stream is not None
    known = context.ledger.stream(stream)[-1].version
    events: tuple[PersonEvent, ...] = (
        ConsentGiven(past, "conseils", "declared"),
        ListJoined(past, 11, 2),
    )
    with context.database.connection() as connection:
        for version, event in enumerate(events, known + 1):
            encoded = Encoded(stream, event, Cause("form"), past)
            connection.execute(
                "INSERT INTO ledger.events SELECT %s, %s, %s, %s, max(notification_id) + 1"
                " FROM ledger.events",
                (stream, version, encoded.name, encoded.at_version(version)),
            )
    head = context.ledger.head()
    return [head - 1, head]


def test_dates_that_are_read_as_the_ledger_grows_are_those_that_are_read_at_once(
    context: AppContext,
) -> None:
    kept, ledger = DescentsKept(context.ledger), context.ledger
    assert kept.upto(ledger.head()) == ()
    backdated(context, ANNA, 60)
    subscribed(context, BRUNO)
    first = kept.upto(ledger.head())
    assert list(first) == ledger.descents(ledger.head()) and len(first) == 1
    backdated(context, BRUNO, 90)
    assert list(kept.upto(ledger.head())) == ledger.descents(ledger.head())
    assert len(kept.upto(ledger.head())) == 2
    assert list(kept.upto(first[0].position)) == list(first), "of a ledger that was put back"
    parts = [ledger.descents(at, at - 1) for at in range(1, ledger.head() + 1)]
    assert [one for part in parts for one in part] == ledger.descents(ledger.head())


def test_rows_put_in_with_an_earlier_date_are_named_and_nobody_was_known_by_them(
    context: AppContext, auditor: Auditor
) -> None:
    subscribed(context, BRUNO)
    last = context.ledger.head()
    first, second = backdated(context, ANNA, 60)
    mail, others = sent(context, ANNA, "list:10"), sent(context, BRUNO, "list:10")
    context.views.catch_up()
    assert (
        f"the entries at positions {first} to {second} were recorded from"
        f" {iso(context.ledger.recorded([first])[first])} on, before the one at position {last}"
    ) in replayed(auditor)
    for typed in (("story", ANNA), ("letter", auditor.file(mail.octets))):
        answer = auditor.asks(*typed)
        assert answer.status == 1, typed
        assert f"! the entry at position {first} was recorded" in answer.out, typed
    for typed in (("story", BRUNO), ("letter", auditor.file(others.octets))):
        assert auditor.asks(*typed).status == 0, typed
    then = auditor.asks("as-of", iso(context.clock.now() - 30 * DAY))
    assert then.status == 1 and f"! the entries at positions {first} to {second} were" in then.out
    assert "0 places on lists were known" in then.out and "! list 11 (" in then.out
    assert auditor.asks("as-of", iso(context.clock.now() - 90 * DAY)).status == 0
    earlier = "recorded before the entry at position"
    handed = judged(handed_over(context, auditor.folder / "ledger"))
    assert handed.names(f"({first})", earlier) and len(handed.wrong) == 1
    proof = unpack(bundle(context, context.vault.find(ANNA) or ""), auditor.folder / "proof")
    assert judged(proof).names(f"entries/{first:010}.json", earlier)


def letter_of(context: AppContext, address: str) -> Mail:
    subscribed(context, address)
    return sent(context, address, "list:10")


def test_a_clock_set_forward_and_back_is_seen_by_the_checkpoint_over_its_facts(
    context: AppContext, auditor: Auditor
) -> None:
    context.tree.sign_now()
    context.clock.jump(60 * DAY)
    mail = letter_of(context, BRUNO)
    context.clock.jump(-60 * DAY)
    sent(context, ANNA, "list:10")
    size = context.tree.sign_now().size
    times = [entry.recorded_at for batch in context.ledger.all() for entry in batch]
    assert times == sorted(times)
    named = f"the entry at position {size} was recorded"
    covered = f"after the checkpoint of {size} entries that covers it was signed"
    context.views.catch_up()
    assert named in (told := replayed(auditor)) and covered in told
    for typed in (("story", BRUNO), ("story", ANNA), ("letter", auditor.file(mail.octets))):
        answer = auditor.asks(*typed)
        assert answer.status == 1 and covered in answer.out, typed
    then = auditor.asks("as-of", iso(context.clock.now()))
    assert then.status == 1 and f"! {named}" in then.out
    (known,) = [line for line in then.out.splitlines() if line.startswith("list 10")]
    assert ANNA in known


def test_a_trial_that_the_ledger_declares_is_nobodys_fault(
    context: AppContext, auditor: Auditor
) -> None:
    begin_trial(context, True)
    set_speed(context, 1_000_000)
    while context.clock.ahead < 2 * DAY:
        pass
    set_speed(context, 1)
    letter_of(context, BRUNO)
    context.tree.sign_now()
    told = auditor.asks("story", ANNA)
    assert told.status == 0 and "A trial was begun" in told.out
    assert "The clock was made to run 1000000 times faster than real time" in told.out
    assert "The clock" not in auditor.asks("story", BRUNO).out
    assert auditor.asks("as-of", iso(context.clock.now())).status == 0
