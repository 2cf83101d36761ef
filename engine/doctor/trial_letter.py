"""A letter to oneself, and what the mail server that took it found (Authentication-Results,
RFC 8601): whether SPF, DKIM and DMARC pass as the letter really left, whoever signed it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from engine.config import Config
from engine.doctor.dmarc import tags_of
from engine.doctor.world import Line, is_within, quoted
from engine.i18n.language import N_, translator
from engine.inbound.mail import InboundRefused, Part, parse_mail
from engine.mime.header_values import message_id
from engine.mime.headers import Mailbox
from engine.mime.message import Mail, serialize
from engine.sending.envelope import Envelope
from engine.words import words

SUBJECT = N_("A letter from the doctor of {name}")
BODY = N_(
    "Hello,\n\nthis letter was sent by `relance doctor --letter`. Save it as your mail program"
    " received it, with all its headers (“show original”, .eml), then:\n\n"
    "    relance doctor --received FILE.eml\n\nsays what your mail server found when it arrived.\n"
)
UNSUBSCRIBING = ("list-unsubscribe", "list-unsubscribe-post")
MAX_HEADERS = 20
_COMMENT = re.compile(r"\([^()]{0,500}\)")
_RESULT = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]+)(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(?:header\.(d|i|from)|smtp\.(mailfrom))\s*=\s*\"?([^\s;\"]+)", re.I)


def trial_letter(config: Config, to: str, at: int, random128: bytes) -> tuple[str, Envelope]:
    """Its subject, and it, with the headers by which a letter is left, so that it shows who signs
    them. `at` (ms, wall clock) is its Date. Raises HeaderRefused.
    """
    site, _ = config.site, translator(config.site.language)
    domain = config.smtp.return_path
    link = f"{site.url}/l/preview"
    subject, text = _(SUBJECT).format(name=site.name), _(BODY)
    mail = Mail(
        Mailbox(site.sender_name, site.sender),
        Mailbox("", to),
        Mailbox("", site.reply_to) if site.reply_to else None,
        subject,
        datetime.fromtimestamp(at / 1000, UTC),
        message_id(random128, site.sender.rpartition("@")[2]),
        (
            ("Auto-Submitted", "auto-generated"),
            ("List-Unsubscribe", f"<{link}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
        text,
        None,
    )
    sender = f"bounce@{domain}" if domain else site.sender
    return subject, Envelope(random128.hex(), sender, to, serialize(mail))


def read_back(octets: bytes, domain: str, trusted: Collection[str]) -> Iterator[Line]:
    """`domain`: that letters come from. `trusted`: the names under which own mail servers write;
    () believes the uppermost, which the last server wrote.
    """
    try:
        mail = parse_mail(octets)
    except InboundRefused:
        yield Line("letter-unreadable", "unknown", words(N_("this is no mail that can be read")))
        return
    headers = mail.values("authentication-results")[:MAX_HEADERS]
    found = next((h for h in headers if not trusted or _name(h) in trusted), None)
    if found is None:
        what = words(
            N_(
                "no Authentication-Results of your own mail server: name it in [inbound]"
                " authserv_ids"
            )
        )
        mends = tuple(f'[inbound] authserv_ids = ["{quoted(_name(h))}"]' for h in headers[:1])
        yield Line("letter-no-results", "unknown", what, mends)
        return
    results = [match for part in _clean(found).split(";")[1:] if (match := _RESULT.match(part))]
    for method in ("spf", "dkim", "dmarc"):
        yield _verdict(method, domain, _name(found), [r for r in results if _is(r, method)])
    yield from _unsubscribing(mail, domain)


def _clean(header: str) -> str:
    return _COMMENT.sub(" ", header)


def _name(header: str) -> str:
    return _clean(header).partition(";")[0].strip().split(" ")[0].lower()


def _is(result: re.Match[str], method: str) -> bool:
    return result[1].lower() == method


def _verdict(method: str, domain: str, server: str, results: list[re.Match[str]]) -> Line:
    values = {"server": quoted(server), "method": method.upper()}
    mends = (f"relance doctor --only {method}",)
    if not results:
        what = words(N_("{server} says nothing of {method}"), **values)
        return Line(f"letter-{method}-unknown", "unknown", what)
    passed = [result for result in results if result[2].lower() == "pass"]
    if not passed:
        what = words(
            N_("{server} found {method}: {result}"), **values, result=results[0][2].lower()
        )
        return Line(f"letter-{method}", "fails", what, mends)
    about = [
        value[3].rpartition("@")[2].lower().rstrip(".")
        for result in passed
        for value in _PROPERTY.finditer(result[3][:2000])
    ]
    if about and not any(is_within(name, domain) or _above(name, domain) for name in about):
        what = words(
            N_("{server} found that {method} passes for {other}, which is not {domain}"),
            **values,
            other=quoted(about[0]),
            domain=domain,
        )
        return Line(f"letter-{method}-other", "fails", what, mends, optional=method == "spf")
    what = words(N_("{server} found that {method} passes"), **values)
    return Line(f"letter-{method}", "holds", what)


def _above(name: str, domain: str) -> bool:
    return "." in name and is_within(domain, name)


def _unsubscribing(mail: Part, domain: str) -> Iterator[Line]:
    """Mailbox providers offer one click only where a signature of the sender's covers it (RFC 8058
    section 4).
    """
    signatures = [tags_of(value) for value in mail.values("dkim-signature")[:MAX_HEADERS]]
    ours = [tags for tags in signatures if _counts(tags.get("d", "").lower(), domain)]
    covered = any(
        {*UNSUBSCRIBING} <= {name.strip().lower() for name in tags.get("h", "").split(":")}
        for tags in ours
    )
    if covered:
        what = words(N_("the signature covers unsubscribing with one click"))
        yield Line("letter-one-click", "holds", what)
    elif ours:
        what = words(
            N_("the signature leaves out List-Unsubscribe: mailbox providers show no button")
        )
        yield Line("letter-one-click", "fails", what, (f'[dkim] domain = "{domain}"',))


def _counts(name: str, domain: str) -> bool:
    return bool(name) and (is_within(name, domain) or _above(name, domain))
