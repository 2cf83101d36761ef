"""Straight to the providers' servers: each mail ends once, as their servers or the DNS say."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from engine.config import config_of, packaged_providers
from engine.context import AppContext
from engine.sending import direct
from engine.sending.delivery_journal import DeliveryJournal, read_journal
from engine.sending.envelope import Delivery
from engine.sending.mail_exchange import NO_DOMAIN_NOW, last_word
from engine.sending.relay_settings import DirectSettings, route_settings
from engine.sending.replies import Reply, Verdict, fault_of
from engine.sending.route import RouteUnavailable
from engine.sending.routes import route_of
from engine.sending.sender import MAX_BLOCKED, Sender
from engine.sending.shaper import line_of
from engine.sequence.delay import HOUR
from engine.sequence.mistakes import Unpublishable
from engine.subscriber.letter_outcomes import backoff
from tests.dns.stub import Fault, Records
from tests.sending.direct_world import HELO, mx, world
from tests.sending.handing_over import LOOPS, letter, run
from tests.sending.readers import FILES, MakeContext, enter
from tests.sink import Sink

Zone = Mapping[str, Mapping[str, Records]]
ONE = {"a.example": mx("mx.a.example")}
TWO = {"a.example": mx("one.a.example", "two.a.example")}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_mail_goes_to_the_best_server_of_its_domain(loop: str) -> None:
    one, two = Sink(), Sink()

    async def main() -> None:
        async with world({"one.a.example": one, "two.a.example": two}, TWO) as there:
            outcomes = await there.deliver(letter(1, "r@a.example"))
            assert outcomes["m1"].verdict is Verdict.ACCEPTED
            assert outcomes["m1"].servers == "one.a.example"

    run(main(), loop)
    assert [message.recipients for message in one.messages] == [("r@a.example",)]
    assert (two.connections, one.commands[0]) == (0, f"EHLO {HELO}".encode())


def test_servers_of_one_preference_share_the_mail() -> None:
    one, two = Sink(), Sink()
    zone = {"a.example": {"MX": ["10 one.a.example.", "10 two.a.example."]}}

    async def main() -> None:
        async with world({"one.a.example": one, "two.a.example": two}, zone) as there:
            for number in range(20):
                await there.deliver(letter(number, "r@a.example"))
                there.route._tidy()
                for pool in there.route._pools.values():
                    pool.close_idle()

    run(main())
    assert one.messages and two.messages


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("", ""),
        ("connect", "421 4.3.2 Not now"),
        ("connect", "554 5.7.1 No"),
        ("connect", "521 5.3.2 I take no mail"),
        ("helo", "451 4.3.0 Later"),
    ],
)
def test_the_next_server_is_tried_where_the_first_does_not_let_us_in(
    step: Literal["", "connect", "helo"], said: str
) -> None:
    one, two = Sink(), Sink()
    if step:
        one.answer(step, said)

    async def main() -> None:
        servers = {"two.a.example": two, "one.a.example": one if step else None}
        async with world(servers, TWO) as there:
            outcomes = await there.deliver(letter(1, "r@a.example"))
            assert outcomes["m1"].verdict is Verdict.ACCEPTED

    run(main())
    assert (len(one.messages), len(two.messages)) == (0, 1)


def test_only_so_many_servers_are_tried_for_one_connection() -> None:
    hosts = [f"mx{number}.a.example" for number in range(direct.MAX_HOSTS + 1)]
    last = Sink()

    async def main() -> None:
        servers: dict[str, Sink | None] = {hosts[-1]: last} | dict.fromkeys(hosts[:-1])
        async with world(servers, {"a.example": mx(*hosts)}) as there:
            outcome = (await there.deliver(letter(1, "r@a.example")))["m1"]
            assert (outcome.verdict, outcome.stage) == (Verdict.TEMPORARY, "connect")

    run(main())
    assert last.connections == 0


@pytest.mark.parametrize(
    ("other", "verdict"),
    [("554 5.7.1 No", Verdict.BLOCKED), ("421 4.3.2 Not now", Verdict.TEMPORARY)],
)
def test_where_no_server_lets_us_in_one_that_may_later_decides(
    other: str, verdict: Verdict
) -> None:
    one, two = Sink(), Sink()
    one.answer("connect", "554 5.7.1 You are on a blocklist")
    two.answer("connect", other)

    async def main() -> None:
        async with world({"one.a.example": one, "two.a.example": two}, TWO) as there:
            outcomes = await there.deliver(letter(1, "r@a.example"))
            assert outcomes["m1"].verdict is verdict

    run(main())


def test_once_a_dot_was_written_no_second_server_is_tried(tmp_path: Path) -> None:
    one, two = Sink(), Sink()
    one.cut("dot")

    async def main() -> None:
        async with world({"one.a.example": one, "two.a.example": two}, TWO) as there:
            there.route.journal = DeliveryJournal(tmp_path / "marks")
            outcomes = await there.deliver(letter(1, "r@a.example"))
            there.route.journal.close()
            assert (outcomes["m1"].verdict, outcomes["m1"].stage) == (None, "dot")

    run(main())
    assert two.connections == 0
    assert list(read_journal(tmp_path / "marks")) == ["m1"]


NOWHERE: Zone = {
    "none.example": {"MX": ["0 ."]},
    "web.example": {"TXT": ['"nothing"']},
    "broken.example": {"*": Fault.SERVFAIL},
    "nameless.example": mx("gone.nameless.example"),
    "hidden.example": mx("mx.hidden.example"),
    "mx.hidden.example": {"*": Fault.SERVFAIL},
    "half.example": mx("gone.half.example", "mx.hidden.example"),
    "six.example": mx("mx.six.example"),
    "mx.six.example": {"AAAA": ["::1"]},
    "itself.example": {"AAAA": ["::1"]},
}


@pytest.mark.parametrize(
    ("domain", "verdict", "enhanced", "fault"),
    [
        ("none.example", Verdict.HARD, "5.1.10", "mailbox"),
        ("nobody.example", Verdict.TEMPORARY, "4.1.2", "mailbox"),
        ("web.example", Verdict.SOFT, "5.4.4", "mailbox"),
        ("nameless.example", Verdict.SOFT, "5.4.4", "mailbox"),
        ("broken.example", Verdict.TEMPORARY, "4.4.3", "sender"),
        ("hidden.example", Verdict.TEMPORARY, "4.4.3", "sender"),
        ("half.example", Verdict.TEMPORARY, "4.4.3", "sender"),
        ("six.example", Verdict.TEMPORARY, "4.4.1", "sender"),
        ("itself.example", Verdict.TEMPORARY, "4.4.1", "sender"),
    ],
)
def test_a_domain_without_a_server_is_known_from_one_whose_dns_is_in_trouble(
    domain: str, verdict: Verdict, enhanced: str, fault: str
) -> None:
    async def main() -> None:
        async with world({}, NOWHERE) as there:
            outcome = (await there.deliver(letter(1, f"r@{domain}")))["m1"]
            assert outcome.reply is not None and outcome.reply.enhanced == enhanced
            assert (outcome.verdict, fault_of(outcome.stage, outcome.reply)) == (verdict, fault)
            assert not any(p.rules_for(line_of(outcome.reply)) for p in packaged_providers())
            assert domain not in outcome.reply.text

    run(main())


def test_a_domain_that_has_been_missing_for_a_day_is_dead() -> None:
    missing = Delivery("m1", "rcpt", NO_DOMAIN_NOW, Verdict.TEMPORARY, "")
    attempts = itertools.count(1)
    hours, attempt = 0.0, 1
    while last_word(missing, attempt) == missing:
        hours += backoff(attempt, "0000") / HOUR
        attempt = next(attempts) + 1
    assert 23.5 < hours < 27
    dead = last_word(missing, attempt)
    assert dead.verdict is Verdict.HARD and dead.reply and dead.reply.enhanced == "5.1.2"
    greylisted = missing._replace(reply=Reply(450, "4.7.1", "Later"))
    assert last_word(greylisted, attempt) == greylisted


def test_a_domain_without_mx_takes_its_mail_itself() -> None:
    host = Sink()

    async def main() -> None:
        async with world({"a.example": host}, {}) as there:
            outcomes = await there.deliver(letter(1, "r@a.example"))
            assert outcomes["m1"].verdict is Verdict.ACCEPTED

    run(main())


def test_ipv6_is_used_where_it_is_configured() -> None:
    host = Sink()

    async def main() -> None:
        async with host, world({}, NOWHERE, ipv6=True, port=host.port) as there:
            outcomes = await there.deliver(letter(1, "r@six.example"))
            assert outcomes["m1"].verdict is Verdict.ACCEPTED

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 of its own ({error})")
    host.host = "::1"
    run(main())


def test_nobodys_mail_is_taken_by_this_machine() -> None:
    host = Sink()

    async def main() -> None:
        async with world({"mx.a.example": host}, ONE, sink=False) as there:
            outcomes = await there.deliver(letter(1, "r@a.example"))
            assert outcomes["m1"].verdict is Verdict.SOFT

    run(main())
    assert host.connections == 0


def test_domains_with_the_same_servers_share_connections_and_others_do_not_wait() -> None:
    shared, slow = Sink(), Sink()
    slow.stall("connect")
    zone = {name: mx("mx.a.example") for name in ("a.example", "b.example", "c.example")}
    zone["slow.example"] = mx("mx.slow.example")

    async def main() -> None:
        servers = {"mx.a.example": shared, "mx.slow.example": slow}
        async with world(servers, zone, connections=1) as there:
            mails = [letter(n, f"r{n}@{domain}") for n, domain in enumerate(zone)]
            delivering = asyncio.create_task(there.deliver(*mails))
            while len(shared.messages) < 3:
                await asyncio.sleep(0.01)
            assert not delivering.done()
            there.route.stop_connecting()
            assert {outcome.verdict for outcome in (await delivering).values()} == {
                Verdict.ACCEPTED
            }

    run(main())
    assert (shared.connections, shared.most_open) == (1, 1)


def test_connections_to_all_servers_together_are_bounded_and_idle_ones_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(direct, "IDLE_SECONDS", 0.05)
    sinks = {f"mx.{n}.example": Sink(pause=0.02) for n in range(8)}
    zone = {f"{n}.example": mx(f"mx.{n}.example") for n in range(8)}
    most = 0

    async def main() -> None:
        nonlocal most
        async with world(sinks, zone, connections=1, at_once=3) as there:
            mails = [letter(n, f"r@{n}.example") for n in range(8)]
            delivering = asyncio.create_task(there.deliver(*mails))
            while not delivering.done():
                most = max(most, sum(bool(pool._under_way) for pool in there.route._pools.values()))
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.3)
            there.route._tidy()
            assert (there.route._pools, sum(sink.open for sink in sinks.values())) == ({}, 0)

    run(main())
    assert 1 <= most <= 3
    assert all(len(sink.messages) == 1 for sink in sinks.values())


def test_servers_that_refuse_us_get_nothing_for_a_while_and_others_go_on() -> None:
    refusing, other = Sink(), Sink()
    zone = {**ONE, "b.example": mx("mx.b.example")}

    async def main() -> None:
        async with world({"mx.a.example": refusing, "mx.b.example": other}, zone) as there:
            there.route.hold("mx.a.example")
            outcomes = await there.deliver(letter(1, "r@a.example"), letter(2, "r@b.example"))
            assert outcomes["m1"].verdict is Verdict.TEMPORARY
            assert outcomes["m2"].verdict is Verdict.ACCEPTED

    run(main())
    assert refusing.connections == 0


def test_where_no_name_server_answers_nothing_is_begun_and_it_is_tried_again() -> None:
    host = Sink()

    async def main() -> None:
        async with world({"mx.a.example": host}, ONE) as there:
            answering, there.dns.zone = (
                there.dns.zone,
                {
                    "a.example": {"*": Fault.SERVFAIL},
                    HELO: {"A": ["192.0.2.1"]},
                },
            )
            outcomes = await there.deliver(letter(1, "r@a.example"))
            assert outcomes["m1"].verdict is Verdict.TEMPORARY  # that domain's own trouble
            there.dns.zone = {name: {"*": Fault.SERVFAIL} for name in ("a.example", HELO)}
            there.dns.everything = Fault.SERVFAIL
            with pytest.raises(RouteUnavailable, match="No name server answers"):
                await there.deliver(letter(1, "r@a.example"))
            with pytest.raises(RouteUnavailable):
                await there.route.open()
            there.dns.zone, there.dns.everything = answering, None
            await there.route.open()
            assert there.route.trouble == ""
            await there.deliver(letter(1, "r@a.example"))

    run(main())
    assert len(host.messages) == 1


def test_where_nobody_can_be_reached_one_batch_a_minute_is_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hosts = [f"mx.{n}.example" for n in range(direct.MAX_UNREACHED)]
    zone = {host.removeprefix("mx."): mx(host) for host in hosts}
    alive = Sink()

    async def main() -> None:
        servers: dict[str, Sink | None] = {"mx.a.example": alive} | dict.fromkeys(hosts)
        async with world(servers, {**zone, **ONE}) as there:
            mails = [letter(n, f"r@{domain}") for n, domain in enumerate(zone)]
            outcomes = await there.deliver(*mails)
            assert {one.verdict for one in outcomes.values()} == {Verdict.TEMPORARY}
            assert "port 25" in there.route.trouble
            await there.route.open()
            with pytest.raises(RouteUnavailable, match="port 25"):
                await there.route.open()
            await there.deliver(letter(9, "r@a.example"))
            assert there.route.trouble == ""
            await there.route.open()

    run(main())


def test_what_was_begun_is_finished_and_nothing_else_begun_after_a_stop() -> None:
    host = Sink(pause=0.3)

    async def main() -> None:
        async with world({"mx.a.example": host}, ONE, connections=1) as there:
            mails = [letter(n, "r@a.example") for n in range(30)]
            delivering = asyncio.create_task(there.deliver(*mails))
            while not any(command == b"DATA" for command in host.commands):
                await asyncio.sleep(0.01)
            there.route.stop_connecting()
            await asyncio.sleep(0.05)
            assert there.route.cut() == 1
            outcomes = await delivering
            assert len(outcomes) < 30
            assert {outcome.verdict for outcome in outcomes.values()} <= {Verdict.ACCEPTED, None}

    run(main())


CONFIG = """
[site]
name = "x"
url = "https://x.example"
from = "a@potager.example"
postal_address = "x"
[[purpose]]
id = "a"
name = "a"
"""
SMTP = '[smtp]\nhost = "direct"\n'
DIRECT = SMTP + '[direct]\nhelo = "mail.potager.example"\n'


def test_the_settings_of_direct_delivery_are_read(tmp_path: Path) -> None:
    text = CONFIG + DIRECT + 'ipv6 = true\n[dns]\nservers = ["127.0.0.1", "::1"]\nport = 5353\n'
    config = config_of(tmp_path, text)
    settings = route_settings(config, 0)
    assert isinstance(settings, DirectSettings)
    assert (settings.direct.helo, settings.direct.port, settings.direct.ipv6) == (HELO, 25, True)
    assert (settings.dns.servers, settings.dns.port) == (("127.0.0.1", "::1"), 5353)
    assert config.smtp.reaches_people and config.smtp.relay == ""
    assert isinstance(route_of(settings), direct.DirectRoute)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (SMTP, "needs the name of this machine"),
        (DIRECT.replace("mail.potager.example", "localhost"), "`helo` is the whole name"),
        (DIRECT + "ipv6 = 1", "`ipv6` must be"),
        (DIRECT + "connections = 1", "a number from 2 (that of [smtp]) to 1000"),
        (DIRECT + "port = 70000", "`port` is not a port number"),
        (DIRECT + 'adress = "x"', "adress"),
        (SMTP + 'username = "x"\n[direct]\nhelo = "a.example"', "`username` is for a relay"),
        ('[dns]\nservers = ["ns.example"]', "is no IP address"),
        ("[dns]\nport = 0", "`port` is not a port number"),
        (DIRECT + "port = 0", "`port` is not a port number"),
    ],
)
def test_a_bad_value_of_them_is_a_mistake(written: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(Unpublishable) as refused:
        config_of(tmp_path, CONFIG + written)
    (mistake,) = refused.value.mistakes
    assert sentence in mistake.words.said()


@pytest.mark.postgres
def test_a_provider_that_refuses_us_five_times_is_left_alone_and_nobody_else_waits(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    for number in range(MAX_BLOCKED + 1):
        enter(context, f"reader-{number}", domain="gmail.com")
    refusing, other = Sink(), Sink()
    refusing.answer("mail", "550 5.7.1 Our system has detected that this message is unsolicited")

    async def main(context: AppContext) -> None:
        zone = {"gmail.com": mx("mx.gmail.example"), "other.example": mx("mx.other.example")}
        servers = {"mx.gmail.example": refusing, "mx.other.example": other}
        async with world(servers, zone, connections=1) as there:
            sender = Sender(context.sending(), there.route.settings)
            await sender.tick()
            assert 0 not in context.installation_stream.current().paused
            assert [what for what, _why, _seconds in context.processes.troubles()] == ["blocked"]
            enter(context, "later", domain="gmail.com")
            enter(context, "elsewhere", domain="other.example")
            await sender.tick()
            await sender.route.close()
            sender.journal.close()

    asyncio.run(main(context))
    asked = sum(command.startswith(b"MAIL") for command in refusing.commands)
    assert asked == MAX_BLOCKED + 1
    assert [message.recipients for message in other.messages] == [("elsewhere@other.example",)]
