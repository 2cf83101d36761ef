"""Whatever door a ground came through, its proof holds all that the law asks, or says what is not
known (D01, D02, D07-D10).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.audit.evidence import GroundProof
from engine.audit.identity import identified
from engine.audit.published import Published
from engine.audit.words_seen import words_seen
from engine.i18n.evidence_words import BOXES, DIGESTS, NAMES, VALUES
from engine.i18n.language import LANGUAGES
from engine.installation.events import STREAM
from engine.intake.contested import TOKEN
from engine.intake.evidence_requirements import BASES, DOORS, missing
from engine.sequence.delay import DAY
from engine.subscriber.events import ConsentGiven, ConsentRequested, GroundDeclared, LetterSent
from engine.vault.evidence import PREFIX, octets_of
from engine.vault.lifetimes import forget_kind
from tests.audit.contesting import RAW, Auditor, first_page
from tests.proof.handed import bundle
from tests.running_installation import Installations
from tests.web import doors
from tests.web.visiting import Site, behind_a_proxy

NAMES_OF_WORDS = {"notice_digest", "form_digest", "form_file", "configuration"}
EVIDENCE = re.compile(r"evidence/[0-9a-f]{64}\.json")


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER) as made:
        yield made


@pytest.fixture(scope="module")
def came(site: Site) -> Mapping[str, str]:
    """By each door somebody, once for all tests of this file."""
    return {door: come(site) for door, come in doors.DOORS.items()}


@pytest.fixture(params=sorted(doors.DOORS))
def proof(request: pytest.FixtureRequest, site: Site, came: Mapping[str, str]) -> GroundProof:
    found = doors.last(site, came[request.param])
    assert request.param.startswith(str(found.particulars["method"]))
    return found


def needed(said: Mapping[str, object]) -> list[str]:
    """What this proof may not lack and is not said to be unknown."""
    door, basis = DOORS[str(said["method"])], str(said["basis"])
    named = [*door.needs, *BASES[basis]]
    named += ["box"] if basis == "consent" and str(said["method"]).startswith("form") else []
    named += ["partner.id", "partner.list"] if "partner" in said else []
    return [name for name in dict.fromkeys(named) if name not in unknown(said)]


def unknown(said: Mapping[str, object]) -> list[str]:
    listed = said.get("unknown", [])
    assert isinstance(listed, list)
    return [str(name) for name in listed]


def without(said: Mapping[str, object], name: str) -> dict[str, object]:
    outer, _, inner = name.partition(".")
    if not inner:
        return {key: value for key, value in said.items() if key != name}
    part = said[outer]
    assert isinstance(part, Mapping)
    return {**said, outer: {key: value for key, value in part.items() if key != inner}}


def test_nothing_is_missing(proof: GroundProof) -> None:
    assert (missing(proof.particulars), proof.gone) == ([], ())


def test_each_name_that_is_dropped_is_named(proof: GroundProof) -> None:
    names = needed(proof.particulars)
    assert len(names) > 12
    for name in names:
        dropped = missing(without(proof.particulars, name))
        assert dropped == [name] or name in ("method", "basis"), name
        assert dropped, name


def test_what_is_said_to_be_unknown_is_not_there_and_silence_about_it_is_a_fault(
    proof: GroundProof,
) -> None:
    for name in unknown(proof.particulars):
        assert proof.particulars.get(name) in (
            None,
            "",
            proof.particulars.get(name) if name in ("source", "visitor") else None,
        ), name
        quiet = {
            **proof.particulars,
            "unknown": [each for each in unknown(proof.particulars) if each != name],
        }
        if name not in proof.particulars:
            assert missing(quiet) in ([name], []), name


def test_what_was_shown_stands_in_the_ledger_under_its_digest(
    site: Site, proof: GroundProof
) -> None:
    published = site.context.installation_stream.current()
    for name in ("form_digest", "form_file", "notice_digest", "confirm_digest", "configuration"):
        digest = proof.particulars.get(name)
        if digest:
            assert hashlib.sha256(published.words[str(digest)].encode()).hexdigest() == digest, name
    purpose = published.plan().purposes[str(proof.particulars["purpose"])]
    assert (
        proof.particulars["purpose_digest"]
        == hashlib.sha256(f"{purpose.name}\n{purpose.description}".encode()).hexdigest()
    )


def test_each_digest_that_evidence_names_is_in_the_bundle(
    site: Site, came: Mapping[str, str]
) -> None:
    """The page of the confirming press among them. A purpose's words stand in its configuration,
    and a mail beside its digest.
    """
    for address in came.values():
        files = bundle(site.context, site.stream(address))
        for piece in (json.loads(files[name]) for name in files if EVIDENCE.fullmatch(name)):
            for name in NAMES_OF_WORDS & piece.keys():
                assert f"words/{piece[name]}.txt" in files, (address, name)


def test_the_words_of_form_mail_and_page_are_told_each_in_its_place(
    site: Site,
    came: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """In what a program reads, and in the answer about a letter that followed."""
    address = came["form-confirmed"]
    published = Published(site.context.ledger.stream(STREAM))
    pieces = site.context.vault.pieces_of(site.stream(address))
    seen = {
        words.place: words.notice.words
        for entry in site.entries(address)
        if (words := words_seen(published, entry, pieces)) is not None
    }
    assert list(seen) == ["form", "mail", "page"]
    assert "[ ] " in seen["form"] and seen["page"].endswith("[Je confirme mon inscription]")
    assert "/l/…" in seen["mail"] and not TOKEN.search(seen["mail"])
    last = doors.letter_to(site, address).claim
    assert last.kind == "letter"
    told = Auditor(site.context, capsys, tmp_path).asks("letter", last.message).out
    for text in seen.values():
        assert text.splitlines()[-1] in told


def test_every_door_commits_to_the_address_it_registers(
    site: Site, came: Mapping[str, str]
) -> None:
    for door, address in came.items():
        found = identified(site.context.ledger, site.context.vault, site.stream(address)).committed
        registered = site.entries(address)[0].position
        assert (found.committed, found.since, found.others) == (address, registered, ()), door


def test_each_piece_is_committed_to_by_a_fact_or_by_a_piece_that_is(
    site: Site, came: Mapping[str, str]
) -> None:
    for address in came.values():
        stream = site.stream(address)
        ledger = " ".join(repr(entry.cause) + repr(entry.event) for entry in site.entries(address))
        with site.context.database.connection() as connection:
            rows = connection.execute(
                "SELECT commitment, salt, payload FROM vault.evidence WHERE subscriber = %s",
                (stream,),
            ).fetchall()
        payloads = " ".join(bytes(row[2]).decode() for row in rows)
        assert len({bytes(row[1]) for row in rows}) == len(rows), "a salt was used twice"
        for commitment, salt, payload in rows:
            assert hashlib.sha256(PREFIX + bytes(salt) + bytes(payload)).digest() == bytes(
                commitment
            )
            assert bytes(commitment).hex() in ledger + payloads


def test_every_name_a_door_writes_has_its_words(site: Site, came: Mapping[str, str]) -> None:
    with site.context.database.connection() as connection:
        rows = connection.execute("SELECT payload FROM vault.evidence").fetchall()
    written = [json.loads(bytes(row[0])) for row in rows]
    names = {name for piece in written for name in piece}
    inner = {
        part
        for piece in written
        for name, value in piece.items()
        if isinstance(value, dict) and name not in ("answers", "fields", *BOXES)
        for part in value
    }
    assert len(names) > 40
    assert names - NAMES.keys() - DIGESTS.keys() == set()
    assert inner - NAMES.keys() - IN_PARTS == set()
    fixed = {
        (name, piece[name])
        for piece in written
        for name in VALUES
        if isinstance(piece.get(name), str) and name != "sec_fetch_user"
    }
    assert [(name, value) for name, value in fixed if value not in VALUES[name]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_dossier_s_first_page_has_a_stored_name_a_digest_or_an_epoch(
    site: Site,
    came: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    language: str,
) -> None:
    auditor, path = Auditor(site.context, capsys, tmp_path), tmp_path / "dossier.html"
    for door, address in came.items():
        assert auditor.asks("dossier", address, "-o", str(path), lang=language).status == 0, door
        assert RAW.findall(first_page(path.read_text("utf-8"))) == [], door


IN_PARTS = {"id", "number", "label", "question"}
"""Names of parts, which are worded with what they are a part of."""


def test_nothing_of_it_but_digests_stands_in_the_ledger(
    site: Site, came: Mapping[str, str]
) -> None:
    said = " ".join(
        repr(entry) for address in came.values() for entry in site.entries(address)
    ).lower()
    words = (
        "exemple.fr",
        "salon",
        "cmd-17",
        "jardinier",
        "affiche",
        "printemps",
        "léa",
        "fiche",
        "foire",
        "198.",
        "mozilla",
        "queued",
    )
    assert [word for word in words if word in said] == []


def test_the_mail_that_asked_is_kept_to_the_last_octet_with_the_relays_answer(site: Site) -> None:
    address = "octets@exemple.fr"
    site.post("inscription", {"email": address, "jardin": "Un balcon"})
    mail = doors.confirmed(site, address)
    proof = doors.last(site, address)
    assert octets_of(proof.particulars) == mail.body
    assert proof.particulars["mail_digest"] == hashlib.sha256(mail.body).hexdigest()
    assert f"Message-ID: {proof.particulars['message_id']}\r\n".encode() in mail.body
    assert (proof.particulars["relay_code"], proof.particulars["relay_words"]) == (
        250,
        "Ok: queued",
    )
    (sent,) = [fact for fact in site.facts(address) if isinstance(fact, LetterSent) and fact.mail]
    assert proof.particulars["sent_at"] == sent.at and proof.particulars["act"] == "human_button"
    assert (
        int(str(proof.particulars["asked_at"]))
        <= sent.at
        <= int(str(proof.particulars["confirmed_at"]))
    )


def test_octets_that_are_not_those_of_the_digest_are_refused() -> None:
    with pytest.raises(ValueError, match="not the octets of the mail"):
        octets_of({"mail": "QQ==", "mail_digest": "0" * 64})


def test_a_mail_that_the_relay_puts_off_leaves_nothing_behind(site: Site) -> None:
    from tests.sending.putting_off import put_off_once

    address = "plus-tard@exemple.fr"
    site.post("inscription", {"email": address, "jardin": "Un balcon"})
    put_off_once(site, address)
    kinds = pieces(site, address)
    assert kinds.count("mail") == 0 and kinds.count("relay") == 1


def pieces(site: Site, address: str) -> list[str]:
    with site.context.database.connection() as connection:
        rows = connection.execute(
            "SELECT kind FROM vault.evidence WHERE subscriber = %s", (site.stream(address),)
        ).fetchall()
    return [str(row[0]) for row in rows]


def test_address_and_browser_go_before_the_rest_and_what_stays_still_verifies(site: Site) -> None:
    address = "visite@exemple.fr"
    site.post("simple", {"email": address}, visitor="203.0.113.9")
    before = doors.last(site, address)
    stream, now = site.stream(address), site.context.clock.now()
    assert (
        site.context.vault.evidence_of(stream)[str(before.particulars["visitor"])]["ip"]
        == "203.0.113.9"
    )
    assert forget_kind(site.context.vault, "visitor", now - DAY) == 0
    assert forget_kind(site.context.vault, "visitor", now + 1) >= 1
    assert (
        forget_kind(site.context.vault, "act", now + 1)
        == forget_kind(site.context.vault, "mail", now + 1)
        == 0
    )
    after = doors.last(site, address)
    assert after == before and missing(after.particulars) == []
    assert "203.0.113.9" not in json.dumps(site.context.vault.evidence_of(stream))
    with site.context.database.connection() as connection:
        rows = connection.execute(
            "SELECT commitment, salt, payload FROM vault.evidence WHERE subscriber = %s", (stream,)
        ).fetchall()
    assert [bytes(r[0]) for r in rows] == [
        hashlib.sha256(PREFIX + bytes(r[1]) + bytes(r[2])).digest() for r in rows
    ]


@pytest.mark.parametrize("door", ["api", "import", "operator"])
def test_a_declared_proof_says_that_it_is_declared_and_by_whom(
    site: Site, came: Mapping[str, str], door: str
) -> None:
    proof = doors.last(site, came[door])
    event = proof.entry.event
    assert isinstance(event, ConsentGiven | GroundDeclared) and event.proof.startswith("declared")
    assert (
        proof.particulars["declared"] is True
        and proof.particulars["by"] != "self"
        and proof.particulars["source"]
    )
    assert {"box", "button", "form_digest", "page"} <= set(unknown(proof.particulars))


def test_a_consent_to_a_partner_names_it_and_the_version_of_the_list(
    site: Site, came: Mapping[str, str]
) -> None:
    proof, plan = (
        doors.last(site, came["form, partner"]),
        site.context.installation_stream.current().plan(),
    )
    event = proof.entry.event
    assert isinstance(event, ConsentGiven) and plan.declared is not None
    assert (event.partner, event.partners) == ("pepiniere", plan.declared.partners_version)
    assert proof.particulars["partner"] == {
        "id": "pepiniere",
        "list": plan.declared.partners_version,
    }
    notice = site.context.installation_stream.current().words[event.notice]
    assert (
        "La Pépinière (bonjour@pepiniere.example) : https://pepiniere.example/vie-privee" in notice
    )
    assert "bonjour@pepiniere.example" in site.client.get("/f/pepiniere").text


def test_a_soft_opt_in_holds_the_sale_and_the_objection_that_was_offered(
    site: Site, came: Mapping[str, str]
) -> None:
    said = doors.last(site, came["form, soft opt-in"]).particulars
    assert said["order"] == "CMD-17"
    assert said["objection"] == {
        "id": "relance-agreed",
        "label": "Je m’y oppose",
        "at_first": "not ticked",
        "ticked": False,
    }


def test_an_age_that_a_form_asks_is_declared_or_nobody_is_on_the_list(
    site: Site, came: Mapping[str, str]
) -> None:
    said = doors.last(site, came["form, b2b"]).particulars
    assert said["age"] == {
        "id": "relance-age",
        "label": "J’ai quinze ans ou plus.",
        "at_first": "not ticked",
        "ticked": True,
    }
    answer = site.post(
        "metier", {"email": "jeune@exemple.fr", "first_name": "Apprenti", "relance-agreed": ""}
    )
    assert answer.status_code == 422 and "nous n’écrivons pas à de plus jeunes" in answer.text
    assert site.entries("jeune@exemple.fr") == []


def test_a_proof_whose_pieces_are_gone_says_which(site: Site) -> None:
    address = "efface@exemple.fr"
    site.post("inscription", {"email": address, "jardin": "Un balcon"})
    (request,) = [
        entry for entry in site.entries(address) if isinstance(entry.event, ConsentRequested)
    ]
    doors.confirmed(site, address)
    site.context.vault.forget_evidence([bytes.fromhex(request.cause.evidence)])
    proof = doors.last(site, address)
    assert proof.gone == (request.cause.evidence,) and "form_digest" in missing(proof.particulars)


def test_a_door_nobody_knows_proves_nothing() -> None:
    assert missing({}) == missing({"method": "hearsay"}) == ["method"]
    assert "basis" in missing({"method": "form", "basis": "because"})
