"""Each fault in a world that is else in order is named, with the line that mends it; a world in
order has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest

from engine.doctor.examination import CHECKS
from engine.doctor.link_host import ONE_CLICK
from engine.doctor.looking import Eyes, look
from engine.doctor.world import (
    Answer,
    Answered,
    BadCertificate,
    Line,
    Mailbox,
    NotReached,
    Ourselves,
    Page,
    Port,
    Question,
    Seen,
    Subject,
)
from engine.words import words
from tests.dns.stub import Fault as DnsFault
from tests.dns.stub import Records as Zoned
from tests.dns.stub import StubDns
from tests.doctor.sound import (
    DAY,
    FRONT,
    IPV4,
    KEY,
    KNOWN,
    LOST,
    MX,
    NOW,
    PROBE,
    RECORD,
    RELAYED,
    REVERSE_4,
    SELECTOR,
    SHORT_KEY,
    STS,
    US,
    WELCOME,
    ZONE,
    own_key,
    txt,
)

Changes = Mapping[str, Mapping[str, Zoned]]
BOUNCES, DMARC = "bounces.example.fr", "_dmarc.example.fr"
AWAY = NotReached(words("away"))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing changed, what it is called, and what its mending line holds. A name of the zone
    that is changed to {} is gone.
    """

    code: str
    mends: str
    zone: Changes = field(default_factory=dict)
    us: Ourselves = US
    known: Mapping[Question, Answer] = field(default_factory=dict)


def spf(record: str, **more: Mapping[str, Zoned]) -> Changes:
    changed = {BOUNCES: {"MX": ["10 mail.example.fr."], "TXT": txt(record)}}
    return changed | {name.replace("_", "."): held for name, held in more.items()}


def dmarc(record: str) -> Changes:
    return {DMARC: {"TXT": txt(record)}}


def key(record: str) -> Changes:
    return {SELECTOR: {"TXT": txt(record)}}


def page(changed: Seen | BadCertificate) -> Mapping[Question, Answer]:
    return {Page(FRONT): changed}


