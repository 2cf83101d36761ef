"""A verifier written from docs/format.md alone: it shares nothing with the program.

It takes files by name, and answers which lines of the page do not hold and where: ("P1.19", 17) is
line 19 of the rule, at position 17. Two things of the page it leaves to others: how a zip file is
unpacked, and time stamps, which `openssl ts` verifies.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from email.utils import getaddresses
from typing import TypeVar

from tests.proof.independent.rule import (
    GROUNDS,
    INSTALLATION,
    OWN_ACTS,
    UUID,
    Fact,
    Person,
    need,
    read_entry,
    read_json,
    sha256,
    unbase64,
)
from tests.proof.independent.signed import (
    Checkpoint,
    Key,
    Names,
    cosigned,
    included,
    leaf,
    read_checkpoint,
    read_key,
    read_note,
    roots,
)

T = TypeVar("T")
DIGEST = re.compile(r"[0-9a-f]{64}")
BOTH = (
    r"VERIFIER\.md|verify\.py|SHA256SUMS|vkey\.txt|policy\.txt|checkpoint"
    r"|checkpoint\.tsr|tsa-chain\.pem"
)
BUNDLE = re.compile(
    BOTH + r"|stream\.note|person\.json|entries/[0-9]{10}\.(json|tlog-proof)"
    r"|evidence/[0-9a-f]{64}\.(json|salt)|words/[0-9a-f]{64}\.txt"
)
LEDGER = re.compile(BOTH + r"|tile/.*|checkpoints/.*")
SUMS = "SHA256SUMS"
PROMISE = re.compile(
    rf"(\S+)\nstream ({UUID})\nversions ([1-9][0-9]*)\nsize (0|[1-9][0-9]*)\n"
    r"entries ([0-9a-f]{64})\n"
    r"((?:[0-9a-f]{64}  \S+\n)*)"
)
Files = Mapping[str, bytes]
Place = int | str


class Verification:
    """Which lines do not hold, and where: a position or the name of a file."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.faults: set[tuple[str, Place]] = set()

    def holds(self, line: str, place: Place, holds: object) -> None:
        if not holds:
            self.faults.add((line, place))

    def attempt(
        self, line: str, place: Place, read: Callable[..., T], *arguments: object
    ) -> T | None:
        """What `read` returns; None, and a fault, where it is not as the page has it."""
        try:
            return read(*arguments)
        except (ValueError, KeyError):
            self.faults.add((line, place))
            return None

    def text(self, name: str) -> str:
        return self.files[name].decode()

    def sums(self, line: str) -> dict[str, str]:
        """SHA-256 by name, as SHA256SUMS has it."""
        listed = self.attempt(line, SUMS, lambda: lines_of(self.text(SUMS))) or []
        pairs = [one.partition("  ") for one in listed]
        sums = {name: digest for digest, _, name in pairs}
        self.holds(line, SUMS, [name for _, _, name in pairs] == sorted(sums))
        self.holds(line, SUMS, all(DIGEST.fullmatch(digest) for digest in sums.values()))
        for name in {*self.files, *sums} - {SUMS, "checkpoint"}:
            self.holds(line, name, sums.get(name) == sha256(self.files.get(name, b"")))
            self.holds(line, name, name in self.files)
        return sums

    def head(self) -> tuple[Checkpoint, Key, list[int]] | None:
        """The checkpoint, the key it is signed with, and when witnesses cosigned it (seconds)."""
        key = self.attempt(
            "B.03", "vkey.txt", lambda: read_key("\n".join(lines_of(self.text("vkey.txt"))))
        )
        checkpoint = self.attempt(
            "B.03", "checkpoint", lambda: read_checkpoint(self.files["checkpoint"])
        )
        if key is None or checkpoint is None:
            return None
        self.holds("B.03", "checkpoint", checkpoint.note.is_signed_by(key))
        self.holds("B.03", "vkey.txt", key.name == checkpoint.origin)
        if not checkpoint.note.is_signed_by(key):
            return None
        times = self.attempt(
            "B.03", "policy.txt", lambda: cosigned(self.text("policy.txt"), key, checkpoint.note)
        )
        return checkpoint, key, times or []

    def key_is_named(self, names: Names, checkpoint: Checkpoint, key: Key) -> None:
        keys = self.attempt("B.04", "vkey.txt", lambda: names.in_force(key.name, checkpoint.size))
        self.holds("B.04", "vkey.txt", key in (keys or []))

    def dates(self, facts: Iterable[Fact], line: str) -> None:
        latest = float("-inf")
        for fact in facts:
            self.holds(line, fact.position, fact.recorded_at >= latest)
            latest = fact.recorded_at

    def not_after(
        self, times: Iterable[int], fact: Fact, changes: Sequence[Fact], line: str
    ) -> None:
        """`changes` of the clock, in order."""
        recorded_at = fact.recorded_at
        for change in [change for change in changes if change.position < fact.position][-1:]:
            rate = max(1, change.number("rate"))
            engine = change.at + change.number("jumped") * rate
            recorded_at = engine - change.number("ahead") + (fact.recorded_at - engine) // rate
        seen = [time for time in times if time]
        self.holds(line, fact.position, all(recorded_at <= (t + 300) * 1000 for t in seen))


