#!/usr/bin/env python3
"""Verify what Relance handed over as proof, trusting neither Relance nor its operator.

    python3 -I -S verify.py FILE.zip|DIR [--checkpoint FILE]... [--with LEDGER_DIR]
                            [--vkey FILE|KEY] [--policy FILE] [--tsa-ca FILE] [--facts] [--json]

What is handed over is a bundle about one person, or a whole ledger. Needed: Python 3.9 or later,
its standard library, and `openssl` (1.1.1 or later); no network, no other file. Exit status: 0
everything holds, 1 something does not (each is named with its file and the reason), 2 it could not
be examined.

Written apart from the rest of Relance on purpose: two readings of the same rules, which must agree.
Sources: RFC 6962 and 9162 (the tree), C2SP signed-note, tlog-checkpoint, tlog-proof, tlog-policy,
tlog-cosignature and tlog-tiles (the files), RFC 8032 (Ed25519), RFC 3161 (time stamps), and
docs/format.md (entries, bundles, the rule P1).

Two parts of one file. Part one, the core, is to be read whole: all that proves is in it, it is pure
but for openssl and the time zones of this machine, and it uses no name of part two. It ends where
PART TWO is written in capitals.

     1  Bytes           texts, base64, JSON in one way only, an entry's exact bytes
     2  Tree            hashes, proofs of inclusion and of consistency
     3  Signatures      keys, signed notes, checkpoints, what openssl verifies
     4  The rule        P1: what may never be among a person's facts, line by line

Part two, the reporter, brings the bytes to the core and says what came of it. `verify_bundle` and
`verify_ledger` in section 5 are the order of a verification as a program.

     5  Command         arguments, exit status, the steps of a verification
     6  Findings        what a step reports: a code with its values, never a sentence
     7  Files           a zip file or a folder, SHA256SUMS, sizes
     8  Policies        who has to sign besides, and when an authority stamped
     9  Checkpoints     the signed head, its time stamp, its key, checkpoints kept elsewhere
    10  Entries         each in the tree, and a person's facts numbered without a gap
    11  Evidence        commitments, published words, who the person is
    12  Whole ledger    tiles, everybody's facts, a bundle held against the ledger
    13  Report          the findings as text or JSON
    14  Sentences       the English and the French of each code
"""

from __future__ import annotations

import argparse
import base64
import binascii
import calendar
import datetime
import email
import email.utils
import hashlib
import hmac
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
import zlib
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import BinaryIO, NamedTuple, TypeVar, Union, cast

T = TypeVar("T")
Value = Union[str, int]

KIB, MIB = 1024, 1024 * 1024

# ######################################################################## PART ONE: THE CORE
# What is true of bytes alone. It reads no file, prints nothing, and uses no name of part two.


class Refused(Exception):
    """What was given cannot be examined: exit status 2. `code` is one of section 14."""

    def __init__(self, code: str, **values: Value) -> None:
        super().__init__(code)
        self.code, self.values = code, values


class Broken(Refused):
    """One file is not what it should be."""


# ========================================================================================= 1. Bytes

LARGEST_NUMBER = 2**53 - 1
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NUMBERS_OF_ENTRY = dict.fromkeys(("at", "recorded_at", "v", "version"), int)
SHAPE_OF_ENTRY = {**NUMBERS_OF_ENTRY, "cause": dict, "data": dict, "name": str, "stream": str}


def utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Broken("not-utf8") from None


def whole_lines(text: str) -> list[str]:
    if not text.endswith("\n"):
        raise Broken("not-whole-lines")
    return text[:-1].split("\n")


def unbase64(text: str) -> bytes:
    """Strict (RFC 4648, 3.5): one spelling for these bytes, so no character is altered unseen."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Broken("base64") from None
    if base64.b64encode(data).decode() != text:
        raise Broken("base64")
    return data


def read_json(data: bytes) -> object:
    """JSON that can be read in one way only: no name twice, no fraction, no integer that readers
    round, no half of a character. Raises Broken."""
    try:
        read = cast(object, STRICT_JSON.decode(utf8(data)))
        if b"\\u" in data:
            canonical(read)
    except (ValueError, RecursionError):
        raise Broken("json") from None
    return read


def canonical(value: object) -> bytes:
    """The one way of writing it: sorted names, no blanks (RFC 8785, of texts and integers)."""
    return CANONICAL_JSON.encode(value).encode()


CANONICAL_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _whole_number(text: str) -> int:
    if len(text) > 17 or not -LARGEST_NUMBER <= int(text) <= LARGEST_NUMBER:
        raise ValueError
    return int(text)


STRICT_JSON = json.JSONDecoder(
    object_pairs_hook=_without_doubles,
    parse_float=_whole_number,
    parse_constant=_whole_number,
    parse_int=_whole_number,
)


class Entry(NamedTuple):
    """One entry of the ledger. `at` and `recorded_at` are milliseconds since 1970, UTC.

    `version` is its number in its stream, from 1; `v` that of its event's form; `stored` are its
    exact bytes, as they are hashed into the tree.
    """

    position: int
    stream: str
    version: int
    name: str
    v: int
    at: int
    recorded_at: int
    cause: Mapping[str, object]
    data: Mapping[str, object]
    stored: bytes

    def text(self, name: str) -> str:
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        return integer(self.data.get(name))


def integer(value: object) -> int:
    """Integers are read as such; anything else, true and false too, as 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def parse_entry(position: int, data: bytes) -> Entry:
    read = read_json(data)
    shape = {name: type(value) for name, value in read.items()} if isinstance(read, dict) else {}
    is_entry = shape == SHAPE_OF_ENTRY and canonical(read) == data
    if not isinstance(read, dict) or not is_entry or not re.fullmatch(UUID, read["stream"]):
        raise Broken("entry-malformed")
    return Entry(position=position, stored=data, **read)


# ========================================================================================== 2. Tree

HASH_SIZE = 32


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """The roots of a growing tree (RFC 6962, 2.1), from its leaves in order.

    Kept is one hash for each full subtree: `size` in binary has a 1 for each.
    """

    def __init__(self) -> None:
        self.size = 0
        self.subtrees: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self.subtrees.pop(), node)
            size >>= 1
        self.subtrees.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self.subtrees:
            return hashlib.sha256(b"").digest()
        root = self.subtrees[-1]
        for subtree in reversed(self.subtrees[:-1]):
            root = node_hash(subtree, root)
        return root


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which a proof of inclusion leads (RFC 9162, 2.1.3.2).

    Raises Broken for a path of the wrong length.
    """
    if not 0 <= index < size:
        raise Broken("inclusion-outside-tree")
    fn, sn, root = index, size - 1, leaf
    for step in path:
        if sn == 0:
            raise Broken("inclusion-too-long")
        if fn & 1 or fn == sn:
            root = node_hash(step, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise Broken("inclusion-too-short")
    return root


def is_consistent(
    size: int, root: bytes, later_size: int, later_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the later tree begins with the earlier one (RFC 9162, 2.1.4.2).

    From the empty tree the empty proof holds.
    """
    if size == 0:
        return not path and root == hashlib.sha256(b"").digest()
    if size >= later_size:
        return size == later_size and not path and root == later_root
    if not path:
        return False
    steps = list(path) if size & (size - 1) else [root, *path]
    fn, sn = size - 1, later_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == root and sr == later_root


# ==================================================================================== 3. Signatures

ED25519, COSIGNATURE = 0x01, 0x04
MAX_NOTE = 4 * MIB
MAX_SIGNATURES = 100


@dataclass(frozen=True)
class Key:
    """A verifier key (C2SP signed-note). `public` are 32 bytes of the kinds that are known here."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self._blob).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self._blob).decode()}"

    @property
    def _blob(self) -> bytes:
        return bytes([self.kind]) + self.public


def parse_vkey(text: str) -> Key:
    """One of a kind to come is read too, and verifies nothing."""
    match = re.fullmatch(
        r"([^\s+\x00-\x1f\x7f]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,9000})", text
    )
    if match is None:
        raise Broken("vkey-malformed")
    blob = unbase64(match[3])
    if len(blob) != 33 and blob[:1] in (b"", b"\x01", b"\x04"):
        raise Broken("vkey-kind")
    key = Key(name=match[1], public=blob[1:], kind=blob[0])
    if key.id.hex() != match[2]:
        raise Broken("vkey-id")
    return key


class Signature(NamedTuple):
    name: str
    key_id: bytes
    signature: bytes

    def is_of(self, key: Key) -> bool:
        return (self.name, self.key_id) == (key.name, key.id)


class Note(NamedTuple):
    """A signed note (C2SP signed-note). `text` ends with a newline."""

    text: str
    signatures: tuple[Signature, ...]


def parse_note(data: bytes) -> Note:
    text = utf8(data)
    if len(data) > MAX_NOTE or re.search(r"[\0-\x09\x0b-\x1f\x7f]", text):
        raise Broken("note-text")
    body, gap, signed = text.rpartition("\n\n")
    if not gap or not body or not signed:
        raise Broken("note-parts")
    signatures = []
    for line in whole_lines(signed):
        match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        blob = unbase64(match[2]) if match else b""
        if match is None or len(blob) < 5:
            raise Broken("note-signature-line")
        signatures.append(Signature(match[1], blob[:4], blob[4:]))
    if len(signatures) > MAX_SIGNATURES:
        raise Broken("note-too-many-signatures")
    return Note(body + "\n", tuple(signatures))


def verify_note(note: Note, key: Key, openssl: OpenSSL) -> Note:
    """The note itself. Raises Broken unless this key's signatures hold, and there is one.

    The same line twice is no change. Signatures of other keys are not looked at.
    """
    own = {signed.signature for signed in note.signatures if signed.is_of(key)}
    if not own:
        raise Broken("note-unsigned", key=key.vkey)
    holds = [openssl.verifies_ed25519(key.public, note.text.encode(), line) for line in own]
    if key.kind != ED25519 or not all(holds):
        raise Broken("note-signature", key=key.vkey)
    return note


class Checkpoint(NamedTuple):
    """A signed head of a tree of `size` entries (C2SP tlog-checkpoint); a log may extend it."""

    origin: str
    size: int
    root: bytes
    note: Note
    extensions: tuple[str, ...] = ()


def parse_checkpoint(data: bytes) -> Checkpoint:
    note = parse_note(data)
    match = re.fullmatch(r"([^\s+]{1,200})\n(0|[1-9][0-9]{0,15})\n(.*)\n((?:.+\n)*)", note.text)
    root = unbase64(match[3]) if match else b""
    if match is None or len(root) != HASH_SIZE:
        raise Broken("checkpoint-malformed")
    return Checkpoint(match[1], int(match[2]), root, note, tuple(match[4].split("\n")[:-1]))


SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410)."""


