"""A row held against what the import says: who arrives on which ground, whose refusal is brought
along, and why a row is neither.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import pytest

from engine.i18n.in_words import in_english
from engine.imports import rows
from engine.imports.agreement import ColumnMeaning, DepartureReason, JudgedColumn
from engine.imports.refusals import RowFault
from engine.imports.rows import (
    Arrival,
    Departure,
    ImportDefaults,
    departure,
    proof_of,
    read_row,
    subscribe,
)
from engine.imports.table import Rejected, Row
from engine.intake.instants import read_instant
from engine.sequence.model import Field
from engine.subscriber.events import Cause

NOW = 1_790_000_000_000  # 2026-09-21
MARCH = 1_709_247_600_000  # 2024-03-01 00:00 in Paris
SAID = ImportDefaults(
    10, NOW, "Europe/Paris", "salon 2024", MARCH, "consent", fields=("first_name", "town")
)
NOTHING = ImportDefaults(10, NOW, "Europe/Paris")


def row(**values: str) -> Row:
    return Row(7, {"email": "ana@lecteurs.example"} | values, "as written")


OFFERED = replace(SAID, objection="case sur le bon de commande")


def reserved(**values: str) -> Row:
    return row(**{rows.RESERVED[name]: value for name, value in values.items()})


def judged(
    cell: str,
    meaning: ColumnMeaning = "unsubscribed",
    heading: str = "",
    said: ImportDefaults = SAID,
    **values: str,
) -> Arrival | Departure | Rejected:
    column = JudgedColumn(1, heading, meaning)
    return read_row(
        Row(7, row(**values).values, "as written", (cell,)), replace(said, judged=(column,))
    )


def arrival(read: Arrival | Departure | Rejected) -> Arrival:
    assert isinstance(read, Arrival), read
    return read


def reason(read: Arrival | Departure | Rejected) -> str:
    assert isinstance(read, Rejected), read
    assert (read.line, read.raw) == (7, "as written")
    return in_english(read.reason)


def code(read: Arrival | Departure | Rejected) -> StrEnum:
    assert isinstance(read, Rejected), read
    return read.reason.code


def test_a_plain_row_takes_its_ground_from_the_import() -> None:
    found = arrival(read_row(row(email=" Ana@Lecteurs.Example "), SAID))
    assert (found.address, found.ground.source, found.ground.basis, found.ground.collected) == (
        "ana@lecteurs.example",
        "salon 2024",
        "consent",
        MARCH,
    )
    command = subscribe(found, SAID, Cause("import"))
    assert (command.at, command.basis, command.proof, command.declared_at) == (
        NOW,
        "consent",
        "declared",
        MARCH,
    )
    assert (command.start, command.counted_from, command.own_act) == ("none", 0, False)


def test_a_column_says_otherwise_for_its_row_and_an_empty_cell_does_not() -> None:
    found = arrival(
        read_row(
            reserved(source="boutique", collected="2024-04-02", basis="Soft opt-in", order="C-1"),
            OFFERED,
        )
    )
    assert (found.ground.source, found.ground.basis, found.ground.collected) == (
        "boutique",
        "soft-optin",
        read_instant("2024-04-02", "Europe/Paris"),
    )
    found = arrival(read_row(reserved(source="", collected="", basis=""), SAID))
    assert (found.ground.source, found.ground.basis, found.ground.collected) == (
        "salon 2024",
        "consent",
        MARCH,
    )


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [("source", "no source"), ("collected", "no date of collection"), ("basis", "no basis")],
)
def test_without_source_date_and_basis_nobody_is_brought_in(missing: str, sentence: str) -> None:
    whole = {"source": "salon", "collected": "2024-03-01", "basis": "consent"}
    assert isinstance(read_row(reserved(**whole), NOTHING), Arrival)
    assert sentence in reason(read_row(reserved(**{**whole, missing: ""}), NOTHING))


def test_a_proof_strengthens_the_declaration_and_goes_to_the_evidence_with_what_is_said() -> None:
    values = {
        **row(first_name="Ana", town="").values,
        **reserved(proof="formulaire 12", order="C-77").values,
    }
    found = arrival(read_row(Row(7, values, "as written"), SAID))
    assert subscribe(found, SAID, Cause("import")).proof == "declared-with-proof"
    assert proof_of(found, "Europe/Paris") == {
        "declared": True,
        "source": "salon 2024",
        "collected": "2024-03-01T00:00:00+01:00",
        "basis": "consent",
        "proof": "formulaire 12",
        "order": "C-77",
        "fields": ["first_name"],
    }


def test_by_date_counts_from_the_collection() -> None:
    said = ImportDefaults(10, NOW, "Europe/Paris", "salon", MARCH, "consent", "by-date")
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
        ({"email": "a@x.example ::: b@x.example"}, "several addresses: say --first-address"),
        ({"first_name": "=?utf-8?q?Ana=0ABcc:_x?="}, "encoded word"),
        ({rows.BASIS: "opt-in"}, "none of consent, soft-optin, b2b"),
        ({rows.COLLECTED: "2026-09-22"}, "of collection lies in the future"),
        ({rows.COLLECTED: "1899-12-31"}, "of collection lies before 1990"),
        ({rows.COLLECTED: "31/02/2024"}, "no such day"),
        ({rows.COLLECTED: "hier"}, "not understood"),
        ({rows.COLLECTED: "03/04/2024"}, "with the day or with the month first"),
    ],
    ids=str,
)
def test_what_is_not_known_is_a_reason_and_never_a_guess(
    values: dict[str, str], sentence: str
) -> None:
    assert sentence in reason(read_row(row(**values), SAID))


def test_no_reason_repeats_what_stood_in_the_row() -> None:
    for name in ("email", "timezone", "language", "first_name", *rows.RESERVED.values()):
        read = read_row(row(**{name: "=?utf-8?q?secret?= secret"}), SAID)
        assert not isinstance(read, Rejected) or "secret" not in in_english(read.reason)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        *(
            (cell, "unsubscribed")
            for cell in (
                "1",
                "yes",
                "OUI",
                "x",
                "True",
                "unsubscribed",
                "Désinscrit",
                "désabonné",
                "opt-out",
            )
        ),
        *((cell, "bounced") for cell in ("bounced", "Hard bounce", "cleaned")),
        *((cell, "complained") for cell in ("complained", "SPAM", "plainte")),
    ],
)
def test_a_refusal_is_brought_along_whatever_else_the_row_lacks(
    cell: str, why: DepartureReason
) -> None:
    assert judged(cell, said=NOTHING) == Departure(7, "as written", "ana@lecteurs.example", why)


def test_a_date_of_refusal_is_kept() -> None:
    at = read_instant("2024-05-01 10:00", "Europe/Paris")
    assert judged("2024-05-01 10:00") == Departure(
        7, "as written", "ana@lecteurs.example", "unsubscribed", at
    )
    assert "of the refusal lies in the future" in reason(judged("2030-01-01"))


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "0",
        "no",
        "Non",
        "false",
        "subscribed",
        "abonné",
        "active",
        "0000-00-00 00:00:00",
        "NULL",
    ],
)
def test_who_did_not_refuse_arrives(cell: str) -> None:
    assert isinstance(judged(cell), Arrival)


@pytest.mark.parametrize("cell", ["peut-être", "-", "2", "gold"])
@pytest.mark.parametrize("meaning", ["unsubscribed", "subscribed"])
def test_a_word_that_is_not_known_is_never_a_consent(cell: str, meaning: ColumnMeaning) -> None:
    assert code(judged(cell, meaning)) is RowFault.WORD_UNKNOWN


@pytest.mark.parametrize(
    "cell",
    [
        "pending",
        "NEVER_SUBSCRIBED",
        "Soft bounced",
        "Non-subscribed",
        "inactive",
        "archivé",
        "disabled",
        "unconfirmed",
    ],
)
@pytest.mark.parametrize("meaning", ["unsubscribed", "subscribed"])
def test_who_has_not_agreed_is_neither_brought_in_nor_barred(
    cell: str, meaning: ColumnMeaning
) -> None:
    assert code(judged(cell, meaning)) is RowFault.NOT_AGREED


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("true", Arrival),
        ("oui", Arrival),
        ("2022-01-01", Arrival),
        ("false", Departure),
        ("", Rejected),
    ],
)
def test_in_a_column_of_agreements_no_is_a_refusal_and_nothing_is_no_agreement(
    cell: str, kind: type
) -> None:
    assert isinstance(judged(cell, "subscribed"), kind)


@pytest.mark.parametrize("cell", ["2020-02-02 02:02:02", "02/13/2020", "13.2.20", "Mars", "c1"])
def test_any_filled_cell_of_a_record_of_refusals_is_one(cell: str) -> None:
    assert isinstance(judged(cell, heading="UNSUB_TIME"), Departure)


def test_of_two_columns_the_one_that_refuses_wins() -> None:
    columns = (
        JudgedColumn(1, "List status", "unsubscribed"),
        JudgedColumn(2, "Global status", "unsubscribed"),
    )
    read = read_row(
        Row(7, row().values, "as written", ("subscribed", "cleaned")), replace(SAID, judged=columns)
    )
    assert isinstance(read, Departure) and read.why == "bounced"


def test_an_optional_cell_that_cannot_be_read_stays_empty_and_is_named() -> None:
    said = replace(SAID, fields=("first_name", "birthday"))
    values = {
        "timezone": "Mars",
        "language": "klingonish",
        "first_name": "Ana",
        "birthday": "00/00/00",
        rows.LAST_CONTACT: "hier",
    }
    found = arrival(read_row(row(**values), said))
    assert (found.timezone, found.language, found.fields, found.last_contact) == (
        "",
        "",
        {"first_name": "Ana"},
        0,
    )
    assert sorted(found.left_empty) == ["--last-contact", "birthday", "language", "timezone"]
    found = arrival(
        read_row(row(timezone="america/chicago", language="Français", birthday="--02-29"), said)
    )
    assert (found.timezone, found.language, found.left_empty) == (
        "America/Chicago",
        "fr",
        ("birthday",),
    )


def test_a_value_that_does_not_fit_its_field_is_named_and_costs_neither_the_row_nor_another() -> (
    None
):
    typed = {
        "birthday": Field("birthday", "Naissance", "date"),
        "budget": Field("budget", "Budget", "number"),
        "garden": Field("garden", "Jardin", "yes-no"),
    }
    said = replace(
        SAID,
        fields=("first_name", *typed),
        typed=typed,
        orders={"birthday": "day-first"},
    )
    good = {"first_name": "Ana", "birthday": "03/09/1980", "budget": "1 234,50", "garden": "x"}
    found = arrival(read_row(row(**good), said))
    assert found.fields == {
        "first_name": "Ana",
        "birthday": "1980-09-03",
        "budget": "1234.5",
        "garden": "yes",
    }
    assert (found.unfit, found.left_empty) == ((), ())
    bad = good | {"birthday": "31/02/1980", "budget": "beaucoup"}
    found = arrival(read_row(row(**bad), said))
    assert found.fields == {"first_name": "Ana", "garden": "yes"}
    assert [in_english(reason) for reason in found.unfit] == [
        "the row comes in without birthday: there is no such day or hour in any calendar",
        "the row comes in without budget: the number is not understood: write 1234.5 or 1234,5",
    ]
    found = arrival(read_row(row(**good | {"birthday": "00/00/0000"}), said))
    assert (found.unfit, found.left_empty) == ((), ("birthday",))


@pytest.mark.parametrize(
    "cell",
    [
        "a@x.example ::: b@x.example",
        "a@x.example;b@x.example",
        "a@x.example, b@x.example",
        "a@x.example b@x.example",
    ],
)
def test_of_several_addresses_the_first_is_taken_only_where_that_was_said(cell: str) -> None:
    assert code(read_row(row(email=cell), SAID)) is RowFault.SEVERAL_ADDRESSES
    found = arrival(read_row(row(email=cell), replace(SAID, first_address=True)))
    assert (found.address, found.several) == ("a@x.example", True)


def test_a_refusal_stands_for_every_address_of_its_cell() -> None:
    """Whether or not the first is taken elsewhere: to leave one out would be to write to somebody
    who refused.
    """
    cell = "a@x.example ::: b@x.example; A@X.example"
    meant = [
        Departure(7, "as written", address, "bounced") for address in ("a@x.example", "b@x.example")
    ]
    left = departure(row(email=cell), "bounced")
    assert isinstance(left, Departure) and list(left.by_address()) == meant
    for first_address in (False, True):
        said = replace(SAID, first_address=first_address)
        read = judged("yes", said=said, email=cell)
        assert isinstance(read, Departure) and [each.address for each in read.by_address()] == [
            "a@x.example",
            "b@x.example",
        ]
        assert isinstance(
            judged("no", said=said, email=cell), Arrival if first_address else Rejected
        )


def test_one_address_twice_in_a_cell_is_one() -> None:
    found = arrival(read_row(row(email="a@x.example ::: A@X.example"), SAID))
    assert (found.address, found.several) == ("a@x.example", False)


def test_a_row_of_a_suppression_file_is_an_address_or_a_reason() -> None:
    assert departure(row(), "bounced") == Departure(
        7, "as written", "ana@lecteurs.example", "bounced"
    )
    assert "exactly one @" in reason(departure(row(email="ana"), "bounced"))


def test_two_rows_that_say_the_same_have_the_same_content_and_others_have_not() -> None:
    first = arrival(read_row(row(first_name="Ana"), SAID))
    again = arrival(
        read_row(Row(99, {"email": "ANA@lecteurs.example", "first_name": "Ana"}, "other"), SAID)
    )
    assert first.content == again.content
    others = (
        reserved(basis="b2b", function="jardinier"),
        reserved(last_contact="2024-01-01"),
        reserved(proof="x"),
    )
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
def test_a_ground_without_consent_needs_what_the_law_asks_of_it(
    row_says: dict[str, str], said: ImportDefaults, sentence: str
) -> None:
    assert sentence in reason(read_row(reserved(**row_says), said))


def test_the_address_of_a_firm_has_no_profession_and_needs_none() -> None:
    values = {**row(email="Contact@Pepiniere.example").values, **reserved(basis="b2b").values}
    values["email"] = "Contact@Pepiniere.example"
    found = arrival(read_row(Row(7, values, "as written"), OFFERED))
    assert (found.ground.basis, found.ground.function, found.ground.objection) == (
        "b2b",
        "",
        "case sur le bon de commande",
    )


def test_themes_are_known_by_code_or_name_and_what_names_none_is_left_out_and_said() -> None:
    said = replace(SAID, themes={"semis": "semis", "Semer & planter": "semis", "eau": "eau"})
    read = read_row(reserved(theme="semer & PLANTER; Eau"), said)
    assert isinstance(read, Arrival) and read.chosen.themes == ("semis", "eau")
    unknown = read_row(reserved(theme="eau, feu"), said)
    assert isinstance(unknown, Arrival) and not unknown.chosen.themes
    assert [(unknown.line, reason.code) for reason in unknown.unfit] == [(7, RowFault.VALUE_UNFIT)]


@pytest.mark.parametrize(
    ("cell", "segments", "left"),
    [
        ("VIP, blog;nouveau", ("vip", "blog"), ("nouveau",)),
        ('"Clients, fidèles","vip"', ("clients", "vip"), ()),
        ("vip|VIP ||", ("vip",), ()),
        ('"', (), ()),
    ],
)
def test_tags_are_segments_by_their_code_or_name_and_others_are_left_and_said(
    cell: str, segments: tuple[str, ...], left: tuple[str, ...]
) -> None:
    tags = {"vip": "vip", "blog": "blog", "clientsfideles": "clients"}
    read = read_row(reserved(tags=cell), replace(SAID, tags=tags))
    assert isinstance(read, Arrival)
    assert (read.segments, read.tags_left) == (segments, left)
