"""A checkpoint a day goes to each witness, by one of several hosts; what fails is tried again, and
a pause for readers does not hold it.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import pytest

from engine.cli import checkpoints as audit_witness
from engine.context import AppContext
from engine.desk import desk
from engine.desk.clock import wall_now
from engine.i18n.user_error import UserError
from engine.installation.events import SendingPaused
from engine.proof.checkpoint import carried_by, open_checkpoint
from engine.proof.signing import read_vkey
from engine.proof.verify import notes_in
from engine.runtime import witnessing
from engine.sending.relay_settings import RelaySettings
from engine.sequence.delay import DAY
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.metrics import exposition
from engine.subscriber.events import Cause
from tests.cli.asking import FILES
from tests.conftest import MakeContext
from tests.sink import Accepted, Sink

pytestmark = pytest.mark.postgres
NOTARY, FRIEND = "notaire@example.org", "ami@example.net"
WITNESSES = f'\n[proof]\nwitness = ["{NOTARY}", "{FRIEND}"]\n'


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    """Published and signed."""
    found = make_context(FILES, extra=WITNESSES)
    found.tree.sign_now()
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The wall clock, put forward by so many ms."""
    ahead = [0]
    monkeypatch.setattr("engine.runtime.witnessing.wall_now", lambda: wall_now() + ahead[0])

    def move(by: int) -> None:
        ahead[0] += by

    return move


def to(sink: Sink) -> RelaySettings:
    return RelaySettings("127.0.0.1", sink.port, "none", connections=1)


def rounds(context: AppContext, times: int = 1, sink: Sink | None = None) -> Sequence[Accepted]:
    """What the mail server has after so many rounds."""

    async def story() -> Sequence[Accepted]:
        async with sink or Sink() as found:
            for _ in range(times):
                await witnessing.witness_when_due(context, to(found))
            return list(found.messages)

    return asyncio.run(story())


