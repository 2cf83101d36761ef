"""A verifier written from docs/format.md alone: it shares nothing with the program.

It takes files by name, and answers which lines of the page do not hold and where: ("P1.19", 17) is
line 19 of the rule, at position 17. Two things of the page it leaves to others: how a zip file is
unpacked, and time stamps, which `openssl ts` verifies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tests.proof.independent.evidence_and_words import (
    Files,
    Place,
    Verification,
    configurations,
    digests,
    editions,
    evidence,
    names_what_is_there,
    published_words,
    tells_of,
    trials,
    who_it_is,
    words_shown,
)
from tests.proof.independent.rule import (
    INSTALLATION,
    UUID,
    Fact,
    Person,
    need,
    read_entry,
    sha256,
    unbase64,
)
from tests.proof.independent.signed import (
    Checkpoint,
    Key,
    Names,
    included,
    leaf,
    read_checkpoint,
    read_note,
    roots,
)

BOTH = (
    r"VERIFIER\.md|verify\.py|SHA256SUMS|vkey\.txt|policy\.txt|checkpoint"
    r"|checkpoint\.tsr|tsa-chain\.pem"
)
BUNDLE = re.compile(
    BOTH + r"|stream\.note|person\.json|entries/[0-9]{10}\.(json|tlog-proof)"
    r"|evidence/[0-9a-f]{64}\.(json|salt)|words/[0-9a-f]{64}\.txt"
)
LEDGER = re.compile(BOTH + r"|tile/.*|checkpoints/.*")
PROMISE = re.compile(
    rf"(\S+)\nstream ({UUID})\nversions ([1-9][0-9]*)\nsize (0|[1-9][0-9]*)\n"
    r"entries ([0-9a-f]{64})\n"
    r"((?:[0-9a-f]{64}  \S+\n)*)"
)


def bundle_faults(files: Files) -> set[tuple[str, Place]]:
    """What of a bundle does not hold."""
    return bundle_verified(files).faults


def bundle_verified(files: Files) -> Verification:
    v = Verification(files)
    for name in files:
        v.holds("B.01", name, BUNDLE.fullmatch(name))
    sums, head = v.sums("B.01"), v.head()
    if head is None:
        return v
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
    person = Person(configurations=configurations(published), trials=trials(published))
    for fact in own:
        v.not_after(times, fact, changes, "B.17")
        earlier = [change for change in changes if change.position < fact.position]
        person.rate = max([1, *(change.number("rate") for change in earlier)])
        v.unknown |= {(line, fact.position) for line in person.untold(fact)}
        v.faults |= {(line, fact.position) for line in person.broken(fact)}
    pieces = evidence(v, own)
    words = words_shown(v, own, published)
    for name, piece in pieces.items():
        v.holds("B.14", name, names_what_is_there(piece, words))
    who_it_is(v, stream, own, pieces)
    tells_of(v, own, pieces)
    return v


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
    return ledger_verified(files).faults


def ledger_verified(files: Files) -> Verification:
    v = Verification(files)
    for name in files:
        v.holds("L.01", name, LEDGER.fullmatch(name))
    v.sums("L.01")
    head = v.head()
    if head is None:
        return v
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
    published = [fact for fact in facts if fact.stream == INSTALLATION]
    declared, tried = configurations(published), trials(published)
    changes = [fact for fact in names.facts if fact.name == "clock-changed"]
    rate = 1
    for fact in facts:
        v.not_after(times, fact, changes, "L.09")
        v.holds("L.04", fact.position, fact.version == versions.get(fact.stream, 0) + 1)
        versions[fact.stream] = fact.version
        if fact.stream != INSTALLATION:
            person = people.setdefault(fact.stream, Person(configurations=declared, trials=tried))
            person.rate = rate
            v.unknown |= {(line, fact.position) for line in person.untold(fact)}
            v.faults |= {(line, fact.position) for line in person.broken(fact)}
        elif fact in changes:
            rate = max(rate, fact.number("rate"))
    signed_on_the_way(v, names, checkpoint, tree)
    editions(v, "L.10", facts)
    words = published_words(v, "L.10", facts)
    for fact in facts:
        if fact.name == "sequence-published":
            v.holds("L.10", fact.position, digests(fact.data.get("files")) <= words.keys())
    return v


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
