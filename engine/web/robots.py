"""Whether a visit to a link may be a robot's, and whether the page may act by itself (C03). Pure; a
suspicion costs a person one button (C04).

Lists of robots are never complete: the modern scanners of mail gateways look like any browser and
run scripts. So time and company carry the weight: a page acts by itself only where no other link of
its letter was ever opened, by anybody, and only after a while in which that stays so.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

PATIENCE_SECONDS = 300
WAIT_SECONDS = 15.0
"""Wall-clock seconds for which a page shows its button before it acts by itself: more than the ten
of C03, for robots that come by every dozen.
"""
MAX_MEMOIZED_CHARACTERS = 400
MAX_WINDOW = 64


@dataclass(frozen=True, slots=True)
class Scanner:
    """Who looks at links before or instead of a person: what it calls itself in `User-Agent` or
    `Via`, and the hosts it leads people through.
    """

    name: str
    agents: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


SCANNERS = (
    Scanner(
        "Outlook Safe Links",
        (
            "safelinks",
            "ms-?office",
            "microsoft office",
            "microsoft outlook",
            "bingpreview",
            "skypeuri",
        ),
        (
            "safelinks.protection.outlook.com",
            "safelinks.protection.office365.us",
            "statics.teams.cdn.office.net",
        ),
    ),
    Scanner(
        "Proofpoint",
        ("proofpoint", "urldefense"),
        ("urldefense.com", "urldefense.proofpoint.com", "urldefense.us"),
    ),
    Scanner(
        "Mimecast", ("mimecast",), ("mimecast.com", "mimecastprotect.com", "mimecast-offshore.com")
    ),
    Scanner(
        "Barracuda",
        ("barracuda", "linkprotect"),
        ("linkprotect.cudasvc.com", "cudasvc.com", "barracudanetworks.com"),
    ),
    Scanner(
        "Trend Micro",
        ("trend ?micro", r"\btmes\b", r"\btmws\b"),
        ("trendmicro.com", "tmes.trendmicro.com", "imsva91-ctp.trendmicro.com"),
    ),
    Scanner(
        "Symantec",
        ("symantec", "messagelabs"),
        ("clicktime.symantec.com", "symanteccloud.com", "fireglass.com"),
    ),
    Scanner("Cisco", ("cisco", "ironport"), ("secure-web.cisco.com",)),
    Scanner(
        "Google",
        ("googleimageproxy", "google-safety", "googleweblight", "googlebot", "google-read-aloud"),
        ("googleusercontent.com",),
    ),
    Scanner("Sophos", ("sophos",), ("protection.sophos.com",)),
    Scanner("Trellix", ("fireeye", "trellix"), ("protect2.fireeye.com", "fireeye.com")),
    Scanner("Forcepoint", ("forcepoint", "websense"), ("forcepoint.com", "mailcontrol.com")),
    Scanner(
        "Fortinet",
        ("fortinet", "fortiguard", "fortimail"),
        ("fortisandbox.com", "fortimailcloud.com"),
    ),
    Scanner("Check Point", ("checkpoint", "avanan"), ("avanan.click", "avanan.net")),
    Scanner("Vade", ("vade",), ("vadesecure.com", "vadeprotect.com")),
    Scanner("Mailinblack", ("mailinblack",), ("mailinblack.com",)),
    Scanner("Zscaler", ("zscaler",), ("zscaler.net", "zscalertwo.net")),
    Scanner(
        "Hornetsecurity",
        ("hornetsecurity",),
        ("seclinks.cloud-security.net", "atpscan.global.hornetsecurity.com"),
    ),
    Scanner(
        "others that filter",
        (
            "netcraft",
            "phish",
            "virustotal",
            "bitdefender",
            "kaspersky",
            "cloudmark",
            "spam",
            "urlscan",
            "scanner",
        ),
    ),
    Scanner(
        "previews", ("preview", "yahoomailproxy", "facebookexternalhit", "whatsapp", "lighthouse")
    ),
    # "Cubot" is a make of telephone.
    Scanner("crawlers", (r"(?<!cu)bot\b", "crawl", "spider", "slurp")),
    Scanner(
        "browsers that are driven", ("headless", "phantomjs", "selenium", "puppeteer", "playwright")
    ),
    Scanner(
        "programs",
        (
            "curl",
            "wget",
            "python",
            "java/",
            "go-http",
            "okhttp",
            "libwww",
            "httpclient",
            "http_request",
            "axios",
            "node-fetch",
            "undici",
            "guzzle",
            "ruby",
            "perl",
            "php/",
            "aiohttp",
            "scrapy",
        ),
    ),
)
_AGENTS = re.compile(
    "|".join(agent for scanner in SCANNERS for agent in scanner.agents), re.IGNORECASE
)
_HOSTS = frozenset(host for scanner in SCANNERS for host in scanner.hosts)


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of one visit. `age`: wall-clock seconds since the server accepted the letter,
    None when it is not known to have.

    `others`: how many other links of the same letter were ever opened. `robot`: the letter was
    opened the way robots do, at any time: by one that says what it is, or from three networks
    within two minutes. `hurried`: its visitor opened other pages within seconds, lately.
    `too_often`: more than 30 a minute (C13). `gateway`: it comes by way of a filter.
    """

    age: float | None
    user_agent: str
    prefetched: bool = False
    others: int = 0
    too_often: bool = False
    pressed_before: bool = False
    robot: bool = False
    hurried: bool = False
    gateway: bool = False


