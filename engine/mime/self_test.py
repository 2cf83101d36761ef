"""The start-up self test: hostile values must be refused by the very Python that will send
(A04).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from engine.mime.headers import HeaderRefused, Mailbox
from engine.mime.message import Mail, serialize

HOSTILE_VALUES = (
    "a\r\nBcc: y@e.fr",
    "a\nBcc: y@e.fr",
    "a\rBcc: y@e.fr",
    "a\n b",
    "a\tb",
    "a\x00b",
    "a\x0bb",
    "a\x1bb",
    "a\x7fb",
    "a\x85Bcc: y@e.fr",
    "a\x9fb",
    "a\u2028Bcc: y@e.fr",
    "a\u2029b",
    "a\ud800b",
    "=?utf-8?q?x=0d=0aBcc:_y=40e.fr?=",
    "=?UTF-8?Q?x=0D=0ABcc:_y=40e.fr?=",
    "=?utf-8?b?eA0KQmNjOiB5QGUuZnI=?=",
    "=?utf-8*fr?q?x=0d=0aBcc:_y=40e.fr?=",
    "=?utf-8?q?a b=0d=0aBcc:_y=40e.fr?=",
    "=?utf-8?q?a?b=0aBcc:_y=40e.fr?=",
    "bonjour=?utf-8?q?=00?=",
    "=?utf-8?q?=E2=80=A8?=",
    "=?utf-8?q?=E2=80?= =?utf-8?q?=A8?=",
    "=?iso-8859-1?q?=85?=",
    "=?utf-7?q?+AA0ACg-?=",
    "=?unicode_escape?q?\\r\\n?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3F=0d=0a=3F=3D?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3F=3D0d=3D0aBcc:_y=3F=3D?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq?= =?utf-8?q?=3F=3D0a=3F=3D?=",
)
HOSTILE_ADDRESSES = (
    "a@e.fr\r\nBcc: y@e.fr",
    "a@e.fr\n",
    "a@e.fr>,<y@e.fr",
    "a b@e.fr",
    '"a\r\n"@e.fr',
    "a@e.fr\x00",
    "=?utf-8?q?x?=@e.fr",
    "a@e.fr, y@e.fr",
)

_HARMLESS = Mail(
    sender=Mailbox("Relance", "lettres@exemple.fr"),
    to=Mailbox("Zoé", "zoe@exemple.fr"),
    reply_to=Mailbox("", "reponse@exemple.fr"),
    subject="Été à Noël",
    date=datetime(2026, 1, 1, tzinfo=UTC),
    message_id="<essai@exemple.fr>",
    extra=(("List-Id", "<essai.exemple.fr>"),),
    text="Bonjour.",
    html="<p>Bonjour.</p>",
)


def self_test() -> None:
    """Feeds every hostile value to every field of a letter; raises RuntimeError if one is not
    refused.
    """
    try:
        serialize(_HARMLESS)
    except ValueError as reason:
        raise RuntimeError(f"The mail serializer refuses a harmless letter: {reason}") from None
    for number, value in enumerate(HOSTILE_VALUES, start=1):
        for field, mail in _with_value(value):
            _must_refuse(f"hostile value {number} as {field}", mail)
    for number, address in enumerate(HOSTILE_ADDRESSES, start=1):
        for field, mail in _with_address(address):
            _must_refuse(f"hostile address {number} as {field}", mail)


def _with_value(value: str) -> tuple[tuple[str, Mail], ...]:
    named = Mailbox(value, "a@exemple.fr")
    return (
        ("subject", replace(_HARMLESS, subject=value)),
        ("sender's name", replace(_HARMLESS, sender=named)),
        ("recipient's name", replace(_HARMLESS, to=named)),
        ("name to reply to", replace(_HARMLESS, reply_to=named)),
        ("message id", replace(_HARMLESS, message_id=value)),
        ("value of a header", replace(_HARMLESS, extra=(("List-Id", value),))),
        ("name of a header", replace(_HARMLESS, extra=((value, "x"),))),
    )


def _with_address(address: str) -> tuple[tuple[str, Mail], ...]:
    mailbox = Mailbox("", address)
    return (
        ("sender", replace(_HARMLESS, sender=mailbox)),
        ("recipient", replace(_HARMLESS, to=mailbox)),
        ("address to reply to", replace(_HARMLESS, reply_to=mailbox)),
    )


def _must_refuse(what: str, mail: Mail) -> None:
    try:
        serialize(mail)
    except HeaderRefused:
        return
    raise RuntimeError(
        f"The mail serializer lets {what} into a message: this installation must not send."
    )
