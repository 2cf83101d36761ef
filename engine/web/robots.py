"""Whether a visit to a link may be a robot's, and whether the page may act by itself (C03). Pure; a suspicion costs a person one button (C04).

Lists of robots are never complete: the modern scanners of mail gateways look like any browser, so time is the condition that carries the weight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

PATIENCE_SECONDS = 300
USUAL = 400
# Known scanners, previews, crawlers and programs, by what they call themselves. "Cubot" is a make of telephone.
_SCANNERS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|scanner|urlscan|headless|phantomjs|selenium|puppeteer|playwright|lighthouse|"
    r"barracuda|mimecast|proofpoint|safelinks|ms-?office|microsoft office|microsoft outlook|symantec|messagelabs|trend ?micro|fireeye|trellix|"
    r"zscaler|forcepoint|websense|sophos|checkpoint|avanan|ironport|cisco|vade|mailinblack|netcraft|phish|virustotal|bitdefender|kaspersky|"
    r"fortinet|fortiguard|cloudmark|spam|googleimageproxy|yahoomailproxy|google-safety|googleweblight|facebookexternalhit|whatsapp|skypeuri|"
    r"curl|wget|python|java/|go-http|okhttp|libwww|httpclient|http_request|axios|node-fetch|undici|guzzle|ruby|perl|php/|aiohttp|scrapy",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of one visit. `age`: wall-clock seconds since the server accepted the letter, None when it is not known to have.

    `others`: how many other links of the same letter were fetched within ten seconds. `too_often`: more than 30 a minute (C13).
    """

    age: float | None
    user_agent: str
    prefetched: bool = False
    others: int = 0
    too_often: bool = False
    pressed_before: bool = False


def is_scanner(user_agent: str) -> bool:
    """A browser says what it is: nothing at all counts as a scanner too."""
    return _is_scanner(user_agent) if len(user_agent) <= USUAL else _is_scanner.__wrapped__(user_agent)


@lru_cache(maxsize=1024)
def _is_scanner(user_agent: str) -> bool:
    """Most readers say the same as many others, and to look through it costs more than the rest of a page."""
    return not user_agent.strip() or _SCANNERS.search(user_agent) is not None


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """`headers` by lower-case name. Somebody's browser, or a proxy in front of it, fetches ahead of any wish to see the page."""
    said = (headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return any("prefetch" in value or "prerender" in value or "preview" in value for value in said)


def may_act_alone(visit: Visit) -> bool:
    """Every condition of C03 that a server can see, and one of ours: a link whose answer was given, and taken back, asks again."""
    return (
        visit.age is not None
        and visit.age >= PATIENCE_SECONDS
        and not is_scanner(visit.user_agent)
        and not visit.prefetched
        and visit.others == 0
        and not visit.too_often
        and not visit.pressed_before
    )
