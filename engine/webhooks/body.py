"""A call's bytes as values: its headers, and its body as JSON or as a form, read within bounds.
DeliveryRefused alone is raised, whatever the bytes.

A member that stands twice is refused: two readers would take two values.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from engine.intake.amounts import MAX_AMOUNT, AmountRefused, digits_of, read_amount, read_currency
from engine.webhooks.delivery import DeliveryFault, DeliveryRefused

MAX_BODY_BYTES: Final = 1_000_000
MAX_TEXT_CHARACTERS: Final = 500
MAX_WORDS_CHARACTERS: Final = 2_000
MAX_ITEMS: Final = 500
MAX_FORM_FIELDS: Final = 2_000
MAX_INSTANT_MS: Final = 253_402_300_800_000
"""The year 10000."""
_SECONDS_BELOW = 100_000_000_000
"""A number of Unix time below this is in seconds, else in milliseconds (from 1973 on)."""
_FORM_KEY = re.compile(r"([^\[\]]{1,100})((?:\[[^\[\]]{0,100}\]){0,6})")
_DECIMAL = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,20}))?")
_WHOLE = re.compile(r"[0-9]{1,13}")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

Headers = Sequence[tuple[str, str]]
"""Names in any case, as they came, twice where they came twice."""


def header(headers: Headers, name: str) -> str:
    """Its value without blanks around it, "" where it did not come. Raises DeliveryRefused where it
    came twice.
    """
    values = [value for known, value in headers if known.lower() == name]
    if len(values) > 1:
        raise DeliveryRefused(DeliveryFault.HEADER_TWICE, header=name)
    return values[0].strip() if values else ""


@dataclass(frozen=True, slots=True)
class Call:
    """What came: raw bytes and headers."""

    headers: Headers
    raw: bytes

    def header(self, name: str) -> str:
        return header(self.headers, name)

    def json(self) -> Value:
        return Value(read_json(self.raw))

    def digest(self, topic: str = "") -> str:
        """Names a delivery whose body has no id of its own; `topic` is what a header says of it."""
        return hashlib.sha256(topic.encode("utf-8", "replace") + b"\n" + self.raw).hexdigest()


def read_json(raw: bytes) -> object:
    """Numbers with a decimal point stay texts as they are written."""
    if len(raw) > MAX_BODY_BYTES:
        raise DeliveryRefused(DeliveryFault.TOO_LARGE, kilobytes=MAX_BODY_BYTES // 1000)
    try:
        read: object = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_members,
            parse_float=str,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise DeliveryRefused(DeliveryFault.TOO_DEEP) from None
    except DeliveryRefused:
        raise
    except ValueError:
        raise DeliveryRefused(DeliveryFault.NOT_JSON) from None
    return read


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """In time that grows with the body alone: nobody has signed it yet."""
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise DeliveryRefused(DeliveryFault.MEMBER_TWICE, field=_shown(name))
        members[name] = value
    return members


def _no_number(text: str) -> object:
    raise ValueError(text)


def read_form(raw: bytes) -> object:
    """A form as PHP writes it: `customer[email]=...` is the member `email` of `customer`."""
    if len(raw) > MAX_BODY_BYTES:
        raise DeliveryRefused(DeliveryFault.TOO_LARGE, kilobytes=MAX_BODY_BYTES // 1000)
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FORM_FIELDS,
        )
    except ValueError:
        raise DeliveryRefused(DeliveryFault.NOT_A_FORM) from None
    root: dict[str, object] = {}
    for key, value in pairs:
        match = _FORM_KEY.fullmatch(key)
        if match is None:
            raise DeliveryRefused(DeliveryFault.NOT_A_FORM)
        *outer, last = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        place = root
        for name in outer:
            inner = place.setdefault(name, {})
            if not isinstance(inner, dict):
                raise DeliveryRefused(DeliveryFault.MEMBER_TWICE, field=_shown(key))
            place = inner
        if last in place:
            raise DeliveryRefused(DeliveryFault.MEMBER_TWICE, field=_shown(key))
        place[last] = value
    return root


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a body and where it stands, for the words of a refusal."""

    root: object
    place: tuple[str, ...] = field(default=())

    def at(self, *path: str) -> Value:
        """None's value where a member is not there."""
        value = self.root
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return Value(value, (*self.place, *path))

    def members(self) -> frozenset[str]:
        return frozenset(self.root) if isinstance(self.root, dict) else frozenset()

    def items(self, *path: str) -> list[Value]:
        inner = self.at(*path)
        if not isinstance(inner.root, list):
            return []
        if len(inner.root) > MAX_ITEMS:
            raise DeliveryRefused(DeliveryFault.TOO_MANY_FACTS, most=MAX_ITEMS)
        return [Value(item, (*inner.place, str(number))) for number, item in enumerate(inner.root)]

    def text(self, *path: str) -> str:
        """A text or number as it is written, without blanks around it; "" where there is none."""
        value = self.at(*path).root
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.malformed(*path)
        text = str(value).strip()
        if len(text) > MAX_TEXT_CHARACTERS or _UNWRITABLE.search(text):
            raise self.malformed(*path)
        return text

    def first(self, *paths: tuple[str, ...]) -> str:
        """The first text that is there."""
        return next((text for path in paths if (text := self.text(*path))), "")

    def required(self, *path: str) -> str:
        if text := self.text(*path):
            return text
        raise self.missing(*path)

    def words(self, *path: str) -> str:
        """A server's words: cut, never refused."""
        value = self.at(*path).root
        text = value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
        return _UNWRITABLE.sub(" ", text[:MAX_WORDS_CHARACTERS]).strip()

    def instant(self, *path: str) -> int | None:
        """Milliseconds of Unix time: of a number of seconds or milliseconds, or of an instant of
        ISO 8601, whose zone is UTC where it names none.
        """
        text = self.text(*path)
        if not text:
            return None
        if _WHOLE.fullmatch(text):
            number = int(text)
            instant = number * 1000 if number < _SECONDS_BELOW else number
        else:
            try:
                moment = datetime.fromisoformat(text)
                instant = round(
                    (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000
                )
            except (ValueError, OverflowError):
                raise self.malformed(*path) from None
        if not 0 < instant < MAX_INSTANT_MS:
            raise self.malformed(*path)
        return instant

    def currency(self, *path: str) -> str:
        code = self.required(*path)
        try:
            return read_currency(code)
        except AmountRefused:
            raise DeliveryRefused(DeliveryFault.CURRENCY_UNKNOWN, field=self.named(*path)) from None

    def cents(self, *path: str) -> int:
        """An amount that is written in minor units."""
        return self._within(int(self.required(*path)) if self._whole(*path) else -1, *path)

    def amount(self, currency: str, *path: str) -> int:
        """Minor units of an amount in the currency's own unit: "49.90", 49.9, 1200; a program's
        own words too, as `read_amount` has them: "1 234,50 €".
        """
        written = self.required(*path)
        match = _DECIMAL.fullmatch(written)
        if match is None:
            try:
                return self._within(read_amount(written, currency)[0], *path)
            except AmountRefused:
                return self._within(-1, *path)
        digits = digits_of(currency) or 0
        fraction = match[2] or ""
        if fraction[digits:].strip("0"):
            return self._within(-1, *path)
        return self._within(int(match[1] + fraction[:digits].ljust(digits, "0")), *path)

    def _whole(self, *path: str) -> bool:
        return _WHOLE.fullmatch(self.required(*path)) is not None

    def _within(self, amount: int, *path: str) -> int:
        if not 0 <= amount <= MAX_AMOUNT:
            raise DeliveryRefused(DeliveryFault.AMOUNT_MALFORMED, field=self.named(*path))
        return amount

    def named(self, *path: str) -> str:
        return _shown(".".join((*self.place, *path)))

    def missing(self, *path: str) -> DeliveryRefused:
        return DeliveryRefused(DeliveryFault.FIELD_MISSING, field=self.named(*path))

    def malformed(self, *path: str) -> DeliveryRefused:
        return DeliveryRefused(DeliveryFault.FIELD_MALFORMED, field=self.named(*path))


def _shown(name: str) -> str:
    return _UNWRITABLE.sub("?", name[:100])
