"""How it is looked, by sockets on loopback: nothing out there makes it fail, or wait for long."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.cli.main import main
from engine.config import config_of, read_config
from engine.dns.resolver import DnsResolver
from engine.doctor.looking import IN_TIME, Eyes, Place, ourselves
from engine.doctor.settings import Doctor
from engine.doctor.world import (
    Answer,
    Answered,
    BadCertificate,
    Dns,
    Mailbox,
    Nothing,
    NotReached,
    Open,
    Page,
    Port,
    Question,
    Records,
    Seen,
)
from engine.sequence.mistakes import Unpublishable
from tests.dns.stub import Fault, StubDns
from tests.dns.stub import Records as Zoned

ROOT = Path(__file__).parents[2]
HOST = "lettres.example.fr"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[object, object, None]]


def speaking(*replies: str) -> Talk:
    """A mail server that answers each line with the next of these, and keeps what it was told."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            writer.write(reply.encode("latin-1") + b"\r\n")
            heard.append(await reader.readline())

    heard.clear()
    return talk


heard: list[bytes] = []


def serving(*answer: str) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write("\r\n".join(answer).encode())
        await writer.drain()

    heard.clear()
    return talk


@asynccontextmanager
async def listening(talk: Talk, secure: ssl.SSLContext | None = None) -> AsyncIterator[Place]:
    async def closed_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(closed_after, "127.0.0.1", 0, ssl=secure)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()


def looked(
    question: Question,
    talk: Talk,
    *,
    secure: ssl.SSLContext | None = None,
    trust: ssl.SSLContext | None = None,
    seconds: float = 10,
) -> Answer:
    async def looking() -> Answer:
        async with listening(talk, secure) as place:
            eyes = Eyes(
                resolver=DnsResolver(["127.0.0.1"]),
                greeting="mail.example.fr",
                trust=trust,
                route=lambda _: place,
                seconds=seconds,
            )
            return await eyes.answer(question)

    return asyncio.run(looking())


MAILBOX = Mailbox("a<b>@example.fr", ("mail.example.fr",))


def test_a_mail_server_is_asked_and_given_no_mail() -> None:
    talk = speaking("220 x", "250-x\r\n250 SIZE", "250 ok", "250 ok", "221 bye")
    assert looked(MAILBOX, talk) == Answered(250, "ok")
    assert b"".join(heard) == (
        b"EHLO mail.example.fr\r\nMAIL FROM:<>\r\nRCPT TO:<ab@example.fr>\r\nQUIT\r\n"
    )


@pytest.mark.parametrize(
    ("replies", "answer"),
    [
        (("220 x", "250 x", "250 ok", "550 5.1.1 inconnu"), Answered(550, "5.1.1 inconnu")),
        (("220 x", "250 x", "451 later"), Answered(451, "later")),
        (("554 go away",), NotReached),
        (("HTTP/1.1 400",), NotReached),
        (("220-" + "x" * 5000,), NotReached),
        (("220-x\r\n" * 200,), NotReached),
        ((), NotReached),
    ],
)
def test_what_a_mail_server_says_is_read(replies: tuple[str, ...], answer: object) -> None:
    said = looked(MAILBOX, speaking(*replies))
    assert said == answer or (isinstance(answer, type) and isinstance(said, answer))


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    assert isinstance(looked(MAILBOX, silent, seconds=0.3), NotReached)
    assert isinstance(looked(Page(f"http://{HOST}/"), silent, seconds=0.3), NotReached)


HANDSHAKE = b"\x16\x03\x03\x40\x00"
"""The head of a TLS record of 16,384 octets (RFC 8446 section 5.1)."""


