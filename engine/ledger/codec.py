"""The exact bytes of a ledger entry, encoded once and stored: canonical JSON as RFC 8785 has it,
for integers, strings and booleans (F15).

Keys sorted, no white space, UTF-8 in NFC, no floats. Fields that hold their default are left out,
so a default never changes.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from engine.ledger.names import NAME_OF, NAMES, UPCASTS, VERSIONS, AnyEvent
from engine.sequence.timing import to_local
from engine.store.binary import bigint, length, uuid_of
from engine.subscriber.events import Cause, LetterBegun, LetterSent

MAX_ENTRY = 65_535
# The largest integer that every JSON reader represents exactly (RFC 7493, 2.2).
MAX_INTEGER = 2**53 - 1
CALENDAR = range(-62_135_596_800_000, 253_402_300_800_000)
"""The instants (ms) of the years 1 to 9999, UTC: no other has a date."""


class EntryRefused(ValueError):
    """An event that cannot be encoded (too long, not NFC, a float, an integer beyond MAX_INTEGER),
    or bytes that cannot be decoded.
    """


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One ledger entry, decoded. `position` is its place in the whole ledger (from 1); `version`
    its place in its stream (from 1).

    A struct, because a frozen dataclass takes as long to make as the bytes take to read.
    """

    position: int
    stream: str
    version: int
    name: str
    at: int
    recorded_at: int
    cause: Cause
    event: AnyEvent


class _Envelope(msgspec.Struct, gc=False):
    at: int
    cause: Cause
    data: msgspec.Raw
    name: str
    recorded_at: int
    stream: str
    v: int
    version: int


def _fields(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((f.name, f.default) for f in dataclasses.fields(kind) if f.name != "at"))


_FIELDS = {kind: _fields(kind) for kind in NAME_OF} | {Cause: _fields(Cause)}
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in NAMES.items()}
_ENVELOPE = msgspec.json.Decoder(_Envelope)
canonical: Callable[[object], bytes] = msgspec.json.Encoder(order="sorted").encode
"""Keys sorted, no white space, UTF-8: of strings, integers, booleans, lists and dictionaries the
bytes are those of RFC 8785.
"""
_TOPICS = {name: length(len(name)) + name.encode() for name in NAMES}
STREAM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


_MESSAGE = re.compile(r"[0-9a-f]{32}")
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_BUT_MESSAGE = {
    kind: attrgetter(*(f.name for f in dataclasses.fields(kind) if f.name != "message"))
    for kind in (LetterBegun, LetterSent)
}
_Written = tuple[tuple[object, ...], list[type], bytes, bytes]
_begun: dict[str, _Written] = {}
_sent: dict[str, _Written] = {}
"""The latest by the field that tells the letters of one batch apart: version, provider."""


def _data_of(event: AnyEvent) -> bytes:
    """What `_data` returns. Letters begun or sent in one batch often differ in their message id
    alone: it is put into the bytes encoded for the one before.
    """
    if (
        not isinstance(event, LetterBegun | LetterSent)
        or type(event.message) is not str
        or _MESSAGE.fullmatch(event.message) is None
    ):
        return _data(event)
    message, values = event.message.encode(), _BUT_MESSAGE[type(event)](event)
    if isinstance(event, LetterSent):
        written, apart = _sent, event.provider
    else:
        written, apart = _begun, event.version
    types, last_written = [*map(type, values)], written.get(apart)
    # 1 == True, but they are encoded differently: the types are compared as well.
    if last_written is not None and last_written[0] == values and last_written[1] == types:
        return b"%b%b%b" % (last_written[2], message, last_written[3])
    data = _data(event)
    before, _, after = data.partition(message)
    if message not in after:
        written[apart] = values, types, before, after
    return data


def _data(value: Any) -> bytes:
    data = {}
    for name, default in _FIELDS[type(value)]:
        held = getattr(value, name)
        if held != default or type(held) is not type(default):
            if not (type(held) is str and held.isascii()):
                _check(held)
            data[name] = held
    return canonical(data)


@lru_cache(maxsize=64)
def _cause(cause: Cause) -> bytes:
    """The encoded cause. The facts of one command share theirs, so the last one is cached."""
    return _data(cause)


def _check(held: object) -> None:
    if isinstance(held, int):
        if not -MAX_INTEGER <= held <= MAX_INTEGER:
            raise EntryRefused(f"an entry holds {held}; integers last up to {MAX_INTEGER}")
    elif isinstance(held, str):
        if held.isascii():
            return
        if not unicodedata.is_normalized("NFC", held):
            raise EntryRefused("an entry holds text that is not in Unicode normal form C")
        if _HALF_A_CHARACTER.search(held):
            raise EntryRefused("an entry holds half a character")
    elif isinstance(held, tuple):
        for item in held:
            _check(item)
    else:
        raise EntryRefused(
            f"an entry holds a {type(held).__name__}; only integers, strings and booleans last"
        )


def _check_time(instant: int) -> None:
    """Refuses what is not an integer that has a date; times are written without the encoder."""
    if type(instant) is not int:
        raise EntryRefused(
            f"an entry holds a {type(instant).__name__} for a time; times are integers"
        )
    if instant not in CALENDAR:
        raise EntryRefused(f"an entry holds {instant} for a time; no calendar reaches so far")


@lru_cache(maxsize=4096)
def _stream(name: str) -> tuple[bytes, bytes]:
    """A stream as it stands in the entry, and as it stands in its column."""
    if STREAM_ID.fullmatch(name) is None:
        raise EntryRefused("the name of a stream is a UUID in small letters")
    return name.encode(), uuid_of(name)


