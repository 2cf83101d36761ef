"""Evidence from the vault in the reader's language: each name that any door writes has its words,
fixed values and instants too; what a person wrote stays as it is. A name nobody knows is shown as
it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from types import MappingProxyType

from engine.frozen import dataclass
from engine.i18n.dates import moment_in_words
from engine.i18n.language import N_, Language, Say, day_in_words, translator
from engine.i18n.stored_words import FREQUENCIES
from engine.intake.instants import DateRefused, read_instant
from engine.letter.field_words import in_words
from engine.sequence.model import Field
from engine.sequence.timing import to_local

MAX_SHOWN = 2000
"""Characters of one value that are shown."""
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "account": N_("account"),
        "act": N_("act"),
        "address": N_("address"),
        "against": N_("released although not set right"),
        "age": N_("box about age"),
        "answer": N_("answer"),
        "answers": N_("typed into the form"),
        "asked_at": N_("asked on"),
        "asked_by": N_("asked by"),
        "basis": N_("ground"),
        "body": N_("body of the call"),
        "body_base64": N_("body of the call (base64)"),
        "booking": N_("booking"),
        "box": N_("box"),
        "broadcast": N_("broadcast"),
        "browser": N_("browser"),
        "button": N_("button"),
        "by": N_("by"),
        "call": N_("number of the call"),
        "campaign": N_("campaign"),
        "channel": N_("means of contact"),
        "choice": N_("question asked"),
        "code": N_("code of the answer"),
        "collected": N_("collected on"),
        "collected_at": N_("collected on"),
        "complained": N_("complained"),
        "confirmed_at": N_("confirmed on"),
        "confirmed_by_mail": N_("to be confirmed by mail"),
        "contents": N_("types of content"),
        "copied": N_("the form was copied into another page"),
        "declared": N_("declared by somebody else"),
        "delivery": N_("number of the delivery"),
        "door": N_("brought in by"),
        "effects": N_("effects"),
        "email": N_("address"),
        "enhanced": N_("detailed code"),
        "errors": N_("errors"),
        "facts": N_("facts"),
        "fields": N_("particulars brought along"),
        "file": N_("file"),
        "form": N_("form"),
        "from": N_("sender"),
        "function": N_("profession"),
        "import": N_("number of the import"),
        "ip": N_("IP address"),
        "key": N_("API key"),
        "frequency": N_("how often"),
        "language": N_("language"),
        "letter": N_("letter"),
        "line": N_("line"),
        "link": N_("link"),
        "list": N_("list"),
        "lists": N_("lists"),
        "mail": N_("mail kept as it was handed over"),
        "measured": N_("agrees to be measured"),
        "measures": N_("measures"),
        "message": N_("number of the letter"),
        "message_id": N_("Message-ID"),
        "method": N_("came by"),
        "name": N_("name"),
        "note": N_("note"),
        "objection": N_("offer to object"),
        "operator": N_("operator"),
        "order": N_("order"),
        "order_signed": N_("order signed by the shop"),
        "own_page": N_("the form was built by another page"),
        "page": N_("page"),
        "partner": N_("partner"),
        "preferences": N_("chosen to receive"),
        "proof": N_("proof named"),
        "purpose": N_("purpose"),
        "reason": N_("reason"),
        "received_at": N_("received on"),
        "referrer": N_("coming from"),
        "refusal": N_("why not to write, as the file says"),
        "relay_code": N_("code of the mail server’s answer"),
        "relay_words": N_("the mail server’s answer"),
        "request": N_("number of the request"),
        "right": N_("right"),
        "sec_fetch_user": N_("the browser says that a person acted (Sec-Fetch-User)"),
        "seen": N_("seen"),
        "sent_at": N_("handed over on"),
        "shown": N_("shown"),
        "shown_at": N_("page shown on"),
        "shown_besides": N_("shown besides the published words"),
        "segment": N_("segment"),
        "source": N_("source"),
        "stage": N_("stage of the delivery"),
        "subscription": N_("subscription"),
        "themes": N_("themes"),
        "timezone": N_("time zone"),
        "tls": N_("encryption of the connection"),
        "to": N_("recipient"),
        "trust": N_("why it is believed"),
        "unknown": N_("not known"),
        "unsubscribed": N_("unsubscribed"),
        "user_agent": N_("browser"),
        "webhook": N_("webhook"),
        "what": N_("what was called for"),
        "words": N_("words"),
    }
)
DIGESTS: Mapping[str, str] = MappingProxyType(
    {
        "body_hash": N_("body of the call"),
        "configuration": N_("configuration in force"),
        "confirm_digest": N_("words at the confirmation"),
        "form_digest": N_("page with the form"),
        "form_file": N_("form as it was published"),
        "mail_digest": N_("mail"),
        "notice_digest": N_("words shown"),
        "purpose_digest": N_("words of the purpose"),
        "visitor": N_("IP address and browser"),
    }
)
"""Whose value is a SHA-256: nothing for a sentence."""
INSTANTS = frozenset(
    {"asked_at", "collected", "collected_at", "confirmed_at", "received_at", "sent_at", "shown_at"}
)
"""Milliseconds; a door that was told a date writes it as text."""
BOXES = frozenset({"age", "box", "objection"})
VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "act": {
            "human_button": N_("press on a button"),
            "auto_submit": N_("the page acted by itself, nobody pressed"),
            "one_click": N_("unsubscribe button of the mail program"),
            "rfc8058": N_("unsubscribe button of the mail program"),
            "mail_client": N_("mail to the unsubscribe address"),
            "mailto": N_("mail to the unsubscribe address"),
            "reply": N_("a mail of their own"),
            "feedback": N_("a complaint that their provider passed on"),
        },
        "basis": {
            "consent": N_("consent"),
            "soft-optin": N_("soft-optin"),
            "b2b": N_("b2b"),
            "service": N_("service"),
        },
        "by": {"self": N_("the person")},
        "asked_by": {"self": N_("the person")},
        "channel": {"email": N_("e-mail")},
        "door": {"command line": N_("command line")},
        "method": {
            "form": N_("form"),
            "page": N_("page behind a link"),
            "answer": N_("answer to a letter"),
            "confirm": N_("confirmation by mail"),
            "api": N_("API call"),
            "import": N_("import"),
            "operator": N_("operator"),
            "webhook": N_("call of a shop or mail service"),
        },
        "trust": {
            "signed": N_("signed"),
            "re-read": N_("the sender’s API said the same"),
            "secret-url": N_("it carried the secret"),
        },
        "what": {
            "subscription": N_("a subscription"),
            "transfer": N_("a transfer"),
            "unsubscription": N_("an unsubscription"),
            "correction": N_("a correction"),
            "order": N_("an order"),
            "refund": N_("a refund"),
            "preferences": N_("a choice of what is received"),
            "booking": N_("a booking"),
            "subscription-ended": N_("the end of a subscription"),
            "bounce": N_("a bounce"),
            "complaint": N_("a complaint"),
        },
        "refusal": {
            "unsubscribed": N_("unsubscribed"),
            "objected": N_("objected"),
            "bounced": N_("bounced"),
            "complained": N_("complained"),
        },
        "right": {
            "access": N_("access"),
            "rectification": N_("rectification"),
            "restriction": N_("restriction"),
            "objection": N_("objection"),
            "withdrawal": N_("withdrawal"),
            "erasure": N_("erasure"),
            "portability": N_("portability"),
            "resume": N_("to be written to again"),
        },
        "stage": {
            "connect": N_("connection"),
            "helo": N_("greeting"),
            "auth": N_("login"),
            "mail": N_("sender announced"),
            "rcpt": N_("recipient announced"),
            "data": N_("before the contents"),
            "dot": N_("after the contents"),
            "returned": N_("by mail, afterwards"),
        },
        "frequency": FREQUENCIES,
        "language": {"fr": N_("French"), "en": N_("English")},
        "sec_fetch_user": {"?1": N_("yes")},
    }
)


def _as_numbered(number: int) -> str:
    return str(number)


@dataclass(frozen=True, slots=True)
class EvidenceWords:
    """Evidence in one language, with instants on the clock of `zone`. `fields` are the
    author's by their names, `purposes`, `forms` and `choices` the words for purposes, forms,
    and "themes" and "contents"; `list_named` says a list by its number.
    """

    language: Language
    zone: str
    fields: Mapping[str, Field] = field(default_factory=lambda: MappingProxyType({}))
    purposes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    list_named: Callable[[int], str] = _as_numbered
    forms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def say(self) -> Say:
        return translator(self.language)

    def particulars(self, evidence: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """What is said in each, and its value; what is empty is left out, and so are digests."""
        for name, value in evidence.items():
            if name not in DIGESTS and value not in (None, "", [], {}, False):
                told = self._particular(name, value)
                yield from self._of_relay(told) if name == "words" and "stage" in evidence else told

    def digests(self, evidence: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """What each SHA-256 is of, and the digest in hexadecimal."""
        _ = self.say
        for name, value in evidence.items():
            if name in DIGESTS and value:
                yield _(DIGESTS[name]), str(value)

    def _of_relay(self, told: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Words beside a stage of the delivery are the mail server's."""
        yield from ((self.label("relay_words"), value) for _label, value in told)

    def _particular(self, name: str, value: object) -> Iterator[tuple[str, str]]:
        label = self.label(name)
        if not isinstance(value, Mapping):
            yield label, self._value(name, value)
        elif name in BOXES and "ticked" in value:
            yield label, self.box(value)
        elif name == "choice":
            yield f"{label} ({value.get('question', '')})", str(value.get("answer", ""))
        elif name == "link":
            yield label, self._quoted(value.get("label") or value.get("number", ""))
        else:
            # "by", "partner", "answers", "fields", "words": each part has a name of its own.
            for part, inner in value.items():
                if inner not in (None, "", [], {}, False):
                    declared = self.fields.get(part) if name in ("answers", "fields") else None
                    told = (
                        in_words(declared, str(inner), self.language)
                        if declared is not None
                        else self._value(part, inner)
                    )
                    yield f"{label}, {self._part(name, part)}", told

    def label(self, name: str) -> str:
        """In words; a name nobody knows as it is."""
        known = NAMES.get(name) or DIGESTS.get(name)
        return self.say(known) if known else name

    def _part(self, name: str, part: str) -> str:
        if name in ("answers", "fields"):
            return self._titled(part) if part != "email" else self.label(part)
        return {"id": self.say(N_("identifier"))}.get(part) or self.label(part)

    def box(self, box: Mapping[str, object]) -> str:
        """ "“Yes, the letter”: not ticked at first, ticked by the person" """
        _ = self.say
        how = (
            _("not ticked at first, ticked by the person")
            if box.get("ticked")
            else _("not ticked at first, left so")
        )
        return _("{name}: {value}").format(name=self._quoted(box.get("label", "")), value=how)

    def _value(self, name: str, value: object) -> str:
        _ = self.say
        if value is True:
            return _("yes")
        if name in INSTANTS and isinstance(value, int | str):
            return self._instant(value)
        if name == "mail":
            return _("yes")
        if name == "words":
            return self._quoted(value)
        if name == "form":
            return self._quoted(self.forms.get(str(value), value))
        if name == "purpose":
            return self._quoted(self.purposes.get(str(value), value))
        if name == "lists" and isinstance(value, list):
            return ", ".join(self.list_named(n) if isinstance(n, int) else str(n) for n in value)
        if name == "unknown" and isinstance(value, list):
            return ", ".join(self.label(str(one)) for one in value)
        if name == "fields" and isinstance(value, list):
            return ", ".join(self._titled(str(one)) for one in value)
        if name in self.choices and isinstance(value, list):
            return ", ".join(self.choices[name].get(str(code), str(code)) for code in value)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        text = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
        fixed = VALUES.get(name, {}).get(text)
        return _(fixed) if fixed else text

    def _titled(self, field_name: str) -> str:
        declared = self.fields.get(field_name)
        return declared.label if declared is not None else field_name

    def _instant(self, value: int | str) -> str:
        """Text that is no date as it is, a date without an hour or at midnight as a day."""
        try:
            instant = value if isinstance(value, int) else read_instant(value, self.zone)
        except DateRefused:
            return str(value)
        local = to_local(instant, self.zone)
        if isinstance(value, str) and not (local.hour or local.minute):
            return day_in_words(local.date(), self.language)
        return moment_in_words(instant, self.zone, self.language)

    def _quoted(self, text: object) -> str:
        return self.say("“{text}”").format(text=text)
