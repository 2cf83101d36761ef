"""The built-in mail server keeps every mail on this machine and shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop

from engine.sending.envelope import Delivery, Envelope
from engine.sending.mailbox import MAX_MESSAGE_OCTETS, Mailbox
from engine.sending.relay import Relay
from engine.sending.relay_settings import RelaySettings
from engine.sending.replies import Verdict
from tests.sending.handing_over import everyone


def mail(recipient: str, subject: str = "Bonjour", text: str = "Voilà.") -> bytes:
    return f"To: {recipient}\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


def sent(mailbox: Mailbox, *mails: tuple[str, bytes]) -> list[Delivery]:
    async def main() -> list[Delivery]:
        outcomes: list[Delivery] = []
        await mailbox.start()
        relay = Relay(RelaySettings("127.0.0.1", mailbox.port, "none", connections=1))
        try:
            envelopes = [
                Envelope(f"m{n}", "b-1@exemple.fr", to, body) for n, (to, body) in enumerate(mails)
            ]
            await relay.deliver(envelopes, everyone, outcomes.append)
        finally:
            await relay.close()
            await mailbox.stop()
        return outcomes

    return asyncio.run(asyncio.wait_for(main(), 30))


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mailbox")


def test_what_is_sent_can_be_listed_and_read_to_the_octet(mailbox: Mailbox) -> None:
    body = mail("a@exemple.fr", text="one\r\n.two\r\n..three")
    assert [one.verdict for one in sent(mailbox, ("a@exemple.fr", body))] == [Verdict.ACCEPTED]
    [entry] = mailbox.list(10)
    assert (entry.recipient, entry.subject) == ("a@exemple.fr", "Bonjour")
    assert datetime.now(UTC) - entry.at < timedelta(seconds=30)
    assert mailbox.read(entry.id) == body


def test_the_newest_stand_first_and_one_recipient_s_can_be_asked_for(mailbox: Mailbox) -> None:
    sent(
        mailbox,
        *((f"{who}@exemple.fr", mail(who, subject=f"{who}{n}")) for n in range(3) for who in "ab"),
    )
    assert [entry.subject for entry in mailbox.list(3)] == ["b2", "a2", "b1"]
    assert [entry.subject for entry in mailbox.list(10, "A@exemple.fr")] == ["a2", "a1", "a0"]


def test_numbers_go_on_after_a_restart(mailbox: Mailbox) -> None:
    sent(mailbox, ("a@exemple.fr", mail("a", subject="first")))
    sent(Mailbox(mailbox.folder), ("a@exemple.fr", mail("a", subject="second")))
    assert [entry.subject for entry in mailbox.list(10)] == ["second", "first"]


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mailbox", kept=3)
    sent(mailbox, *(("a@exemple.fr", mail("a", subject=str(n))) for n in range(5)))
    assert [entry.subject for entry in mailbox.list(10)] == ["4", "3", "2"]
    assert len(list(mailbox.folder.iterdir())) == 6


def test_nobody_else_on_this_machine_can_read_the_folder(mailbox: Mailbox) -> None:
    sent(mailbox, ("a@exemple.fr", mail("a")))
    assert mailbox.folder.stat().st_mode & 0o777 == 0o700


def test_an_address_beyond_ascii_is_taken(mailbox: Mailbox) -> None:
    assert [one.verdict for one in sent(mailbox, ("é@exemple.fr", mail("é@exemple.fr")))] == [
        Verdict.ACCEPTED
    ]
    assert [entry.recipient for entry in mailbox.list(10, "é@exemple.fr")] == ["é@exemple.fr"]


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("=?utf-8?q?D=C3=A9j=C3=A0_vu?=", "Déjà vu"),
        ("=?utf-8?b?!!?=", None),
        ("=?nothing?q?x?=", "=?nothing?q?x?="),
        ("", ""),
    ],
)
def test_a_subject_is_shown_as_a_reader_sees_it_and_nonsense_hurts_nobody(
    mailbox: Mailbox, subject: str, shown: str | None
) -> None:
    assert (
        sent(mailbox, ("a@exemple.fr", mail("a", subject=subject)))[0].verdict is Verdict.ACCEPTED
    )
    [entry] = mailbox.list(1)
    assert shown is None or entry.subject == shown


def test_what_is_too_large_is_refused_before_it_is_said(mailbox: Mailbox) -> None:
    [delivery] = sent(mailbox, ("a@exemple.fr", b"x" * 70 + b"\r\n" * (MAX_MESSAGE_OCTETS // 2)))
    assert delivery.reply is not None
    assert (delivery.reply.code, delivery.reply.enhanced, delivery.verdict) == (
        552,
        "5.3.4",
        Verdict.NOT_CARRIED,
    )
    assert mailbox.list(1) == []


@pytest.mark.parametrize(
    "id", ["", "1", "../../etc/passwd", "0000000001/../0000000001", "0000000009"]
)
def test_an_id_that_is_none_is_not_found(mailbox: Mailbox, id: str) -> None:
    sent(mailbox, ("a@exemple.fr", mail("a")))
    with pytest.raises(KeyError):
        mailbox.read(id)


def test_a_mailbox_never_started_is_empty(mailbox: Mailbox) -> None:
    assert mailbox.list(10) == []


def test_a_client_that_speaks_ahead_is_understood_though_it_was_not_offered(
    mailbox: Mailbox,
) -> None:
    async def main() -> bytes:
        await mailbox.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", mailbox.port)
        writer.write(b"EHLO me\r\n")
        while not (line := await reader.readline()).startswith(b"250 "):
            assert b"PIPELINING" not in line
        commands = b"MAIL FROM:<a@b.fr>\r\nRCPT TO:<c@d.fr>\r\nDATA\r\n"
        writer.write(commands)
        while not (await reader.readline()).startswith(b"354"):
            pass
        writer.write(b"Subject: 1\r\n\r\n1\r\n.\r\n" + commands)
        while not (await reader.readline()).startswith(b"354"):
            pass
        writer.write(b"Subject: 2\r\n\r\n2\r\n.\r\nQUIT\r\n")
        rest = await reader.read()
        writer.close()
        await mailbox.stop()
        return rest

    asyncio.run(asyncio.wait_for(main(), 30))
    assert [entry.subject for entry in mailbox.list(10)] == ["2", "1"]


def test_stopping_ends_the_connections_that_are_open(mailbox: Mailbox) -> None:
    async def main() -> bytes:
        await mailbox.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", mailbox.port)
        await reader.readline()
        await mailbox.stop()
        rest = await reader.read()
        writer.close()
        return rest

    assert asyncio.run(asyncio.wait_for(main(), 30)) == b""


@pytest.mark.parametrize("loop", [asyncio.run, uvloop.run])
def test_silent_connections_keep_no_letter_out(
    loop: Callable[[Awaitable[list[Delivery]]], list[Delivery]], mailbox: Mailbox
) -> None:
    async def main() -> list[Delivery]:
        outcomes: list[Delivery] = []
        await mailbox.start()
        relay = Relay(RelaySettings("127.0.0.1", mailbox.port, "none", connections=1))
        silent = [await asyncio.open_connection("127.0.0.1", mailbox.port) for _ in range(150)]
        try:
            await relay.deliver(
                [Envelope("m1", "b-1@exemple.fr", "a@exemple.fr", mail("a@exemple.fr"))],
                everyone,
                outcomes.append,
            )
            # The first has been hung up on.
            await silent[0][0].read()
        finally:
            for _, writer in silent:
                writer.close()
            await relay.close()
            await mailbox.stop()
        return outcomes

    assert [one.verdict for one in loop(main())] == [Verdict.ACCEPTED]
