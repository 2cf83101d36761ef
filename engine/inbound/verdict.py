"""What a failed delivery says of the address: its class (B04), from the status and from the words
of the server that refused.

The words are read by the tables by which a server's answer is read while sending
(`engine/sending/replies.py`). A status that only says "permanent" (5.0.0, which Exim writes into
every report) is no truth. Words that plainly name a dead mailbox outrank 5.7.1, under which some
providers say so; words that name the sender outrank everything. What is not known is soft.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, assert_never

from engine.sending.replies import (
    FULL,
    MAX_TEXT_CHARACTERS,
    NAMES_THE_SENDER,
    TOO_LARGE,
    Reply,
    Verdict,
    classify,
)

BounceKind = Literal["hard", "soft", "blocked"]
"""As the event `mail-bounced` has it."""


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """`address` is as the report writes it, "" where it names none; `reply` is the answer that was
    given, code 0 and no enhanced code where none stands there.
    """

    address: str
    kind: BounceKind
    reply: Reply


_I = re.IGNORECASE
_CODE = re.compile(
    r"(?<![\w.@-])([245]\d\d)(?![\w@])(?!\.\d)(?:[ -]{0,3}#?([245]\.\d{1,3}\.\d{1,3})(?![\w.]))?"
)
_ENHANCED = re.compile(r"(?<![\w.])#?([245]\.\d{1,3}\.\d{1,3})(?![\w]|\.\d)")
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})")

NAMES_SPAM = re.compile(
    r"\bspam|unsolicited|\bjunk\b|ind[ée]sirable|\bvirus|\bbulk mail|\bu[rc]e?ibl\b|surbl"
    r"|content (?:rejected|filter|reject)|message (?:content )?rejected|\bpolic(?:y|ies)\b"
    r"|politique|not accepting mail (?:from|with)|requires confirmation|\bphish|black-?hole"
    r"|not allowed to send|mass mailer|\bblocked\b|\bbloqu[ée]|\bbanned\b|abuse|(?:block|black"
    r"|real-?time)[ -]?list",
    _I,
)
NAMES_A_RELAY = re.compile(
    r"relay(?:ing)?\b.{0,40}(?:denied|not permitted|not allowed|prohibited)|not a relay"
    r"|unable to relay|relais refus|rcpthosts|authentication required|too many hops|loop(?:ing"
    r"|s)?\b"
    r"|not (?:a )?(?:local|permitted|allowed)\b.{0,20}\brelay",
    _I,
)
NAMES_A_DEAD_MAILBOX = re.compile(
    r"(?:user|recipient|mail ?box|account|address|alias|userid|username|person)s?\b.{0,60}?"
    r"\b(?:unknown|not found|invalid|(?:does|do)(?: not|n't) (?:\w+ )?exist|not exist|not known"
    r"|not listed|not recogni[sz]ed|no longer (?:on|available|valid|active|exists|in use)"
    r"|disabled|discontinued|deactivated|suspended|inactive|unavailable|unrouteable"
    r"|closed|deleted|doesn't have an? .{0,60}account)"
    r"|(?:unknown|invalid|no such|illegal|bad|deactivated|inactive|not an active|not a known"
    r"|unrouteable)"
    r" (?:or illegal )?(?:local |delivery |final )?"
    r"(?:user|recipient|mail ?box|account|address|alias|person|username|mail drop|destination)"
    r"|no (?:mail ?box|mail box|account|user|recipient)s?\b.{0,20}"
    r"(?:here|found|by that name|available|with this name)"
    r"|\bn[’' ]existe(?:nt)? pas|\binexistant|"
    r"(?:utilisateur|destinataire|adresse|compte|bo[îi]te)s?\b.{0,40}"
    r"\b(?:inconnu|introuvable|invalide|non recens|d[ée]sactiv|supprim|ferm[ée]|r[ée]sili)"
    r"|nie\s+istnieje|not our customer|recipient rejected|bad[_-]?recipient|badrcptto"
    r"|has no mailbox|unbekannt|gibt es nicht|no existe|sconosciuto|user not known"
    r"|mailbox not found|not a (?:valid|registered(?: gateway)?) (?:user|mailbox|recipient|address)"
    r"|no such address",
    _I,
)
NAMES_A_DEAD_DOMAIN = re.compile(
    r"(?:host|domain)(?: name)? (?:unknown|not found)|(?:unknown|no such) (?:host|domain)"
    r"|unrouteable (?:mail )?domain|domain.{0,40}does(?: not|n't) exist|null ?mx"
    r"|nxdomain|domaine inexistant|domaine inconnu",
    _I,
)
_SIZE_LIMIT = re.compile(r"(?:message|mail) size|size[ -]?limit", _I)
NAMES_A_FULL_MAILBOX = re.compile(
    FULL.pattern
    + r"|over ?quota|(?:mail ?(?:box|folder|account)|storage|disk|space|limit)s?\b.{0,60}"
    r"(?:\bfull\b|exceed|not enough|over)|(?:exceed|over)\w*\b.{0,40}"
    r"(?:quota|mailbox|storage|allowed size|disk)|has too much mail|bo[îi]te .{0,30}(?:pleine"
    r"|satur)"
    r"|espace (?:insuffisant|disque)",
    _I,
)


def kind_of(status: str, diagnostic: str) -> tuple[BounceKind, Reply]:
    """`status` is the report's field, "" for none; `diagnostic` the words of the server, or the
    lines of the report that speak of this recipient. The delivery has failed: what is temporary by
    its code was given up, and counts as soft.
    """
    text = " ".join(diagnostic.split())[:MAX_TEXT_CHARACTERS]
    reply = _reply(status, text)
    if TOO_LARGE.search(text) or _SIZE_LIMIT.search(text):
        return "soft", reply
    if NAMES_THE_SENDER.search(text) or NAMES_SPAM.search(text) or NAMES_A_RELAY.search(text):
        return "blocked", reply
    if NAMES_A_FULL_MAILBOX.search(text):
        return "soft", reply
    if reply.code // 100 == 4:
        return "soft", reply
    if NAMES_A_DEAD_MAILBOX.search(text) or NAMES_A_DEAD_DOMAIN.search(text):
        return "hard", reply
    verdict = classify("rcpt", reply)
    match verdict:
        case Verdict.HARD:
            return "hard", reply
        case Verdict.BLOCKED:
            return "blocked", reply
        case Verdict.SOFT | Verdict.TEMPORARY | Verdict.NOT_CARRIED | Verdict.ACCEPTED:
            return "soft", reply
        case _:
            assert_never(verdict)


def _reply(status: str, text: str) -> Reply:
    found = _CODE.search(text)
    late = _ENHANCED.search(text)
    stated = _STATUS.match(status)
    of_status = stated[1] if stated and not stated[1].endswith(".0.0") else ""
    enhanced = (found[2] if found else None) or (late[1] if late else "") or of_status
    if found:
        code = int(found[1])
    else:
        leading = (enhanced or (stated[1] if stated else "0"))[0]
        code = int(leading) * 100 + (50 if leading != "0" else 0)
    if of_status and code // 100 != int(of_status[0]) and not found:
        enhanced = of_status
    return Reply(code, enhanced, text)


def kind_of_all(recipients: tuple[FailedRecipient, ...]) -> BounceKind:
    """Of several, the one that accuses least: a mailbox that hands on to others is dead when all of
    them are.
    """
    kinds = {recipient.kind for recipient in recipients}
    return "soft" if "soft" in kinds or not kinds else "blocked" if "blocked" in kinds else "hard"
