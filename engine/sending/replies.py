"""What a mail server's answer means, as pure tables: the enhanced code speaks first, then the code,
then the words.

Temporary unless known to be permanent, and nobody is suppressed unless the answer says that the
address is dead: words that name the sender's fault (a blocklist, a refused sender) outrank even a
code that accuses the recipient. What the way there cannot carry (an address outside ASCII, a large
message) is nobody's fault, and counts against nobody. Sources: RFC 5321 4.2, RFC 3463, RFC 5248,
RFC 6531, RFC 7372, RFC 7504, RFC 7505.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Literal

from engine.frozen import dataclass

Stage = Literal["connect", "helo", "auth", "mail", "rcpt", "data", "dot"]

MAX_TEXT_CHARACTERS = 1000


class Verdict(Enum):
    ACCEPTED = "accepted"
    TEMPORARY = "temporary"  # try again later
    HARD = "hard"  # the address is dead: suppress after one
    SOFT = "soft"  # permanent for this message, not for the address
    # the relay, or the way behind it, cannot take this message: `limit_of` says why
    NOT_CARRIED = "not-carried"
    BLOCKED = "blocked"  # the sender's fault: pause the stream, never count it against the person


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    enhanced: str  # "5.1.1", or "" when the server gave none
    text: str
    """One line of at most MAX_TEXT_CHARACTERS, still with the addresses the server quoted."""


_LINE = re.compile(rb"([2-5][0-9]{2})(?:[ -](.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")
_ENHANCED_AT_THE_END = re.compile(r"\(?#([245]\.[0-9]{1,3}\.[0-9]{1,3})\)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def parse_reply(lines: Sequence[bytes]) -> Reply:
    """The lines of one answer, with or without their line ends. Raises ValueError when they are
    none.
    """
    return _of_one_line(lines[0]) if len(lines) == 1 else _parsed(lines)


@lru_cache(maxsize=64)
def _of_one_line(line: bytes) -> Reply:
    """Three of the four answers to a message are the same for thousands."""
    return _parsed((line,))


def _parsed(lines: Sequence[bytes]) -> Reply:
    code, enhanced, words = 0, "", []
    for line in lines:
        match = _LINE.fullmatch(line.rstrip(b"\r\n"))
        if match is None:
            raise ValueError(
                "The server's answer does not begin with a reply code of three digits."
            )
        code = int(match[1])
        text = (match[2] or b"").decode("utf-8", "replace")
        text = text.strip() if text.isprintable() else _CONTROL.sub(" ", text).strip()
        leading = _ENHANCED.match(text)
        if leading:
            enhanced, text = enhanced or leading[1], text[leading.end() :]
        words.append(text)
    if not code:
        raise ValueError("The server's answer has no line.")
    text = " ".join(word for word in words if word)[:MAX_TEXT_CHARACTERS]
    if not enhanced and "#" in text and (late := _ENHANCED_AT_THE_END.search(text)):
        enhanced = late[1]
    return Reply(code, enhanced, text)


_H, _S, _B, _N = Verdict.HARD, Verdict.SOFT, Verdict.BLOCKED, Verdict.NOT_CARRIED

BY_ENHANCED: dict[str, Verdict] = {
    "5.1.1": _H, "5.1.2": _H, "5.1.3": _H, "5.1.6": _H, "5.1.10": _H, "5.2.1": _H,
    "5.1.4": _S, "5.1.5": _S, "5.1.9": _S, "5.2.2": _S, "5.2.4": _S, "5.3.1": _S, "5.3.2": _S,
    "5.2.3": _N, "5.3.4": _N, "5.6.3": _N, "5.6.7": _N, "5.6.8": _N, "5.6.9": _N, "5.6.10": _N,
    "5.1.7": _B, "5.1.8": _B,
}  # fmt: skip
BY_SUBJECT: dict[str, Verdict] = {"5.4": _S, "5.6": _B, "5.7": _B}

BY_CODE: dict[int, Verdict] = {
    530: _B,
    534: _B,
    535: _B,
    538: _B,
    551: _S,
    552: _S,
    555: _N,
    556: _H,
}

_I = re.IGNORECASE
NAMES_THE_SENDER = re.compile(
    r"spamhaus|spamcop|barracuda|(?:block|black|deny)[ -]?list|liste noire"
    r"|\bdns[br]l\b|\brbl\b|r[eé]putation"
    r"|sender (?:address |domain |verify )?(?:rejected|refused|denied|failed|blocked)"
    r"|exp[ée]diteur (?:refus|rejet|bloqu)|\bdmarc\b|\bdkim\b|\bspf\b",
    _I,
)
TOO_LARGE = re.compile(
    r"too (?:large|big)|trop (?:volumineux|gros|grand)|exceeds? .{0,40}size|size exceeds", _I
)
FULL = re.compile(
    r"quota|(?:mailbox|inbox|account|bo[îi]te)\b.{0,40}\b(?:full|pleine)|insuffi(?:cient|sant)", _I
)
PUTS_OFF_THE_SENDER = re.compile(
    r"gr[ea]y-?list|rate[ -]?limit|too many (?:messages|connections|recipients)|throttl", _I
)
_TEXTS: tuple[tuple[str, Verdict], ...] = (
    (NAMES_THE_SENDER.pattern, _B),
    (r"\bspam|unsolicited|ind[ée]sirable|\bblocked|\bbloqu[ée]|\bpolicy|politique|\bbanned\b", _B),
    (
        r"relay(?:ing)? (?:access )?(?:denied|not permitted)|relais refus|authentication required",
        _B,
    ),
    (FULL.pattern, _S),
    (TOO_LARGE.pattern, _N),
    (r"(?:user|recipient|mailbox|account|address|alias)(?: is)? (?:unknown|not found|invalid)", _H),
    (
        r"(?:unknown|invalid|no such) (?:local )?(?:user|recipient|mailbox|account|address|person)",
        _H,
    ),
    (r"(?:user|recipient|mailbox|account|address|domain)\b.{0,60}\b(?:does not|doesn't) exist", _H),
    (r"no mailbox (?:here )?by that name|n[’' ]existe pas|inexistante?\b", _H),
    (r"(?:utilisateur|destinataire|adresse|compte|bo[îi]te)\b.{0,40}\b(?:inconnue?|invalide)", _H),
    (
        r"(?:account|mailbox|compte|bo[îi]te)\b.{0,30}"
        r"\b(?:disabled|closed|deleted|d[ée]sactiv|supprim|ferm[ée])",
        _H,
    ),
)
BY_TEXT = tuple((re.compile(text, _I), verdict) for text, verdict in _TEXTS)


def classify(stage: Stage, reply: Reply) -> Verdict:
    """What `reply`, given at `stage`, says about the message, its recipient or its sender."""
    if reply.code // 100 == 2 or (stage == "data" and reply.code == 354):
        return Verdict.ACCEPTED
    if reply.code // 100 != 5 or reply.enhanced.startswith("4."):
        return Verdict.TEMPORARY
    if stage in ("connect", "helo", "auth"):
        return Verdict.BLOCKED
    verdict = _permanent(reply, Verdict.BLOCKED if stage == "mail" else Verdict.SOFT)
    # MAIL names only the sender: whatever is dead there, it is not the recipient.
    if verdict is Verdict.HARD and (stage == "mail" or NAMES_THE_SENDER.search(reply.text)):
        return Verdict.BLOCKED
    return verdict


def _permanent(reply: Reply, otherwise: Verdict) -> Verdict:
    if known := BY_ENHANCED.get(reply.enhanced) or BY_SUBJECT.get(
        reply.enhanced.rpartition(".")[0]
    ):
        return known
    if known := BY_CODE.get(reply.code):
        if reply.code == 552 and TOO_LARGE.search(reply.text):
            return Verdict.NOT_CARRIED
        return Verdict.BLOCKED if NAMES_THE_SENDER.search(reply.text) else known
    return next((verdict for pattern, verdict in BY_TEXT if pattern.search(reply.text)), otherwise)


Fault = Literal["mailbox", "sender", "unknown"]
"""Whom a refusal is about: the person's mailbox, the sender (our relay, our name, our message), or
unknown. Only the first counts against the address.
"""
_SENDERS = (("1", "7"), ("1", "8"))


def fault_of(stage: Stage, reply: Reply) -> Fault:
    """RCPT names the recipient alone, so a refusal there without another reason is about the
    mailbox; after DATA it is about the message. Subjects of RFC 3463: 1 addresses, 2 mailboxes, 3
    systems, 4 the network, 5 the protocol, 6 content, 7 policy.
    """
    verdict = classify(stage, reply)
    if verdict is Verdict.HARD:
        return "mailbox"
    if verdict in (Verdict.BLOCKED, Verdict.NOT_CARRIED) or stage not in ("rcpt", "data", "dot"):
        return "sender"
    _, subject, detail = (reply.enhanced or "0.0.0").split(".")
    if (
        NAMES_THE_SENDER.search(reply.text)
        or PUTS_OFF_THE_SENDER.search(reply.text)
        or subject in ("6", "7")
        or (subject, detail) in _SENDERS
    ):
        return "sender"
    if FULL.search(reply.text) and subject != "3":
        return "mailbox"
    if stage == "rcpt":
        return "mailbox" if subject in ("0", "1", "2", "4") else "unknown"
    return "mailbox" if subject in ("1", "2") else "unknown"


Limit = Literal["address", "sender", "size", "smtputf8", "8bitmime", "parameters"]
_LIMITS: dict[str, Limit] = {
    "5.1.3": "address", "5.1.7": "sender", "5.2.3": "size", "5.3.4": "size", "5.6.3": "8bitmime",
    "5.6.7": "smtputf8", "5.6.8": "smtputf8", "5.6.9": "smtputf8", "5.6.10": "smtputf8",
}  # fmt: skip


def limit_of(reply: Reply) -> Limit:
    """What could not be carried ("smtputf8", "8bitmime", "size" …), as the reply names it."""
    return _LIMITS.get(reply.enhanced) or ("size" if TOO_LARGE.search(reply.text) else "parameters")


_WORD = r"[^\s<>\"@,;:()\[\]]"
_ADDRESS = re.compile(rf"<?(?:\"[^\"]*\"|{_WORD}+)@(?:\[[^\]\s]*\]|{_WORD}*[^\s<>\"@,;:()\[\].])>?")


def redacted(text: str, *addresses: str) -> str:
    """`text` with every address replaced by <address>; also the given ones' local parts standing
    alone.
    """
    if "@" in text:
        text = _ADDRESS.sub("<address>", text)
    for address in addresses:
        local = address.rpartition("@")[0]
        if len(local) >= 3 and local.lower() in text.lower():
            text = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "<address>", text, flags=_I)
    return text