_latest: dict[type[AnyEvent], tuple[AnyEvent, int, bytes, bytes]] = {}


def _around(event: AnyEvent, recorded_at: int) -> tuple[AnyEvent, int, bytes, bytes]:
    """The bytes before the cause, and those between it and the stream. The latest of each event
    type is cached: people registered together share their events and the moment.
    """
    kind = type(event)
    latest = _latest.get(kind)
    if latest is None or latest[0] is not event or latest[1] is not recorded_at:
        _check_time(event.at)
        _check_time(recorded_at)
        if event.at > recorded_at:
            raise EntryRefused("an entry would be recorded before it was so")
        after = b',"data":%b,"name":"%b","recorded_at":%d,"stream":"' % (
            _data_of(event),
            NAME_OF[kind].encode(),
            recorded_at,
        )
        latest = _latest[kind] = event, recorded_at, b'{"at":%d,"cause":' % event.at, after
    return latest


class Encoded:
    """An event ready for any place in its stream: only the version is still open."""

    __slots__ = ("_head", "_stream", "cause", "event", "name", "recorded_at")

    def __init__(self, stream: str, event: AnyEvent, cause: Cause, recorded_at: int) -> None:
        written, self._stream = _stream(stream)
        self.event, self.cause, self.recorded_at = event, cause, recorded_at
        self.name = name = NAME_OF[type(event)]
        _, _, before, after = _around(event, recorded_at)
        self._head = b'%b%b%b%b","v":%d,"version":' % (
            before,
            _cause(cause),
            after,
            written,
            VERSIONS.get(name, 1),
        )
        if len(self._head) > MAX_ENTRY - 24:
            raise EntryRefused(
                f"a {name} of {len(self._head)} bytes is longer than an entry may be ({MAX_ENTRY})"
            )

    def at_version(self, version: int) -> bytes:
        return b"%b%d}" % (self._head, version)

    def row(self, version: int) -> bytes:
        """The COPY row, up to the position, which is known only under the ledger's lock."""
        state = self.at_version(version)
        return b"\0\5\0\0\0\x10%b\0\0\0\x08%b%b%b%b" % (
            self._stream,
            bigint(version),
            _TOPICS[self.name],
            length(len(state)),
            state,
        )

    def literals(self, version: int) -> bytes:
        """The values of an INSERT statement, up to the position. They hold only digits, hexadecimal
        and event names, so nothing needs quoting.
        """
        state = self.at_version(version).hex().encode()
        return b"'%b'::uuid,%d::bigint,'%b',decode('%b','hex')" % (
            self._stream.hex().encode(),
            version,
            self.name.encode(),
            state,
        )


def decode(position: int, state: bytes) -> Entry:
    """The entry of stored bytes, older shapes brought up to the current one. Raises EntryRefused
    for bytes no version of Relance wrote.
    """
    try:
        envelope = _ENVELOPE.decode(state)
        name, raw = envelope.name, bytes(envelope.data)
        if envelope.v != VERSIONS.get(name, 1):
            raw = _upcast(name, envelope.v, raw)
        event = _DECODERS[name].decode(
            b'{"at":%d%b%b' % (envelope.at, b"," if len(raw) > 2 else b"", raw[1:])
        )
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError) as error:
        raise EntryRefused(f"the entry at position {position} cannot be read: {error}") from error
    return Entry(
        position,
        envelope.stream,
        envelope.version,
        name,
        envelope.at,
        envelope.recorded_at,
        envelope.cause,
        event,
    )


def _upcast(name: str, v: int, raw: bytes) -> bytes:
    current = VERSIONS.get(name, 1)
    if v > current:
        raise msgspec.DecodeError(f"{name} of shape {v} was written by a newer program")
    data = msgspec.json.decode(raw)
    for shape in range(max(v, 0), current):
        data = UPCASTS[name, shape](data)
    return canonical(data)


def as_plain(value: object) -> Any:
    """A dataclass as JSON-ready values, for pages and `--json`."""
    return msgspec.to_builtins(value)


NOT_PACKED: tuple[type[Exception], ...] = (msgspec.MsgspecError, ValueError)
"""Raised by an unpacker for bytes that `pack` has not written."""

_state_encoder = msgspec.msgpack.Encoder()


def pack(value: object) -> bytes:
    """A frozen dataclass as compact bytes, for folds kept in views."""
    return _state_encoder.encode(value)


def unpacker(kind: type[Any]) -> Any:
    """The function that reads back what `pack` wrote of a `kind`."""
    return msgspec.msgpack.Decoder(kind).decode


EvidenceByCommitment = Mapping[str, Mapping[str, object]]
"""A person's evidence by commitment in hexadecimal."""


def entry_as_json(entry: Entry, evidence: EvidenceByCommitment) -> dict[str, object]:
    """Dates in ISO 8601 UTC beside the stored milliseconds."""
    payload = as_plain(entry.event)
    at = payload.pop("at")
    cause = {key: value for key, value in as_plain(entry.cause).items() if value not in ("", -1)}
    if entry.cause.evidence in evidence:
        cause["kept"] = evidence[entry.cause.evidence]
    return {
        "event": entry.name,
        "at": iso(at),
        "recorded_at": iso(entry.recorded_at),
        "at_ms": at,
        "recorded_at_ms": entry.recorded_at,
        "position": entry.position,
        "version": entry.version,
        "cause": cause,
        "payload": payload,
    }


def iso(instant: int) -> str:
    """ISO 8601 in UTC of an instant in milliseconds."""
    return to_local(instant, "UTC").strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}Z"
