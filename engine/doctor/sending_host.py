"""The host letters leave from, where Relance sends by itself: its address has a name that leads
back to it (PTR), it greets by a name that exists (HELO), and no list that the operator names holds
it (A47). Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from engine.doctor.mail_exchangers import is_inward
from engine.doctor.spf import read_spf, records_of
from engine.doctor.world import (
    Dns,
    Line,
    Nothing,
    NotReached,
    Records,
    World,
    quoted,
    txt_line,
)
from engine.words import N_, words

_HOST_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+")


def check_host(world: World) -> Iterator[Line]:
    """A relay's own host is the relay's business."""
    if not world.us.is_direct:
        return
    yield from _check_helo(world)
    addresses = [text for text in world.us.addresses if not is_inward(text)]
    world.need(*(Dns("ptr", text) for text in addresses))
    for text in addresses:
        yield from _check_ptr(world, text)
    if not addresses:
        what = words(
            N_("from which address letters leave is not known here, so neither is its name")
        )
        yield Line("ptr-unknown", "unknown", what, ('[doctor] ipv4 = "192.0.2.1"',))


def _check_ptr(world: World, text: str) -> Iterator[Line]:
    address = ipaddress.ip_address(text)
    helo = world.us.helo or f"mail.{world.us.domain}"
    mends = (f"{address.reverse_pointer}. IN PTR {helo}.",)
    answer = world.dns("ptr", text)
    if isinstance(answer, NotReached):
        what = words(N_("the name of {address}: {why}"), address=text, why=answer.why)
        yield Line("ptr-unreachable", "unknown", what)
        return
    if isinstance(answer, Nothing):
        what = words(
            N_(
                "{address}, from which letters leave, has no name (PTR): ask whoever gave you the"
                " address"
            ),
            address=text,
        )
        yield Line("ptr-missing", "fails", what, mends)
        return
    names = answer.values[:5]
    forward = [world.dns("addresses", name) for name in names]
    if all(isinstance(found, NotReached) for found in forward):
        what = words(
            N_("whether {name} leads back to {address} is not known"),
            address=text,
            name=quoted(names[0]),
        )
        yield Line("ptr-unreachable", "unknown", what)
        return
    if not any(isinstance(found, Records) and _holds(found.values, address) for found in forward):
        kind = "A" if address.version == 4 else "AAAA"
        what = words(
            N_("{address} is called {name}, which does not lead back to it"),
            address=text,
            name=quoted(names[0]),
        )
        line = f"{names[0] if _HOST_NAME.fullmatch(names[0]) else helo}. IN {kind} {text}"
        yield Line("ptr-not-confirmed", "fails", what, (line,))
        return
    what = words(
        N_("{address} is called {name}, and that leads back to it"),
        address=text,
        name=quoted(names[0]),
    )
    yield Line("ptr", "holds", what)


def _holds(values: tuple[str, ...], address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    for value in values:
        try:
            if ipaddress.ip_address(value) == address:
                return True
        except ValueError:
            continue
    return False


def _check_helo(world: World) -> Iterator[Line]:
    us, helo = world.us, world.us.helo
    mend = (f'[direct] helo = "mail.{us.domain}"',)
    if not _HOST_NAME.fullmatch(helo):
        what = words(N_("we greet as {helo}, which is no full host name"), helo=quoted(helo) or "…")
        yield Line("helo-name", "fails", what, mend)
        return
    answer = world.dns("addresses", helo)
    if isinstance(answer, NotReached):
        what = words(N_("the name we greet by, {helo}: {why}"), helo=helo, why=answer.why)
        yield Line("helo-unreachable", "unknown", what)
        return
    own = tuple(text for text in us.addresses if not is_inward(text))
    if isinstance(answer, Nothing):
        what = words(N_("we greet as {helo}, which has no address"), helo=helo)
        lines = tuple(_address_line(helo, text) for text in own or ("192.0.2.1",))
        yield Line("helo-unknown", "fails", what, lines)
        return
    strange = [text for text in own if not _holds(answer.values, ipaddress.ip_address(text))]
    if strange:
        what = words(
            N_("we greet as {helo}, which is not the name of {address}"),
            helo=helo,
            address=strange[0],
        )
        yield Line("helo-other", "fails", what, (_address_line(helo, strange[0]),), optional=True)
    else:
        yield Line("helo", "holds", words(N_("we greet as {helo}, which exists"), helo=helo))
    yield from _check_helo_spf(world, own)


def _check_helo_spf(world: World, own: tuple[str, ...]) -> Iterator[Line]:
    """The name's own record, where it has one, lets our address greet by it (A45)."""
    helo = world.us.helo
    records = records_of(world, helo)
    if isinstance(records, NotReached) or not records:
        return
    for text in own:
        result, _reading = read_spf(world, helo, ipaddress.ip_address(text))
        if result in ("fail", "softfail", "permerror"):
            what = words(
                N_("the SPF record of {helo} does not let {address} greet by that name"),
                helo=helo,
                address=text,
            )
            yield Line("helo-spf", "fails", what, (txt_line(helo, "v=spf1 a -all"),))


