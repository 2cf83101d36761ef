"""A name server on loopback that answers from a dictionary, over UDP and TCP, with faults."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from enum import StrEnum, auto
from typing import Self, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from engine.dns.resolver import DnsResolver

MAX_CHAIN = 8


class Fault(StrEnum):
    """What a server does instead of answering, given as a name's records of one type, or as "*"
    for all.
    """

    SERVFAIL = auto()
    REFUSED = auto()
    SILENT = auto()  # no answer at all


Records = Sequence[str] | Fault
Zone = Mapping[str, Mapping[str, Records]]


class StubDns:
    """`zone`: name -> type -> records as a zone file writes them, with final dots:

        {"example.fr": {"MX": ["10 mx.example.fr."], "TXT": ['"v=spf1 -all"']}}

    What it holds may be changed while the server runs, and so may `zone` itself. A name that is not
    there, and beneath which nothing is, is no such name. `secure`: whether answers carry the AD
    bit, or of which names they do. `ttl`: of all records, in seconds. `truncated`: names whose UDP
    answers are cut, so that they are asked for by TCP. `everything`: what it does whatever is
    asked. `questions`: what was asked, in order: (name, type, "udp" or "tcp").
    """

    def __init__(
        self,
        zone: Zone,
        *,
        secure: bool | Collection[str] = False,
        ttl: int = 300,
        truncated: Sequence[str] = (),
    ) -> None:
        self.zone, self.secure, self.ttl, self.truncated = zone, secure, ttl, truncated
        self.everything: Fault | None = None
        self.questions: list[tuple[str, str, str]] = []
        self.host, self.port = "127.0.0.1", 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="stub dns", daemon=True)
        self._started = threading.Event()

    @property
    def address(self) -> str:
        """As config.toml writes a name server."""
        return f"{self.host}:{self.port}"

    def resolver(self, *, timeout: float = 0.2, lifetime: float = 0.5) -> DnsResolver:
        return DnsResolver([self.host], self.port, timeout=timeout, lifetime=lifetime)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _serve(self) -> None:
        with closing(self._loop):
            for_udp, for_tcp = _free_sockets()
            self.port = for_tcp.getsockname()[1]
            transport, _ = self._loop.run_until_complete(
                self._loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=for_udp)
            )
            server = self._loop.run_until_complete(
                asyncio.start_server(self._connected, sock=for_tcp)
            )
            self._started.set()
            self._loop.run_forever()
            transport.close()
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0.01))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                answer = self.answer(await reader.readexactly(length), "tcp")
                if answer is not None:
                    writer.write(len(answer).to_bytes(2) + answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    def answer(self, octets: bytes, transport: str) -> bytes | None:
        """The answer to a question, both as on the wire; None for none."""
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name, kind = _key(question.name), dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind, transport))
        response = cast(dns.message.QueryMessage, dns.message.make_response(query))
        secure = self.secure if isinstance(self.secure, bool) else name in self.secure
        response.flags |= dns.flags.RA | (dns.flags.AD if secure else 0)
        if transport == "udp" and name in self.truncated:
            response.flags |= dns.flags.TC
            return response.to_wire()
        fault = self.everything or self._fill(response, name, kind)
        if fault is Fault.SILENT:
            return None
        if fault is not None:
            response.set_rcode(dns.rcode.from_text(fault.upper()))
        try:
            return response.to_wire(max_size=query.payload if transport == "udp" else 65_535)
        except dns.exception.TooBig:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> Fault | None:
        for _ in range(MAX_CHAIN):
            records = self._records(name, kind)
            if isinstance(records, Fault):
                return records
            if records:
                response.answer.append(self._rrset(name, kind, records))
                return None
            alias = self._records(name, "CNAME")
            if not alias or isinstance(alias, Fault):
                break
            response.answer.append(self._rrset(name, "CNAME", alias))
            name = _key(dns.name.from_text(alias[0]))
        if not self._exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        soa = f"ns.invalid. hostmaster.invalid. 1 60 60 60 {self.ttl}"
        response.authority.append(self._rrset(name.partition(".")[2], "SOA", [soa]))
        return None

    def _records(self, name: str, kind: str) -> Records:
        here = self.zone.get(name, {})
        return here.get(kind, here.get("*", ()))

    def _exists(self, name: str) -> bool:
        return any(known == name or known.endswith(f".{name}") for known in self.zone)

    def _rrset(self, name: str, kind: str, records: Sequence[str]) -> dns.rrset.RRset:
        return dns.rrset.from_text_list(f"{name}.", self.ttl, "IN", kind, records)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: StubDns) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        answer = self._server.answer(data, "udp")
        if answer is not None:
            self._transport.sendto(answer, addr)


def _key(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().rstrip(".")


def _free_sockets() -> tuple[socket.socket, socket.socket]:
    """For UDP and TCP, of the same number."""
    for _ in range(20):
        for_tcp = socket.create_server(("127.0.0.1", 0))
        for_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            for_udp.bind(for_tcp.getsockname())
        except OSError:
            for_tcp.close()
            for_udp.close()
        else:
            for_udp.setblocking(False)
            return for_udp, for_tcp
    raise OSError("no number is free for both UDP and TCP")