class OpenSSL:
    """The one program this one runs: `path`, or the one on the PATH. Raises Refused for none."""

    def __init__(self, path: str = "") -> None:
        self.path = path or shutil.which("openssl") or ""
        if not self.path:
            raise Refused("openssl-missing")

    def run(self, arguments: Sequence[str], files: Mapping[str, bytes]) -> tuple[bool, str]:
        """Success, and what was printed. Raises Refused where it cannot be run.

        `files` lie in the folder it runs in; the caller's OPENSSL_CONF does not reach it.
        """
        inherited = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
        environment = {name: os.environ[name] for name in inherited if name in os.environ}
        with tempfile.TemporaryDirectory() as folder:
            for name, data in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            try:
                done = subprocess.run(
                    [self.path, *arguments],
                    cwd=folder,
                    env={**environment, "LC_ALL": "C"},
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=60,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Refused("openssl-fails", why=str(error)) from None
        return done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")

    def verifies_ed25519(self, public: bytes, message: bytes, signature: bytes) -> bool:
        command = "pkeyutl -verify -rawin -pubin -keyform DER -inkey key -in message"
        files = {"key": SPKI + public, "message": message, "signature": signature}
        has_size = len(signature) == 64
        return has_size and self.run([*command.split(), "-sigfile", "signature"], files)[0]


# ====================================================================================== 4. The rule
# P1, the table in docs/format.md: each of its lines is a line of RULE. All times in milliseconds.

DAY = 86_400_000
CALENDAR = range(-62_135_596_800_000, 253_402_300_800_000)
"""The instants of the years 1 to 9999, UTC."""
INSTANTS = {
    "expires_at", "due_at", "retry_at", "ends_at", "contacted_at", "paused_until", "until",
    "silent_since",
}  # fmt: skip
PURPOSE = re.compile(r"[A-Za-z0-9-]{1,63}")
KINDS: Mapping[type, str] = {
    str: "purpose request message kind key letter act proof basis settled why notice form mail"
    " order currency theme content frequency offered segment version field occurrence before",
    int: "list run source_run target left left_run attempt edition hold_until counted_from amount",
    bool: "joined copied lifted declared entered",
}
TYPES = {name: kind for kind, names in KINDS.items() for name in names.split()}
TYPES |= dict.fromkeys(INSTANTS, int)
LATEST = 3_600_000
"""How long a letter that is stopped may still be on its way: it was asked for a second before MAIL,
and waits for answers as RFC 5321, 4.5.3.2 has it."""
RETRIABLE_REASONS = ("cannot be rendered", "cannot be carried")
OWN_ACTS = ("human_button", "rfc8058", "mailto", "reply")
GRANTS = ("consent-given", "ground-declared", "consent-confirmed")
MEASURE = "measure"
"""Stands in place of a purpose for the consent to be measured, which is no ground for a letter."""
FINAL = ("letter-sent", "letter-failed", "letter-withheld")
OUTCOMES = (*FINAL, "letter-deferred", "letter-in-doubt")
MAIL_FACTS = {*OUTCOMES, "letter-begun", "letter-retried"}
MOVING = "list-joined list-left list-moved list-copied list-transferred move-undone"
WAYS = frozenset(MOVING.split())
STOPS = {
    "letter": "!erased !restricted !suppressed {}",
    "broadcast": "!erased !restricted !suppressed {}",
    "confirmation": "!erased !restricted !complained ?{}",
    "permission": "!erased !restricted !suppressed ?{}",
    "rights": "!erased",
}
"""What would forbid a mail, by its kind; {} is its purpose, ?{} the request that it is about."""


class Mail(NamedTuple):
    """`status`: begun, doubt, due (again), mendable or settled."""

    status: str = ""
    attempts: int = 0
    run: int = 0
    kind: str = ""
    purpose: str = ""
    retry_at: int = -LARGEST_NUMBER


class Request(NamedTuple):
    """To confirm or, for the purpose "*", to go on. `ids`: the latest, then those it replaced."""

    ids: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    leaves_at: int = LARGEST_NUMBER
    expires_at: int = LARGEST_NUMBER


NO_MAIL, NO_REQUEST = Mail(), Request()


class Cap(NamedTuple):
    """At most `most` letters of a purpose ("": of all) in a window of the person's calendar."""

    text: str
    purpose: str
    most: int
    months: int
    days: int
    minutes: int

    def ends(self, begun_at: int, zone: datetime.tzinfo | None) -> int:
        """Until when a letter begun then counts; a day less for who has no database of zones."""
        if not (self.months or self.days):
            return begun_at + self.minutes * 60_000
        local = (EPOCH + datetime.timedelta(milliseconds=begun_at)).astimezone(zone or UTC)
        year, month = divmod(local.year * 12 + local.month - 1 + self.months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        day = datetime.date(year, month + 1, min(local.day, last))
        day += datetime.timedelta(days=self.days if zone else self.days - 1)
        ends = datetime.datetime.combine(day, local.time(), zone or UTC)
        return (ends.astimezone(UTC) - EPOCH) // MILLISECOND + self.minutes * 60_000


class Declared(NamedTuple):
    """What an edition's configuration says of pressure, and its time zone."""

    caps: tuple[Cap, ...] = ()
    timezone: str = ""


class Trial(NamedTuple):
    """The versions in which a letter is tried from an edition on, each with its share of a hundred
    people; none where it is tried no longer."""

    edition: int
    arms: tuple[tuple[str, int], ...]

    def drawn(self, letter: str, person: str) -> str:
        if not self.arms:
            return ""
        lines = f"relance version\n{letter}\n{self.edition}\n{person}"
        number = int(hashlib.sha256(lines.encode()).hexdigest()[:16], 16) % 100
        for version, share in self.arms:
            if number < share:
                return version
            number -= share
        return self.arms[-1][0]


UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = datetime.timedelta(milliseconds=1)
NOTHING_DECLARED = Declared()
CAP = re.compile(
    r"(\d{1,2}) per (?=\d)(?:(\d{1,4}) months?)? ?(?:(\d{1,4}) days?)?"
    r" ?(?:(\d{1,4}) hours?)? ?(?:(\d{1,4}) minutes?)?"
)
CHOSEN = {"weekly": "1 per 7 days", "monthly": "1 per 1 month"}
"""What a person's choice of how often allows, of all purposes together."""


def parse_caps(texts: object, purpose: str = "") -> tuple[Cap, ...]:
    """Those that are written as the page has it."""
    listed = texts if isinstance(texts, list) else []
    matches = [CAP.fullmatch(text) for text in listed if isinstance(text, str)]
    numbers = [(match[0], [int(n or 0) for n in match.groups()]) for match in matches if match]
    return tuple(
        Cap(text, purpose, most, months, days, hours * 60 + minutes)
        for text, (most, months, days, hours, minutes) in numbers
    )


@lru_cache(maxsize=1000)
def zone_of(name: str) -> datetime.tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


class Replay:
    """What one person's facts add up to, and what is wrong with the next."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.requests: dict[str, Request] = {}
        self.stops: dict[str, int] = {}
        """When each that is in force was recorded, as STOPS names them."""
        self.rights: dict[str, tuple[int, int]] = {}
        """Open rights by request: when each was asked, and by when it must be answered."""
        self.mails: dict[str, Mail] = {}
        self.message_of: dict[tuple[str, int, str], str] = {}
        self.standing: dict[int, int] = {}
        """The run in which the person is on a list, by the list's number."""
        self.first_runs: dict[int, int] = {}
        """The run in which somebody's way through the lists began, by each run that it led to."""
        self.orders: dict[str, dict[str, int]] = {}
        """What is left to be refunded of each order, by currency."""
        self.segments: set[str] = set()
        self.reached: set[tuple[str, str, str]] = set()
        """Dates of the person's own that came round: field, occurrence, how long before."""
        self.ruled: dict[str, bool] = {}
        """Whether the rules about a segment were last applied to an entry."""
        self.stopped: dict[str, int] = {}
        """Purposes stopped because the person was silent, and since when they were."""
        self.heard_at = -LARGEST_NUMBER
        self.chosen: dict[str, set[str]] = {}
        """The codes of themes and of contents that the person chose; all where none."""
        self.paused_until = -LARGEST_NUMBER
        self.declared: Mapping[int, Declared] = {}
        """What each edition declares of pressure."""
        self.trials: Mapping[str, Sequence[Trial]] = {}
        """The versions in which each letter was tried, in the order of their editions."""
        self.timezone = self.frequency = ""
        self.services: set[str] = set()
        """Purposes whose last ground is a service: their letters are under no cap."""
        self.counted: dict[str, tuple[str, int]] = {}
        """Messages that count for a cap: their purposes, and when they were begun or sent."""
        self.doubted: set[str] = set()
        self.recorded_at = -LARGEST_NUMBER
        self.rate = 1
        """How many times faster than the wall clock the engine's went, at the most."""

    def apply(self, fact: Entry) -> list[str]:
        """The codes of what is wrong with one more fact."""
        lines = LINES_ABOUT.get(subject(fact), LINES_ABOUT["any"])
        faults = [line.code for line in lines if not line.holds(self, fact)]
        self._follow(fact)
        return faults + [line.code for line in AFTERWARDS if not line.holds(self, fact)]

    def mail(self, fact: Entry) -> Mail:
        return self.mails.get(fact.text("message"), NO_MAIL)

    def request(self, fact: Entry) -> Request:
        return self.requests.get(purpose_of(fact), NO_REQUEST)

    def letter(self, fact: Entry) -> tuple[str, int, str]:
        """Which letter a mail is: of each there is one message."""
        kind, key, letter = fact.text("kind"), fact.text("key"), fact.text("letter")
        if kind in ("confirmation", "permission"):
            return f"{key} {self.request(fact).ids[:1]}", 0, letter
        return ("", fact.number("run"), letter) if kind == "letter" else (key, 0, letter)

    def is_addressed(self, fact: Entry) -> bool:
        """Whether a list brings it on which they are, or a segment brings a broadcast."""
        list_and_run = fact.number("list"), fact.number("run")
        by_segment = fact.text("kind") == "broadcast" and fact.text("segment") != ""
        return (by_segment and list_and_run == (0, 0)) or list_and_run in self.standing.items()

    def is_one_message(self, fact: Entry, *letters: str) -> bool:
        """Whether it was begun under no other message, and is one of these letters, if any."""
        message, letter = fact.text("message"), self.letter(fact)
        is_known = not letters or letter[2] in letters
        return is_known and self.message_of.get(letter, message) == message

    def is_in_time(self, fact: Entry) -> bool:
        """Whether no stop was in force so long ago that the mail cannot have been on its way."""
        mail = self.mail(fact)
        names = STOPS.get(mail.kind, STOPS["letter"]).split()
        stops = (self.stops.get(name.replace("{}", mail.purpose), fact.at) for name in names)
        return all(fact.at <= stop + LATEST * self.rate for stop in stops)

    def caps(self, fact: Entry) -> list[Cap]:
        """Those that hold for a letter of its purpose: as its edition has them, and by choice."""
        declared = self.declared.get(fact.number("edition"), NOTHING_DECLARED).caps
        if fact.text("purpose") in self.services:
            return []
        chosen = parse_caps([CHOSEN.get(self.frequency)])
        return [cap for cap in (*declared, *chosen) if cap.purpose in ("", fact.text("purpose"))]

    def is_full(self, cap: Cap, fact: Entry) -> bool:
        declared = self.declared.get(fact.number("edition"), NOTHING_DECLARED)
        zone = zone_of(self.timezone) or zone_of(declared.timezone) or zone_of("UTC")
        begun = [
            at
            for message, (purpose, at) in self.counted.items()
            if message != fact.text("message") and cap.purpose in ("", purpose)
            if purpose not in self.services
        ]
        return sum(fact.at < cap.ends(at, zone) for at in begun) >= cap.most

    def drawn(self, fact: Entry) -> str:
        """The version of a letter that the person is to get; "" where it is not tried."""
        letter = letter_of(fact)
        trials = self.trials.get(letter, ())
        begun = [trial for trial in trials if trial.edition <= fact.number("edition")]
        return begun[-1].drawn(letter, fact.stream) if begun else ""

    def has_room(self, fact: Entry) -> bool:
        return not any(self.is_full(cap, fact) for cap in self.caps(fact))

    def knows_caps(self, fact: Entry) -> bool:
        """Whether caps are not asked about, or the configuration of the fact's edition is known."""
        is_held = fact.name == "letter-withheld" and fact.text("why") == "pressure"
        is_asked = is_held or subject(fact) in LISTED.split()
        return not is_asked or fact.number("edition") in self.declared

    def is_held_rightly(self, fact: Entry) -> bool:
        """Whether a letter was held back under a cap that holds for it, is full where it was not
        kept for another, and is due again later, if at all."""
        if fact.text("why") != "pressure" or fact.number("edition") not in self.declared:
            return True
        caps = [cap for cap in self.caps(fact) if cap.text == fact.text("cap")]
        is_kept = fact.text("favoured") != "" and bool(caps)
        is_later = fact.number("until") == 0 or fact.number("until") > fact.at
        return is_later and (is_kept or any(self.is_full(cap, fact) for cap in caps))

    def is_one_person(self) -> bool:
        first_runs = [self.first_runs.get(run, run) for run in self.standing.values()]
        return len(first_runs) < 2 or len(first_runs) == len(set(first_runs))

    def is_chosen(self, fact: Entry) -> bool:
        """Whether its theme and its type are among those the person chose, if any."""
        codes = ((kind, fact.text(kind)) for kind in ("theme", "content"))
        return all(not code or code in (self.chosen.get(kind) or {code}) for kind, code in codes)

    def may_extend(self, fact: Entry) -> bool:
        """Within the first month, to two more at the most (GDPR 12(3))."""
        asked_at, due_at = self.rights.get(fact.text("request"), (fact.at, fact.at))
        return fact.at <= due_at <= fact.number("due_at") <= asked_at + 93 * DAY

    def left_of(self, fact: Entry) -> int:
        return self.orders.get(fact.text("order"), {}).get(fact.text("currency"), 0)

    def _follow(self, fact: Entry) -> None:
        self.recorded_at, self.is_registered = fact.recorded_at, True
        name, purpose, request = fact.name, purpose_of(fact), fact.text("request")
        if name in MAIL_FACTS:
            return self._follow_mail(fact)
        if name in GRANTS and purpose != MEASURE:
            self.live.add(purpose)
            self.services.discard(purpose)
            if fact.text("basis") == "service":
                self.services.add(purpose)
            self._lift(purpose)
        if name in ("consent-requested", "permission-asked"):
            ids = self.request(fact).ids if self.request(fact).expires_at > fact.at else ()
            leaves_at = max(fact.at, fact.number("hold_until"))
            letters = ("ask-first",) if fact.data.get("declared", False) else ("ask", "ask-again")
            expires_at = fact.number("expires_at")
            self.requests[purpose] = Request((request, *ids), letters, leaves_at, expires_at)
            self._lift("?" + purpose)
        elif name in ("consent-confirmed", "consent-expired"):
            self._close(fact, {purpose})
        elif name == "consent-withdrawn":
            gone = {*self.live, *self.requests} if purpose == "*" else {purpose}
            self.live -= gone
            self._stop(fact, *gone)
            self._close(fact, gone)
        elif name in ("mail-complained", "subscriber-suppressed"):
            self._stop(fact, "!suppressed")
            if name == "mail-complained" or fact.text("why") == "complained":
                self._stop(fact, "!complained")
        elif name == "mail-bounced" and fact.text("kind") == "hard":
            self._stop(fact, "!suppressed")
        elif name == "subscriber-reachable":
            self._lift("!suppressed", "!complained")
        elif name == "processing-restricted":
            self._stop(fact, "!restricted")
            if fact.data.get("lifted", False):
                self._lift("!restricted")
        elif name == "right-exercised":
            self.rights[request] = fact.at, fact.number("due_at")
        elif name == "right-extended" and request in self.rights:
            self.rights[request] = self.rights[request][0], fact.number("due_at")
        elif name == "right-answered":
            self.rights.pop(request, None)
        elif name in ("order-recorded", "order-refunded"):
            added = fact.number("amount") * (1 if name == "order-recorded" else -1)
            left = {fact.text("currency"): self.left_of(fact) + added}
            self.orders.setdefault(fact.text("order"), {}).update(left)
        elif name in ("segment-entered", "segment-left"):
            change = self.segments.add if name == "segment-entered" else self.segments.discard
            change(fact.text("segment"))
        elif name == "anchor-reached":
            self.reached.add(round_of(fact))
        elif name == "rules-applied":
            self.ruled[fact.text("segment")] = bool(fact.data.get("entered", False))
        elif name == "purpose-stopped":
            self.stopped[purpose] = fact.number("silent_since")
        elif name == "subscriber-erased":
            self._stop(fact, "!erased")
            self.stopped.clear()
            self.live, self.requests, self.rights, self.standing = set(), {}, {}, {}
            self.segments.clear()
        elif name == "preferences-set":
            self.chosen = {"theme": texts_of(fact, "themes"), "content": texts_of(fact, "contents")}
            self.paused_until = fact.number("paused_until") or -LARGEST_NUMBER
            self.frequency = fact.text("frequency")
        elif name in ("subscriber-registered", "profile-changed"):
            self.timezone = fact.text("timezone") or self.timezone
        elif name in WAYS:
            self._follow_way(fact)
        self.heard_at = max(self.heard_at, heard_at(fact))
        if self.stopped and name != "consent-withdrawn":
            stopped = self.stopped.items()
            self.stopped = {n: since for n, since in stopped if since >= heard_at(fact)}
        if "*" in self.requests and heard_at(fact) >= self.requests["*"].leaves_at:
            del self.requests["*"]

    def _stop(self, fact: Entry, *what: str) -> None:
        for stop in what:
            self.stops.setdefault(stop, fact.recorded_at)

    def _lift(self, *what: str) -> None:
        for stop in what:
            self.stops.pop(stop, None)

    def _close(self, fact: Entry, purposes: set[str]) -> None:
        for purpose in purposes & self.requests.keys():
            del self.requests[purpose]
            self._stop(fact, "?" + purpose)

    def _follow_mail(self, fact: Entry) -> None:
        name, message, mail = fact.name, fact.text("message"), self.mail(fact)
        settled, why = fact.text("settled"), fact.text("why")
        if name == "letter-begun" and subject(fact) in LISTED.split():
            self.counted[message] = purpose_of(fact), fact.at
        elif message in self.counted and (name == "letter-sent" or settled == "taken-as-sent"):
            self.counted[message] = self.counted[message][0], fact.at
        elif name not in ("letter-in-doubt", "letter-retried") and message not in self.doubted:
            self.counted.pop(message, None)
        if name == "letter-begun":
            self.message_of.setdefault(self.letter(fact), message)
            run, kind = fact.number("run"), fact.text("kind")
            self.mails[message] = Mail("begun", mail.attempts + 1, run, kind, purpose_of(fact))
        elif name == "letter-withheld" and message and fact.number("until"):
            self.mails[message] = mail._replace(status="due", retry_at=fact.number("until"))
        elif message and (name in FINAL or settled == "taken-as-sent"):
            is_mendable = name == "letter-withheld" and why in RETRIABLE_REASONS
            self.mails[message] = mail._replace(status="mendable" if is_mendable else "settled")
        elif name in ("letter-deferred", "letter-retried") or settled == "resend":
            retry_at = fact.number("retry_at") or fact.at
            self.mails[message] = mail._replace(status="due", retry_at=retry_at)
        elif name == "letter-in-doubt":
            self.mails[message] = mail._replace(status="doubt")
            self.doubted.add(message)

    def _follow_way(self, fact: Entry) -> None:
        run, source = fact.number("run"), fact.number("source_run")
        if fact.name == "list-moved":
            left = source or self.mail(fact).run
            self.first_runs.setdefault(run, self.first_runs.get(left, left or run))
        elif fact.name == "list-transferred" and source and not fact.data.get("copied", False):
            self.first_runs.setdefault(run, self.first_runs.get(source, source))
        elif fact.name in ("list-joined", "list-copied", "list-transferred"):
            self.first_runs.setdefault(run, run)
        for number in leaves(fact):
            self.standing.pop(number, None)
        self.standing.update(joins(fact))


def purpose_of(fact: Entry) -> str:
    """That of the question whether to go on, and of the mail that asks it, is "*"."""
    asks = fact.name.startswith("permission-") or fact.text("kind") == "permission"
    return "*" if asks else fact.text("purpose")


def has_dates(fact: Entry) -> bool:
    """Whether each of its times is one that a calendar holds."""
    if fact.at not in CALENDAR or fact.recorded_at not in CALENDAR:
        return False
    return INSTANTS.isdisjoint(fact.data) or all(fact.number(n) in CALENDAR for n in INSTANTS)


def is_well_formed(fact: Entry) -> bool:
    """Whether what decides is of its type, and no purpose only looks like another."""
    types_hold = all(type(value) is TYPES.get(n, type(value)) for n, value in fact.data.items())
    is_known = fact.name != "mail-bounced" or fact.text("kind") in ("hard", "soft", "blocked")
    is_open = subject(fact) not in OF_ONE_PURPOSE and fact.text("purpose") in ("", "*")
    is_purpose = PURPOSE.fullmatch(fact.text("purpose")) is not None
    return types_hold and is_known and (is_open or is_purpose)


def proves_consent(fact: Entry) -> bool:
    """Whether it tells of a press by which somebody agreed."""
    return fact.name != "consent-given" or fact.text("proof") == "page"


def letter_of(fact: Entry) -> str:
    """A letter's name in all its mailings: `list:10/welcome`, `broadcast:news/news`."""
    key = fact.text("key")
    matter = key.partition("/")[0] if key.startswith("broadcast:") else key
    return f"{matter}/{fact.text('letter')}"


def round_of(fact: Entry) -> tuple[str, str, str]:
    """Of an `anchor-reached`: its field, its occurrence, and how long before the date it is."""
    return fact.text("field"), fact.text("occurrence"), fact.text("before")


def heard_at(fact: Entry) -> int:
    """When the person was in touch, as this fact tells: by their own act, an order, or a ground."""
    if fact.name == "contact-noted":
        return fact.number("contacted_at")
    is_contact = fact.name in (*GRANTS, "order-recorded") or fact.text("act") in OWN_ACTS
    return fact.at if is_contact else -LARGEST_NUMBER


def texts_of(fact: Entry, name: str) -> set[str]:
    values = fact.data.get(name)
    return {v for v in values if isinstance(v, str)} if isinstance(values, (list, tuple)) else set()


def leaves(fact: Entry) -> dict[int, int]:
    """The lists, and the run on each, that somebody leaves by a fact. Moves are stored resolved:
    no rule of a dialogue is needed to follow them."""
    if fact.name == "list-left":
        return {fact.number("list"): fact.number("run")}
    place = "left" if fact.name == "move-undone" else "source"
    is_move = fact.name in ("list-moved", "list-transferred", "move-undone")
    is_left = is_move and fact.number(f"{place}_run") and not fact.data.get("copied")
    return {fact.number(place): fact.number(f"{place}_run")} if is_left else {}


def joins(fact: Entry) -> dict[int, int]:
    if fact.name in ("list-joined", "list-copied", "list-moved", "list-transferred"):
        place = "list" if fact.name == "list-joined" else "target"
        return {fact.number(place): fact.number("run")} if fact.data.get("joined", True) else {}
    pairs = fact.data.get("reopened") if fact.name == "move-undone" else ()
    pairs = pairs if isinstance(pairs, (list, tuple)) else ()
    well_formed = [p for p in pairs if isinstance(p, (list, tuple)) and len(p) == 2]
    return {integer(number): integer(run) for number, run in well_formed}


class Line(NamedTuple):
    """What must hold of a fact as things stood before it or "afterwards", as they stand after it.

    `facts` are "any", or names of events; a mail that was begun is named with its kind.
    """

    id: str
    facts: str
    code: str
    holds: Callable[[Replay, Entry], bool]


def subject(fact: Entry) -> str:
    """What a line is about: the name of a fact, with the kind of a mail that was begun."""
    if fact.name != "letter-begun":
        return fact.name
    return f"letter-begun:{fact.text('kind') if fact.text('kind') in STOPS else 'letter'}"


LISTED = "letter-begun:letter letter-begun:broadcast"
ASKING = "letter-begun:confirmation letter-begun:permission"
MAILS = f"{LISTED} {ASKING} letter-begun:rights"
CONSENT = "consent-given consent-confirmed permission-renewed"
OF_ONE_PURPOSE = {
    *GRANTS, "consent-requested", "purpose-stopped", *LISTED.split(), "letter-begun:confirmation",
}  # fmt: skip
OF_THE_LIVING = (
    f"{CONSENT} {MOVING} ground-declared consent-requested permission-asked right-exercised"
    " preferences-set order-recorded order-refunded segment-entered anchor-reached rules-applied"
    " purpose-stopped letter-directed"
)
# fmt: off
RULE = (
    Line("P1.01", "any", "date-impossible", lambda p, f: has_dates(f)),
    Line("P1.02", "any", "recorded-before-it-was", lambda p, f: f.at <= f.recorded_at),
    Line("P1.03", "any", "recorded-backwards", lambda p, f: f.recorded_at >= p.recorded_at),
    Line("P1.04", "subscriber-registered", "registered-after-erasure",
         lambda p, f: "!erased" not in p.stops),
    Line("P1.05", OF_THE_LIVING, "fact-after-erasure", lambda p, f: "!erased" not in p.stops),
    Line("P1.06", CONSENT, "consent-by-machine", lambda p, f: f.text("act") in ("", *OWN_ACTS)),
    Line("P1.07", CONSENT, "act-missing",
         lambda p, f: f.text("act") != "" or not proves_consent(f)),
    Line("P1.08", CONSENT, "evidence-missing",
         lambda p, f: bool(f.cause.get("evidence")) or not proves_consent(f)),
    Line("P1.09", "consent-confirmed", "confirmed-unasked",
         lambda p, f: f.text("purpose") in p.requests),
    Line("P1.10", "consent-confirmed", "confirmed-another-request",
         lambda p, f: not p.request(f).ids or f.text("request") in p.request(f).ids),
    Line("P1.11", "consent-confirmed", "confirmed-late",
         lambda p, f: f.at < p.request(f).expires_at),
    Line("P1.12", "consent-requested permission-asked", "date-impossible",
         lambda p, f: max(f.at, f.number("hold_until")) <= f.number("expires_at")),
    Line("P1.13", "consent-expired", "expired-unasked",
         lambda p, f: f.text("request") in p.request(f).ids),
    Line("P1.14", "permission-asked", "permission-asked-twice", lambda p, f: "*" not in p.requests),
    Line("P1.15", "permission-renewed", "renewed-unasked",
         lambda p, f: f.text("request") in p.request(f).ids),
    Line("P1.16", MAILS, "mail-kind-unknown", lambda p, f: f.text("kind") in STOPS),
    Line("P1.17", MAILS, "letter-after-erasure", lambda p, f: "!erased" not in p.stops),
    Line("P1.18", f"{LISTED} {ASKING}", "letter-while-restricted",
         lambda p, f: "!restricted" not in p.stops),
    Line("P1.19", LISTED, "letter-without-ground", lambda p, f: f.text("purpose") in p.live),
    Line("P1.20", LISTED, "letter-to-suppressed", lambda p, f: "!suppressed" not in p.stops),
    Line("P1.21", LISTED, "letter-off-list", lambda p, f: p.is_addressed(f)),
    Line("P1.22", LISTED, "letter-twice", lambda p, f: p.is_one_message(f)),
    Line("P1.23", "letter-begun:confirmation", "confirmation-unasked",
         lambda p, f: f.text("purpose") in p.requests),
    Line("P1.24", "letter-begun:confirmation", "mail-after-complaint",
         lambda p, f: "!complained" not in p.stops),
    Line("P1.25", "letter-begun:confirmation", "confirmation-twice",
         lambda p, f: p.is_one_message(f, *p.request(f).letters)),
    Line("P1.26", "letter-begun:permission", "permission-asked-of-active",
         lambda p, f: "*" in p.requests),
    Line("P1.27", "letter-begun:permission", "permission-without-ground",
         lambda p, f: bool(p.live) and "!suppressed" not in p.stops),
    Line("P1.28", "letter-begun:permission", "permission-mail-twice",
         lambda p, f: p.is_one_message(f, "ask")),
    Line("P1.29", ASKING, "mail-of-another-request",
         lambda p, f: f.text("key") == "ask:" + purpose_of(f)),
    Line("P1.30", ASKING, "mail-after-expiry", lambda p, f: f.at < p.request(f).expires_at),
    Line("P1.31", ASKING, "mail-before-its-time",
         lambda p, f: f.at >= p.request(f).leaves_at or not p.request(f).ids),
    Line("P1.32", "letter-begun:rights", "rights-mail-without-right",
         lambda p, f: f.text("key") in ["right:" + right for right in p.rights]),
    Line("P1.33", "letter-begun:rights", "rights-mail-twice",
         lambda p, f: p.is_one_message(f, "received", "extended", "answered")),
    Line("P1.34", MAILS, "letter-after-outcome",
         lambda p, f: p.mail(f).status not in ("mendable", "settled")),
    Line("P1.35", MAILS, "letter-under-way",
         lambda p, f: p.mail(f).status not in ("begun", "doubt")),
    Line("P1.36", MAILS, "mail-before-its-time", lambda p, f: f.at >= p.mail(f).retry_at),
    Line("P1.37", MAILS, "attempt-uncounted",
         lambda p, f: integer(f.data.get("attempt", 1)) == p.mail(f).attempts + 1),
    Line("P1.38", "letter-sent letter-failed letter-deferred letter-in-doubt", "outcome-unbegun",
         lambda p, f: p.mail(f).status not in ("", "due")),
    Line("P1.39", "letter-withheld mail-bounced", "outcome-unbegun",
         lambda p, f: p.mail(f).status != "" or not f.text("message")),
    Line("P1.40", " ".join(OUTCOMES), "outcome-twice",
         lambda p, f: p.mail(f).status not in ("mendable", "settled")),
    Line("P1.41", "letter-sent letter-in-doubt", "sent-after-stop",
         lambda p, f: f.text("settled") != "" or p.is_in_time(f)),
    Line("P1.42", "letter-in-doubt", "settled-undoubted",
         lambda p, f: f.text("settled") == "" or p.mail(f).status in ("doubt", "settled")),
    Line("P1.43", "letter-deferred", "date-impossible",
         lambda p, f: f.at <= f.number("retry_at") <= f.at + 3 * DAY),
    Line("P1.44", "letter-retried", "retry-not-withheld",
         lambda p, f: p.mail(f).status == "mendable"),
    Line("P1.45", "right-exercised", "date-impossible",
         lambda p, f: f.at < f.number("due_at") <= f.at + 32 * DAY),
    Line("P1.46", "right-extended right-answered", "right-unasked",
         lambda p, f: f.text("request") in p.rights),
    Line("P1.47", "right-extended", "date-impossible", lambda p, f: p.may_extend(f)),
    Line("P1.48", "proof-archived", "date-impossible", lambda p, f: f.number("ends_at") >= f.at),
    Line("P1.49", "list-joined", "date-impossible",
         lambda p, f: abs(f.at - (f.number("counted_from") or f.at)) <= 150 * 365 * DAY),
    Line("P1.50", "list-moved list-copied", "date-impossible",
         lambda p, f: (f.number("hold_until") or f.at) >= f.at),
    Line("P1.51", MOVING, "left-without-standing",
         lambda p, f: leaves(f).items() <= p.standing.items()),
    Line("P1.52", MOVING, "joined-twice",
         lambda p, f: not joins(f).keys() & (p.standing.keys() - leaves(f).keys())),
    Line("P1.53", "move-undone", "run-never-begun",
         lambda p, f: set(joins(f).values()) <= p.first_runs.keys()),
    Line("P1.54", MOVING, "run-used-twice",
         lambda p, f: f.name == "move-undone" or not p.first_runs.keys() & set(joins(f).values())),
    Line("P1.55", "afterwards", "person-doubled", lambda p, f: p.is_one_person()),
    Line("P1.56", "any", "fact-malformed", lambda p, f: is_well_formed(f)),
    Line("P1.57", "subscriber-registered", "registered-twice",
         lambda p, f: p.recorded_at == -LARGEST_NUMBER),
    Line("P1.58", "order-recorded", "order-impossible",
         lambda p, f: f.text("order") not in p.orders and f.number("amount") >= 0),
    Line("P1.59", "order-refunded", "refund-impossible",
         lambda p, f: 0 < f.number("amount") <= p.left_of(f)),
    Line("P1.60", "preferences-set", "choice-by-machine",
         lambda p, f: f.text("act") in ("", *OWN_ACTS)),
    Line("P1.61", LISTED, "letter-not-chosen", lambda p, f: p.is_chosen(f)),
    Line("P1.62", LISTED, "letter-in-pause", lambda p, f: f.at >= p.paused_until),
    Line("P1.63", "segment-entered", "segment-entered-twice",
         lambda p, f: f.text("segment") not in p.segments),
    Line("P1.64", "segment-left", "segment-left-outside",
         lambda p, f: f.text("segment") in p.segments),
    Line("P1.65", LISTED, "letter-beyond-cap", lambda p, f: p.has_room(f)),
    Line("P1.66", "letter-withheld", "held-unduly", lambda p, f: p.is_held_rightly(f)),
    Line("P1.67", "anchor-reached", "anchor-reached-twice",
         lambda p, f: round_of(f) not in p.reached),
    Line("P1.68", "rules-applied", "rules-applied-twice",
         lambda p, f: p.ruled.get(f.text("segment")) is not bool(f.data.get("entered", False))),
    Line("P1.69", LISTED, "version-not-drawn", lambda p, f: f.text("version") == p.drawn(f)),
    Line("P1.70", "letter-withheld", "held-out-undrawn",
         lambda p, f: f.text("why") != "holdout" or p.drawn(f) == "holdout"),
    Line("P1.71", LISTED, "letter-to-silent", lambda p, f: f.text("purpose") not in p.stopped),
    Line("P1.72", "purpose-stopped", "stopped-unsilent",
         lambda p, f: p.heard_at <= f.number("silent_since") < f.at
         and f.text("purpose") in p.live - p.stopped.keys()),
)
# fmt: on
LINES_ABOUT = {
    about: [line for line in RULE if line.facts == "any" or about in line.facts.split()]
    for about in " ".join(line.facts for line in RULE).split()
}
AFTERWARDS = [line for line in RULE if line.facts == "afterwards"]


# ##################################################################### PART TWO: THE REPORTER
# Files, keys and dates, everybody in a ledger; what is wrong with them, in English and in French.

# ======================================================================================= 5. Command


def main(arguments: Sequence[str] | None = None, openssl: OpenSSL | None = None) -> int:
    """The exit status. `openssl` is for callers who have one that is known to verify Ed25519."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    about = sentence("help-description", language())
    parser = argparse.ArgumentParser(prog="verify.py", description=about)
    add_arguments(parser, language())
    args = parser.parse_args(arguments)
    report = Report()
    try:
        examine(args.path, options_of(args), report, openssl or working_openssl(args.openssl))
    except Refused as refused:
        return refuse(args, sentence(refused.code, language_of(args), **refused.values))
    except KeyboardInterrupt:
        return refuse(args, sentence("interrupted", language_of(args)))
    except MemoryError:
        return refuse(args, sentence("out-of-memory", language_of(args)))
    except OSError as error:
        return refuse(args, printable(error))
    if args.json:
        print(report_as_json(report, language_of(args)))
    else:
        print(report_as_text(report, language_of(args), args.path, with_facts=args.facts))
    return 1 if report.wrong_findings else 0


def refuse(args: argparse.Namespace, why: str) -> int:
    if args.json:
        print(json.dumps({"verified": False, "refused": why}, ensure_ascii=False, indent=2))
    print(f"verify.py: {why}", file=sys.stderr)
    return 2


def language() -> str:
    """The language of the environment: "fr" or "en"."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return "fr" if locale.lower().startswith("fr") else "en"


def language_of(args: argparse.Namespace) -> str:
    return args.lang or language()


def add_arguments(parser: argparse.ArgumentParser, language: str) -> None:
    add = parser.add_argument

    def help_text(code: str) -> str:
        return sentence(code, language)

    add("path", metavar="FILE.zip|DIR", help=help_text("help-path"))
    text = help_text("help-checkpoint")
    add("--checkpoint", action="append", default=[], metavar="FILE", help=text)
    text = help_text("help-consistency")
    add("--consistency", action="append", default=[], metavar="FILE", help=text)
    add("--with", dest="ledger", default="", metavar="LEDGER_DIR", help=help_text("help-with"))
    add("--vkey", default="", metavar="FILE|KEY", help=help_text("help-vkey"))
    add("--policy", default="", metavar="FILE", help=help_text("help-policy"))
    add("--tsa-ca", default="", metavar="FILE", help=help_text("help-tsa-ca"))
    add("--facts", action="store_true", help=help_text("help-facts"))
    add("--members", default="", metavar="FILE", help=help_text("help-members"))
    add("--openssl", default="", metavar="PATH", help=help_text("help-openssl"))
    add("--lang", choices=("en", "fr"), default="", help=help_text("help-lang"))
    add("--json", action="store_true", help=help_text("help-json"))


def command_line_of(args: argparse.Namespace) -> list[str]:
    """The command line that gives these arguments."""
    values = {
        "checkpoint": args.checkpoint,
        "consistency": args.consistency,
        "with": [args.ledger],
        "vkey": [args.vkey],
        "policy": [args.policy],
        "tsa-ca": [args.tsa_ca],
        "members": [args.members],
        "openssl": [args.openssl],
        "lang": [args.lang],
    }
    line = [f"--{name}={value}" for name in values for value in values[name] if value]
    flags = [f"--{name}" for name in ("facts", "json") if getattr(args, name)]
    return [*line, *flags, "--", args.path]


@dataclass(frozen=True)
class Options:
    """What the auditor brings along, each from somebody else than who handed the proof over."""

    checkpoints: Sequence[tuple[str, bytes]] = ()
    """Checkpoints that others kept: the name of the file, and its bytes."""
    consistency: Sequence[tuple[str, bytes]] = ()
    """Proofs that the tree begins with an earlier one: the name of the file, and its bytes."""
    ledger: str = ""
    """The folder of the whole ledger, against which a bundle is held."""
    vkey: str = ""
    policy: bytes = b""
    """Which logs and witnesses the auditor trusts (C2SP tlog-policy)."""
    tsa: bytes = b""
    """The root certificate of the time stamping authority (PEM)."""
    members: str = ""
    """The file that gets who stands on which list of a ledger."""


def options_of(args: argparse.Namespace) -> Options:
    """Raises Refused for a file that cannot be read, or a `--members` that is there already."""
    vkey = args.vkey if "+" in args.vkey or not args.vkey else utf8(read_whole(args.vkey)).strip()
    if args.members:
        try:
            with open(args.members, "x", encoding="utf-8"):
                pass
        except OSError as error:
            raise Refused("path-unwritable", path=args.members, why=reason_of(error)) from None
    return Options(
        checkpoints=[(path, read_whole(path)) for path in args.checkpoint],
        consistency=[(path, read_whole(path)) for path in args.consistency],
        ledger=args.ledger,
        vkey=vkey,
        policy=read_whole(args.policy) if args.policy else b"",
        tsa=read_whole(args.tsa_ca) if args.tsa_ca else b"",
        members=args.members,
    )


def read_whole(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(32 * MIB)
    except OSError as error:
        raise Refused("path-unreadable", path=path, why=reason_of(error)) from None


def reason_of(error: OSError) -> str:
    return error.strerror or str(error)


def examine(path: str, options: Options, report: Report, openssl: OpenSSL) -> None:
    try:
        files = open_files(path, report)
    except Broken as broken:
        report.wrong(path, broken.code, **broken.values)
        return
    try:
        signs_of_relance = files.names & {"checkpoint", "SHA256SUMS", "stream.note"}
        if not signs_of_relance and not report.wrong_findings:
            raise Refused("path-unknown-kind", path=path)
        has_ledger_files = any(name.startswith(("tile/", "checkpoints/")) for name in files.names)
        is_ledger = has_ledger_files and "stream.note" not in files.names
        report.details["kind"] = "ledger" if is_ledger else "bundle"
        verify = verify_ledger if is_ledger else verify_bundle
        verify(files, options, report, openssl)
    finally:
        files.close()


def verify_bundle(files: Files, options: Options, report: Report, openssl: OpenSSL) -> None:
    """One person's proof."""
    files.check_names()  # section 7
    head = signed_head(files, report, openssl, options.policy)  # section 9
    if head is None:
        files.check_unread()
        return
    stamped_at = check_stamp(files, head, options.tsa, report, openssl)
    promise = check_promise(files, head, report, openssl)
    entries = included_entries(files, head, report)  # section 10
    published, own = facts_of(entries, INSTALLATION), facts_of(entries, promise.stream)
    history = KeyHistory.of(published)
    keys = history.keys(head.checkpoint.origin, openssl, report, place_of)
    check_key(head, keys, history, options.vkey, report)
    check_numbering(entries, own, promise, report)
    check_rules(own, published, report)  # sections 4 and 10
    report_clock(published, report)
    pieces = check_evidence(files, own, report)  # section 11
    words = check_words(files, own, published, report)
    check_named(pieces, words, report)
    check_acts(own, pieces, report)
    check_person(files, promise.stream, check_addresses(own, pieces, report), report)
    roots: Mapping[int, bytes] = {}
    if options.ledger:
        ledger = compare_with_ledger(head, promise, entries, options, report, openssl)  # section 12
        history, roots = ledger.history, ledger.roots
        keys = history.keys(head.checkpoint.origin, openssl, report, place_of)
        if history.is_retired(head.key, head.checkpoint.size):
            report.wrong("checkpoint", "key-retired")
    tree = ExaminedTree(
        checkpoint=head.checkpoint, keys=[head.key, *keys], history=history, root_at=roots.get
    )
    vouched = check_held_elsewhere(tree, options, report, openssl)  # section 9
    if stamped_at is None and not head.witnesses:
        report_unwitnessed(vouched, head.checkpoint.size, report)
    if not options.ledger:
        report.unproved("completeness-unproved")
    report.unproved("one-person-unproved")
    dates, wall = Dates(report), {}
    for position in sorted(entries):
        entry = entries[position]
        if entry.stream == INSTALLATION:
            dates.follow(entry)
        wall[position] = dates.wall_time(entry.recorded_at)
        dates.see(position, entry.recorded_at, entry_file(position))
    check_dates(own, wall, stamped_at, head.witnesses, report)
    files.check_expected(NAMES_OF_A_BUNDLE)
    files.check_unread()
    report.details["facts"] = [fact_for_listing(entry, pieces) for entry in own]


def verify_ledger(files: Files, options: Options, report: Report, openssl: OpenSSL) -> None:
    """A whole ledger, from its first entry to its last."""
    files.check_names()  # section 7
    head = signed_head(files, report, openssl, options.policy)  # section 9
    if head is None:
        files.check_unread()
        return
    own = head.checkpoint
    signed = signed_checkpoints(files, report)
    ledger = Ledger(files=files, size=own.size, report=report)  # section 12
    wanted = {own.size, *(former.size for former in signed.values()), *sizes_held(options)}
    people = People(report)
    shares = 1 + own.size // MAX_ENTRIES_PER_PASS
    for share in range(shares):
        ledger.read(wanted if share == 0 else (), share_of_people(share, shares, ledger, people))
        people.close_share(options.members)
    check_root(own, ledger.roots, report)
    check_editions(ledger, report)
    keys = ledger.history.keys(own.origin, openssl, report, ledger.place_of)
    check_key(head, keys, ledger.history, options.vkey, report)
    check_signed_checkpoints(own, signed, ledger, report, openssl)
    people.report_totals()
    stamped_at = check_stamp(files, head, options.tsa, report, openssl)
    tree = ExaminedTree(
        checkpoint=own,
        keys=[head.key, *keys],
        history=ledger.history,
        root_at=ledger.roots.get,
        is_whole_ledger=True,
    )
    vouched = check_held_elsewhere(tree, options, report, openssl)  # section 9
    if stamped_at is None and not head.witnesses:
        report_unwitnessed(vouched, own.size, report)
    if latest := ledger.dates.position_of_wall:
        place = ledger.place(latest)
        check_date(ledger.dates.latest_wall, place, stamped_at, head.witnesses, report)
    report_clock(ledger.published, report)
    report.unproved("one-person-unproved")
    report.unproved("dates-of-ledger")
    report.unproved("recording-unproved")
    files.check_expected(NAMES_OF_A_LEDGER)
    files.check_unread()


# ====================================================================================== 6. Findings


def printable(value: object) -> str:
    """What others have written may not steer the terminal it is shown on."""
    return "".join(c if c.isprintable() else "·" for c in str(value))


def in_one_line(value: object) -> str:
    """Nor may a run of blanks make what follows look like a line of its own."""
    return re.sub(" {2,}", " ·", printable(value))


@dataclass(frozen=True)
class Finding:
    """A code of section 14 and what stands in the place-holders of its sentence.

    `place` is the file it is about, with the entry in it where that says more. All is printable.
    """

    code: str
    values: Mapping[str, str]
    place: str = ""


def finding(code: str, values: Mapping[str, Value], place: str = "") -> Finding:
    shown = {name: in_one_line(value) for name, value in values.items()}
    return Finding(code, shown, in_one_line(place))


MAX_WRONG_LISTED = 200


@dataclass
class Report:
    """What is wrong, what is proved, what is not, and what else should be known."""

    wrong_findings: list[Finding] = field(default_factory=list)
    wrong_not_listed: int = 0
    proved_findings: list[Finding] = field(default_factory=list)
    unproved_findings: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)
    """What a program is told besides, in this order: kind, address, facts, lists, people, …"""

    def wrong(self, place: str, code: str, **values: Value) -> None:
        new = finding(code, values, place)
        if new in self.wrong_findings:
            return
        if len(self.wrong_findings) < MAX_WRONG_LISTED:
            self.wrong_findings.append(new)
        else:
            self.wrong_not_listed += 1

    def proved(self, code: str, **values: Value) -> None:
        self.proved_findings.append(finding(code, values))

    def unproved(self, code: str, **values: Value) -> None:
        self.unproved_findings.append(finding(code, values))

    def remark(self, code: str, **values: Value) -> None:
        self.remarks.append(finding(code, values))

    def attempt(self, place: str, read: Callable[..., T], *arguments: object) -> T | None:
        """What `read` returns, or None once it is reported what is wrong with the file."""
        try:
            return read(*arguments)
        except Broken as broken:
            self.wrong(place, broken.code, **broken.values)
            return None


# ========================================================================================= 7. Files

MAX_NAMES = 500_000
MAX_BUNDLE = 2 * 1024 * MIB
MAX_ENTRY = 65_535
ENTRIES_PER_TILE = 256
MAX_FILE = 4 * MIB
# What is larger was not made by Relance, and is not read into memory. All in bytes.
MAX_FILE_BY_NAME = (
    (re.compile(r"entries/.*\.json"), MAX_ENTRY),
    (re.compile(r"entries/.*\.tlog-proof"), 96 * KIB),
    (re.compile(r"(checkpoint|checkpoints/.*)"), 64 * KIB),
    (re.compile(r"stream\.note"), MAX_NOTE),
    (re.compile(r"evidence/.*\.salt"), 256),
    (re.compile(r"(evidence|words)/.*"), 32 * MIB),
    (re.compile(r"tile/entries/.*"), ENTRIES_PER_TILE * (MAX_ENTRY + 2)),
    (re.compile(r"SHA256SUMS"), 256 * MIB),
)
NAMES_OF_BOTH = (
    r"VERIFIER\.md|verify\.py|SHA256SUMS|vkey\.txt|policy\.txt|checkpoint|checkpoint\.tsr"
    r"|tsa-chain\.pem"
)
NAMES_OF_A_LEDGER = re.compile(NAMES_OF_BOTH + r"|(checkpoints|tile)/.*")
NAMES_OF_A_BUNDLE = re.compile(
    NAMES_OF_BOTH + r"|stream\.note|person\.json|entries/[0-9]{10}\.(json|tlog-proof)"
    r"|evidence/[0-9a-f]{64}\.(json|salt)|words/[0-9a-f]{64}\.txt"
)


class Files:
    """Files by name, each read once in full and compared with its SHA-256 in SHA256SUMS."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.names: set[str] = set()
        self.sums: dict[str, str] = {}
        self.compared: set[str] = set()

    def load(self, name: str, limit: int) -> bytes:
        """At most one byte more than `limit`."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open in a folder."""

    def read(self, name: str) -> bytes:
        """Raises Broken for a file that is missing, or larger than any that Relance makes."""
        if name not in self.names:
            raise Broken("file-missing")
        limits = (limit for pattern, limit in MAX_FILE_BY_NAME if pattern.fullmatch(name))
        limit = next(limits, MAX_FILE)
        data = self.load(name, limit)
        if len(data) > limit:
            raise Broken("file-too-large", limit=limit)
        if name in self.sums and name not in self.compared:
            self.compared.add(name)
            if hashlib.sha256(data).hexdigest() != self.sums[name]:
                self.report.wrong(name, "file-changed")
        return data

    def text(self, name: str) -> str:
        return utf8(self.read(name))

    def check_names(self) -> None:
        """SHA256SUMS names every file that is there, and no other.

        But for the checkpoint, which is signed itself: witnesses may add signatures to it.
        """
        sums = self.report.attempt("SHA256SUMS", lambda: parse_sums(self.text("SHA256SUMS")))
        if sums is None:
            return
        self.sums = sums
        for name in sorted(set(sums) - self.names):
            self.report.wrong(name, "file-missing")
        for name in sorted(self.names - set(sums) - {"SHA256SUMS", "checkpoint"}):
            self.report.wrong(name, "file-added")

    def check_expected(self, expected: re.Pattern[str]) -> None:
        for name in sorted(name for name in self.names if not expected.fullmatch(name)):
            self.report.wrong(name, "file-unexpected")

    def check_unread(self) -> None:
        """Compare with SHA256SUMS what nothing had reason to read."""
        for name in sorted((self.names & set(self.sums)) - self.compared):
            self.report.attempt(name, self.read, name)


ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class ZipFiles(Files):
    def __init__(self, file: BinaryIO, report: Report) -> None:
        """Raises Broken for what is no zip file, or one that holds more than files."""
        super().__init__(report)
        self.file = file
        try:
            self.zip = zipfile.ZipFile(self.file)
        except ZIP_ERRORS as error:
            raise Broken("zip-broken", why=str(error)) from None
        members = self.zip.infolist()
        if len(members) > MAX_NAMES or sum(member.file_size for member in members) > MAX_BUNDLE:
            raise Broken("zip-too-large")
        self.members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = member.filename
            is_encrypted = bool(member.flag_bits & 0x1)
            if name in self.members:
                report.wrong(name, "zip-name-twice")
            elif (
                not is_plain_name(name) or is_encrypted or stat.S_ISLNK(member.external_attr >> 16)
            ):
                report.wrong(name, "file-kind")
            else:
                self.members[name] = member
        self.names = set(self.members)
        self._check_every_byte()

    def close(self) -> None:
        self.zip.close()
        self.file.close()

    def _check_every_byte(self) -> None:
        """Every byte of the zip file belongs to a file in it, or to the directory at its end.

        Other programs would read what stands before, between or after the files. Sizes in bytes: a
        local header 30, a directory record 46, the end of the directory 22, with ZIP64 76 more;
        names and extra fields come on top.
        """
        end, directory = 0, 0
        for member in sorted(self.zip.infolist(), key=lambda member: member.header_offset):
            has_trailing_descriptor = bool(member.flag_bits & 0x8)
            if member.header_offset != end or has_trailing_descriptor:
                raise Broken("zip-hidden-bytes")
            self.file.seek(end)
            header = self.file.read(30).ljust(30, b"\0")
            end += 30 + sum(struct.unpack("<HH", header[26:30])) + member.compress_size
            name = member.filename.encode("utf-8", "surrogateescape")
            directory += 46 + len(name) + len(member.extra) + len(member.comment)
        size = self.file.seek(0, os.SEEK_END)
        starts_there = end == self.zip.start_dir
        if (
            self.zip.comment
            or not starts_there
            or size not in (end + directory + 22, end + directory + 22 + 76)
        ):
            raise Broken("zip-hidden-bytes")

    def load(self, name: str, limit: int) -> bytes:
        """Never more than that, whatever the zip file says of its sizes."""
        try:
            with self.zip.open(self.members[name]) as file:
                return file.read(limit + 1)
        except ZIP_ERRORS as error:
            raise Broken("zip-unpacking", why=str(error)) from None


class FolderFiles(Files):
    def __init__(self, path: str, report: Report) -> None:
        """Links are not followed: a link is no file of a bundle."""
        super().__init__(report)
        self.path = path
        for folder, folders, files in os.walk(path):
            folders.sort()
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            for basename in sorted(files) + links:
                full = os.path.join(folder, basename)
                name = os.path.relpath(full, path).replace(os.sep, "/")
                if not stat.S_ISREG(os.lstat(full).st_mode) or not is_plain_name(name):
                    report.wrong(name, "file-kind")
                else:
                    self.names.add(name)
                if len(self.names) > MAX_NAMES:
                    raise Refused("path-too-many-files", path=path)

    def load(self, name: str, limit: int) -> bytes:
        try:
            with open(os.path.join(self.path, *name.split("/")), "rb") as file:
                return file.read(limit + 1)
        except OSError as error:
            raise Broken("file-unreadable", why=reason_of(error)) from None


def open_files(path: str, report: Report) -> Files:
    """Raises Broken for a file that is no whole zip file, Refused for what cannot be read."""
    try:
        if os.path.isdir(path):
            return FolderFiles(path, report)
        file = open(path, "rb")  # noqa: SIM115 (closed with the files)
    except OSError as error:
        raise Refused("path-unreadable", path=path, why=reason_of(error)) from None
    try:
        return ZipFiles(file, report)
    except Refused:
        file.close()
        raise


def is_plain_name(name: str) -> bool:
    """Whether it is a relative path of ordinary characters that leads out of no folder."""
    return (
        len(name) < 200
        and re.fullmatch(r"[A-Za-z0-9._/-]+", name) is not None
        and not any(part in ("", ".", "..") for part in name.split("/"))
    )


def parse_sums(text: str) -> dict[str, str]:
    """SHA-256 by name, from lines as `sha256sum` writes and reads them."""
    sums: dict[str, str] = {}
    for line in whole_lines(text):
        match = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line)
        if match is None or match[2] in sums:
            raise Broken("sums-line", line=line[:120])
        sums[match[2]] = match[1]
    if list(sums) != sorted(sums):
        raise Broken("sums-order")
    return sums


# ====================================================================================== 8. Policies


@dataclass
class Policy:
    """Who has to sign (C2SP tlog-policy).

    A group is met when so many of its members are; its members are witnesses and groups by name.
    """

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    def is_met(self, signed: set[str]) -> bool:
        """Whether the witnesses that signed are as many as the quorum takes."""
        return self.quorum == "none" or self._is_met_by(signed, self.quorum)

    def _is_met_by(self, signed: set[str], name: str) -> bool:
        if name in self.witnesses:
            return name in signed
        threshold, members = self.groups[name]
        return sum(self._is_met_by(signed, member) for member in members) >= threshold


def parse_policy(text: str) -> Policy:
    policy, grouped = Policy(), set[str]()
    for line in whole_lines(text):
        if any(ord(c) < 0x20 and c != "\t" for c in line):
            raise Broken("policy-control-characters")
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        known = {*policy.witnesses, *policy.groups}
        names_anew = len(words) > 1 and words[1] not in {*known, "none"}
        if words[0] == "log" and len(words) in (2, 3):
            policy.logs.append(parse_vkey(words[1]))
        elif words[0] == "witness" and len(words) in (3, 4) and names_anew:
            policy.witnesses[words[1]] = parse_vkey(words[2])
        elif words[0] == "group" and len(words) >= 4 and names_anew:
            members = tuple(words[3:])
            threshold = {"all": str(len(members)), "any": "1"}.get(words[2], words[2])
            if not set(members) <= known - grouped or len(set(members)) < len(members):
                raise Broken("policy-group-members")
            if not re.fullmatch(r"[1-9][0-9]?", threshold) or int(threshold) > len(members):
                raise Broken("policy-group-threshold")
            grouped |= set(members)
            policy.groups[words[1]] = (int(threshold), members)
        elif (
            words[0] == "quorum"
            and len(words) == 2
            and not policy.quorum
            and words[1] in {*known, "none"}
        ):
            policy.quorum = words[1]
        else:
            raise Broken("policy-line", line=line[:120])
    keys = [key.public for key in (*policy.logs, *policy.witnesses.values())]
    largest = max(len(policy.logs), len(policy.witnesses), len(policy.groups))
    if not policy.quorum or len(set(keys)) < len(keys) or largest > 32:
        raise Broken("policy-incomplete")
    return policy


def cosigners(note: Note, policy: Policy, openssl: OpenSSL) -> dict[str, int]:
    """The policy's witnesses whose cosignatures hold (C2SP tlog-cosignature, v1), by name, and when
    each first signed (seconds since 1970, UTC).

    A cosignature is eight bytes of time, then the signature over that time and the note's text.
    """
    times: dict[str, int] = {}
    for witness, key in policy.witnesses.items():
        for signed in note.signatures:
            is_cosignature = key.kind == COSIGNATURE and len(signed.signature) == 72
            if is_cosignature and signed.is_of(key):
                time, signature = int.from_bytes(signed.signature[:8], "big"), signed.signature[8:]
                text = f"cosignature/v1\ntime {time}\n{note.text}"
                if openssl.verifies_ed25519(key.public, text.encode(), signature):
                    times[witness] = min(time, times.get(witness, time))
    return times


# A note signed with a key made of a public phrase: an openssl that cannot verify it cannot be
# trusted to verify others.
KNOWN_VKEY = "log.example.fr/consent/tenant-1+855d3d1e+AUIz0b7kyAjEKDRzhxogjXBJp4uyIG9WhMMf0xiDwNVT"
KNOWN_TEXT = "log.example.fr/consent/tenant-1\n7\nM9EDOuT9ZIJzI2hsZjhTg1b0Xq0VyuqMVvgLWkidwhE=\n"
KNOWN_SIGNATURE = (
    "hV09Hivze6zE68LJx1vZqPwebmSqlj3658g9uq5OaenrC0OGfEDYlpXpqiuXRsiY9zZwOiMnXIQwd0eJP6o4Ij0w7wY="
)


def working_openssl(path: str) -> OpenSSL:
    """Raises Refused where it is missing, or does not verify what is known to be right."""
    openssl = OpenSSL(path)
    public, text = parse_vkey(KNOWN_VKEY).public, KNOWN_TEXT.encode()
    signature = base64.b64decode(KNOWN_SIGNATURE)[4:]
    accepts_right = openssl.verifies_ed25519(public, text, signature)
    if not accepts_right or openssl.verifies_ed25519(public, b"?" + text, signature):
        version = openssl.run(["version"], {})[1].strip()[:80]
        raise Refused("openssl-too-old", version=version)
    return openssl


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def time_of_stamp(stamp: bytes, openssl: OpenSSL) -> datetime.datetime:
    """The time that an RFC 3161 answer names, in UTC. Raises Broken."""
    done, output = openssl.run(["ts", "-reply", "-in", "stamp", "-text"], {"stamp": stamp})
    match = re.search(
        r"^Time stamp: (\w{3}) +(\d+) (\d+):(\d+):(\d+)(?:\.\d+)? (\d{4}) GMT",
        output,
        re.MULTILINE,
    )
    if not done or match is None or match[1] not in MONTHS:
        raise Broken("stamp-malformed")
    return datetime.datetime(
        year=int(match[6]),
        month=MONTHS.index(match[1]) + 1,
        day=int(match[2]),
        hour=int(match[3]),
        minute=int(match[4]),
        second=min(int(match[5]), 59),
        tzinfo=datetime.timezone.utc,
    )


def verify_stamp(
    data: bytes, stamp: bytes, chain: bytes, trusted: bytes, openssl: OpenSSL
) -> datetime.datetime:
    """The time in UTC at which `data` was stamped. Raises Broken.

    The certificates count as they stood then.
    """
    stamped_at = time_of_stamp(stamp, openssl)
    command = "ts -verify -data data -in stamp -CAfile trusted -untrusted chain -attime"
    done, output = openssl.run(
        [*command.split(), str(int(stamped_at.timestamp()))],
        {"data": data, "stamp": stamp, "chain": chain, "trusted": trusted},
    )
    if not done:
        telling = (
            line for line in output.splitlines() if "error" in line.lower() or "mismatch" in line
        )
        why = next(telling, output.strip()[-160:])
        raise Broken("stamp-refused", why=re.sub(r"^[0-9A-F]+:", "", why)[:160])
    return stamped_at


# =================================================================================== 9. Checkpoints


@dataclass(frozen=True)
class SignedHead:
    """The checkpoint of what is examined, the key in vkey.txt with which it is signed, and the
    witnesses that cosigned it, with the time of each."""

    checkpoint: Checkpoint
    key: Key
    witnesses: Mapping[str, int]

    def lines_in(self, note: Note) -> set[Signature]:
        """The log's own signatures of a note. Witnesses may have signed one copy of it and not
        another."""
        return {signed for signed in note.signatures if signed.is_of(self.key)}


def signed_head(
    files: Files, report: Report, openssl: OpenSSL, own_policy: bytes = b""
) -> SignedHead | None:
    """None when there is no checkpoint with a signature that holds.

    `own_policy` is the auditor's, in place of policy.txt.
    """
    key = report.attempt(
        "vkey.txt", lambda: parse_vkey("\n".join(whole_lines(files.text("vkey.txt"))))
    )
    checkpoint = report.attempt("checkpoint", lambda: parse_checkpoint(files.read("checkpoint")))
    policy_file = "--policy" if own_policy else "policy.txt"
    policy = report.attempt(
        policy_file, lambda: parse_policy(utf8(own_policy) or files.text("policy.txt"))
    )
    if key is None or checkpoint is None:
        return None
    if key.name != checkpoint.origin or key.kind != ED25519:
        report.wrong("checkpoint", "vkey-not-of-checkpoint", origin=checkpoint.origin)
    if report.attempt("checkpoint", verify_note, checkpoint.note, key, openssl) is None:
        return None
    report.proved("checkpoint-signed", size=checkpoint.size, key=key.vkey)
    if checkpoint.extensions:
        report.remark("checkpoint-extensions", n=len(checkpoint.extensions))
    witnesses: dict[str, int] = {}
    if policy is not None:
        report_unknown_keys(policy, report)
        if key.public not in [log.public for log in policy.logs]:
            report.wrong(policy_file, "policy-without-vkey")
        witnesses = cosigners(checkpoint.note, policy, openssl)
        if not policy.is_met(set(witnesses)):
            report.wrong("checkpoint", "cosignatures-missing")
        elif witnesses:
            report.proved("cosigned", names=", ".join(sorted(witnesses)))
            if not own_policy:
                report.unproved("witnesses-unconfirmed")
    return SignedHead(checkpoint, key, witnesses)


def report_unknown_keys(policy: Policy, report: Report) -> None:
    keys = (*policy.logs, *policy.witnesses.values())
    names = [key.name for key in keys if key.kind not in (ED25519, COSIGNATURE)]
    if names:
        report.remark("policy-unknown-keys", names=", ".join(names))


def check_stamp(
    files: Files, head: SignedHead, trusted: bytes, report: Report, openssl: OpenSSL
) -> datetime.datetime | None:
    """When a time stamping authority saw the checkpoint, in UTC; None without a stamp that holds.

    What is stamped is the note as the log signed it, without what witnesses added to it.
    `trusted` is the authority's root certificate as the auditor knows it, or empty.
    """
    if "checkpoint.tsr" not in files.names:
        return None
    note = head.checkpoint.note

    def verify() -> datetime.datetime:
        chain, stamp = files.read("tsa-chain.pem"), files.read("checkpoint.tsr")
        own = next(signed for signed in note.signatures if signed.is_of(head.key))
        signature = base64.b64encode(own.key_id + own.signature).decode()
        stamped = f"{note.text}\n— {own.name} {signature}\n".encode()
        return verify_stamp(stamped, stamp, chain, trusted or chain, openssl)

    stamped_at = report.attempt("checkpoint.tsr", verify)
    if stamped_at is None:
        return None
    report.proved("stamped", when=to_the_second(stamped_at))
    if not trusted:
        report.unproved("stamp-chain-unverified", print=fingerprint(files.read("tsa-chain.pem")))
    return stamped_at


def to_the_second(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def fingerprint(pem: bytes) -> str:
    """SHA-256 of the last certificate of a chain, as browsers and openssl show it."""
    blocks = re.findall(
        rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", pem
    )
    try:
        return hashlib.sha256(base64.b64decode(blocks[-1])).hexdigest() if blocks else "?"
    except binascii.Error:
        return "?"


@dataclass(frozen=True)
class Promise:
    """What stream.note says: whose bundle it is, and how many facts there are about this person."""

    stream: str = ""
    versions: int = 0


PROMISE = re.compile(
    rf"(\S+)\nstream ({UUID})\nversions ([1-9][0-9]{{0,15}})\nsize (\d{{1,16}})\n"
    r"entries ([0-9a-f]{64})\n((?:[0-9a-f]{64}  \S+\n)*)"
)


def check_promise(files: Files, head: SignedHead, report: Report, openssl: OpenSSL) -> Promise:
    """stream.note is signed for this checkpoint and names exactly the files that are here."""
    note = report.attempt(
        "stream.note",
        lambda: verify_note(parse_note(files.read("stream.note")), head.key, openssl),
    )
    if note is None:
        return Promise()
    match = PROMISE.fullmatch(note.text)
    own = (head.checkpoint.origin, head.checkpoint.size)
    if match is None or (match[1], int(match[4])) != own or match[2] == INSTALLATION:
        report.wrong("stream.note", "promise-malformed")
        return Promise()
    # Of the checkpoint the text is promised: signatures may be added to it.
    text = hashlib.sha256(head.checkpoint.note.text.encode()).hexdigest()
    sums = {"checkpoint": text, **files.sums}
    sums.pop("stream.note", None)
    of_entries = {name: digest for name, digest in sums.items() if name.startswith("entries/")}
    # The entries are many: one SHA-256 stands for their lines in SHA256SUMS.
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(of_entries.items()))
    if match[5] != hashlib.sha256(lines.encode()).hexdigest():
        report.wrong("entries/", "promise-entries")
    promised = {
        name: digest for digest, name in (line.split("  ") for line in match[6].splitlines())
    }
    for name in sorted(promised.keys() | (sums.keys() - of_entries.keys())):
        if name not in sums:
            report.wrong(name, "promise-file-missing")
        elif promised.get(name) != sums[name]:
            report.wrong(name, "promise-file-changed")
    return Promise(stream=match[2], versions=int(match[3]))


@dataclass
class KeyHistory:
    """Which origins and keys the ledger itself names, and when it was put back from a copy."""

    begun: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    restored: list[Entry] = field(default_factory=list)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> KeyHistory:
        history = cls()
        for entry in entries:
            history.add(entry)
        return history

    def add(self, entry: Entry) -> None:
        if entry.name == "origin-begun":
            self.begun.append(entry)
        elif entry.name == "signing-key-changed":
            self.changed.append(entry)
        elif entry.name == "ledger-restored":
            self.restored.append(entry)

    def keys(
        self, origin: str, openssl: OpenSSL, report: Report, place_of: Callable[[Entry], str]
    ) -> list[Key]:
        """An origin's keys, oldest first: the one it began with, and each named by the one before.

        `place_of` gives the place at which to report what is wrong with an entry.
        """
        keys: list[Key] = []
        for entry in sorted((*self.begun, *self.changed), key=lambda entry: entry.position):
            key: Key | None = None
            begins = entry.name == "origin-begun"
            if begins and entry.text("origin") == origin:
                key = report.attempt(place_of(entry), parse_vkey, entry.text("vkey"))
            elif not begins and keys and entry.text("vkey").partition("+")[0] == origin:
                key = report.attempt(place_of(entry), changed_key, entry, keys[-1], openssl)
            if key is not None:
                keys.append(key)
        if not keys and any(entry.text("previous") == origin for entry in self.begun):
            # A ledger that was put back may have lost that this origin began: the keys are the
            # same, in its name.
            for entry in (*self.begun, *self.changed):
                key = report.attempt(place_of(entry), parse_vkey, entry.text("vkey"))
                if key is not None:
                    keys.append(replace(key, name=origin))
        return keys

    def is_retired(self, key: Key, size: int) -> bool:
        """Whether the first `size` entries name another key in the place of this one."""
        named = [
            entry.text("vkey")
            for entry in sorted((*self.begun, *self.changed), key=lambda entry: entry.position)
            if entry.position <= size and entry.text("vkey").partition("+")[0] == key.name
        ]
        return key.vkey in named[:-1] and key.vkey != named[-1]

    def last_kept(self, origin: str) -> int:
        """Up to which size an origin's trees are still in this ledger, after a restoration."""
        begun = (entry.position for entry in self.begun if entry.text("origin") == origin)
        since = max(begun, default=0)
        sizes = (entry.number("position") for entry in self.restored if entry.position > since)
        return min(sizes, default=LARGEST_NUMBER)

    def last_kept_since_restored(self, origin: str) -> int:
        """The same for an origin that the present one follows; for any other nothing was lost."""
        last = max(self.begun, key=lambda entry: entry.position, default=None)
        is_former = last is not None and self.follows(last.text("origin"), origin)
        if last is None or last.text("origin") == origin or not is_former:
            return LARGEST_NUMBER
        return self.last_kept(origin)

    def follows(self, origin: str, former: str) -> bool:
        """Whether `former` is one of the origins that led to `origin`."""
        previous = {entry.text("origin"): entry.text("previous") for entry in self.begun}
        for _ in range(len(previous)):
            origin = previous.get(origin, "")
            if origin and origin == former:
                return True
        return False

    def report_restorations(self, report: Report) -> None:
        for entry in self.restored:
            report.remark("ledger-restored", size=entry.number("position"), when=iso_time(entry.at))


def changed_key(entry: Entry, former: Key, openssl: OpenSSL) -> Key:
    """The new key of a change: the note in it names it, signed by the former. Raises Broken."""
    note = verify_note(parse_note(entry.text("note").encode()), former, openssl)
    if note.text != f"{former.name}\nnext key\n{entry.text('vkey')}\n":
        raise Broken("key-change-unsigned")
    return parse_vkey(entry.text("vkey"))


def check_key(
    head: SignedHead, keys: Sequence[Key], history: KeyHistory, published: str, report: Report
) -> None:
    """The key is one that the ledger names, and the one the auditor was told of another way."""
    key = head.key
    if key not in keys:
        report.wrong("vkey.txt", "key-unnamed-by-ledger")
    if history.is_retired(key, head.checkpoint.size):
        report.wrong("checkpoint", "key-retired")
    if not published:
        report.unproved("key-unconfirmed")
    elif any(known.vkey == published for known in (*keys, key)):
        report.proved("key-published")
    else:
        report.wrong("vkey.txt", "key-not-published", key=published)


CHECKPOINT_IN_TEXT = re.compile(
    r"^[^\s+]+\n(?:0|[1-9][0-9]*)\n[A-Za-z0-9+/]{43}=\n(?:.{1,1000}\n){0,16}"
    r"\n(?:— [^\s+]+ [A-Za-z0-9+/=]+\n)+",
    re.MULTILINE,
)


def notes_in(data: bytes) -> list[bytes]:
    """The checkpoints in a file: the note itself, or a mail with it.

    A mail has it in its text, or in base64 in a header whose name ends with "checkpoint".
    """
    texts = [data.decode("utf-8", "replace")]
    mail = email.message_from_bytes(data)
    for name, value in mail.items():
        if name.lower().endswith("checkpoint"):
            try:
                header = base64.b64decode("".join(str(value).split()), validate=True)
            except (binascii.Error, ValueError):
                continue
            texts.append(header.decode("utf-8", "replace"))
    for part in mail.walk():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            texts.append(body.decode("utf-8", "replace"))
    notes = [
        match[0].encode()
        for text in texts
        for match in CHECKPOINT_IN_TEXT.finditer(text.replace("\r\n", "\n"))
    ]
    return list(dict.fromkeys(notes))


def sizes_held(options: Options) -> set[int]:
    """The sizes of the checkpoints that others kept."""
    sizes = set()
    for _, data in options.checkpoints:
        for note in notes_in(data):
            try:
                sizes.add(parse_checkpoint(note).size)
            except Broken:
                continue
    return sizes


@dataclass(frozen=True)
class ExaminedTree:
    """The tree that is held against checkpoints kept elsewhere.

    `keys` are those its checkpoint may be signed with; `root_at` gives the root that it had at a
    smaller size, or a larger tree at a larger one, where that is known. A whole ledger holds all
    there is; a bundle may be older than what others hold.
    """

    checkpoint: Checkpoint
    keys: Sequence[Key]
    history: KeyHistory
    root_at: Callable[[int], bytes | None]
    is_whole_ledger: bool = False


def check_held_elsewhere(
    tree: ExaminedTree, options: Options, report: Report, openssl: OpenSSL
) -> int:
    """Up to which size the checkpoints that others kept vouch for the tree."""
    proofs: dict[int, tuple[bytes, ...]] = {}
    for label, data in options.consistency:
        proof = report.attempt(label, parse_consistency, data)
        if proof is not None:
            proofs[proof.size] = proof.path
    vouched = 0
    for label, data in options.checkpoints:
        notes = notes_in(data)
        if not notes:
            report.wrong(label, "no-checkpoint-in-file")
        for note in notes:
            held = report.attempt(label, parse_checkpoint, note)
            if (
                held is not None
                and is_signed_by_log(label, held, tree, report, openssl)
                and agrees(label, held, tree, proofs, report)
            ):
                vouched = max(vouched, min(held.size, tree.checkpoint.size))
    return vouched


def is_signed_by_log(
    label: str, held: Checkpoint, tree: ExaminedTree, report: Report, openssl: OpenSSL
) -> bool:
    """Whether a checkpoint is of the tree's origin, or of one it follows, and signed as such."""
    origin, keys = tree.checkpoint.origin, tree.keys
    if held.origin != origin:
        if not tree.history.follows(origin, held.origin):
            report.wrong(label, "origin-unrelated", held=held.origin, origin=origin)
            return False
        keys = tree.history.keys(held.origin, openssl, report, lambda entry: label)
    signers = [key for key in keys if any(s.is_of(key) for s in held.note.signatures)]
    in_force = [key for key in signers if not tree.history.is_retired(key, held.size)]
    if not signers:
        report.wrong(label, "checkpoint-unsigned")
        return False
    if not in_force:
        report.wrong(label, "key-retired")
        return False
    return report.attempt(label, verify_note, held.note, in_force[0], openssl) is not None


def agrees(
    label: str,
    held: Checkpoint,
    tree: ExaminedTree,
    proofs: Mapping[int, Sequence[bytes]],
    report: Report,
) -> bool:
    """Whether one of the two trees is shown to begin with the other; reported either way.

    `proofs` are proofs of consistency, by the size of the smaller tree.
    """
    own, size = tree.checkpoint, held.size
    is_own = (held.origin, size) == (own.origin, own.size)
    if size > tree.history.last_kept(held.origin) and not is_own:
        report.unproved("entries-lost", label=label, size=size)
        return False
    root = own.root if size == own.size else tree.root_at(size)
    if root is None and size > own.size:
        if tree.is_whole_ledger:
            report.wrong(label, "held-checkpoint-beyond-ledger", size=size)
        else:
            report.unproved("checkpoint-later", label=label, size=size)
        return False
    if root is None and size in proofs:
        holds = is_consistent(size, held.root, own.size, own.root, proofs[size])
        root = held.root if holds else b""
    if root is None:
        report.unproved("checkpoint-earlier", label=label, size=size)
        return False
    if root != held.root:
        report.wrong(label, "root-rewritten", size=size)
        return False
    report.proved("held-checkpoint-agrees", label=label, size=size)
    return True


def report_unwitnessed(vouched: int, size: int, report: Report) -> None:
    """What nobody vouches for but the operator, when neither a stamp nor a witness does."""
    if not vouched:
        report.unproved("unwitnessed")
    elif vouched < size:
        report.unproved("unwitnessed-since", first=vouched + 1)


# ====================================================================================== 10. Entries

INSTALLATION = "00000000-0000-4000-8000-000000000001"
"""The stream of what is published and paused; every other stream is a person's."""
EVENTS_OF_INSTALLATION = """
    account-removed breach-recorded broadcast-fell-due clock-changed configuration-published
    doctor-ran form-published form-tried ledger-restored notice-published origin-begun
    people-exported publication-approved publication-proposed retention-applied role-given
    sending-paused sending-resumed sequence-published signing-key-changed suppression-lifted
    versions-published words-published
"""
OF_INSTALLATION = frozenset(EVENTS_OF_INSTALLATION.split())
EVENTS_OF_PEOPLE = """
    anchor-reached call-honoured consent-confirmed consent-expired consent-given consent-requested
    consent-withdrawn contact-noted erasure-requested ground-declared letter-answered letter-begun
    letter-deferred letter-directed letter-failed letter-in-doubt letter-retried letter-sent
    letter-withheld list-copied list-joined list-left list-moved list-transferred mail-bounced
    mail-complained move-undone order-recorded order-refunded permission-asked permission-renewed
    preferences-set processing-restricted profile-changed profile-read proof-archived proof-opened
    purpose-stopped right-answered right-exercised right-extended rules-applied segment-entered
    segment-left subscriber-erased subscriber-reachable subscriber-registered subscriber-suppressed
"""
OF_PEOPLE = frozenset(EVENTS_OF_PEOPLE.split())
END_OF_ENTRY = re.compile(
    rb'"recorded_at":(-?[0-9]+),"stream":"('
    + UUID.encode()
    + rb')","v":[0-9]+,"version":[0-9]+\}\Z'
)
"""How every entry ends, since its keys are sorted: its date of recording and its stream are known
before it is parsed."""


MAX_PATH = 63


def parse_path(lines: Sequence[str], otherwise: str) -> tuple[bytes, ...]:
    """The hashes of a proof, one to a line. Raises Broken with the code `otherwise`."""
    path = tuple(unbase64(line) for line in lines)
    if len(path) > MAX_PATH or any(len(step) != HASH_SIZE for step in path):
        raise Broken(otherwise)
    return path


@dataclass(frozen=True)
class InclusionProof:
    """That a leaf is in the tree of a checkpoint. The leaf of position 1 has index 0."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def parse_inclusion(data: bytes) -> InclusionProof:
    """A c2sp.org/tlog-proof@v1. Its `extra` line, which nobody authenticates, is passed over."""
    head, gap, checkpoint = utf8(data).partition("\n\n")
    lines = head.split("\n")
    if len(lines) > 1 and lines[1].startswith("extra "):
        unbase64(lines.pop(1)[len("extra ") :])
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,15})", lines[1]) if len(lines) > 1 else None
    if lines[0] != "c2sp.org/tlog-proof@v1" or index is None or not gap:
        raise Broken("inclusion-malformed")
    path = parse_path(lines[2:], "inclusion-malformed")
    return InclusionProof(int(index[1]), path, checkpoint.encode())


@dataclass(frozen=True)
class ConsistencyProof:
    """That a tree begins with one of `size` entries."""

    size: int
    path: tuple[bytes, ...]


def parse_consistency(data: bytes) -> ConsistencyProof:
    """As C2SP tlog-witness has it: "old N", the hashes, an empty line."""
    head, gap, _ = utf8(data).partition("\n\n")
    lines = head.split("\n")
    size = re.fullmatch(r"old (0|[1-9][0-9]{0,15})", lines[0])
    path = parse_path(lines[1:], "consistency-malformed")
    if not gap or size is None:
        raise Broken("consistency-malformed")
    return ConsistencyProof(int(size[1]), path)


def included_entries(files: Files, head: SignedHead, report: Report) -> dict[int, Entry]:
    """The entries of a bundle by position, each held against its proof of inclusion."""
    matches = (
        re.fullmatch(r"entries/([0-9]{10})\.(json|tlog-proof)", name) for name in files.names
    )
    entries: dict[int, Entry] = {}
    proven = 0
    for position in sorted({int(match[1]) for match in matches if match is not None}):
        name = entry_file(position)
        data = report.attempt(name, files.read, name)
        entry = report.attempt(name, parse_entry, position, data) if data is not None else None
        if entry is not None:
            entries[position] = entry
            proof = f"entries/{position:010d}.tlog-proof"
            proven += report.attempt(proof, verify_included, files, proof, entry, head) or 0
    if proven:
        report.proved("included", n=proven)
    return entries


def verify_included(files: Files, name: str, entry: Entry, head: SignedHead) -> int:
    """1. Raises Broken unless the proof of this name leads from the entry to the signed root."""
    proof, checkpoint = parse_inclusion(files.read(name)), head.checkpoint
    if proof.index != entry.position - 1:
        raise Broken("inclusion-other-position", index=proof.index + 1)
    note = parse_note(proof.checkpoint)
    if note.text != checkpoint.note.text or head.lines_in(note) != head.lines_in(checkpoint.note):
        raise Broken("inclusion-other-checkpoint")
    leaf = leaf_hash(entry.stored)
    if root_from_inclusion(leaf, proof.index, checkpoint.size, proof.path) != checkpoint.root:
        raise Broken("inclusion-wrong-root")
    return 1


def entry_file(position: int) -> str:
    return f"entries/{position:010d}.json"


def place_of(entry: Entry) -> str:
    return entry_file(entry.position)


def iso_time(instant: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC, or as they are where no calendar reaches."""
    try:
        time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=instant)
    except OverflowError:
        return str(instant)
    return time.strftime("%Y-%m-%dT%H:%M:%S") + f".{instant % 1000:03d}Z"


