"""Bundles and ledgers, as they are handed over and tampered with: `verify.py` and a verifier
written from docs/format.md alone say of each whether it holds, and name the same lines of P1 at the
same positions.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from engine.ledger.codec import canonical
from engine.proof import verify
from engine.proof.signing import NoteSigner
from tests.proof import independent
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
from tests.proof.independent.verifier import (
    bundle_faults,
    bundle_verified,
    ledger_faults,
    ledger_verified,
)
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
OTHERS = committed({"email": "bruno@lecteurs.example", "operator": "x"})
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


def whole_bundle(book: Book, pieces: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    files, named = bundle_of(book), b"".join(book.entries)
    for name, payload in (pieces or PIECES).items():
        if name == OTHERS[0] and name.encode() not in named:
            continue
        files[f"evidence/{name}.json"] = payload
        files[f"evidence/{name}.salt"] = f"{SALT.hex()}\n".encode()
    return signed_again(files)


def holds(files: Files) -> bool:
    """What both say of it."""
    found, page = by_verify(files), by_the_page(files)
    assert found == page, bundle_faults(files) if not is_ledger(files) else ledger_faults(files)
    return page[0]


@pytest.mark.parametrize("settings", ["{}", "[]"])
def test_of_an_edition_without_a_configuration_neither_knows_the_caps(settings: str) -> None:
    """Its words are missing, or are none: that is not to say that there were no caps."""
    book = small_book(settings)
    begun = begin_letter(book, ANNA, "l3", "m3", edition=7)
    refused = {"why": "pressure", "cap": "1 per 7 days", "letter": "l4", "key": "list:10"}
    held = book.write(ANNA, "letter-withheld", edition=7, purpose="conseils", **refused)
    unknown = {("P1.65", begun), ("P1.66", held)}
    if settings == "[]":
        unknown |= {
            ("P1.65", position)
            for position in book.positions(ANNA)
            if b'"kind":"letter"' in book.entries[position - 1]
        }
    for files, verified in (
        (ledger_of(book), ledger_verified),
        (whole_bundle(book), bundle_verified),
    ):
        assert verified(files).unknown == unknown
        report = verify.Report()
        examine = verify.verify_ledger if is_ledger(files) else verify.verify_bundle
        examine(MemoryFiles(files, report), verify.Options(), report, Quick("openssl"))
        [told] = [f for f in report.unproved_findings if f.code == "caps-unknown"]
        assert told.values["n"] == str(len(unknown))


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
    for _ in range(sized(60, 600)):
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
    assert broken > sized(60, 600)


# By whoever has the database and the key: all of it is signed.

WRONG_FORMS = {
    "a blank": (b'"v":1', b'"v": 1'),
    "another order": (b'"v":1,"version":8', b'"version":8,"v":1'),
    "a letter escaped": (b'"m1"', b'"\\u006d1"'),
    "a name twice": (b'"v":1', b'"v":1,"v":1'),
    "a fraction": (b'"code":250', b'"code":250.0'),
    "an exponent": (b'"code":250', b'"code":1e2'),
    "no number": (b'"code":250', b'"code":NaN'),
    "too large a number": (b'"code":250', b'"code":9007199254740992'),
    "a negative zero": (b'"code":250', b'"code":-0'),
    "half a character": (b'"m1"', b'"\\ud800"'),
    "not UTF-8": (b'"m1"', b'"\xff"'),
    "one member more": (b',"v":1', b',"u":1,"v":1'),
    "one member less": (b'"v":1,', b""),
    "a text for a number": (b'"v":1', b'"v":"1"'),
    "true for a number": (b'"v":1', b'"v":true'),
    "a list for an object": (b'{"door":"form"}', b"[]"),
    "a line end": (b'"version":8}', b'"version":8}\n'),
    "another stream": (b'"stream":"8d3f', b'"stream":"8D3F'),
}


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_an_entry_that_is_written_otherwise_is_refused_by_both(name: str) -> None:
    book = whole_book()
    before, after = WRONG_FORMS[name]
    assert before in book.entries[-1]
    book.entries[-1] = book.entries[-1].replace(before, after)
    assert not holds(ledger_of(book))
    sound = whole_bundle(whole_book())
    place = f"entries/{len(book.entries):010d}.json"
    assert not holds(signed_again({**sound, place: book.entries[-1]}))


def _rewritten(book: Book, **members: int) -> Book:
    """Members of the last entry told otherwise."""
    book.entries[-1] = canonical(json.loads(book.entries[-1]) | members)
    return book


def _key_changes(book: Book, note: str = "") -> Book:
    text = f"{ORIGIN}\nnext key\n{OTHER.vkey}\n"
    note = note or SIGNER.sign(text).decode()
    book.write(verify.INSTALLATION, "signing-key-changed", vkey=OTHER.vkey, note=note)
    return book


def _forgotten(book: Book) -> Book:
    """The letter's ground is not there: the fact before it is told to be about nothing."""
    place = next(n for n, entry in enumerate(book.entries, 1) if b'"consent-confirmed"' in entry)
    return book.rewritten(place, purpose="offres")


