"""SPF: whether the domain of the envelope lets our letters come from where they come from
(RFC 7208). Pure.

Every term is read and counted, also those after the one that decides: a receiver that stops earlier
is luck. A record that asks for more than ten look-ups fails for everybody (section 4.6.4).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from engine.doctor.dmarc import alignment
from engine.doctor.world import Line, NotReached, Records, World, is_within, quoted, txt_line
from engine.words import N_, Words, words

MAX_LOOKUPS, MAX_VOID, MAX_MX = 10, 2, 10
MAX_TERMS = 60
"""Read of all records together: nobody is led astray for ever."""
Result = Literal["pass", "fail", "softfail", "neutral", "none", "permerror", "unknown"]
_QUALIFIERS: dict[str, Result] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(
    r"(?P<qualifier>[-+~?]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::(?P<value>.*?))??(?P<cidr>(?:/\d{1,3})?(?://\d{1,3})?)",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9._-]*)=(?P<value>.*)")
_MACRO = re.compile(r"%(?:\{([a-z])(\d{0,2})(r?)([-.+,/_=]*)\}|([%_-]))", re.IGNORECASE)
_NAMING = ("include", "a", "mx", "ptr", "exists", "redirect")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(slots=True)
class Reading:
    """What all records of a domain come to, for one address."""

    world: World
    ip: Address | None
    lookups: int = 0
    void: int = 0
    terms: int = 0
    faults: dict[str, Words] = field(default_factory=dict)
    included: dict[str, Result] = field(default_factory=dict)
    open_to_all: bool = False
    why_unknown: Words | None = None


def records_of(world: World, domain: str) -> list[str] | NotReached:
    answer = world.dns("txt", domain)
    if isinstance(answer, NotReached):
        return answer
    values = answer.values if isinstance(answer, Records) else ()
    return [value for value in values if value.lower().split(" ", 1)[0] == "v=spf1"]


def read_spf(world: World, domain: str, ip: Address | None = None) -> tuple[Result, Reading]:
    """`ip`: for which address; None to count alone."""
    reading = Reading(world, ip)
    return _of_domain(reading, domain, (domain,)), reading


def _of_domain(reading: Reading, domain: str, path: tuple[str, ...]) -> Result:
    records = records_of(reading.world, domain)
    if isinstance(records, NotReached):
        reading.why_unknown = reading.why_unknown or records.why
        return "unknown"
    if not records:
        return "none"
    if len(records) > 1:
        sentence = N_("{domain} has several SPF records: to receivers that is an error")
        reading.faults.setdefault("spf-several", words(sentence, domain=quoted(domain)))
        return "permerror"
    return _of_record(reading, domain, records[0], path)


def _of_record(reading: Reading, domain: str, record: str, path: tuple[str, ...]) -> Result:
    result: Result | None = None
    redirect, has_all = "", False
    for text in record.split()[1:]:
        reading.terms += 1
        if reading.terms > MAX_TERMS:
            break
        if modifier := _MODIFIER.fullmatch(text):
            if modifier["name"].lower() == "redirect":
                redirect = modifier["value"]
            continue
        term = _TERM.fullmatch(text)
        if term is None or not _is_whole(term):
            _say(reading, domain, text)
            result = result or "permerror"
            continue
        name = term["name"].lower()
        if name == "all":
            has_all = True
            reading.open_to_all |= len(path) == 1 and term["qualifier"] in ("", "+")
        if name == "ptr":
            sentence = N_("the SPF record of {domain} says ptr, which receivers no longer heed")
            reading.faults.setdefault("spf-ptr", words(sentence, domain=quoted(domain)))
        matches = _matches(reading, domain, term, path)
        if result is None and matches == "error":
            result = "permerror"
        elif result is None and matches == "yes":
            result = _QUALIFIERS[term["qualifier"] or "+"]
        elif result is None and matches == "unknown":
            result = "unknown"
    if redirect and not has_all:
        reading.lookups += 1
        target = _expanded(reading, redirect, domain)
        led = _target(reading, domain, target, path)
        return result or ("permerror" if led == "none" else led)
    return result or "neutral"


def _is_whole(term: re.Match[str]) -> bool:
    """Whether a mechanism has what it needs and no more."""
    name, value, cidr = term["name"].lower(), term["value"], term["cidr"]
    if name in ("include", "exists", "ip4", "ip6") and not value:
        return False
    if name in ("all", "include", "exists", "ptr") and cidr:
        return False
    if name == "all" and value is not None:
        return False
    if name in ("ip4", "ip6"):
        network = _network(value or "", cidr)
        return network is not None and network.version == (4 if name == "ip4" else 6)
    four, six = _prefixes(cidr)
    return four <= 32 and six <= 128


def _say(reading: Reading, domain: str, text: str) -> None:
    sentence = N_("the SPF record of {domain} has a part that is none: {text}")
    reading.faults.setdefault(
        "spf-syntax", words(sentence, domain=quoted(domain), text=quoted(text))
    )


Match = Literal["yes", "no", "unknown", "error"]


def _matches(reading: Reading, domain: str, term: re.Match[str], path: tuple[str, ...]) -> Match:
    name, ip = term["name"].lower(), reading.ip
    if name in _NAMING:
        reading.lookups += 1
    target = _expanded(reading, term["value"] or domain, domain)
    match name:
        case "all":
            return "yes"
        case "ip4" | "ip6":
            network = _network(term["value"] or "", term["cidr"])
            return "yes" if ip is not None and network is not None and ip in network else "no"
        case "include":
            led = _target(reading, domain, target, path)
            if led in ("none", "permerror"):
                return "error"
            return "yes" if led == "pass" else "unknown" if led == "unknown" else "no"
        case "a" | "exists":
            return _among(reading, _addresses(reading, target), term["cidr"], name)
        case "mx":
            answer = reading.world.dns("mx", target)
            if isinstance(answer, NotReached):
                reading.why_unknown = reading.why_unknown or answer.why
                return "unknown"
            hosts = answer.values[:MAX_MX] if isinstance(answer, Records) else ()
            if not hosts:
                reading.void += 1
            addresses = [one for host in hosts if host for one in _addresses(reading, host)]
            return _among(reading, addresses, term["cidr"], name)
        case _:
            return "no"


def _target(reading: Reading, domain: str, target: str, path: tuple[str, ...]) -> Result:
    if not target:
        return "unknown"
    values = {"domain": quoted(domain), "target": quoted(target)}
    if target in path or len(path) > MAX_LOOKUPS:
        sentence = N_("the SPF record of {domain} leads back to itself by {target}")
        reading.faults.setdefault("spf-circle", words(sentence, **values))
        led: Result = "permerror"
    else:
        led = _of_domain(reading, target, (*path, target))
    if led == "none":
        reading.void += 1
        sentence = N_("the SPF record of {domain} includes {target}, which has none: an error")
        reading.faults.setdefault("spf-include", words(sentence, **values))
    reading.included[target] = led
    return led


def _addresses(reading: Reading, name: str) -> list[str]:
    if not name:
        return []
    answer = reading.world.dns("addresses", name)
    if isinstance(answer, NotReached):
        reading.why_unknown = reading.why_unknown or answer.why
        return []
    if not isinstance(answer, Records):
        reading.void += 1
        return []
    return list(answer.values[:100])


def _among(reading: Reading, addresses: list[str], cidr: str, name: str) -> Match:
    if name == "exists":
        return "yes" if addresses else "no"
    if reading.ip is None:
        return "no"
    four, six = _prefixes(cidr)
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
            prefix = four if address.version == 4 else six
            if reading.ip in ipaddress.ip_network(f"{address}/{prefix}", strict=False):
                return "yes"
        except ValueError:
            continue
    return "no"


def _prefixes(cidr: str) -> tuple[int, int]:
    four, _, six = cidr.partition("//")
    return int(four.strip("/") or 32), int(six or 128)


def _network(value: str, cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(value + cidr, strict=False)
    except ValueError:
        return None


def _expanded(reading: Reading, text: str, domain: str) -> str:
    """The macros of section 7; "" where one stands for what is not known here."""
    if "%" not in text:
        return text.lower().rstrip(".")
    sender, ip = reading.world.us.sender, reading.ip
    if ip is None:
        return ""
    known = {
        "s": sender,
        "l": sender.rpartition("@")[0],
        "o": reading.world.us.envelope_domain,
        "d": domain,
        "h": reading.world.us.helo or domain,
        "v": "in-addr" if ip.version == 4 else "ip6",
        "i": str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", "")),
    }
    unknown = False

    def value(macro: re.Match[str]) -> str:
        nonlocal unknown
        letter, digits, backwards, delimiters, literal = macro.groups()
        if literal:
            return {"%": "%", "_": " ", "-": "%20"}[literal]
        if letter.lower() not in known:
            unknown = True
            return ""
        parts = re.split(f"[{re.escape(delimiters or '.')}]", known[letter.lower()])
        parts = parts[::-1] if backwards else parts
        return ".".join(parts[-int(digits) :] if digits and int(digits) else parts)

    name = _MACRO.sub(value, text).lower().rstrip(".")
    return "" if unknown else name


def check_spf(world: World) -> Iterator[Line]:
    us, domain = world.us, world.us.envelope_domain
    records = records_of(world, domain)
    if isinstance(records, NotReached):
        what = words(N_("the SPF record of {domain}: {why}"), domain=domain, why=records.why)
        yield Line("spf-unreachable", "unknown", what)
        return
    if not records:
        what = words(N_("{domain} has no SPF record"), domain=domain)
        yield Line("spf-missing", "fails", what, (txt_line(domain, _proposed(world)),))
        return
    counted = read_spf(world, domain)[1]
    faults = list(_faults(world, domain, records, counted))
    yield from faults
    broken = any(line.is_fault for line in faults)
    yield from _whether_ours(world, domain, records[0], counted, broken)
    if us.return_path and alignment(world, domain, "aspf") == "no":
        what = words(
            N_("SPF is asked of {domain}, which is of another organisation than {own}"),
            domain=domain,
            own=us.domain,
        )
        yield Line("spf-alignment", "fails", what, (f'[smtp] return_path = "bounces.{us.domain}"',))


def _faults(world: World, domain: str, records: list[str], counted: Reading) -> Iterator[Line]:
    for code, what in counted.faults.items():
        mends = (txt_line(domain, _mended(world, records, counted)),)
        yield Line(code, "fails", what, mends, optional=code == "spf-ptr")
    if counted.lookups > MAX_LOOKUPS:
        what = words(
            N_(
                "SPF of {domain} asks for {n} look-ups, of which receivers make at most {most}:"
                " leave out what no longer sends for you, or write its addresses"
            ),
            domain=domain,
            n=counted.lookups,
            most=MAX_LOOKUPS,
        )
        yield Line("spf-lookups", "fails", what, (txt_line(domain, _proposed(world)),))
    if counted.void > MAX_VOID:
        what = words(
            N_("SPF of {domain} names {n} places that do not exist; receivers allow {most}"),
            domain=domain,
            n=counted.void,
            most=MAX_VOID,
        )
        yield Line("spf-void", "fails", what, (txt_line(domain, _proposed(world)),))
    if counted.open_to_all:
        what = words(
            N_("the SPF record of {domain} lets everybody write in its name (+all)"), domain=domain
        )
        mended = re.sub(r"(?i)(^|\s)\+?all\b", r"\1~all", records[0])
        yield Line("spf-open", "fails", what, (txt_line(domain, mended),))
    elif not re.search(r"(?i)(?:\s[-~]all\b|\sredirect=)", records[0]):
        what = words(
            N_(
                "the SPF record of {domain} says nothing of everybody else: it ends without -all or"
                " ~all"
            ),
            domain=domain,
        )
        ended = re.sub(r"(?i)\s\?all\b", "", records[0]) + " ~all"
        yield Line("spf-no-end", "fails", what, (txt_line(domain, ended),))


def _whether_ours(
    world: World, domain: str, record: str, counted: Reading, broken: bool
) -> Iterator[Line]:
    us = world.us
    held = Line("spf", "holds", words(N_("SPF: {record}"), record=quoted(record)))
    for text in us.addresses:
        try:
            ip = ipaddress.ip_address(text)
        except ValueError:
            continue
        result, reading = read_spf(world, domain, ip)
        if result == "unknown" or (reading.why_unknown and result != "pass"):
            what = words(
                N_("whether SPF of {domain} allows {address}: {why}"),
                domain=domain,
                address=text,
                why=reading.why_unknown or words(N_("it depends on who receives them")),
            )
            yield Line("spf-unknown", "unknown", what)
        elif result not in ("pass", "permerror"):
            what = words(
                N_("SPF of {domain} does not allow {address}, from which letters leave"),
                domain=domain,
                address=text,
            )
            yield Line("spf-address", "fails", what, (txt_line(domain, _adding(world, record)),))
        elif not broken:
            yield held
    if us.addresses or broken:
        return
    if us.is_direct:
        what = words(N_("from which address letters leave is not known here"))
        yield Line("spf-unknown", "unknown", what, ('[doctor] ipv4 = "192.0.2.1"',))
    elif "." not in us.relay:
        what = words(N_("what SPF has to allow follows from the relay that letters go through"))
        yield Line("spf-no-relay", "unknown", what, ('[smtp] host = "smtp.example.org"',))
    elif any(_same_house(name, us.relay) for name in (*counted.included, *_named(record))):
        yield held
    else:
        what = words(
            N_(
                "whether SPF of {domain} names what {relay} sends from: it names the include: that"
                " belongs there"
            ),
            domain=domain,
            relay=us.relay,
        )
        yield Line("spf-relay", "unknown", what, (txt_line(domain, _adding(world, record)),))


def _named(record: str) -> list[str]:
    return [
        term["value"].lower()
        for term in map(_TERM.fullmatch, record.split()[1:])
        if term is not None and term["value"]
    ]


def _same_house(name: str, relay: str) -> bool:
    """Whether two hosts end in the same two labels."""
    return is_within(name, ".".join(relay.split(".")[-2:]))


def _ours(world: World) -> list[str]:
    """The mechanisms that let our letters through."""
    us = world.us
    if us.addresses:
        return [f"ip{6 if ':' in text else 4}:{text}" for text in us.addresses]
    return [f"include:{us.relay}"] if "." in us.relay else ["ip4:192.0.2.1"]


def _proposed(world: World) -> str:
    return " ".join(["v=spf1", *_ours(world), "~all"])


def _adding(world: World, record: str) -> str:
    first, *others = record.split()
    ours = [term for term in _ours(world) if term not in others]
    return " ".join([first, *ours, *others])


def _mended(world: World, records: list[str], counted: Reading) -> str:
    """One record with the parts that are right, in their order."""
    parts = dict.fromkeys(
        text
        for record in records
        for text in record.split()[1:]
        if (term := _TERM.fullmatch(text)) is not None
        and _is_whole(term)
        and term["name"].lower() not in ("all", "ptr")
        and counted.included.get((term["value"] or "").lower()) not in ("none", "permerror")
    )
    return " ".join(["v=spf1", *(parts or dict.fromkeys(_ours(world))), "~all"])
