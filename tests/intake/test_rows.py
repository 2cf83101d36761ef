"""A row held against what the import says: who arrives on which ground, whose refusal is brought along, and why a row is neither."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.intake import rows
from engine.intake.rows import Arrival, Departure, Said, departure, instant, proof_of, read_row, subscribe
from engine.intake.table import Rejected, Row
from engine.subscriber.events import Cause

NOW = 1_790_000_000_000  # 2026-09-21
MARCH = 1_709_247_600_000  # 2024-03-01 00:00 in Paris
SAID = Said(10, NOW, "Europe/Paris", "salon 2024", MARCH, "consent", fields=("first_name", "town"))
NOTHING = Said(10, NOW, "Europe/Paris")


def row(**values: str) -> Row:
    return Row(7, {"email": "ana@lecteurs.example"} | values, "as written")


OFFERED = replace(SAID, objection="case sur le bon de commande")


def reserved(**values: str) -> Row:
    return row(**{rows.RESERVED[name]: value for name, value in values.items()})


def arrival(read: Arrival | Departure | Rejected) -> Arrival:
    assert isinstance(read, Arrival), read
    return read


def reason(read: Arrival | Departure | Rejected) -> str:
    assert isinstance(read, Rejected), read
    assert (read.line, read.raw) == (7, "as written")
    return read.reason


def test_a_plain_row_takes_its_ground_from_the_import() -> None:
    found = arrival(read_row(row(email=" Ana@Lecteurs.Example "), SAID))
    assert (found.address, found.source, found.basis, found.collected) == ("ana@lecteurs.example", "salon 2024", "consent", MARCH)
    command = subscribe(found, SAID, Cause("import"))
    assert (command.at, command.basis, command.proof, command.declared_at) == (NOW, "consent", "declared", MARCH)
    assert (command.start, command.counted_from, command.own_act) == ("none", 0, False)


def test_a_column_says_otherwise_for_its_row_and_an_empty_cell_does_not() -> None:
    found = arrival(read_row(reserved(source="boutique", collected="02/04/2024", basis="Soft opt-in", order="C-1"), OFFERED))
    assert (found.source, found.basis, found.collected) == ("boutique", "soft-optin", instant("2024-04-02", "Europe/Paris"))
    found = arrival(read_row(reserved(source="", collected="", basis=""), SAID))
    assert (found.source, found.basis, found.collected) == ("salon 2024", "consent", MARCH)


@pytest.mark.parametrize(
    ("missing", "sentence"), [("source", "no source"), ("collected", "no date of collection"), ("basis", "no basis")]
)
def test_without_source_date_and_basis_nobody_is_brought_in(missing: str, sentence: str) -> None:
    whole = {"source": "salon", "collected": "2024-03-01", "basis": "consent"}
    assert isinstance(read_row(reserved(**whole), NOTHING), Arrival)
    assert sentence in reason(read_row(reserved(**{**whole, missing: ""}), NOTHING))


def test_a_proof_strengthens_the_declaration_and_goes_to_the_evidence_with_all_that_was_said() -> None:
    values = {**row(first_name="Ana", town="").values, **reserved(proof="formulaire 12", order="C-77").values}
    found = arrival(read_row(Row(7, values, "as written"), SAID))
    assert subscribe(found, SAID, Cause("import")).proof == "declared-with-proof"
    assert proof_of(found, "Europe/Paris") == {
        "source": "salon 2024",
        "collected": "2024-03-01T00:00:00+01:00",
        "basis": "consent",
        "proof": "formulaire 12",
        "order": "C-77",
        "fields": ["first_name"],
    }


def test_by_date_counts_from_the_collection() -> None:
    said = Said(10, NOW, "Europe/Paris", "salon", MARCH, "consent", "by-date")
    command = subscribe(arrival(read_row(row(), said)), said, Cause("import"))
    assert (command.start, command.counted_from) == ("by-date", MARCH)


def test_the_zone_and_language_of_a_row_are_left_out_where_only_the_ground_is_wanted() -> None:
    found = arrival(read_row(row(timezone="Asia/Tokyo", language="pt-BR"), SAID))
    command = subscribe(found, SAID, Cause("import"), profile=False)
    assert (command.timezone, command.language) == ("", "")
    command = subscribe(found, SAID, Cause("import"))
    assert (command.timezone, command.language) == ("Asia/Tokyo", "pt")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"email": "ana@@lecteurs.example"}, "exactly one @"),
        ({"timezone": "Paris"}, "time zone is not known"),
        ({"language": "français"}, "language is not a code"),
        ({"first_name": "=?utf-8?q?Ana=0ABcc:_x?="}, "encoded word"),
        ({rows.BASIS: "opt-in"}, "none of consent, soft-optin, b2b"),
        ({rows.COLLECTED: "2026-09-22"}, "of collection lies in the future"),
        ({rows.COLLECTED: "1899-12-31"}, "of collection lies before 1990"),
        ({rows.COLLECTED: "31/02/2024"}, "no such day"),
        ({rows.COLLECTED: "03/15/2024"}, "no such day"),
        ({rows.COLLECTED: "15/03/24"}, "not understood"),
        ({rows.LAST_CONTACT: "2030-01-01"}, "of the last contact lies in the future"),
        ({rows.LAST_CONTACT: "yesterday"}, "not understood"),
        ({rows.UNSUBSCRIBED: "peut-être"}, "not known"),
        ({rows.UNSUBSCRIBED: "-"}, "not known"),
        ({rows.UNSUBSCRIBED: "2"}, "not known"),
        ({rows.UNSUBSCRIBED: "2030-01-01"}, "of the refusal lies in the future"),
    ],
    ids=str,
)
def test_what_is_not_known_is_a_reason_and_never_a_guess(values: dict[str, str], sentence: str) -> None:
    assert sentence in reason(read_row(row(**values), SAID))


def test_no_reason_repeats_what_stood_in_the_row() -> None:
    for name in ("email", "timezone", "language", "first_name", *rows.RESERVED.values()):
        read = read_row(row(**{name: "=?utf-8?q?secret?= secret"}), SAID)
        assert not isinstance(read, Rejected) or "secret" not in read.reason


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        *((cell, "unsubscribed") for cell in ("1", "yes", "OUI", "x", "True", "unsubscribed", "Désinscrit", "désabonné", "opt-out")),
        *((cell, "bounced") for cell in ("bounced", "Hard bounce", "cleaned")),
        *((cell, "complained") for cell in ("complained", "SPAM", "plainte")),
    ],
)
def test_a_refusal_is_brought_along_whatever_else_the_row_lacks(cell: str, why: str) -> None:
    assert read_row(reserved(unsubscribed=cell, basis="?"), NOTHING) == Departure(7, "as written", "ana@lecteurs.example", why)


def test_a_date_of_refusal_is_kept() -> None:
    assert read_row(reserved(unsubscribed="2024-05-01 10:00"), SAID) == Departure(
        7, "as written", "ana@lecteurs.example", "unsubscribed", instant("2024-05-01 10:00", "Europe/Paris")
    )


@pytest.mark.parametrize("cell", ["", "0", "no", "Non", "false", "subscribed", "abonné", "active"])
def test_who_did_not_refuse_arrives(cell: str) -> None:
    assert isinstance(read_row(reserved(unsubscribed=cell), SAID), Arrival)


def test_a_row_of_a_suppression_file_is_an_address_or_a_reason() -> None:
    assert departure(row(), "bounced") == Departure(7, "as written", "ana@lecteurs.example", "bounced")
    assert "exactly one @" in reason(departure(row(email="ana"), "bounced"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01", MARCH),
        ("01/03/2024", MARCH),
        ("1/3/2024", MARCH),
        ("01/03/2024 10:30", MARCH + 10 * 3_600_000 + 30 * 60_000),
        ("2024-03-01T10:30:05", MARCH + 10 * 3_600_000 + 30 * 60_000 + 5000),
        ("2024-03-01 10:30:05.123 UTC", MARCH + 11 * 3_600_000 + 30 * 60_000 + 5000),
        ("2024-03-01T10:30:00+02:00", MARCH + 9 * 3_600_000 + 30 * 60_000),
        ("2024-03-01T00:00:00Z", MARCH + 3_600_000),
    ],
)
def test_dates_are_read_on_the_clock_of_the_site_unless_they_bring_their_own(text: str, expected: int) -> None:
    assert instant(text, "Europe/Paris") == expected


@pytest.mark.parametrize("text", ["", "2024-3-1", "20240301", "2024-W09-5", "2024-03-01T25:00", "0000-00-00", "now", "2024-03-01 evil"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not understood|no such day"):
        instant(text, "Europe/Paris")


def test_two_rows_that_say_the_same_have_the_same_content_and_others_have_not() -> None:
    first = arrival(read_row(row(first_name="Ana"), SAID))
    again = arrival(read_row(Row(99, {"email": "ANA@lecteurs.example", "first_name": "Ana"}, "other"), SAID))
    assert first.content == again.content
    others = (reserved(basis="b2b", function="jardinier"), reserved(last_contact="2024-01-01"), reserved(proof="x"))
    for other in (row(first_name="Anna"), row(town="Ana"), *others):
        assert arrival(read_row(other, OFFERED)).content != first.content


@pytest.mark.parametrize(
    ("row_says", "said", "sentence"),
    [
        ({"basis": "soft-optin"}, OFFERED, "a row of soft-optin names no order or sale"),
        ({"basis": "soft-optin", "order": "C-1"}, SAID, "nothing says how people could object"),
        ({"basis": "b2b"}, OFFERED, "a row of b2b names no profession"),
        ({"basis": "b2b", "function": "jardinier"}, SAID, "nothing says how people could object"),
    ],
)
def test_a_ground_without_consent_needs_what_the_law_asks_of_it(row_says: dict[str, str], said: Said, sentence: str) -> None:
    assert sentence in reason(read_row(reserved(**row_says), said))


def test_the_address_of_a_firm_has_no_profession_and_needs_none() -> None:
    values = {**row(email="Contact@Pepiniere.example").values, **reserved(basis="b2b").values}
    values["email"] = "Contact@Pepiniere.example"
    found = arrival(read_row(Row(7, values, "as written"), OFFERED))
    assert (found.basis, found.function, found.objection) == ("b2b", "", "case sur le bon de commande")
