"""Bundles and ledgers, as they are handed over and tampered with: `verify.py` and a verifier
written from docs/format.md alone say of each whether it holds, and name the same lines of P1 at the
same positions.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from random import Random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.ledger.codec import canonical
from engine.proof import verify
from engine.proof.signing import NoteSigner
from tests.proof.handed import (
    ANNA,
    BRUNO,
    DAY,
    LETTER,
    NOTICE,
    ORIGIN,
    SALT,
    SIGNER,
    Book,
    begin_letter,
    bundle_of,
    digest,
    ledger_of,
    signed_again,
    small_book,
    summed,
)
from tests.proof.independent.verifier import bundle_faults, ledger_faults
from tests.proof.test_the_rule import ROWS
from tests.sizes import sized

Files = Mapping[str, bytes]
CODES = {line: code.strip("`") for line, (_, _, code) in ROWS.items()} | dict.fromkeys(
    ("B.08", "L.05"), "recorded-backwards"
)
OTHER = NoteSigner(ORIGIN, bytes(32))


class Quick(verify.OpenSSL):
    """Hundreds of signatures: without a process for each."""

    def verifies_ed25519(self, public: bytes, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class MemoryFiles(verify.Files):
    def __init__(self, files: Files, report: verify.Report) -> None:
        super().__init__(report)
        self.files, self.names = files, set(files)

    def load(self, name: str, limit: int) -> bytes:
        return self.files[name][: limit + 1]


def is_ledger(files: Files) -> bool:
    return "stream.note" not in files and any(name.startswith("tile/") for name in files)


def by_verify(files: Files) -> tuple[bool, set[tuple[str, int]]]:
    """Whether it holds, and the codes of P1 with the positions they are named at."""
    report = verify.Report()
    examine = verify.verify_ledger if is_ledger(files) else verify.verify_bundle
    examine(MemoryFiles(files, report), verify.Options(), report, Quick("openssl"))
    wrong = report.wrong_findings
    named = {(w.code, position_of(w.place)) for w in wrong if w.code in CODES.values()}
    return not wrong, named


def position_of(place: str) -> int:
    """From "entries/0000000007.json", or "tile/entries/000.p/20 (7)"."""
    inner = place.partition("(")[2] or place.rpartition("/")[2].partition(".")[0]
    return int(inner.strip(")"))


def by_the_page(files: Files) -> tuple[bool, set[tuple[str, int]]]:
    faults = ledger_faults(files) if is_ledger(files) else bundle_faults(files)
    named = {
        (CODES[line], place) for line, place in faults if line in CODES and isinstance(place, int)
    }
    return not faults, named


def agreed(files: Files) -> bool:
    """What both say of it."""
    assert by_verify(files) == by_the_page(files)
    return by_the_page(files)[0]


SETTINGS = {
    "language": "fr",
    "purposes": [{"description": "Semer, récolter.", "id": "conseils", "name": "Conseils"}],
    "timezone": "Europe/Paris",
}
MAIL = b"From: x@potager.example\r\nTo: anna@lecteurs.example\r\n\r\nConfirmez.\r\n"


def committed(content: Mapping[str, object]) -> tuple[str, bytes]:
    """The commitment to a piece of evidence under the salt of these tests, and the piece."""
    payload = canonical(content)
    return hashlib.sha256(b"commit/v1\0" + SALT + payload).hexdigest(), payload


VISITOR = committed({"ip": "192.0.2.7", "user_agent": "Brouette"})
REGISTERED = committed({"email": "anna@lecteurs.example", "operator": "x"})
PRESSED = committed({"act": "human_button", "notice_digest": digest(NOTICE)})
ASKED = committed(
    {
        "answers": {"email": "anna@lecteurs.example"},
        "configuration": digest(canonical(SETTINGS).decode()),
        "form_digest": digest("<form>"),
        "form_file": digest(LETTER),
        "notice_digest": digest(NOTICE),
        "purpose_digest": digest("Conseils\nSemer, récolter."),
        "visitor": VISITOR[0],
    }
)
MAILED = committed(
    {
        "mail": base64.b64encode(MAIL).decode(),
        "mail_digest": hashlib.sha256(MAIL).hexdigest(),
        "to": "anna@lecteurs.example",
    }
)
PIECES = dict((VISITOR, REGISTERED, PRESSED, ASKED, MAILED))


def whole_book() -> Book:
    """Anna asks on a form, confirms what a mail asked, and gets a letter: with all that proves
    it.
    """
    book = Book()
    install = verify.INSTALLATION
    book.write(install, "origin-begun", origin=ORIGIN, vkey=SIGNER.vkey)
    settings, form = book.publish(canonical(SETTINGS).decode()), book.publish("<form>")
    notice, letter = book.publish(NOTICE, 2), book.publish(LETTER)
    book.write(install, "configuration-published", edition=1, digest=settings, program="test")
    book.write(install, "notice-published", form="lettre", digest=notice, language="fr")
    book.write(install, "form-published", form="lettre", digest=letter, rendered=form)
    book.write(install, "sequence-published", edition=1, files=[["semis.md", letter]])
    book.write(install, "clock-changed", rate=60, trial=True)
    book.write(ANNA, "subscriber-registered", language="fr", evidence=REGISTERED[0])
    book.write(BRUNO, "subscriber-registered")
    asked = {"purpose": "conseils", "request": "r1", "notice": notice}
    until = book.at + 7 * DAY
    book.write(ANNA, "consent-requested", lists=[10], expires_at=until, evidence=ASKED[0], **asked)
    begin_letter(book, ANNA, "ask", "m0", key="ask:conseils", kind="confirmation", list=0, run=0)
    book.write(ANNA, "letter-sent", message="m0", code=250, mail=MAILED[0])
    book.write(ANNA, "consent-confirmed", act="human_button", evidence=PRESSED[0], **asked)
    book.write(ANNA, "list-joined", list=10, run=1)
    begin_letter(book, ANNA, "l1", "m1")
    book.write(ANNA, "letter-sent", message="m1", code=250)
    return book


def whole_bundle(book: Book, signer: NoteSigner = SIGNER) -> dict[str, bytes]:
    files = bundle_of(book, signer=signer)
    for name, payload in PIECES.items():
        files[f"evidence/{name}.json"] = payload
        files[f"evidence/{name}.salt"] = f"{SALT.hex()}\n".encode()
    return signed_again(files, signer.sign)


def holds(files: Files) -> bool:
    """What both say of it."""
    found, page = by_verify(files), by_the_page(files)
    assert found == page, bundle_faults(files) if not is_ledger(files) else ledger_faults(files)
    return page[0]


def test_what_is_handed_over_holds_in_both() -> None:
    book = whole_book()
    assert holds(whole_bundle(book)) and holds(bundle_of(small_book(), size=16))
    assert holds(ledger_of(book, signed=(3, 16)))
    for n in range(600):
        book.write(f"00000000-0000-4000-9000-{n:012x}", "subscriber-registered")
    assert holds(ledger_of(book, signed=(256, 512)))


# By whoever has the files.


def _flip(files: dict[str, bytes], name: str, random: Random) -> None:
    data = bytearray(files[name] or b"\0")
    data[random.randrange(len(data))] ^= 1 << random.randrange(7)
    files[name] = bytes(data)


def _cut(files: dict[str, bytes], name: str, random: Random) -> None:
    files[name] = files[name][: random.randrange(len(files[name]) + 1)]


def _remove(files: dict[str, bytes], name: str, random: Random) -> None:
    del files[name]


def _swap(files: dict[str, bytes], name: str, random: Random) -> None:
    alike = [n for n in files if n.rpartition(".")[2] == name.rpartition(".")[2]]
    other = random.choice(alike)
    files[name], files[other] = files[other], files[name]


def _add(files: dict[str, bytes], name: str, random: Random) -> None:
    place = random.choice((f"words/{'0' * 64}.txt", f"evidence/{'0' * 64}.json", "more.txt"))
    files[place] = files[name]


EDITS: tuple[Callable[[dict[str, bytes], str, Random], None], ...] = (
    *(_flip, _flip, _cut, _remove),
    *(_swap, _add),
)


@pytest.mark.parametrize("kind", ["bundle", "ledger"])
def test_both_say_the_same_of_files_that_were_tampered_with(kind: str) -> None:
    """As they are then, with new sums, and with a note signed anew for what is there."""
    book, random = whole_book(), Random(kind)
    files = whole_bundle(book) if kind == "bundle" else ledger_of(book, signed=(3, 16))
    broken = 0
    for _ in range(sized(150, 5000)):
        tampered = dict(files)
        name = random.choice(sorted(files.keys() - {"verify.py", "VERIFIER.md"}))
        random.choice(EDITS)(tampered, name, random)
        broken += not holds(tampered)
        broken += not holds(summed(tampered))
        if (
            kind == "bundle"
            and "stream.note" in tampered
            and tampered["stream.note"] == files["stream.note"]
        ):
            broken += not holds(signed_again(tampered))
    assert broken > sized(200, 6000)