def _address_line(name: str, text: str) -> str:
    return f"{name}. IN {'AAAA' if ':' in text else 'A'} {text}"


def check_blocklists(world: World) -> Iterator[Line]:
    """Lists that the operator names (RFC 5782); of none other anything is asked."""
    addresses = [text for text in world.us.addresses if not is_inward(text)]
    if world.us.blocklists and not addresses:
        what = words(N_("from which address letters leave is not known here: no list is asked"))
        yield Line("blocklist-unknown", "unknown", what, ('[doctor] ipv4 = "192.0.2.1"',))
    asked = [
        (text, named, _listed_name(text, named))
        for text in addresses
        for named in world.us.blocklists
    ]
    world.need(*(Dns("addresses", name) for _text, _named, name in asked))
    for text, named, name in asked:
        answer = world.dns("addresses", name)
        values = {"address": text, "list": named}
        if isinstance(answer, NotReached):
            what = words(N_("whether {list} holds {address} is not known"), **values)
            yield Line("blocklist-unreachable", "unknown", what)
        elif isinstance(answer, Nothing):
            what = words(N_("{list} does not hold {address}"), **values)
            yield Line("blocklist", "holds", what)
        elif all(
            value.startswith("127.255.255.") or not value.startswith("127.")
            for value in answer.values
        ):
            what = words(
                N_("{list} does not answer this name server: ask it through one of your own"),
                **values,
            )
            yield Line("blocklist-refuses", "unknown", what)
        else:
            what = words(
                N_("{list} holds {address}: it says why on its page, and how to be taken off"),
                **values,
            )
            yield Line("blocklist-listed", "fails", what, (f"https://{named}/",))


def _listed_name(text: str, named: str) -> str:
    address = ipaddress.ip_address(text)
    return f"{address.reverse_pointer.rsplit('.', 2)[0]}.{named}"


def check_streams(world: World) -> Iterator[Line]:
    """Mails that people asked for are judged apart from the rest only under a domain and a key of
    their own (A51).
    """
    us, service = world.us, world.us.service
    if service is None:
        return
    values = {"domain": us.domain, "service": service.domain}
    if us.domain == service.domain:
        what = words(
            N_("both streams write from {domain}: mailbox providers judge them as one"), **values
        )
        mends = (f'[stream.transactional] from = "service@service.{us.domain}"',)
        yield Line("stream-domain", "fails", what, mends, optional=True)
    elif us.dkim_domain and us.dkim_domain == service.dkim_domain:
        what = words(
            N_("both streams are signed for {domain}: mailbox providers judge them as one"),
            domain=us.dkim_domain,
        )
        mends = (f'[stream.transactional] domain = "{service.domain}"',)
        yield Line("stream-signature", "fails", what, mends, optional=True)
    else:
        what = words(N_("the streams are judged apart: {domain}, {service}"), **values)
        yield Line("stream", "holds", what)
