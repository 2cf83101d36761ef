"""Whether a visit to a link may be a robot's, and whether the page may act by itself (C03). Pure; a
suspicion costs a person one button (C04).

Lists of robots are never complete: the modern scanners of mail gateways look like any browser and
run scripts. So time and company carry the weight: a page acts by itself only where no other link of
its letter was ever opened, by anybody, and only after a while in which that stays so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

PATIENCE_SECONDS = 300
WAIT_SECONDS = 15.0
"""Wall-clock seconds for which a page shows its button before it acts by itself: more than the ten
of C03, for robots that come by every dozen.
"""
MAX_MEMOIZED_CHARACTERS = 400


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
