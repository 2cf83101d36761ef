"""What an operator hands over, made without a database: a small ledger of two people, a bundle
about one of them, and the ledger as a whole.

The tree is the slow recursive one of the tests, so that the verifier is held against something that
is not made of it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.context import AppContext
from engine.ledger.codec import canonical
from engine.proof import verify
from engine.proof.bundle import BundleSources, Head, Sign, bundle_files, promise, sums
from engine.proof.bundle_sources import Stores, holding_of
from engine.proof.bundle_sources import head_of as stored_head_of
from engine.proof.handover import ledger_tools
from engine.proof.signing import NoteSigner
from engine.proof.store import SignedCheckpoint
from tests.proof.plain_tree import mth, path

ORIGIN = "lettres.potager.example/relance/0123456789abcdef"
SIGNER = NoteSigner(ORIGIN, hashlib.sha256(b"a seed for tests").digest())
ANNA, BRUNO = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c", "1f0a6c55-0d6b-4d53-8a3b-6c1f7f0f9a11"
NOTICE = "Vos conseils de jardinage.\n[ ] Je suis d'accord\n[Recevoir]"
LETTER = "Bonjour,\n\nvoici de quoi semer.\n"
DAY = 86_400_000
SALT = bytes(range(32))
SAID = canonical({"act": "agreed", "ip": "192.0.2.7", "page": "https://potager.example/lettre"})
COMMITMENT = hashlib.sha256(b"commit/v1\0" + SALT + SAID).hexdigest()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Book:
    """A ledger in memory: the exact bytes of its entries."""

    entries: list[bytes] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    at: int = 1_772_449_200_000

    def write(self, stream: str, name: str, **data: object) -> int:
        """The position of one more fact; `evidence` belongs to its cause."""
        evidence = cast(str, data.pop("evidence", ""))
        self.at += 60_000
        self.versions[stream] = version = self.versions.get(stream, 0) + 1
        cause = {"door": "form", **({"evidence": evidence} if evidence else {})}
        entry = {
            "at": self.at,
            "cause": cause,
            "data": data,
            "name": name,
            "recorded_at": self.at + 5,
            "stream": stream,
            "v": 1,
            "version": version,
        }
        self.entries.append(canonical(entry))
        return len(self.entries)

    def publish(self, text: str, pieces: int = 1) -> str:
        size = -(-len(text) // pieces)
        for part in range(pieces):
            piece = text[part * size : (part + 1) * size]
            self.write(
                verify.INSTALLATION,
                "words-published",
                digest=digest(text),
                part=part,
                parts=pieces,
                text=piece,
            )
        return digest(text)

    def checkpoint(self, size: int | None = None, signer: NoteSigner = SIGNER) -> bytes:
        size = len(self.entries) if size is None else size
        root = base64.b64encode(mth(self.entries[:size])).decode()
        return signer.sign(f"{signer.verifier.name}\n{size}\n{root}\n")

    def positions(self, stream: str) -> list[int]:
        return [
            n for n, entry in enumerate(self.entries, 1) if json.loads(entry)["stream"] == stream
        ]

    def rewritten(self, position: int, **data: object) -> Book:
        """The same history with one fact told otherwise."""
        said = json.loads(self.entries[position - 1])
        said["data"] |= data
        entries = list(self.entries)
        entries[position - 1] = canonical(said)
        return replace(self, entries=entries)


def small_book(settings: str = '{"language":"fr"}') -> Book:
    """Anna asks, confirms, gets two letters and withdraws; Bruno stands on a list. `settings` are
    the configuration, published before all.
    """
    book = Book()
    book.write(verify.INSTALLATION, "origin-begun", origin=ORIGIN, vkey=SIGNER.vkey)
    configuration = book.publish(settings)
    notice = book.publish(NOTICE, 2)
    letter = book.publish(LETTER)
    book.write(
        verify.INSTALLATION,
        "configuration-published",
        edition=1,
        digest=configuration,
        program="test",
    )
    book.write(verify.INSTALLATION, "notice-published", form="lettre", digest=notice, language="fr")
    book.write(verify.INSTALLATION, "sequence-published", edition=1, files=[["semis.md", letter]])
    book.write(ANNA, "subscriber-registered", language="fr")
    book.write(BRUNO, "subscriber-registered")
    book.write(
        ANNA,
        "consent-requested",
        purpose="conseils",
        request="r1",
        lists=[10],
        expires_at=book.at + 7 * DAY,
        notice=notice,
        form="lettre",
        evidence=COMMITMENT,
    )
    ask = {
        "key": "ask:conseils",
        "kind": "confirmation",
        "letter": "ask",
        "message": "m0",
        "edition": 1,
        "purpose": "conseils",
    }
    book.write(ANNA, "letter-begun", **ask)
    book.write(ANNA, "letter-sent", message="m0", code=250)
    book.write(
        ANNA,
        "consent-confirmed",
        purpose="conseils",
        request="r1",
        act="human_button",
        notice=notice,
        evidence=COMMITMENT,
    )
    book.write(BRUNO, "consent-given", purpose="conseils", proof="declared")
    book.write(ANNA, "list-joined", list=10, run=1)
    book.write(BRUNO, "list-joined", list=10, run=1)
    for n in (1, 2):
        begin_letter(book, ANNA, f"l{n}", f"m{n}")
        book.write(ANNA, "letter-sent", message=f"m{n}", code=250)
    book.write(ANNA, "consent-withdrawn", purpose="conseils", act="rfc8058")
    book.write(ANNA, "list-left", list=10, run=1, why="withdrawn")
    return book


def begin_letter(book: Book, stream: str, letter: str, message: str, /, **more: object) -> int:
    said = {
        "key": "list:10",
        "kind": "letter",
        "letter": letter,
        "message": message,
        "edition": 1,
        "list": 10,
        "run": 1,
        "purpose": "conseils",
    }
    return book.write(stream, "letter-begun", **(said | more))


def head_of(book: Book, size: int | None = None, signer: NoteSigner = SIGNER) -> Head:
    size = len(book.entries) if size is None else size
    policy = f"log {signer.vkey}\nquorum none\n".encode()
    return Head(book.checkpoint(size, signer), signer.verifier.name, size, signer.vkey, policy)


def bundle_of(
    book: Book,
    *,
    size: int | None = None,
    leave_out: Iterable[int] = (),
    signer: NoteSigner = SIGNER,
    stream: str = ANNA,
) -> dict[str, bytes]:
    """A bundle about Anna. `leave_out`: positions of hers a dishonest operator keeps back, and does
    not count.
    """
    head = head_of(book, size, signer)
    before = book.entries[: head.size]
    own = [n for n in book.positions(stream) if n <= head.size and n not in set(leave_out)]
    chosen = sorted({*own, *(n for n in book.positions(verify.INSTALLATION) if n <= head.size)})
    proofs = {}
    for n in chosen:
        steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in path(n - 1, before))
        proofs[n] = f"c2sp.org/tlog-proof@v1\nindex {n - 1}\n{steps}\n".encode() + head.checkpoint
    person = {"address": "anna@lecteurs.example", "fields": {"first_name": "Anna"}}
    told = any(COMMITMENT.encode() in book.entries[n - 1] for n in own)
    evidence = {COMMITMENT: (SALT, SAID)} if told else {}
    holding = BundleSources(
        stream, len(own), {n: book.entries[n - 1] for n in chosen}, proofs, evidence, person
    )
    return bundle_files(head, holding, ledger_tools(), signer.sign)


def bundle(
    context: AppContext, stream: str, signed: SignedCheckpoint | None = None
) -> dict[str, bytes]:
    """As `relance audit prove` makes it."""
    stores = Stores(context.ledger, context.vault, context.tree, context.installation_stream)
    signed = signed or context.tree.sign_now()
    return bundle_files(
        stored_head_of(stores, signed),
        holding_of(stores, stream, signed),
        ledger_tools(),
        context.tree.sign,
    )


def ledger_of(
    book: Book, *, size: int | None = None, signed: Sequence[int] = (), signer: NoteSigner = SIGNER
) -> dict[str, bytes]:
    """The whole ledger; `signed` are the sizes at which checkpoints were signed on the way."""
    head = head_of(book, size, signer)
    files = {
        "checkpoint": head.checkpoint,
        "vkey.txt": f"{head.vkey}\n".encode(),
        "policy.txt": head.policy,
        **ledger_tools(),
    }
    for each in (*signed, head.size):
        files[f"checkpoints/1-{each}"] = book.checkpoint(each, signer)
    for n in range(0, head.size, 256):
        tile = book.entries[n : min(n + 256, head.size)]
        name = f"tile/entries/{n // 256:03d}" + ("" if len(tile) == 256 else f".p/{len(tile)}")
        files[name] = b"".join(len(entry).to_bytes(2, "big") + entry for entry in tile)
    return files | {"SHA256SUMS": sums(files)}


def summed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """With SHA256SUMS made anew, as anybody can."""
    rest = {name: data for name, data in files.items() if name != "SHA256SUMS"}
    return rest | {"SHA256SUMS": sums(rest)}


def signed_again(files: Mapping[str, bytes], sign: Sign = SIGNER.sign) -> dict[str, bytes]:
    """With stream.note signed anew for what is there, as the operator alone can."""
    rest = {name: data for name, data in files.items() if name not in ("SHA256SUMS", "stream.note")}
    lines = files["stream.note"].decode().split("\n")
    versions, size = int(lines[2].split(" ")[1]), int(lines[3].split(" ")[1])
    head = Head(b"", lines[0], size, "", b"")
    return summed(
        rest | {"stream.note": sign(promise(head, lines[1].split(" ")[1], versions, rest))}
    )


def unpack(files: Mapping[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


@dataclass(frozen=True)
class Verdict:
    status: int
    out: str
    err: str

    @property
    def said(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def wrong(self) -> list[tuple[str, str]]:
        return [(each["file"], each["reason"]) for each in self.said["wrong"]]

    def names(self, file: str, reason: str) -> bool:
        return any(file in place and reason in why for place, why in self.wrong)


def verified(
    path: Path,
    *more: str | Path,
    python: str = sys.executable,
    lang: str = "en",
    plain: bool = False,
) -> Verdict:
    """The verifier as an auditor runs it: one file copied to an empty folder, no environment,
    nothing on the PATH but openssl.
    """
    place = path.parent / "auditor"
    if not place.exists():
        (place / "bin").mkdir(parents=True)
        (place / "bin" / "openssl").symlink_to(OPENSSL)
        (place / "verify.py").write_bytes(Path(verify.__file__).read_bytes())
    command = [
        python,
        "-I",
        "-S",
        "verify.py",
        str(path),
        "--lang",
        lang,
        *map(str, more),
        *([] if plain else ["--json"]),
    ]
    done = subprocess.run(
        command,
        cwd=place,
        env={"PATH": str(place / "bin")},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Verdict(done.returncode, done.stdout, done.stderr)


def _openssl() -> str:
    found = next(
        (
            f"{folder}/openssl"
            for folder in os.environ["PATH"].split(":")
            if os.access(f"{folder}/openssl", os.X_OK)
        ),
        "",
    )
    assert found, "these tests need openssl"
    return found


OPENSSL = _openssl()


class Remembering(verify.OpenSSL):
    """The real openssl, asked once about each signature that a library does not find good: that one
    is wrong is never said without it. That it takes a good one is asked by `verified`.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[bytes, bytes, bytes], bool] = {}
        super().__init__()

    def verifies_ed25519(self, public: bytes, message: bytes, signature: bytes) -> bool:
        asked = (public, message, signature)
        if asked not in self.known:
            self.known[asked] = _good(*asked) or super().verifies_ed25519(*asked)
        return self.known[asked]


def _good(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@cache
def remembering() -> Remembering:
    return Remembering()


def judged(path: Path, *more: str | Path) -> Verdict:
    """The same program within this process, for those who ask it hundreds of times."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = verify.main([str(path), "--json", "--lang", "en", *map(str, more)], remembering())
    return Verdict(status, out.getvalue(), err.getvalue())
