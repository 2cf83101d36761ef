"""Which host the words of a link name, and whether the link leads there: the one door to the Public
Suffix List (publicsuffix.org, in the package).

The words are compared with the link's target so that nobody reads one address and is led to
another. Only the host is compared: its owner answers for its paths.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from publicsuffixlist import PublicSuffixList

_DOTS = re.compile("[\u3002\uff0e\uff61]")
_ADDRESS_IN_WORDS = re.compile(r"(?:https?://|www\.)[^\s<>\"'()]+", re.I)
_ONE_TOKEN = re.compile(r"(?:[\w-]+\.)+[^\W_][\w-]*\.?(?::\d+)?(?:[/?#]\S*)?")
_AROUND = re.compile(
    r"^[\W_]+|(?<![^\w/])[^\w/]+$"
)  # arrows, quotes and stops around a link's words
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
# Endings of file names that are also top-level domains.
_FILE_ENDINGS = frozenset({"zip", "mov", "md", "py", "ps"})
_NAMES_OF_PRODUCTS = frozenset({"asp.net", "ado.net", "vb.net"})
_LONGEST_IN_CAPITALS = 4


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def hosts_named(words: str) -> tuple[str, ...]:
    """The hosts that `words` plainly name: addresses with `https://` or `www.`, or words that are
    one host and nothing else.

    `Node.js`, `guide.pdf` and `M.Dupont` name none.
    """
    plain = _AROUND.sub("", _DOTS.sub(".", normalize("NFKC", words)))
    addresses = _ADDRESS_IN_WORDS.findall(plain)
    if (
        not addresses
        and _ONE_TOKEN.fullmatch(plain)
        and _ends_like_a_host(re.split(r"[/?#:]", plain)[0].rstrip("."))
    ):
        addresses = [plain]
    return tuple(host for address in addresses if (host := host_of(address.rstrip(".,;:!?"))))


def _ends_like_a_host(name: str) -> bool:
    """Whether the last label, as it is written, is a top-level domain: `Booking.com`,
    `BOOKING.COM`, but no surname after an initial.
    """
    if _IPV4.fullmatch(name):
        return True
    last = name.rpartition(".")[2]
    if (
        last.lower() in _FILE_ENDINGS
        or name.lower() in _NAMES_OF_PRODUCTS
        or (last != last.lower() and len(last) > _LONGEST_IN_CAPITALS)
    ):
        return False
    return _suffixes().publicsuffix(last.lower()) is not None


def host_of(address: str) -> str:
    """The host of an address with or without its scheme, in small letters, without `www.`; empty
    where there is none.
    """
    whole = address if re.match(r"[a-z][a-z+.-]*://", address, re.I) else f"https://{address}"
    try:
        host = urlsplit(whole).hostname or ""
    except ValueError:
        return ""
    host = normalize("NFKC", unquote(host)).rstrip(".").removeprefix("www.")
    try:
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return host


def leads_there(host: str, href: str) -> bool:
    """Whether `href` leads to `host`, or to another host of the same registrable domain."""
    led_to = host_of(href)
    owner = _suffixes().privatesuffix(host)
    return host == led_to or (owner is not None and owner == _suffixes().privatesuffix(led_to))
