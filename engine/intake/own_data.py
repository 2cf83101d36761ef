"""What is posted on the page of a person's own data: presses and corrections. Pure; every posted
value is hostile.

A forwarded link opens this page too. So the address is never changed here, a change is only
requested: whoever holds another person's letter could otherwise take over their subscription.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from engine.intake.address import AddressRefused, normalise
from engine.intake.forms import Reason, input_of, text_of, value_of_input
from engine.intake.instants import DateOrder
from engine.intake.locales import read_language, read_zone
from engine.sequence.field_values import options_of
from engine.sequence.model import Field

Act = Literal[
    "see",
    "json",
    "csv",
    "proof",
    "correct",
    "address",
    "restrict",
    "lift",
    "resume",
    "object",
    "erase",
    "erase-now",
    "nothing",
]
Wrong = Reason | Literal["zone", "language", "same"]
ACTS: tuple[Act, ...] = get_args(Act)
READING: frozenset[Act] = frozenset({"see", "json", "csv", "proof", "erase"})
CHANGING: tuple[Act, ...] = (
    "correct",
    "address",
    "restrict",
    "lift",
    "resume",
    "object",
)
LANGUAGES = ("fr", "en")
FIELD, ZONE, LANGUAGE, ADDRESS, SURE = "field-", "timezone", "language", "new-address", "sure"


@dataclass(frozen=True, slots=True)
class Press:
    """`nonce` is the page's; `sure` is the box that must be ticked before anything is erased."""

    act: Act
    nonce: str
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Corrections:
    """The values that differ from the known ones; "" for zone and language is unchanged."""

    fields: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionFaults:
    """Why the corrections are not accepted, by the name of the input."""

    reasons: Mapping[str, Wrong]


def read_press(posted: Mapping[str, str]) -> Press:
    """A provider's one-click POST (RFC 8058) belongs to another link: it is no press here."""
    if "List-Unsubscribe" in posted:
        return Press("nothing", "")
    act: Act = next((act_name for act_name in ACTS if act_name == posted.get("act", "")), "nothing")
    return Press(act, posted.get("nonce", ""), bool(posted.get(SURE, "")))


def read_corrections(
    posted: Mapping[str, str],
    known: Sequence[tuple[Field, str]],
    timezone: str,
    language: str,
    date_order: DateOrder | None = None,
) -> Corrections | CorrectionFaults:
    """`known` has every field that may be corrected, with its value or ""; `timezone` and
    `language` are the person's; `date_order` is how the page's readers write a date in figures. An
    unchanged value is not checked: an import, or a field of another type, may have left what a
    person may not write here.
    """
    reasons: dict[str, Wrong] = {}
    changed = {}
    for declared, value in known:
        name = FIELD + declared.name
        if name not in posted or _is_unchanged(declared, input_of(posted, name, declared), value):
            continue
        wrong: dict[str, Reason] = {}
        written = (
            text_of(posted, name, False, wrong)
            if declared.type == "text"
            else value_of_input(posted, name, declared, date_order, wrong)
        )
        reasons |= wrong
        if declared.type == "text" or written != value:
            changed[declared.name] = written
    written, tongue = posted.get(ZONE, "").strip(), read_language(posted.get(LANGUAGE, ""))
    zone = written if written == timezone else read_zone(written)
    if written and not zone:
        reasons[ZONE] = "zone"
    if posted.get(LANGUAGE, "") and tongue not in LANGUAGES:
        reasons[LANGUAGE] = "language"
    if reasons:
        return CorrectionFaults(reasons)
    return Corrections(
        changed, zone if zone != timezone else "", tongue if tongue != language[:2].lower() else ""
    )


def read_address(posted: Mapping[str, str], known: str) -> str | CorrectionFaults:
    """The normalised address that the person states as correct."""
    posted_address = posted.get(ADDRESS, "")
    try:
        address = normalise(posted_address)
    except AddressRefused:
        return CorrectionFaults({ADDRESS: "address" if posted_address.strip() else "missing"})
    return CorrectionFaults({ADDRESS: "same"}) if address == known else address


def _is_unchanged(known: Field, written: str, value: str) -> bool:
    """Boxes ticked as before are, in whatever order they were kept."""
    if known.type == "choices":
        return set(options_of(written)) == set(options_of(value))
    return _on_one_line(written) == _on_one_line(value)


def _on_one_line(value: str) -> str:
    """Without line ends, which browsers drop from an input of one line."""
    return unicodedata.normalize("NFC", value.replace("\r", "").replace("\n", "")).strip()
