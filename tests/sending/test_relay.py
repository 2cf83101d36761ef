"""A message handed to a relay ends exactly once, and as the relay said."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Literal

import pytest

from engine.sending.envelope import Delivery, Envelope
from engine.sending.relay import Relay
from engine.sending.replies import Verdict
from engine.sending.send_queue import FIRST_GROUP, Pace
from tests.sending.handing_over import (
    LOOPS,
    WAYS,
    everyone,
    handed_over,
    letter,
    letters,
    run,
    settings,
)
from tests.sink import EVERYTHING, Sink, Step


@pytest.mark.parametrize("loop", LOOPS)
@WAYS
def test_an_accepted_message_arrives_as_it_was_given(features: Sequence[str], loop: str) -> None:
    sink = Sink(features)
    outcomes = run(handed_over(sink, [letter(1, "a@exemple.fr")]), loop)
    [message] = sink.messages
    assert (message.sender, message.recipients) == ("b-1+x@bounce.exemple.fr", ("a@exemple.fr",))
    assert message.body == letter(1).body
    assert (outcomes["m1"].verdict, outcomes["m1"].stage, outcomes["m1"].tls) == (
        Verdict.ACCEPTED,
        "dot",
        "",
    )


REFUSALS: list[tuple[Step, str, Verdict]] = [
    ("mail", "451 4.3.0 Later", Verdict.TEMPORARY),
    ("mail", "550 5.7.1 Not you", Verdict.BLOCKED),
    ("rcpt", "450 4.2.0 Greylisted", Verdict.TEMPORARY),
    ("rcpt", "550 5.1.1 User unknown", Verdict.HARD),
    ("rcpt", "552 5.2.2 Full", Verdict.SOFT),
    ("data", "451 4.3.0 Later", Verdict.TEMPORARY),
    ("data", "554 5.7.1 No", Verdict.BLOCKED),
    ("dot", "451 4.3.0 Later", Verdict.TEMPORARY),
    ("dot", "550 5.7.26 Unauthenticated", Verdict.BLOCKED),
    ("dot", "552 5.3.4 Too big", Verdict.NOT_CARRIED),
]


@pytest.mark.parametrize(("step", "said", "verdict"), REFUSALS)
@WAYS
def test_a_refusal_ends_its_message_and_no_other(
    features: Sequence[str], step: Step, said: str, verdict: Verdict
) -> None:
    sink = Sink(features)
    sink.answer(step, said, to="r2@exemple.fr" if step != "mail" else "*", times=1)
    outcomes = run(handed_over(sink, letters(5)))
    refused = "m2" if step != "mail" else "m0"
    assert len(outcomes) == 5
    assert (outcomes[refused].stage, outcomes[refused].verdict) == (step, verdict)
    assert [
        outcome.key for outcome in outcomes.values() if outcome.verdict is Verdict.ACCEPTED
    ] == [key for key in ("m0", "m1", "m2", "m3", "m4") if key != refused]
    assert len(sink.messages) == 4
    assert sink.connections == 1


def test_a_server_that_asks_for_the_body_though_nobody_is_left_gets_a_lone_dot() -> None:
    sink = Sink()
    sink.answer("rcpt", "550 5.1.1 User unknown", to="r1@exemple.fr")
    sink.answer("data", "354 Go ahead all the same", to="*")
    outcomes = run(handed_over(sink, letters(3)))
    assert [outcome.verdict for outcome in outcomes.values()] == [
        Verdict.ACCEPTED,
        Verdict.HARD,
        Verdict.ACCEPTED,
    ]
    assert (outcomes["m1"].stage, sink.connections) == ("rcpt", 1)
    assert [message.recipients for message in sink.messages] == [
        ("r0@exemple.fr",),
        ("r2@exemple.fr",),
    ]
    assert sink.discarded == [b""]


@WAYS
def test_a_421_in_the_middle_ends_one_message_and_the_others_go_on_elsewhere(
    features: Sequence[str],
) -> None:
    for step in ("rcpt", "data", "dot"):
        sink = Sink(features)
        sink.answer(step, "421 4.3.2 Shutting down", to="r2@exemple.fr", times=1)
        outcomes = run(handed_over(sink, letters(5)))
        assert (outcomes["m2"].stage, outcomes["m2"].verdict) == (step, Verdict.TEMPORARY)
        assert outcomes["m2"].reply is not None
        assert outcomes["m2"].reply.code == 421
        assert len(sink.messages) == 4
        assert sink.connections == 2


def test_a_server_that_answers_421_to_everything_is_not_hammered() -> None:
    sink = Sink()
    sink.answer("mail", "421 4.7.0 Slow down")
    outcomes = run(handed_over(sink, letters(100)))
    assert len(outcomes) == 100
    assert sink.connections == 1
    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.TEMPORARY}
    assert {outcome.reply.code for outcome in outcomes.values() if outcome.reply} == {421}
    assert {outcome.stage for outcome in outcomes.values()} == {"mail", "connect"}


def test_a_server_that_takes_few_messages_per_connection_gets_them_all() -> None:
    sink = Sink(per_connection=3)
    outcomes = run(handed_over(sink, letters(20)))
    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.ACCEPTED}
    assert (len(sink.messages), sink.connections) == (20, 7)


@WAYS
def test_only_a_server_that_offers_it_is_spoken_to_ahead(features: Sequence[str]) -> None:
    sink = Sink(features)
    run(handed_over(sink, letters(10)))
    assert len(sink.messages) == 10
    assert (sink.ahead > 0) is ("PIPELINING" in features)


def test_what_is_not_eligible_is_never_said_and_has_no_outcome() -> None:
    asked: list[int] = []

    async def only_even(group: Sequence[Envelope]) -> Collection[str]:
        asked.append(len(group))
        return [envelope.key for envelope in group if int(envelope.key[1:]) % 2 == 0]

    sink = Sink()
    outcomes = run(handed_over(sink, letters(120), only_even))
    assert set(outcomes) == {f"m{number}" for number in range(0, 120, 2)}
    assert {message.recipients[0] for message in sink.messages} == {
        f"r{n}@exemple.fr" for n in range(0, 120, 2)
    }
    assert sum(asked) == 120
    assert asked[0] == FIRST_GROUP
    assert max(asked) <= 50
    assert not any(b"r1@exemple.fr" in command for command in sink.commands)


def test_of_a_slow_server_hardly_more_is_approved_than_is_on_the_wire() -> None:
    asked: list[int] = []

    async def all_of(group: Sequence[Envelope]) -> Collection[str]:
        asked.append(len(group))
        return [envelope.key for envelope in group]

    outcomes = run(handed_over(Sink(pause=0.15), letters(9), all_of))
    assert len(outcomes) == 9
    assert asked[0] == FIRST_GROUP
    assert set(asked[2:]) == {1}


def test_of_a_fast_server_more_are_approved_each_time() -> None:
    pace = Pace()
    groups = []
    for _ in range(6):
        groups.append(pace.group)
        pace.note(pace.group, seconds=pace.group / 1000)
    assert groups == [4, 8, 16, 32, 64, 128]
    pace.note(begun=3, seconds=1.5)
    assert pace.group == 1


def test_eligibility_older_than_a_second_is_asked_again() -> None:
    withdrawn: set[str] = set()

    async def main() -> dict[str, Delivery]:
        asyncio.get_running_loop().call_later(
            0.5, withdrawn.update, {f"m{n}" for n in range(20, 40)}
        )
        return await handed_over(Sink(pause=0.06), letters(40), still_there)

    async def still_there(group: Sequence[Envelope]) -> Collection[str]:
        return [envelope.key for envelope in group if envelope.key not in withdrawn]

    assert set(run(main())) == {f"m{number}" for number in range(20)}


def test_an_eligibility_answered_too_late_is_not_used() -> None:
    async def slow(group: Sequence[Envelope]) -> Collection[str]:
        await asyncio.sleep(1.0)
        return [envelope.key for envelope in group]

    sink = Sink()
    outcomes = run(handed_over(sink, letters(2), slow))
    assert sink.messages == []
    assert {(outcome.stage, outcome.verdict) for outcome in outcomes.values()} == {
        ("connect", Verdict.TEMPORARY)
    }


@WAYS
@pytest.mark.parametrize(
    ("body", "arrives"),
    [
        (b".\r\n", b".\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"..\r\n.a\r\n", b"..\r\n.a\r\n"),
        (b"", b""),
        (b"no end", b"no end\r\n"),
        (
            b"a\n.\r\nMAIL FROM:<x@y.fr>\r\nRCPT TO:<z@y.fr>\r\nDATA\r\nsmuggled\r\n.\r\n",
            b"a\r\n.\r\nMAIL FROM:<x@y.fr>\r\nRCPT TO:<z@y.fr>\r\nDATA\r\nsmuggled\r\n.\r\n",
        ),
        (b"a\r.\r\nMAIL", b"a\r\n.\r\nMAIL\r\n"),
        (b"a\n.\nb\r\r\nc", b"a\r\n.\r\nb\r\n\r\nc\r\n"),
        (
            b"x" * 70_000 + b"\r\n." + b"y" * 200_000 + b"\r\n",
            b"x" * 70_000 + b"\r\n." + b"y" * 200_000 + b"\r\n",
        ),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_no_line_of_a_body_can_end_it_or_become_a_command(
    features: Sequence[str], body: bytes, arrives: bytes
) -> None:
    sink = Sink(features)
    outcomes = run(handed_over(sink, [letter(1, body=body), letter(2)]))
    assert [message.body for message in sink.messages] == [arrives, letter(2).body]
    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.ACCEPTED}
    assert sum(command.startswith(b"MAIL") for command in sink.commands) == 2


LOCAL: list[tuple[Sequence[str], Envelope, int, str]] = [
    (("PIPELINING", "SIZE 1000"), letter(1, body=b"x" * 1001), 552, "5.3.4"),
    (("PIPELINING",), letter(1, to="é@exemple.fr"), 553, "5.6.7"),
    (("PIPELINING",), letter(1, body="é".encode()), 554, "5.6.3"),
    (EVERYTHING, letter(1, to="a@é.fr"), 553, "5.1.3"),
    (EVERYTHING, letter(1, to="a@b.fr>\r\nRCPT TO:<c@d.fr"), 553, "5.1.3"),
    (EVERYTHING, letter(1, to="nobody"), 553, "5.1.3"),
    (EVERYTHING, letter(1, to="\ud800@b.fr"), 553, "5.1.3"),
    (EVERYTHING, letter(1)._replace(sender="a b@c.fr"), 553, "5.1.7"),
]


@pytest.mark.parametrize(("features", "envelope", "code", "enhanced"), LOCAL)
def test_what_the_server_cannot_take_is_refused_without_a_word_to_it(
    features: Sequence[str], envelope: Envelope, code: int, enhanced: str
) -> None:
    sink = Sink(features)
    outcomes = run(handed_over(sink, [envelope, letter(2)]))
    refused = outcomes["m1"]
    assert refused.reply is not None
    assert (refused.reply.code, refused.reply.enhanced, refused.verdict) == (
        code,
        enhanced,
        Verdict.NOT_CARRIED,
    )
    assert outcomes["m2"].verdict is Verdict.ACCEPTED
    assert sum(command.startswith(b"MAIL") for command in sink.commands) == 1


def test_parameters_are_said_only_where_offered_and_needed() -> None:
    full, bare = Sink(), Sink(("PIPELINING",))
    run(
        handed_over(
            full, [letter(1), letter(2, to="é@xn--9ca.fr"), letter(3, body="é\r\n".encode())]
        )
    )
    run(handed_over(bare, [letter(1)]))
    plain = b"MAIL FROM:<b-1+x@bounce.exemple.fr>"
    size = len(letter(1).body)
    assert [message.mail for message in full.messages] == [
        b"%b SIZE=%d" % (plain, size), b"%b SIZE=%d SMTPUTF8" % (plain, size),
        b"%b SIZE=4 BODY=8BITMIME" % plain,
    ]  # fmt: skip
    assert full.messages[1].recipients == ("é@xn--9ca.fr",)
    assert [message.mail for message in bare.messages] == [plain]


@WAYS
def test_where_reports_are_offered_one_is_asked_for_on_failure_alone(
    features: Sequence[str],
) -> None:
    asked, silent = Sink((*features, "DSN")), Sink(features)
    named = letter(1, to="anna+jardin=bio@exemple.fr")._replace(envelope_id="mfrgg+=")
    strange = letter(2, to="é@xn--9ca.fr")
    run(handed_over(asked, [named, strange]))
    run(handed_over(silent, [named]))
    assert [message.mail.partition(b" RET=")[2] for message in asked.messages] == [
        b"HDRS ENVID=mfrgg+2B+3D",
        b"HDRS",
    ]
    assert [line.partition(b"> ")[2] for line in asked.commands if line.startswith(b"RCPT")] == [
        b"NOTIFY=FAILURE ORCPT=rfc822;anna+2Bjardin+3Dbio@exemple.fr",
        b"NOTIFY=FAILURE",
    ]
    said = b" ".join(silent.commands)
    assert not any(word in said for word in (b"RET=", b"ENVID=", b"NOTIFY=", b"ORCPT="))


def test_no_more_connections_are_open_than_was_said_and_all_are_used() -> None:
    sink = Sink()
    assert len(run(handed_over(sink, letters(300)))) == 300
    assert sink.most_open == 1

    async def two_at_once() -> int:
        done: list[Delivery] = []
        async with Sink() as sink:
            relay = Relay(settings(sink, connections=2))
            await relay.open()
            parts = [letters(300)[start::3] for start in range(3)]
            await asyncio.gather(*(relay.deliver(part, everyone, done.append) for part in parts))
            await relay.close()
            assert len(done) == len(sink.messages) == 300
            return sink.most_open

    assert run(two_at_once()) == 2


def test_a_server_that_allows_fewer_connections_gets_everything_over_those() -> None:
    async def main() -> tuple[int, int]:
        done: list[Delivery] = []
        async with Sink(limit=2) as sink:
            relay = Relay(settings(sink, connections=5))
            await relay.deliver(letters(400), everyone, done.append)
            await relay.close()
            return sum(one.verdict is Verdict.ACCEPTED for one in done), len(sink.messages)

    assert run(main()) == (400, 400)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_thousand_messages_of_every_fate_are_all_accounted_for_exactly_once(loop: str) -> None:
    sink = Sink(per_connection=17)
    fates: list[tuple[Literal["rcpt", "data", "dot"], str]] = [
        ("rcpt", "550 5.1.1 No"), ("rcpt", "450 4.2.0 Later"), ("data", "451 4.3.0 Later"),
        ("dot", "554 5.7.1 Spam"),
    ]  # fmt: skip
    expected: dict[str, tuple[str, int]] = {}
    for number in range(1000):
        stage, said = fates[number % 13] if number % 13 < len(fates) else ("dot", "250 2.0.0 Ok")
        sink.answer(stage, said, to=f"r{number}@exemple.fr")
        expected[f"m{number}"] = stage, int(said[:3])
    outcomes = run(
        handed_over(sink, letters(1000), chosen=lambda sink: settings(sink, connections=4)), loop
    )
    found = {
        key: (outcome.stage, outcome.reply.code)
        for key, outcome in outcomes.items()
        if outcome.reply
    }
    assert found == expected
    accepted = {key for key, (_, code) in expected.items() if code == 250}
    arrived = [message.recipients[0] for message in sink.messages]
    assert sorted(arrived) == sorted(f"r{key[1:]}@exemple.fr" for key in accepted)
