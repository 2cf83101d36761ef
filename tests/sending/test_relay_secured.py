"""Nothing is said to a relay that is not who it claims to be, and no password in clear
(A72).
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Literal

import pytest

from engine.sending.envelope import Delivery
from engine.sending.relay import Relay
from engine.sending.relay_settings import RelaySettings
from engine.sending.replies import Verdict
from engine.sending.route import RouteUnavailable
from tests.sending.certificates import Authority
from tests.sending.handing_over import BRISK, LOOPS, everyone, handed_over, letter, letters, run
from tests.sink import Sink

Tls = Literal["none", "starttls", "implicit"]
BOTH = pytest.mark.parametrize("tls", ["starttls", "implicit"])


def chosen(
    sink: Sink,
    tls: Tls,
    verify: ssl.SSLContext | None = None,
    user: str = "",
    password: str = "",
    host: str = "",
) -> RelaySettings:
    return RelaySettings(
        host or "127.0.0.1",
        sink.port,
        tls,
        user,
        password,
        connections=1,
        verify=verify,
        timeouts=BRISK,
    )


def refused(
    sink: Sink, settings_of: RelaySettings | None = None, **given: object
) -> RouteUnavailable:
    async def main() -> RouteUnavailable:
        async with sink:
            relay = Relay(settings_of or chosen(sink, **given))  # type: ignore[arg-type]
            with pytest.raises(RouteUnavailable) as raised:
                await relay.open()
            await relay.close()
            return raised.value

    return run(main())


@pytest.mark.parametrize("loop", LOOPS)
@BOTH
def test_a_verified_server_is_spoken_to_under_tls(tls: Tls, loop: str, tmp_path: Path) -> None:
    authority = Authority()
    sink = Sink(tls=tls, certificate=authority.server(tmp_path))
    trusted = authority.trusted()
    envelopes = [*letters(100), letter(100, body=b"x" * 500_000 + b"\r\n")]
    outcomes = run(
        handed_over(sink, envelopes, chosen=lambda sink: chosen(sink, tls, trusted)), loop
    )
    assert len(sink.messages) == 101
    assert all(message.tls for message in sink.messages)
    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.ACCEPTED}
    assert all(outcome.tls.startswith("TLSv1.3 TLS_") for outcome in outcomes.values())


@BOTH
def test_a_certificate_nobody_vouches_for_is_refused(tls: Tls, tmp_path: Path) -> None:
    sink = Sink(tls=tls, certificate=Authority().server(tmp_path), users={"u": "secret"})
    error = refused(sink, tls=tls, user="u", password="secret")
    assert error.kind == "configuration"
    assert "certificate" in str(error)
    assert not any(command.startswith((b"AUTH", b"MAIL")) for command in sink.commands)


@BOTH
def test_a_certificate_of_another_name_is_refused(tls: Tls, tmp_path: Path) -> None:
    authority = Authority()
    sink = Sink(tls=tls, certificate=authority.server(tmp_path, "relay.exemple.fr"))
    error = refused(sink, tls=tls, verify=authority.trusted())
    assert error.kind == "configuration"
    assert "certificate" in str(error)
    assert not any(command.startswith(b"MAIL") for command in sink.commands)


def test_a_server_whose_starttls_was_stripped_is_refused() -> None:
    sink = Sink(users={"u": "secret"})
    error = refused(sink, tls="starttls", user="u", password="secret")
    assert error.kind == "configuration"
    assert "STARTTLS" in str(error)
    assert not any(command.startswith((b"AUTH", b"MAIL")) for command in sink.commands)


def test_tls_spoken_to_a_server_in_clear_is_refused() -> None:
    assert refused(Sink(), tls="implicit").kind == "configuration"


@BOTH
def test_a_right_password_is_taken(tls: Tls, tmp_path: Path) -> None:
    authority = Authority()
    sink = Sink(tls=tls, certificate=authority.server(tmp_path), users={"u": "sécret"})
    trusted = authority.trusted()
    run(
        handed_over(sink, letters(3), chosen=lambda sink: chosen(sink, tls, trusted, "u", "sécret"))
    )
    assert [message.user for message in sink.messages] == ["u"] * 3


def test_a_password_in_clear_is_said_to_this_machine_only() -> None:
    sink = Sink(users={"u": "secret"})
    run(
        handed_over(sink, letters(1), chosen=lambda sink: chosen(sink, "none", None, "u", "secret"))
    )
    assert [message.user for message in sink.messages] == ["u"]
    error = refused(Sink(), chosen(Sink(), "none", None, "u", "secret", "relay.exemple.fr"))
    assert error.kind == "configuration"
    assert "in clear" in str(error)
    assert "secret" not in str(error)


def test_a_wrong_password_is_a_matter_of_configuration_and_is_tried_once() -> None:
    sink = Sink(users={"u": "secret"})
    error = refused(sink, tls="none", user="u", password="wrong")
    assert (error.kind, error.stage) == ("configuration", "auth")
    assert error.reply is not None
    assert (error.reply.code, error.reply.enhanced) == (535, "5.7.8")
    assert sum(command.startswith(b"AUTH") for command in sink.commands) == 1
    assert "wrong" not in str(error)


def test_messages_for_a_relay_that_refuses_the_login_are_not_begun_and_the_stream_pauses() -> None:
    sink = Sink(users={"u": "secret"})
    outcomes = run(
        handed_over(sink, letters(3), chosen=lambda sink: chosen(sink, "none", None, "u", "wrong"))
    )
    assert {(outcome.stage, outcome.verdict) for outcome in outcomes.values()} == {
        ("auth", Verdict.BLOCKED)
    }


def test_a_server_that_offers_no_login_is_refused_when_one_is_wanted() -> None:
    error = refused(Sink(), tls="none", user="u", password="secret")
    assert (error.kind, error.stage) == ("configuration", "auth")


@pytest.mark.parametrize(
    ("step", "said", "kind"),
    [
        ("connect", "421 4.3.2 Not now", "temporary"),
        ("connect", "554 5.7.1 No service for 192.0.2.1", "configuration"),
        ("helo", "421 4.7.0 Too many", "temporary"),
        ("helo", "550 5.7.1 Go away", "configuration"),
    ],
)
def test_a_server_that_does_not_let_us_in_says_whether_waiting_helps(
    step: Literal["connect", "helo"], said: str, kind: str
) -> None:
    sink = Sink()
    sink.answer(step, said)
    error = refused(sink, tls="none")
    assert (error.kind, error.stage) == (kind, step)
    assert error.reply is not None
    assert error.reply.code == int(said[:3])


def test_an_old_server_that_knows_no_ehlo_is_spoken_to_one_command_at_a_time() -> None:
    sink = Sink(())
    sink.answer("helo", "502 5.5.2 What?", times=1)
    outcomes = run(handed_over(sink, letters(3), chosen=lambda sink: chosen(sink, "none")))
    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.ACCEPTED}
    assert sink.ahead == 0


def test_a_server_that_is_not_there_is_a_temporary_trouble() -> None:
    async def main() -> tuple[RouteUnavailable, list[Delivery]]:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        outcomes: list[Delivery] = []
        relay = Relay(RelaySettings("127.0.0.1", port, "none", timeouts=BRISK))
        with pytest.raises(RouteUnavailable) as raised:
            await relay.open()
        await relay.deliver(letters(20), everyone, outcomes.append)
        await relay.close()
        return raised.value, outcomes

    error, outcomes = run(main())
    assert (error.kind, error.reply) == ("temporary", None)
    assert len(outcomes) == 20
    assert {(one.stage, one.verdict, one.reply) for one in outcomes} == {
        ("connect", Verdict.TEMPORARY, None)
    }


def test_a_name_that_cannot_be_said_in_ehlo_is_a_matter_of_configuration() -> None:
    async def main() -> RouteUnavailable:
        async with Sink() as sink:
            relay = Relay(
                RelaySettings("127.0.0.1", sink.port, "none", hostname="a b", timeouts=BRISK)
            )
            with pytest.raises(RouteUnavailable) as raised:
                await relay.open()
            return raised.value

    assert run(main()).kind == "configuration"


def test_a_password_is_not_shown_with_the_settings() -> None:
    assert "secret" not in repr(RelaySettings("127.0.0.1", 25, "none", "u", "secret"))