@pytest.mark.parametrize(
    ("url", "begins", "drop"),
    [
        (f"http://{HOST}/", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"<p>"),
        (f"http://{HOST}/", b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (f"http://{HOST}/", b"HTTP/1.1 200 ", b"O"),
        (f"https://{HOST}/", HANDSHAKE, b"\x00"),
    ],
    ids=["body", "headers", "status", "handshake"],
)
def test_a_page_that_comes_drop_by_drop_ends_in_time(url: str, begins: bytes, drop: bytes) -> None:
    """The server drips in a thread of its own: one in the loop that looks would end with it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        there, _ = listener.accept()
        with there, suppress(OSError):
            there.sendall(begins)
            for _ in range(60):
                there.sendall(drop)
                time.sleep(0.05)

    dripping = threading.Thread(target=drip)
    dripping.start()
    place = listener.getsockname()
    eyes = Eyes(resolver=DnsResolver(["127.0.0.1"]), route=lambda _: place, seconds=0.3)
    begun = time.monotonic()
    assert asyncio.run(eyes.answer(Page(url))) == IN_TIME
    assert time.monotonic() - begun < 1.5
    listener.close()
    dripping.join()


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side and a visitor's, of one certificate."""
    key, folder = generate_private_key(SECP256R1()), tmp_path_factory.mktemp("tls")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    begin = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, begin, begin + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (folder / "c.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "c.pem")
    return server, ssl.create_default_context(cafile=folder / "c.pem")


HSTS = "Strict-Transport-Security: max-age=31536000"


def test_a_page_is_seen_with_its_certificate(
    certified: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, visitor = certified
    talk = serving("HTTP/1.1 200 OK", HSTS, "Content-Type: text/html", "", "Bonjour")
    seen = looked(Page(f"https://{HOST}/"), talk, secure=server, trust=visitor)
    assert isinstance(seen, Seen)
    assert (seen.status, seen.body, seen.hsts) == (200, b"Bonjour", "max-age=31536000")
    assert 6 < ((seen.certificate_ends or 0) - datetime.now(UTC).timestamp()) / 86_400 < 9
    strange = looked(Page("https://autre.example.fr/"), talk, secure=server, trust=visitor)
    assert isinstance(strange, BadCertificate)
    assert isinstance(looked(Page(f"https://{HOST}/"), talk, secure=server), BadCertificate)
    assert isinstance(looked(Page(f"https://{HOST}/"), talk, seconds=0.3), NotReached)


def test_no_redirect_is_followed_and_no_more_is_read_than_is_used() -> None:
    talk = serving("HTTP/1.1 302 Found", "Location: http://169.254.169.254/", "", "x" * 200_000)
    seen = looked(Page(f"http://{HOST}/l/doctor", posted="List-Unsubscribe=One-Click"), talk)
    assert isinstance(seen, Seen)
    assert (seen.location, len(seen.body)) == ("http://169.254.169.254/", 65_536)
    assert heard[0].startswith(b"POST /l/doctor HTTP/1.1\r\n")
    assert isinstance(looked(Page(f"http://{HOST}/"), serving("no http")), NotReached)


def test_own_ports_are_tried(tmp_path: Path) -> None:
    assert looked(Port("127.0.0.1:2525"), speaking()) == Open()
    assert isinstance(looked(Port(str(tmp_path / "socket")), speaking()), NotReached)


def test_names_are_asked_for_and_answers_put_in_order() -> None:
    zone: dict[str, dict[str, Zoned]] = {
        "a.fr": {"MX": ["20 b.fr.", "10 c.fr."], "TXT": ['"z"', '"é" "a"'], "A": ["1.2.3.4"]},
        "4.3.2.1.in-addr.arpa": {"PTR": ["c.fr."]},
        "none.fr": {"MX": ["0 ."]},
        "ill.fr": {"*": Fault.SERVFAIL},
    }
    asked = [
        (Dns("mx", "a.fr"), Records(("c.fr", "b.fr"))),
        (Dns("mx", "none.fr"), Records(("",))),
        (Dns("txt", "a.fr"), Records(("z", "éa"))),
        (Dns("addresses", "a.fr"), Records(("1.2.3.4",))),
        (Dns("ptr", "1.2.3.4"), Records(("c.fr",))),
        (Dns("txt", "none.fr"), Nothing(named=True)),
        (Dns("txt", "b.fr"), Nothing()),
        (Dns("txt", "x" * 300), Nothing()),
    ]
    with StubDns(zone) as stub:
        eyes = Eyes(resolver=stub.resolver())

        async def looking() -> list[Answer]:
            return [await eyes.answer(question) for question, _ in asked]

        assert asyncio.run(looking()) == [answer for _, answer in asked]
        assert isinstance(asyncio.run(eyes.answer(Dns("txt", "ill.fr"))), NotReached)
        assert isinstance(asyncio.run(eyes.answer(Dns("ptr", "not a number"))), NotReached)


def test_who_we_are_is_read_from_the_configuration() -> None:
    us = ourselves(read_config(ROOT))
    assert (us.sender, us.listens) == ("bonjour@atelier-semences.example", "127.0.0.1:8080")
    assert not us.is_direct


def test_where_mail_comes_back_to_is_read_from_the_configuration() -> None:
    text = (
        'imap = "imaps://moi%40x.example@imap.x.example"\nimap_password_file = "p"\n'
        'lmtp = "127.0.0.1:2525"\nsmtp = "[::1]:25"\nreply_to = "moi@b.example"\n'
    )
    config = config_of(Path(), START.replace("[doctor]", "[inbound]") + text)
    assert ourselves(config).inbound == ("127.0.0.1:2525", "[::1]:25", "imap.x.example:993")


def test_the_verb_names_faults_and_what_mends_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(ROOT), "doctor", "--only", "link,inbound"]) == 1
    told = capsys.readouterr().out
    assert "! les liens mènent à http://127.0.0.1:8080, qui n’est pas chiffré" in told
    assert '      [site] url = "https://lettres.atelier-semences.example"' in told
    assert "1 chose ne tient pas" in told
    assert main(["-C", str(ROOT), "doctor", "--only", "link", "--json"]) == 1
    assert '"code": "link-plain"' in capsys.readouterr().out
    assert main(["-C", str(ROOT), "doctor", "--only", "inbound"]) == 0
    assert main(["-C", str(ROOT), "doctor", "--only", "spam"]) == 2


def test_the_verb_looks_by_the_name_servers_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zone = {"potager.example": {"TXT": ['"v=spf1 ip4:192.0.2.7 -all"']}}
    with StubDns(zone) as stub:
        text = START.replace("[doctor]", '[smtp]\nhost = "direct"\n[direct]\nhelo = "m.x.example"')
        text += f'[dns]\nservers = ["127.0.0.1"]\nport = {stub.port}\n'
        text += '[doctor]\nipv4 = "192.0.2.7"\n'
        (tmp_path / "config.toml").write_text(text)
        assert main(["-C", str(tmp_path), "doctor", "--only", "spf"]) == 0
        assert "v=spf1 ip4:192.0.2.7 -all" in capsys.readouterr().out
        assert main(["-C", str(tmp_path), "doctor", "--only", "host"]) == 1
        assert "! nous saluons du nom de m.x.example, qui n’a pas d’adresse" in (
            capsys.readouterr().out.replace("\u00a0", " ")
        )


START = (
    '[site]\nname = "x"\nurl = "https://x.example"\nfrom = "a@potager.example"\n'
    'postal_address = "x"\n[[purpose]]\nid = "a"\nname = "a"\n[doctor]\n'
)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ('ipv4 = "2001:db8::1"', "`ipv4` is the address your letters leave from"),
        ('ipv6 = "x"', "`ipv6` is the address your letters leave from"),
        ('blocklists = ["Zen Spamhaus"]', "`blocklists` are at most 10 host names"),
        (f"blocklists = {['a.example'] * 11}", "`blocklists` are at most 10 host names"),
        ('robot = "robot"', "`robot` is an address of your own, without a plus"),
        ('robot = "a+b@potager.example"', "`robot` is an address of your own, without a plus"),
        ('robot = "robot@potager.example"', "`robot` gets its mail by [inbound]"),
        ('robots = "x"', "robots"),
    ],
)
def test_a_bad_value_of_the_configuration_is_a_mistake(written: str, sentence: str) -> None:
    with pytest.raises(Unpublishable) as refused:
        config_of(Path(), START + written)
    (mistake,) = refused.value.mistakes
    assert sentence in mistake.words.said()


def test_what_the_doctor_is_told_is_read() -> None:
    text = 'ipv4 = "192.0.2.7"\nipv6 = "2001:DB8::7"\nblocklists = ["zen.list.example"]\n'
    read = config_of(Path(), START + text).doctor
    assert read == Doctor(("192.0.2.7", "2001:db8::7"), ("zen.list.example",))