def lines_of(text: str) -> list[str]:
    need(text.endswith("\n"))
    return text[:-1].split("\n")


def bundle_faults(files: Files) -> set[tuple[str, Place]]:
    """What of a bundle does not hold."""
    v = Verification(files)
    for name in files:
        v.holds("B.01", name, BUNDLE.fullmatch(name))
    sums, head = v.sums("B.01"), v.head()
    if head is None:
        return v.faults
    checkpoint, key, times = head
    promise = v.attempt("B.05", "stream.note", read_promise, v, checkpoint, key, sums)
    stream, versions = promise or ("", 0)
    facts: list[Fact] = []
    for position in sorted({int(name[8:18]) for name in files if name.startswith("entries/")}):
        name = f"entries/{position:010d}"
        fact = v.attempt("B.02", position, read_entry, position, files.get(f"{name}.json", b""))
        if fact is not None:
            facts.append(fact)
            v.holds("B.06", position, v.attempt("B.06", position, proved, v, fact, head))
            v.holds("B.07", position, fact.stream in (stream, INSTALLATION))
    own = sorted((f for f in facts if f.stream == stream), key=lambda fact: fact.version)
    published = [fact for fact in facts if fact.stream == INSTALLATION]
    v.key_is_named(Names(published), checkpoint, key)
    v.holds("B.07", "entries/", [fact.version for fact in own] == list(range(1, versions + 1)))
    v.holds("B.07", "entries/", own == sorted(own, key=lambda fact: fact.position))
    v.dates(facts, "B.08")
    changes = [fact for fact in published if fact.name == "clock-changed"]
    person = Person()
    for fact in own:
        v.not_after(times, fact, changes, "B.17")
        earlier = [change for change in changes if change.position < fact.position]
        person.rate = max([1, *(change.number("rate") for change in earlier)])
        v.faults |= {(line, fact.position) for line in person.broken(fact)}
    pieces = evidence(v, own)
    words = words_shown(v, own, published)
    for name, piece in pieces.items():
        v.holds("B.14", name, names_what_is_there(piece, words))
    who_it_is(v, stream, own, pieces)
    tells_of(v, own, pieces)
    return v.faults


def read_promise(
    v: Verification, checkpoint: Checkpoint, key: Key, sums: Mapping[str, str]
) -> tuple[str, int]:
    """Whose bundle it is, and how many facts there are."""
    note = read_note(v.files["stream.note"])
    match = PROMISE.fullmatch(note.text)
    need(note.is_signed_by(key) and match)
    assert match
    need((match[1], int(match[4])) == (checkpoint.origin, checkpoint.size))
    need(match[2] != INSTALLATION)
    listed = dict(sums) | {"checkpoint": sha256(checkpoint.note.text.encode())}
    listed.pop("stream.note", None)
    lines = {name: f"{digest}  {name}\n" for name, digest in sorted(listed.items())}
    entries = "".join(line for name, line in lines.items() if name.startswith("entries/"))
    others = "".join(line for name, line in lines.items() if not name.startswith("entries/"))
    v.holds("B.05", "entries/", match[5] == sha256(entries.encode()))
    v.holds("B.05", "stream.note", match[6] == others)
    return match[2], int(match[3])