def facts_of(entries: Mapping[int, Entry], stream: str) -> list[Entry]:
    """One stream's entries in the order of their versions."""
    own = (entry for entry in entries.values() if entry.stream == stream)
    return sorted(own, key=lambda entry: entry.version)


def check_numbering(
    entries: Mapping[int, Entry], own: Sequence[Entry], promise: Promise, report: Report
) -> None:
    """Every fact about this person, from the first to the last for which stream.note vouches."""
    by_version: dict[int, Entry] = {}
    for entry in own:
        if entry.version in by_version:
            report.wrong(place_of(entry), "version-twice", version=entry.version)
        by_version[entry.version] = entry
    versions = promise.versions
    missing = sorted(set(range(1, min(versions, MAX_NAMES) + 1)) - set(by_version))
    for version in missing[:MAX_WRONG_LISTED]:
        report.wrong("entries/", "version-missing", version=version, versions=versions)
    for version in sorted(version for version in by_version if not 1 <= version <= versions):
        report.wrong(place_of(by_version[version]), "version-beyond-promise", versions=versions)
    positions = [entry.position for entry in own]
    if positions != sorted(positions):
        report.wrong("entries/", "versions-out-of-order")
    for entry in entries.values():
        if entry.stream not in (promise.stream, INSTALLATION):
            report.wrong(place_of(entry), "about-somebody-else")
    if versions and not missing:
        report.proved("versions-complete", n=versions)