MANY = {f"n{n}.hote.example": {"TXT": txt("v=spf1 -all")} for n in range(11)}
ASKING = spf("v=spf1 " + " ".join(f"include:{name}" for name in MANY) + f" ip4:{IPV4} -all")
RSA = "v=DKIM1; k=rsa;"
NEXT = "relance-2._domainkey.example.fr"
FAULTS: dict[Subject, tuple[Fault, ...]] = {
    "spf": (
        Fault(
            code="spf-missing",
            zone={BOUNCES: {"MX": ["10 mail.example.fr."]}},
            mends=f'bounces.example.fr. IN TXT "v=spf1 ip4:{IPV4} ip6:2a01:e0a::10 ~all"',
        ),
        Fault(
            code="spf-several",
            zone={BOUNCES: {"TXT": [*txt(f"v=spf1 ip4:{IPV4} ~all"), *txt("v=spf1 mx -all")]}},
            mends=f'bounces.example.fr. IN TXT "v=spf1 ip4:{IPV4} mx ~all"',
        ),
        Fault(
            code="spf-syntax",
            zone=spf(f"v=spf1 ip4:{IPV4} ip:1.2.3.4 ~all"),
            mends=f'"v=spf1 ip4:{IPV4} ~all"',
        ),
        Fault(
            code="spf-syntax", zone=spf("v=spf1 ip4:1.2.3.400 mx ~all"), mends='"v=spf1 mx ~all"'
        ),
        Fault(code="spf-syntax", zone=spf("v=spf1 include: mx ~all"), mends='"v=spf1 mx ~all"'),
        Fault(code="spf-lookups", zone={**ASKING, **MANY}, mends=f"ip4:{IPV4}"),
        Fault(
            code="spf-lookups",
            zone={
                **spf("v=spf1 include:all.hote.example ~all"),
                "all.hote.example": {"TXT": txt("v=spf1 " + "a:mail.example.fr " * 10 + "-all")},
            },
            mends=f"ip4:{IPV4}",
        ),
        Fault(
            code="spf-void",
            zone=spf(f"v=spf1 a:a.fr a:b.fr exists:c.fr ip4:{IPV4} -all"),
            mends=f"ip4:{IPV4}",
        ),
        Fault(
            code="spf-include",
            zone=spf(f"v=spf1 ip4:{IPV4} include:gone.example -all"),
            mends=f'"v=spf1 ip4:{IPV4} ~all"',
        ),
        Fault(
            code="spf-circle",
            zone=spf(f"v=spf1 ip4:{IPV4} include:{BOUNCES} -all"),
            mends=f'"v=spf1 ip4:{IPV4} ~all"',
        ),
        Fault(
            code="spf-address",
            zone=spf("v=spf1 include:_spf.hote.example -all"),
            mends=f'"v=spf1 ip4:{IPV4} ip6:2a01:e0a::10 include:_spf.hote.example -all"',
        ),
        Fault(code="spf-address", zone=spf("v=spf1 a:lettres.example.fr -all"), mends="ip6:2a01"),
        Fault(
            code="spf-address", zone=spf("v=spf1 redirect=_spf.hote.example"), mends=f"ip4:{IPV4}"
        ),
        Fault(code="spf-open", zone=spf("v=spf1 mx +all"), mends='"v=spf1 mx ~all"'),
        Fault(code="spf-no-end", zone=spf("v=spf1 mx ?all"), mends='"v=spf1 mx ~all"'),
        Fault(code="spf-ptr", zone=spf("v=spf1 mx ptr -all"), mends='"v=spf1 mx ~all"'),
        Fault(
            code="spf-alignment",
            us=replace(US, return_path="retours.ailleurs.example"),
            zone={
                "retours.ailleurs.example": {"TXT": txt("v=spf1 a:mail.example.fr -all")},
                "_dmarc.ailleurs.example": {"TXT": txt("v=DMARC1; p=none")},
            },
            mends='[smtp] return_path = "bounces.example.fr"',
        ),
        Fault(
            code="spf-relay",
            us=RELAYED,
            zone=spf("v=spf1 include:_spf.hote.example -all"),
            mends="include:smtp.relais.example include:_spf.hote.example",
        ),
        Fault(code="spf-unreachable", zone={BOUNCES: {"*": DnsFault.SERVFAIL}}, mends=""),
        Fault(
            code="spf-unknown",
            zone={**spf("v=spf1 a:slow.example -all"), "slow.example": {"*": DnsFault.SERVFAIL}},
            mends="",
        ),
    ),
    "dkim": (
        Fault(code="dkim-no-key", us=replace(US, keys=()), mends="relance dkim new"),
        Fault(code="dkim-not-ours", us=replace(US, dkim_domain="", keys=()), mends=""),
        Fault(
            code="dkim-missing", zone={SELECTOR: {}}, mends=f'{SELECTOR}. IN TXT ( "v=DKIM1; k=rsa;'
        ),
        Fault(
            code="dkim-several",
            zone={SELECTOR: {"TXT": [*txt(RECORD), *txt(f"{RSA} p={SHORT_KEY}")]}},
            mends=f"{SELECTOR}. IN TXT",
        ),
        Fault(code="dkim-syntax", zone=key("v=DKIM2; p=abc"), mends=SELECTOR),
        Fault(code="dkim-syntax", zone=key("k=rsa; t=s"), mends=SELECTOR),
        Fault(code="dkim-revoked", zone=key(f"{RSA} p="), mends=SELECTOR),
        Fault(code="dkim-kind", zone=key(f"v=DKIM1; k=ed25519; p={KEY}"), mends="k=rsa"),
        Fault(code="dkim-weak", zone=key(f"{RSA} p={SHORT_KEY}"), mends=SELECTOR),
        Fault(
            code="dkim-other-key",
            zone=key(f"{RSA} p={KEY.replace('qTfi', 'qTfj')}"),
            mends=SELECTOR,
        ),
        Fault(code="dkim-hash", zone=key(f"{RSA} h=sha1; p={KEY}"), mends=SELECTOR),
        Fault(code="dkim-service", zone=key(f"{RSA} s=tlsrpt; p={KEY}"), mends=SELECTOR),
        Fault(code="dkim-test", zone=key(f"{RSA} t=s:y; p={KEY}"), mends=SELECTOR),
        Fault(
            code="dkim-old", us=replace(US, keys=(own_key(age=400),)), mends="relance dkim rotate"
        ),
        Fault(
            code="dkim-waits",
            us=replace(US, keys=(own_key(), own_key("relance-2", "made"))),
            mends=NEXT,
        ),
        Fault(
            code="dkim-ready",
            us=replace(US, keys=(own_key(), own_key("relance-2", "made"))),
            zone={NEXT: {"TXT": txt(RECORD)}},
            mends="relance dkim rotate --published",
        ),
        Fault(
            code="dkim-former-missing",
            us=replace(US, keys=(own_key("relance-0", "former", age=2), own_key())),
            mends="relance-0._domainkey",
        ),
        Fault(
            code="dkim-retire",
            us=replace(US, keys=(own_key("relance-2", "former"), own_key())),
            zone={NEXT: {"TXT": txt(RECORD)}},
            mends="relance dkim retire",
        ),
        Fault(
            code="dkim-not-revoked",
            us=replace(US, keys=(own_key("relance-2", "revoked"), own_key())),
            zone={NEXT: {"TXT": txt(RECORD)}},
            mends='IN TXT "v=DKIM1; p="',
        ),
        Fault(code="dkim-unreachable", zone={SELECTOR: {"*": DnsFault.SERVFAIL}}, mends=""),
    ),
    "dmarc": (
        Fault(
            code="dmarc-missing",
            zone={DMARC: {}},
            mends='_dmarc.example.fr. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.fr"',
        ),
        Fault(
            code="dmarc-several",
            zone={DMARC: {"TXT": [*txt("v=DMARC1; p=none"), *txt("v=DMARC1; p=reject")]}},
            mends="_dmarc.example.fr. IN TXT",
        ),
        Fault(
            code="dmarc-policy",
            zone=dmarc("v=DMARC1; p=monitor; rua=mailto:dmarc@example.fr"),
            mends='"v=DMARC1; p=none; rua=mailto:dmarc@example.fr"',
        ),
        Fault(
            code="dmarc-former-tags",
            zone=dmarc("v=DMARC1; p=reject; pct=50; rua=mailto:dmarc@example.fr; ri=60"),
            mends='"v=DMARC1; p=reject; rua=mailto:dmarc@example.fr"',
        ),
        Fault(
            code="dmarc-no-reports",
            zone=dmarc("v=DMARC1; p=reject"),
            mends="p=reject; rua=mailto:dmarc@example.fr",
        ),
        Fault(
            code="dmarc-report-address",
            zone=dmarc("v=DMARC1; p=reject; rua=dmarc@example.fr"),
            mends="rua=mailto:dmarc@example.fr",
        ),
        Fault(
            code="dmarc-report-refused",
            zone=dmarc("v=DMARC1; p=reject; rua=mailto:x@rapports.example"),
            mends='example.fr._report._dmarc.rapports.example. IN TXT "v=DMARC1"',
        ),
        Fault(
            code="dmarc-only-watches",
            zone=dmarc("v=DMARC1; p=none; rua=mailto:dmarc@example.fr"),
            mends="p=quarantine",
        ),
        Fault(
            code="dmarc-test",
            zone=dmarc("v=DMARC1; p=reject; t=y; rua=mailto:dmarc@example.fr"),
            mends='"v=DMARC1; p=reject; rua=mailto:dmarc@example.fr"',
        ),
        Fault(
            code="dmarc-spf-alignment",
            zone=dmarc("v=DMARC1; p=reject; aspf=s; rua=mailto:dmarc@example.fr"),
            mends="[smtp] return_path",
        ),
        Fault(
            code="dmarc-dkim-alignment",
            us=replace(US, dkim_domain="autre.example"),
            zone={"_dmarc.autre.example": {"TXT": txt("v=DMARC1; p=none")}},
            mends='[dkim] domain = "example.fr"',
        ),
        Fault(code="dmarc-unreachable", zone={DMARC: {"*": DnsFault.SERVFAIL}}, mends=""),
    ),
    "mailbox": (
        Fault(
            code="from-no-mx",
            zone={"example.fr": {"TXT": txt("x")}},
            mends="example.fr. IN MX 10 mail.example.fr.",
        ),
        Fault(code="from-null-mx", zone={"example.fr": {"MX": ["0 ."]}}, mends="IN MX 10"),
        Fault(
            code="from-mx-gone",
            zone={"example.fr": {"MX": ["10 parti.example."]}},
            mends="parti.example. IN A",
        ),
        Fault(
            code="from-mx-number",
            zone={"example.fr": {"MX": ["10 45.67.89.10."]}},
            mends="IN MX 10",
        ),
        Fault(
            code="from-mx-inward",
            zone={
                "example.fr": {"MX": ["10 lan.example.fr."]},
                "lan.example.fr": {"A": ["192.168.1.9"]},
            },
            mends="lan.example.fr. IN A",
        ),
        Fault(
            code="from-mx-partly-gone",
            zone={"example.fr": {"MX": ["10 mail.example.fr.", "20 parti.example."]}},
            mends="parti.example. IN A",
        ),
        Fault(
            code="reply-to-refused",
            known={Mailbox("aide@example.fr", MX): Answered(550, "5.1.1 inconnu\x1b[2J")},
            mends="[site] reply_to",
        ),
        Fault(
            code="return-path-refused",
            known={Mailbox("bounce@bounces.example.fr", MX): Answered(554, "no")},
            mends="[inbound]",
        ),
        Fault(
            code="from-later",
            known={Mailbox("bonjour@example.fr", MX): Answered(451, "greylisted")},
            mends="",
        ),
        Fault(code="from-unprobed", known={Mailbox("bonjour@example.fr", MX): AWAY}, mends=""),
        Fault(code="return-path-unreachable", zone={BOUNCES: {"*": DnsFault.SERVFAIL}}, mends=""),
        Fault(
            code="site-missing",
            known={
                Page("https://example.fr/"): BadCertificate("x"),
                Page("https://www.example.fr/"): Seen(404),
            },
            mends="https://example.fr/",
        ),
        Fault(
            code="site-unknown",
            known={Page("https://example.fr/"): AWAY, Page("https://www.example.fr/"): AWAY},
            mends="",
        ),
        Fault(code="return-path-no-mx", zone={BOUNCES: {}}, mends="bounces.example.fr. IN MX 10"),
    ),
    "host": (
        Fault(
            code="ptr-missing", zone={REVERSE_4: {}}, mends=f"{REVERSE_4}. IN PTR mail.example.fr."
        ),
        Fault(
            code="ptr-not-confirmed",
            zone={REVERSE_4: {"PTR": ["45-67-89-10.hote.example."]}},
            mends=f"45-67-89-10.hote.example. IN A {IPV4}",
        ),
        Fault(code="ptr-unreachable", zone={REVERSE_4: {"*": DnsFault.SERVFAIL}}, mends=""),
        Fault(code="ptr-unknown", us=replace(US, addresses=()), mends="[doctor] ipv4"),
        Fault(code="helo-name", us=replace(US, helo="localhost"), mends="[direct] helo"),
        Fault(code="helo-unknown", us=replace(US, helo="rien.example.fr"), mends=f"IN A {IPV4}"),
        Fault(
            code="helo-other",
            us=replace(US, helo="autre.example.fr"),
            zone={"autre.example.fr": {"A": ["45.67.89.99"]}},
            mends=f"autre.example.fr. IN A {IPV4}",
        ),
        Fault(
            code="helo-spf",
            zone={"mail.example.fr": {"A": [IPV4], "TXT": txt("v=spf1 -all")}},
            mends='mail.example.fr. IN TXT "v=spf1 a -all"',
        ),
        Fault(
            code="helo-unreachable",
            zone={"mail.example.fr": {"*": DnsFault.SERVFAIL}},
            mends="",
        ),
    ),
    "receiving": (
        Fault(code="mta-sts-missing", zone={"_mta-sts.example.fr": {}}, mends="v=STSv1; id="),
        Fault(
            code="mta-sts-record",
            zone={"_mta-sts.example.fr": {"TXT": txt("v=STSv1;")}},
            mends="v=STSv1; id=",
        ),
        Fault(
            code="mta-sts-policy-missing",
            known={Page(STS.format("example.fr")): Seen(404)},
            mends="mx: mail.example.fr",
        ),
        Fault(
            code="mta-sts-policy",
            known={Page(STS.format("example.fr")): Seen(200, body=b"<html>\xff")},
            mends="mode: enforce",
        ),
        Fault(
            code="mta-sts-hosts",
            known={
                Page(STS.format("example.fr")): Seen(
                    200, body=b"version: STSv1\nmode: enforce\nmx: mx.ovh.example\nmax_age: 99"
                )
            },
            mends="mx: mail.example.fr",
        ),
        Fault(code="tls-rpt-missing", zone={"_smtp._tls.example.fr": {}}, mends="v=TLSRPTv1; rua="),
        Fault(
            code="tls-rpt-record",
            zone={"_smtp._tls.example.fr": {"TXT": txt("v=TLSRPTv1; rua=tls@example.fr")}},
            mends="v=TLSRPTv1; rua=mailto:",
        ),
    ),
    "brand": (
        Fault(code="bimi-missing", zone={"default._bimi.example.fr": {}}, mends="v=BIMI1; l="),
        Fault(
            code="bimi-picture",
            zone={"default._bimi.example.fr": {"TXT": txt("v=BIMI1; l=http://a.fr/l.png")}},
            mends="l=https://",
        ),
        Fault(
            code="bimi-policy",
            zone=dmarc("v=DMARC1; p=none; rua=mailto:dmarc@example.fr"),
            mends="p=quarantine",
        ),
    ),
    "link": (
        Fault(
            code="link-plain",
            us=replace(US, url="http://lettres.example.fr"),
            mends='[site] url = "https://lettres.example.fr"',
        ),
        Fault(
            code="link-no-address",
            zone={"lettres.example.fr": {}},
            mends="lettres.example.fr. IN A",
        ),
        Fault(code="link-inward", zone={"lettres.example.fr": {"A": ["10.0.0.4"]}}, mends="IN A"),
        Fault(code="link-inward", us=replace(US, url="https://127.0.0.1"), mends="[site] url"),
        Fault(code="link-certificate", known=page(BadCertificate("expired")), mends="certbot"),
        Fault(
            code="link-certificate-ends",
            known=page(replace(WELCOME, certificate_ends=NOW + 3 * DAY)),
            mends="certbot renew",
        ),
        Fault(
            code="link-redirect-plain",
            known=page(replace(WELCOME, status=302, location="http://lettres.example.fr/x")),
            mends="proxy_pass http://127.0.0.1:8080;",
        ),
        Fault(
            code="link-redirect",
            known=page(replace(WELCOME, status=301, location="https://www.example.fr/")),
            mends="proxy_pass",
        ),
        Fault(
            code="link-hsts",
            known=page(replace(WELCOME, hsts="max-age=0")),
            mends="max-age=31536000",
        ),
        Fault(
            code="link-other-page",
            known=page(replace(WELCOME, body=b"<h1>nginx</h1>")),
            mends="proxy_pass",
        ),
        Fault(code="link-not-compared", known={Page(FRONT, US.listens): AWAY}, mends=""),
        Fault(
            code="link-plain-too",
            known={Page("http://lettres.example.fr/"): Seen(200)},
            mends="return 301",
        ),
        Fault(code="link-unreachable", known={Page(FRONT): AWAY}, mends=""),
        Fault(
            code="one-click",
            known={Page(PROBE, "", ONE_CLICK): replace(LOST, status=405)},
            mends="proxy_pass",
        ),
        Fault(code="one-click-unknown", known={Page(PROBE, "", ONE_CLICK): AWAY}, mends=""),
    ),
    "inbound": (
        Fault(code="inbound-off", us=replace(US, inbound=()), mends="[inbound] lmtp"),
        Fault(code="inbound-silent", known={Port("127.0.0.1:2525"): AWAY}, mends="relance run"),
    ),
    "blocklist": (
        Fault(
            code="blocklist-listed",
            zone={"10.89.67.45.zen.list.example": {"A": ["127.0.0.2"]}},
            mends="https://zen.list.example/",
        ),
        Fault(
            code="blocklist-refuses",
            zone={"10.89.67.45.zen.list.example": {"A": ["127.255.255.254"]}},
            mends="",
        ),
        Fault(code="blocklist-unknown", us=replace(US, addresses=()), mends="[doctor] ipv4"),
        Fault(
            code="blocklist-unreachable",
            zone={"10.89.67.45.zen.list.example": {"*": DnsFault.REFUSED}},
            mends="",
        ),
    ),
}
SERVICE = replace(US, sender="service@service.example.fr", dkim_domain="service.example.fr", url="")
FAULTS |= {
    "stream": (
        Fault(
            code="stream-domain",
            us=replace(US, service=replace(SERVICE, sender="service@example.fr")),
            mends='[stream.transactional] from = "service@service.example.fr"',
        ),
        Fault(
            code="stream-signature",
            us=replace(US, service=replace(SERVICE, dkim_domain="example.fr")),
            mends='[stream.transactional] domain = "service.example.fr"',
        ),
    )
}
CASES = [(subject, fault) for subject, faults in FAULTS.items() for fault in faults]
UNCERTAIN = {
    *("spf-relay", "spf-unreachable", "spf-unknown", "dkim-not-ours", "dkim-unreachable"),
    *("dmarc-unreachable", "from-later", "from-unprobed", "return-path-unreachable"),
    *("ptr-unknown", "ptr-unreachable", "helo-unreachable", "link-not-compared"),
    *("link-unreachable", "one-click-unknown", "blocklist-refuses", "blocklist-unknown"),
    *("blocklist-unreachable", "site-unknown"),
}
"""What cannot be known here."""
OPTIONAL = {
    *(
        "spf-ptr",
        "dkim-test",
        "dkim-old",
        "dkim-waits",
        "dkim-ready",
        "dkim-not-revoked",
        "dkim-retire",
    ),
    *("dmarc-former-tags", "dmarc-only-watches", "dmarc-test", "dmarc-spf-alignment"),
    *("from-mx-partly-gone", "helo-other", "mta-sts-missing", "tls-rpt-missing", "tls-rpt-record"),
    *("stream-domain", "stream-signature"),
    *("bimi-missing", "site-missing", "bimi-picture", "bimi-policy", "link-hsts", "link-plain-too"),
}
"""What nobody refuses a letter for."""


