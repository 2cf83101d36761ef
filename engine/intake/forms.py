"""A posted form → the answers it holds, or the reasons, input by input, why it cannot be accepted;
and answers → the command. Pure.

Every posted value is hostile: its length is bounded, it is brought to NFC on one line, and refused
if it could make a confirmation mail carry a stranger's link.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from engine.intake.address import AddressRefused, normalise
from engine.intake.field_reader import (
    MAX_VALUE_CHARACTERS,
    FieldFault,
    FieldRefused,
    read_value,
)
from engine.intake.instants import DateFault, DateOrder, DateRefused
from engine.intake.likely_address import likely_address
from engine.intake.locales import read_zone
from engine.intake.preferences import chosen_on, is_choice
from engine.sequence.field_values import BETWEEN_OPTIONS
from engine.sequence.model import Field, Form
from engine.subscriber.commands import NOTHING_CHOSEN, Chosen, RequestConsent, Subscribe
from engine.subscriber.events import Cause

Reason = Literal[
    "missing",
    "address",
    "sign",
    "meant",
    "long",
    "line",
    "link",
    "choose",
    "tick",
    "age",
    "date",
    "two-days",
    "no-day",
    "year",
    "number",
    "comma",
]
# Why a value does not fit its field, in the words of a form.
_UNFIT: Mapping[StrEnum, Reason] = MappingProxyType(
    {
        DateFault.BOTH_WAYS: "two-days",
        DateFault.NO_SUCH_DAY: "no-day",
        DateFault.YEAR_OF_TWO_FIGURES: "year",
        DateFault.YEAR_UNLIKELY: "year",
        FieldFault.NUMBER_BOTH_WAYS: "comma",
        FieldFault.NUMBER_NOT_UNDERSTOOD: "number",
        FieldFault.NUMBER_TOO_LONG: "number",
        FieldFault.OPTION_UNKNOWN: "choose",
        FieldFault.YES_OR_NO: "choose",
    }
)
EMAIL, TIMEZONE = "email", "timezone"
AGREED, STAMP, SHOWN = "relance-agreed", "relance-stamp", "relance-shown"
AGE, SOURCE, CAMPAIGN, PROOF = "relance-age", "relance-source", "relance-campaign", "relance-proof"
BOUGHT, NEXT = "relance-bought", "relance-next"
TYPED, MEANT = "relance-typed", "relance-meant"
YES = "yes"
MAX_ANSWER_CHARACTERS, MAX_NEXT_CHARACTERS = 200, 800
_TRAPS = ("website", "homepage", "company_url", "fax_number")
_LINK = re.compile(r"://|\bwww\.|\b[\w-]+\.[^\W\d_]{2,}[/:]|\]\s*\(", re.IGNORECASE)
# What programs or people could read as a host or an address.
_HOST = re.compile(r"\w\s*@\s*\w|\w\.[^\W\d_]{2,}|//|\bhxxps?\b|\bwww\b", re.IGNORECASE)
_DOTS = str.maketrans(dict.fromkeys("\u3002\uff61\ufe52\u2024\ua4f8\ua78f\u0701\u0702", "."))
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


@dataclass(frozen=True, slots=True)
class Answers:
    """A form filled in without mistakes. `list` is the chosen list; `objects` is a ticked box on a
    form whose ground is not consent (CPCE L34-5 al. 4). `of_age`: the box about the age was ticked.
    `source` and `campaign` are parameters of the form's address. `proof`: a shop's proof of an
    order (`is_signed`), not checked yet; `bought`: what the shop says was bought.
    """

    address: str
    list: int
    fields: Mapping[str, str] = field(default_factory=dict)
    choice: str = ""
    ticked: bool = False
    timezone: str = ""
    order: str = ""
    objects: bool = False
    of_age: bool = False
    source: str = ""
    campaign: str = ""
    proof: str = ""
    bought: str = ""
    chosen: Chosen = NOTHING_CHOSEN


@dataclass(frozen=True, slots=True)
class FormFaults:
    """Why the form is not accepted, by the name of the input. `meant` is the address that was
    probably meant, where a reason is "sign" or "meant".
    """

    reasons: Mapping[str, Reason]
    meant: str = ""


def honeypot_name(form: Form) -> str:
    """The name of the hidden input that only robots fill in: a plausible name that none of the
    author's fields has.
    """
    used = {form_field.name for form_field in form.fields} | {
        form.order_field,
        form.question.name if form.question else "",
    }
    return next((name for name in _TRAPS if name not in used), "relance-website")


def is_trapped(posted: Mapping[str, str], form: Form) -> bool:
    return bool(posted.get(honeypot_name(form), "").strip())


def read(
    posted: Mapping[str, str], form: Form, date_order: DateOrder | None = None
) -> Answers | FormFaults:
    """The answers, or every reason at once; `date_order` is how the page's readers write a date in
    figures.

    An invalid time zone comes from a script, not from a person, and is left out. An address that
    looks like a typing error is queried once: posted again unchanged, it is accepted.
    """
    reasons: dict[str, Reason] = {}
    address, number, choice, meant, written = "", form.list, "", "", address_in(posted)
    try:
        address = normalise(written)
    except AddressRefused as error:
        meant = error.plain
        reasons[EMAIL] = "sign" if meant else "address" if written.strip() else "missing"
    else:
        meant = "" if posted.get(TYPED) == posted.get(EMAIL) else likely_address(address)
        if meant:
            reasons[EMAIL] = "meant"
    fields: dict[str, str] = {}
    for form_field in form.fields:
        name, required = form_field.name, form_field.required
        value = (
            text_of(posted, name, required, reasons, hosts=form.confirm)
            if form_field.type == "text"
            else value_of_input(posted, name, form_field, date_order, reasons, required=required)
        )
        if value:
            fields[name] = value
    if form.question is not None:
        answer = unicodedata.normalize("NFC", posted.get(form.question.name, ""))
        chosen = next(
            (offered for offered in form.question.choices if offered.label == answer), None
        )
        if chosen is None:
            reasons[form.question.name] = "choose"
        else:
            number, choice = chosen.list, chosen.label
    order = text_of(posted, form.order_field, True, reasons) if form.order_field else ""
    ticked = bool(form.checkbox) and bool(posted.get(AGREED, ""))
    if form.basis == "consent" and not ticked:
        reasons[AGREED] = "tick"
    of_age = bool(form.age) and bool(posted.get(AGE, ""))
    if form.age and not of_age:
        reasons[AGE] = "age"
    if reasons:
        return FormFaults(reasons, meant)
    objects = ticked and form.basis in ("soft-optin", "b2b")
    zone = read_zone(posted.get(TIMEZONE, "").strip())
    proof = posted.get(PROOF, "") if order else ""
    return Answers(
        address,
        number,
        fields,
        choice,
        ticked,
        zone,
        order,
        objects,
        of_age,
        *_origin(posted),
        proof,
        posted.get(BOUGHT, "") if proof else "",
        chosen_on(posted, form),
    )


def address_in(posted: Mapping[str, str]) -> str:
    """The address as typed or, where the person pressed the button that offers a corrected one, the
    corrected one, unless they have edited the address since.
    """
    written, meant = posted.get(EMAIL, ""), posted.get(MEANT, "")
    return meant if meant and written == posted.get(TYPED) else written


def _origin(posted: Mapping[str, str]) -> tuple[str, str]:
    """Source and campaign, as the form's address has them; a value that is not plain text on one
    line is dropped, and the form accepted.
    """
    reasons: dict[str, Reason] = {}
    source = text_of(posted, SOURCE, False, reasons)
    campaign = text_of(posted, CAMPAIGN, False, reasons)
    return source, campaign


def text_of(
    posted: Mapping[str, str],
    name: str,
    required: bool,
    reasons: dict[str, Reason],
    *,
    hosts: bool = True,
) -> str:
    """The text of an input, "" where it is not accepted; the fault is added to `reasons`.

    Links are refused however they are spelled. Without `hosts`, anything that looks like a host or
    an address is refused too: such a form subscribes at once people who may have asked for nothing,
    and its letters quote what was typed. (A confirmation mail quotes names alone.)
    """
    raw = posted.get(name, "")
    if len(raw) > 4 * MAX_ANSWER_CHARACTERS:
        reasons[name] = "long"
        return ""
    text = unicodedata.normalize("NFC", raw.translate(_DIRECTION)).strip()
    reason: Reason | None = None
    if not text:
        reason = "missing" if required else None
    elif len(text) > MAX_ANSWER_CHARACTERS:
        reason = "long"
    elif any(unicodedata.category(character) in _BREAKS for character in text):
        reason = "line"
    elif _LINK.search(_folded(text)) or (not hosts and _HOST.search(_folded(text))):
        reason = "link"
    if reason is not None:
        reasons[name] = reason
        return ""
    return text


def value_of_input(
    posted: Mapping[str, str],
    name: str,
    field: Field,
    order: DateOrder | None,
    reasons: dict[str, Reason],
    *,
    required: bool = False,
) -> str:
    """The value of a typed field's input as it is kept, "" where there is none or it does not fit;
    the fault is added to `reasons`.
    """
    written = unicodedata.normalize("NFC", input_of(posted, name, field))
    if len(written) > MAX_VALUE_CHARACTERS:
        reasons[name] = "long"
        return ""
    try:
        value = read_value(field, written, order)
    except (DateRefused, FieldRefused) as error:
        reasons[name] = _UNFIT.get(error.reason.code, "date")
        return ""
    if required and not value:
        reasons[name] = "missing" if field.type in ("date", "number") else "choose"
    return value


def input_of(posted: Mapping[str, str], name: str, field: Field) -> str:
    """What was posted for a field; of choices, what each ticked box says, in one text."""
    if field.type != "choices":
        return posted.get(name, "")
    boxes = [value for box, value in posted.items() if box.startswith(f"{name}.")]
    return BETWEEN_OPTIONS.join(filter(None, (posted.get(name, ""), *boxes)))


def _folded(text: str) -> str:
    """The text as a program may read it: NFKC, without invisible characters, every kind of dot as a
    full stop.
    """
    visible = "".join(
        sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf"
    )
    return visible.translate(_DOTS)


def shown_again(posted: Mapping[str, str], form: Form) -> dict[str, str]:
    """The posted values that the form has an input for, to show them again beside the mistakes."""
    names = [
        EMAIL,
        AGREED,
        AGE,
        SOURCE,
        CAMPAIGN,
        PROOF,
        BOUGHT,
        NEXT,
        TIMEZONE,
        *filter(is_choice, posted),
        *(form_field.name for form_field in form.fields),
        *(
            box
            for form_field in form.fields
            if form_field.type == "choices"
            for box in posted
            if box.startswith(f"{form_field.name}.")
        ),
    ]
    names += [form.question.name] if form.question else []
    names += [form.order_field] if form.order_field else []
    shown = {name: posted[name][: 4 * MAX_ANSWER_CHARACTERS] for name in names if posted.get(name)}
    written = address_in(posted)[: 4 * MAX_ANSWER_CHARACTERS]
    # This address has been queried, or is now.
    return shown | {EMAIL: written, TYPED: written} if written else shown


def request_for(
    answers: Answers,
    form: Form,
    now: int,
    cause: Cause,
    request: str,
    notice: str,
    language: str,
    fields: tuple[str, ...],
    hold_until: int = 0,
) -> RequestConsent:
    """Ask for confirmation by mail, not before `hold_until` (ms). Anybody can type an address, so a
    person already known keeps what they have until they confirm. `request` is a fresh random id,
    `notice` the digest of the words shown, `fields` names the fields that the vault will keep.
    """
    return RequestConsent(
        at=now,
        cause=cause,
        lists=(answers.list,),
        request=request,
        notice=notice,
        form=form.name,
        timezone=answers.timezone,
        language=language,
        fields=fields,
        by_anybody=True,
        hold_until=hold_until,
    )


def joining(
    answers: Answers,
    form: Form,
    now: int,
    cause: Cause,
    call: str,
    notice: str,
    language: str,
    fields: tuple[str, ...],
    chosen: Chosen,
) -> Subscribe:
    """Join at once, with what was `chosen`. Never as the person's own act: it undoes no withdrawal,
    even for an order.
    """
    return Subscribe(
        at=now,
        cause=cause,
        list=answers.list,
        basis=form.basis,
        proof="single",
        notice=notice,
        timezone=answers.timezone,
        language=language,
        fields=fields,
        call=call,
        chosen=chosen,
        segments=(form.segment,) if form.segment else (),
    )


MAX_LIFE_SECONDS = 30 * 86_400
"""How far ahead a proof's end may lie: as long as a person's stream remembers that an order was
served.
"""
_PROOF = re.compile(r"([1-9][0-9]{0,14})\.([0-9a-f]{64})")


def is_signed(
    keys: Sequence[bytes],
    form: str,
    order: str,
    address: str,
    proof: str,
    now: int,
    bought: str = "",
) -> bool:
    """Whether one of the shop's `keys` signed this order for this address, and the proof has not
    ended. `now` is the wall clock, in seconds. A proof is the shop's word that an order was placed,
    `UNTIL.MAC`, made with a key that the shop and this installation share:

        text  = "relance-order" LF form LF order number LF address LF UNTIL
                and, where it says what was bought, LF BOUGHT (UTF-8; LF is one line feed)
        MAC   = HMAC-SHA-256(key, text) in hexadecimal
        UNTIL = seconds since 1970 (UTC) after which the proof is worth nothing

    The address is written as `normalise` gives it: small letters, no blanks, the domain in ASCII.
    It stands in no link: whoever opens one types it.
    """
    match = _PROOF.fullmatch(proof)
    if match is None or not order:
        return False
    until, mac = int(match[1]), match[2]
    said = ("relance-order", form, order, address, match[1], *((bought,) if bought else ()))
    text = "\n".join(said).encode()
    genuine = [
        hmac.compare_digest(hmac.new(key, text, hashlib.sha256).hexdigest(), mac) for key in keys
    ]
    return any(genuine) and now <= until <= now + MAX_LIFE_SECONDS
