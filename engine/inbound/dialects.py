"""Reports of failed deliveries that are written for people alone (B03): qmail's QSBMF, Exim's,
Exchange's, Notes', the French providers' own, and bodies that merely hold the server's answer.

Only a mail system's mail is read so: one that says so by its sender, its empty return path, its
X-Failed-Recipients or its subject. The table of openings says by which words each begins; whom it
names stands in the lines after them, and what it says there is read by `verdict.kind_of`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from engine.inbound.delivery_status import Bounced, Delayed
from engine.inbound.letter_identity import LetterMark
from engine.inbound.mail import Part, addresses_in, words_of
from engine.inbound.verdict import NAMES_A_DEAD_MAILBOX, FailedRecipient, kind_of

MAX_REPORT_LINES: Final = 200
MAX_RECIPIENTS: Final = 100

_I = re.IGNORECASE
_DAEMON = re.compile(
    r"(?<![\w.-])(?:mailer-daemon|postmaster|mail-daemon|mdaemon|mailerdaemon|daemon"
    r"|bounces?|postman|(?:e500_)?smtp_mail_service|mail(?:er)?[._-]?(?:system|delivery|admin)|imss|antispam\w*"
    r"|noreply-bounce|auto-?reply-bounce|symantec_antivirus\w*)\b[^@\s]*(?:@|$)",
    _I,
)
_DAEMON_NAME = re.compile(
    r"mail (?:delivery|system|administrator)|delivery (?:sub)?system|system administrator"
    r"|mail server at|postmaster|mailer[- ]daemon|jetmail system"
    r"|administrateur (?:syst|de la messagerie)",
    _I,
)
_FAILURE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|report|failed|problem)|delivery notification"
    r"|failure notice|returned (?:mail|to sender)|return(?:ing)? (?:message|to) (?:to )?sender"
    r"|mail (?:delivery|system error|failure|error|could not)|non[- ]?delivery|failed mail"
    r"|not delivered|could not be delivered|message (?:rejected|status)|warning: message"
    r"|(?:non|échec|echec|erreur|impossib|rapport)\w*[ -](?:de )?(?:la )?(?:remise|distribu"
    r"|livr|remis|d[ée]livr)"
    r"|remise (?:impossible|diff)|avis de non|non remis|unzustellbar|delivery.{0,20}(?:failed"
    r"|failure)"
    r"|utilisateur non|mail not delivered|message non (?:distribu|d[ée]livr)|delayed mail"
    r"|mail delay"
    r"|delivery (?:delayed|temporarily)|automatically rejected mail|rejected:|mail failed",
    _I,
)


OPENINGS: Final[dict[str, str]] = {
    "qmail": (
        r"^hi\. (?:this|the) .{0,80}(?:program|qmail|server) |this is a permanent error; i"
        r"|^\s{0,3}<[^<>\s@]{1,100}@[^<>\s]{1,200}>:"
        r"|there's a problem with the e-?mail address"
    ),
    "postfix": r"(?:could not|cannot|can ?'?not) be\s{0,5}delivered to|wasn'?t able to deliver",
    "sendmail": r"the following addresses had|permanent fatal errors?|transcript of session",
    "exchange": (
        r"did(?: not|n't) reach the following|delivery has failed to these"
        r"|n'(?:a|ont) pas (?:pu être remis|atteint)|échec de (?:la )?remise"
        r"|delivery to the following recipient|generating server|serveur de génération"
    ),
    "notes": r"was not delivered to:|n'a pas été (?:remis|distribué|délivré)",
    "domino": r"(?:not listed in|no(?:n| est) .{0,20}(?:recens|r[ée]pertori)).{0,60}",
    "orange": (r"n'a pas pu (?:e|ê)tre (?:remis|d[ée]livr[ée]|distribu[ée]|envoy[ée]|achemin[ée])"),
    "free": (
        r"(?:impossible|pas (?:été )?possible) (?:de|d') ?(?:remettre|(?:d[ée])?livrer|distribuer)"
    ),
    "ovh": r"(?:r[ée]cipiendaire|destinataire|adresse)s? (?:suivant|ci-dessous|en [ée]chec)",
    "laposte": r"(?:remise|distribution|livraison|acheminement) .{0,40}(?:[ée]chou|impossible)",
    "yahoo": r"unable to deliver|message from yahoo",
    "aol": r"following recipients could not be delivered",
    "mdaemon": r"did not receive a copy|no such user here|session transcript",
    "lists": (
        r"could not be (?:reached|delivered)|(?:was|been) not delivered|not delivered to"
        r"|returned because|following recipients did not|cannot be delivered|did not match"
        r"|automatically rejected|delivery failure|(?:no|pas pudo|não) .{0,20}entreg"
        r"|failed recipients?|error-for:|message log follows|intended recipient|recipient\(s\)"
        r"|to the following recipients?|did not exactly match|undelivered|not be delivered"
        r"|delivery (?:has )?failed|delivery problems|was rejected"
        r"|this is the (?:deliver|email server)|mailbox is full|invalid final delivery"
        r"|non remis"
    ),
    "codes": (
        r"(?<![\w.])5\d\d[ -]{1,3}#?5\.\d{1,3}\.\d{1,3}(?!\.)|remote host said|said: 5\d\d"
        r"|(?:smtp|server|serveur)[^\n]{0,60}(?<![\w.])5[05]\d(?![\w.])"
    ),
    "exim": (
        r"the following address(?:\(es\)|es)?\s{0,5}failed|failed addresses follow"
        r"|x-failed-rec"
    ),
    "imail": (
        r"user mailbox[^:\n]{0,60}:|unknown user:|delivery failed \d"
        r"|undeliverable\s{1,5}(?:to|addr)"
    ),
}
"""Whose words they are, and the words with which a report begins to name who did not get the mail.
"""
OPENING_WORDS: Final = re.compile("|".join(OPENINGS.values()), _I | re.MULTILINE)

GOES_ON_TRYING: Final = re.compile(
    r"(?:not yet|n'a pas encore|hasn'?t yet) (?:been )?(?:delivered|pu|[ée]t[ée])"
    r"|(?:will|continue(?: to)?) (?:be )?(?:continue|retr(?:y|ied))|attempts will continue"
    r"|attempt (?:to deliver|delivery)"
    r"|delivery attempts will|this is (?:just )?a? ?warning|no action is required"
    r"|has been delayed|temporarily (?:unable|deferred)|you do not need to (?:resend|take)"
    r"|advisory-only|has been postponed|nouvelles? tentatives?|retard[ée] dans|remise diff[ée]r",
    _I,
)
_GIVES_UP: Final = re.compile(
    r"permanent|given up|giving up|failed permanently|gave up|has been removed from the"
    r"|d[ée]finitive|abandonn",
    _I,
)
_COPY = re.compile(
    r"^[>\s|*=+_-]{0,40}(?:(?:this|here|below|attach\w+|included|enclosed).{0,60}"
    r"(?:is )?(?:a |the )?(?:copy|header|first part|original)|original message|old message"
    r"|(?:start of )?returned (?:message|mail)|message (?:text|header)s? follows?|message headers?"
    r"|unsent message|your message reads|original mail|ci-dessous|message (?:d')?original|copie du"
    r"|the header of|header of the source|undelivered message|forwarded message|votre message :"
    r"|below th|mensaje original|a copy of the|end of message|-- the header)",
    _I,
)
_ANSWER = re.compile(r"\s*(?:re|aw|tr|fwd?|sv|rép|rep)\s*:", _I)
_NO_RECIPIENT = re.compile(
    r"postmaster@|contact|assist|please|veuillez|reply to|support@|abuse@|envelope-from|sender"
    r"|from:"
    r"|exp[ée]diteur|admin(?:istrat)?|help|questions?|(?:^|\s)de ?:|sent by|message-id|received:"
    r"|^\s*(?:subject|objet|date|to|from|cc|bcc|sent|reply-to|à)\s*:|mail from|<?https?:"
    r"|attempts? ",
    _I,
)
_ABOUT_SENDER = re.compile(r"mail from|postmaster|contact|sent by|envelope-from|reply to", _I)
_EXPANDED = re.compile(r"\(?(?:expanded|generated) from", _I)
_PREFIX = re.compile(r"^(?:[\w:=]{0,40}:)?(?:smtp|rfc822)[=:]", _I)
_ADDRESS_LINE = re.compile(r"^[\s>*<\"'(\[+•·|-]{0,20}[^\s<>]{1,200}@", re.I)
_RECIPIENT_MARK = re.compile(
    r"rcpt(?: to)?\b|recipients?\b|addressed to|address|undeliverable|failed|user|generated from"
    r"|expanded from|error-for|for <|deliver|smtp=|did not reach|destinataire|unable|adress",
    _I,
)


def is_written_by_a_mail_system(mail: Part) -> bool:
    """Whether its sender says so, or the recipients that Exim names in the header. It may still be
    forged: that is why nobody is known by it.
    """
    sender = mail.words("from")
    return bool(
        mail.value("x-failed-recipients")
        or sender.strip() == "<>"
        or mail.value("return-path").strip() == "<MAILER-DAEMON>"
        or _DAEMON.search(sender)
        or _DAEMON_NAME.search(sender)
    )


def may_be_of_a_mail_system(mail: Part) -> bool:
    """Also where the subject alone says so, and is no person's answer to such a mail."""
    subject = mail.words("subject")[:500]
    return is_written_by_a_mail_system(mail) or (
        _FAILURE_SUBJECT.search(subject) is not None and not _ANSWER.match(subject)
    )


