#!/usr/bin/env python3
"""Verify what Relance handed over as proof, trusting neither Relance nor its operator: a bundle about one person, or a whole ledger.

    python3 -I -S verify.py FILE.zip|DIR [--checkpoint FILE]... [--with LEDGER_DIR] [--vkey FILE|KEY] [--tsa-ca FILE] [--facts] [--json]

It needs Python 3.9 or later, its standard library, and `openssl` (1.1.1 or later); no network, no other file. Exit status: 0 everything holds, 1
something does not (each is named with its file and the reason), 2 it could not be examined.

Written apart from the rest of Relance on purpose: two readings of the same rules, which must agree. Sources: RFC 6962 and 9162 (the tree), C2SP
signed-note, tlog-checkpoint, tlog-proof, tlog-policy, tlog-cosignature and tlog-tiles (the files), RFC 8032 (Ed25519), RFC 3161 (time stamps).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import datetime
import email
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
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar, Union, cast

T = TypeVar("T")
Value = Union[str, int]

# ---------------------------------------------------------------------------------------------------------------- 1. limits
# What is larger was not made by Relance, and is not read into memory.

KIB, MIB = 1024, 1024 * 1024
MAX_ENTRY = 65_535
PER_TILE = 256
MAX_NAMES = 500_000
MAX_BUNDLE = 2 * 1024 * MIB
MAX_NOTE = 4 * MIB
MAX_PROOF = 96 * KIB
MAX_SIGNATURES = 100
LARGEST = 2**53 - 1
ENTRIES_AT_ONCE = 4_000_000
"""More entries than these are replayed in several passes, a share of the people in each, so that memory stays bounded."""
SAID_AT_MOST = 200
SIZES = (
    (re.compile(r"entries/.*\.json"), MAX_ENTRY),
    (re.compile(r"entries/.*\.tlog-proof"), MAX_PROOF),
    (re.compile(r"(checkpoint|checkpoints/.*)"), 64 * KIB),
    (re.compile(r"stream\.note"), MAX_NOTE),
    (re.compile(r"evidence/.*\.salt"), 256),
    (re.compile(r"(evidence|words)/.*"), 32 * MIB),
    (re.compile(r"tile/entries/.*"), PER_TILE * (MAX_ENTRY + 2)),
    (re.compile(r"SHA256SUMS"), 256 * MIB),
)


def most(name: str) -> int:
    """How many bytes a file of this name may have."""
    return next((limit for pattern, limit in SIZES if pattern.fullmatch(name)), 4 * MIB)


# ------------------------------------------------------------------------------------------------- 2. what is said, and how


class Refused(Exception):
    """What was given cannot be examined: exit status 2."""

    def __init__(self, template: str, **values: Value) -> None:
        super().__init__(template)
        self.template, self.values = template, values


class Broken(Refused):
    """One file is not what it should be."""


def printable(value: object) -> str:
    """What others have written may not steer the terminal it is shown on."""
    return "".join(c if c.isprintable() else "·" for c in str(value))


@dataclass
class Report:
    """What is wrong (file, reason), what is proved, what is not, and what else should be known."""

    language: str = "en"
    wrong_things: list[tuple[str, str]] = field(default_factory=list)
    unsaid: int = 0
    proved: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    more: dict[str, object] = field(default_factory=dict)

    def say(self, template: str, **values: Value) -> str:
        chosen = FRENCH.get(template, template) if self.language == "fr" else template
        return chosen.format(**{name: printable(value) for name, value in values.items()})

    def wrong(self, place: str, template: str, **values: Value) -> None:
        """`place` is the file, with the entry in it where that says more."""
        found = (printable(place), self.say(template, **values))
        if found in self.wrong_things:
            return
        if len(self.wrong_things) < SAID_AT_MOST:
            self.wrong_things.append(found)
        else:
            self.unsaid += 1

    def holds(self, template: str, **values: Value) -> None:
        self.proved.append(self.say(template, **values))

    def open(self, template: str, **values: Value) -> None:
        self.unproved.append(self.say(template, **values))

    def note(self, template: str, **values: Value) -> None:
        self.remarks.append(self.say(template, **values))

    def attempt(self, file: str, read: Callable[..., T], *given: object) -> T | None:
        """What `read` gives for what is given, or None once it is noted what is wrong with the file."""
        try:
            return read(*given)
        except Broken as broken:
            self.wrong(file, broken.template, **broken.values)
            return None


# ------------------------------------------------------------------------------------- 3. files, from a zip or from a folder


class Shelf:
    """Files by name, each read once in full and held against SHA256SUMS."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.names: dict[str, int] = {}
        self.sums: dict[str, str] = {}
        self.summed: set[str] = set()

    def load(self, name: str, limit: int) -> bytes:
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        """Raises Broken when there is no such file, or it is larger than any that Relance makes."""
        if name not in self.names:
            raise Broken("is missing")
        limit = most(name)
        data = self.load(name, limit)
        if len(data) > limit:
            raise Broken("is larger than any such file ({limit} bytes)", limit=limit)
        if name in self.sums and name not in self.summed:
            self.summed.add(name)
            if hashlib.sha256(data).hexdigest() != self.sums[name]:
                self.report.wrong(name, "has been changed: its SHA-256 is not the one in SHA256SUMS")
        return data

    def text(self, name: str) -> str:
        return utf8(self.read(name))

    def close(self) -> None:
        """Nothing is open in a folder."""

    def begin(self) -> None:
        """Read SHA256SUMS. What it names and is not there, and what is there and it does not name, is wrong."""
        listed = self.report.attempt("SHA256SUMS", lambda: parse_sums(self.text("SHA256SUMS")))
        if listed is None:
            return
        self.sums = listed
        for name in sorted(set(self.sums) - set(self.names)):
            self.report.wrong(name, "is missing")
        for name in sorted(set(self.names) - set(self.sums) - {"SHA256SUMS"}):
            self.report.wrong(name, "has been added: SHA256SUMS does not name it")

    def finish(self) -> None:
        """Hold what nobody had reason to read against SHA256SUMS too."""
        for name in sorted(set(self.names) & set(self.sums) - self.summed):
            self.report.attempt(name, self.read, name)


class ZipShelf(Shelf):
    def __init__(self, file: BinaryIO, report: Report) -> None:
        super().__init__(report)
        self.file = file
        try:
            self.zip = zipfile.ZipFile(self.file)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
            raise Broken("is not a whole zip file ({why})", why=str(error)) from None
        members = self.zip.infolist()
        if len(members) > MAX_NAMES or sum(each.file_size for each in members) > MAX_BUNDLE:
            raise Broken("would unpack to more than any bundle holds")
        self.members: dict[str, zipfile.ZipInfo] = {}
        for each in members:
            name = each.filename
            if name in self.members:
                report.wrong(name, "stands in the zip file twice")
            elif not is_plain_name(name) or each.flag_bits & 0x1 or stat.S_ISLNK(each.external_attr >> 16):
                report.wrong(name, "is a name or a kind of file that no bundle has")
            else:
                self.members[name] = each
                self.names[name] = each.file_size
        self._no_room_between()

    def close(self) -> None:
        self.zip.close()
        self.file.close()

    def _no_room_between(self) -> None:
        """Every byte belongs to a file: nothing stands before, between or after them that other programs would read otherwise."""
        end, ordered = 0, sorted(self.zip.infolist(), key=lambda each: each.header_offset)
        for each in ordered:
            if each.header_offset != end or each.flag_bits & 0x8:
                raise Broken("has bytes between its files that belong to none of them")
            self.file.seek(end)
            header = self.file.read(30).ljust(30, b"\0")
            end += 30 + sum(struct.unpack("<HH", header[26:30])) + each.compress_size
        size = self.file.seek(0, os.SEEK_END)
        directory = sum(46 + len(each.filename.encode("utf-8", "surrogateescape")) + len(each.extra) + len(each.comment) for each in ordered)
        if self.zip.comment or end != self.zip.start_dir or end + directory + 22 not in (size, size - 76):
            raise Broken("has bytes between its files that belong to none of them")

    def load(self, name: str, limit: int) -> bytes:
        """Never more than `limit` + 1 bytes, whatever the zip file says of its sizes."""
        try:
            with self.zip.open(self.members[name]) as file:
                return file.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError, struct.error) as error:
            raise Broken("cannot be unpacked ({why})", why=str(error)) from None


class FolderShelf(Shelf):
    def __init__(self, path: str, report: Report) -> None:
        super().__init__(report)
        self.path = path
        for folder, folders, files in os.walk(path):
            folders.sort()
            for each in sorted(files) + [each for each in folders if os.path.islink(os.path.join(folder, each))]:
                full = os.path.join(folder, each)
                name = os.path.relpath(full, path).replace(os.sep, "/")
                found = os.lstat(full)
                if not stat.S_ISREG(found.st_mode) or not is_plain_name(name):
                    report.wrong(name, "is a name or a kind of file that no bundle has")
                else:
                    self.names[name] = found.st_size
                if len(self.names) > MAX_NAMES:
                    raise Refused("{path} holds more files than any ledger or bundle", path=path)

    def load(self, name: str, limit: int) -> bytes:
        try:
            with open(os.path.join(self.path, *name.split("/")), "rb") as file:
                return file.read(limit + 1)
        except OSError as error:
            raise Broken("cannot be read ({why})", why=error.strerror or str(error)) from None


def is_plain_name(name: str) -> bool:
    """A relative path of ordinary characters: nothing that leads out of a folder when it is unpacked."""
    parts = name.split("/")
    return len(name) < 200 and re.fullmatch(r"[A-Za-z0-9._/-]+", name) is not None and not any(part in ("", ".", "..") for part in parts)


def open_shelf(path: str, report: Report) -> Shelf:
    try:
        if os.path.isdir(path):
            return FolderShelf(path, report)
        file = open(path, "rb")  # noqa: SIM115 (closed with the shelf)
    except OSError as error:
        raise Refused("{path} cannot be read: {why}", path=path, why=error.strerror or str(error)) from None
    try:
        return ZipShelf(file, report)
    except Refused:
        file.close()
        raise


def parse_sums(text: str) -> dict[str, str]:
    """Lines as `sha256sum` writes and reads them."""
    found: dict[str, str] = {}
    for line in whole_lines(text):
        match = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line)
        if match is None or match[2] in found:
            raise Broken("has a line that is no SHA-256 with a file's name, or names a file twice: {line}", line=line[:120])
        found[match[2]] = match[1]
    if list(found) != sorted(found):
        raise Broken("is not in the order of its names")
    return found


def utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Broken("is not UTF-8") from None


def whole_lines(text: str) -> list[str]:
    if not text.endswith("\n"):
        raise Broken("does not end with a whole line")
    return text[:-1].split("\n")


def unbase64(text: str) -> bytes:
    """Strict: the one spelling of these bytes (RFC 4648, 3.5), so that no character can be altered without a trace."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Broken("has base64 that cannot be read") from None
    if base64.b64encode(data).decode() != text:
        raise Broken("has base64 that cannot be read")
    return data


# --------------------------------------------------------------------------------------------- 4. the tree (RFC 6962, 9162)


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """The roots of a growing tree from its leaves in order; keeps one hash for each full subtree."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        place = self.size
        while place & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            place >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which an inclusion proof leads (RFC 9162, 2.1.3.2). Raises Broken for one of the wrong length."""
    if not 0 <= index < size:
        raise Broken("speaks of an entry that the tree does not have")
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise Broken("has more steps than its tree")
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise Broken("has fewer steps than its tree")
    return found


def is_consistent(size: int, root: bytes, later: int, later_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `later` leaves begins with that of `size` (RFC 9162, 2.1.4.2). From the empty tree the empty proof holds."""
    if size == 0:
        return not path and root == hashlib.sha256(b"").digest()
    if size >= later:
        return size == later and not path and root == later_root
    steps = list(path)
    if not steps:
        return False
    if size & (size - 1) == 0:
        steps.insert(0, root)
    place, last = size - 1, later - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == root and new == later_root


# --------------------------------------------------------------- 5. keys, notes, checkpoints, proofs and policies (C2SP)

ED25519, COSIGNATURE = 0x01, 0x04


@dataclass(frozen=True)
class Key:
    """A verifier key: `name`, the four bytes of its id, the kind of its signatures, 32 bytes of Ed25519 public key."""

    name: str
    id: bytes
    kind: int
    public: bytes
    vkey: str


def parse_vkey(text: str) -> Key:
    match = re.fullmatch(r"([^\s+\x00-\x1f\x7f]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,200})", text)
    if match is None:
        raise Broken("is not a verifier key (name+id+key)")
    key = unbase64(match[3])
    if len(key) != 33 or key[0] not in (ED25519, COSIGNATURE):
        raise Broken("holds a key of a kind that is not known here")
    if hashlib.sha256(match[1].encode() + b"\n" + key).digest()[:4].hex() != match[2]:
        raise Broken("holds a key whose id does not belong to it")
    return Key(match[1], bytes.fromhex(match[2]), key[0], key[1:], text)