class Dates:
    """When entries were recorded, in the order of their positions: none before one it follows; and
    what the wall clock showed then, by the changes of speed that the ledger declares."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.latest = self.position = self._before = 0
        """The latest date so far, where it stands, and the date last seen."""
        self.latest_wall = self.position_of_wall = 0
        self._engine, self._wall, self._rate = 0, 0, 1

    def follow(self, entry: Entry) -> None:
        """An entry of the installation."""
        if entry.name == "clock-changed":
            self._rate = rate_in(entry)
            self._engine = entry.at + entry.number("jumped") * self._rate
            self._wall = self._engine - entry.number("ahead")

    def wall_time(self, recorded_at: int) -> int:
        return self._wall + (recorded_at - self._engine) // self._rate

    def see(self, position: int, recorded_at: int, place: str) -> None:
        if self.wall_time(recorded_at) > self.latest_wall:
            self.latest_wall, self.position_of_wall = self.wall_time(recorded_at), position
        if recorded_at < self._before:
            when = iso_time(self.latest)
            self.report.wrong(place, "recorded-backwards", position=self.position, when=when)
        elif recorded_at > self.latest:
            self.latest, self.position = recorded_at, position
        self._before = recorded_at


def check_date(
    wall: int,
    place: str,
    stamped_at: datetime.datetime | None,
    witnesses: Mapping[str, int],
    report: Report,
) -> None:
    """No entry was recorded after somebody else saw a checkpoint that covers it. Clocks may differ
    by five minutes, and some witnesses tell no time."""
    seconds = wall / 1000 - 300
    if stamped_at is not None and seconds > stamped_at.timestamp():
        report.wrong(place, "recorded-after-stamp")
    elif any(seconds > time for time in witnesses.values() if time):
        report.wrong(place, "recorded-after-cosignature")


def check_dates(
    own: Sequence[Entry],
    wall: Mapping[int, int],
    stamped_at: datetime.datetime | None,
    witnesses: Mapping[str, int],
    report: Report,
) -> None:
    """Dates are the operator's claims; only a stamp or a cosignature of a checkpoint that covers
    them bounds them. `wall` has the wall clock's by position.
    """
    if not own:
        return
    if stamped_at is None:
        report.unproved("dates-unstamped")
    else:
        report.unproved("dates-bounded", when=to_the_second(stamped_at))
    for entry in own:
        check_date(wall[entry.position], place_of(entry), stamped_at, witnesses, report)


def rate_in(entry: Entry) -> int:
    """How many times faster than the wall clock engine time goes since this entry; else 1."""
    return max(1, entry.number("rate")) if entry.name == "clock-changed" else 1


def is_declaration(entry: Entry) -> bool:
    """Whether it gives a ground that no press of the person's shows, or a request that no evidence
    shows to be theirs."""
    if entry.name == "consent-requested":
        return not entry.cause.get("evidence") or bool(entry.data.get("declared", False))
    return (entry.name in GRANTS and not proves_consent(entry)) or entry.name == "ground-declared"


def report_clock(published: Iterable[Entry], report: Report) -> None:
    """The ledger may say of its own clock what stretches every time that is held against it."""
    changed = [entry for entry in published if entry.name == "clock-changed"]
    rate = max(map(rate_in, changed), default=1)
    ahead = max((abs(entry.number("ahead")) for entry in changed), default=0) // 60_000
    if rate > 1 or ahead > 5:
        report.unproved("clock-altered", rate=rate, minutes=ahead)


def faults_with(entry: Entry, replay: Replay) -> list[str]:
    """But for dates that go back, which are named for all entries together: see `Dates`."""
    return [code for code in replay.apply(entry) if code != "recorded-backwards"]


def parse_declared(settings: str) -> Declared | None:
    """What a configuration declares; None where it is none."""
    try:
        configuration = read_json(settings.encode())
    except Broken:
        return None
    if not isinstance(configuration, dict):
        return None
    caps, purposes = parse_caps(configuration.get("pressure")), configuration.get("purposes")
    for purpose in purposes if isinstance(purposes, list) else []:
        if isinstance(purpose, dict):
            caps += parse_caps(purpose.get("max"), str(purpose.get("id", "")))
    return Declared(caps, str(configuration.get("timezone", "")))


def parse_trial(entry: Entry) -> Trial:
    arms = entry.data.get("arms")
    pairs = arms if isinstance(arms, (list, tuple)) else ()
    well_formed = [pair for pair in pairs if isinstance(pair, (list, tuple)) and len(pair) == 2]
    shares = tuple((str(version), integer(share)) for version, share in well_formed)
    return Trial(entry.number("edition"), shares)


class Configurations:
    """What each edition declares of pressure, as the words that are published have it, and in
    which versions letters are tried."""

    def __init__(self) -> None:
        self.words: dict[str, dict[int, str]] = {}
        self.by_edition: dict[int, Declared] = {}
        self.trials: dict[str, list[Trial]] = {}

    def see(self, entry: Entry) -> None:
        digest = entry.text("digest")
        if entry.name == "words-published":
            self.words.setdefault(digest, {})[entry.number("part")] = entry.text("text")
        elif entry.name == "versions-published":
            self.trials.setdefault(entry.text("letter"), []).append(parse_trial(entry))
        elif entry.name == "configuration-published" and digest in self.words:
            parts = self.words[digest]
            text = "".join(parts[part] for part in sorted(parts))
            declared = parse_declared(text)
            if hashlib.sha256(text.encode()).hexdigest() == digest and declared is not None:
                self.by_edition[entry.number("edition")] = declared


def check_rules(own: Sequence[Entry], published: Sequence[Entry], report: Report) -> None:
    replay, faults, capless, configurations = Replay(), 0, 0, Configurations()
    for entry in published:
        configurations.see(entry)
    replay.declared, replay.trials = configurations.by_edition, configurations.trials
    for entry in own:
        earlier = (before for before in published if before.position < entry.position)
        replay.rate = max(map(rate_in, earlier), default=1)
        capless += not replay.knows_caps(entry)
        for fault in faults_with(entry, replay):
            faults += 1
            report.wrong(place_of(entry), fault)
        if is_declaration(entry):
            proof = entry.text("proof") or entry.name
            report.unproved("ground-declared", file=place_of(entry), proof=proof)
        if entry.name not in OF_PEOPLE or entry.v != 1:
            report.unproved("event-unknown", name=entry.name, file=place_of(entry))
    if capless:
        report.unproved("caps-unknown", n=capless)
    if own and not faults:
        letters = sum(entry.name == "letter-begun" for entry in own)
        report.proved("letters-grounded", n=letters)


# ===================================================================================== 11. Evidence

SHA256 = re.compile(r"[0-9a-f]{64}")
FACTS_OF_CONSENT = (*GRANTS, "consent-requested", "permission-renewed")
"""Facts whose evidence is kept as long as the person is known, as is the mail that asked."""
FACTS_OF_PRESSES = CONSENT.split()
Pieces = Mapping[str, Mapping[str, object]]
"""What evidence says, by the commitment to it."""


def check_evidence(files: Files, own: Sequence[Entry], report: Report) -> Pieces:
    """Each piece is what a fact, or another piece, has committed to when it was written (E06)."""
    named: dict[str, Entry] = {}
    lasting: set[str] = set()
    for entry in own:
        for digest in (entry.cause.get("evidence"), entry.data.get("mail")):
            if isinstance(digest, str) and SHA256.fullmatch(digest):
                named.setdefault(digest, entry)
                if entry.name in FACTS_OF_CONSENT or digest == entry.data.get("mail"):
                    lasting.add(digest)
    held = held_evidence(files, report)
    committed: set[str] = set()
    pieces: dict[str, Mapping[str, object]] = {}
    waiting = sorted(held.keys() & set(digests_in([[e.cause, e.data] for e in own])))
    while waiting:
        digest = waiting.pop()
        committed.add(digest)
        file = f"evidence/{digest}.json"
        payload = report.attempt(file, verify_commitment, files, digest, report)
        if isinstance(payload, dict):
            pieces[digest] = payload
        waiting += sorted((held.keys() & set(digests_in(payload))) - committed - set(waiting))
    for digest in sorted(held.keys() - committed):
        report.wrong(held[digest], "evidence-uncommitted")
    if committed:
        report.proved("evidence-committed", n=len(committed))
    is_erased = any(entry.name == "subscriber-erased" for entry in own)
    for digest in sorted(named.keys() - held.keys(), key=lambda digest: named[digest].position):
        place = place_of(named[digest])
        if digest in lasting and not is_erased:
            report.wrong(place, "evidence-lost", digest=digest[:16])
        else:
            report.unproved("evidence-gone", file=place, digest=digest[:16])
    return pieces


def held_evidence(files: Files, report: Report) -> dict[str, str]:
    """The pieces that are there: a file of each by its digest."""
    held: dict[str, str] = {}
    for name in sorted(files.names):
        match = re.fullmatch(r"evidence/([0-9a-f]{64})\.(json|salt)", name)
        if match is not None:
            held[match[1]] = name
            for other in ("json", "salt"):
                if f"evidence/{match[1]}.{other}" not in files.names:
                    report.wrong(f"evidence/{match[1]}.{other}", "file-missing")
    return held


def verify_commitment(files: Files, digest: str, report: Report) -> object:
    """What the evidence says. Raises Broken unless it is what was committed to."""
    payload = files.read(f"evidence/{digest}.json")
    file = f"evidence/{digest}.salt"
    salt = report.attempt(file, lambda: parse_salt(files.text(file)))
    if salt is None:
        return None
    commitment = hashlib.sha256(b"commit/v1\0" + salt + payload).hexdigest()
    if not hmac.compare_digest(commitment, digest):
        raise Broken("evidence-changed")
    return read_json(payload)


def parse_salt(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}\n", text):
        raise Broken("salt-malformed")
    return bytes.fromhex(text[:64])


def digests_in(value: object) -> list[str]:
    """Every text in a value that is a SHA-256 in hexadecimal, however deep."""
    digests, waiting = [], [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and SHA256.fullmatch(part):
            digests.append(part)
        elif isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return digests


def check_words(
    files: Files, own: Sequence[Entry], published: Sequence[Entry], report: Report
) -> Mapping[str, str]:
    """Published words are complete and what their digest says; so is what the person was shown.

    `published` are the installation's entries. A long text is published in several of them. Returns
    the texts that are, by their digest.
    """
    texts = {entry.text("digest") for entry in published if entry.name == "words-published"}
    whole = published_texts(published, place_of, report)
    verified = 0
    for digest, text in sorted(whole.items()):
        name = f"words/{digest}.txt"
        verified += report.attempt(name, verify_words, files, name, text.encode()) or 0
    for name in sorted(files.names):
        if name.startswith("words/") and name[6:-4] not in texts:
            report.wrong(name, "words-unpublished")
    if verified:
        report.proved("words-published", n=verified)
    editions: dict[int, int] = {}
    for entry in published:
        follow_edition(entry, place_of(entry), editions, report)
    for entry in own:
        notice = entry.text("notice")
        if notice and notice not in texts:
            report.wrong(f"words/{notice}.txt", "notice-missing", file=place_of(entry))
        elif notice and not any(is_notice_of(publication, entry) for publication in published):
            report.unproved("notice-unpublished", file=place_of(entry))
        follow_edition(entry, place_of(entry), editions, report)
    return whole


def published_texts(
    published: Iterable[Entry], place_of: Callable[[Entry], str], report: Report
) -> dict[str, str]:
    """The texts that are whole and what their digest says, by it."""
    whole: dict[str, str] = {}
    texts: dict[str, dict[int, Entry]] = {}
    for entry in published:
        if entry.name == "words-published":
            texts.setdefault(entry.text("digest"), {})[entry.number("part")] = entry
    for digest, parts in sorted(texts.items()):
        first = next(iter(parts.values()))
        text = "".join(parts[part].text("text") for part in sorted(parts))
        is_complete = sorted(parts) == list(range(first.number("parts")))
        if is_complete and hashlib.sha256(text.encode()).hexdigest() == digest:
            whole[digest] = text
        else:
            report.wrong(place_of(first), "words-parts", digest=digest)
    return whole


def check_editions(ledger: Ledger, report: Report) -> None:
    """The words of every edition are published, each as its digest says."""
    whole = published_texts(ledger.published, ledger.place_of, report)
    for entry in ledger.published:
        files = entry.data.get("files") if entry.name == "sequence-published" else ()
        for digest in digests_in(files):
            if digest not in whole:
                place = ledger.place_of(entry)
                report.wrong(place, "edition-words-missing", digest=digest[:16])


def is_notice_of(publication: Entry, fact: Entry) -> bool:
    """Whether it was published before the fact, and for the form that was filled in, if any."""
    return (
        publication.name == "notice-published"
        and publication.position < fact.position
        and publication.text("digest") == fact.text("notice")
        and fact.text("form") in ("", publication.text("form"))
    )


def follow_edition(entry: Entry, place: str, editions: dict[int, int], report: Report) -> None:
    """An edition is published once, and before any letter of it. `editions`: where each was."""
    edition, position = entry.number("edition"), entry.position
    if entry.name == "sequence-published" and editions.setdefault(edition, position) != position:
        report.wrong(place, "edition-twice", edition=edition)
    if entry.name == "letter-begun" and editions.get(edition, LARGEST_NUMBER) > position:
        report.wrong(place, "edition-unpublished", edition=edition)


def verify_words(files: Files, name: str, text: bytes) -> int:
    """1. Raises Broken unless the file holds this text."""
    if files.read(name) != text:
        raise Broken("words-changed")
    return 1


def check_named(pieces: Pieces, words: Mapping[str, str], report: Report) -> None:
    """Every SHA-256 that evidence names is that of something here: of published words, of the mail
    in the same piece, of the purpose in its configuration. What is known of the visitor may be gone
    before the rest.
    """
    visitors_gone = 0
    for commitment, piece in sorted(pieces.items()):
        file = f"evidence/{commitment}.json"
        for name, digest in sorted(piece.items()):
            if not isinstance(digest, str) or not SHA256.fullmatch(digest):
                continue
            if name == "visitor":
                visitors_gone += digest not in pieces
            elif name == "mail_digest":
                if hashlib.sha256(octets_of(piece)).hexdigest() != digest:
                    report.wrong(file, "mail-other")
            elif name == "purpose_digest":
                settings = words.get(str(piece.get("configuration", "")))
                if settings is not None and digest not in purpose_digests(settings):
                    report.wrong(file, "purpose-other", digest=digest)
            elif digest not in words and (
                name.endswith("_digest") or name in ("form_file", "configuration")
            ):
                report.wrong(f"words/{digest}.txt", "words-missing", name=name, file=file)
    if visitors_gone:
        report.unproved("visitors-gone", n=visitors_gone)


def octets_of(piece: Mapping[str, object]) -> bytes:
    """The mail that a piece holds, nothing where it holds none."""
    try:
        return unbase64(str(piece.get("mail", "")))
    except Broken:
        return b""


def purpose_digests(settings: str) -> set[str]:
    """SHA-256 of each purpose's name and description, on two lines, as a configuration has them."""
    try:
        configuration = read_json(settings.encode())
    except Broken:
        return set()
    purposes = configuration.get("purposes") if isinstance(configuration, dict) else None
    measured = [configuration.get(MEASURE)] if isinstance(configuration, dict) else []
    return {
        hashlib.sha256(f"{purpose['name']}\n{purpose['description']}".encode()).hexdigest()
        for purpose in (purposes if isinstance(purposes, list) else []) + measured
        if isinstance(purpose, dict) and {"name", "description"} <= purpose.keys()
    }