HELD: dict[str, Callable[[Book], Book]] = {
    "as it was": lambda book: book,
    "an event to come": lambda book: _written(book, ANNA, "segment-renamed", label="x"),
}
FORBIDDEN: dict[str, Callable[[Book], Book]] = {
    "recorded before the last": lambda book: _rewritten(book, recorded_at=1_700_000_000_000),
    "recorded before it was": lambda book: _rewritten(book, at=9_000_000_000_000),
    "a version twice": lambda book: _rewritten(book, version=7),
    "a version left out": lambda book: _rewritten(book, version=9),
    "no ground": _forgotten,
    "after erasure": lambda book: _erased_and_written_to(book),
    "a retired key": _key_changes,
    "a key nobody named": lambda book: _key_changes(
        book, OTHER.sign(f"{ORIGIN}\nnext key\n{OTHER.vkey}\n").decode()
    ),
    "an edition of nobody's": lambda book: _letter(book, edition=9),
    "words of nobody's": lambda book: _written(
        book,
        ANNA,
        "ground-declared",
        purpose="offres",
        basis="b2b",
        proof="declared",
        notice="0" * 64,
    ),
    "words that lack a part": lambda book: _written(
        book, verify.INSTALLATION, "words-published", digest="0" * 64, part=1, parts=2, text="x"
    ),
    "another address": lambda book: _written(
        book, ANNA, "profile-changed", fields=["email"], evidence=OTHERS[0]
    ),
}


def _written(book: Book, stream: str, name: str, /, **data: object) -> Book:
    book.write(stream, name, **data)
    return book


def _letter(book: Book, **more: object) -> Book:
    begin_letter(book, ANNA, "l2", "m2", **more)
    return book


def _erased_and_written_to(book: Book) -> Book:
    return _letter(_written(book, ANNA, "subscriber-erased", basis="asked"))


@pytest.mark.parametrize("name", [*HELD, *FORBIDDEN])
def test_both_judge_alike_what_an_operator_signed(name: str) -> None:
    book = {**HELD, **FORBIDDEN}[name](whole_book())
    bundle = whole_bundle(book, PIECES | dict((OTHERS,)))
    ledger = ledger_of(book, signed=(3,))
    holding = (holds(bundle), holds(ledger))
    assert all(holding) if name in HELD else not all(holding)


@pytest.mark.parametrize("size", [3, 16])
def test_a_checkpoint_signed_on_the_way_is_held_against_the_entries_by_both(size: int) -> None:
    book, other = whole_book(), whole_book().rewritten(2, text="autre chose")
    files = ledger_of(book, signed=(3, 16))
    named = f"checkpoints/1-{size}"
    assert holds(files)
    assert not holds(summed({**files, named: other.checkpoint(size)}))
    assert not holds(summed({**files, named: book.checkpoint(size, OTHER)}))
    assert not holds(summed({**files, "checkpoints/1-7": book.checkpoint(size)}))
    longer = _letter(whole_book())
    beyond = f"checkpoints/1-{len(longer.entries)}"
    assert not holds(summed({**files, beyond: longer.checkpoint()}))


WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def _cosigned(files: dict[str, bytes], seconds: int) -> dict[str, bytes]:
    """With the signature of a witness that its policy asks for."""
    name, blob = "temoin.example", b"\4" + WITNESS.public_key().public_bytes_raw()
    identity = hashlib.sha256(f"{name}\n".encode() + blob).digest()[:4]
    vkey = f"{name}+{identity.hex()}+{base64.b64encode(blob).decode()}"
    policy = f"log {SIGNER.vkey}\nwitness t {vkey}\ngroup g all t\nquorum g\n".encode()
    text = files["checkpoint"].partition(b"\n\n")[0] + b"\n"
    signature = WITNESS.sign(b"cosignature/v1\ntime %d\n%b" % (seconds, text))
    line = base64.b64encode(identity + seconds.to_bytes(8, "big") + signature).decode()
    note = files["checkpoint"] + f"\u2014 {name} {line}\n".encode()
    made_anew = signed_again if "stream.note" in files else summed
    return made_anew({**files, "policy.txt": policy, "checkpoint": note})


@pytest.mark.parametrize("kind", ["bundle", "ledger"])
def test_a_witness_bounds_the_dates_of_what_it_signed_in_both(kind: str) -> None:
    """What was recorded since the clock was sped up sixtyfold took seconds."""
    book = whole_book()
    files = whole_bundle(book) if kind == "bundle" else ledger_of(book)
    last = json.loads(book.entries[-1])["recorded_at"] // 1000
    assert holds(_cosigned(files, last))
    assert holds(_cosigned(files, last - 400))
    assert not holds(_cosigned(files, last - 1200))
    unsigned = _cosigned(files, last)["policy.txt"]
    made_anew = signed_again if kind == "bundle" else summed
    assert not holds(made_anew({**files, "policy.txt": unsigned}))


def test_a_letter_beyond_a_published_cap_is_named_by_both() -> None:
    """In a bundle and in a ledger; the words of the configuration are among what is handed over."""
    for cap, second in (("1 per 7 days", True), ("2 per 7 days", False)):
        book = small_book(json.dumps({"pressure": [cap], "timezone": "Europe/Paris"}))
        texts = [json.loads(entry)["data"].get("message") for entry in book.entries]
        beyond = {("letter-beyond-cap", texts.index("m2") + 1)} if second else set()
        for files in (bundle_of(book), ledger_of(book)):
            assert by_verify(files) == by_the_page(files) == (not second, beyond)


def test_the_second_verifier_shares_nothing_with_the_program() -> None:
    """Nothing of the engine, and of the tests nothing but its own files."""
    imported = set()
    for path in Path(independent.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                own = str(node.module).startswith("tests.proof.independent.")
                imported |= set() if own else {str(node.module).partition(".")[0]}
    assert imported <= {*sys.stdlib_module_names, "cryptography"}
