"""Which servers take the mail of a domain (RFC 5321 5.1), or why none does: an answer of our own,
as a server's would be.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.dns.resolver import (
    Address,
    Found,
    Mx,
    NoRecords,
    NoSuchName,
    Resolver,
    Unreachable,
    is_null_mx,
)
from engine.sending.envelope import Delivery
from engine.sending.mta_sts import Policy
from engine.sending.replies import Reply, classify

NO_MAIL = Reply(556, "5.1.10", "The domain says that it takes no mail (not sent).")
NO_DOMAIN_NOW = Reply(450, "4.1.2", "The domain does not exist for now (not sent).")
NO_DOMAIN = Reply(550, "5.1.2", "The domain has not existed for a day (not sent).")
NO_SERVER = Reply(550, "5.4.4", "The domain has no server for mail (not sent).")
NOT_PROVEN = Reply(
    451, "4.7.5", "The server does not prove who it is as its domain asks (not sent)."
)
ONLY_IPV6 = Reply(451, "4.4.1", "The server is reached by IPv6 alone, which is off (not sent).")
NO_ANSWER = Reply(451, "4.4.3", "The DNS does not say where mail for the domain goes (not sent).")


@dataclass(frozen=True, slots=True)
class MailExchange:
    """The servers that mail for some domains goes to, by preference and name. `secure`: the DNS was
    validated so far. `policy`: what these domains ask for by MTA-STS.
    """

    hosts: tuple[Mx, ...]
    secure: bool
    policy: Policy | None = None

    def in_order(self) -> list[str]:
        """The best first; among equals another one each time."""
        tried = sorted(self.hosts, key=lambda mx: (mx.preference, random.random()))
        return [mx.host for mx in tried]


async def exchange_of(domain: str, resolver: Resolver) -> MailExchange | Reply:
    """Trouble with the DNS is never an answer about the domain: NO_ANSWER is for a while."""
    answer = await resolver.mx(domain)
    match answer:
        case Found(records=records) if is_null_mx(records):
            return NO_MAIL
        case Found(records=records, secure=secure):
            hosts = sorted(set(records), key=lambda mx: (mx.preference, mx.host))
            return MailExchange(tuple(mx for mx in hosts if mx.host), secure)
        case NoSuchName():
            return NO_DOMAIN_NOW
        case Unreachable():
            return NO_ANSWER
    match await resolver.addresses(domain):
        case Found():
            return MailExchange((Mx(0, domain),), isinstance(answer, NoRecords) and answer.secure)
        case Unreachable():
            return NO_ANSWER
        case NoSuchName():
            return NO_DOMAIN_NOW
    return NO_SERVER


ATTEMPTS_IN_A_DAY = 9


def last_word(delivery: Delivery, attempt: int) -> Delivery:
    """A domain may be missing by a mistake of a day (a registration that was not renewed in time):
    once it is still missing at the attempt that comes after 24 hours, the address is dead.
    """
    if attempt >= ATTEMPTS_IN_A_DAY and delivery.reply == NO_DOMAIN_NOW:
        return delivery._replace(reply=NO_DOMAIN, verdict=classify(delivery.stage, NO_DOMAIN))
    return delivery


def can_be_a_server(address: Address) -> bool:
    """Nobody's mail is taken by this machine or by everyone: such a record is a mistake, or meant
    to make us talk to ourselves.
    """
    return not (
        address.is_loopback
        or address.is_unspecified
        or address.is_multicast
        or address.is_link_local
        or address.is_reserved
    )
