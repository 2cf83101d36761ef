"""A posted form becomes answers and a command, or says beside each input what is missing; nothing
hostile passes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.forms import (
    AGREED,
    CAMPAIGN,
    EMAIL,
    MAX_ANSWER_CHARACTERS,
    MEANT,
    SOURCE,
    TYPED,
    Answers,
    FormFaults,
    Reason,
    honeypot_name,
    is_trapped,
    joining,
    read,
    request_for,
    shown_again,
)
from engine.intake.likely_address import PROVIDERS
from engine.sequence.model import Choice, Form, FormField, Question
from engine.subscriber.commands import NOTHING_CHOSEN
from engine.subscriber.events import Cause

QUESTION = Question("jardin", "Quel jardin ?", (Choice("Un balcon", 31), Choice("Un potager", 32)))
FORM = Form(
    "inscription",
    "La lettre",
    "conseils",
    30,
    "Notice",
    "Je m’inscris",
    "Oui, je souhaite la recevoir",
    fields=(FormField("first_name", "Prénom"), FormField("town", "Commune", required=True)),
    question=QUESTION,
)
GOOD = {
    EMAIL: " Léa@Exemple.FR ",
    "first_name": "Léa",
    "town": "Semailles",
    "jardin": "Un potager",
    AGREED: "yes",
    "timezone": "Europe/Paris",
}


def answers(posted: dict[str, str], form: Form = FORM) -> Answers:
    read_form = read(posted, form)
    assert isinstance(read_form, Answers), read_form
    return read_form


def reasons(posted: dict[str, str], form: Form = FORM) -> dict[str, Reason]:
    read_form = read(posted, form)
    assert isinstance(read_form, FormFaults), read_form
    return dict(read_form.reasons)


def test_a_form_well_filled_in_is_read_whole() -> None:
    assert answers(GOOD) == Answers(
        "léa@exemple.fr",
        32,
        {"first_name": "Léa", "town": "Semailles"},
        "Un potager",
        True,
        "Europe/Paris",
        "",
        False,
    )


TYPED_FORM = replace(
    FORM,
    fields=(
        FormField("birthday", "Né le", "date"),
        FormField("budget", "Budget", "number", required=True),
        FormField("crops", "Cultures", "choices", ("Ail", "Node.js/Deno"), required=True),
        FormField("garden", "Jardin", "yes-no"),
    ),
)
FILLED_IN = GOOD | {
    "birthday": "03/09/1980",
    "budget": "12,50",
    "crops": "",
    "crops.0": "Ail",
    "crops.1": "Node.js/Deno",
    "garden": "no",
}


def test_typed_fields_are_read_as_they_are_kept() -> None:
    read_form = read(FILLED_IN, TYPED_FORM, "day-first")
    assert isinstance(read_form, Answers), read_form
    assert read_form.fields == {
        "birthday": "1980-09-03",
        "budget": "12.5",
        "crops": "Ail; Node.js/Deno",
        "garden": "no",
    }


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("birthday", "03/09/1980", "two-days"),
        ("birthday", "31/02/1980", "no-day"),
        ("birthday", "03/09/80", "year"),
        ("birthday", "hier", "date"),
        ("budget", "", "missing"),
        ("budget", "https://evil.example", "number"),
        ("budget", "1,234", "comma"),
        ("crops.0", "Roche", "choose"),
        ("garden", "peut-être", "choose"),
        ("garden", "x" * 30_000, "long"),
    ],
)
def test_what_does_not_fit_its_field_is_a_reason_at_its_input_and_shown_again(
    name: str, value: str, reason: Reason
) -> None:
    posted = FILLED_IN | {"birthday": "1980-09-03", name: value}
    assert reasons(posted, TYPED_FORM) == {name.partition(".")[0]: reason}
    assert shown_again(posted, TYPED_FORM).get(name, "") == value[:800]


def test_of_required_boxes_one_is_ticked() -> None:
    unticked = {name: value for name, value in FILLED_IN.items() if not name.startswith("crops.")}
    assert reasons(unticked | {"birthday": ""}, TYPED_FORM) == {"crops": "choose"}


def test_the_radio_answer_decides_the_list() -> None:
    assert answers(GOOD | {"jardin": "Un balcon"}).list == 31


def test_every_mistake_is_reported_at_once_beside_its_input() -> None:
    assert reasons({"first_name": "x" * 201, "jardin": "Un château"}) == {
        EMAIL: "missing", "first_name": "long", "town": "missing", "jardin": "choose",
        AGREED: "tick",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (EMAIL, "lea", "address"),
        (EMAIL, "a@b.fr\r\nBcc: c@d.fr", "address"),
        ("first_name", "x" * 1000, "long"),
        ("first_name", "Lé\na", "line"),
        ("first_name", "Lé\0a", "line"),
        ("first_name", "Lé\ud800a", "line"),
        ("first_name", "see https://evil.example", "link"),
        ("first_name", "WWW.evil.example", "link"),
        ("first_name", "evil.example/win", "link"),
        ("first_name", "evil。example/win", "link"),
        ("first_name", "ｈｔｔｐ：／／evil", "link"),
        ("first_name", "w\u200bww.evil", "link"),
        ("first_name", "[clic](//evil)", "link"),
        ("town", " \t ", "missing"),
        ("jardin", "", "choose"),
    ],
)
def test_what_cannot_be_accepted_says_why(name: str, value: str, reason: Reason) -> None:
    assert reasons(GOOD | {name: value}) == {name: reason}


@pytest.mark.parametrize(
    "value", ["evil.example", "evil。com", "x＠evil", "ｅｖｉｌ．com", "//evil", "hxxp evil"]
)
def test_a_form_that_takes_people_at_once_refuses_whatever_looks_like_a_host(value: str) -> None:
    assert reasons(GOOD | {"town": value}, replace(FORM, confirm=False)) == {"town": "link"}


@pytest.mark.parametrize(
    "value", ["O’Brien", "Saint-Ouen-l’Aumône", "J. R. R.", "Ω", "مريم", "Anne 🌱"]
)
def test_names_of_people_and_places_pass(value: str) -> None:
    assert answers(GOOD | {"town": value}).fields["town"] == value


def test_marks_that_turn_the_writing_around_are_taken_out() -> None:
    assert answers(GOOD | {"first_name": "Lé\u202ea"}).fields["first_name"] == "Léa"


def test_an_unknown_time_zone_is_left_out_and_stops_nobody() -> None:
    assert answers(GOOD | {"timezone": "Mars/Olympus"}).timezone == ""


def test_a_form_without_consent_asks_for_no_tick() -> None:
    form = Form("c", "C", "s", 5, "Notice", "Ok", basis="service", order_field="order")
    assert answers({EMAIL: "a@b.fr", "order": " A-17 "}, form) == Answers("a@b.fr", 5, order="A-17")
    assert reasons({EMAIL: "a@b.fr"}, form) == {"order": "missing"}


@pytest.mark.parametrize(
    ("basis", "objects"),
    [("soft-optin", True), ("b2b", True), ("service", False), ("consent", False)],
)
def test_a_tick_on_a_form_that_does_not_ask_for_consent_is_an_objection(
    basis: str, objects: bool
) -> None:
    form = Form("c", "C", "s", 5, "Notice", "Ok", "La case", basis=basis)  # type: ignore[arg-type]
    assert answers({EMAIL: "a@b.fr", AGREED: "yes"}, form).objects is objects


def test_the_hidden_input_has_a_name_the_author_does_not_use() -> None:
    taken = Form(
        "c",
        "C",
        "s",
        5,
        "N",
        "Ok",
        fields=(FormField("website", "Site"), FormField("homepage", "Page")),
    )
    assert honeypot_name(FORM) == "website"
    assert honeypot_name(taken) not in ("website", "homepage")
    assert is_trapped({"website": "x"}, FORM)
    assert not is_trapped({"website": " "}, FORM)
    assert not is_trapped({"website": "x"}, taken)


def test_the_commands_carry_no_personal_value() -> None:
    cause = Cause("form", "r")
    asked = request_for(answers(GOOD), FORM, 7, cause, "id", "digest", "fr", ("first_name",))
    joined = joining(
        answers(GOOD), FORM, 7, cause, "call", "digest", "fr", ("first_name",), NOTHING_CHOSEN
    )
    assert (asked.lists, asked.request, asked.notice, asked.form, asked.timezone) == (
        (32,),
        "id",
        "digest",
        "inscription",
        "Europe/Paris",
    )
    assert (joined.list, joined.basis, joined.proof, joined.own_act, joined.call) == (
        32,
        "consent",
        "single",
        False,
        "call",
    )
    for word in ("Léa", "exemple", "Semailles"):
        assert word not in repr(asked) + repr(joined)


def test_only_what_the_form_asks_for_is_shown_again() -> None:
    assert shown_again(GOOD | {"website": "x", "other": "y"}, FORM) == GOOD | {TYPED: GOOD[EMAIL]}


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "website", "x"]), st.text(max_size=MAX_ANSWER_CHARACTERS * 5)
    )
)
def test_whatever_is_posted_is_answered(posted: dict[str, str]) -> None:
    read_form = read(posted, FORM)
    if isinstance(read_form, FormFaults):
        assert read_form.reasons and set(read_form.reasons.values()) <= set(get_args(Reason))
    else:
        assert all(
            0 < len(value) <= MAX_ANSWER_CHARACTERS and not set(value) & set("\0\r\n\u2028\u202e")
            for value in read_form.fields.values()
        )


@pytest.mark.parametrize(
    "said",
    [
        "http://evil.example/x",
        "www.evil.example",
        "ligne\nligne",
        "\x1b[31mrouge",
        "csi \x9b2J",
        "x" * 201,
        "x" * 9999,
    ],
)
@pytest.mark.parametrize("name", [SOURCE, CAMPAIGN])
def test_where_they_came_from_is_dropped_when_it_is_no_plain_word(name: str, said: str) -> None:
    found = answers(GOOD | {SOURCE: "affiche", CAMPAIGN: "printemps"} | {name: said})
    assert (found.source, found.campaign) == (
        "" if name == SOURCE else "affiche",
        "" if name == CAMPAIGN else "printemps",
    )


@pytest.mark.parametrize(
    ("typed", "reason", "meant"),
    [
        ("lea@gmial.com", "meant", "lea@gmail.com"),
        ("Léa@Hotmial.CON", "meant", "léa@hotmail.com"),
        ("lea@orange.f", "meant", "lea@orange.fr"),
        ("lea@laposte.fr", "meant", "lea@laposte.net"),
        ("lea@semailles.con", "meant", "lea@semailles.com"),
        ("o’brien@x.fr", "sign", "o'brien@x.fr"),
    ],
)
def test_a_likely_typing_error_in_an_address_is_asked_about(
    typed: str, reason: Reason, meant: str
) -> None:
    read_form = read(GOOD | {EMAIL: typed}, FORM)
    assert read_form == FormFaults({EMAIL: reason}, meant)
    again = shown_again(GOOD | {EMAIL: typed}, FORM)
    assert (again[EMAIL], again[TYPED]) == (typed, typed)
    assert answers(GOOD | again | {MEANT: meant}).address == meant
    if reason == "meant":
        assert answers(GOOD | again).address == typed.lower()
    else:
        assert reasons(GOOD | again) == {EMAIL: "sign"}


def test_what_was_asked_about_is_not_asked_again_beside_another_mistake() -> None:
    again = shown_again(GOOD | {EMAIL: "lea@gmial.com", "town": ""}, FORM)
    assert reasons(GOOD | again | {"town": ""}) == {"town": "missing"}
    meant = shown_again(GOOD | again | {MEANT: "lea@gmail.com", "town": ""}, FORM)
    assert (meant[EMAIL], meant[TYPED]) == ("lea@gmail.com", "lea@gmail.com")


def test_an_address_changed_since_is_neither_the_one_offered_nor_the_one_asked_about() -> None:
    again = shown_again(GOOD | {EMAIL: "lea@gmial.com"}, FORM)
    assert (
        answers(GOOD | again | {EMAIL: "lea@free.fr", MEANT: "lea@gmail.com"}).address
        == "lea@free.fr"
    )
    assert reasons(GOOD | again | {EMAIL: "lea@hotmial.com"}) == {EMAIL: "meant"}


@pytest.mark.parametrize(
    "domain",
    [
        *sorted(PROVIDERS),
        "mail.com",
        "email.com",
        "live.be",
        "sfr.com",
        "fred.fr",
        "semailles.fr",
        "yahoo.co.uk",
        "x.fr",
    ],
)
def test_an_address_as_likely_as_another_is_not_asked_about(domain: str) -> None:
    assert answers(GOOD | {EMAIL: f"lea@{domain}"}).address == f"lea@{domain}"
