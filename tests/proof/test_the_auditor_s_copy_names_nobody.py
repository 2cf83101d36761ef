"""A database without its vault, whatever was logged, and what an auditor is handed name nobody, in
no spelling; an erasure takes nothing from proof.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from psycopg.conninfo import conninfo_to_dict

from engine.proof import verify
from engine.store import programs
from tests.privacy.garden import Everything
from tests.proof.handed import verified
from tests.proof.whole_life import NOTE, PLOT, SAID, THEODORA, VISITOR, WholeLife, whole_life

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeLife]:
    with whole_life(tmp_path_factory.mktemp("installation") / "relance") as lived:
        lived.files["vault"] = lived.relance.folder.parent / "vault.sql"
        lived.files["vault"].write_bytes(dumped(lived.conninfo, "--schema=vault", "--inserts"))
        yield lived


def spellings(word: str) -> set[bytes]:
    """How a word may stand in a file: as written or changed as programs change it, each also in
    hexadecimal and in base64, and an address as a hash that anybody could make. Lower-cased, but
    for base64.
    """
    plain = {
        word,
        word.lower(),
        word.upper(),
        unicodedata.normalize("NFD", word),
        quote(word, safe=""),
        quote_plus(word),
        json.dumps(word)[1:-1],
    }
    hashes = {
        hashlib.new(name, each.encode()).hexdigest()
        for name in ("md5", "sha1", "sha256")
        for each in (word, word.lower())
    }
    local, at, domain = word.rpartition("@")
    if at:
        plain |= {".".join(reversed(domain.split("."))), domain, local, word[::-1]}
    octets = {each.encode() for each in plain}
    found = (
        {each.lower() for each in octets}
        | {each.hex().encode() for each in octets}
        | {each.encode() for each in hashes}
    )
    return found | {each for form in octets if len(form) > 5 for each in in_base64(form)}


def in_base64(octets: bytes) -> Iterator[bytes]:
    """What is the same of it wherever in a longer text it begins."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets)
        inner = encoded[(0, 2, 3)[before] : len(encoded) - 4]
        yield from (inner, inner.translate(bytes.maketrans(b"+/", b"-_")))


def standing_in(text: bytes, words: dict[str, tuple[str, ...]] = SAID) -> list[str]:
    lowered = text.lower()
    return [
        word
        for group in words.values()
        for word in group
        if any(form in lowered or form in text for form in spellings(word))
    ]


def dumped(conninfo: str, *arguments: str) -> bytes:
    parts = conninfo_to_dict(conninfo)
    password = str(parts.pop("password", "") or "")
    reach = " ".join(f"{name}='{value}'" for name, value in parts.items())
    command = [str(programs.program("pg_dump")), f"--dbname={reach}", *arguments]
    done = subprocess.run(
        command,
        env=programs.environment() | {"PGPASSWORD": password},
        capture_output=True,
        check=True,
    )
    return done.stdout


def test_the_search_finds_what_is_there(life: WholeLife) -> None:
    """In the vault as it was before anybody was erased: each kind of what went in."""
    vault = life.files["vault"].read_bytes()
    missing = [word for group in SAID.values() for word in group if word not in standing_in(vault)]
    assert missing == []
    for word in SAID["addresses"]:
        for form in (
            word,
            quote(word),
            word.upper(),
            word.encode().hex(),
            base64.b64encode(b"xy" + word.encode() + b"z").decode(),
        ):
            assert standing_in(f"{{ {form} }}".encode()), form


def test_a_dump_of_the_database_without_the_vault_names_nobody(life: WholeLife) -> None:
    dump = dumped(life.conninfo, "--exclude-schema=vault", "--inserts")
    for there in (b"ledger.events", b"desk.shown", b"proof.tile", b"view_"):
        assert there in dump
    assert b'"name":"mail-bounced"'.hex().encode() in dump
    assert standing_in(dump) == []


def test_nothing_that_was_logged_names_anybody(life: WholeLife) -> None:
    data = life.relance.folder / "data"
    postgres = (data / "postgres.run" / "postgres.log").read_text()
    logged = "\n".join([*life.logs, postgres])
    assert '"what": "started"' in logged or '"what":"started"' in logged
    assert standing_in(logged.encode()) == []


def test_no_file_beside_the_database_names_anybody(life: WholeLife) -> None:
    """The stop journal, the marks of senders, the last checkpoint, what was imported."""
    data = life.relance.folder / "data"
    files = [
        each
        for each in sorted(data.rglob("*"))
        if each.is_file() and "postgres" not in each.relative_to(data).parts[0]
    ]
    named = {
        str(each.relative_to(data)): found
        for each in files
        if (found := standing_in(each.read_bytes()))
    }
    assert files and named == {}


