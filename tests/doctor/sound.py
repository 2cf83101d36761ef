"""An installation whose world is in order: who we are, the zone, and what mail servers and pages
answer. A fault is one thing in it changed.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from engine.doctor.link_host import ONE_CLICK, PROBE_PATH
from engine.doctor.world import (
    Answer,
    Answered,
    KeyState,
    Mailbox,
    Open,
    Ourselves,
    OwnKey,
    Page,
    Port,
    Question,
    Seen,
    txt_line,
)
from tests.dns.stub import Records

NOW = 1_800_000_000
DAY = 86_400
IPV4, IPV6 = "45.67.89.10", "2a01:e0a::10"
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqTfiYcQ4XGqu1FE8GGDFCg3OuJy5mXRPaRgh6p0F/efi"
    "ga32AnuDacC7OtHxj1WcobQci04mLuVS2rfAgLe7uBKYqVdDt4teImaAE5DCWcdkdZxSLo0SnW3kjTuFy3awd3HZ"
    "kG98xApJWQOtonF9kdVdc2xmwaP6wzrGfGkrw0h9aykxjIOxENC/iWrmZlixq4B6cUHuEO6U/80fMlcjn8Rd9xH5"
    "8V25qGAFyaa459Ue1XqDLlNlE/9zHqap5vehIOYQ24iKFHNOxm37GK5jab45/J3mRh/b8xEwGx9eL7YDgziO6WZi"
    "OHXZGN+cn7ptz+Fj935Mp9ovmf11c7R4wwIDAQAB"
)
SHORT_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDAefUvAghKUZI7RN6J9E42Q6iS3TRHkCL9ChgmhZ0I5ao4uczF"
    "t40smYFVjQJFI+dxIU7hlalwuv1Esf7hwcvIbRD9rLhCsESLYpHBbtDeafOA7BVtYdEPfyBcx/sRuABPtLK1Sy7N"
    "Yg9h0AMdFx48MubojaOkunaTwkeUIs+4TQIDAQAB"
)
SELECTOR = "relance._domainkey.example.fr"
RECORD = f"v=DKIM1; k=rsa; p={KEY}"


def own_key(
    selector: str = "relance", state: KeyState = "signing", record: str = RECORD, age: int = 30
) -> OwnKey:
    name = f"{selector}._domainkey.example.fr"
    value = "v=DKIM1; p=" if state == "revoked" else record
    return OwnKey("example.fr", selector, state, NOW - age * DAY, value, txt_line(name, value))


US = Ourselves(
    sender="bonjour@example.fr",
    reply_to="aide@example.fr",
    return_path="bounces.example.fr",
    helo="mail.example.fr",
    addresses=(IPV4, IPV6),
    dkim_domain="example.fr",
    keys=(own_key(),),
    url="https://lettres.example.fr",
    listens="127.0.0.1:8080",
    inbound=("127.0.0.1:2525",),
    blocklists=("zen.list.example",),
)
RELAYED = replace(US, relay="smtp.relais.example", addresses=(), blocklists=())


def txt(value: str) -> list[str]:
    """One TXT record as a zone file writes it."""
    return [" ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))]


REVERSE_4, REVERSE_6 = (ip_address(text).reverse_pointer for text in (IPV4, IPV6))
ZONE: dict[str, dict[str, Records]] = {
    "example.fr": {
        "MX": ["10 mail.example.fr."],
        "A": [IPV4],
        "TXT": txt("v=spf1 include:_spf.hote.example ~all"),
    },
    "bounces.example.fr": {
        "MX": ["10 mail.example.fr."],
        "TXT": txt(f"v=spf1 ip4:{IPV4} ip6:{IPV6} -all"),
    },
    "_spf.hote.example": {"TXT": txt("v=spf1 ip4:1.2.3.0/24 -all")},
    "mail.example.fr": {"A": [IPV4], "AAAA": [IPV6], "TXT": txt("v=spf1 a -all")},
    REVERSE_4: {"PTR": ["mail.example.fr."]},
    REVERSE_6: {"PTR": ["mail.example.fr."]},
    "lettres.example.fr": {"A": [IPV4]},
    SELECTOR: {"TXT": txt(RECORD)},
    "_dmarc.example.fr": {"TXT": txt("v=DMARC1; p=quarantine; rua=mailto:dmarc@example.fr")},
    "_mta-sts.example.fr": {"TXT": txt("v=STSv1; id=20261130")},
    "_mta-sts.bounces.example.fr": {"TXT": txt("v=STSv1; id=20261130")},
    "_smtp._tls.example.fr": {"TXT": txt("v=TLSRPTv1; rua=mailto:tls@example.fr")},
    "_smtp._tls.bounces.example.fr": {"TXT": txt("v=TLSRPTv1; rua=mailto:tls@example.fr")},
    "default._bimi.example.fr": {"TXT": txt("v=BIMI1; l=https://example.fr/logo.svg; a=;")},
}
MX = ("mail.example.fr",)
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: *.example.fr\r\nmax_age: 604800\r\n"
ENDS = NOW + 60 * DAY
WELCOME = Seen(200, hsts="max-age=31536000", body=b"<h1>Bonjour</h1>", certificate_ends=ENDS)
LOST = Seen(200, body=b"<h1>Ce lien</h1>")
FRONT, PROBE = "https://lettres.example.fr/", f"https://lettres.example.fr{PROBE_PATH}"
STS = "https://mta-sts.{}/.well-known/mta-sts.txt"
KNOWN: dict[Question, Answer] = {
    Mailbox("bonjour@example.fr", MX): Answered(250),
    Mailbox("aide@example.fr", MX): Answered(250),
    Mailbox("bounce@bounces.example.fr", MX): Answered(250),
    Page(FRONT): WELCOME,
    Page(FRONT, US.listens): WELCOME,
    Page(PROBE, "", ONE_CLICK): LOST,
    Page(PROBE, US.listens, ONE_CLICK): LOST,
    Page("http://lettres.example.fr/"): Seen(301, FRONT),
    Page("https://example.fr/"): Seen(301, "https://www.example.fr/"),
    Page("https://www.example.fr/"): Seen(200),
    Page(STS.format("example.fr")): Seen(200, body=POLICY),
    Page(STS.format("bounces.example.fr")): Seen(200, body=POLICY),
    Port("127.0.0.1:2525"): Open(),
}