def proved(v: Verification, fact: Fact, head: tuple[Checkpoint, Key, list[int]]) -> bool:
    """Whether the entry's proof leads to the signed root."""
    checkpoint, key, _ = head
    top, gap, below = v.text(f"entries/{fact.position:010d}.tlog-proof").partition("\n\n")
    first, *lines = top.split("\n")
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0)[6:])
    need(gap and first == "c2sp.org/tlog-proof@v1" and lines)
    note = read_note(below.encode())
    need(lines[0] == f"index {fact.position - 1}" and note.text == checkpoint.note.text)
    need(note.of(key) == checkpoint.note.of(key))
    path = [unbase64(line) for line in lines[1:]]
    need(all(len(step) == 32 for step in path))
    return included(leaf(fact.octets), fact.position - 1, checkpoint.size, path) == checkpoint.root


# Evidence and words.


def digests(value: object) -> set[str]:
    if isinstance(value, str):
        return {value} if DIGEST.fullmatch(value) else set()
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(digests, parts))


Pieces = dict[str, dict[str, object]]


def evidence(v: Verification, own: Sequence[Fact]) -> Pieces:
    held = {name[9:73] for name in v.files if name.startswith("evidence/")}
    pieces: Pieces = {}
    waiting = set().union(*(digests([fact.cause, fact.data]) for fact in own)) & held
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        piece = v.attempt("B.10", name, read_piece, v, name)
        if isinstance(piece, dict):
            pieces[name] = piece
        waiting |= digests(piece) & held - seen
    for name in held - seen:
        v.holds("B.10", name, False)
    if not any(fact.name == "subscriber-erased" for fact in own):
        for fact in own:
            lasts = (*GROUNDS, "consent-requested", "permission-renewed")
            named = digests([fact.data.get("mail")])
            named |= digests(fact.cause.get("evidence")) if fact.name in lasts else set()
            v.holds("B.11", fact.position, named <= held)
    return pieces


def read_piece(v: Verification, name: str) -> object:
    salt, octets = v.text(f"evidence/{name}.salt"), v.files[f"evidence/{name}.json"]
    need(re.fullmatch(r"[0-9a-f]{64}\n", salt))
    need(sha256(b"commit/v1\0" + bytes.fromhex(salt[:64]) + octets) == name)
    return read_json(octets)


def published_words(v: Verification, line: str, facts: Iterable[Fact]) -> dict[str, str]:
    """Texts by their digest, as far as they are whole."""
    parts: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.name == "words-published":
            parts.setdefault(fact.text("digest"), []).append(fact)
    words: dict[str, str] = {}
    for digest, several in parts.items():
        pieces = {fact.number("part"): fact.text("text") for fact in several}
        text = "".join(pieces[part] for part in sorted(pieces))
        is_whole = sorted(pieces) == list(range(several[0].number("parts")))
        if is_whole and sha256(text.encode()) == digest:
            words[digest] = text
        v.holds(line, digest, words.get(digest) is not None)
    return words


def words_shown(v: Verification, own: Sequence[Fact], published: Sequence[Fact]) -> dict[str, str]:
    words = published_words(v, "B.12", published)
    parts = {fact.text("digest") for fact in published if fact.name == "words-published"}
    for digest, text in words.items():
        v.holds("B.12", digest, v.files.get(f"words/{digest}.txt") == text.encode())
    for name in v.files:
        v.holds("B.12", name, not name.startswith("words/") or name[6:-4] in parts)
    for fact in own:
        v.holds("B.13", fact.position, fact.text("notice") in ("", *parts))
    editions(v, "B.13", [*published, *own])
    return words


def editions(v: Verification, line: str, facts: Iterable[Fact]) -> None:
    """Each is published once, and before any letter of it."""
    published = set[int]()
    for fact in sorted(facts, key=lambda fact: fact.position):
        if fact.name == "sequence-published":
            v.holds(line, fact.position, fact.number("edition") not in published)
            published.add(fact.number("edition"))
        elif fact.name == "letter-begun":
            v.holds(line, fact.position, fact.number("edition") in published)


def names_what_is_there(piece: Mapping[str, object], words: Mapping[str, str]) -> bool:
    for name, digest in piece.items():
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest) or name == "visitor":
            continue
        if name == "mail_digest":
            holds = digest == sha256(octets_of(piece))
        elif name == "purpose_digest":
            configuration = words.get(str(piece.get("configuration")))
            holds = configuration is None or digest in purposes(configuration)
        elif name.endswith("_digest") or name in ("form_file", "configuration"):
            holds = digest in words
        else:
            continue
        if not holds:
            return False
    return True