def test_what_the_auditor_is_handed_names_nobody(life: WholeLife, tmp_path: Path) -> None:
    life.done("audit", "ledger", "-o", str(tmp_path / "ledger"))
    files = [each for each in sorted((tmp_path / "ledger").rglob("*")) if each.is_file()]
    assert b'"name":"breach-recorded"' in b"".join(each.read_bytes() for each in files)
    named = {
        each.name: found
        for each in files
        if (found := standing_in(each.read_bytes() + each.name.encode()))
    }
    assert named == {}


def test_of_a_copy_only_the_vault_s_part_names_anybody(life: WholeLife) -> None:
    for part in sorted(life.files["copy"].iterdir()):
        if part.suffix == ".dump" and not part.name.startswith("vault"):
            rows = gzip.decompress(part.read_bytes())
            assert len(rows) > 100 and standing_in(rows) == [], part.name
        elif part.suffix != ".dump":
            assert standing_in(part.read_bytes()) == [], part.name


def test_what_others_are_told_of_its_state_names_nobody(life: WholeLife) -> None:
    verbs = (
        ("status",),
        ("status", "--json"),
        ("lists",),
        ("requests",),
        ("audit", "key"),
        ("audit", "checkpoint"),
    )
    said = {verb: life.relance(*verb).out for verb in verbs}
    assert all(said.values()) and standing_in("".join(said.values()).encode()) == []


@dataclass(frozen=True)
class Erased:
    """Théodora's opaque id, her bundle made before and one made after, and the ledger handed over
    after.
    """

    stream: str
    before: Path
    after: Path
    ledger: Path


@pytest.fixture(scope="module")
def erased(life: WholeLife, tmp_path_factory: pytest.TempPathFactory) -> Erased:
    folder = tmp_path_factory.mktemp("auditor")
    before, after, ledger = folder / "before.zip", folder / "after.zip", folder / "ledger"
    stream = str(json.loads(life.done("person", "export", THEODORA))["person"]["subscriber"])
    life.done("audit", "prove", THEODORA, "-o", str(before))
    assert stream in life.done("person", "erase", THEODORA, "--yes")
    life.done("audit", "prove", stream, "-o", str(after))
    life.done("audit", "ledger", "-o", str(ledger))
    return Erased(stream, before, after, ledger)


HERS = (THEODORA, "Théodora", "Brindamour", PLOT, VISITOR, "Brouettephone", NOTE)


def test_after_an_erasure_replay_is_equal_and_the_tree_leads_to_every_checkpoint(
    life: WholeLife, erased: Erased
) -> None:
    assert life.done("audit", "replay") == "equal\n"
    assert Everything(life.conninfo).found(*HERS) == set()


def test_a_bundle_made_before_still_verifies_alone_and_against_the_ledger_handed_over_after(
    erased: Erased,
) -> None:
    """E08: handed to her before, it still proves what it proved, evidence included."""
    alone = verified(erased.before)
    assert alone.status == 0, alone.out
    found = verified(erased.before, "--with", erased.ledger)
    assert found.status == 0, found.out
    assert "all evidence that is held" in str(
        found.said["proved"]
    ) and "the whole ledger has the same root" in str(found.said["proved"])
    (later,) = [each for each in found.said["to_know"] if "later facts about this person" in each]
    assert "subscriber-erased" in later
    with zipfile.ZipFile(erased.before) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
    assert set(HERS) - {NOTE} <= set(standing_in(text)) | {"Théodora"}


def test_a_bundle_made_after_says_what_can_no_longer_be_shown(
    life: WholeLife, erased: Erased
) -> None:
    found = verified(erased.after, "--with", erased.ledger)
    assert found.status == 0, found.out
    open_ = "\n".join(found.said["not_proved"])
    assert (
        "who this is: the person is not known any more" in open_
        and "its evidence (" in open_
        and "is not held any more" in open_
    )
    with zipfile.ZipFile(erased.before) as before, zipfile.ZipFile(erased.after) as after:
        names = set(after.namelist())
        assert "person.json" not in names and not any(
            name.startswith("evidence/") for name in names
        )
        own = [
            name
            for name in before.namelist()
            if name.startswith("entries/")
            and name.endswith(".json")
            and json.loads(before.read(name))["stream"] != verify.INSTALLATION
        ]
        assert set(own) <= names and all(before.read(name) == after.read(name) for name in own)
        # Each fact whose evidence is gone is named. Pieces that belong to another piece went with
        # it.
        behind = {
            each
            for name in own
            if (each := json.loads(before.read(name))["cause"].get("evidence", ""))
        }
        assert all(f"its evidence ({digest[:16]})" in open_ for digest in behind) and behind
        assert standing_in(b"".join(after.read(name) for name in names), {"hers": HERS}) == []


def test_who_was_erased_is_proved_by_their_opaque_id_alone(
    life: WholeLife, erased: Erased, tmp_path: Path
) -> None:
    said = life.relance("audit", "prove", THEODORA, "-o", str(tmp_path / "x.zip"))
    assert (
        said.status == 1
        and "nobody is known under this address" in said.err
        and not (tmp_path / "x.zip").exists()
    )
