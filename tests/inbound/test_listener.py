"""Mail is taken in by LMTP and SMTP: answered after it was handled, bounded, and never taken for
two (B12).
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pytest

from engine.inbound.handling import Handled, InboundDoor
from engine.inbound.listener import (
    MAX_RECIPIENTS,
    Bounds,
    InboundListener,
    MailProtocol,
    parcels,
)
from engine.inbound.mail import MAX_MAIL_BYTES
from engine.inbound.own_letters import TryLater
from engine.inbound.settings import Place
from engine.vault.inbound_mail import UnknownFull

MAIL = b"From: anna@reader.example\r\nSubject: Re: Bienvenue\r\n\r\nBonjour.\r\n"
HOST = "127.0.0.1"
TOKEN = "a" * 52
PATIENT = Bounds(silence=5)


class Handling:
    """Remembers what it was handed, and does as it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.mails: list[tuple[bytes, tuple[str, ...], str]] = []
        self.error = error
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def handle(self, octets: bytes, recipients: Sequence[str], door: InboundDoor) -> Handled:
        self.may_go_on.wait(10)
        if self.error is not None:
            raise self.error
        self.mails.append((octets, tuple(recipients), door))
        return Handled("done")


def listening(
    handling: Handling,
    talk: Callable[[int], None],
    protocol: MailProtocol = "lmtp",
    bounds: Bounds = PATIENT,
) -> None:
    """`talk` to a listener, in a thread."""

    async def scenario() -> None:
        listener = InboundListener(Place(HOST, 0), protocol, handling, "mx.example", bounds)
        await listener.start()
        try:
            await asyncio.to_thread(talk, listener.port)
        finally:
            await listener.stop()

    asyncio.run(scenario())


def client(port: int, protocol: MailProtocol = "lmtp") -> smtplib.SMTP:
    return smtplib.LMTP(HOST, port) if protocol == "lmtp" else smtplib.SMTP(HOST, port)


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
def test_a_mail_of_a_mail_system_is_taken_whole_with_its_recipients(protocol: MailProtocol) -> None:
    handling = Handling()

    def talk(port: int) -> None:
        with client(port, protocol) as mail:
            mail.sendmail("", [f"bounce+{TOKEN}@r.example"], MAIL + b".hidden\r\n..\r\n")

    listening(handling, talk, protocol)
    assert handling.mails == [
        (MAIL + b".hidden\r\n..\r\n", (f"bounce+{TOKEN}@r.example",), protocol)
    ]


def test_each_token_is_handled_alone_and_all_others_together() -> None:
    first, second = f"u+{TOKEN}@r.example", f"bounce+{TOKEN}@r.example"
    assert parcels(["a@r.example", first, "b@r.example", second, first]) == [
        (first,),
        (second,),
        ("a@r.example", "b@r.example"),
    ]


def test_lmtp_answers_for_each_recipient() -> None:
    handling = Handling()
    recipients = [f"u+{TOKEN}@r.example", "a@r.example", "b@r.example"]

    def talk(port: int) -> None:
        with socket.create_connection((HOST, port)) as line, line.makefile("rb") as answers:
            said = ["LHLO me", "MAIL FROM:<>", *(f"RCPT TO:<{to}>" for to in recipients), "DATA"]
            line.sendall("\r\n".join(said).encode() + b"\r\n" + MAIL + b".\r\nNOOP\r\n")
            lines: list[bytes] = []
            while not lines or not lines[-1].startswith(b"354"):
                lines.append(answers.readline())
            after = [answers.readline() for _ in range(4)]
        assert [answer[:3] for answer in after] == [b"250"] * 4
        assert after[3] != after[2]  # the answer to NOOP

    listening(handling, talk)
    assert len(handling.mails) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TryLater(), 451),
        (UnknownFull(), 452),
        (psycopg.OperationalError("gone"), 451),
        (ZeroDivisionError(), 451),
    ],
)
def test_what_was_not_handled_stays_with_the_mail_server(error: Exception, code: int) -> None:
    def talk(port: int) -> None:
        with client(port) as mail, pytest.raises(smtplib.SMTPDataError) as refused:
            mail.sendmail("", ["a@r.example"], MAIL)
        assert refused.value.smtp_code == code

    listening(Handling(error), talk)