def read(mail: Accepted) -> EmailMessage:
    found = email.message_from_bytes(mail.body, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def troubles(context: AppContext) -> list[tuple[str, str]]:
    return [(each.what, each.why) for each in gather(context).troubles]


def test_each_witness_gets_one_mail_a_day_of_the_engines_calendar(context: AppContext) -> None:
    first = rounds(context, 3)
    assert sorted(mail.recipients[0] for mail in first) == [FRIEND, NOTARY]
    context.clock.jump(DAY)
    assert len(rounds(context, 3)) == 2
    age = gather(context).witnessed
    assert (
        age is not None
        and age < 60
        and b"relance_witness_age_seconds" in exposition(gather(context))
    )


def test_the_checkpoint_stands_in_header_and_text_and_the_verifier_finds_it_in_either(
    context: AppContext,
) -> None:
    signed = context.tree.latest()
    assert signed is not None
    mail = next(mail for mail in rounds(context) if mail.recipients == (NOTARY,))
    message = read(mail)
    assert carried_by(mail.body) == signed.note
    assert (
        open_checkpoint(carried_by(mail.body), [read_vkey(context.tree.vkey)]).size == signed.size
    )
    assert notes_in(mail.body) == [signed.note]
    assert notes_in(mail.body.replace(b"Relance-Checkpoint:", b"X-Lost:")) == [signed.note]
    assert (message["To"], message["From"].addresses[0].addr_spec) == (
        NOTARY,
        "bonjour@potager.example",
    )
    assert message["Auto-Submitted"] == "auto-generated" and message["List-Id"] is None
    assert (
        "Point de contrôle sur" in message["Subject"]
        and "Il suffit de garder ce message" in message.get_content()
    )
    assert max(map(len, mail.body.split(b"\r\n"))) <= 78


def test_nothing_of_it_is_written_in_the_ledger(context: AppContext) -> None:
    head = context.ledger.head()
    assert rounds(context)
    assert context.ledger.head() == head


def test_an_english_installation_writes_english(make_context: MakeContext) -> None:
    config = (
        '[site]\nname = "The Garden"\nurl = "https://l.example"\nfrom ='
        ' "a@garden.example"\npostal_address = "1 Lane"\nlanguage = "en"\n'
    )
    context = make_context(
        FILES, extra=WITNESSES, config=config + '[[purpose]]\nid = "conseils"\nname = "Advice"\n'
    )
    context.tree.sign_now()
    assert "All there is to do is to keep this mail" in read(rounds(context)[0]).get_content()


def test_nothing_leaves_before_anything_is_signed(make_context: MakeContext) -> None:
    context = make_context(FILES, extra=WITNESSES)
    assert rounds(context) == []
    context.tree.sign_now()
    assert len(rounds(context)) == 2


def test_of_many_hosts_that_ask_at_once_one_is_told_to_send(context: AppContext) -> None:
    def ask(_: int) -> object:
        return witnessing.daily(context, NOTARY).claim()

    for _ in range(3):
        with ThreadPoolExecutor(8) as hosts:
            won = [claimed for claimed in hosts.map(ask, range(8)) if claimed is not None]
        assert len(won) == 1
        context.desk.set_mark(witnessing.daily(context, NOTARY).name, 0, 0)


def test_a_pause_for_readers_does_not_hold_it(context: AppContext) -> None:
    now = context.clock.now()
    assert context.installation_stream.execute(
        lambda state: [SendingPaused(now, "operator")], Cause("operator"), now
    )
    assert len(rounds(context)) == 2


def test_a_failure_is_told_of_without_the_address_and_tried_again_within_the_hour(
    context: AppContext, later: Callable[[int], None]
) -> None:
    sink = Sink()
    sink.answer("rcpt", f"550 5.1.1 <{NOTARY}>: no such user", NOTARY)
    assert [mail.recipients for mail in rounds(context, 3, sink)] == [(FRIEND,)]
    ((what, why),) = troubles(context)
    assert what == "witness" and "550" in why and "notaire" not in why
    (found,) = [each for each in findings(gather(context)) if each.code == "unwitnessed"]
    assert found.level == "notice" and "relance audit witness" in found.remedy
    assert b"relance_witness_in_trouble 1.0" in exposition(gather(context))
    assert gather(context).witnessed is None
    assert rounds(context) == []
    later(desk.TRIED_AGAIN)
    assert desk.TRIED_AGAIN <= 3_600_000
    assert [mail.recipients for mail in rounds(context)] == [(NOTARY,)]
    assert troubles(context) == [] and rounds(context) == []


def test_a_server_that_is_away_is_told_of_and_who_is_no_witness_any_more_is_not(
    context: AppContext, make_context: MakeContext
) -> None:
    nowhere = RelaySettings("127.0.0.1", 9, "none", connections=1)
    assert asyncio.run(witnessing.witness_when_due(context, nowhere)) == 0
    assert {what for what, _ in troubles(context)} == {
        "witness"
    } and "cannot be reached" in troubles(context)[0][1]
    object.__setattr__(context.config.proof, "witness", (FRIEND,))
    assert len(troubles(context)) == 1


def test_a_host_that_dies_over_it_leaves_the_day_to_another(
    context: AppContext, later: Callable[[int], None]
) -> None:
    assert witnessing.daily(context, NOTARY).claim() is not None
    assert [mail.recipients for mail in rounds(context)] == [(FRIEND,)]
    later(desk.TRIED_AGAIN)
    assert [mail.recipients for mail in rounds(context)] == [(NOTARY,)]


async def stopped_after(
    seconds: float, work: Callable[[asyncio.Event, asyncio.Event], Awaitable[None]]
) -> None:
    due, stop = asyncio.Event(), asyncio.Event()
    due.set()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    working = asyncio.ensure_future(work(due, stop))
    await asyncio.wait({working}, timeout=seconds + 5)
    assert working.done(), "it has not ended"
    await working


def test_told_to_stop_it_waits_for_no_server(context: AppContext) -> None:
    async def story() -> None:
        async with Sink() as sink:
            sink.stall("dot")
            await stopped_after(
                1, lambda due, stop: witnessing.witnessing(context, to(sink), due, stop)
            )
            assert sink.messages == []

    asyncio.run(story())


def test_on_demand_it_goes_now_and_today_is_done(
    context: AppContext, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> int:
        async with Sink() as sink:
            monkeypatch.setattr(audit_witness, "route_settings", lambda config, port: to(sink))
            sink.answer("rcpt", "550 no", FRIEND)
            status = await asyncio.to_thread(audit_witness.witness, context, argparse.Namespace())
            assert [mail.recipients for mail in sink.messages] == [(NOTARY,)]
            return status

    assert asyncio.run(story()) == 1
    said = capsys.readouterr().out
    assert (
        f"{NOTARY} : le point de contrôle sur" in said and f"{FRIEND} : non accepté : 550" in said
    )
    assert [mail.recipients for mail in rounds(context)] == [(FRIEND,)]


def test_on_demand_without_a_witness_it_says_where_to_write_one(make_context: MakeContext) -> None:
    with pytest.raises(UserError, match="witness") as refused:
        audit_witness.witness(make_context(FILES), argparse.Namespace())
    assert refused.value.status == 2