@pytest.fixture(scope="module")
def dns() -> Iterator[StubDns]:
    with StubDns(ZONE) as stub:
        yield stub


def looked(stub: StubDns, fault: Fault, *only: Subject) -> dict[Subject, tuple[Line, ...]]:
    stub.zone = {name: held for name, held in {**ZONE, **fault.zone}.items() if held}
    eyes, known = Eyes(resolver=stub.resolver()), {**KNOWN, **fault.known}
    return asyncio.run(look(fault.us, eyes, NOW, only, known))


def test_a_world_in_order_has_no_fault(dns: StubDns) -> None:
    lines = looked(dns, Fault(code="", mends=""))
    assert list(lines) == list(CHECKS)
    assert lines.pop("stream") == ()
    assert [line for told in lines.values() for line in told if line.verdict != "holds"] == []
    assert all(lines.values())


@pytest.mark.parametrize(
    ("subject", "fault"), CASES, ids=[f"{n}-{fault.code}" for n, (_, fault) in enumerate(CASES)]
)
def test_a_fault_is_named_with_the_line_that_mends_it(
    dns: StubDns, subject: Subject, fault: Fault
) -> None:
    lines = looked(dns, fault, subject)[subject]
    named = next(line for line in lines if line.code == fault.code)
    assert fault.mends in "\n".join(named.mends)
    assert named.verdict == ("unknown" if fault.code in UNCERTAIN else "fails")
    assert named.optional == (fault.code in OPTIONAL)
    assert named.what.said().isprintable()


