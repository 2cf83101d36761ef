"""A target is spoken to at an address that was looked at and is anybody's on the Internet (G11),
and known by its certificate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from engine.desk.clock import wall_now
from engine.dns.https import Answer, Poster, Unanswered
from engine.dns.resolver import Address
from engine.hooks.message import headers, message_of
from engine.hooks.posting import NoAnswer, Target
from engine.hooks.settings import Hook
from tests.dns.stub import Fault, StubDns
from tests.hooks.receiver import SECRET, Receiver
from tests.hooks.test_messages import MOVED, entry_of
from tests.sending.certificates import Authority

HOST, REBOUND = "crm.example", "rebound.example"
PUBLIC, LOOPBACK = ["8.8.8.8"], ["127.0.0.1"]


@pytest.fixture(scope="module")
def dns() -> Iterator[StubDns]:
    zone: dict[str, Mapping[str, Sequence[str] | Fault]] = {
        HOST: {"A": PUBLIC, "AAAA": ["2001:4860:4860::8888"]},
        REBOUND: {"A": PUBLIC},
        "inside.example": {"A": ["10.0.0.1", "192.168.7.7"], "AAAA": ["fd00::7"]},
        "half.example": {"A": ["169.254.169.254", *PUBLIC]},
        "mapped.example": {"AAAA": ["::ffff:10.0.0.1"]},
        "away.example": {"*": Fault.SERVFAIL},
    }
    with StubDns(zone, ttl=0) as started:
        yield started


class Listening:
    """Notes what would be connected to: a public address is nobody's to call in a test."""

    def __init__(self) -> None:
        self.addresses: list[list[str]] = []

    async def post(
        self, addresses: Sequence[Address], url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | Unanswered:
        self.addresses.append([str(address) for address in addresses])
        return Answer(204)

    async def close(self) -> None: ...


def hook_at(url: str, *, allow_private: bool = False) -> Hook:
    return Hook(
        name="crm", url=url, events=("*",), secret_files=("s",), allow_private=allow_private
    )


def tried(dns: StubDns, *hosts: str) -> tuple[list[Answer | NoAnswer], list[list[str]]]:
    """What comes of a try at each of these hosts, and which addresses were connected to."""
    listening = Listening()

    async def main() -> list[Answer | NoAnswer]:
        resolver = dns.resolver()
        targets = [Target(hook_at(f"https://{host}/"), resolver, listening) for host in hosts]
        return [await target.post(b"{}", {}) for target in targets]

    return asyncio.run(main()), listening.addresses


@pytest.mark.parametrize(
    ("host", "answer", "addresses"),
    [
        (HOST, Answer(204), [["8.8.8.8", "2001:4860:4860::8888"]]),
        ("half.example", Answer(204), [PUBLIC]),
        ("inside.example", "private-address", []),
        ("mapped.example", "private-address", []),
        ("nobody.example", "no-such-host", []),
        ("away.example", "name-servers-away", []),
        ("127.0.0.1", "private-address", []),
        ("10.0.0.1", "private-address", []),
        ("169.254.169.254", "private-address", []),
        ("[::1]", "private-address", []),
        ("[::ffff:127.0.0.1]", "private-address", []),
        ("[64:ff9b::7f00:1]", "private-address", []),
        ("2130706433", "no-such-host", []),
        ("0x7f.1", "no-such-host", []),
        ("127.1", "no-such-host", []),
        ("localhost", "no-such-host", []),
    ],
)
def test_only_an_address_of_the_internet_is_connected_to(
    dns: StubDns, host: str, answer: Answer | NoAnswer, addresses: list[list[str]]
) -> None:
    assert tried(dns, host) == ([answer], addresses)


def test_a_name_that_answers_otherwise_the_next_time_is_refused(dns: StubDns) -> None:
    """Rebinding: each try looks the name up, and what was looked at is what is connected to."""
    listening = Listening()

    async def main() -> list[Answer | NoAnswer]:
        target = Target(hook_at(f"https://{REBOUND}/"), dns.resolver(), listening)
        answers = [await target.post(b"{}", {})]
        dns.zone[REBOUND] = {"A": LOOPBACK}  # type: ignore[index]
        return [*answers, await target.post(b"{}", {})]

    assert asyncio.run(main()) == [Answer(204), "private-address"]
    assert listening.addresses == [PUBLIC]


def over_tls(
    folder: Path,
    receiver: Receiver,
    named: str,
    lived: Callable[[Poster, str], Awaitable[Answer | Unanswered]],
) -> Answer | Unanswered:
    """With a receiver whose certificate is for HOST, called by the name `named`."""
    authority = Authority()

    async def main() -> Answer | Unanswered:
        async with receiver.serving(authority.server(folder, HOST)):
            poster = Poster(authority.trusted(), 5)
            try:
                return await lived(poster, f"https://{named}:{receiver.port}/told?of=facts")
            finally:
                await poster.close()

    return asyncio.run(main())


async def post(poster: Poster, url: str, *addresses: str) -> Answer | Unanswered:
    message = message_of(entry_of(MOVED), 0)
    signed = headers(message, [SECRET], wall_now())
    return await poster.post([*map(ip_address, addresses)], url, message.body, signed)


def test_the_address_is_spoken_to_and_the_name_is_in_certificate_and_host(tmp_path: Path) -> None:
    """The name stands in no DNS at all. An address that takes no connection makes way for the next,
    and the connection is kept.
    """
    receiver = Receiver()

    async def lived(poster: Poster, url: str) -> Answer | Unanswered:
        await post(poster, url, "127.0.0.9", "127.0.0.1")
        return await post(poster, url, "127.0.0.1")

    assert over_tls(tmp_path, receiver, HOST, lived) == Answer(204)
    assert [told.headers["host"] for told in receiver.told] == [f"{HOST}:{receiver.port}"] * 2
    assert receiver.connections == 1


def test_a_certificate_for_another_name_is_not_taken(tmp_path: Path) -> None:
    receiver = Receiver()

    async def lived(poster: Poster, url: str) -> Answer | Unanswered:
        return await post(poster, url, "127.0.0.1")

    assert over_tls(tmp_path, receiver, "other.example", lived) == "bad-certificate"
    assert receiver.told == []


def test_an_answer_that_never_ends_is_left_after_its_status(tmp_path: Path) -> None:
    """And what it says beside is not read: no body of a target's is as long as it likes."""
    endless = "200 OK\r\nX: y\r\n\r\n" + "x" * 300_000
    receiver = Receiver(lambda told: endless)

    async def lived(poster: Poster, url: str) -> Answer | Unanswered:
        async with asyncio.timeout(4):
            return await post(poster, url, "127.0.0.1")

    assert over_tls(tmp_path, receiver, HOST, lived) == Answer(200)


def test_in_a_network_of_ones_own_names_are_those_of_this_machine(dns: StubDns) -> None:
    listening = Listening()

    async def main() -> Answer | NoAnswer:
        hook = hook_at("http://localhost:5678/", allow_private=True)
        return await Target(hook, dns.resolver(), listening).post(b"{}", {})

    assert asyncio.run(main()) == Answer(204)
    assert "127.0.0.1" in listening.addresses[0]