def is_scanner(user_agent: str) -> bool:
    """A browser says what it is: nothing at all counts as a scanner too."""
    return (
        _is_scanner(user_agent)
        if len(user_agent) <= MAX_MEMOIZED_CHARACTERS
        else _is_scanner.__wrapped__(user_agent)
    )


@lru_cache(maxsize=1024)
def _is_scanner(user_agent: str) -> bool:
    """Most readers say the same as many others, and to look through it costs more than the rest of
    a page.
    """
    return not user_agent.strip() or _AGENTS.search(user_agent) is not None


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """`headers` by lower-case name. Somebody's browser, or a proxy in front of it, fetches ahead of
    any wish to see the page.
    """
    hints = (
        headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")
    )
    return any("prefetch" in value or "prerender" in value or "preview" in value for value in hints)


def is_by_gateway(headers: Mapping[str, str]) -> bool:
    """Whether a mail filter led here, or carries the visit: a person's too, who is asked for one
    press.
    """
    try:
        host = (
            urlsplit(headers.get("referer", "")[:MAX_MEMOIZED_CHARACTERS]).hostname or ""
        ).lower()
    except ValueError:
        host = ""
    names = host.split(".")
    return (
        any(".".join(names[n:]) in _HOSTS for n in range(len(names)))
        or _AGENTS.search(headers.get("via", "")[:MAX_MEMOIZED_CHARACTERS]) is not None
    )


def may_act_alone(visit: Visit) -> bool:
    """Every condition of C03 that a server can see, and one of ours: a link whose answer was given,
    and taken back, asks again.
    """
    return (
        visit.age is not None
        and visit.age >= PATIENCE_SECONDS
        and not is_scanner(visit.user_agent)
        and not visit.prefetched
        and visit.others == 0
        and not visit.too_often
        and not visit.pressed_before
        and not visit.robot
        and not visit.hurried
        and not visit.gateway
    )


@dataclass(frozen=True, slots=True)
class LoggedVisit:
    """A visit that waits for its verdict. `at`: wall-clock seconds. `letter` is the message id, ""
    for a link that is the same in everybody's letter. `withdraws`: the link unsubscribes. `visitor`
    and `network` tell one apart from another, "" where nobody can. `suspect`: by itself, before
    what else happens is looked at.
    """

    at: float
    letter: str
    link: str
    visitor: str
    network: str
    withdraws: bool = False
    suspect: bool = False


BURST_SECONDS, BURST_LINKS = 10.0, 3
WITHDRAWAL_SECONDS = 60.0
SPREAD_SECONDS, SPREAD_NETWORKS = 120.0, 3
VERDICT_SECONDS = SPREAD_SECONDS
"""After so many wall-clock seconds nothing that comes changes what a visit is taken for."""


def presumed_human(visits: Sequence[LoggedVisit]) -> list[bool]:
    """Of each visit, whether nothing suggests a robot: in its letter, or of its visitor, three
    different links within ten seconds, or one that unsubscribes and another within a minute; in its
    letter, three networks within two minutes. Whoever takes part in one of these is suspected for
    all visits in the log.
    """
    letters: dict[str, list[LoggedVisit]] = {}
    visitors: dict[str, list[LoggedVisit]] = {}
    for visit in sorted(visits, key=lambda visit: visit.at):
        if visit.letter:
            letters.setdefault(visit.letter, []).append(visit)
        if visit.visitor:
            visitors.setdefault(visit.visitor, []).append(visit)
    robots_letters = {
        letter for letter, opened in letters.items() if _is_burst(opened) or _is_spread(opened)
    }
    robots = {visitor for visitor, opened in visitors.items() if _is_burst(opened)}
    return [
        not (visit.suspect or visit.letter in robots_letters or visit.visitor in robots)
        for visit in visits
    ]


def _is_burst(visits: Sequence[LoggedVisit]) -> bool:
    return any(
        len({(visit.letter, visit.link) for visit in window}) >= BURST_LINKS
        for window in _windows(visits, BURST_SECONDS)
    ) or any(
        len({visit.withdraws for visit in window}) == 2
        for window in _windows(visits, WITHDRAWAL_SECONDS)
    )


def _is_spread(visits: Sequence[LoggedVisit]) -> bool:
    return any(
        len({visit.network for visit in window} - {""}) >= SPREAD_NETWORKS
        for window in _windows(visits, SPREAD_SECONDS)
    )


def _windows(visits: Sequence[LoggedVisit], seconds: float) -> Iterator[Sequence[LoggedVisit]]:
    """For each visit, those up to it that came at most so many seconds before, the latest few:
    more decide nothing.
    """
    window: deque[LoggedVisit] = deque(maxlen=MAX_WINDOW)
    for visit in visits:
        window.append(visit)
        while visit.at - window[0].at > seconds:
            window.popleft()
        yield window