def test_a_line_that_mends_spf_and_dmarc_is_in_order_itself(dns: StubDns) -> None:
    for fault in (*FAULTS["spf"][:10], *FAULTS["dmarc"][:9]):
        subject: Subject = "spf" if fault.code.startswith("spf") else "dmarc"
        named = next(
            line for line in looked(dns, fault, subject)[subject] if line.code == fault.code
        )
        name, _, value = named.mends[0].partition(". IN TXT ")
        held = {**fault.zone.get(name, {}), "TXT": [value]}
        mended = replace(fault, zone={**fault.zone, name: held})
        codes = [line.code for line in looked(dns, mended, subject)[subject]]
        assert fault.code not in codes, (fault, named.mends)


@pytest.mark.parametrize(("more", "held"), [(5, True), (6, False)])
def test_ten_look_ups_are_allowed_of_whichever_kind(dns: StubDns, more: int, held: bool) -> None:
    terms = "mx exists:mail.example.fr include:_spf.hote.example a:lettres.example.fr "
    again = "a:mail.example.fr " * more
    zone = {
        **spf(f"v=spf1 ip6:2a01:e0a::/32 {terms}{again} redirect=_spf.hote.example"),
    }
    codes = [line.code for line in looked(dns, Fault(code="", mends="", zone=zone), "spf")["spf"]]
    assert ("spf-lookups" not in codes) == held


