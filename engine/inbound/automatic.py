"""Mails that a machine wrote in a person's place: out of office and receipts (B10), which change
nothing and are no contact; and challenges, which ask the sender to click before the letter is let
through (B11): never clicked, and shown to the operator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.inbound.letter_identity import LetterMark
from engine.inbound.mail import Part, words_of

MAX_WORDS: Final = 4000
_I = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class AutoReplied:
    letter: LetterMark | None


@dataclass(frozen=True, slots=True)
class Challenged:
    """`service` is the name of the one that asks, "" where it is not known."""

    letter: LetterMark | None
    service: str


_CHALLENGE_HEADERS: Final[dict[str, str]] = {
    "x-mailinblack": "Mailinblack",
    "x-mib-challenge": "Mailinblack",
    "x-bluebottle-request": "Bluebottle",
    "x-boxbe-challenge": "Boxbe",
    "x-tmda-fingerprint": "TMDA",
    "x-spamarrest-challenge": "Spam Arrest",
    "x-vade-challenge": "Vade",
    "x-altospam-challenge": "Altospam",
}
_SERVICES = re.compile(
    r"mailinblack|bluebottle|boxbe|spam ?arrest|tmda|altospam|vade ?secure|vaderetro|0spam|sendio"
    r"|mail ?in ?black|captcha",
    _I,
)
_CHALLENGE = re.compile(
    r"(?:click|follow|cliquez|cliquer|suivez)\b.{0,200}(?:confirm|authenti|guest list"
    r"|allowed\s+list"
    r"|verif|v[ée]rifi|valid|débloquer|livr|deliver|identif|added|human|humain)"
    r"|(?:votre (?:message|mail|e-?mail)|your (?:message|mail|e-?mail)).{0,80}"
    r"(?:en attente|is (?:on hold|being held|waiting)|waitlisted|has been held)"
    r"|(?:identifiez|authentifiez)[- ]vous.{0,200}(?:mail|message)"
    r"|server requires confirmation|confirm this mail server|add yourself to my .{0,30}guest list",
    _I | re.DOTALL,
)
_MARKS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (name, re.compile(value, _I))
    for name, value in (
        ("auto-submitted", r"\s*(?!no\b)\w"),
        ("x-autoreply", r"\s*(?!no\b|0)\w"),
        ("x-autorespond", r"."),
        ("x-autoresponder", r"."),
        ("x-auto-reply-from", r"."),
        ("x-auto-response-suppress", r"\ball\b.*|autoreply"),
        ("x-mail-autoreply", r"."),
        ("x-vacation", r"."),
        ("precedence", r"\s*(?:auto[_-]?reply|auto_?response)"),
        ("delivered-to", r"^autoresponder\b"),
        ("x-precedence", r"\s*auto_?reply"),
        ("x-failure-auto-reply", r"."),
        ("x-ms-exchange-inbox-rules-loop", r"."),
        ("x-ms-exchange-generated-message-source", r"mailbox rules agent"),
    )
)
OUT_OF_OFFICE: Final = re.compile(
    r"out of (?:the )?office|\booo\b|auto(?:mat(?:ic|ed|isch\w*|ique|ica|ická|yczn\w*))?[ -]*"
    r"(?:reply|response|repl\b|antwort|respuesta|risposta|generated|responder)"
    r"|r[ée]ponse automatique|r[ée]pondeur|message d['’]absence|absen(?:ce|t)\b.{0,30}"
    r"(?:bureau|cong|du \d|jusqu|message|automatique|:|$)|\babsente? (?:du|jusqu|pour|en|le|de)"
    r"|(?:en|de) (?:cong[ée]s?|vacances|d[ée]placement)\b|\bje suis absent|actuellement absent"
    r"|abwesenheit|automatische antwort|nicht im (?:b[üu]ro|haus)|urlaub|au(?:ß|ss)er haus|abwesend"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|ausen(?:te|cia)|de vacaciones"
    r"|risposta automatica|fuori (?:sede|ufficio)|assen(?:te|za)\b|in ferie"
    r"|automatyczna odpowied|away from (?:my |the )?(?:desk|office|mail)|on (?:vacation|holiday"
    r"|leave)"
    r"|maternity leave|vacation (?:reply|message|auto)|auto-?reply|accus[ée] (?:automatique"
    r"|de r[ée]ception)"
    r"|ich bin (?:derzeit|zurzeit|bis)|no longer (?:work|with)|ne fais plus partie|i am away",
    _I,
)
_RECEIPT = ("disposition-notification",)


def read_challenge(mail: Part, letter: LetterMark | None) -> Challenged | None:
    header = next((service for name, service in _CHALLENGE_HEADERS.items() if mail.value(name)), "")
    if header:
        return Challenged(letter, header)
    told = f"{mail.words('subject')[:500]}\n{words_of(mail)[:MAX_WORDS]}"
    if not _CHALLENGE.search(told):
        return None
    named = _SERVICES.search(f"{mail.value('from')}\n{told}")
    asks = "http" in told.lower()
    if not asks or not (named or mail.value("auto-submitted") or _held(told)):
        return None
    return Challenged(letter, named[0] if named else "")


def _held(told: str) -> bool:
    return (
        re.search(r"waitlisted|en attente|on hold|being held|requires confirmation", told, _I)
        is not None
    )


def read_automatic(mail: Part, letter: LetterMark | None) -> AutoReplied | None:
    if mail.parameter("report-type").lower() in _RECEIPT:
        return AutoReplied(letter)
    for name, value in _MARKS:
        if any(value.search(text) for text in mail.values(name)):
            return AutoReplied(letter)
    if OUT_OF_OFFICE.search(mail.words("subject")[:500]):
        return AutoReplied(letter)
    return None


def is_in_bulk(mail: Part) -> bool:
    """Whether it says that it goes to many: nobody answers us so."""
    return mail.value("precedence").strip().lower() in ("bulk", "junk", "list")