def renamed(key: Key, name: str) -> Key:
    """The same key in another name."""
    blob = bytes([key.kind]) + key.public
    number = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    return Key(name, number, key.kind, key.public, f"{name}+{number.hex()}+{base64.b64encode(blob).decode()}")


@dataclass(frozen=True)
class Note:
    """A signed note. `text` ends with a newline; signatures are (name, key id, bytes)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def parse_note(data: bytes) -> Note:
    text = utf8(data)
    if len(data) > MAX_NOTE or any(c != "\n" and (ord(c) < 0x20 or ord(c) == 0x7F) for c in text):
        raise Broken("is not a signed note: too long, or with control characters")
    body, gap, signed = text.rpartition("\n\n")
    if not gap or not body or not signed:
        raise Broken("is not a signed note: it has no text, or no signatures")
    found = []
    for line in whole_lines(signed):
        match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        blob = unbase64(match[2]) if match else b""
        if match is None or len(blob) < 5:
            raise Broken("is not a signed note: a line of its signatures cannot be read")
        found.append((match[1], blob[:4], blob[4:]))
    if len(found) > MAX_SIGNATURES:
        raise Broken("has more signatures than are read here")
    return Note(body + "\n", tuple(found))


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes
    note: Note


def parse_checkpoint(data: bytes) -> Checkpoint:
    note = parse_note(data)
    lines = note.text[:-1].split("\n")
    if len(lines) != 3 or not re.fullmatch(r"[^\s+]{1,200}", lines[0]) or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise Broken("is not a checkpoint: origin, size and root, one to a line")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise Broken("is not a checkpoint: origin, size and root, one to a line")
    return Checkpoint(lines[0], int(lines[1]), root, note)


@dataclass(frozen=True)
class Proof:
    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def parse_proof(data: bytes) -> Proof:
    """A c2sp.org/tlog-proof@v1. Its `extra` line is authenticated by nobody, so none is accepted here."""
    head, gap, checkpoint = utf8(data).partition("\n\n")
    lines = head.split("\n")
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,15})", lines[1]) if len(lines) > 1 else None
    if lines[0] != "c2sp.org/tlog-proof@v1" or index is None or not gap:
        raise Broken("is not a proof of inclusion (c2sp.org/tlog-proof@v1)")
    path = tuple(unbase64(line) for line in lines[2:])
    if len(path) > 63 or any(len(step) != 32 for step in path):
        raise Broken("is not a proof of inclusion (c2sp.org/tlog-proof@v1)")
    return Proof(int(index[1]), path, checkpoint.encode())


@dataclass
class Policy:
    """`members` of a group with how many of them it takes; a witness is a group of its own key."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    def is_met(self, signed: Iterable[str], name: str = "") -> bool:
        wanted = name or self.quorum
        if wanted == "none":
            return True
        if wanted in self.witnesses:
            return wanted in signed
        needed, members = self.groups[wanted]
        return sum(self.is_met(signed, member) for member in members) >= needed


def parse_policy(text: str) -> Policy:
    policy, used = Policy(), set[str]()
    for line in whole_lines(text):
        if any(ord(c) < 0x20 and c != "\t" for c in line):
            raise Broken("has control characters")
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        known = {*policy.witnesses, *policy.groups}
        if words[0] == "log" and len(words) in (2, 3):
            policy.logs.append(parse_vkey(words[1]))
        elif words[0] == "witness" and len(words) in (3, 4) and words[1] not in {*known, "none"}:
            policy.witnesses[words[1]] = parse_vkey(words[2])
        elif words[0] == "group" and len(words) >= 4 and words[1] not in {*known, "none"}:
            members = tuple(words[3:])
            counted = {"all": str(len(members)), "any": "1"}.get(words[2], words[2])
            if not set(members) <= known or set(members) & used or len(set(members)) < len(members):
                raise Broken("has a group whose members are not known, or are in two groups")
            if not re.fullmatch(r"[1-9][0-9]?", counted) or int(counted) > len(members):
                raise Broken("has a group that no number of its members can fill")
            used |= set(members)
            policy.groups[words[1]] = (int(counted), members)
        elif words[0] == "quorum" and len(words) == 2 and not policy.quorum and words[1] in {*known, "none"}:
            policy.quorum = words[1]
        else:
            raise Broken("has a line that no policy has: {line}", line=line[:120])
    keys = [key.public for key in (*policy.logs, *policy.witnesses.values())]
    if not policy.quorum or len(set(keys)) < len(keys) or max(len(policy.logs), len(policy.witnesses), len(policy.groups)) > 32:
        raise Broken("has no quorum, a key twice, or more than 32 logs, witnesses or groups")
    return policy


# -------------------------------------------------------------------------------------- 6. signatures and stamps (openssl)