def test_each_stream_is_looked_at_and_what_both_share_is_said_once(dns: StubDns) -> None:
    us = replace(
        US, service=replace(SERVICE, keys=(replace(own_key(), domain=SERVICE.dkim_domain),))
    )
    lines = looked(
        dns,
        Fault(
            code="",
            mends="",
            us=us,
            known={Mailbox("service@service.example.fr", ("service.example.fr",)): AWAY},
        ),
    )
    assert [line.code for line in lines["stream"]] == ["stream"]
    assert [line.code for line in lines["spf"]] == ["spf"]
    assert [line.code for line in lines["dkim"]] == ["dkim", "dkim-missing"]
    codes = [line.code for line in lines["mailbox"]]
    assert codes == ["from", "reply-to", "return-path", "site", "from-no-mx"]


def test_a_relay_of_the_same_house_as_an_include_holds(dns: StubDns) -> None:
    zone = {
        **spf("v=spf1 include:_spf.relais.example -all"),
        "_spf.relais.example": {"TXT": txt("v=spf1 ip4:1.2.3.4 -all")},
    }
    lines = looked(dns, Fault(code="", mends="", us=RELAYED, zone=zone))
    assert [line.code for line in lines["spf"]] == ["spf"]
    assert lines["host"] == lines["blocklist"] == ()


def test_answers_that_never_come_end_in_time(dns: StubDns) -> None:
    zone: Changes = {name: {"*": DnsFault.SILENT} for name in (BOUNCES, SELECTOR)}
    lines = looked(dns, Fault(code="", mends="", zone=zone), "spf", "dkim")
    assert {line.code for told in lines.values() for line in told} == {
        "spf-unreachable",
        "dkim-unreachable",
    }


def test_no_more_is_asked_than_a_bounded_number_of_questions(dns: StubDns) -> None:
    """A record that includes others without end."""
    wide = {
        f"n{n}.bad.example": {
            "TXT": txt(
                "v=spf1 " + " ".join(f"include:n{m}.bad.example" for m in range(n + 1, n + 40))
            )
        }
        for n in range(60)
    }
    dns.questions.clear()
    zone = {**spf("v=spf1 include:n0.bad.example -all"), **wide}
    lines = looked(dns, Fault(code="", mends="", zone=zone), "spf")
    assert "spf-lookups" in [line.code for line in lines["spf"]]
    assert len(dns.questions) < 100
