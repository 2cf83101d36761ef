"""What people write, handed on to the operator (B11): a mail of ours that is answered to whoever
wrote, with their words as they came.

It leaves with an empty return path and says that a program made it (A12), so that whatever answers
by itself does not answer it, and that it is no reply where it comes back here. Its Message-ID is
made of the digest: handed on twice, it is the same mail. A body that not every mail server carries
goes as an attachment, beside its words.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from engine.config import Site
from engine.i18n.language import N_, translator
from engine.inbound.mail import (
    Part,
    addresses_in,
    decoded_words,
    parse_mail,
    words_of,
)
from engine.mime.header_values import message_id
from engine.mime.headers import (
    HeaderRefused,
    Mailbox,
    address_header,
    date_header,
    structured_header,
    text_header,
)
from engine.mime.message import quoted_printable
from engine.sending.envelope import Envelope, crlf

NO_SUBJECT = N_("(no subject)")
ORIGINAL = N_("Their mail, as it came, is attached.")
MAX_LINE = 998
MAX_NAME = 100
_UNPRINTABLE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|=\?")


def handed_on(
    site: Site, to: str, octets: bytes, digest: bytes, at: int, *, eight_bit: bool = True
) -> Envelope:
    """`octets` are of a mail that was read; `at` (ms, wall clock) is the new mail's Date;
    `eight_bit`: the mail server carries other octets than those of ASCII (RFC 6152). Raises
    HeaderRefused for an address of ours that no header takes.
    """
    mail = parse_mail(octets)
    random128 = digest[:16]
    _ = translator(site.language)
    writers = addresses_in(mail.value("reply-to")) or addresses_in(mail.value("from"))
    subject = _shown(mail.words("subject")) or _(NO_SUBJECT)
    head = [
        address_header("From", [Mailbox(_name(mail), site.sender)]),
        address_header("To", [Mailbox("", to)]),
        *_taken(lambda: address_header("Reply-To", [Mailbox("", writers[0])]), bool(writers)),
        text_header("Subject", subject),
        date_header(datetime.fromtimestamp(at / 1000, UTC)),
        structured_header("Message-ID", message_id(random128, site.sender.rpartition("@")[2])),
        *_answers(mail),
        structured_header("Auto-Submitted", "auto-generated"),
        structured_header("X-Auto-Response-Suppress", "All"),
        structured_header("MIME-Version", "1.0"),
    ]
    body = _as_it_came(mail, eight_bit=eight_bit) or _attached(
        mail, octets, _(ORIGINAL), random128.hex()
    )
    return Envelope(random128.hex(), "", to, crlf(b"".join([*head, *body])))


def _name(mail: Part) -> str:
    """Who writes, as their mail shows them: the address they write from stands in Reply-To."""
    written = mail.value("from")
    name = _shown(decoded_words(written.partition("<")[0])).strip(' "')
    return (name or next(iter(addresses_in(written)), ""))[:MAX_NAME]


def _shown(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text[:1000]).split())


def _answers(mail: Part) -> Iterator[bytes]:
    """What keeps the conversation together in a mail program."""
    own = mail.value("message-id")
    yield from _taken(lambda: structured_header("References", own), bool(own))


def _paired(text: str) -> str:
    """Without halves of surrogate pairs, which UTF-7 may spell."""
    return text.encode("utf-8", "replace").decode()


def _taken(header: Callable[[], bytes], there: bool) -> Iterator[bytes]:
    """A header of values from outside, left out where it cannot be written."""
    if there:
        try:
            yield header()
        except HeaderRefused:
            return


def _as_it_came(mail: Part, *, eight_bit: bool) -> list[bytes]:
    """The body under its own Content-Type, where the mail server carries it; else nothing."""
    kind, encoding = mail.value("content-type"), mail.value("content-transfer-encoding")
    body = mail.body
    if not (eight_bit or body.isascii()) or any(len(line) > MAX_LINE for line in body.split(b"\n")):
        return []
    try:
        head = [structured_header("Content-Type", kind or "text/plain")]
        if encoding:
            head.append(structured_header("Content-Transfer-Encoding", encoding))
    except HeaderRefused:
        return []
    return [*head, b"\r\n", body]


def _attached(mail: Part, octets: bytes, note: str, mark: str) -> list[bytes]:
    boundary = f"=_{mark}"
    encoded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return [
        structured_header("Content-Type", f'multipart/mixed; boundary="{boundary}"'),
        f"\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n".encode(),
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        quoted_printable(f"{_paired(words_of(mail))}\n\n{note}\n"),
        f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n".encode(),
        b"Content-Transfer-Encoding: base64\r\n",
        b'Content-Disposition: attachment; filename="mail.eml"\r\n\r\n',
        encoded,
        f"--{boundary}--\r\n".encode(),
    ]