def test_nothing_is_answered_before_it_was_handled() -> None:
    handling = Handling()
    handling.may_go_on.clear()

    def talk(port: int) -> None:
        with client(port) as mail:
            mail.ehlo_or_helo_if_needed()
            mail.mail("")
            mail.rcpt("a@r.example")
            mail.putcmd("data")
            mail.getreply()
            mail.send(MAIL + b".\r\n")
            assert mail.sock is not None
            mail.sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                mail.sock.recv(1)
            handling.may_go_on.set()
            mail.sock.settimeout(10)
            assert mail.sock.recv(100).startswith(b"250")

    listening(handling, talk)


@pytest.mark.parametrize(
    "end", [b"\n.\r\n", b"\r\n.\n", b"\n.\n", b"\r.\r\n", b"\r\n.\r", b"\r.\r"]
)
def test_a_mail_that_holds_another_is_refused_and_the_other_is_not_taken(end: bytes) -> None:
    handling = Handling()

    def talk(port: int) -> None:
        inner = b"MAIL FROM:<>\r\nRCPT TO:<x@r.example>\r\nDATA\r\nSubject: x\r\n\r\nx"
        with client(port) as mail, pytest.raises(smtplib.SMTPDataError) as refused:
            mail.ehlo_or_helo_if_needed()
            mail.mail("")
            mail.rcpt("a@r.example")
            mail.putcmd("data")
            mail.getreply()
            mail.send(MAIL + b"x" + end + inner + b"\r\n.\r\n")
            code, text = mail.getreply()
            raise smtplib.SMTPDataError(code, text)
        assert refused.value.smtp_code == 550

    listening(handling, talk)
    assert handling.mails == []


def test_a_mail_above_the_bound_is_refused_by_its_announcement_and_by_its_length() -> None:
    handling = Handling()

    def talk(port: int) -> None:
        with client(port) as mail:
            mail.ehlo_or_helo_if_needed()
            assert mail.mail("", [f"SIZE={30 * 1024 * 1024}"])[0] == 552
            assert mail.mail("")[0] == 250
            mail.rcpt("a@r.example")
            line = b"x" * 70_000 + b"\r\n"
            code, _ = mail.data(MAIL + line * (MAX_MAIL_BYTES // len(line) + 1))
            assert code == 552
            mail.sendmail("", ["a@r.example"], MAIL + line)  # a long line alone is none

    listening(handling, talk)
    assert len(handling.mails) == 1


def test_recipients_connections_and_silence_are_bounded() -> None:
    def talk(port: int) -> None:
        with client(port) as mail:
            mail.ehlo_or_helo_if_needed()
            mail.mail("")
            codes = [mail.rcpt(f"a{number}@r.example")[0] for number in range(MAX_RECIPIENTS + 1)]
            assert codes == [250] * MAX_RECIPIENTS + [452]
            idle = [socket.create_connection((HOST, port)) for _ in range(3)]
            assert mail.noop()[0] == 250  # who carries a mail does not give way
            for one in idle:
                one.settimeout(10)
                while one.recv(100):
                    continue
                one.close()

    listening(Handling(), talk, bounds=Bounds(silence=0.6, connections=3))


def test_a_place_that_is_taken_is_tried_again_and_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        with socket.create_server((HOST, 0)) as taken:
            place = Place(HOST, taken.getsockname()[1])
            bounds = Bounds(retry=0.05)
            listener = InboundListener(place, "lmtp", Handling(), "mx.example", bounds)
            stop = asyncio.Event()
            running = asyncio.ensure_future(listener.run(stop))
            await _until(lambda: listener.trouble != "")
        await _until(lambda: listener.trouble == "" and listener.is_open)
        stop.set()
        await running

    asyncio.run(scenario())


def test_a_socket_of_the_file_system_is_the_owner_s_and_goes_with_the_listener(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lmtp.sock"
    handling = Handling()

    async def scenario() -> None:
        listener = InboundListener(Place(path=str(path)), "lmtp", handling, "mx.example")
        await listener.start()
        assert path.stat().st_mode & 0o777 == 0o660
        await asyncio.to_thread(_over_a_socket, path)
        await listener.stop()

    asyncio.run(scenario())
    assert len(handling.mails) == 1 and not path.exists()


def _over_a_socket(path: Path) -> None:
    with smtplib.LMTP(str(path)) as mail:
        mail.sendmail("", ["a@r.example"], MAIL)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.02)