def report_words(mail: Part) -> str:
    """What the mail says before the copy of what could not be delivered."""
    lines: list[str] = []
    for line in words_of(mail).split("\n"):
        if lines and _COPY.search(line) and any(OPENING_WORDS.search(known) for known in lines):
            break
        lines.append(line)
        if len(lines) == MAX_REPORT_LINES:
            break
    return "\n".join(lines)


def read_dialect(mail: Part, letter: LetterMark | None) -> Bounced | Delayed | None:
    """None for what is no such report, or not a mail system's. Whom it names may be nobody. Where
    only an empty return path (as automatic replies have it too, RFC 3834) or the subject speaks for
    a mail system, nobody is condemned: the bounce is soft at most.
    """
    system = may_be_of_a_mail_system(mail)
    if not system and mail.value("return-path").strip() != "<>":
        return None
    told = report_words(mail)
    opened = OPENING_WORDS.search(told) or (NAMES_A_DEAD_MAILBOX.search(told) if system else None)
    tries = GOES_ON_TRYING.search(told)
    failed = addresses_in(mail.value("x-failed-recipients"))
    if opened is None and tries is None and not failed:
        return None
    begin = 0 if tries or not opened else told.rfind("\n", 0, opened.start()) + 1
    own = _own_addresses(mail)
    named = list(dict.fromkeys(failed)) or _named(told[begin:], own) or _named(told, own)
    if not named and letter is None and not system:
        return None
    if tries and not failed and not _GIVES_UP.search(told):
        return Delayed(letter, tuple(named))
    recipients = [_failed(address, told, named) for address in named or ("",)]
    if not is_written_by_a_mail_system(mail):
        recipients = [replace(r, kind="soft") if r.kind == "hard" else r for r in recipients]
    return Bounced(letter, tuple(recipients))