class CommittedAddress(NamedTuple):
    """The address that the fact in `file` commits to by its evidence, "" where none does."""

    address: str
    file: str


def check_addresses(own: Sequence[Entry], pieces: Pieces, report: Report) -> CommittedAddress:
    """The address the person has at the end. Forms and mails have one that they had by then.

    A registration commits to it, and each change of it; of who was registered before that was so,
    the first form they filled in.
    """
    current = CommittedAddress("", "")
    had: set[str] = set()
    for entry in own:
        commitment = str(entry.cause.get("evidence", ""))
        addresses = addresses_in(pieces.get(commitment, {}))
        address = next(iter(addresses), "")
        changed = entry.data.get("fields")
        commits = entry.name == "subscriber-registered" or (
            entry.name == "profile-changed" and isinstance(changed, list) and "email" in changed
        )
        answers = entry.name in ("consent-requested", "consent-given", "ground-declared")
        if entry.name == "subscriber-erased":
            current = CommittedAddress("", "")
            had.clear()
        elif commits or (answers and address and not current.address):
            if current.address and not address:
                report.unproved("address-uncommitted", file=place_of(entry))
            current = CommittedAddress(address, place_of(entry))
            had |= {address} - {""}
        if commits or answers:
            for other in [other for other in addresses if other not in had]:
                report.wrong(f"evidence/{commitment}.json", "entered-other", address=other)
        if entry.text("mail") and current.address:
            for recipient in sorted(recipients(pieces.get(entry.text("mail"), {})) - had):
                file = f"evidence/{entry.text('mail')}.json"
                report.wrong(file, "mailed-other", address=recipient)
    return current


