"""A connection that ends at any point leaves every message in exactly one known state, and its
marks say the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.sending.delivery_journal import DOT, DeliveryJournal, read_journal
from engine.sending.envelope import Delivery, Envelope
from engine.sending.relay import Relay
from engine.sending.replies import Verdict
from engine.sending.smtp_settings import Timeouts
from tests.sending.handing_over import (
    BRISK,
    WAYS,
    everyone,
    handed_over,
    letter,
    letters,
    run,
    settings,
)
from tests.sink import Sink, Step

HASTY = replace(BRISK, connect=0.3, mail=0.3, rcpt=0.3, data=0.3, block=0.3, dot=0.3)


def assert_known(
    sink: Sink, outcomes: dict[str, Delivery], keys: Collection[str], marks: Path
) -> None:
    """Accepted is there, refused or temporary is not, and the marks agree with the outcomes."""
    assert set(outcomes) == set(keys)
    arrived = [f"m{message.recipients[0].partition('@')[0][1:]}" for message in sink.messages]
    assert len(arrived) == len(set(arrived)), "something was sent twice"
    left = read_journal(marks)
    for key, outcome in outcomes.items():
        if outcome.verdict is None:
            assert (outcome.stage, outcome.reply, left[key]) == ("dot", None, DOT)
        elif outcome.verdict is Verdict.ACCEPTED:
            assert key in arrived
            assert left[key] == 250
        else:
            assert outcome.verdict is Verdict.TEMPORARY
            assert key not in arrived
            assert left.get(key) != DOT


@WAYS
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["connect", "helo", "mail", "rcpt", "data", "dot"])
def test_a_connection_cut_at_any_stage(
    features: Sequence[str], step: Step, when: str, tmp_path: Path
) -> None:
    sink, journal = Sink(features), DeliveryJournal(tmp_path / "marks")
    sink.cut(step, "after" if when == "after" else "before")
    outcomes = run(handed_over(sink, letters(3), journal=journal))
    assert_known(sink, outcomes, {"m0", "m1", "m2"}, tmp_path / "marks")
    in_doubt = [outcome for outcome in outcomes.values() if outcome.verdict is None]
    assert len(in_doubt) == (1 if (step, when) in {("dot", "before"), ("data", "after")} else 0)
    if (step, when) == ("dot", "after"):
        assert len(sink.messages) == 3


def conversation(features: Sequence[str]) -> Sink:
    """A whole dialogue of two messages, which knows how many octets the server read and said."""
    sink = Sink(features)
    assert len(run(handed_over(sink, letters(2)))) == 2
    assert sink.connections == 1
    return sink


@WAYS
@pytest.mark.parametrize("side", ["read", "said"])
def test_a_connection_cut_after_any_octet_the_server_read_or_said(
    features: Sequence[str], side: str, tmp_path: Path
) -> None:
    doubts = 0
    whole = conversation(features)
    for octets in range((whole.octets_read if side == "read" else whole.octets_said) + 1):
        path = tmp_path / str(octets)
        sink, journal = Sink(features), DeliveryJournal(path)
        if side == "read":
            sink.cut_after_reading = octets
        else:
            sink.cut_after_saying = octets
        outcomes = run(handed_over(sink, letters(2), journal=journal))
        assert_known(sink, outcomes, {"m0", "m1"}, path)
        doubts += any(outcome.verdict is None for outcome in outcomes.values())
        journal.close()
    assert doubts > 0


@WAYS
@pytest.mark.parametrize("step", ["connect", "helo", "mail", "rcpt", "data", "dot"])
def test_a_server_that_stalls_is_left_and_only_behind_the_dot_is_it_in_doubt(
    features: Sequence[str], step: Step, tmp_path: Path
) -> None:
    sink, journal = Sink(features), DeliveryJournal(tmp_path / "marks")
    sink.stall(step)
    outcomes = run(
        handed_over(sink, letters(3), chosen=lambda sink: settings(sink, HASTY), journal=journal)
    )
    assert_known(sink, outcomes, {"m0", "m1", "m2"}, tmp_path / "marks")
    assert [outcome.verdict for outcome in outcomes.values()].count(None) == (step == "dot")
    assert sink.connections == 1
    assert sink.messages == []


def test_no_empty_message_is_sent_where_the_sender_is_refused_and_the_recipient_taken() -> None:
    heard: list[bytes] = []

    async def main() -> Delivery:
        async def confused(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 hello\r\n")
            await reader.readline()
            writer.write(b"250-x\r\n250 PIPELINING\r\n")
            await reader.readuntil(b"DATA\r\n")
            writer.write(b"550 5.7.1 Not you\r\n250 Ok\r\n354 Go\r\n")
            heard.append(await reader.read())
            writer.close()

        outcomes: list[Delivery] = []
        server = await asyncio.start_server(confused, "127.0.0.1", 0)
        relay = Relay(replace(settings(Sink()), port=server.sockets[0].getsockname()[1]))
        await relay.deliver([letter(1)], everyone, outcomes.append)
        await relay.close()
        server.close()
        await asyncio.sleep(0.1)
        [outcome] = outcomes
        return outcome

    outcome = run(main())
    assert (outcome.stage, outcome.verdict) == ("mail", Verdict.BLOCKED)
    assert b"".join(heard) == b""


def given_to(told_in_the_middle: bytes, chosen: Timeouts) -> Delivery:
    """What becomes of a message of fifty million octets of which a server reads a thousand and then
    says that.
    """

    async def main() -> Delivery:
        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(b"220 hello\r\n")
                await reader.readline()
                writer.write(b"250-x\r\n250 PIPELINING\r\n")
                await reader.readuntil(b"DATA\r\n")
                writer.write(b"250 Ok\r\n250 Ok\r\n354 Go\r\n")
                await reader.read(1000)
                writer.write(told_in_the_middle)
                await asyncio.sleep(60)
            finally:
                writer.transport.abort()

        outcomes: list[Delivery] = []
        server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
        relay = Relay(replace(settings(Sink(), chosen), port=server.sockets[0].getsockname()[1]))
        await relay.deliver(
            [letter(1, body=b"x" * 50_000_000 + b"\r\n")], everyone, outcomes.append
        )
        await relay.close()
        server.close()
        [outcome] = outcomes
        return outcome

    return run(main())


def test_a_server_that_stops_reading_is_left_before_the_dot() -> None:
    outcome = given_to(b"", HASTY)
    assert (outcome.stage, outcome.verdict) == ("data", Verdict.TEMPORARY)


def test_a_refusal_in_the_middle_of_a_body_is_heard() -> None:
    outcome = given_to(b"552 5.3.4 Enough of a@b.fr\r\n", BRISK)
    assert outcome.reply is not None
    assert (outcome.stage, outcome.verdict, outcome.reply.text) == (
        "data",
        Verdict.NOT_CARRIED,
        "Enough of <address>",
    )


@pytest.mark.parametrize(
    ("step", "said", "in_doubt"),
    [
        ("mail", "354 what", False),
        ("rcpt", "334 what", False),
        ("data", "250 what", False),
        ("dot", "354 what", True),
        ("mail", "hello", False),
        ("dot", "hello", True),
        ("dot", "250 Ok\n250 and again" + "\n250 more" * 20, False),
        ("mail", "2" + "5" * 10_000, False),
    ],
)
def test_answers_that_are_out_of_step_end_the_connection(
    step: Step, said: str, in_doubt: bool
) -> None:
    sink = Sink()
    sink.answer(step, said)
    outcomes = run(handed_over(sink, letters(2)))
    if said.startswith("250 Ok"):  # one answer of many lines is one answer
        assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.ACCEPTED}
    else:
        assert [outcome.verdict for outcome in outcomes.values()] == [
            None if in_doubt else Verdict.TEMPORARY, Verdict.TEMPORARY
        ]  # fmt: skip
        assert sink.connections <= 2


def test_when_eligibility_cannot_be_asked_nothing_more_is_begun_and_the_error_is_heard() -> None:
    async def main() -> tuple[list[Delivery], Sink]:
        outcomes: list[Delivery] = []
        asked = 0

        async def fails_later(group: Sequence[Envelope]) -> Collection[str]:
            nonlocal asked
            asked += 1
            if asked > 2:
                raise ConnectionError("the database is gone")
            return [envelope.key for envelope in group]

        async with Sink() as sink:
            relay = Relay(settings(sink, connections=2))
            with pytest.raises(ConnectionError, match="database"):
                await relay.deliver(letters(500), fails_later, outcomes.append)
            await relay.close()
            return outcomes, sink

    outcomes, sink = run(main())
    assert len(outcomes) == len(sink.messages) <= 100
    assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}


def test_cancelling_settles_what_is_under_way_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    async def main() -> list[Delivery]:
        outcomes: list[Delivery] = []
        async with Sink() as sink:
            sink.stall("dot")
            relay = Relay(settings(sink), journal)
            task = asyncio.create_task(relay.deliver(letters(10), everyone, outcomes.append))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await relay.close()
            return outcomes

    journal = DeliveryJournal(tmp_path / "marks")
    assert [(outcome.key, outcome.verdict) for outcome in run(main())] == [("m0", None)]
    assert read_journal(tmp_path / "marks") == {"m0": DOT}


def test_a_dot_whose_mark_cannot_be_written_is_not_sent(tmp_path: Path) -> None:
    journal = DeliveryJournal(tmp_path / "marks")
    journal.close()
    outcomes: list[Delivery] = []

    async def main() -> Sink:
        async with Sink() as sink:
            relay = Relay(settings(sink), journal)
            with pytest.raises(OSError, match="Bad file"):
                await relay.deliver(letters(3), everyone, outcomes.append)
            await relay.close()
            return sink

    assert run(main()).messages == []
    assert [(outcome.key, outcome.stage, outcome.verdict) for outcome in outcomes] == [
        ("m0", "data", Verdict.TEMPORARY)
    ]


@WAYS
def test_the_mark_of_a_dot_is_on_the_file_before_the_dot_is_heard(
    features: Sequence[str], tmp_path: Path
) -> None:
    seen: list[tuple[str, int | None]] = []

    class Watching(Sink):
        def said(self, step: Step, concerns: str) -> str:
            if step in ("data", "dot"):
                seen.append((step, read_journal(tmp_path / "marks").get(f"m{concerns[1:2]}")))
            return super().said(step, concerns)

    run(handed_over(Watching(features), letters(2), journal=DeliveryJournal(tmp_path / "marks")))
    assert seen == [("data", None), ("dot", DOT), ("data", None), ("dot", DOT)]
    assert read_journal(tmp_path / "marks") == {"m0": 250, "m1": 250}
