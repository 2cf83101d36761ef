"""The tree, signed notes, keys and policies, written from docs/format.md alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.proof.independent.rule import Bad, Fact, need, unbase64


def leaf(octets: bytes) -> bytes:
    return hashlib.sha256(b"\0" + octets).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def roots(leaves: Iterable[bytes]) -> Iterator[bytes]:
    """The root of the first none, one, two, … leaves."""
    full: list[tuple[int, bytes]] = []
    yield hashlib.sha256(b"").digest()
    for one in leaves:
        size, top = 1, one
        while full and full[-1][0] == size:
            size, top = 2 * size, node(full.pop()[1], top)
        full.append((size, top))
        for _, left in full[-2::-1]:
            top = node(left, top)
        yield top


def included(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a proof leads to, from the top down as RFC 6962, 2.1.1 makes it."""
    need(0 <= index < size)
    if size == 1:
        need(not path)
        return leaf_hash
    need(path)
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return node(included(leaf_hash, index, split, path[:-1]), path[-1])
    return node(path[-1], included(leaf_hash, index - split, size - split, path[:-1]))


# What is signed.


class Key(NamedTuple):
    name: str
    id: bytes
    kind: int
    public: bytes

    def signs(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def read_key(text: str) -> Key:
    match = re.fullmatch(r"([^\s+\x00-\x1f\x7f]+)\+([0-9a-f]{8})\+(\S+)", text)
    need(match)
    assert match
    blob = unbase64(match[3])
    identity = hashlib.sha256(f"{match[1]}\n".encode() + blob).digest()[:4]
    need(identity.hex() == match[2] and blob and (blob[0] not in (1, 4) or len(blob) == 33))
    return Key(match[1], identity, blob[0], blob[1:])


class Note(NamedTuple):
    text: str
    lines: tuple[tuple[str, bytes, bytes], ...]

    def of(self, key: Key) -> set[bytes]:
        return {signature for name, id_, signature in self.lines if (name, id_) == key[:2]}

    def is_signed_by(self, key: Key) -> bool:
        own = self.of(key)
        return bool(own) and key.kind == 1 and all(key.signs(self.text, one) for one in own)


def read_note(data: bytes) -> Note:
    whole = data.decode()
    need(not any(c != "\n" and (c < " " or c == "\x7f") for c in whole))
    text, gap, below = whole.rpartition("\n\n")
    need(gap and text and re.fullmatch(r"(?:— [^\s+]+ \S+\n)+", below))
    lines = []
    for line in below.splitlines():
        _, name, signature = line.split(" ")
        blob = unbase64(signature)
        need(len(blob) > 4)
        lines.append((name, blob[:4], blob[4:]))
    return Note(text + "\n", tuple(lines))


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    note: Note


def read_checkpoint(data: bytes) -> Checkpoint:
    note = read_note(data)
    match = re.fullmatch(r"([^\s+]+)\n(0|[1-9][0-9]{0,15})\n(.+)\n(?:.+\n)*", note.text)
    need(match)
    assert match
    root = unbase64(match[3])
    need(len(root) == 32)
    return Checkpoint(match[1], int(match[2]), root, note)


def cosigned(policy: str, key: Key, note: Note) -> list[int]:
    """When the policy's witnesses signed (seconds). Raises Bad unless the policy is met."""
    need(policy.endswith("\n"))
    logs: list[Key] = []
    witnesses: dict[str, Key] = {}
    met: dict[str, bool] = {"none": True}
    free: set[str] = set()
    times: list[int] = []
    quorum: list[str] = []
    for words in (line.split() for line in policy.splitlines()):
        match words if words and not words[0].startswith("#") else []:
            case []:
                continue
            case ["log", vkey] | ["log", vkey, _]:
                logs.append(read_key(vkey))
            case ["witness", name, vkey] | ["witness", name, vkey, _] if name not in met:
                witness = witnesses[name] = read_key(vkey)
                signed = [
                    int.from_bytes(one[:8], "big")
                    for one in note.of(witness)
                    if witness.kind == 4 and len(one) == 72
                    and witness.signs(f"cosignature/v1\ntime {int.from_bytes(one[:8], 'big')}\n"
                                      + note.text, one[8:])
                ]  # fmt: skip
                met[name], times = bool(signed), times + signed
                free.add(name)
            case ["group", name, many, *members] if members and name not in met:
                need(set(members) <= free and len(set(members)) == len(members))
                least = {"all": len(members), "any": 1}.get(many) or int(many)
                need(1 <= least <= len(members))
                met[name] = sum(met[member] for member in members) >= least
                free = free - set(members) | {name}
            case ["quorum", name] if not quorum and name in met:
                quorum.append(name)
            case _:
                raise Bad
    publics = [known.public for known in (*logs, *witnesses.values())]
    need(len(set(publics)) == len(publics) and max(len(logs), len(witnesses)) <= 32)
    need(key.public in [log.public for log in logs] and quorum and met[quorum[0]])
    return times


class Names(NamedTuple):
    """What the ledger itself says of origins, keys and restorations, in order."""

    facts: Sequence[Fact]

    def of(self, *names: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.name in names]

    def keys(self, origin: str) -> list[Key]:
        keys: list[Key] = []
        named = self.of("origin-begun", "signing-key-changed")
        for fact in named:
            vkey = fact.text("vkey")
            if fact.name == "origin-begun" and fact.text("origin") == origin:
                keys.append(read_key(vkey))
            elif fact.name != "origin-begun" and keys and vkey.startswith(origin + "+"):
                note = read_note(fact.text("note").encode())
                need(note.is_signed_by(keys[-1]) and vkey in note.text.splitlines())
                keys.append(read_key(vkey))
        if not keys and any(fact.text("previous") == origin for fact in named):
            for key in (read_key(fact.text("vkey")) for fact in named):
                blob = bytes([key.kind]) + key.public
                identity = hashlib.sha256(f"{origin}\n".encode() + blob).digest()[:4]
                keys.append(Key(origin, identity, key.kind, key.public))
        return keys

    def in_force(self, origin: str, size: int) -> list[Key]:
        """Those that may sign so many entries: all but the retired."""
        named = [
            read_key(fact.text("vkey"))
            for fact in self.of("origin-begun", "signing-key-changed")
            if fact.position <= size and fact.text("vkey").startswith(origin + "+")
        ]
        retired = {key for key in named[:-1] if key != named[-1]}
        return [key for key in self.keys(origin) if key not in retired]

    def kept(self, origin: str) -> float:
        """Up to which size the ledger still has what that origin signed."""
        begun = [f.position for f in self.of("origin-begun") if f.text("origin") == origin]
        since = max(begun, default=0)
        restored = self.of("ledger-restored")
        sizes = [f.number("position") for f in restored if f.position > since]
        return min(sizes, default=float("inf"))
