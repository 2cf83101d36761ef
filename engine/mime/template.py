"""The octets around the two parts of a letter that many people get: headers and multipart, with
holes where a person's go.

Taken from the plain path: `serialize` writes a letter to nobody, and it is cut open. What goes into
the holes is written by the same writers as there, behind the same guards, or has signs of base32
and base64url only; all else passed them with the letter to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from engine.mime.address_header import Mailbox, address_header
from engine.mime.header_values import message_id, message_local
from engine.mime.headers import date_header, structured_header, text_header
from engine.mime.message import Mail, boundary, checked_size, serialize

_NOBODY = Mailbox("", "nobody@example.invalid")
_NO_TEXT, _NO_HTML = "text-for-nobody", "html-for-nobody"
_ONCE = 1
_BOUNDARIES = 4


@dataclass(frozen=True, slots=True)
class Personal:
    """What differs from one mail of a frame to the next. `at` is in milliseconds, `message` 16
    octets; the parts are encoded.
    """

    address: str
    subject: str
    at: int
    message: bytes
    text: str
    html: str


class MimeTemplate:
    def __init__(
        self,
        sender: Mailbox,
        reply_to: Mailbox | None,
        domain: str,
        extra: tuple[tuple[str, str], ...],
        marks: Sequence[str],
        batch_header: str = "",
    ) -> None:
        """`domain` is the Message-ID's; `marks` stand in `extra` for tokens. `batch_header` names
        the one of `extra` whose lines `fill` is given. Raises what `serialize` does.
        """
        self._domain = domain
        self._subject = ("", text_header("Subject", ""))
        nobody = message_id(bytes(16), domain)
        date = datetime.fromtimestamp(0, UTC)
        octets = serialize(
            Mail(sender, _NOBODY, reply_to, "", date, nobody, extra, _NO_TEXT, _NO_HTML)
        ).replace(b"%", b"%%")
        holes = {
            b"date": (date_header(date), _ONCE),
            b"to": (address_header("To", (_NOBODY,)), _ONCE),
            b"subject": (self._subject[1], _ONCE),
            b"id": (f"<{message_local(bytes(16))}@".encode(), _ONCE),
            b"boundary": (boundary(nobody).encode(), _BOUNDARIES),
            b"text": (_NO_TEXT.encode(), _ONCE),
            b"html": (_NO_HTML.encode(), _ONCE),
        }
        if batch_header:
            holes[b"batch"] = (structured_header(batch_header, dict(extra)[batch_header]), _ONCE)
        for name, (stands, times) in holes.items():
            if octets.count(stands) != times:
                raise ValueError("a header of every letter looks like one of a letter to nobody")
            octets = octets.replace(stands, b"%%(%b)b" % name)
        self._tokens: list[tuple[bytes, int]] = []
        for place, mark in enumerate(marks):
            name = b"token%d" % place
            if mark.encode() in octets:
                self._tokens.append((name, place))
                octets = octets.replace(mark.encode(), b"%%(%b)b" % name)
        self._octets = octets

    def fill(self, personal: Personal, tokens: Sequence[str], batch_header: bytes = b"") -> bytes:
        """`batch_header` are whole lines as `structured_header` writes them, or b"" for none.
        Raises HeaderRefused or MessageTooBig, as `serialize` would.
        """
        local = message_local(personal.message)
        holes = {
            b"date": _date(personal.at // 1000),
            b"to": address_header("To", (Mailbox("", personal.address),)),
            b"subject": self._subject_line(personal.subject),
            b"id": f"<{local}@".encode(),
            b"boundary": boundary(f"<{local}@{self._domain}>").encode(),
            b"text": personal.text.encode("ascii"),
            b"html": personal.html.encode("ascii"),
            b"batch": batch_header,
        }
        for name, place in self._tokens:
            holes[name] = tokens[place].encode()
        return checked_size(self._octets % holes)

    def _subject_line(self, subject: str) -> bytes:
        """The last one is remembered: many letters say the same to everybody."""
        last = self._subject
        if last[0] != subject:
            last = self._subject = (subject, text_header("Subject", subject))
        return last[1]


@lru_cache(maxsize=4)
def _date(second: int) -> bytes:
    return date_header(datetime.fromtimestamp(second, UTC))