def _own_addresses(mail: Part) -> set[str]:
    """Of the mail itself: who wrote it and to whom it came."""
    names = ("from", "to", "delivered-to", "sender")
    return {a.lower() for name in names for v in mail.values(name) for a in addresses_in(v)}


def _named(told: str, own: set[str]) -> list[str]:
    """Whom the report says it failed: addresses that begin a line, else those of a line that speaks
    of a recipient, else any.
    """
    strict: list[str] = []
    loose: list[str] = []
    for line in told.split("\n"):
        for written in addresses_in(line):
            address = _PREFIX.sub("", written)
            if address.lower() in own or "=@" in address or "..." in address:
                continue
            if _ADDRESS_LINE.match(line) or _EXPANDED.search(line):
                strict.append(address)
            elif not _NO_RECIPIENT.search(line) or (
                _RECIPIENT_MARK.search(line) and not _ABOUT_SENDER.search(line)
            ):
                loose.append(address)
    return list(dict.fromkeys(strict or loose))[:MAX_RECIPIENTS]


def _failed(address: str, told: str, named: list[str]) -> FailedRecipient:
    """What is said of one: where there are several, the lines from its name to the next one's."""
    words = told
    if len(named) > 1 and (begin := told.find(address)) >= 0:
        after = begin + len(address)
        ends = [at for other in named if other != address and (at := told.find(other, after)) > 0]
        own_words = told[begin : min(ends, default=len(told))]
        words = own_words if len(own_words.split()) > 3 else told
    kind, reply = kind_of("", words)
    return FailedRecipient(address, kind, reply)
