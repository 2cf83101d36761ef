"""Two people exchanged by their operator, who has the database and the key: in the vault, or in
what is handed over. And words that evidence names and the operator would rather leave out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.context import AppContext
from engine.proof import verify
from tests.audit.contesting import Auditor
from tests.proof.handed import bundle, digest, judged, signed_again, unpack
from tests.running_installation import Installations
from tests.web import doors
from tests.web.visiting import Site, behind_a_proxy

ANNA, BRUNO = "anna@exemple.fr", "bruno@exemple.fr"
OTHER = "ab" * 32
SETTINGS = '{"purposes":[{"description":"Une fois","id":"conseils","name":"La lettre"}]}'
SWAP = """
UPDATE vault.person AS one SET address = other.address, address_hash = sha256(other.address_hash)
FROM vault.person AS other WHERE one.address <> other.address
    AND one.address = ANY(%(both)s) AND other.address = ANY(%(both)s)
"""
HASHES = "UPDATE vault.person SET address_hash = %(hash)s WHERE address = %(address)s"
Bundles = dict[str, dict[str, bytes]]


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    """Both have asked by a form, got the mail and confirmed; Bruno has another address since."""
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER) as made:
        for address in (ANNA, "bruno.avant@exemple.fr"):
            made.post("inscription", {"email": address, "jardin": "Un balcon"})
            doors.confirmed(made, address)
        doors.corrected(made, "bruno.avant@exemple.fr", BRUNO)
        yield made


@pytest.fixture(scope="module")
def bundles(site: Site) -> Bundles:
    return {address: bundle(site.context, site.stream(address)) for address in (ANNA, BRUNO)}


@pytest.fixture
def auditor(site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(site.context, capsys, tmp_path)


@pytest.fixture
def swapped(site: Site) -> Iterator[None]:
    swap(site.context)
    yield
    swap(site.context)


def swap(context: AppContext) -> None:
    """With the hashes under which people are found, as whoever knows the pepper can."""
    with context.database.transaction() as connection:
        connection.execute(SWAP, {"both": [ANNA, BRUNO]})
        for address in (ANNA, BRUNO):
            connection.execute(HASHES, {"hash": context.vault.hash(address), "address": address})


def test_in_their_own_places_both_hold(site: Site, bundles: Bundles, tmp_path: Path) -> None:
    for address, files in bundles.items():
        found = judged(unpack(files, tmp_path / address))
        assert found.status == 0, found.wrong
        assert f"{address} is the address that entries/" in "\n".join(found.said["proved"])


@pytest.mark.usefixtures("swapped")
def test_addresses_exchanged_in_the_vault_are_named_by_story_letter_prove_and_the_verifier(
    site: Site, auditor: Auditor, tmp_path: Path
) -> None:
    for address, other in ((ANNA, BRUNO), (BRUNO, ANNA)):
        proof = tmp_path / f"{address}.zip"
        letter = doors.letter_to(site, address).claim.message
        for told in (auditor.asks("story", address), auditor.asks("letter", letter)):
            assert told.status == 1
            assert f"! the vault says {address}, but the fact at position" in told.out
            assert f"commits to {other}" in told.out
        told = auditor.asks("prove", address, "-o", str(proof))
        assert told.status == 1 and f"! le coffre dit {address}, mais le fait" in told.out
        found = judged(proof)
        assert found.names("person.json", f"says {address}, which is not the address that entries/")


def test_each_with_the_person_of_the_other_is_named(
    site: Site, bundles: Bundles, tmp_path: Path
) -> None:
    """As they are, and by an operator who names the stream they lie beside and signs again."""
    for address, other in ((ANNA, BRUNO), (BRUNO, ANNA)):
        files = bundles[address] | {"person.json": bundles[other]["person.json"]}
        assert judged(unpack(files, tmp_path / address)).names("person.json", "somebody else")
        person = json.loads(files["person.json"]) | {"stream": site.stream(address)}
        careful = signed_again(
            files | {"person.json": json.dumps(person).encode()}, site.context.tree.sign
        )
        found = judged(unpack(careful, tmp_path / f"careful-{address}"))
        assert [place for place, _ in found.wrong] == ["person.json"], found.wrong
        assert found.names("person.json", "one of the two is another person's")


def test_the_words_of_the_confirming_page_cannot_be_left_out(
    site: Site, bundles: Bundles, tmp_path: Path
) -> None:
    found = judged(unpack(bundles[ANNA], tmp_path / "whole"))
    (pressed,) = [fact for fact in found.said["facts"] if fact["event"] == "consent-confirmed"]
    page = pressed["shown"]
    assert "[Je confirme mon inscription]" in bundles[ANNA][page].decode()
    gone = {name for name, data in bundles[ANNA].items() if page[6:-4].encode() in data} - {
        name for name in bundles[ANNA] if name.startswith(("evidence/", "stream", "SHA256"))
    }
    gone |= {name.replace(".json", ".tlog-proof") for name in gone} | {page}
    left = {name: data for name, data in bundles[ANNA].items() if name not in gone}
    found = judged(unpack(signed_again(left, site.context.tree.sign), tmp_path / "less"))
    assert found.names(page, "names it as notice_digest")


@pytest.mark.parametrize(
    ("piece", "finding"),
    [
        ({"form_digest": OTHER}, "words-missing"),
        ({"configuration": OTHER, "purpose_digest": OTHER}, "words-missing"),
        ({"configuration": digest(SETTINGS), "purpose_digest": OTHER}, "purpose-other"),
        ({"configuration": digest(SETTINGS), "purpose_digest": digest("La lettre\nUne fois")}, ""),
        ({"mail": "Qm9uam91cg==", "mail_digest": digest("Bonjour")}, ""),
        ({"mail": "Qm9uam91cg==", "mail_digest": OTHER}, "mail-other"),
        ({"mail_digest": OTHER}, "mail-other"),
        ({"answers": {"email": "x", "first_name": OTHER}, "referrer": OTHER}, ""),
        ({"visitor": OTHER}, "visitors-gone"),
    ],
)
def test_what_evidence_names_is_there_or_its_absence_is_named(
    piece: dict[str, object], finding: str
) -> None:
    """What a person typed is no name, even where it reads like one."""
    report = verify.Report()
    verify.check_named({digest("a piece"): piece}, {digest(SETTINGS): SETTINGS}, report)
    found = [each.code for each in (*report.wrong_findings, *report.unproved_findings)]
    assert found == [finding] * bool(finding)


def test_form_mail_and_page_are_shown_where_the_facts_are_listed(
    bundles: Bundles, tmp_path: Path
) -> None:
    facts = judged(unpack(bundles[ANNA], tmp_path / "b")).said["facts"]
    shown = {fact["event"]: fact["shown"] for fact in facts if fact["shown"]}
    assert list(shown)[:3] == ["consent-requested", "letter-sent", "consent-confirmed"]
    assert "[ ] " in bundles[ANNA][shown["consent-requested"]].decode()
    assert json.loads(bundles[ANNA][shown["letter-sent"]])["to"] == ANNA