def octets_of(piece: Mapping[str, object]) -> bytes:
    try:
        return unbase64(str(piece.get("mail", "")))
    except ValueError:
        return b""


def purposes(configuration: str) -> set[str]:
    """The purpose digests of a configuration."""
    try:
        plain = read_json(configuration.encode())
    except ValueError:
        return set()
    listed = plain.get("purposes") if isinstance(plain, dict) else None
    return {
        sha256(f"{purpose['name']}\n{purpose['description']}".encode())
        for purpose in (listed if isinstance(listed, list) else [])
        if isinstance(purpose, dict) and {"name", "description"} <= purpose.keys()
    }


# Who it is.


def one_spelling(address: str) -> str:
    local, at, domain = unicodedata.normalize("NFC", address.strip().lower()).rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return f"{local}{at}{domain}"


def addresses_in(piece: Mapping[str, object]) -> list[str]:
    answers = piece.get("answers")
    entered = answers.get("email") if isinstance(answers, dict) else ""
    named = (piece.get("email"), entered)
    return [one_spelling(address) for address in named if address and isinstance(address, str)]


def recipients(piece: Mapping[str, object]) -> set[str]:
    """To whom a mail went: by `to`, and by its headers To, Cc and Bcc."""
    if "mail" not in piece:
        return set()
    header = octets_of(piece).partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    unfolded = re.sub(r"\r?\n[ \t]", " ", header)
    named = r"^(?:to|cc|bcc):(.*)$"
    fields = re.findall(named, unfolded.replace("\r", ""), re.MULTILINE | re.IGNORECASE)
    written = [address for _, address in getaddresses(fields or [""])]
    return {one_spelling(address) for address in (*written, str(piece.get("to", "")))}


def tells_of(v: Verification, own: Sequence[Fact], pieces: Pieces) -> None:
    """Evidence of a press, and of the mail that asked, is of the act that its fact tells of."""
    begun = {fact.text("message") for fact in own if fact.name == "letter-begun"}
    for fact in own:
        piece = pieces.get(str(fact.cause.get("evidence")), {})
        is_press = fact.name in ("consent-confirmed", "permission-renewed")
        if is_press or (fact.name == "consent-given" and fact.text("proof") == "page"):
            purpose, act = fact.text("purpose"), piece.get("act")
            v.holds("B.18", fact.position, piece.get("purpose", purpose) == purpose or not purpose)
            is_act = act in (*OWN_ACTS, "auto_submit")
            v.holds("B.18", fact.position, not is_act or act == fact.text("act"))
            v.holds("B.18", fact.position, piece.get("message") in (None, *begun))
        mail = pieces.get(fact.text("mail"))
        message = fact.text("message")
        is_its = mail is None or ("mail" in mail and mail.get("message", message) == message)
        v.holds("B.18", fact.position, is_its)


def who_it_is(v: Verification, stream: str, own: Sequence[Fact], pieces: Pieces) -> None:
    current, had = "", set[str]()
    for fact in own:
        addresses = addresses_in(pieces.get(str(fact.cause.get("evidence")), {}))
        address = addresses[0] if addresses else ""
        changed = fact.data.get("fields")
        commits = fact.name == "subscriber-registered" or (
            fact.name == "profile-changed" and isinstance(changed, list) and "email" in changed
        )
        fills_in = fact.name in ("consent-requested", "consent-given", "ground-declared")
        if fact.name == "subscriber-erased":
            current, had = "", set()
        elif commits or (fills_in and address and not current):
            current = address
            had |= {address} - {""}
        if commits or fills_in:
            v.holds("B.16", fact.position, set(addresses) <= had)
        if current and fact.text("mail"):
            sent = recipients(pieces.get(fact.text("mail"), {}))
            v.holds("B.16", fact.position, sent <= had)
    if "person.json" in v.files:
        person = v.attempt("B.15", "person.json", lambda: read_json(v.files["person.json"]))
        if isinstance(person, dict) and isinstance(person.get("address"), str):
            v.holds("B.15", "person.json", person.get("stream") == stream)
            is_theirs = not current or one_spelling(person["address"]) == current
            v.holds("B.15", "person.json", is_theirs)
        else:
            v.holds("B.15", "person.json", False)


