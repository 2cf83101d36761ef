"""What a domain that receives mail says of how it is to be reached (MTA-STS, RFC 8461; TLS-RPT,
RFC 8460), and of its picture (BIMI). All of it may be left out; what is there has to be right.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from engine.doctor.dmarc import tags_of, walk
from engine.doctor.world import (
    BadCertificate,
    Dns,
    Line,
    NotReached,
    Records,
    Seen,
    World,
    quoted,
    txt_line,
)
from engine.words import N_, words

MODES = ("enforce", "testing", "none")


def _domains(world: World) -> tuple[str, ...]:
    us = world.us
    return tuple(dict.fromkeys([us.domain, *([us.return_path] if us.return_path else [])]))


def _one(world: World, name: str, version: str) -> list[str] | NotReached:
    answer = world.dns("txt", name)
    if isinstance(answer, NotReached):
        return answer
    values = answer.values if isinstance(answer, Records) else ()
    return [value for value in values if value.replace(" ", "").startswith(f"v={version}")]


def check_receiving(world: World) -> Iterator[Line]:
    for domain in _domains(world):
        world.need(Dns("txt", f"_mta-sts.{domain}"), Dns("txt", f"_smtp._tls.{domain}"))
        yield from _check_sts(world, domain)
        yield from _check_reports(world, domain)


def _check_sts(world: World, domain: str) -> Iterator[Line]:
    records = _one(world, f"_mta-sts.{domain}", "STSv1")
    line = txt_line(f"_mta-sts.{domain}", f"v=STSv1; id={world.now}")
    if isinstance(records, NotReached):
        return
    if not records:
        what = words(N_("{domain} does not ask senders for TLS (MTA-STS)"), domain=domain)
        yield Line("mta-sts-missing", "fails", what, (line,), optional=True)
        return
    if len(records) > 1 or not tags_of(records[0]).get("id", "").isalnum():
        what = words(
            N_("the MTA-STS record of {domain} does not count: {record}"),
            domain=domain,
            record=quoted(records[0]),
        )
        yield Line("mta-sts-record", "fails", what, (line,))
        return
    url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    page = world.page(url)
    if isinstance(page, NotReached | BadCertificate) or page.status != 200:
        why = page.why if isinstance(page, NotReached) else quoted(_short(page))
        what = words(
            N_("the MTA-STS policy of {domain} is not there: {url} ({why})"),
            domain=domain,
            url=url,
            why=why,
        )
        yield Line("mta-sts-policy-missing", "fails", what, _policy(world, domain))
        return
    yield from _check_policy(world, domain, page.body.decode("utf-8", "replace"))


def _short(page: BadCertificate | Seen) -> str:
    return page.why if isinstance(page, BadCertificate) else str(page.status)


def _hosts(world: World, domain: str) -> tuple[str, ...]:
    answer = world.dns("mx", domain)
    return tuple(host for host in answer.values if host) if isinstance(answer, Records) else ()


def _policy(world: World, domain: str) -> tuple[str, ...]:
    hosts = _hosts(world, domain) or (f"mail.{domain}",)
    named = (f"mx: {quoted(host)}" for host in hosts[:5])
    return ("version: STSv1", "mode: enforce", *named, "max_age: 604800")


def _check_policy(world: World, domain: str, text: str) -> Iterator[Line]:
    pairs = [line.partition(":") for line in text.splitlines()[:100]]
    fields = {key.strip(): value.strip() for key, colon, value in pairs if colon}
    patterns = [value.strip().lower() for key, _, value in pairs if key.strip() == "mx"]
    age = fields.get("max_age", "")
    if (
        fields.get("version") != "STSv1"
        or fields.get("mode") not in MODES
        or not (age.isascii() and age.isdigit() and len(age) < 10)
    ):
        what = words(N_("the MTA-STS policy of {domain} cannot be read"), domain=domain)
        yield Line("mta-sts-policy", "fails", what, _policy(world, domain))
        return
    outside = [host for host in _hosts(world, domain) if not _fits(host, patterns)]
    if outside and fields["mode"] != "none":
        what = words(
            N_(
                "the MTA-STS policy of {domain} leaves out its mail server {host}: nobody"
                " may deliver there"
            ),
            domain=domain,
            host=quoted(outside[0]),
        )
        yield Line("mta-sts-hosts", "fails", what, _policy(world, domain))
        return
    what = words(
        N_("{domain} asks senders for TLS (MTA-STS, {mode})"), domain=domain, mode=fields["mode"]
    )
    yield Line("mta-sts", "holds", what)


def _fits(host: str, patterns: list[str]) -> bool:
    """RFC 8461 section 4.1: a star stands for one label."""
    return any(
        host == pattern or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])
        for pattern in patterns
    )


def _check_reports(world: World, domain: str) -> Iterator[Line]:
    records = _one(world, f"_smtp._tls.{domain}", "TLSRPTv1")
    line = txt_line(f"_smtp._tls.{domain}", f"v=TLSRPTv1; rua=mailto:tls@{world.us.domain}")
    if isinstance(records, NotReached):
        return
    if not records:
        what = words(N_("{domain} asks for no reports on TLS (TLS-RPT)"), domain=domain)
        yield Line("tls-rpt-missing", "fails", what, (line,), optional=True)
    elif len(records) > 1 or not tags_of(records[0]).get("rua", "").startswith(
        ("mailto:", "https:")
    ):
        what = words(
            N_("the TLS-RPT record of {domain} does not count: {record}"),
            domain=domain,
            record=quoted(records[0]),
        )
        yield Line("tls-rpt-record", "fails", what, (line,), optional=True)
    else:
        yield Line("tls-rpt", "holds", words(N_("{domain} asks for reports on TLS"), domain=domain))


def check_brand(world: World) -> Iterator[Line]:
    """Nothing depends on it: never a fault (A48)."""
    domain = world.us.domain
    records = _one(world, f"default._bimi.{domain}", "BIMI1")
    if isinstance(records, NotReached):
        return
    line = txt_line(f"default._bimi.{domain}", f"v=BIMI1; l=https://{domain}/logo.svg")
    if not records:
        what = words(N_("{domain} has no picture for inboxes (BIMI)"), domain=domain)
        yield Line("bimi-missing", "fails", what, (line,), optional=True)
        return
    tags, walked = tags_of(records[0]), walk(world, domain)
    picture, policy = tags.get("l", ""), walked.in_force
    parts = _parts(picture)
    if parts != ("https", True):
        what = words(
            N_("the picture of {domain} (BIMI) is no https address of an .svg: {url}"),
            domain=domain,
            url=quoted(picture),
        )
        yield Line("bimi-picture", "fails", what, (line,), optional=True)
    elif policy is None or policy.tags.get("p", "").lower() not in ("quarantine", "reject"):
        what = words(
            N_(
                "the picture of {domain} (BIMI) is shown only once its DMARC policy is"
                " quarantine or reject"
            ),
            domain=domain,
        )
        place = f"_dmarc.{domain}"
        rua = policy.tags.get("rua", "") if policy else ""
        asked = f"v=DMARC1; p=quarantine; rua={rua or f'mailto:dmarc@{domain}'}"
        yield Line("bimi-policy", "fails", what, (txt_line(place, asked),), optional=True)
    else:
        what = words(
            N_("the picture of {domain} for inboxes (BIMI): {url}"),
            domain=domain,
            url=quoted(picture),
        )
        yield Line("bimi", "holds", what)


def _parts(url: str) -> tuple[str, bool]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", False
    return parts.scheme, bool(parts.netloc) and parts.path.lower().endswith((".svg", ".svgz"))
