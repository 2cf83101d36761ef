"""Whether mail arrives at the addresses letters name: where they come from, where replies go, and
where what cannot be delivered returns to (A11). Pure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Literal, NamedTuple

from engine.doctor.world import (
    Answered,
    Dns,
    Line,
    NotReached,
    Page,
    Records,
    Seen,
    World,
    quoted,
)
from engine.words import N_, Words, words

MAX_HOSTS = 5
Role = Literal["from", "reply-to", "return-path"]
ROLES: dict[Role, Words] = {
    "from": words(N_("letters come from {address}")),
    "reply-to": words(N_("replies go to {address}")),
    "return-path": words(N_("what cannot be delivered returns to {address}")),
}


class Place(NamedTuple):
    role: Role
    address: str


def places(world: World) -> tuple[Place, ...]:
    us = world.us
    found = [Place("from", us.sender)]
    if us.reply_to and us.reply_to != us.sender:
        found.append(Place("reply-to", us.reply_to))
    if us.return_path:
        found.append(Place("return-path", f"bounce@{us.return_path}"))
    return tuple(found)


def check_mailboxes(world: World) -> Iterator[Line]:
    world.need(*(Dns("mx", place.address.rpartition("@")[2]) for place in places(world)))
    for place in places(world):
        yield from _of_place(world, place)
    if world.us.url:
        yield from _of_site(world)


def _of_site(world: World) -> Iterator[Line]:
    """Whether there is a site behind the domain letters come from, as French providers ask."""
    domain = world.us.domain
    urls = (f"https://{domain}/", f"https://www.{domain}/")
    world.need(*map(Page, urls))
    seen = [world.page(url) for url in urls]
    if any(isinstance(page, Seen) and page.status < 400 for page in seen):
        yield Line("site", "holds", words(N_("{domain} has a site"), domain=domain))
    elif not all(isinstance(page, NotReached) for page in seen):
        what = words(
            N_("no site answers at {domain}, and some providers look for one"), domain=domain
        )
        yield Line("site-missing", "fails", what, (f"https://{domain}/",), optional=True)
    else:
        what = words(N_("whether {domain} has a site is not known from here"), domain=domain)
        yield Line("site-unknown", "unknown", what)


def _of_place(world: World, place: Place) -> Iterator[Line]:
    role, address = place
    domain = address.rpartition("@")[2]
    about = Words(ROLES[role].message, (("address", address),))
    exchangers = world.dns("mx", domain)
    mends = (f"{domain}. IN MX 10 {_mail_host(world, domain)}.",)

    def line(code: str, sentence: str, *more: str, **values: str | int) -> Line:
        return Line(
            f"{role}-{code}",
            "fails",
            words(sentence, about=about, domain=domain, **values),
            more or mends,
        )

    if isinstance(exchangers, NotReached):
        what = words(N_("{about}; its mail servers: {why}"), about=about, why=exchangers.why)
        yield Line(f"{role}-unreachable", "unknown", what)
        return
    if isinstance(exchangers, Records):
        hosts = exchangers.values[:MAX_HOSTS]
        if "" in hosts:
            yield line("null-mx", N_("{about}, and {domain} says that it takes no mail (MX 0 .)"))
            return
    else:
        hosts = (domain,)
    literal = [host for host in hosts if _is_literal(host)]
    if literal:
        yield line(
            "mx-number",
            N_("{about}, and {domain} names a number as its mail server: {host}"),
            host=quoted(literal[0]),
        )
        return
    world.need(*(Dns("addresses", host) for host in hosts))
    found = {host: world.dns("addresses", host) for host in hosts}
    if all(isinstance(answer, NotReached) for answer in found.values()):
        what = words(
            N_("{about}; its mail servers: {why}"),
            about=about,
            why=next(answer.why for answer in found.values() if isinstance(answer, NotReached)),
        )
        yield Line(f"{role}-unreachable", "unknown", what)
        return
    reachable = [host for host, answer in found.items() if isinstance(answer, Records)]
    gone = [host for host, answer in found.items() if not isinstance(answer, Records | NotReached)]
    if not reachable:
        if isinstance(exchangers, Records):
            yield line(
                "mx-gone",
                N_("{about}, and the mail server of {domain} has no address: {host}"),
                f"{_shown(gone[0])}. IN A 192.0.2.1",
                host=quoted(gone[0]),
            )
        else:
            yield line("no-mx", N_("{about}, and {domain} has no mail server"))
        return
    if gone:
        what = words(
            N_("a mail server of {domain} has no address: {host}"),
            domain=domain,
            host=quoted(gone[0]),
        )
        more = (f"{_shown(gone[0])}. IN A 192.0.2.1",)
        yield Line(f"{role}-mx-partly-gone", "fails", what, more, optional=True)
    inward = [host for host in reachable if _is_inward(found[host])]
    if len(inward) == len(reachable):
        yield line(
            "mx-inward",
            N_(
                "{about}, and the mail server of {domain} is at an address that"
                " nobody reaches from outside: {host}"
            ),
            f"{_shown(inward[0])}. IN A 192.0.2.1",
            host=quoted(inward[0]),
        )
        return
    yield from _of_mailbox(world, place, about, tuple(reachable))


def _of_mailbox(world: World, place: Place, about: Words, hosts: tuple[str, ...]) -> Iterator[Line]:
    role, address = place
    answer = world.mailbox(address, hosts)
    if isinstance(answer, NotReached):
        what = words(
            N_("{about}; whether that mailbox takes mail cannot be tried from here: {why}"),
            about=about,
            why=answer.why,
        )
        yield Line(f"{role}-unprobed", "unknown", what)
    elif isinstance(answer, Answered) and 200 <= answer.code < 300:
        yield Line(
            f"{role}", "holds", words(N_("{about}, and its mailbox takes mail"), about=about)
        )
    elif 500 <= answer.code < 600:
        what = words(
            N_("{about}, and its mail server refuses it: {reply}"),
            about=about,
            reply=quoted(f"{answer.code} {answer.text}"),
        )
        mends = (
            ('[inbound] smtp = "0.0.0.0:25"',)
            if role == "return-path"
            else (f'[site] {"from" if role == "from" else "reply_to"} = "bonjour@…"',)
        )
        yield Line(f"{role}-refused", "fails", what, mends)
    else:
        what = words(
            N_("{about}; its mail server says later: {reply}"),
            about=about,
            reply=quoted(f"{answer.code} {answer.text}"),
        )
        yield Line(f"{role}-later", "unknown", what)


def _mail_host(world: World, domain: str) -> str:
    helo = world.us.helo
    return helo if "." in helo and helo != domain else f"mail.{world.us.domain or domain}"


def _shown(host: str) -> str:
    return "".join(c for c in host if c.isalnum() or c in ".-_")[:253]


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_inward(answer: object) -> bool:
    return isinstance(answer, Records) and all(is_inward(text) for text in answer.values)


def is_inward(text: str) -> bool:
    """Whether nobody reaches this address from outside."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    return address.is_private or address.is_loopback or address.is_link_local
