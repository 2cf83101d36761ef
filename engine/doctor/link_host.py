"""The host that links in letters lead to: reached from outside over HTTPS, with a certificate that
lasts, showing our own pages, and taking what mailbox providers post to unsubscribe (RFC 8058).
Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from engine.doctor.mail_exchangers import is_inward
from engine.doctor.world import (
    BadCertificate,
    Line,
    Nothing,
    NotReached,
    Page,
    Records,
    Seen,
    World,
    quoted,
)
from engine.words import N_, words

_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,1000})</title", re.IGNORECASE)
_NONCE = re.compile(rb"nonce=\"[^\"]{0,100}\"")
SOON_SECONDS, LEAST_HSTS_SECONDS = 14 * 86_400, 86_400
ONE_CLICK = "List-Unsubscribe=One-Click"
PROBE_PATH = "/l/doctor"
"""No link of anybody: our site refuses it in words of its own, and changes nothing."""


def check_link(world: World) -> Iterator[Line]:
    url = world.us.url
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https":
        what = words(N_("links lead to {url}, which is not encrypted"), url=url)
        better = f"lettres.{world.us.domain}" if _is_number(host) or "." not in host else host
        yield Line("link-plain", "fails", what, (f'[site] url = "https://{better}"',))
        return
    if not _is_number(host):
        answer = world.dns("addresses", host)
        if isinstance(answer, Nothing):
            what = words(N_("links lead to {host}, which has no address"), host=host)
            yield Line("link-no-address", "fails", what, (f"{host}. IN A 192.0.2.1",))
            return
        if isinstance(answer, Records) and all(is_inward(text) for text in answer.values):
            what = words(
                N_("links lead to {host}, which nobody reaches from outside: {address}"),
                host=host,
                address=quoted(answer.values[0]),
            )
            yield Line("link-inward", "fails", what, (f"{host}. IN A 192.0.2.1",))
            return
    elif is_inward(host):
        what = words(N_("links lead to {host}, which nobody reaches from outside"), host=host)
        yield Line(
            "link-inward", "fails", what, (f'[site] url = "https://lettres.{world.us.domain}"',)
        )
        return
    world.need(
        Page(f"{url}/"),
        Page(f"{url}/", world.us.listens),
        Page(url + PROBE_PATH, "", ONE_CLICK),
        Page(url + PROBE_PATH, world.us.listens, ONE_CLICK),
        Page(f"http://{parts.netloc}/"),
    )
    page = world.page(f"{url}/")
    if isinstance(page, BadCertificate):
        what = words(
            N_("the certificate of {host} is not accepted: {why}"), host=host, why=quoted(page.why)
        )
        yield Line("link-certificate", "fails", what, (f"certbot certonly -d {host}",))
    elif isinstance(page, NotReached):
        what = words(N_("{url} is not reached from here: {why}"), url=url, why=page.why)
        yield Line("link-unreachable", "unknown", what)
    else:
        yield from _of_page(world, host, page)
        yield from _of_one_click(world)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _of_page(world: World, host: str, page: Seen) -> Iterator[Line]:
    url, faults = world.us.url, 0
    ends = page.certificate_ends
    if ends is not None and ends - world.now < SOON_SECONDS:
        faults += 1
        day = f"{datetime.fromtimestamp(max(0, min(ends, 4_000_000_000)), UTC):%Y-%m-%d}"
        what = words(N_("the certificate of {host} ends on {day}"), host=host, day=day)
        yield Line("link-certificate-ends", "fails", what, (f"certbot renew --cert-name {host}",))
    if page.location:
        faults += 1
        target = _target(url, page.location)
        if target.startswith("http://"):
            what = words(
                N_("{url} leads on to a page that is not encrypted: {target}"),
                url=url,
                target=quoted(target),
            )
            yield Line("link-redirect-plain", "fails", what, _proxy(world))
        else:
            what = words(
                N_("{url} leads on to another place: {target}"), url=url, target=quoted(target)
            )
            yield Line("link-redirect", "fails", what, _proxy(world))
    if _hsts_seconds(page.hsts) < LEAST_HSTS_SECONDS:
        what = words(N_("{host} does not tell browsers to stay with HTTPS (HSTS)"), host=host)
        mend = "Strict-Transport-Security: max-age=31536000"
        yield Line("link-hsts", "fails", what, (mend,), optional=True)
    plain = world.page(f"http://{urlsplit(url).netloc}/")
    if isinstance(plain, Seen) and not plain.location and plain.status < 400:
        what = words(N_("{host} shows its pages without encryption too"), host=host)
        line = "return 301 https://$host$request_uri;"
        yield Line("link-plain-too", "fails", what, (line,), optional=True)
    if not page.location:
        inside = world.page(f"{url}/", world.us.listens)
        if isinstance(inside, Seen) and not _is_same(inside, page):
            faults += 1
            what = words(
                N_("what {url} shows is not what Relance answers at {listens}"),
                url=url,
                listens=world.us.listens,
            )
            yield Line("link-other-page", "fails", what, _proxy(world))
        elif not isinstance(inside, Seen):
            what = words(
                N_(
                    "Relance does not answer at {listens}: whether {url} shows its pages is"
                    " not known"
                ),
                url=url,
                listens=world.us.listens,
            )
            yield Line("link-not-compared", "unknown", what)
    if not faults:
        yield Line("link", "holds", words(N_("links lead to {url}, which answers"), url=url))


def _of_one_click(world: World) -> Iterator[Line]:
    url, probe = world.us.url, world.us.url + PROBE_PATH
    outside = world.page(probe, "", ONE_CLICK)
    inside = world.page(probe, world.us.listens, ONE_CLICK)
    if not isinstance(outside, Seen) or not isinstance(inside, Seen):
        what = words(N_("whether unsubscribing with one click arrives is not known here"))
        yield Line("one-click-unknown", "unknown", what)
    elif not _is_same(outside, inside):
        what = words(
            N_(
                "what mailbox providers post to unsubscribe does not arrive: {url} answers {status}"
                " to a POST"
            ),
            url=url,
            status=outside.status,
        )
        yield Line("one-click", "fails", what, _proxy(world))
    else:
        yield Line("one-click", "holds", words(N_("unsubscribing with one click arrives")))


def _is_same(one: Seen, other: Seen) -> bool:
    """Each answer has a nonce of its own, and what stands before Relance may rewrite a page: a page
    is told by its title.
    """
    return (one.status, _title(one)) == (other.status, _title(other))


def _title(page: Seen) -> bytes:
    found = _TITLE.search(page.body)
    return b" ".join(found[1].split()) if found else _NONCE.sub(b"", page.body)


def _proxy(world: World) -> tuple[str, ...]:
    return (f"proxy_pass http://{world.us.listens};",)


def _target(url: str, location: str) -> str:
    try:
        return urljoin(f"{url}/", location)
    except ValueError:
        return location


def _hsts_seconds(header: str) -> int:
    for part in header.lower().split(";"):
        name, _, value = part.strip().partition("=")
        digits = value.strip().strip('"')
        if name.strip() == "max-age" and digits.isascii() and digits.isdigit():
            return int(digits[:12])
    return 0


def check_inbound(world: World) -> Iterator[Line]:
    """Whether somebody listens where mail that comes back is taken in."""
    us = world.us
    if us.return_path and not us.inbound:
        what = words(
            N_("mail returns to {domain}, and nothing here takes it in ([inbound] is off)"),
            domain=us.return_path,
        )
        yield Line("inbound-off", "fails", what, ('[inbound] lmtp = "127.0.0.1:2525"',))
    for place in us.inbound:
        if isinstance(answer := world.port(place), NotReached):
            what = words(
                N_("nobody listens at {place} for mail that comes back: {why}"),
                place=place,
                why=answer.why,
            )
            yield Line("inbound-silent", "fails", what, ("relance run",))
        else:
            what = words(N_("mail that comes back is taken in at {place}"), place=place)
            yield Line("inbound", "holds", what)
