"""All checks, by their subject, over what is known of the world. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.doctor.dmarc import check_dmarc
from engine.doctor.link_host import check_inbound, check_link
from engine.doctor.mail_exchangers import check_mailboxes
from engine.doctor.published_keys import check_dkim
from engine.doctor.receiving import check_brand, check_receiving
from engine.doctor.sending_host import check_blocklists, check_host, check_streams
from engine.doctor.spf import check_spf
from engine.doctor.world import Line, Question, Subject, Unanswered, World

CHECKS: Mapping[Subject, Callable[[World], Iterator[Line]]] = {
    "spf": check_spf,
    "dkim": check_dkim,
    "dmarc": check_dmarc,
    "mailbox": check_mailboxes,
    "host": check_host,
    "receiving": check_receiving,
    "brand": check_brand,
    "link": check_link,
    "inbound": check_inbound,
    "blocklist": check_blocklists,
    "stream": check_streams,
}
OF_EACH_STREAM: frozenset[Subject] = frozenset({"spf", "dkim", "dmarc", "mailbox", "receiving"})


@dataclass(frozen=True, slots=True)
class Examined:
    """`wanted`: what checks would like to know first; those have no lines yet."""

    lines: Mapping[Subject, tuple[Line, ...]]
    wanted: tuple[Question, ...] = ()


def examine(world: World, only: Collection[Subject] = ()) -> Examined:
    """`only`: of these subjects, () for all."""
    lines: dict[Subject, tuple[Line, ...]] = {}
    wanted: dict[Question, None] = {}
    for subject, check in CHECKS.items():
        if only and subject not in only:
            continue
        asked = [world]
        if world.us.service is not None and subject in OF_EACH_STREAM:
            asked.append(replace(world, us=world.us.service))
        try:
            # What is the same of both streams is said once.
            found = dict.fromkeys(line for one in asked for line in check(one))
            lines[subject] = tuple(found)
        except Unanswered as unanswered:
            wanted |= dict.fromkeys(unanswered.questions)
    return Examined(lines, tuple(wanted))