# A whole ledger.


def tile_name(number: int, width: int) -> str:
    groups = f"{number:03d}" if number < 1000 else f"{number:0{-(-len(str(number)) // 3) * 3}d}"
    *upper, last = re.findall("...", groups)
    path = "".join(f"x{group}/" for group in upper) + last
    return f"tile/entries/{path}" + (f".p/{width}" if width < 256 else "")


def read_tile(data: bytes, width: int) -> list[bytes]:
    entries = []
    while data:
        size = int.from_bytes(data[:2], "big")
        need(len(data) >= size + 2)
        entries.append(data[2 : size + 2])
        data = data[size + 2 :]
    need(len(entries) == width)
    return entries


def ledger_faults(files: Files) -> set[tuple[str, Place]]:
    """What of a whole ledger does not hold."""
    v = Verification(files)
    for name in files:
        v.holds("L.01", name, LEDGER.fullmatch(name))
    v.sums("L.01")
    head = v.head()
    if head is None:
        return v.faults
    checkpoint, key, times = head
    widths = [min(256, checkpoint.size - begin) for begin in range(0, checkpoint.size, 256)]
    tiles = {tile_name(number, width): width for number, width in enumerate(widths)}
    v.holds("L.03", "tile/", tiles.keys() == {name for name in files if name.startswith("tile/")})
    octets: list[bytes] = []
    for name, width in tiles.items():
        octets += v.attempt("L.03", name, read_tile, files.get(name, b""), width) or []
    tree = list(roots(map(leaf, octets)))
    v.holds("L.03", "checkpoint", len(octets) == checkpoint.size and tree[-1] == checkpoint.root)
    facts: list[Fact] = []
    for position, data in enumerate(octets, 1):
        fact = v.attempt("B.02", position, read_entry, position, data)
        if fact is not None:
            facts.append(fact)
    names = Names([fact for fact in facts if fact.stream == INSTALLATION])
    v.key_is_named(names, checkpoint, key)
    v.dates(facts, "L.05")
    versions: dict[str, int] = {}
    people: dict[str, Person] = {}
    changes = [fact for fact in names.facts if fact.name == "clock-changed"]
    rate = 1
    for fact in facts:
        v.not_after(times, fact, changes, "L.09")
        v.holds("L.04", fact.position, fact.version == versions.get(fact.stream, 0) + 1)
        versions[fact.stream] = fact.version
        if fact.stream != INSTALLATION:
            person = people.setdefault(fact.stream, Person())
            person.rate = rate
            v.faults |= {(line, fact.position) for line in person.broken(fact)}
        elif fact in changes:
            rate = max(rate, fact.number("rate"))
    signed_on_the_way(v, names, checkpoint, tree)
    editions(v, "L.10", facts)
    words = published_words(v, "L.10", facts)
    for fact in facts:
        if fact.name == "sequence-published":
            v.holds("L.10", fact.position, digests(fact.data.get("files")) <= words.keys())
    return v.faults


def signed_on_the_way(
    v: Verification, names: Names, own: Checkpoint, tree: Sequence[bytes]
) -> None:
    """Every checkpoint that was ever signed."""
    heads = set()
    for name in sorted(name for name in v.files if name.startswith("checkpoints/")):
        signed = v.attempt("L.07", name, read_checkpoint, v.files[name])
        if signed is None:
            continue
        heads.add((signed.origin, signed.size, signed.root.hex()))
        match = re.fullmatch(r"checkpoints/[1-9][0-9]*-(0|[1-9][0-9]*)", name)
        v.holds("L.07", name, match and int(match[1]) == signed.size)
        keys = v.attempt("L.07", name, names.in_force, signed.origin, signed.size) or []
        v.holds("L.07", name, any(signed.note.is_signed_by(key) for key in keys))
        if signed.size <= names.kept(signed.origin):
            v.holds("L.07", name, signed.size <= own.size and signed.size < len(tree))
            v.holds("L.07", name, tree[min(signed.size, len(tree) - 1)] == signed.root)
    for fact in names.of("origin-begun"):
        former = (fact.text("previous"), fact.number("size"), fact.text("root"))
        v.holds("L.08", fact.position, not former[0] or former in heads)