# A note with a known signature (the key is made of a public phrase): what cannot verify it cannot be trusted to verify others.
KNOWN_VKEY = "log.example.fr/consent/tenant-1+855d3d1e+AUIz0b7kyAjEKDRzhxogjXBJp4uyIG9WhMMf0xiDwNVT"
KNOWN_TEXT = "log.example.fr/consent/tenant-1\n7\nM9EDOuT9ZIJzI2hsZjhTg1b0Xq0VyuqMVvgLWkidwhE=\n"
KNOWN_SIGNATURE = "hV09Hivze6zE68LJx1vZqPwebmSqlj3658g9uq5OaenrC0OGfEDYlpXpqiuXRsiY9zZwOiMnXIQwd0eJP6o4Ij0w7wY="
SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410)."""
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class OpenSSL:
    """The one program this one asks."""

    def __init__(self, path: str = "") -> None:
        found = path or shutil.which("openssl")
        if not found:
            raise Refused("openssl is not installed, or not on the PATH: the signatures cannot be verified without it")
        self.path = found
        key, signature = parse_vkey(KNOWN_VKEY), base64.b64decode(KNOWN_SIGNATURE)[4:]
        if not self.ed25519(key.public, KNOWN_TEXT.encode(), signature) or self.ed25519(key.public, b"?" + KNOWN_TEXT.encode(), signature):
            said = printable(self.run(["version"], {})[1].strip())[:80]
            raise Refused("this openssl ({version}) does not verify Ed25519: OpenSSL 1.1.1 or later is needed", version=said)

    def run(self, arguments: Sequence[str], files: Mapping[str, bytes]) -> tuple[bool, str]:
        """Success and what was printed. `files` lie in the folder it runs in; the caller's OPENSSL_CONF does not reach it."""
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP") if name in os.environ}
        with tempfile.TemporaryDirectory() as folder:
            for name, data in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            try:
                done = subprocess.run(
                    [self.path, *arguments], cwd=folder, env={**kept, "LC_ALL": "C"}, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Refused("openssl cannot be run: {why}", why=str(error)) from None
        return done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")

    def ed25519(self, public: bytes, message: bytes, signature: bytes) -> bool:
        asked = "pkeyutl -verify -rawin -pubin -keyform DER -inkey key -in message -sigfile signature"
        return len(signature) == 64 and self.run(asked.split(), {"key": SPKI + public, "message": message, "signature": signature})[0]

    def stamped_at(self, stamp: bytes) -> datetime.datetime:
        """The time an RFC 3161 answer names. Raises Broken."""
        done, said = self.run(["ts", "-reply", "-in", "stamp", "-text"], {"stamp": stamp})
        match = re.search(r"^Time stamp: (\w{3}) +(\d+) (\d+):(\d+):(\d+)(?:\.\d+)? (\d{4}) GMT", said, re.MULTILINE)
        if not done or match is None or match[1] not in MONTHS:
            raise Broken("is no answer of a time stamping service (RFC 3161)")
        day = (int(match[6]), MONTHS.index(match[1]) + 1, int(match[2]))
        return datetime.datetime(*day, int(match[3]), int(match[4]), min(int(match[5]), 59), tzinfo=datetime.timezone.utc)

    def verify_stamp(self, data: bytes, stamp: bytes, chain: bytes, trusted: bytes) -> datetime.datetime:
        """The time at which `data` was stamped; the certificates count as they stood then. Raises Broken."""
        when = self.stamped_at(stamp)
        asked = f"ts -verify -data data -in stamp -CAfile trusted -untrusted chain -attime {int(when.timestamp())}"
        done, said = self.run(asked.split(), {"data": data, "stamp": stamp, "chain": chain, "trusted": trusted})
        if not done:
            why = next((line for line in said.splitlines() if "error" in line.lower() or "mismatch" in line), said.strip()[-160:])
            raise Broken("is not a stamp of this checkpoint by that authority ({why})", why=re.sub(r"^[0-9A-F]+:", "", why)[:160])
        return when


def verify_note(note: Note, key: Key, openssl: OpenSSL) -> Note:
    """The note itself. Raises Broken unless it has exactly one signature of this key, and it is good. Other keys are none of our business."""
    own = [signature for name, number, signature in note.signatures if name == key.name and number == key.id]
    if not own:
        raise Broken("is not signed with the key {key}", key=key.vkey)
    if len(own) > 1 or not openssl.ed25519(key.public, note.text.encode(), own[0]):
        raise Broken("has been changed: its signature with the key {key} does not hold", key=key.vkey)
    return note


def cosigned(note: Note, policy: Policy, openssl: OpenSSL) -> set[str]:
    """The names of the policy's witnesses whose cosignatures hold (cosignature/v1: eight bytes of time, then the signature)."""
    found = set()
    for witness, key in policy.witnesses.items():
        for name, number, blob in note.signatures:
            if (name, number) == (key.name, key.id) and len(blob) == 72:
                said = f"cosignature/v1\ntime {int.from_bytes(blob[:8], 'big')}\n{note.text}".encode()
                if openssl.ed25519(key.public, said, blob[8:]):
                    found.add(witness)
    return found


# --------------------------------------------------------------------------------------------------- 7. entries of the ledger

INSTALLATION = "00000000-0000-4000-8000-000000000001"
OF_INSTALLATION = frozenset(
    "words-published sequence-published configuration-published notice-published form-published broadcast-fell-due sending-paused "
    "sending-resumed ledger-restored origin-begun signing-key-changed retention-applied breach-recorded".split()
)
OF_PEOPLE = frozenset(
    "subscriber-registered profile-changed consent-requested consent-given ground-declared consent-confirmed consent-expired "
    "consent-withdrawn list-joined list-left list-moved list-copied list-transferred letter-answered move-undone letter-begun "
    "letter-sent letter-deferred letter-failed letter-withheld letter-retried letter-in-doubt mail-bounced mail-complained subscriber-suppressed "
    "subscriber-reachable contact-noted call-honoured processing-restricted subscriber-erased segment-entered segment-left "
    "erasure-requested permission-asked permission-renewed right-exercised right-extended right-answered proof-archived proof-opened".split()
)
MENDABLE = ("cannot be rendered", "cannot be carried")
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TAIL = re.compile(rb'"stream":"(' + UUID.encode() + rb')","v":[0-9]+,"version":[0-9]+\}\Z')
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    position: int
    stream: str
    version: int
    name: str
    v: int
    at: int
    recorded_at: int
    cause: Mapping[str, object]
    data: Mapping[str, object]

    def text(self, name: str) -> str:
        found = self.data.get(name, "")
        return found if isinstance(found, str) else ""

    def number(self, name: str) -> int:
        return number(self.data.get(name, 0))


def number(value: object) -> int:
    """Integers are read as such, and nothing else is."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def read_json(data: bytes) -> object:
    """JSON that can be read in one way only: no name twice, no fraction, no integer that readers round. Raises Broken."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def refuse(said: str) -> object:
        raise ValueError

    def whole(said: str) -> int:
        if len(said) > 17 or not -LARGEST <= int(said) <= LARGEST:
            raise ValueError
        return int(said)

    try:
        return cast(object, json.loads(utf8(data), object_pairs_hook=once, parse_float=refuse, parse_constant=refuse, parse_int=whole))
    except (ValueError, RecursionError):
        raise Broken("is not JSON as it is written into the ledger") from None


def parse_entry(position: int, data: bytes) -> Entry:
    read = read_json(data)
    if not isinstance(read, dict) or set(read) != {"at", "cause", "data", "name", "recorded_at", "stream", "v", "version"}:
        raise Broken("is not an entry of a ledger")
    numbers = [read[name] for name in ("at", "recorded_at", "v", "version")]
    if any(type(each) is not int for each in numbers) or not isinstance(read["cause"], dict) or not isinstance(read["data"], dict):
        raise Broken("is not an entry of a ledger")
    if not isinstance(read["name"], str) or not isinstance(read["stream"], str) or not re.fullmatch(UUID, read["stream"]):
        raise Broken("is not an entry of a ledger")
    at, recorded_at, v, version = numbers
    return Entry(position, read["stream"], version, read["name"], v, at, recorded_at, read["cause"], read["data"])


def moment(instant: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    try:
        found = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=instant)
    except OverflowError:
        return str(instant)
    return found.strftime("%Y-%m-%dT%H:%M:%S") + f".{instant % 1000:03d}Z"


# ----------------------------------------------------------------------------------- 8. the rules, replayed fact by fact

WITHOUT_GROUND = ("confirmation", "rights")


class Life:
    """What one person's facts add up to, and what may never be among them.

    `live` and `asked` are purposes, `standing` is run by list. `origin` follows who came from where: one way through the lists, however often it
    moves, has one origin.
    """

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.asked: set[str] = set()
        self.barred = self.complained = self.restricted = self.erased = self.long_silent = False
        self.rights: set[str] = set()
        self.standing: dict[int, int] = {}
        self.origin: dict[int, int] = {}
        self.runs: set[int] = set()
        self.letter_runs: dict[str, int] = {}
        self.messages: dict[tuple[str, int, str], str] = {}
        self.settled: set[str] = set()
        self.mendable: set[str] = set()
        self.attempts: dict[str, int] = {}
        self.faults: list[str] = []

    def see(self, name: str, data: Mapping[str, object]) -> list[str]:
        """What is wrong with one more fact; `data` as the ledger stores it, without what has its default."""
        self.faults = []
        fact = Entry(0, "", 0, name, 1, 0, 0, {}, data)
        if self.erased and name == "subscriber-registered":
            self.faults.append("someone who was erased is registered again under the same id")
        if name == "letter-begun":
            self._begun(fact)
        self._grounds(fact)
        self._outcome(fact)
        self._origins(fact)
        for number_, run, joined in changes(fact):
            self._moves(fact, number_, run, joined)
        if name == "subscriber-erased":
            self.standing.clear()
        ways = [self.origin.get(run, run) for run in self.standing.values()]
        if len(ways) > len(set(ways)):
            self.faults.append("a move has doubled someone")
        return self.faults

    def _must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(otherwise)

    def _begun(self, fact: Entry) -> None:
        """P1: a letter needs a live ground where it was begun. A confirmation needs that it was asked for, a mail about a right that one was used."""
        kind, purpose, message, run = fact.text("kind"), fact.text("purpose"), fact.text("message"), fact.number("run")
        self._must(not self.erased, "a letter after erasure")
        if kind == "rights":
            self._must(bool(self.rights), "a mail about a right that nobody has used")
        else:
            self._must(not self.restricted, "a letter while processing was restricted")
        if kind == "confirmation":
            self._must(purpose in self.asked, "a confirmation mail nobody asked for")
            self._must(not self.complained, "a mail to someone who complained")
        elif kind == "permission":
            self._must(self.long_silent, "someone asked whether to go on who has been heard of")
            self._must(bool(self.live) and not self.barred, "a question whether to go on without any live ground")
        elif kind != "rights":
            self._must(purpose in self.live, "a letter without a live ground")
            self._must(not self.barred, "a letter to a suppressed address")
            self._must(self.standing.get(fact.number("list")) == run, "a letter of a list where nobody stands")
            matter = ("", run, fact.text("letter")) if kind == "letter" else (fact.text("key"), 0, fact.text("letter"))
            self._must(self.messages.setdefault(matter, message) == message, "a letter twice in one run")
        self._must(message not in self.settled, "a letter after its last word")
        self.attempts[message] = self.attempts.get(message, 0) + 1
        self._must(number(fact.data.get("attempt", 1)) == self.attempts[message], "an attempt that was not counted")
        self.letter_runs[message] = run

    def _grounds(self, fact: Entry) -> None:
        name, purpose = fact.name, fact.text("purpose")
        if name in ("consent-given", "ground-declared"):
            self.live.add(purpose)
        elif name == "consent-confirmed":
            self._must(purpose in self.asked, "a confirmation of nothing")
            self.live.add(purpose)
            self.asked.discard(purpose)
        elif name == "consent-requested":
            self.asked.add(purpose)
        elif name == "consent-expired":
            self.long_silent = self.long_silent and purpose != "*"
            self.asked.discard(purpose)
        elif name in ("permission-asked", "permission-renewed"):
            self.long_silent = name == "permission-asked"
        elif name == "consent-withdrawn":
            gone = self.live | self.asked if purpose == "*" else {purpose}
            self.live, self.asked = self.live - gone, self.asked - gone
        elif name in ("subscriber-suppressed", "mail-complained"):
            self.barred = True
            self.complained = self.complained or name == "mail-complained" or fact.text("why") == "complained"
        elif name == "mail-bounced":
            self.barred = self.barred or fact.text("kind") == "hard"
        elif name == "subscriber-reachable":
            self.barred = self.complained = False
        elif name == "processing-restricted":
            self.restricted = not fact.data.get("lifted", False)
        elif name == "right-exercised":
            self.rights.add(fact.text("request"))
        elif name == "subscriber-erased":
            self.erased, self.live, self.asked = True, set(), set()

    def _outcome(self, fact: Entry) -> None:
        taken = fact.name == "letter-in-doubt" and fact.text("settled") == "taken-as-sent"
        if taken or fact.name in ("letter-sent", "letter-failed", "letter-withheld"):
            message = fact.text("message")
            if message:
                self._must(message not in self.settled, "two last words about one letter")
                self.settled.add(message)
            if fact.name == "letter-withheld" and fact.text("why") in MENDABLE:
                self.mendable.add(message)
        elif fact.name == "letter-retried":
            # Withheld for what was mended since: its last word is taken back, once for each time.
            self._must(fact.text("message") in self.mendable, "a letter tried again that was not withheld for what can be mended")
            self.mendable.discard(fact.text("message"))
            self.settled.discard(fact.text("message"))

    def _origins(self, fact: Entry) -> None:
        run, source = fact.number("run"), fact.number("source_run")
        if fact.name == "list-moved":
            came_from = source or self.letter_runs.get(fact.text("message"), 0)
            self.origin.setdefault(run, self.origin.get(came_from, came_from or run))
        elif fact.name == "list-transferred" and source and not fact.data.get("copied", False):
            self.origin.setdefault(run, self.origin.get(source, source))
        elif fact.name in ("list-joined", "list-copied", "list-transferred"):
            self.origin.setdefault(run, run)

    def _moves(self, fact: Entry, list_: int, run: int, joined: bool) -> None:
        if not joined:
            self._must(self.standing.get(list_) == run, "someone left where they did not stand")
            self.standing.pop(list_, None)
            return
        self._must(list_ not in self.standing, "someone joined where they stood")
        if fact.name == "move-undone":
            self._must(run in self.runs, "a run was opened again that never was")
        else:
            self._must(run not in self.runs, "a run was used twice")
        self.runs.add(run)
        self.standing[list_] = run


def changes(fact: Entry) -> Iterator[tuple[int, int, bool]]:
    """What a fact changes about where a person stands: (list, run, whether joined), in order. Moves are stored resolved: no rule is needed."""
    name, data = fact.name, fact.data
    if name in ("list-joined", "list-left"):
        yield fact.number("list"), fact.number("run"), name == "list-joined"
    elif name == "list-copied":
        yield fact.number("target"), fact.number("run"), True
    elif name in ("list-moved", "list-transferred"):
        if fact.number("source_run") and not data.get("copied", False):
            yield fact.number("source"), fact.number("source_run"), False
        if data.get("joined", True):
            yield fact.number("target"), fact.number("run"), True
    elif name == "move-undone":
        if fact.number("left_run"):
            yield fact.number("left"), fact.number("left_run"), False
        reopened = data.get("reopened", [])
        for pair in reopened if isinstance(reopened, (list, tuple)) else []:
            if isinstance(pair, (list, tuple)) and len(pair) == 2:
                yield number(pair[0]), number(pair[1]), True


@dataclass
class Origins:
    """Which origins and keys the ledger itself names, and when it was put back from a copy."""

    begun: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    restored: list[Entry] = field(default_factory=list)

    def see(self, entry: Entry) -> None:
        kept = {"origin-begun": self.begun, "signing-key-changed": self.changed, "ledger-restored": self.restored}.get(entry.name)
        if kept is not None:
            kept.append(entry)

    def keys(self, origin: str, openssl: OpenSSL, report: Report, where: Callable[[Entry], str]) -> list[Key]:
        """The keys of an origin, oldest first: the one it began with, and each that the one before has named (F13)."""
        found: list[Key] = []
        for entry in sorted((*self.begun, *self.changed), key=lambda entry: entry.position):
            if entry.name == "origin-begun" and entry.text("origin") == origin:
                key = report.attempt(where(entry), parse_vkey, entry.text("vkey"))
                found += [key] if key else []
            elif entry.name == "signing-key-changed" and found and entry.text("vkey").partition("+")[0] == origin:
                key = report.attempt(where(entry), named_by, entry, found[-1], openssl)
                found += [key] if key else []
        if not found and any(entry.text("previous") == origin for entry in self.begun):
            # A ledger that was put back may have lost that this origin began; the keys are the same, in its name.
            known = [report.attempt(where(entry), parse_vkey, entry.text("vkey")) for entry in (*self.begun, *self.changed)]
            found = [renamed(key, origin) for key in known if key is not None]
        return found

    def kept(self, origin: str) -> int:
        """Up to which size the trees of an origin are still within this ledger: what a restoration lost is not."""
        begun = max((entry.position for entry in self.begun if entry.text("origin") == origin), default=0)
        return min((entry.number("position") for entry in self.restored if entry.position > begun), default=LARGEST)

    def follows(self, origin: str, former: str) -> bool:
        """Whether `former` is one of the origins that led to `origin`."""
        previous = {entry.text("origin"): entry.text("previous") for entry in self.begun}
        for _ in range(len(previous)):
            origin = previous.get(origin, "")
            if origin and origin == former:
                return True
        return False


def named_by(entry: Entry, former: Key, openssl: OpenSSL) -> Key:
    """The new key of a change, when the note in it is signed by the former and names the new. Raises Broken."""
    note = parse_note(entry.text("note").encode())
    verify_note(note, former, openssl)
    if entry.text("vkey") not in note.text.split("\n"):
        raise Broken("changes the signing key without the former key having named the new one")
    return parse_vkey(entry.text("vkey"))


# ------------------------------------------------------------------------------------ 9. what others hold: checkpoints, stamps


@dataclass
class Given:
    """What the auditor brings along. `checkpoints` and `consistency` are (label, bytes)."""

    checkpoints: list[tuple[str, bytes]] = field(default_factory=list)
    consistency: list[tuple[str, bytes]] = field(default_factory=list)
    ledger: str = ""
    vkey: str = ""
    tsa: bytes = b""
    facts: bool = False
    members: str = ""


@dataclass
class Head:
    """The tree that is examined: its signed head, the keys it may be signed with, what the ledger says of former heads, and roots of smaller trees."""

    checkpoint: Checkpoint
    keys: list[Key]
    origins: Origins
    root_at: Callable[[int], bytes | None]
    whole: bool = False
    """Whether it is a whole ledger, which holds all there is; a bundle may be older than what others hold."""


LOST = "{label} covers entries up to {size}; the ledger was put back from a copy that ended before, and no longer has them all"
ALONE = "that nothing else was ever signed in its place: attested by the operator alone, nobody else is known to hold this checkpoint"
ALONE_SINCE = (
    "that nothing else was ever signed in place of what follows from position {first} on: attested by the operator alone, nobody else is known to hold "
    "a checkpoint that reaches so far"
)
NOTE_IN_TEXT = re.compile(r"^[^\s+]+\n(?:0|[1-9][0-9]*)\n[A-Za-z0-9+/]{43}=\n\n(?:— [^\s+]+ [A-Za-z0-9+/=]+\n)+", re.MULTILINE)


def notes_in(data: bytes) -> list[bytes]:
    """The checkpoints in a file: the note itself, or a mail with it in its text, or in base64 in a header whose name ends with "checkpoint"."""
    texts = [data.decode("utf-8", "replace")]
    mail = email.message_from_bytes(data)
    for name, value in mail.items():
        if name.lower().endswith("checkpoint"):
            try:
                texts.append(base64.b64decode("".join(str(value).split()), validate=True).decode("utf-8", "replace"))
            except (binascii.Error, ValueError):
                continue
    for part in mail.walk():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            texts.append(body.decode("utf-8", "replace"))
    found = [match[0].encode() for text in texts for match in NOTE_IN_TEXT.finditer(text.replace("\r\n", "\n"))]
    return list(dict.fromkeys(found))


def parse_consistency(data: bytes) -> tuple[int, list[bytes]]:
    """A proof that one tree begins with another, as a log hands it to its witnesses (C2SP tlog-witness: "old N", the hashes, an empty line)."""
    head, gap, _ = utf8(data).partition("\n\n")
    lines = head.split("\n")
    old = re.fullmatch(r"old (0|[1-9][0-9]{0,15})", lines[0])
    path = [unbase64(line) for line in lines[1:]]
    if not gap or old is None or len(path) > 63 or any(len(step) != 32 for step in path):
        raise Broken("is not a proof of consistency (old N, hashes, an empty line)")
    return int(old[1]), path


def held_elsewhere(given: Given, head: Head, report: Report, openssl: OpenSSL) -> int:
    """Hold the tree against each checkpoint that others kept; how many of its entries the largest one that agrees vouches for."""
    vouched = 0
    proofs: dict[int, list[bytes]] = {}
    for label, data in given.consistency:
        found = report.attempt(label, parse_consistency, data)
        if found:
            proofs[found[0]] = found[1]
    for label, data in given.checkpoints:
        notes = notes_in(data)
        if not notes:
            report.wrong(label, "holds no checkpoint")
        for note in notes:
            held = report.attempt(label, parse_checkpoint, note)
            if held is not None and _against(label, held, head, proofs, report, openssl):
                vouched = max(vouched, min(held.size, head.checkpoint.size))
    return vouched


def alone(vouched: int, size: int, report: Report) -> None:
    """What nobody vouches for but the operator, when neither a stamp nor a witness does."""
    if not vouched:
        report.open(ALONE)
    elif vouched < size:
        report.open(ALONE_SINCE, first=vouched + 1)


def _against(label: str, held: Checkpoint, head: Head, proofs: Mapping[int, list[bytes]], report: Report, openssl: OpenSSL) -> bool:
    own = head.checkpoint
    former = held.origin != own.origin
    if former and not head.origins.follows(own.origin, held.origin):
        report.wrong(
            label,
            "is a checkpoint of {held}, which {origin} does not name as one it follows: another log, or a history begun anew",
            held=held.origin,
            origin=own.origin,
        )
        return False
    keys = head.origins.keys(held.origin, openssl, report, lambda entry: label) if former else head.keys
    signer = next((key for key in keys if any((key.name, key.id) == (name, number_) for name, number_, _ in held.note.signatures)), None)
    if signer is None:
        report.wrong(label, "is not signed with a key of this log")
        return False
    if report.attempt(label, verify_note, held.note, signer, openssl) is None:
        return False
    if held.size > head.origins.kept(held.origin) and (held.origin, held.size) != (own.origin, own.size):
        report.open(
            LOST,
            label=label,
            size=held.size,
        )
        return False
    if held.size > own.size:
        found = head.root_at(held.size)
        if found is None and head.whole:
            report.wrong(
                label, "covers {size} entries, more than are handed over: an older copy was given, or the ledger has been rolled back", size=held.size
            )
            return False
        if found is None:
            report.open("{label} is of a later tree ({size} entries): hold both against the whole ledger (--with)", label=label, size=held.size)
            return False
    else:
        found = own.root if held.size == own.size else head.root_at(held.size)
    if found is None and held.size in proofs:
        found = held.root if is_consistent(held.size, held.root, own.size, own.root, proofs[held.size]) else b""
    if found is None:
        report.open(
            "{label} is of an earlier tree ({size} entries): only the whole ledger (--with) shows whether this one begins with it",
            label=label,
            size=held.size,
        )
        return False
    if found != held.root:
        report.wrong(label, "is a signed checkpoint with {size} entries and another root: the history has been rewritten since", size=held.size)
        return False
    report.holds("the history agrees with the checkpoint held elsewhere in {label} ({size} entries)", label=label, size=held.size)
    return True


def stamped(shelf: Shelf, given: Given, report: Report, openssl: OpenSSL) -> datetime.datetime | None:
    """When a time stamping authority saw the checkpoint (F10)."""
    if "checkpoint.tsr" not in shelf.names:
        return None

    def verify() -> datetime.datetime:
        chain = shelf.read("tsa-chain.pem")
        return openssl.verify_stamp(shelf.read("checkpoint"), shelf.read("checkpoint.tsr"), chain, given.tsa or chain)

    when = report.attempt("checkpoint.tsr", verify)
    if when is None:
        return None
    said = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    report.holds("the checkpoint existed at {when} at the latest: a time stamping authority has stamped it", when=said)
    if not given.tsa:
        report.open(
            "the authority's certificates are those that came along; its root has the SHA-256 fingerprint {print}: compare it, or give --tsa-ca",
            print=fingerprint(shelf.read("tsa-chain.pem")),
        )
    return when


def fingerprint(pem: bytes) -> str:
    """Of the last certificate of a chain, as browsers and openssl show it."""
    blocks = re.findall(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", pem)
    try:
        return hashlib.sha256(base64.b64decode(blocks[-1])).hexdigest() if blocks else "?"
    except binascii.Error:
        return "?"


def signed_head(shelf: Shelf, given: Given, report: Report, openssl: OpenSSL) -> tuple[Checkpoint | None, Key | None, set[str]]:
    """The checkpoint, when its signature holds; the key in vkey.txt; the witnesses that cosigned it."""
    key = report.attempt("vkey.txt", lambda: parse_vkey("\n".join(whole_lines(shelf.text("vkey.txt")))))
    checkpoint = report.attempt("checkpoint", lambda: parse_checkpoint(shelf.read("checkpoint")))
    policy = report.attempt("policy.txt", lambda: parse_policy(shelf.text("policy.txt")))
    witnesses: set[str] = set()
    if key is None or checkpoint is None:
        return None, key, witnesses
    if key.name != checkpoint.origin or key.kind != ED25519:
        report.wrong("checkpoint", "is a checkpoint of {origin}; the key in vkey.txt is not its own", origin=checkpoint.origin)
    if report.attempt("checkpoint", verify_note, checkpoint.note, key, openssl) is None:
        return None, key, witnesses
    report.holds("the checkpoint ({size} entries) is signed with the key {key}", size=checkpoint.size, key=key.vkey)
    if policy is not None:
        if key.public not in [log.public for log in policy.logs]:
            report.wrong("policy.txt", "does not name the key in vkey.txt as that of its log")
        witnesses = cosigned(checkpoint.note, policy, openssl)
        if not policy.is_met(witnesses):
            report.wrong("checkpoint", "has not been cosigned by the witnesses that policy.txt asks for")
        elif witnesses:
            report.holds("witnesses have cosigned the checkpoint: {names}", names=", ".join(sorted(witnesses)))
    return checkpoint, key, witnesses


def anchored(key: Key, keys: Sequence[Key], given: Given, report: Report) -> None:
    """The key must be one the ledger itself names, and the one the auditor was told of another way (F13)."""
    if key not in keys:
        report.wrong("vkey.txt", "is a key that the ledger does not name as its own (origin-begun, signing-key-changed)")
    if not given.vkey:
        report.open("that the key is the operator's: it is the one that came along; compare it with the one published elsewhere, or give --vkey")
    elif any(each.vkey == given.vkey for each in (*keys, key)):
        report.holds("the key is the published one, or one that it has named")
    else:
        report.wrong("vkey.txt", "is not the published key, nor one that it has named: {key}", key=given.vkey)


# ------------------------------------------------------------------------------------------------ 10. a bundle: one person


@dataclass
class Bundle:
    """One person's proof, examined file by file."""

    shelf: Shelf
    given: Given
    report: Report
    openssl: OpenSSL
    entries: dict[int, Entry] = field(default_factory=dict)
    stored: dict[int, bytes] = field(default_factory=dict)
    stream: str = ""
    origins: Origins = field(default_factory=Origins)

    def verify(self) -> None:
        self.shelf.begin()
        checkpoint, key, witnesses = signed_head(self.shelf, self.given, self.report, self.openssl)
        when = stamped(self.shelf, self.given, self.report, self.openssl) if checkpoint is not None else None
        if checkpoint is None or key is None:
            self.shelf.finish()
            return
        versions = self._promise(checkpoint, key)
        self._included(checkpoint)
        for entry in self._of(INSTALLATION):
            self.origins.see(entry)
        anchored(key, self.origins.keys(checkpoint.origin, self.openssl, self.report, where), self.given, self.report)
        own = self._of(self.stream)
        self._gapless(own, versions)
        self._lived(own)
        self._evidence(own)
        self._words(own)
        self._person()
        ledger = self._whole(checkpoint, own) if self.given.ledger else None
        head = Head(
            checkpoint,
            [key, *self.origins.keys(checkpoint.origin, self.openssl, self.report, where)],
            self.origins,
            lambda size: ledger.get(size) if ledger else None,
        )
        vouched = held_elsewhere(self.given, head, self.report, self.openssl)
        if not (when or witnesses):
            alone(vouched, checkpoint.size, self.report)
        if ledger is None:
            self.report.open(
                "that nothing about this person follows or was left out: the operator's signed word (stream.note), which the whole ledger "
                "can refute (--with)"
            )
        self._dates(own, when)
        self._unexpected()
        self.shelf.finish()
        self.report.more["facts"] = [told(entry) for entry in own]

    def _of(self, stream: str) -> list[Entry]:
        return sorted((entry for entry in self.entries.values() if entry.stream == stream), key=lambda entry: entry.version)

    def _promise(self, checkpoint: Checkpoint, key: Key) -> int:
        """stream.note: how many facts there are about this person in this tree, and which files were handed over."""
        note = self.report.attempt("stream.note", lambda: verify_note(parse_note(self.shelf.read("stream.note")), key, self.openssl))
        match = PROMISE.fullmatch(note.text) if note is not None else None
        if match is None or (match[1], int(match[4])) != (checkpoint.origin, checkpoint.size):
            if note is not None:
                self.report.wrong("stream.note", "is not the note that belongs to this checkpoint")
            return 0
        files = {name: digest for digest, name in (line.split("  ") for line in match[6].splitlines())}
        here = {name: digest for name, digest in self.shelf.sums.items() if name != "stream.note"}
        if match[5] != entries_digest(here):
            self.report.wrong("entries/", "are not those that stream.note was signed with: one has been added, removed or replaced")
        for name in sorted(files.keys() | {name for name in here if not name.startswith("entries/")}):
            if name not in here:
                self.report.wrong(name, "is missing: stream.note was signed with it")
            elif files.get(name) != here[name]:
                self.report.wrong(name, "has been added or replaced: it is not a file that stream.note was signed with")
        self.stream = match[2]
        return int(match[3])

    def _included(self, checkpoint: Checkpoint) -> None:
        positions, proven = set[int](), 0
        for name in self.shelf.names:
            match = re.fullmatch(r"entries/([0-9]{10})\.(json|tlog-proof)", name)
            if match is not None:
                positions.add(int(match[1]))
        for position in sorted(positions):
            name = f"entries/{position:010d}.json"
            data = self.report.attempt(name, self.shelf.read, name)
            entry = self.report.attempt(name, parse_entry, position, data) if data is not None else None
            if data is None or entry is None:
                continue
            self.entries[position], self.stored[position] = entry, data
            proof = f"entries/{position:010d}.tlog-proof"
            proven += self.report.attempt(proof, self._proof, proof, position, data, checkpoint) or 0
        if proven:
            self.report.holds("{n} entries are in the tree, each at its own position", n=proven)

    def _proof(self, name: str, position: int, entry: bytes, checkpoint: Checkpoint) -> int:
        proof = parse_proof(self.shelf.read(name))
        if proof.index != position - 1:
            raise Broken("is the proof of another position ({index})", index=proof.index + 1)
        if proof.checkpoint != self.shelf.read("checkpoint"):
            raise Broken("leads to another checkpoint than the one of this bundle")
        if root_from_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.path) != checkpoint.root:
            raise Broken("does not lead from its entry to the signed root: the entry or the proof has been changed")
        return 1

    def _gapless(self, own: Sequence[Entry], versions: int) -> None:
        """Every fact about this person, from the first to the last that stream.note vouches for."""
        by_version: dict[int, Entry] = {}
        for entry in own:
            if entry.version in by_version:
                self.report.wrong(where(entry), "is the second entry with version {version} of this person", version=entry.version)
            by_version[entry.version] = entry
        missing = sorted(set(range(1, min(versions, MAX_NAMES) + 1)) - set(by_version))
        for version in missing[:SAID_AT_MOST]:
            self.report.wrong("entries/", "the person's fact number {version} of {versions} is missing", version=version, versions=versions)
        for version in sorted(set(by_version) - set(range(1, versions + 1))):
            self.report.wrong(where(by_version[version]), "goes beyond the {versions} facts that stream.note vouches for", versions=versions)
        places = [entry.position for entry in own]
        if places != sorted(places):
            self.report.wrong("entries/", "the person's facts do not stand in the ledger in their order")
        for entry in self.entries.values():
            if entry.stream not in (self.stream, INSTALLATION):
                self.report.wrong(where(entry), "is about somebody else")
        if versions and not missing:
            self.report.holds("the person's {n} facts are all here, numbered without a gap", n=versions)

    def _lived(self, own: Sequence[Entry]) -> None:
        life, letters, faults = Life(), 0, 0
        for entry in own:
            letters += entry.name == "letter-begun"
            for fault in life.see(entry.name, entry.data):
                faults += 1
                self.report.wrong(where(entry), fault)
            if entry.name not in OF_PEOPLE or entry.v != 1:
                self.report.open("what {name} ({file}) means: this program does not know it", name=entry.name, file=where(entry))
        if own and not faults:
            self.report.holds("each of {n} letters begun had a live ground at that moment, or was one that needs none", n=letters)

    def _evidence(self, own: Sequence[Entry]) -> None:
        """Each piece belongs to a fact that commits to it, or to a piece that does, and is what was committed to (E06)."""
        expected: dict[str, str] = {}
        for entry in own:
            for digest in (entry.cause.get("evidence"), entry.data.get("mail")):
                if isinstance(digest, str) and DIGEST.fullmatch(digest):
                    expected.setdefault(digest, where(entry))
        held, found = self._held_evidence(), set[str]()
        waiting = sorted({digest for entry in own for said in (entry.cause, entry.data) for digest in digests_in(said)} & set(held))
        while waiting:
            digest = waiting.pop()
            found.add(digest)
            payload = self.report.attempt(f"evidence/{digest}.json", self._commitment, digest)
            waiting += sorted(set(digests_in(payload)) & set(held) - found - set(waiting))
        for digest in sorted(set(held) - found):
            self.report.wrong(held[digest], "is evidence that no fact of this person commits to")
        if found:
            self.report.holds("all evidence that is held ({n}) is exactly what the facts committed to when they were written", n=len(found))
        for digest, place in expected.items():
            if digest not in held:
                self.report.open("what lay behind {file}: its evidence ({digest}) is not held any more", file=place, digest=digest[:16])

    def _held_evidence(self) -> dict[str, str]:
        """Which pieces there are: a file by its digest."""
        held: dict[str, str] = {}
        for name in sorted(self.shelf.names):
            match = re.fullmatch(r"evidence/([0-9a-f]{64})\.(json|salt)", name)
            if match is not None:
                held[match[1]] = name
                for other in ("json", "salt"):
                    if f"evidence/{match[1]}.{other}" not in self.shelf.names:
                        self.report.wrong(f"evidence/{match[1]}.{other}", "is missing")
        return held

    def _commitment(self, digest: str) -> object:
        """What the evidence says, when it is what was committed to. Raises Broken."""
        payload = self.shelf.read(f"evidence/{digest}.json")
        salt = self.report.attempt(f"evidence/{digest}.salt", lambda: parse_salt(self.shelf.text(f"evidence/{digest}.salt")))
        if salt is None:
            return None
        found = hashlib.sha256(b"commit/v1\0" + salt + payload).hexdigest()
        if not hmac.compare_digest(found, digest):
            raise Broken("is not what the fact committed to: the evidence or its salt has been changed")
        return read_json(payload)

    def _words(self, own: Sequence[Entry]) -> None:
        """Published words are complete and what their digest says; what the person was shown and sent is among them."""
        pieces: dict[str, dict[int, Entry]] = {}
        published = self._of(INSTALLATION)
        for entry in published:
            if entry.name == "words-published":
                pieces.setdefault(entry.text("digest"), {})[entry.number("part")] = entry
        whole = 0
        for digest, parts in sorted(pieces.items()):
            name = f"words/{digest}.txt"
            count = next(iter(parts.values())).number("parts")
            text = "".join(entry.text("text") for _, entry in sorted(parts.items()))
            if sorted(parts) != list(range(count)) or hashlib.sha256(text.encode()).hexdigest() != digest:
                self.report.wrong(
                    where(next(iter(parts.values()))), "is a part of words whose other parts are missing or changed ({digest})", digest=digest
                )
            else:
                whole += self.report.attempt(name, self._published, name, text.encode()) or 0
        for name in sorted(self.shelf.names):
            if name.startswith("words/") and name[6:-4] not in pieces:
                self.report.wrong(name, "is not among the published words of this bundle")
        if whole:
            self.report.holds("{n} texts are the published ones, word for word", n=whole)
        self._referred(own, published, set(pieces))

    def _published(self, name: str, text: bytes) -> int:
        if self.shelf.read(name) != text:
            raise Broken("is not what was published under this digest")
        return 1

    def _referred(self, own: Sequence[Entry], published: Sequence[Entry], words: set[str]) -> None:
        notices = {entry.text("digest") for entry in published if entry.name == "notice-published"}
        editions = {entry.number("edition") for entry in published if entry.name == "sequence-published"}
        for entry in own:
            notice, edition = entry.text("notice"), entry.number("edition")
            if notice and notice not in words:
                self.report.wrong(f"words/{notice}.txt", "is missing: it is the notice of {file}", file=where(entry))
            elif notice and notice not in notices:
                self.report.open("that the notice of {file} was in force then: its publication is not among the entries", file=where(entry))
            if entry.name == "letter-begun" and edition not in editions:
                self.report.wrong(where(entry), "names edition {edition}, whose publication is missing among the entries", edition=edition)

    def _person(self) -> None:
        if "person.json" not in self.shelf.names:
            self.report.open("who this is: the person is not known any more (person.json is not there)")
            return
        person = self.report.attempt("person.json", lambda: read_json(self.shelf.read("person.json")))
        if person is None:
            return
        if not isinstance(person, dict) or not isinstance(person.get("address"), str):
            self.report.wrong("person.json", "does not say who the person is")
        elif person.get("stream") != self.stream:
            self.report.wrong("person.json", "is about somebody else")
        else:
            self.report.more["address"] = person["address"]
            self.report.open("that this person is {address}: the ledger names nobody, it is the operator's word", address=person["address"])

    def _whole(self, checkpoint: Checkpoint, own: Sequence[Entry]) -> dict[int, bytes]:
        """Hold the bundle against the whole ledger: whatever it has about this person must be here, byte for byte."""
        shelf = open_shelf(self.given.ledger, self.report)
        wanted = {checkpoint.size} | {held.size for held in all_held(self.given)}
        ledger = Ledger(shelf, Given(), Report(self.report.language), self.openssl)
        later: list[Entry] = []
        differs: list[int] = []
        left_out: list[Entry] = []

        def see(position: int, data: bytes, stream: str) -> None:
            if position in self.stored and position <= checkpoint.size:
                if data != self.stored[position]:
                    differs.append(position)
            elif stream == self.stream:
                (later if position > checkpoint.size else left_out).append(parse_entry(position, data))
            if stream == INSTALLATION:
                ledger.origins.see(parse_entry(position, data))

        roots = ledger.light(wanted, see)
        for file, reason in ledger.report.wrong_things:
            self.report.wrong_things.append((printable(f"{self.given.ledger}: {file}"), reason))
        until = min(checkpoint.size, ledger.kept(checkpoint.origin))
        for position in differs:
            if position <= until:
                self.report.wrong(f"entries/{position:010d}.json", "is not what the whole ledger has at this position")
        for entry in left_out:
            if entry.position <= until:
                self.report.wrong(
                    f"entries/{entry.position:010d}.json",
                    "was left out: the whole ledger has {name} about this person here (version {version})",
                    name=entry.name,
                    version=entry.version,
                )
            else:
                later.append(entry)
        if until < checkpoint.size:
            self.report.open(LOST, label="checkpoint", size=checkpoint.size)
            ledger.tell_restored(self.report)
        elif checkpoint.size > ledger.size:
            raise Refused(
                "{path} ends at {size}, before the checkpoint of the bundle: it cannot be held against it", path=self.given.ledger, size=ledger.size
            )
        elif roots.get(checkpoint.size) != checkpoint.root:
            self.report.wrong(
                "checkpoint", "is not the root of the whole ledger at {size} entries: two histories have been signed", size=checkpoint.size
            )
        else:
            self.report.holds(
                "the whole ledger has the same root at {size} entries, and nothing else about this person up to there", size=checkpoint.size
            )
        self.origins = ledger.origins
        if later:
            names = ", ".join(f"{entry.name} ({entry.position})" for entry in later[:20])
            self.report.note("the whole ledger has {n} later facts about this person: {names}", n=len(later), names=names)
        return roots

    def _dates(self, own: Sequence[Entry], when: datetime.datetime | None) -> None:
        """F16: dates are claims; the stamp of a checkpoint that covers them is what bounds them."""
        if not own:
            return
        if when is None:
            self.report.open("when these facts were written: both dates of an entry are the operator's, and no authority has stamped this checkpoint")
            return
        self.report.open(
            "when these facts were written, other than that it was before {when}: both dates of an entry are the operator's",
            when=when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        for entry in own:
            if entry.recorded_at > (when.timestamp() + 300) * 1000:
                self.report.wrong(where(entry), "says that it was recorded after the checkpoint that covers it was stamped")

    def _unexpected(self) -> None:
        allowed = r"(VERIFIER\.md|verify\.py|SHA256SUMS|vkey\.txt|policy\.txt|checkpoint|checkpoint\.tsr|tsa-chain\.pem|stream\.note|person\.json"
        allowed += r"|entries/[0-9]{10}\.(json|tlog-proof)|evidence/[0-9a-f]{64}\.(json|salt)|words/[0-9a-f]{64}\.txt)"
        for name in sorted(self.shelf.names):
            if not re.fullmatch(allowed, name):
                self.report.wrong(name, "is a file that no bundle has")


PROMISE = re.compile(
    rf"(\S+)\nstream ({UUID})\nversions ([1-9][0-9]{{0,15}})\nsize (\d{{1,16}})\nentries ([0-9a-f]{{64}})\n((?:[0-9a-f]{{64}}  \S+\n)*)"
)


def entries_digest(sums: Mapping[str, str]) -> str:
    """What stream.note says of the files in entries/, which are many: the SHA-256 of their lines in SHA256SUMS."""
    lines = (f"{digest}  {name}\n" for name, digest in sorted(sums.items()) if name.startswith("entries/"))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def where(entry: Entry) -> str:
    return f"entries/{entry.position:010d}.json"


def parse_salt(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}\n", text):
        raise Broken("is not a salt, 32 bytes in hexadecimal")
    return bytes.fromhex(text[:64])


def digests_in(said: object) -> list[str]:
    """Every text in a value that is a SHA-256 in hexadecimal."""
    found, waiting = [], [said]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and DIGEST.fullmatch(each):
            found.append(each)
        elif isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def told(entry: Entry) -> dict[str, object]:
    """A fact for a list: where it stands, what it says, and both dates as claimed."""
    said = {name: entry.data[name] for name in sorted(entry.data) if name not in ("text", "message")}
    door = entry.cause.get("door", "")
    return {
        "position": entry.position,
        "version": entry.version,
        "event": entry.name,
        "at": moment(entry.at),
        "recorded_at": moment(entry.recorded_at),
        "door": door,
        "data": said,
    }


def all_held(given: Given) -> Iterator[Checkpoint]:
    for _, data in given.checkpoints:
        for note in notes_in(data):
            try:
                yield parse_checkpoint(note)
            except Broken:
                continue


# ------------------------------------------------------------------------------------------------------- 11. a whole ledger


@dataclass
class Ledger:
    """A whole ledger, read from its first entry to its last."""

    shelf: Shelf
    given: Given
    report: Report
    openssl: OpenSSL
    origins: Origins = field(default_factory=Origins)
    size: int = 0

    def light(self, wanted: Iterable[int], see: Callable[[int, bytes, str], None]) -> dict[int, bytes]:
        """The tree alone, against the signed head: roots at the sizes that are wanted, every entry shown to `see`."""
        self.shelf.begin()
        checkpoint, _, _ = signed_head(self.shelf, self.given, self.report, self.openssl)
        self.size = checkpoint.size if checkpoint is not None else 0
        roots = self._scan({*wanted, self.size}, see)
        if checkpoint is not None:
            self._rooted(checkpoint, roots)
        self.shelf.finish()
        return roots

    def kept(self, origin: str) -> int:
        """Up to which size a tree of `origin` is within this ledger, which may have been put back from a copy since."""
        last = max(self.origins.begun, key=lambda entry: entry.position, default=None)
        own = last is None or last.text("origin") == origin or not self.origins.follows(last.text("origin"), origin)
        return LARGEST if own else self.origins.kept(origin)

    def tell_restored(self, report: Report) -> None:
        for entry in self.origins.restored:
            report.note("the ledger says that it was put back from a copy which ended at {size} ({when}): what was written after that is lost",
                        size=entry.number("position"), when=moment(entry.at))  # fmt: skip

    def verify(self) -> None:
        self.shelf.begin()
        checkpoint, key, witnesses = signed_head(self.shelf, self.given, self.report, self.openssl)
        if checkpoint is None or key is None:
            self.shelf.finish()
            return
        self.size = checkpoint.size
        signed = self._signed()
        wanted = {checkpoint.size, *(each.size for each in signed.values()), *(held.size for held in all_held(self.given))}
        passes = 1 + checkpoint.size // ENTRIES_AT_ONCE
        people = People(self.report)
        roots = self._scan(wanted, self._seen_by(people, 0, passes))
        people.close(self.given.members)
        for share in range(1, passes):
            self._scan((), self._seen_by(people, share, passes))
            people.close(self.given.members)
        self._rooted(checkpoint, roots)
        keys = self.origins.keys(checkpoint.origin, self.openssl, self.report, self._where)
        anchored(key, keys, self.given, self.report)
        self._earlier(checkpoint, signed, roots)
        people.sum_up()
        when = stamped(self.shelf, self.given, self.report, self.openssl)
        vouched = held_elsewhere(self.given, Head(checkpoint, [key, *keys], self.origins, roots.get, True), self.report, self.openssl)
        if not (when or witnesses):
            alone(vouched, checkpoint.size, self.report)
        self.report.open("when these facts were written: both dates of an entry are the operator's; a stamp of a checkpoint bounds what it covers")
        self.report.open("that what happened was written down at all: a ledger shows what was recorded, and that nothing of it was changed since")
        self.shelf.finish()

    def _where(self, entry: Entry) -> str:
        return self._place(entry.position)

    def _place(self, position: int) -> str:
        n = (position - 1) // PER_TILE
        return f"tile/entries/{tile_name(n)}{partial(self.size, n)} ({position})"

    def _seen_by(self, people: People, share: int, passes: int) -> Callable[[int, bytes, str], None]:
        """What one pass does with an entry: its share of the people, and in the first the installation's own facts."""

        def see(position: int, data: bytes, stream: str) -> None:
            installation = stream == INSTALLATION
            if share != (0 if installation else int(stream[:8], 16) % passes):
                return
            place = self._place(position)
            entry = self.report.attempt(place, parse_entry, position, data)
            if entry is None:
                return
            if installation:
                self.origins.see(entry)
            people.see(entry, place)

        return see

    def _tile(self, name: str, width: int) -> list[bytes]:
        return parse_tile(self.shelf.read(name), width)

    def _checkpoint(self, name: str) -> Checkpoint:
        return parse_checkpoint(self.shelf.read(name))

    def _scan(self, wanted: Iterable[int], see: Callable[[int, bytes, str], None]) -> dict[int, bytes]:
        """Every entry in order; the roots of the tree at the sizes that are wanted. Raises Refused where no tile can be read at all."""
        tree, roots, sizes = Tree(), dict[int, bytes](), set(wanted)
        if 0 in sizes:
            roots[0] = tree.root()
        tiles = -(-self.size // PER_TILE)
        expected = {f"tile/entries/{tile_name(n)}{partial(self.size, n)}" for n in range(tiles)}
        for name in sorted(name for name in self.shelf.names if name.startswith("tile/") and name not in expected):
            self.report.wrong(name, "is a tile that a ledger of {size} entries does not have", size=self.size)
        for n in range(tiles):
            name = f"tile/entries/{tile_name(n)}{partial(self.size, n)}"
            width = min(PER_TILE, self.size - n * PER_TILE)
            entries = self.report.attempt(name, self._tile, name, width)
            if entries is None:
                # Without this tile the root cannot be computed; the rest is still read for what it says of people.
                tree.size = -1
                continue
            for place, data in enumerate(entries, n * PER_TILE + 1):
                if sizes and tree.size >= 0:
                    tree.add(leaf_hash(data))
                    if tree.size in sizes:
                        roots[tree.size] = tree.root()
                tail = TAIL.search(data)
                if tail is None:
                    self.report.wrong(self._place(place), "is not an entry of a ledger")
                else:
                    see(place, data, tail[1].decode())
            if n % 64 == 0:
                progress(n * PER_TILE, self.size)
        progress(self.size, self.size)
        return roots

    def _rooted(self, checkpoint: Checkpoint, roots: Mapping[int, bytes]) -> None:
        if roots.get(checkpoint.size) != checkpoint.root:
            self.report.wrong(
                "checkpoint", "is not the root of these {size} entries: an entry has been changed, added, removed or moved", size=checkpoint.size
            )
        else:
            self.report.holds("the tree of all {size} entries has the signed root: none was changed, added, removed or moved", size=checkpoint.size)

    def _signed(self) -> dict[str, Checkpoint]:
        """Every checkpoint ever signed, by its file."""
        found = {}
        for name in sorted(self.shelf.names):
            if name.startswith("checkpoints/"):
                read = self.report.attempt(name, self._checkpoint, name)
                match = re.fullmatch(r"checkpoints/([1-9][0-9]*)-(0|[1-9][0-9]*)", name)
                if read is not None and (match is None or int(match[2]) != read.size):
                    self.report.wrong(name, "is a checkpoint of {size} entries under the name of another", size=read.size)
                elif read is not None:
                    found[name] = read
        return found

    def _earlier(self, own: Checkpoint, signed: Mapping[str, Checkpoint], roots: Mapping[int, bytes]) -> None:
        """The history agrees with every checkpoint that was ever signed, except where the ledger itself says that a restoration lost entries."""
        good = 0
        for name, each in signed.items():
            keys = self.origins.keys(each.origin, self.openssl, self.report, self._where)
            if not keys:
                self.report.wrong(name, "is a checkpoint of an origin that the ledger does not name ({origin})", origin=each.origin)
            elif not any(self._signs(each, key) for key in keys):
                self.report.wrong(name, "is not signed with a key of this log")
            elif each.size > self.origins.kept(each.origin):
                self.report.open(LOST, label=name, size=each.size)
            elif each.size > own.size:
                self.report.wrong(name, "covers {size} entries, more than are handed over: the ledger has been rolled back", size=each.size)
            elif roots.get(each.size) != each.root:
                self.report.wrong(
                    name, "is a signed checkpoint with {size} entries and another root: the history has been rewritten since", size=each.size
                )
            else:
                good += 1
        held = {(each.origin, each.size, each.root.hex()) for each in signed.values()}
        for entry in self.origins.begun:
            if entry.text("previous") and (entry.text("previous"), entry.number("size"), entry.text("root")) not in held:
                self.report.wrong("checkpoints/", "lacks the one of {origin} with {size} entries, which the ledger names as the last of its former origin",
                                  origin=entry.text("previous"), size=entry.number("size"))  # fmt: skip
        self.tell_restored(self.report)
        if good:
            self.report.holds("the history agrees with {n} checkpoints signed on the way", n=good)

    def _signs(self, checkpoint: Checkpoint, key: Key) -> bool:
        try:
            verify_note(checkpoint.note, key, self.openssl)
        except Broken:
            return False
        return True


class People:
    """Everybody in the ledger, a share of them at a time."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.lives: dict[str, Life] = {}
        self.versions: dict[str, int] = {}
        self.begun: dict[str, int] = {}
        self.editions: set[int] = set()
        self.unknown: dict[str, int] = {}
        self.lists: dict[int, int] = {}
        self.people = self.letters = self.faults = self.gaps = 0

    def see(self, entry: Entry, place: str) -> None:
        expected = self.versions.get(entry.stream, 0) + 1
        self.versions[entry.stream] = entry.version
        if entry.version != expected:
            self.gaps += 1
            self.report.wrong(
                place,
                "has version {version} of its stream {stream} where {expected} would follow: a fact is missing, doubled or moved",
                version=entry.version,
                stream=entry.stream,
                expected=expected,
            )
        known = OF_INSTALLATION if entry.stream == INSTALLATION else OF_PEOPLE
        if entry.name not in known or entry.v != 1:
            self.unknown[f"{entry.name} v{entry.v}"] = self.unknown.get(f"{entry.name} v{entry.v}", 0) + 1
        if entry.stream == INSTALLATION:
            if entry.name == "sequence-published":
                self.editions.add(entry.number("edition"))
            return
        life = self.lives.get(entry.stream)
        if life is None:
            life = self.lives[entry.stream] = Life()
        for fault in life.see(entry.name, entry.data):
            self.faults += 1
            self.report.wrong(place, fault)
        if entry.name == "letter-begun":
            kind = entry.text("kind")
            self.begun[kind] = self.begun.get(kind, 0) + 1

    def close(self, members: str) -> None:
        """These people are done: keep what they come to, and forget them. `members` is a file that gets who stands on which list."""
        self.people += len(self.lives)
        for life in self.lives.values():
            for list_ in life.standing:
                self.lists[list_] = self.lists.get(list_, 0) + 1
        if members:
            with open(members, "a", encoding="utf-8") as file:
                for stream, life in sorted(self.lives.items()):
                    file.writelines(f"{stream},{list_},{run}\n" for list_, run in sorted(life.standing.items()))
        self.lives.clear()
        self.versions.clear()

    def sum_up(self) -> None:
        letters = sum(self.begun.values())
        without = sum(self.begun.get(kind, 0) for kind in WITHOUT_GROUND)
        if not self.gaps:
            self.report.holds("the facts of each of {n} people are numbered without a gap", n=self.people)
        if not self.faults:
            self.report.holds(
                "each of {n} letters begun had a live ground at its position ({more} more were confirmations or answers, and asked for)",
                n=letters - without,
                more=without,
            )
        for name, count in sorted(self.unknown.items()):
            self.report.open("what {name} ({file}) means: this program does not know it", name=name, file=f"× {count}")
        self.report.more["lists"] = {str(list_): self.lists[list_] for list_ in sorted(self.lists)}
        self.report.more["people"] = self.people
        self.report.more["letters"] = dict(sorted(self.begun.items()))


def tile_name(n: int) -> str:
    """A tile's number in groups of three digits (C2SP tlog-tiles): 1234067 is x001/x234/067."""
    found = f"{n % 1000:03d}"
    while n >= 1000:
        n //= 1000
        found = f"x{n % 1000:03d}/{found}"
    return found


def partial(size: int, n: int) -> str:
    width = size - n * PER_TILE
    return f".p/{width}" if width < PER_TILE else ""


def parse_tile(data: bytes, width: int) -> list[bytes]:
    """The entries of a tile, each behind its length in two bytes."""
    found, place = [], 0
    while place < len(data):
        end = place + 2 + int.from_bytes(data[place : place + 2], "big")
        if end > len(data) or place + 2 > len(data):
            raise Broken("is cut off")
        found.append(data[place + 2 : end])
        place = end
    if len(found) != width:
        raise Broken("holds {n} entries where {width} belong", n=len(found), width=width)
    return found


def progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done * 100 // max(1, of):3d} %", end="\r" if done < of else "\r     \r", file=sys.stderr, flush=True)


# ---------------------------------------------------------------------------------------------------------------- 12. the verb


def kind_of(shelf: Shelf) -> str:
    return "ledger" if any(name.startswith(("tile/", "checkpoints/")) for name in shelf.names) and "stream.note" not in shelf.names else "bundle"


def examine(path: str, given: Given, report: Report, openssl: OpenSSL) -> None:
    try:
        shelf = open_shelf(path, report)
    except Broken as broken:
        report.wrong(path, broken.template, **broken.values)
        return
    try:
        if not report.wrong_things and not set(shelf.names) & {"checkpoint", "SHA256SUMS", "stream.note"}:
            raise Refused("{path} is neither a bundle nor a ledger that Relance handed over", path=path)
        report.more["kind"] = kind_of(shelf)
        kind = Ledger if report.more["kind"] == "ledger" else Bundle
        kind(shelf, given, report, openssl).verify()
    finally:
        shelf.close()


def show(report: Report, path: str, facts: bool) -> None:
    say = report.say
    for file, reason in report.wrong_things:
        print(say("WRONG  {file}: {reason}", file=file, reason=reason))
    if report.unsaid:
        print(say("WRONG  and {n} more", n=report.unsaid))
    found = report.more.get("facts")
    if facts and isinstance(found, list):
        print(say("The facts, with both dates as the operator claims them (when it was so, when it was written):"))
        for fact in found:
            said = " ".join(f"{name}={value}" for name, value in fact["data"].items())
            print(printable(f"  {fact['version']:>4}  {fact['at']}  {fact['recorded_at']}  {fact['event']}  {said}  [{fact['door']}]"))
    for title, lines in (("Proved:", report.proved), ("Not proved:", report.unproved), ("To know:", report.remarks)):
        if lines:
            print(say(title))
            for line in lines:
                print(f"  - {line}")
    if report.wrong_things:
        print(say("{path}: NOT what it should be; what is wrong is named above", path=path))
    else:
        print(say("{path}: everything that can be verified holds", path=path))


def read_whole(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(32 * MIB)
    except OSError as error:
        raise Refused("{path} cannot be read: {why}", path=path, why=error.strerror or str(error)) from None


def add_arguments(found: argparse.ArgumentParser, spoken: str) -> None:
    say = Report(spoken).say
    found.add_argument("path", metavar="FILE.zip|DIR", help=say("what was handed over"))
    found.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help=say("one that others hold: the note itself, or a mail it came in")
    )
    found.add_argument("--consistency", action="append", default=[], metavar="FILE", help=say("a proof that the tree begins with an earlier one"))
    found.add_argument("--with", dest="ledger", default="", metavar="LEDGER_DIR", help=say("hold a bundle against the whole ledger"))
    found.add_argument("--vkey", default="", metavar="FILE|KEY", help=say("the key as the operator has published it elsewhere"))
    found.add_argument("--tsa-ca", default="", metavar="FILE", help=say("the root certificate of the time stamping authority (PEM)"))
    found.add_argument("--facts", action="store_true", help=say("list the facts of a bundle"))
    found.add_argument("--members", default="", metavar="FILE", help=say("write who stands on which list of a ledger: stream,list,run"))
    found.add_argument("--openssl", default="", metavar="PATH", help=say("the openssl to use (default: the one on the PATH)"))
    found.add_argument("--lang", choices=("en", "fr"), default="", help=say("(default: as LC_ALL, LC_MESSAGES or LANG has it)"))
    found.add_argument("--json", action="store_true", help=say("all of it for another program"))


def as_given(args: argparse.Namespace) -> list[str]:
    """The command line that gives these arguments."""
    named = {
        "checkpoint": args.checkpoint,
        "consistency": args.consistency,
        "with": [args.ledger],
        "vkey": [args.vkey],
        "tsa-ca": [args.tsa_ca],
        "members": [args.members],
        "openssl": [args.openssl],
        "lang": [args.lang],
    }
    said = [f"--{name}={value}" for name, values in named.items() for value in values if value]
    return [*said, *(["--facts"] if args.facts else []), *(["--json"] if args.json else []), "--", args.path]


def language() -> str:
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "fr" if said.lower().startswith("fr") else "en"


def given_by(args: argparse.Namespace) -> Given:
    vkey = args.vkey if "+" in args.vkey or not args.vkey else utf8(read_whole(args.vkey)).strip()
    if args.members:
        try:
            with open(args.members, "x", encoding="utf-8"):
                pass
        except OSError as error:
            raise Refused("{path} cannot be written: {why}", path=args.members, why=error.strerror or str(error)) from None
    return Given(
        [(path, read_whole(path)) for path in args.checkpoint],
        [(path, read_whole(path)) for path in args.consistency],
        args.ledger,
        vkey,
        read_whole(args.tsa_ca) if args.tsa_ca else b"",
        args.facts,
        args.members,
    )


def main(given: Sequence[str] | None = None, openssl: OpenSSL | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    about = Report(language()).say("Verify a bundle or a whole ledger that Relance handed over.")
    parser = argparse.ArgumentParser(prog="verify.py", description=about)
    add_arguments(parser, language())
    args = parser.parse_args(given)
    report = Report(args.lang or language())
    try:
        examine(args.path, given_by(args), report, openssl or OpenSSL(args.openssl))
    except Refused as refused:
        return refuse(report, args, report.say(refused.template, **refused.values))
    except KeyboardInterrupt:
        return refuse(report, args, report.say("stopped"))
    except MemoryError:
        return refuse(report, args, report.say("there is not enough memory"))
    except OSError as error:
        return refuse(report, args, printable(error))
    status = 1 if report.wrong_things else 0
    if args.json:
        wrong = [{"file": file, "reason": reason} for file, reason in report.wrong_things]
        told_ = {"verified": not wrong, "wrong": wrong, "not_listed": report.unsaid, "proved": report.proved, "not_proved": report.unproved}
        print(json.dumps({**told_, "to_know": report.remarks, **report.more}, ensure_ascii=False, indent=2))
    else:
        show(report, args.path, args.facts)
    return status


def refuse(report: Report, args: argparse.Namespace, why: str) -> int:
    if args.json:
        print(json.dumps({"verified": False, "refused": why}, ensure_ascii=False, indent=2))
    print(f"verify.py: {why}", file=sys.stderr)
    return 2


# ------------------------------------------------------------------------------------------------------ 13. the words in French

FRENCH = {
    "Verify a bundle or a whole ledger that Relance handed over.": "Vérifie un paquet ou un registre entier que Relance a remis.",
    "what was handed over": "ce qui a été remis",
    "one that others hold: the note itself, or a mail it came in": "un point de contrôle que d’autres gardent : la note elle-même, ou un message qui la contient",
    "a proof that the tree begins with an earlier one": "une preuve que l’arbre commence par un arbre antérieur",
    "hold a bundle against the whole ledger": "comparer un paquet au registre entier",
    "the key as the operator has published it elsewhere": "la clé telle que l’opérateur l’a publiée ailleurs",
    "the root certificate of the time stamping authority (PEM)": "le certificat racine de l’autorité d’horodatage (PEM)",
    "list the facts of a bundle": "énumérer les faits d’un paquet",
    "write who stands on which list of a ledger: stream,list,run": "écrire qui est sur quelle liste d’un registre : stream,list,run",
    "the openssl to use (default: the one on the PATH)": "l’openssl à employer (par défaut : celui du PATH)",
    "(default: as LC_ALL, LC_MESSAGES or LANG has it)": "(par défaut : comme LC_ALL, LC_MESSAGES ou LANG)",
    "all of it for another program": "le tout pour un autre programme",
    "WRONG  {file}: {reason}": "FAUX   {file} : {reason}",
    "WRONG  and {n} more": "FAUX   et {n} autres",
    "Proved:": "Prouvé :",
    "Not proved:": "Non prouvé :",
    "To know:": "À savoir :",
    "The facts, with both dates as the operator claims them (when it was so, when it was written):": "Les faits, avec les deux dates que déclare l'exploitant (quand cela s'est produit, quand ce fut écrit) :",
    "{path}: NOT what it should be; what is wrong is named above": "{path} : PAS ce que cela devrait être ; ce qui est faux est nommé plus haut",
    "{path}: everything that can be verified holds": "{path} : tout ce qui peut être vérifié est juste",
    "{path} cannot be read: {why}": "{path} ne peut pas être lu : {why}",
    "{path} cannot be written: {why}": "{path} ne peut pas être écrit : {why}",
    "{path} is neither a bundle nor a ledger that Relance handed over": "{path} n'est ni un dossier de preuve ni un registre remis par Relance",
    "{path} holds more files than any ledger or bundle": "{path} contient plus de fichiers qu'aucun registre ni dossier de preuve",
    "{path} ends at {size}, before the checkpoint of the bundle: it cannot be held against it": "{path} s'arrête à {size}, avant le point de contrôle du dossier : on ne peut pas les confronter",
    "stopped": "interrompu",
    "there is not enough memory": "la mémoire ne suffit pas",
    "openssl is not installed, or not on the PATH: the signatures cannot be verified without it": "openssl n'est pas installé, ou pas dans le PATH : sans lui, les signatures ne peuvent pas être vérifiées",
    "openssl cannot be run: {why}": "openssl ne peut pas être lancé : {why}",
    "this openssl ({version}) does not verify Ed25519: OpenSSL 1.1.1 or later is needed": "cet openssl ({version}) ne vérifie pas Ed25519 : il faut OpenSSL 1.1.1 ou plus récent",
    "is missing": "manque",
    "is larger than any such file ({limit} bytes)": "est plus gros qu'aucun fichier de ce genre ({limit} octets)",
    "has been changed: its SHA-256 is not the one in SHA256SUMS": "a été modifié : son SHA-256 n'est pas celui de SHA256SUMS",
    "has been added: SHA256SUMS does not name it": "a été ajouté : SHA256SUMS ne le nomme pas",
    "is not a whole zip file ({why})": "n'est pas un fichier zip entier ({why})",
    "would unpack to more than any bundle holds": "contiendrait, déplié, plus qu'aucun dossier de preuve",
    "stands in the zip file twice": "figure deux fois dans le fichier zip",
    "is a name or a kind of file that no bundle has": "est un nom ou un genre de fichier qu'aucun dossier de preuve ne contient",
    "is a file that no bundle has": "est un fichier qu'aucun dossier de preuve ne contient",
    "has bytes between its files that belong to none of them": "contient, entre ses fichiers, des octets qui n'appartiennent à aucun",
    "cannot be unpacked ({why})": "ne peut pas être déplié ({why})",
    "cannot be read ({why})": "ne peut pas être lu ({why})",
    "has a line that is no SHA-256 with a file's name, or names a file twice: {line}": "a une ligne qui n'est pas un SHA-256 suivi d'un nom, ou nomme un fichier deux fois : {line}",
    "is not in the order of its names": "n'est pas dans l'ordre de ses noms",
    "is not UTF-8": "n'est pas en UTF-8",
    "does not end with a whole line": "ne se termine pas par une ligne entière",
    "has base64 that cannot be read": "contient du base64 illisible",
    "speaks of an entry that the tree does not have": "parle d'une entrée que l'arbre n'a pas",
    "has more steps than its tree": "a plus d'étapes que son arbre",
    "has fewer steps than its tree": "a moins d'étapes que son arbre",
    "is not a verifier key (name+id+key)": "n'est pas une clé de vérification (nom+identifiant+clé)",
    "holds a key of a kind that is not known here": "contient une clé d'un genre inconnu ici",
    "holds a key whose id does not belong to it": "contient une clé dont l'identifiant n'est pas le sien",
    "is not a signed note: too long, or with control characters": "n'est pas une note signée : trop longue, ou avec des caractères de contrôle",
    "is not a signed note: it has no text, or no signatures": "n'est pas une note signée : elle n'a pas de texte, ou pas de signature",
    "is not a signed note: a line of its signatures cannot be read": "n'est pas une note signée : une ligne de ses signatures est illisible",
    "has more signatures than are read here": "a plus de signatures qu'on n'en lit ici",
    "is not a checkpoint: origin, size and root, one to a line": "n'est pas un point de contrôle : origine, taille et racine, une par ligne",
    "is not a proof of inclusion (c2sp.org/tlog-proof@v1)": "n'est pas une preuve d'inclusion (c2sp.org/tlog-proof@v1)",
    "is not a proof of consistency (old N, hashes, an empty line)": "n'est pas une preuve de cohérence (old N, des empreintes, une ligne vide)",
    "has control characters": "contient des caractères de contrôle",
    "has a group whose members are not known, or are in two groups": "a un groupe dont les membres sont inconnus, ou dans deux groupes",
    "has a group that no number of its members can fill": "a un groupe qu'aucun nombre de ses membres ne peut remplir",
    "has a line that no policy has: {line}": "a une ligne qu'aucune politique n'a : {line}",
    "has no quorum, a key twice, or more than 32 logs, witnesses or groups": "n'a pas de quorum, a deux fois une clé, ou plus de 32 journaux, témoins ou groupes",
    "is no answer of a time stamping service (RFC 3161)": "n'est pas la réponse d'un service d'horodatage (RFC 3161)",
    "is not a stamp of this checkpoint by that authority ({why})": "n'est pas un horodatage de ce point de contrôle par cette autorité ({why})",
    "is not signed with the key {key}": "n'est pas signé avec la clé {key}",
    "is not signed with a key of this log": "n'est pas signé avec une clé de ce journal",
    "has been changed: its signature with the key {key} does not hold": "a été modifié : sa signature avec la clé {key} n'est pas valable",
    "is not JSON as it is written into the ledger": "n'est pas du JSON tel qu'il s'écrit dans le registre",
    "is not an entry of a ledger": "n'est pas une entrée de registre",
    "someone who was erased is registered again under the same id": "une personne effacée est inscrite à nouveau sous le même identifiant",
    "a move has doubled someone": "un déplacement a dédoublé une personne",
    "a letter after erasure": "une lettre après l'effacement",
    "a mail about a right that nobody has used": "un courriel au sujet d'un droit que personne n'a exercé",
    "a letter while processing was restricted": "une lettre pendant que le traitement était limité",
    "a confirmation mail nobody asked for": "une demande de confirmation que personne n'a demandée",
    "a mail to someone who complained": "un courriel à une personne qui s'est plainte",
    "a letter without a live ground": "une lettre sans fondement en vigueur",
    "a letter to a suppressed address": "une lettre à une adresse de la liste d'opposition",
    "a letter of a list where nobody stands": "une lettre d'une liste où la personne n'est pas",
    "someone asked whether to go on who has been heard of": "on demande s'il faut continuer à une personne qui a donné signe de vie",
    "a question whether to go on without any live ground": "on demande s'il faut continuer sans aucun fondement en vigueur",
    "a letter twice in one run": "deux fois la même lettre dans un même passage",
    "a letter after its last word": "une lettre après son dernier mot",
    "an attempt that was not counted": "une tentative qui n'a pas été comptée",
    "a confirmation of nothing": "une confirmation de rien",
    "two last words about one letter": "deux derniers mots au sujet d'une lettre",
    "a letter tried again that was not withheld for what can be mended": "une lettre essayée de nouveau qui n'était pas retenue pour une cause réparable",
    "someone left where they did not stand": "une personne est partie d'où elle n'était pas",
    "someone joined where they stood": "une personne est arrivée où elle était",
    "a run was opened again that never was": "un passage rouvert n'avait jamais existé",
    "a run was used twice": "un passage a servi deux fois",
    "changes the signing key without the former key having named the new one": "change la clé de signature sans que l'ancienne ait nommé la nouvelle",
    "holds no checkpoint": "ne contient pas de point de contrôle",
    "is a checkpoint of {held}, which {origin} does not name as one it follows: another log, or a history begun anew": "est un point de contrôle de {held}, auquel {origin} ne dit pas faire suite : un autre journal, ou une histoire recommencée",
    "{label} covers entries up to {size}; the ledger was put back from a copy that ended before, and no longer has them all": "{label} couvre les entrées jusqu'à {size} ; le registre a été rétabli d'une copie qui s'arrêtait avant, et ne les a plus toutes",
    "{label} is of a later tree ({size} entries): hold both against the whole ledger (--with)": "{label} est d'un arbre plus récent ({size} entrées) : confrontez les deux au registre entier (--with)",
    "{label} is of an earlier tree ({size} entries): only the whole ledger (--with) shows whether this one begins with it": "{label} est d'un arbre plus ancien ({size} entrées) : seul le registre entier (--with) montre si celui-ci commence par lui",
    "is a signed checkpoint with {size} entries and another root: the history has been rewritten since": "est un point de contrôle signé de {size} entrées avec une autre racine : l'histoire a été réécrite depuis",
    "the history agrees with the checkpoint held elsewhere in {label} ({size} entries)": "l'histoire s'accorde avec le point de contrôle gardé ailleurs dans {label} ({size} entrées)",
    "the checkpoint existed at {when} at the latest: a time stamping authority has stamped it": "le point de contrôle existait au plus tard à {when} : une autorité d'horodatage l'a daté",
    "the authority's certificates are those that came along; its root has the SHA-256 fingerprint {print}: compare it, or give --tsa-ca": "les certificats de l'autorité sont ceux qui accompagnent ; l'empreinte SHA-256 de sa racine est {print} : comparez-la, ou donnez --tsa-ca",
    "is a checkpoint of {origin}; the key in vkey.txt is not its own": "est un point de contrôle de {origin} ; la clé de vkey.txt n'est pas la sienne",
    "the checkpoint ({size} entries) is signed with the key {key}": "le point de contrôle ({size} entrées) est signé avec la clé {key}",
    "does not name the key in vkey.txt as that of its log": "ne nomme pas la clé de vkey.txt comme celle de son journal",
    "has not been cosigned by the witnesses that policy.txt asks for": "n'a pas été contresigné par les témoins que policy.txt exige",
    "witnesses have cosigned the checkpoint: {names}": "des témoins ont contresigné le point de contrôle : {names}",
    "is a key that the ledger does not name as its own (origin-begun, signing-key-changed)": "est une clé que le registre ne nomme pas comme la sienne (origin-begun, signing-key-changed)",
    "that the key is the operator's: it is the one that came along; compare it with the one published elsewhere, or give --vkey": "que la clé soit celle de l'exploitant : c'est celle qui accompagne ; comparez-la à celle qu'il a publiée ailleurs, ou donnez --vkey",
    "the key is the published one, or one that it has named": "la clé est celle qui fut publiée, ou une que celle-ci a nommée",
    "is not the published key, nor one that it has named: {key}": "n'est ni la clé publiée, ni une que celle-ci a nommée : {key}",
    ALONE: "que rien d'autre n'ait jamais été signé à sa place : attesté par l'exploitant seul, on ne connaît personne d'autre qui tienne ce point de contrôle",
    ALONE_SINCE: "que rien d'autre n'ait jamais été signé à la place de ce qui suit à partir de la position {first} : attesté par l'exploitant seul, personne d'autre n'est connu pour tenir un point de contrôle qui aille si loin",
    "that nothing about this person follows or was left out: the operator's signed word (stream.note), which the whole ledger can refute (--with)": "que rien sur cette personne ne suive ni n'ait été omis : c'est la parole signée de l'exploitant (stream.note), "
    "que le registre entier peut réfuter (--with)",
    "is not the note that belongs to this checkpoint": "n'est pas la note qui appartient à ce point de contrôle",
    "are not those that stream.note was signed with: one has been added, removed or replaced": "ne sont pas celles avec lesquelles stream.note fut signé : l'une a été ajoutée, retirée ou remplacée",
    "is missing: stream.note was signed with it": "manque : stream.note fut signé avec lui",
    "has been added or replaced: it is not a file that stream.note was signed with": "a été ajouté ou remplacé : ce n'est pas un fichier avec lequel stream.note fut signé",
    "{n} entries are in the tree, each at its own position": "{n} entrées sont dans l'arbre, chacune à sa position",
    "is the proof of another position ({index})": "est la preuve d'une autre position ({index})",
    "leads to another checkpoint than the one of this bundle": "mène à un autre point de contrôle que celui de ce dossier",
    "does not lead from its entry to the signed root: the entry or the proof has been changed": "ne mène pas de son entrée à la racine signée : l'entrée ou la preuve a été modifiée",
    "is the second entry with version {version} of this person": "est la deuxième entrée de version {version} de cette personne",
    "the person's fact number {version} of {versions} is missing": "le fait numéro {version} de cette personne, sur {versions}, manque",
    "goes beyond the {versions} facts that stream.note vouches for": "dépasse les {versions} faits dont stream.note répond",
    "the person's facts do not stand in the ledger in their order": "les faits de cette personne ne sont pas dans leur ordre dans le registre",
    "is about somebody else": "parle de quelqu'un d'autre",
    "the person's {n} facts are all here, numbered without a gap": "les {n} faits de cette personne sont tous là, numérotés sans trou",
    "what {name} ({file}) means: this program does not know it": "ce que signifie {name} ({file}) : ce programme ne le connaît pas",
    "each of {n} letters begun had a live ground at that moment, or was one that needs none": "chacune des {n} lettres commencées avait à ce moment un fondement en vigueur, ou n'en demandait pas",
    "is evidence that no fact of this person commits to": "est un élément auquel aucun fait de cette personne ne s'engage",
    "all evidence that is held ({n}) is exactly what the facts committed to when they were written": "tous les éléments de preuve gardés ({n}) sont exactement ceux auxquels les faits se sont engagés quand ils furent écrits",
    "what lay behind {file}: its evidence ({digest}) is not held any more": "ce qu'il y avait derrière {file} : son élément de preuve ({digest}) n'est plus gardé",
    "is not a salt, 32 bytes in hexadecimal": "n'est pas un sel, fait de 32 octets en hexadécimal",
    "is not what the fact committed to: the evidence or its salt has been changed": "n'est pas ce à quoi le fait s'est engagé : l'élément de preuve ou son sel a été modifié",
    "is a part of words whose other parts are missing or changed ({digest})": "est une partie d'un texte dont les autres parties manquent ou ont été modifiées ({digest})",
    "is not what was published under this digest": "n'est pas ce qui fut publié sous cette empreinte",
    "is not among the published words of this bundle": "n'est pas parmi les textes publiés de ce dossier",
    "{n} texts are the published ones, word for word": "{n} textes sont ceux qui furent publiés, mot pour mot",
    "is missing: it is the notice of {file}": "manque : c'est la notice de {file}",
    "that the notice of {file} was in force then: its publication is not among the entries": "que la notice de {file} ait été en vigueur alors : sa publication n'est pas parmi les entrées",
    "names edition {edition}, whose publication is missing among the entries": "nomme l'édition {edition}, dont la publication manque parmi les entrées",
    "who this is: the person is not known any more (person.json is not there)": "qui c'est : la personne n'est plus connue (person.json n'est pas là)",
    "does not say who the person is": "ne dit pas qui est la personne",
    "that this person is {address}: the ledger names nobody, it is the operator's word": "que cette personne soit {address} : le registre ne nomme personne, c'est la parole de l'exploitant",
    "is not what the whole ledger has at this position": "n'est pas ce que le registre entier a à cette position",
    "was left out: the whole ledger has {name} about this person here (version {version})": "a été omis : le registre entier a ici {name} sur cette personne (version {version})",
    "is not the root of the whole ledger at {size} entries: two histories have been signed": "n'est pas la racine du registre entier à {size} entrées : deux histoires ont été signées",
    "the whole ledger has the same root at {size} entries, and nothing else about this person up to there": "le registre entier a la même racine à {size} entrées, et rien d'autre sur cette personne jusque-là",
    "the whole ledger has {n} later facts about this person: {names}": "le registre entier a {n} faits plus récents sur cette personne : {names}",
    "when these facts were written: both dates of an entry are the operator's, and no authority has stamped this checkpoint": "quand ces faits furent écrits : les deux dates d'une entrée sont celles de l'exploitant, et aucune autorité n'a daté ce point de contrôle",
    "when these facts were written, other than that it was before {when}: both dates of an entry are the operator's": "quand ces faits furent écrits, sinon que ce fut avant {when} : les deux dates d'une entrée sont celles de l'exploitant",
    "says that it was recorded after the checkpoint that covers it was stamped": "se dit enregistré après l'horodatage du point de contrôle qui le couvre",
    "when these facts were written: both dates of an entry are the operator's; a stamp of a checkpoint bounds what it covers": "quand ces faits furent écrits : les deux dates d'une entrée sont celles de l'exploitant ; l'horodatage d'un point de contrôle borne ce qu'il couvre",
    "that what happened was written down at all: a ledger shows what was recorded, and that nothing of it was changed since": "que ce qui s'est produit ait bien été écrit : un registre montre ce qui fut enregistré, et que rien n'en fut changé depuis",
    "is a tile that a ledger of {size} entries does not have": "est une tuile qu'un registre de {size} entrées n'a pas",
    "is cut off": "est coupé",
    "holds {n} entries where {width} belong": "contient {n} entrées au lieu de {width}",
    "is not the root of these {size} entries: an entry has been changed, added, removed or moved": "n'est pas la racine de ces {size} entrées : une entrée a été modifiée, ajoutée, retirée ou déplacée",
    "the tree of all {size} entries has the signed root: none was changed, added, removed or moved": "l'arbre des {size} entrées a la racine signée : aucune ne fut modifiée, ajoutée, retirée ni déplacée",
    "covers {size} entries, more than are handed over: an older copy was given, or the ledger has been rolled back": "couvre {size} entrées, plus qu'il n'en est remis : la copie donnée est ancienne, ou le registre a été ramené en arrière",
    "is a checkpoint of {size} entries under the name of another": "est un point de contrôle de {size} entrées sous le nom d'un autre",
    "is a checkpoint of an origin that the ledger does not name ({origin})": "est un point de contrôle d'une origine que le registre ne nomme pas ({origin})",
    "covers {size} entries, more than are handed over: the ledger has been rolled back": "couvre {size} entrées, plus qu'il n'en est remis : le registre a été ramené en arrière",
    "lacks the one of {origin} with {size} entries, which the ledger names as the last of its former origin": "ne contient pas celui de {origin} à {size} entrées, que le registre nomme comme le dernier de son origine précédente",
    "the ledger says that it was put back from a copy which ended at {size} ({when}): what was written after that is lost": "le registre dit avoir été rétabli d'une copie qui s'arrêtait à {size} ({when}) : ce qui fut écrit après est perdu",
    "the history agrees with {n} checkpoints signed on the way": "l'histoire s'accorde avec {n} points de contrôle signés en chemin",
    "has version {version} of its stream {stream} where {expected} would follow: a fact is missing, doubled or moved": "a la version {version} de son flux {stream} là où suivrait {expected} : un fait manque, est doublé ou déplacé",
    "the facts of each of {n} people are numbered without a gap": "les faits de chacune des {n} personnes sont numérotés sans trou",
    "each of {n} letters begun had a live ground at its position ({more} more were confirmations or answers, and asked for)": "chacune des {n} lettres commencées avait un fondement en vigueur à sa position ({more} autres étaient des confirmations ou des réponses, demandées)",
}

if __name__ == "__main__":
    sys.exit(main())