def addresses_in(piece: Mapping[str, object]) -> list[str]:
    """The addresses that were declared or entered: one, if all is well."""
    answers = piece.get("answers")
    entered = answers.get("email") if isinstance(answers, dict) else None
    named = [value for value in (piece.get("email"), entered) if value and isinstance(value, str)]
    return [spelled(address) for address in named]


def check_acts(own: Sequence[Entry], pieces: Pieces, report: Report) -> None:
    """What evidence tells of a press, or of the mail that asked for it, is what its fact tells."""
    kinds = {e.text("message"): e.text("kind") for e in own if e.name == "letter-begun"}
    for entry in own:
        commitment, purpose = str(entry.cause.get("evidence", "")), entry.text("purpose")
        piece, message = pieces.get(commitment, {}), entry.text("message")
        if entry.name in FACTS_OF_PRESSES and proves_consent(entry):
            act, begun = piece.get("act"), piece.get("message")
            if (
                (purpose and piece.get("purpose", purpose) != purpose)
                or (act in ("auto_submit", *OWN_ACTS) and act != entry.text("act"))
                or (begun is not None and begun not in kinds)
            ):
                report.wrong(f"evidence/{commitment}.json", "act-other", file=place_of(entry))
        if entry.text("mail") in pieces:
            mail = pieces[entry.text("mail")]
            if "mail" not in mail or mail.get("message", message) != message:
                report.wrong(f"evidence/{entry.text('mail')}.json", "mail-other")
        elif entry.name == "letter-sent" and kinds.get(message) == "confirmation":
            report.unproved("mail-unkept", file=place_of(entry))


def recipients(piece: Mapping[str, object]) -> set[str]:
    """To whom a mail went, by its own header and by what was noted of it."""
    if "mail" not in piece:
        return set()
    head = re.sub(rb"\r?\n[ \t]", b" ", octets_of(piece).partition(b"\r\n\r\n")[0])
    lines = [line.decode("utf-8", "replace") for line in head.splitlines()]
    named = [line for line in lines if re.match("(to|cc|bcc):", line, re.IGNORECASE)] or [":"]
    fields = [line.partition(":")[2] for line in named]
    addresses = [address for _, address in email.utils.getaddresses(fields)]
    return {spelled(address) for address in (*addresses, str(piece.get("to", "")))}


def spelled(address: str) -> str:
    """An address in one spelling: small letters (NFC), the domain as A-labels (RFC 5890)."""
    text = unicodedata.normalize("NFC", address.strip().rpartition("<")[2].rstrip(">").lower())
    local, at, domain = text.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return text


def check_person(files: Files, stream: str, committed: CommittedAddress, report: Report) -> None:
    """Who the person is: the operator says it, and the facts commit to their address or do not."""
    if "person.json" not in files.names:
        report.unproved("person-unknown")
        return
    person = report.attempt("person.json", lambda: read_json(files.read("person.json")))
    if person is None:
        return
    if not isinstance(person, dict) or not isinstance(person.get("address"), str):
        report.wrong("person.json", "person-malformed")
        return
    address = person["address"]
    report.details["address"] = address
    if person.get("stream") != stream:
        report.wrong("person.json", "about-somebody-else")
    elif not committed.address:
        report.unproved("person-claimed", address=address)
    elif spelled(address) != committed.address:
        report.wrong("person.json", "person-other", address=address, file=committed.file)
    else:
        report.proved("person-committed", address=address, file=committed.file)


# ================================================================================= 12. Whole ledger

MAX_ENTRIES_PER_PASS = 4_000_000
"""A ledger of more is read in several passes, a share of the people in each: memory is bounded."""


