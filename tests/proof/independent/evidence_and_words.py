"""What lies behind a person's facts: evidence, published words, addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from email.utils import getaddresses
from typing import TypeVar

from tests.proof.independent.rule import (
    GROUNDS,
    OWN_ACTS,
    Fact,
    need,
    read_json,
    sha256,
    unbase64,
)
from tests.proof.independent.signed import (
    Checkpoint,
    Key,
    Names,
    cosigned,
    read_checkpoint,
    read_key,
)

T = TypeVar("T")
DIGEST = re.compile(r"[0-9a-f]{64}")
SUMS = "SHA256SUMS"
Files = Mapping[str, bytes]
Place = int | str


class Verification:
    """Which lines do not hold, and where: a position or the name of a file; and of which nothing
    can be known.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.faults: set[tuple[str, Place]] = set()
        self.unknown: set[tuple[str, Place]] = set()

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


def configurations(published: Iterable[Fact]) -> dict[int, dict[str, object]]:
    """What was declared, by edition."""
    facts = list(published)
    words = published_words(Verification({}), "", facts)
    known: dict[int, dict[str, object]] = {}
    for fact in facts:
        text = words.get(fact.text("digest"))
        if fact.name == "configuration-published" and text is not None:
            try:
                value = read_json(text.encode())
            except ValueError:
                value = None
            if isinstance(value, dict):
                known[fact.number("edition")] = value
    return known


def trials(published: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Where each letter's versions were published, in the order of their editions."""
    known: dict[str, list[Fact]] = {}
    for fact in published:
        if fact.name == "versions-published":
            known.setdefault(fact.text("letter"), []).append(fact)
    return known


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
    measured = plain.get("measure") if isinstance(plain, dict) else None
    return {
        sha256(f"{purpose['name']}\n{purpose['description']}".encode())
        for purpose in [*(listed if isinstance(listed, list) else []), measured]
        if isinstance(purpose, dict) and {"name", "description"} <= purpose.keys()
    }


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