@dataclass
class Ledger:
    """The entries of a whole ledger, in tiles of 256 (C2SP tlog-tiles)."""

    files: Files
    size: int
    report: Report
    history: KeyHistory = field(default_factory=KeyHistory)
    published: list[Entry] = field(default_factory=list)
    """The installation's entries."""
    roots: dict[int, bytes] = field(default_factory=dict)
    """The roots of its tree, at the sizes at which they were wanted."""

    def __post_init__(self) -> None:
        self.dates = Dates(self.report)

    def tile_file(self, tile: int) -> str:
        """Its number in groups of three digits: 1234067 is x001/x234/067."""
        path = f"{tile % 1000:03d}"
        upper = tile // 1000
        while upper:
            path = f"x{upper % 1000:03d}/{path}"
            upper //= 1000
        width = self.width_of(tile)
        return f"tile/entries/{path}" + (f".p/{width}" if width < ENTRIES_PER_TILE else "")

    def width_of(self, tile: int) -> int:
        return min(ENTRIES_PER_TILE, self.size - tile * ENTRIES_PER_TILE)

    def place(self, position: int) -> str:
        return f"{self.tile_file((position - 1) // ENTRIES_PER_TILE)} ({position})"

    def place_of(self, entry: Entry) -> str:
        return self.place(entry.position)

    def read(self, wanted: Iterable[int], see: Callable[[int, bytes, str], None]) -> None:
        """Show every entry, in order, to `see`: its position, its bytes and its stream.

        The roots of the tree at the sizes `wanted` are kept, and the dates of all entries held
        against their order; without any, nothing is hashed.
        """
        tree, sizes, is_whole = Tree(), set(wanted), True
        if 0 in sizes:
            self.roots[0] = tree.root()
        tiles = [self.tile_file(tile) for tile in range(-(-self.size // ENTRIES_PER_TILE))]
        in_tiles = {name for name in self.files.names if name.startswith("tile/")}
        for name in sorted(in_tiles - set(tiles)):
            self.report.wrong(name, "tile-unexpected", size=self.size)
        for tile, name in enumerate(tiles):
            entries = self.report.attempt(name, read_tile, self.files, name, self.width_of(tile))
            if entries is None:
                # Without this tile there is no root; the rest is read for what it says of people.
                is_whole = False
                continue
            for position, data in enumerate(entries, tile * ENTRIES_PER_TILE + 1):
                if sizes and is_whole:
                    tree.add(leaf_hash(data))
                    if position in sizes:
                        self.roots[position] = tree.root()
                end = END_OF_ENTRY.search(data)
                if end is None:
                    self.report.wrong(self.place(position), "entry-malformed")
                else:
                    see(position, data, end[2].decode())
                    if sizes:
                        self.dates.see(position, int(end[1]), self.place(position))
            if tile % 64 == 0:
                show_progress(tile * ENTRIES_PER_TILE, self.size)
        show_progress(self.size, self.size)


def read_tile(files: Files, name: str, width: int) -> list[bytes]:
    return parse_tile(files.read(name), width)


def parse_tile(data: bytes, width: int) -> list[bytes]:
    """The entries of a tile, each behind its length in two bytes."""
    entries, begin = [], 0
    while begin < len(data):
        end = begin + 2 + int.from_bytes(data[begin : begin + 2], "big")
        if end > len(data) or begin + 2 > len(data):
            raise Broken("tile-cut")
        entries.append(data[begin + 2 : end])
        begin = end
    if len(entries) != width:
        raise Broken("tile-width", n=len(entries), width=width)
    return entries


def show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        end = "\r" if done < of else "\r     \r"
        print(f"\r{done * 100 // max(1, of):3d} %", end=end, file=sys.stderr, flush=True)


def check_root(checkpoint: Checkpoint, roots: Mapping[int, bytes], report: Report) -> None:
    if roots.get(checkpoint.size) != checkpoint.root:
        report.wrong("checkpoint", "root-wrong", size=checkpoint.size)
    else:
        report.proved("root-holds", size=checkpoint.size)


def signed_checkpoints(files: Files, report: Report) -> dict[str, Checkpoint]:
    """Every checkpoint that was ever signed, by its file: checkpoints/ORIGIN-SIZE."""
    signed = {}
    for name in sorted(name for name in files.names if name.startswith("checkpoints/")):
        checkpoint = report.attempt(name, read_checkpoint, files, name)
        if checkpoint is not None:
            match = re.fullmatch(r"checkpoints/([1-9][0-9]*)-(0|[1-9][0-9]*)", name)
            if match is None or int(match[2]) != checkpoint.size:
                report.wrong(name, "checkpoint-misnamed", size=checkpoint.size)
            else:
                signed[name] = checkpoint
    return signed


def read_checkpoint(files: Files, name: str) -> Checkpoint:
    return parse_checkpoint(files.read(name))


def check_signed_checkpoints(
    own: Checkpoint,
    signed: Mapping[str, Checkpoint],
    ledger: Ledger,
    report: Report,
    openssl: OpenSSL,
) -> None:
    """The history agrees with every checkpoint ever signed.

    Except where the ledger itself says that a restoration lost entries.
    """
    history, agreeing = ledger.history, 0
    for name, checkpoint in signed.items():
        origin, size = checkpoint.origin, checkpoint.size
        keys = history.keys(origin, openssl, report, ledger.place_of)
        if not keys:
            report.wrong(name, "origin-unnamed", origin=origin)
        elif not (signers := [key for key in keys if is_signed(checkpoint.note, key, openssl)]):
            report.wrong(name, "checkpoint-unsigned")
        elif all(history.is_retired(key, size) for key in signers):
            report.wrong(name, "key-retired")
        elif size > history.last_kept(origin):
            report.unproved("entries-lost", label=name, size=size)
        elif size > own.size:
            report.wrong(name, "checkpoint-beyond-ledger", size=size)
        elif ledger.roots.get(size) != checkpoint.root:
            report.wrong(name, "root-rewritten", size=size)
        else:
            agreeing += 1
    heads = {(held.origin, held.size, held.root.hex()) for held in signed.values()}
    for entry in history.begun:
        previous, size = entry.text("previous"), entry.number("size")
        if previous and (previous, size, entry.text("root")) not in heads:
            report.wrong("checkpoints/", "former-checkpoint-missing", origin=previous, size=size)
    history.report_restorations(report)
    if agreeing:
        report.proved("signed-checkpoints-agree", n=agreeing)


def is_signed(note: Note, key: Key, openssl: OpenSSL) -> bool:
    try:
        verify_note(note, key, openssl)
    except Broken:
        return False
    return True


class People:
    """Everybody in the ledger, a share of them at a time."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.replays: dict[str, Replay] = {}
        self.versions: dict[str, int] = {}
        self.letters: dict[str, int] = {}
        """How many letters were begun, by their kind."""
        self.unknown: dict[str, int] = {}
        self.lists: dict[int, int] = {}
        """How many people are on each list."""
        self.people = self.faults = self.gaps = self.declared = self.capless = 0
        self.rate = 1
        self.editions: dict[int, int] = {}
        """Where each was published."""
        self.configurations = Configurations()

    def see(self, entry: Entry, place: str) -> None:
        self._check_version(entry, place)
        follow_edition(entry, place, self.editions, self.report)
        known = OF_INSTALLATION if entry.stream == INSTALLATION else OF_PEOPLE
        if entry.name not in known or entry.v != 1:
            name = f"{entry.name} v{entry.v}"
            self.unknown[name] = self.unknown.get(name, 0) + 1
        if entry.stream == INSTALLATION:
            self.rate = max(self.rate, rate_in(entry))
            self.configurations.see(entry)
            return
        replay = self.replays.get(entry.stream)
        if replay is None:
            replay = self.replays[entry.stream] = Replay()
        replay.rate = self.rate
        replay.declared = self.configurations.by_edition
        replay.trials = self.configurations.trials
        self.capless += not replay.knows_caps(entry)
        for fault in faults_with(entry, replay):
            self.faults += 1
            self.report.wrong(place, fault)
        self.declared += is_declaration(entry)
        if entry.name == "letter-begun":
            kind = entry.text("kind")
            self.letters[kind] = self.letters.get(kind, 0) + 1

    def _check_version(self, entry: Entry, place: str) -> None:
        expected = self.versions.get(entry.stream, 0) + 1
        self.versions[entry.stream] = entry.version
        if entry.version != expected:
            self.gaps += 1
            self.report.wrong(
                place,
                "version-gap",
                version=entry.version,
                stream=entry.stream,
                expected=expected,
            )

    def close_share(self, members: str) -> None:
        """Count these people, and forget them.

        `members` is a file that gets who is on which list, or empty.
        """
        self.people += len(self.replays)
        for replay in self.replays.values():
            for list_number in replay.standing:
                self.lists[list_number] = self.lists.get(list_number, 0) + 1
        if members:
            with open(members, "a", encoding="utf-8") as file:
                for stream, replay in sorted(self.replays.items()):
                    standing = sorted(replay.standing.items())
                    file.writelines(f"{stream},{number},{run}\n" for number, run in standing)
        self.replays.clear()
        self.versions.clear()

    def report_totals(self) -> None:
        without_ground = sum(self.letters.get(kind, 0) for kind in ("confirmation", "rights"))
        with_ground = sum(self.letters.values()) - without_ground
        if not self.gaps:
            self.report.proved("people-complete", n=self.people)
        if not self.faults:
            self.report.proved("people-grounded", n=with_ground, more=without_ground)
        if self.declared:
            self.report.unproved("grounds-declared", n=self.declared)
        if self.capless:
            self.report.unproved("caps-unknown", n=self.capless)
        for name, count in sorted(self.unknown.items()):
            self.report.unproved("event-unknown", name=name, file=f"× {count}")
        lists = {str(number): self.lists[number] for number in sorted(self.lists)}
        self.report.details["lists"] = lists
        self.report.details["people"] = self.people
        self.report.details["letters"] = dict(sorted(self.letters.items()))


def share_of_people(
    share: int, shares: int, ledger: Ledger, people: People
) -> Callable[[int, bytes, str], None]:
    """What one pass does with an entry. The first pass has the installation's, too."""

    def see(position: int, data: bytes, stream: str) -> None:
        is_installation = stream == INSTALLATION
        if share != (0 if is_installation else int(stream[:8], 16) % shares):
            return
        place = ledger.place(position)
        entry = ledger.report.attempt(place, parse_entry, position, data)
        if entry is None:
            return
        if is_installation:
            ledger.published.append(entry)
            ledger.history.add(entry)
            ledger.dates.follow(entry)
        people.see(entry, place)

    return see


def compare_with_ledger(
    head: SignedHead,
    promise: Promise,
    entries: Mapping[int, Entry],
    options: Options,
    report: Report,
    openssl: OpenSSL,
) -> Ledger:
    """A bundle has whatever the whole ledger has about this person, byte for byte."""
    own = head.checkpoint
    differing: list[int] = []
    left_out: list[Entry] = []
    later: list[Entry] = []

    def see(position: int, data: bytes, stream: str) -> None:
        if position in entries and position <= own.size:
            if data != entries[position].stored:
                differing.append(position)
        elif stream == promise.stream:
            (later if position > own.size else left_out).append(parse_entry(position, data))
        if stream == INSTALLATION:
            ledger.history.add(parse_entry(position, data))

    files, of_ledger = open_files(options.ledger, report), Report()
    files.check_names()
    ledger_head = signed_head(files, of_ledger, openssl)
    ledger = Ledger(
        files=files, size=ledger_head.checkpoint.size if ledger_head else 0, report=of_ledger
    )
    ledger.read({own.size, ledger.size, *sizes_held(options)}, see)
    if ledger_head is not None:
        check_root(ledger_head.checkpoint, ledger.roots, of_ledger)
    files.check_unread()
    report.wrong_findings += [
        replace(wrong, place=printable(f"{options.ledger}: {wrong.place}"))
        for wrong in of_ledger.wrong_findings
    ]

    last_kept = min(own.size, ledger.history.last_kept_since_restored(own.origin))
    for position in differing:
        if position <= last_kept:
            report.wrong(entry_file(position), "ledger-differs")
    for entry in left_out:
        if entry.position <= last_kept:
            name, version = entry.name, entry.version
            report.wrong(place_of(entry), "entry-left-out", name=name, version=version)
        else:
            later.append(entry)
    if last_kept < own.size:
        report.unproved("entries-lost", label="checkpoint", size=own.size)
        ledger.history.report_restorations(report)
    elif own.size > ledger.size:
        raise Refused("ledger-ends-before-bundle", path=options.ledger, size=ledger.size)
    elif ledger.roots.get(own.size) != own.root:
        report.wrong("checkpoint", "ledger-other-root", size=own.size)
    else:
        report.proved("ledger-agrees", size=own.size)
    if later:
        names = ", ".join(f"{entry.name} ({entry.position})" for entry in later[:20])
        report.remark("later-facts", n=len(later), names=names)
    return ledger


# ======================================================================================= 13. Report


def sentence(code: str, language: str, **values: object) -> str:
    english, french = SENTENCES[code]
    chosen = french if language == "fr" else english
    return chosen.format(**{name: printable(value) for name, value in values.items()})


def sentences(findings: Sequence[Finding], language: str) -> list[str]:
    return [sentence(found.code, language, **found.values) for found in findings]


def report_as_json(report: Report, language: str) -> str:
    reasons = sentences(report.wrong_findings, language)
    files = [wrong.place for wrong in report.wrong_findings]
    whole = {
        "verified": not reasons,
        "wrong": [{"file": file, "reason": reason} for file, reason in zip(files, reasons)],
        "not_listed": report.wrong_not_listed,
        "proved": sentences(report.proved_findings, language),
        "not_proved": sentences(report.unproved_findings, language),
        "to_know": sentences(report.remarks, language),
        **report.details,
    }
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    escaped = (c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    return text if text.replace("\n", "").isprintable() else "".join(escaped)


def report_as_text(report: Report, language: str, path: str, *, with_facts: bool) -> str:
    lines = []
    for wrong in report.wrong_findings:
        reason = sentence(wrong.code, language, **wrong.values)
        lines.append(sentence("line-wrong", language, file=wrong.place, reason=reason))
    if report.wrong_not_listed:
        lines.append(sentence("line-wrong-more", language, n=report.wrong_not_listed))
    facts = report.details.get("facts")
    if with_facts and isinstance(facts, list):
        lines.append(sentence("title-facts", language))
        lines += map(line_of_fact, facts)
    for title, findings in (
        ("title-proved", report.proved_findings),
        ("title-unproved", report.unproved_findings),
        ("title-remarks", report.remarks),
    ):
        if findings:
            lines.append(sentence(title, language))
            lines += [f"  - {line}" for line in sentences(findings, language)]
    verdict = "verdict-wrong" if report.wrong_findings else "verdict-holds"
    lines.append(sentence(verdict, language, path=path))
    return "\n".join(lines)


def fact_for_listing(entry: Entry, pieces: Pieces) -> dict[str, object]:
    """Where a fact stands, what it says, both dates as the operator claims them, and the file of
    what was before the person's eyes.
    """
    told = {
        name: entry.data[name] for name in sorted(entry.data) if name not in ("text", "message")
    }
    return {
        "position": entry.position,
        "version": entry.version,
        "event": entry.name,
        "at": iso_time(entry.at),
        "recorded_at": iso_time(entry.recorded_at),
        "door": entry.cause.get("door", ""),
        "data": told,
        "shown": file_shown(entry, pieces),
    }


def file_shown(entry: Entry, pieces: Pieces) -> str:
    """The form's words, the mail that asked, or the words of the page on which the button was
    pressed; "" where nothing was shown, or nobody knows what.
    """
    if entry.text("mail"):
        return f"evidence/{entry.text('mail')}.json" if entry.text("mail") in pieces else ""
    digest: object = entry.text("notice")
    if entry.name == "consent-confirmed":
        act = pieces.get(str(entry.cause.get("evidence", "")), {})
        digest = act.get("notice_digest")
    return f"words/{digest}.txt" if digest else ""


def in_one_word(value: object) -> str:
    """Quoted where it might be taken for something else than one value; no run of blanks moves what
    follows to a line of its own."""
    is_word = isinstance(value, int) or re.fullmatch(r"[\w.:@*/+-]+", str(value))
    return str(value) if is_word else re.sub(" {2,}", " ", json.dumps(value, ensure_ascii=False))


def line_of_fact(fact: Mapping[str, object]) -> str:
    data = cast("Mapping[str, object]", fact["data"])
    values = " ".join(f"{in_one_word(name)}={in_one_word(data[name])}" for name in data)
    dates = f"{fact['at']}  {fact['recorded_at']}"
    shown = f"  {fact['shown']}" if fact["shown"] else ""
    return printable(
        f"  {fact['version']:>4}  {dates}  {fact['event']}  {values}  [{fact['door']}]{shown}"
    )


# ==================================================================================== 14. Sentences
# By code: the English and the French. Findings about a file go on from its name.

SENTENCES: Mapping[str, tuple[str, str]] = {
    "help-description": (
        "Verify a bundle or a whole ledger that Relance handed over.",
        "Vérifie un paquet ou un registre entier que Relance a remis.",
    ),
    "help-path": ("what was handed over", "ce qui a été remis"),
    "help-checkpoint": (
        "one that others hold: the note itself, or a mail it came in",
        "un point de contrôle que d’autres gardent : la note elle-même, ou un message qui la "
        "contient",
    ),
    "help-consistency": (
        "a proof that the tree begins with an earlier one",
        "une preuve que l’arbre commence par un arbre antérieur",
    ),
    "help-with": (
        "hold a bundle against the whole ledger",
        "comparer un paquet au registre entier",
    ),
    "help-vkey": (
        "the key as the operator has published it elsewhere",
        "la clé telle que l’opérateur l’a publiée ailleurs",
    ),
    "help-policy": (
        "which logs and witnesses you trust (C2SP tlog-policy), in place of policy.txt",
        "les journaux et témoins auxquels vous vous fiez (C2SP tlog-policy), au lieu de policy.txt",
    ),
    "help-tsa-ca": (
        "the root certificate of the time stamping authority (PEM)",
        "le certificat racine de l’autorité d’horodatage (PEM)",
    ),
    "help-facts": ("list the facts of a bundle", "énumérer les faits d’un paquet"),
    "help-members": (
        "write who stands on which list of a ledger: stream,list,run",
        "écrire qui est sur quelle liste d’un registre : stream,list,run",
    ),
    "help-openssl": (
        "the openssl to use (default: the one on the PATH)",
        "l’openssl à employer (par défaut : celui du PATH)",
    ),
    "help-lang": (
        "(default: as LC_ALL, LC_MESSAGES or LANG has it)",
        "(par défaut : comme LC_ALL, LC_MESSAGES ou LANG)",
    ),
    "help-json": ("all of it for another program", "le tout pour un autre programme"),
    "line-wrong": ("WRONG  {file}: {reason}", "FAUX   {file} : {reason}"),
    "line-wrong-more": ("WRONG  and {n} more", "FAUX   et {n} autres"),
    "title-proved": ("Proved:", "Prouvé :"),
    "title-unproved": ("Not proved:", "Non prouvé :"),
    "title-remarks": ("To know:", "À savoir :"),
    "title-facts": (
        "The facts, with both dates as the operator claims them (when it was so, when it was "
        "written):",
        "Les faits, avec les deux dates que déclare l'exploitant (quand cela s'est produit, quand "
        "ce fut écrit) :",
    ),
    "verdict-wrong": (
        "{path}: NOT what it should be; what is wrong is named above",
        "{path} : PAS ce que cela devrait être ; ce qui est faux est nommé plus haut",
    ),
    "verdict-holds": (
        "{path}: everything that can be verified holds",
        "{path} : tout ce qui peut être vérifié est juste",
    ),
    "path-unreadable": ("{path} cannot be read: {why}", "{path} ne peut pas être lu : {why}"),
    "path-unwritable": ("{path} cannot be written: {why}", "{path} ne peut pas être écrit : {why}"),
    "path-unknown-kind": (
        "{path} is neither a bundle nor a ledger that Relance handed over",
        "{path} n'est ni un dossier de preuve ni un registre remis par Relance",
    ),
    "path-too-many-files": (
        "{path} holds more files than any ledger or bundle",
        "{path} contient plus de fichiers qu'aucun registre ni dossier de preuve",
    ),
    "ledger-ends-before-bundle": (
        "{path} ends at {size}, before the checkpoint of the bundle: it cannot be held against it",
        "{path} s'arrête à {size}, avant le point de contrôle du dossier : on ne peut pas les "
        "confronter",
    ),
    "interrupted": ("stopped", "interrompu"),
    "out-of-memory": ("there is not enough memory", "la mémoire ne suffit pas"),
    "openssl-missing": (
        "openssl is not installed, or not on the PATH: the signatures cannot be verified without "
        "it",
        "openssl n'est pas installé, ou pas dans le PATH : sans lui, les signatures ne peuvent pas "
        "être vérifiées",
    ),
    "openssl-fails": ("openssl cannot be run: {why}", "openssl ne peut pas être lancé : {why}"),
    "openssl-too-old": (
        "this openssl ({version}) does not verify Ed25519: OpenSSL 1.1.1 or later is needed",
        "cet openssl ({version}) ne vérifie pas Ed25519 : il faut OpenSSL 1.1.1 ou plus récent",
    ),
    "file-missing": ("is missing", "manque"),
    "file-too-large": (
        "is larger than any such file ({limit} bytes)",
        "est plus gros qu'aucun fichier de ce genre ({limit} octets)",
    ),
    "file-changed": (
        "has been changed: its SHA-256 is not the one in SHA256SUMS",
        "a été modifié : son SHA-256 n'est pas celui de SHA256SUMS",
    ),
    "file-added": (
        "has been added: SHA256SUMS does not name it",
        "a été ajouté : SHA256SUMS ne le nomme pas",
    ),
    "zip-broken": ("is not a whole zip file ({why})", "n'est pas un fichier zip entier ({why})"),
    "zip-too-large": (
        "would unpack to more than any bundle holds",
        "contiendrait, déplié, plus qu'aucun dossier de preuve",
    ),
    "zip-name-twice": ("stands in the zip file twice", "figure deux fois dans le fichier zip"),
    "file-kind": (
        "is a name or a kind of file that no bundle has",
        "est un nom ou un genre de fichier qu'aucun dossier de preuve ne contient",
    ),
    "file-unexpected": (
        "is a file that no bundle or ledger has",
        "est un fichier qu'aucun dossier de preuve ni registre ne contient",
    ),
    "zip-hidden-bytes": (
        "has bytes between its files that belong to none of them",
        "contient, entre ses fichiers, des octets qui n'appartiennent à aucun",
    ),
    "zip-unpacking": ("cannot be unpacked ({why})", "ne peut pas être déplié ({why})"),
    "file-unreadable": ("cannot be read ({why})", "ne peut pas être lu ({why})"),
    "sums-line": (
        "has a line that is no SHA-256 with a file's name, or names a file twice: {line}",
        "a une ligne qui n'est pas un SHA-256 suivi d'un nom, ou nomme un fichier deux fois : "
        "{line}",
    ),
    "sums-order": ("is not in the order of its names", "n'est pas dans l'ordre de ses noms"),
    "not-utf8": ("is not UTF-8", "n'est pas en UTF-8"),
    "not-whole-lines": (
        "does not end with a whole line",
        "ne se termine pas par une ligne entière",
    ),
    "base64": ("has base64 that cannot be read", "contient du base64 illisible"),
    "inclusion-outside-tree": (
        "speaks of an entry that the tree does not have",
        "parle d'une entrée que l'arbre n'a pas",
    ),
    "inclusion-too-long": ("has more steps than its tree", "a plus d'étapes que son arbre"),
    "inclusion-too-short": ("has fewer steps than its tree", "a moins d'étapes que son arbre"),
    "vkey-malformed": (
        "is not a verifier key (name+id+key)",
        "n'est pas une clé de vérification (nom+identifiant+clé)",
    ),
    "vkey-kind": (
        "holds a key of a kind that is not known here",
        "contient une clé d'un genre inconnu ici",
    ),
    "vkey-id": (
        "holds a key whose id does not belong to it",
        "contient une clé dont l'identifiant n'est pas le sien",
    ),
    "note-text": (
        "is not a signed note: too long, or with control characters",
        "n'est pas une note signée : trop longue, ou avec des caractères de contrôle",
    ),
    "note-parts": (
        "is not a signed note: it has no text, or no signatures",
        "n'est pas une note signée : elle n'a pas de texte, ou pas de signature",
    ),
    "note-signature-line": (
        "is not a signed note: a line of its signatures cannot be read",
        "n'est pas une note signée : une ligne de ses signatures est illisible",
    ),
    "note-too-many-signatures": (
        "has more signatures than are read here",
        "a plus de signatures qu'on n'en lit ici",
    ),
    "checkpoint-malformed": (
        "is not a checkpoint: origin, size and root, one to a line",
        "n'est pas un point de contrôle : origine, taille et racine, une par ligne",
    ),
    "inclusion-malformed": (
        "is not a proof of inclusion (c2sp.org/tlog-proof@v1)",
        "n'est pas une preuve d'inclusion (c2sp.org/tlog-proof@v1)",
    ),
    "consistency-malformed": (
        "is not a proof of consistency (old N, hashes, an empty line)",
        "n'est pas une preuve de cohérence (old N, des empreintes, une ligne vide)",
    ),
    "policy-control-characters": ("has control characters", "contient des caractères de contrôle"),
    "policy-group-members": (
        "has a group whose members are not known, or are in two groups",
        "a un groupe dont les membres sont inconnus, ou dans deux groupes",
    ),
    "policy-group-threshold": (
        "has a group that no number of its members can fill",
        "a un groupe qu'aucun nombre de ses membres ne peut remplir",
    ),
    "policy-line": (
        "has a line that no policy has: {line}",
        "a une ligne qu'aucune politique n'a : {line}",
    ),
    "policy-incomplete": (
        "has no quorum, a key twice, or more than 32 logs, witnesses or groups",
        "n'a pas de quorum, a deux fois une clé, ou plus de 32 journaux, témoins ou groupes",
    ),
    "stamp-malformed": (
        "is no answer of a time stamping service (RFC 3161)",
        "n'est pas la réponse d'un service d'horodatage (RFC 3161)",
    ),
    "stamp-refused": (
        "is not a stamp of this checkpoint by that authority ({why})",
        "n'est pas un horodatage de ce point de contrôle par cette autorité ({why})",
    ),
    "note-unsigned": ("is not signed with the key {key}", "n'est pas signé avec la clé {key}"),
    "checkpoint-unsigned": (
        "is not signed with a key of this log",
        "n'est pas signé avec une clé de ce journal",
    ),
    "note-signature": (
        "has been changed: its signature with the key {key} does not hold",
        "a été modifié : sa signature avec la clé {key} n'est pas valable",
    ),
    "json": (
        "is not JSON as it is written into the ledger",
        "n'est pas du JSON tel qu'il s'écrit dans le registre",
    ),
    "entry-malformed": ("is not an entry of a ledger", "n'est pas une entrée de registre"),
    "registered-after-erasure": (
        "someone who was erased is registered again under the same id",
        "une personne effacée est inscrite à nouveau sous le même identifiant",
    ),
    "fact-malformed": (
        "a field of another type than it has, or with a word that nobody declares",
        "un champ d'un autre type que le sien, ou un mot que personne ne déclare",
    ),
    "registered-twice": (
        "someone is registered who was known already",
        "une personne déjà connue est inscrite à nouveau",
    ),
    "choice-by-machine": (
        "preferences are set by a page that acted by itself",
        "des préférences sont enregistrées par une page qui a agi seule",
    ),
    "letter-not-chosen": (
        "a letter is sent about a theme, or of a type, that its reader did not choose",
        "une lettre part sur un thème, ou d'un type, que son lecteur n'a pas choisi",
    ),
    "letter-beyond-cap": (
        "a letter is sent beyond a cap that is declared, or that its reader chose",
        "une lettre part au-delà d'un plafond déclaré, ou choisi par son lecteur",
    ),
    "held-unduly": (
        "a letter is held back under a cap that is not in force, or not full",
        "une lettre est retenue par un plafond qui n'est pas en vigueur, ou pas atteint",
    ),
    "version-not-drawn": (
        "a letter is sent in another version than the one that is drawn for its reader",
        "une lettre part dans une autre version que celle tirée pour son lecteur",
    ),
    "held-out-undrawn": (
        "somebody is held out of a letter for whom a version of it is drawn",
        "une personne est privée d'une lettre dont une version est tirée pour elle",
    ),
    "letter-in-pause": (
        "a letter is sent before its reader's pause is over",
        "une lettre part avant la fin de la pause de son lecteur",
    ),
    "person-doubled": ("a move has doubled someone", "un déplacement a dédoublé une personne"),
    "letter-after-erasure": ("a letter after erasure", "une lettre après l'effacement"),
    "rights-mail-without-right": (
        "a mail about a right that nobody has used",
        "un courriel au sujet d'un droit que personne n'a exercé",
    ),
    "letter-while-restricted": (
        "a letter while processing was restricted",
        "une lettre pendant que le traitement était limité",
    ),
    "confirmation-unasked": (
        "a confirmation mail nobody asked for",
        "une demande de confirmation que personne n'a demandée",
    ),
    "mail-after-complaint": (
        "a mail to someone who complained",
        "un courriel à une personne qui s'est plainte",
    ),
    "letter-without-ground": (
        "a letter without a live ground",
        "une lettre sans fondement en vigueur",
    ),
    "letter-to-suppressed": (
        "a letter to a suppressed address",
        "une lettre à une adresse de la liste d'opposition",
    ),
    "letter-to-silent": (
        "a letter to someone who was long silent and did not answer",
        "une lettre à une personne longtemps silencieuse, qui n'a pas répondu",
    ),
    "stopped-unsilent": (
        "a purpose stopped for someone who was not silent, or that was not in force",
        "une finalité arrêtée pour une personne qui n'était pas silencieuse, ou sans fondement",
    ),
    "letter-off-list": (
        "a letter of a list where nobody stands",
        "une lettre d'une liste où la personne n'est pas",
    ),
    "permission-asked-of-active": (
        "someone asked whether to go on who has been heard of",
        "on demande s'il faut continuer à une personne qui a donné signe de vie",
    ),
    "permission-without-ground": (
        "a question whether to go on without any live ground",
        "on demande s'il faut continuer sans aucun fondement en vigueur",
    ),
    "letter-twice": ("a letter twice in one run", "deux fois la même lettre dans un même passage"),
    "letter-after-outcome": ("a letter after its last word", "une lettre après son dernier mot"),
    "attempt-uncounted": (
        "an attempt that was not counted",
        "une tentative qui n'a pas été comptée",
    ),
    "confirmed-unasked": ("a confirmation of nothing", "une confirmation de rien"),
    "outcome-twice": (
        "two last words about one letter",
        "deux derniers mots au sujet d'une lettre",
    ),
    "retry-not-withheld": (
        "a letter tried again that was not withheld for what can be mended",
        "une lettre essayée de nouveau qui n'était pas retenue pour une cause réparable",
    ),
    "left-without-standing": (
        "someone left where they did not stand",
        "une personne est partie d'où elle n'était pas",
    ),
    "joined-twice": ("someone joined where they stood", "une personne est arrivée où elle était"),
    "run-never-begun": (
        "a run was opened again that never was",
        "un passage rouvert n'avait jamais existé",
    ),
    "run-used-twice": ("a run was used twice", "un passage a servi deux fois"),
    "date-impossible": (
        "a date that cannot be: no calendar reaches it, or it lies on the wrong side of another",
        "une date impossible : aucun calendrier n’y va, ou elle est du mauvais côté d’une autre",
    ),
    "recorded-before-it-was": (
        "recorded before it was so",
        "enregistré avant que cela ne se produise",
    ),
    "fact-after-erasure": (
        "something that happens to nobody who was erased",
        "ce qui n’arrive à aucune personne effacée",
    ),
    "order-impossible": (
        "an order that was recorded before, or of less than nothing",
        "une commande enregistrée auparavant, ou de moins que rien",
    ),
    "refund-impossible": (
        "a refund of nothing, or of more than is left of an order in that currency",
        "un remboursement de rien, ou de plus qu’il ne reste d’une commande dans cette devise",
    ),
    "segment-entered-twice": ("put into a segment twice", "entrée deux fois dans un segment"),
    "rules-applied-twice": (
        "the rules about a segment applied twice to one entry or leaving",
        "les règles d’un segment appliquées deux fois pour une même entrée ou sortie",
    ),
    "segment-left-outside": (
        "taken out of a segment in which they are not",
        "sortie d’un segment où cette personne n’est pas",
    ),
    "anchor-reached-twice": (
        "a date of the person’s own that came round twice in one occurrence",
        "une date propre à la personne, revenue deux fois pour une même occurrence",
    ),
    "consent-by-machine": (
        "consent by something else than a person’s own act",
        "un consentement donné par autre chose qu’un geste de la personne",
    ),
    "act-missing": (
        "consent by a press that nobody made",
        "un consentement par un geste que personne n’a fait",
    ),
    "evidence-missing": (
        "consent by a press of which no evidence was kept",
        "un consentement par un geste dont aucun élément de preuve ne fut gardé",
    ),
    "confirmed-another-request": (
        "a confirmation of another request than the open one",
        "la confirmation d’une autre demande que celle en cours",
    ),
    "confirmed-late": (
        "a confirmation after its request had expired",
        "une confirmation après l’expiration de la demande",
    ),
    "expired-unasked": (
        "the end of a request that was not open",
        "la fin d’une demande qui n’était pas en cours",
    ),
    "permission-asked-twice": (
        "someone asked whether to go on who has been asked already",
        "on demande s'il faut continuer à une personne à qui c’est déjà demandé",
    ),
    "renewed-unasked": (
        "an answer to a question whether to go on that was not open",
        "une réponse à une question de continuer qui n’était pas posée",
    ),
    "mail-kind-unknown": (
        "a mail of a kind that there is not",
        "un courriel d’un genre qui n’existe pas",
    ),
    "confirmation-twice": (
        "a second mail that asks to confirm one request",
        "un deuxième courriel qui demande de confirmer une même demande",
    ),
    "permission-mail-twice": (
        "a second mail that asks once whether to go on",
        "un deuxième courriel pour une même question de continuer",
    ),
    "mail-of-another-request": (
        "a mail about another request than its purpose has",
        "un courriel sur une autre demande que celle de sa finalité",
    ),
    "mail-after-expiry": (
        "a mail about a request that had expired",
        "un courriel sur une demande qui avait expiré",
    ),
    "mail-before-its-time": (
        "a mail before the time it was put off to",
        "un courriel avant le moment auquel il était remis",
    ),
    "rights-mail-twice": (
        "a second mail that says the same about one right",
        "un deuxième courriel qui dit la même chose d’un même droit",
    ),
    "letter-under-way": (
        "a letter begun again before its attempt had ended",
        "une lettre recommencée avant la fin de sa tentative",
    ),
    "outcome-unbegun": (
        "what became of a letter that was not begun",
        "le sort d’une lettre qui n’était pas commencée",
    ),
    "sent-after-stop": (
        "a letter sent long after a withdrawal, an erasure, a restriction or a suppression",
        "une lettre envoyée longtemps après un retrait, un effacement, une limitation ou une "
        "opposition",
    ),
    "settled-undoubted": (
        "a doubt settled about a letter that was not in doubt",
        "un doute tranché au sujet d’une lettre qui n’était pas en doute",
    ),
    "right-unasked": (
        "an answer about a right that was not asked for, or answered before",
        "une réponse sur un droit qui n’était pas demandé, ou déjà satisfait",
    ),
    "key-change-unsigned": (
        "changes the signing key without the former key having named the new one",
        "change la clé de signature sans que l'ancienne ait nommé la nouvelle",
    ),
    "no-checkpoint-in-file": ("holds no checkpoint", "ne contient pas de point de contrôle"),
    "origin-unrelated": (
        "is a checkpoint of {held}, which {origin} does not name as one it follows: another log, "
        "or a history begun anew",
        "est un point de contrôle de {held}, auquel {origin} ne dit pas faire suite : un autre "
        "journal, ou une histoire recommencée",
    ),
    "entries-lost": (
        "{label} covers entries up to {size}; the ledger was put back from a copy that ended "
        "before, and no longer has them all",
        "{label} couvre les entrées jusqu'à {size} ; le registre a été rétabli d'une copie qui "
        "s'arrêtait avant, et ne les a plus toutes",
    ),
    "checkpoint-later": (
        "{label} is of a later tree ({size} entries): hold both against the whole ledger (--with)",
        "{label} est d'un arbre plus récent ({size} entrées) : confrontez les deux au registre "
        "entier (--with)",
    ),
    "checkpoint-earlier": (
        "{label} is of an earlier tree ({size} entries): only the whole ledger (--with) shows "
        "whether this one begins with it",
        "{label} est d'un arbre plus ancien ({size} entrées) : seul le registre entier (--with) "
        "montre si celui-ci commence par lui",
    ),
    "root-rewritten": (
        "is a signed checkpoint with {size} entries and another root: the history has been "
        "rewritten since",
        "est un point de contrôle signé de {size} entrées avec une autre racine : l'histoire a été "
        "réécrite depuis",
    ),
    "held-checkpoint-agrees": (
        "the history agrees with the checkpoint held elsewhere in {label} ({size} entries)",
        "l'histoire s'accorde avec le point de contrôle gardé ailleurs dans {label} ({size} "
        "entrées)",
    ),
    "stamped": (
        "the checkpoint existed at {when} at the latest: a time stamping authority has stamped it",
        "le point de contrôle existait au plus tard à {when} : une autorité d'horodatage l'a daté",
    ),
    "stamp-chain-unverified": (
        "the authority's certificates are those that came along; its root has the SHA-256 "
        "fingerprint {print}: compare it, or give --tsa-ca",
        "les certificats de l'autorité sont ceux qui accompagnent ; l'empreinte SHA-256 de sa "
        "racine est {print} : comparez-la, ou donnez --tsa-ca",
    ),
    "vkey-not-of-checkpoint": (
        "is a checkpoint of {origin}; the key in vkey.txt is not its own",
        "est un point de contrôle de {origin} ; la clé de vkey.txt n'est pas la sienne",
    ),
    "checkpoint-signed": (
        "the checkpoint ({size} entries) is signed with the key {key}",
        "le point de contrôle ({size} entrées) est signé avec la clé {key}",
    ),
    "policy-without-vkey": (
        "does not name the key in vkey.txt as that of its log",
        "ne nomme pas la clé de vkey.txt comme celle de son journal",
    ),
    "cosignatures-missing": (
        "has not been cosigned by the witnesses that policy.txt asks for",
        "n'a pas été contresigné par les témoins que policy.txt exige",
    ),
    "cosigned": (
        "witnesses have cosigned the checkpoint: {names}",
        "des témoins ont contresigné le point de contrôle : {names}",
    ),
    "witnesses-unconfirmed": (
        "that these witnesses are others than the operator: their keys are those that came along; "
        "compare them, or give --policy",
        "que ces témoins soient d'autres que l'exploitant : leurs clés sont celles qui "
        "accompagnent ; comparez-les, ou donnez --policy",
    ),
    "policy-unknown-keys": (
        "the policy names keys of a kind that is not known here, which verify nothing: {names}",
        "la politique nomme des clés d'un genre inconnu ici, qui ne vérifient rien : {names}",
    ),
    "checkpoint-extensions": (
        "the checkpoint has {n} lines after its root, signed with it and not understood here",
        "le point de contrôle a {n} lignes après sa racine, signées avec elle et non comprises ici",
    ),
    "key-unnamed-by-ledger": (
        "is a key that the ledger does not name as its own (origin-begun, signing-key-changed)",
        "est une clé que le registre ne nomme pas comme la sienne (origin-begun, "
        "signing-key-changed)",
    ),
    "key-retired": (
        "is signed with a key in whose place the entries it covers name another",
        "est signé avec une clé que les entrées qu’il couvre ont remplacée par une autre",
    ),
    "key-unconfirmed": (
        "that the key is the operator's: it is the one that came along; compare it with the one "
        "published elsewhere, or give --vkey",
        "que la clé soit celle de l'exploitant : c'est celle qui accompagne ; comparez-la à celle "
        "qu'il a publiée ailleurs, ou donnez --vkey",
    ),
    "key-published": (
        "the key is the published one, or one that it has named",
        "la clé est celle qui fut publiée, ou une que celle-ci a nommée",
    ),
    "key-not-published": (
        "is not the published key, nor one that it has named: {key}",
        "n'est ni la clé publiée, ni une que celle-ci a nommée : {key}",
    ),
    "unwitnessed": (
        "that nothing else was ever signed in its place: attested by the operator alone, nobody "
        "else is known to hold this checkpoint",
        "que rien d'autre n'ait jamais été signé à sa place : attesté par l'exploitant seul, on ne "
        "connaît personne d'autre qui tienne ce point de contrôle",
    ),
    "unwitnessed-since": (
        "that nothing else was ever signed in place of what follows from position {first} on: "
        "attested by the operator alone, nobody else is known to hold a checkpoint that reaches so "
        "far",
        "que rien d'autre n'ait jamais été signé à la place de ce qui suit à partir de la position "
        "{first} : attesté par l'exploitant seul, personne d'autre n'est connu pour tenir un point "
        "de contrôle qui aille si loin",
    ),
    "completeness-unproved": (
        "that nothing about this person follows or was left out, nor a change of the key: the "
        "operator's signed word (stream.note), which the whole ledger can refute (--with)",
        "que rien sur cette personne ne suive ni n'ait été omis, ni un changement de clé : c'est "
        "la parole signée de l'exploitant (stream.note), que le registre entier peut réfuter "
        "(--with)",
    ),
    "promise-malformed": (
        "is not the note that belongs to this checkpoint",
        "n'est pas la note qui appartient à ce point de contrôle",
    ),
    "promise-entries": (
        "are not those that stream.note was signed with: one has been added, removed or replaced",
        "ne sont pas celles avec lesquelles stream.note fut signé : l'une a été ajoutée, retirée "
        "ou remplacée",
    ),
    "promise-file-missing": (
        "is missing: stream.note was signed with it",
        "manque : stream.note fut signé avec lui",
    ),
    "promise-file-changed": (
        "has been added or replaced: it is not a file that stream.note was signed with",
        "a été ajouté ou remplacé : ce n'est pas un fichier avec lequel stream.note fut signé",
    ),
    "included": (
        "{n} entries are in the tree, each at its own position",
        "{n} entrées sont dans l'arbre, chacune à sa position",
    ),
    "inclusion-other-position": (
        "is the proof of another position ({index})",
        "est la preuve d'une autre position ({index})",
    ),
    "inclusion-other-checkpoint": (
        "leads to another checkpoint than the one of this bundle",
        "mène à un autre point de contrôle que celui de ce dossier",
    ),
    "inclusion-wrong-root": (
        "does not lead from its entry to the signed root: the entry or the proof has been changed",
        "ne mène pas de son entrée à la racine signée : l'entrée ou la preuve a été modifiée",
    ),
    "version-twice": (
        "is the second entry with version {version} of this person",
        "est la deuxième entrée de version {version} de cette personne",
    ),
    "version-missing": (
        "the person's fact number {version} of {versions} is missing",
        "le fait numéro {version} de cette personne, sur {versions}, manque",
    ),
    "version-beyond-promise": (
        "goes beyond the {versions} facts that stream.note vouches for",
        "dépasse les {versions} faits dont stream.note répond",
    ),
    "versions-out-of-order": (
        "the person's facts do not stand in the ledger in their order",
        "les faits de cette personne ne sont pas dans leur ordre dans le registre",
    ),
    "about-somebody-else": ("is about somebody else", "parle de quelqu'un d'autre"),
    "versions-complete": (
        "the person's {n} facts are all here, numbered without a gap",
        "les {n} faits de cette personne sont tous là, numérotés sans trou",
    ),
    "event-unknown": (
        "what {name} ({file}) means: this program does not know it",
        "ce que signifie {name} ({file}) : ce programme ne le connaît pas",
    ),
    "letters-grounded": (
        "each of {n} letters begun had a live ground at that moment, or was one that needs none",
        "chacune des {n} lettres commencées avait à ce moment un fondement en vigueur, ou n'en "
        "demandait pas",
    ),
    "ground-declared": (
        "that anybody agreed or asked at {file}: it was declared ({proof}), or is an act that no "
        "mail confirmed, or no evidence shows",
        "que quelqu'un ait consenti ou demandé à {file} : ce fut déclaré ({proof}), ou c'est un "
        "acte qu'aucun courriel n'a confirmé, ou qu'aucun élément de preuve ne montre",
    ),
    "grounds-declared": (
        "that anybody agreed or asked where {n} grounds and requests are told: they were declared, "
        "or are acts that no mail confirmed, or no evidence shows",
        "que quelqu'un ait consenti ou demandé pour {n} des fondements et demandes : ils furent "
        "déclarés, ou ce sont des actes qu'aucun courriel n'a confirmés, ou qu'aucun élément de "
        "preuve ne montre",
    ),
    "caps-unknown": (
        "whether there was room for {n} letters that were begun or held back: the configuration of "
        "their editions, which may have caps, is not here",
        "s'il y avait de la place pour {n} lettres commencées ou retenues : la configuration de "
        "leurs éditions, qui peut avoir des plafonds, n'est pas ici",
    ),
    "one-person-unproved": (
        "that nobody stands in the ledger under two ids: it names nobody, and the operator alone "
        "can tell",
        "que personne ne figure au registre sous deux identifiants : il ne nomme personne, et "
        "l'exploitant seul peut le dire",
    ),
    "clock-altered": (
        "that these times are those of a clock on the wall: the ledger says that its own went up "
        "to {rate} times as fast, or {minutes} minutes apart from it, and what is held against "
        "the clock is held against its word",
        "que ces heures soient celles d'une horloge ordinaire : le registre dit que la sienne est "
        "allée jusqu'à {rate} fois plus vite, ou en différait de {minutes} minutes, et ce qui est "
        "confronté à l'horloge l'est à sa parole",
    ),
    "evidence-uncommitted": (
        "is evidence that no fact of this person commits to",
        "est un élément auquel aucun fait de cette personne ne s'engage",
    ),
    "evidence-committed": (
        "all evidence that is held ({n}) is exactly what the facts committed to when they were "
        "written",
        "tous les éléments de preuve gardés ({n}) sont exactement ceux auxquels les faits se sont "
        "engagés quand ils furent écrits",
    ),
    "evidence-lost": (
        "names evidence of a consent ({digest}) that is not here, and no fact says why",
        "nomme un élément de preuve d’un consentement ({digest}) qui n’est pas là, et aucun fait "
        "ne dit pourquoi",
    ),
    "evidence-gone": (
        "what lay behind {file}: its evidence ({digest}) is not held any more",
        "ce qu'il y avait derrière {file} : son élément de preuve ({digest}) n'est plus gardé",
    ),
    "salt-malformed": (
        "is not a salt, 32 bytes in hexadecimal",
        "n'est pas un sel, fait de 32 octets en hexadécimal",
    ),
    "evidence-changed": (
        "is not what the fact committed to: the evidence or its salt has been changed",
        "n'est pas ce à quoi le fait s'est engagé : l'élément de preuve ou son sel a été modifié",
    ),
    "words-parts": (
        "is a part of words whose other parts are missing or changed ({digest})",
        "est une partie d'un texte dont les autres parties manquent ou ont été modifiées "
        "({digest})",
    ),
    "words-changed": (
        "is not what was published under this digest",
        "n'est pas ce qui fut publié sous cette empreinte",
    ),
    "words-unpublished": (
        "is not among the published words of this bundle",
        "n'est pas parmi les textes publiés de ce dossier",
    ),
    "words-published": (
        "{n} texts are the published ones, word for word",
        "{n} textes sont ceux qui furent publiés, mot pour mot",
    ),
    "notice-missing": (
        "is missing: it is the notice of {file}",
        "manque : c'est la notice de {file}",
    ),
    "notice-unpublished": (
        "that the notice of {file} was in force then: its publication, for that form, is not among "
        "the entries before it",
        "que la notice de {file} ait été en vigueur alors : sa publication, pour ce formulaire, "
        "n'est pas parmi les entrées qui précèdent",
    ),
    "edition-unpublished": (
        "names edition {edition}, whose publication is missing among the entries before it",
        "nomme l'édition {edition}, dont la publication manque parmi les entrées qui précèdent",
    ),
    "edition-words-missing": (
        "names words that are published nowhere ({digest})",
        "nomme des mots qui ne sont publiés nulle part ({digest})",
    ),
    "edition-twice": (
        "publishes edition {edition}, which had been published already",
        "publie l'édition {edition}, qui avait déjà été publiée",
    ),
    "person-unknown": (
        "who this is: the person is not known any more (person.json is not there)",
        "qui c'est : la personne n'est plus connue (person.json n'est pas là)",
    ),
    "person-malformed": ("does not say who the person is", "ne dit pas qui est la personne"),
    "person-claimed": (
        "that this person is {address}: not committed, the ledger names nobody and no fact commits "
        "to an address; it is the operator's word",
        "que cette personne soit {address} : sans engagement, le registre ne nomme personne et "
        "aucun fait ne s'engage sur une adresse ; c'est la parole de l'exploitant",
    ),
    "person-committed": (
        "{address} is the address that {file} commits to",
        "{address} est l'adresse sur laquelle {file} s'engage",
    ),
    "person-other": (
        "says {address}, which is not the address that {file} commits to: one of the two is "
        "another person's",
        "dit {address}, qui n'est pas l'adresse sur laquelle {file} s'engage : l'une des deux est "
        "celle de quelqu'un d'autre",
    ),
    "entered-other": (
        "has {address}, an address that no fact of this person had committed to by then",
        "a {address}, une adresse sur laquelle aucun fait de cette personne ne s'était encore "
        "engagé",
    ),
    "mailed-other": (
        "went to {address}, an address that no fact of this person had committed to by then",
        "est parti à {address}, une adresse sur laquelle aucun fait de cette personne ne s'était "
        "encore engagé",
    ),
    "words-missing": (
        "is missing: {file} names it as {name}",
        "manque : {file} le nomme comme {name}",
    ),
    "act-other": (
        "tells of another act than {file}: of another purpose, another press, or another mail",
        "parle d'un autre acte que {file} : d'une autre finalité, d'un autre appui ou d'un autre "
        "courriel",
    ),
    "mail-unkept": (
        "to whom the mail that asked to confirm went, and what it said ({file}): nothing of it "
        "was kept",
        "à qui est parti le courriel qui demandait de confirmer, et ce qu'il disait ({file}) : "
        "rien n'en fut gardé",
    ),
    "address-uncommitted": (
        "whose address it is since {file}: it was changed, and no evidence commits to the new one",
        "à qui est l'adresse depuis {file} : elle fut changée, et aucun élément de preuve ne "
        "s'engage sur la nouvelle",
    ),
    "mail-other": (
        "holds another mail than the one whose SHA-256 it names or that its fact is about, or none",
        "contient un autre courriel que celui dont il nomme l'empreinte ou dont parle son fait, ou "
        "aucun",
    ),
    "purpose-other": (
        "names a purpose ({digest}) that its configuration does not have in these words",
        "nomme une finalité ({digest}) que sa configuration n'a pas dans ces mots",
    ),
    "visitors-gone": (
        "from which IP address and with which browser: of {n} acts that is not held any more",
        "de quelle adresse IP et avec quel navigateur : pour {n} actes ce n'est plus gardé",
    ),
    "ledger-differs": (
        "is not what the whole ledger has at this position",
        "n'est pas ce que le registre entier a à cette position",
    ),
    "entry-left-out": (
        "was left out: the whole ledger has {name} about this person here (version {version})",
        "a été omis : le registre entier a ici {name} sur cette personne (version {version})",
    ),
    "ledger-other-root": (
        "is not the root of the whole ledger at {size} entries: two histories have been signed",
        "n'est pas la racine du registre entier à {size} entrées : deux histoires ont été signées",
    ),
    "ledger-agrees": (
        "the whole ledger has the same root at {size} entries, and nothing else about this person "
        "up to there",
        "le registre entier a la même racine à {size} entrées, et rien d'autre sur cette personne "
        "jusque-là",
    ),
    "later-facts": (
        "the whole ledger has {n} later facts about this person: {names}",
        "le registre entier a {n} faits plus récents sur cette personne : {names}",
    ),
    "dates-unstamped": (
        "when these facts were written: both dates of an entry are the operator's, and no "
        "authority has stamped this checkpoint",
        "quand ces faits furent écrits : les deux dates d'une entrée sont celles de l'exploitant, "
        "et aucune autorité n'a daté ce point de contrôle",
    ),
    "dates-bounded": (
        "when these facts were written, other than that it was before {when}: both dates of an "
        "entry are the operator's",
        "quand ces faits furent écrits, sinon que ce fut avant {when} : les deux dates d'une "
        "entrée sont celles de l'exploitant",
    ),
    "recorded-backwards": (
        "says that it was recorded before the entry at position {position} ({when}), which it "
        "follows",
        "se dit enregistré avant l'entrée de la position {position} ({when}), qu'il suit",
    ),
    "recorded-after-cosignature": (
        "says that it was recorded after a witness had cosigned the checkpoint that covers it",
        "se dit enregistré après qu'un témoin a cosigné le point de contrôle qui le couvre",
    ),
    "recorded-after-stamp": (
        "says that it was recorded after the checkpoint that covers it was stamped",
        "se dit enregistré après l'horodatage du point de contrôle qui le couvre",
    ),
    "dates-of-ledger": (
        "when these facts were written: both dates of an entry are the operator's; a stamp of a "
        "checkpoint bounds what it covers",
        "quand ces faits furent écrits : les deux dates d'une entrée sont celles de l'exploitant ; "
        "l'horodatage d'un point de contrôle borne ce qu'il couvre",
    ),
    "recording-unproved": (
        "that what happened was written down at all: a ledger shows what was recorded, and that "
        "nothing of it was changed since",
        "que ce qui s'est produit ait bien été écrit : un registre montre ce qui fut enregistré, "
        "et que rien n'en fut changé depuis",
    ),
    "tile-unexpected": (
        "is a tile that a ledger of {size} entries does not have",
        "est une tuile qu'un registre de {size} entrées n'a pas",
    ),
    "tile-cut": ("is cut off", "est coupé"),
    "tile-width": (
        "holds {n} entries where {width} belong",
        "contient {n} entrées au lieu de {width}",
    ),
    "root-wrong": (
        "is not the root of these {size} entries: an entry has been changed, added, removed or "
        "moved",
        "n'est pas la racine de ces {size} entrées : une entrée a été modifiée, ajoutée, retirée "
        "ou déplacée",
    ),
    "root-holds": (
        "the tree of all {size} entries has the signed root: none was changed, added, removed or "
        "moved",
        "l'arbre des {size} entrées a la racine signée : aucune ne fut modifiée, ajoutée, retirée "
        "ni déplacée",
    ),
    "held-checkpoint-beyond-ledger": (
        "covers {size} entries, more than are handed over: an older copy was given, or the ledger "
        "has been rolled back",
        "couvre {size} entrées, plus qu'il n'en est remis : la copie donnée est ancienne, ou le "
        "registre a été ramené en arrière",
    ),
    "checkpoint-misnamed": (
        "is a checkpoint of {size} entries under the name of another",
        "est un point de contrôle de {size} entrées sous le nom d'un autre",
    ),
    "origin-unnamed": (
        "is a checkpoint of an origin that the ledger does not name ({origin})",
        "est un point de contrôle d'une origine que le registre ne nomme pas ({origin})",
    ),
    "checkpoint-beyond-ledger": (
        "covers {size} entries, more than are handed over: the ledger has been rolled back",
        "couvre {size} entrées, plus qu'il n'en est remis : le registre a été ramené en arrière",
    ),
    "former-checkpoint-missing": (
        "lacks the one of {origin} with {size} entries, which the ledger names as the last of its "
        "former origin",
        "ne contient pas celui de {origin} à {size} entrées, que le registre nomme comme le "
        "dernier de son origine précédente",
    ),
    "ledger-restored": (
        "the ledger says that it was put back from a copy which ended at {size} ({when}): what was "
        "written after that is lost",
        "le registre dit avoir été rétabli d'une copie qui s'arrêtait à {size} ({when}) : ce qui "
        "fut écrit après est perdu",
    ),
    "signed-checkpoints-agree": (
        "the history agrees with {n} checkpoints signed on the way",
        "l'histoire s'accorde avec {n} points de contrôle signés en chemin",
    ),
    "version-gap": (
        "has version {version} of its stream {stream} where {expected} would follow: a fact is "
        "missing, doubled or moved",
        "a la version {version} de son flux {stream} là où suivrait {expected} : un fait manque, "
        "est doublé ou déplacé",
    ),
    "people-complete": (
        "the facts of each of {n} people are numbered without a gap",
        "les faits de chacune des {n} personnes sont numérotés sans trou",
    ),
    "people-grounded": (
        "each of {n} letters begun had a live ground at its position ({more} more were "
        "confirmations or answers, and asked for)",
        "chacune des {n} lettres commencées avait un fondement en vigueur à sa position ({more} "
        "autres étaient des confirmations ou des réponses, demandées)",
    ),
}

if __name__ == "__main__":
    sys.exit(main())
