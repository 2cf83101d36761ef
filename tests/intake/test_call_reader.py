"""What the API is told becomes a call, or every mistake in it is listed; no call carries into a
command what is personal.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.problems import unreadable
from engine.intake.body_reader import Mistakes
from engine.intake.calls import (
    LOOKUP,
    SUBSCRIPTION,
    TRANSFER,
    UNSUBSCRIPTION,
    Subscription,
    Transferral,
    Unsubscription,
    read_lookup,
    read_subscription,
    read_transfer,
    read_unsubscription,
)
from engine.intake.rights_calls import (
    CorrectionCall,
    RightRequestCall,
    read_correction,
    read_request,
    read_restriction,
)
from engine.sequence.model import Field, List, Plan, Purpose
from engine.subscriber.commands import RequestConsent, Subscribe
from engine.subscriber.events import Cause

PLAN = Plan(
    purposes={"conseils": Purpose("conseils", "Conseils")},
    fields={"first_name": Field("first_name", "Prénom")},
    lists={30: List(30, "lettre", "conseils"), 31: List(31, "balcon", "conseils")},
)
NOW = 1_764_579_600_000  # 2025-12-01T09:00:00Z
CONSENT = {
    "email": "Lea@Exemple.fr",
    "list": "lettre",
    "basis": "consent",
    "source": "salon 2025",
    "collected_at": "2025-11-20",
}


def told(read: Mistakes) -> tuple[str, ...]:
    return unreadable(read).mistakes


def mistakes(body: object) -> tuple[str, ...]:
    read = read_subscription(body, PLAN, NOW)
    assert isinstance(read, Mistakes), read
    return told(read)


def subscription(body: object) -> Subscription:
    read = read_subscription(body, PLAN, NOW)
    assert isinstance(read, Subscription), read
    return read


def test_a_declared_consent_is_read_with_its_source_and_date() -> None:
    read = subscription(
        CONSENT
        | {
            "fields": {"first_name": "Léa"},
            "timezone": "Asia/Tokyo",
            "language": "fr",
            "proof": "fiche 12",
        }
    )
    assert (read.address, read.list, read.ground.source, read.ground.proof) == (
        "lea@exemple.fr",
        30,
        "salon 2025",
        "fiche 12",
    )
    assert read.ground.collected == 1_763_593_200_000  # midnight in Paris
    command = read.command(NOW, Cause("api"), "call", "request", ("first_name",))
    assert isinstance(command, Subscribe)
    assert (command.basis, command.proof, command.declared_at, command.own_act) == (
        "consent",
        "declared-with-proof",
        read.ground.collected,
        False,
    )
    assert all(word not in repr(command) for word in ("salon", "fiche", "Léa", "exemple"))


def test_without_a_proof_a_ground_is_only_declared() -> None:
    command = subscription(CONSENT).command(NOW, Cause("api"), "", "", ())
    assert isinstance(command, Subscribe) and command.proof == "declared"


def test_a_double_opt_in_becomes_a_request_for_consent() -> None:
    command = subscription({"email": "a@b.fr", "list": 31, "basis": "double-opt-in"}).command(
        NOW, Cause("api"), "c", "random", ()
    )
    assert isinstance(command, RequestConsent) and (
        command.lists,
        command.request,
        command.call,
    ) == ((31,), "random", "c")


@pytest.mark.parametrize("said", [30, "30", "lettre"])
def test_a_list_is_named_by_number_or_name(said: object) -> None:
    assert subscription(CONSENT | {"list": said}).list == 30


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        ("2025-11-20T10:00:00Z", 1_763_632_800_000),
        ("2025-11-20T10:00:00.5+01:00", 1_763_629_200_500),
        ("2025-11-20 10:00", 1_763_629_200_000),
    ],
)
def test_a_moment_has_its_own_zone_or_that_of_the_installation(said: str, instant: int) -> None:
    assert subscription(CONSENT | {"collected_at": said}).ground.collected == instant


def test_every_mistake_is_listed_at_once() -> None:
    body = {
        "email": "nobody",
        "list": 99,
        "basis": "consent",
        "timezone": "Mars",
        "language": "?",
        "extra": 1,
        "fields": {"size": "9"},
    }
    assert mistakes(body) == (
        (
            "extra: is not known here; there are: email, list, basis, source, collected_at, proof, "
            "order, function, objection, fields, timezone, language, start, last_contact"
        ),
        "source: is required: where does this ground come from?",
        "collected_at: is required: when was this consent given?",
        "timezone: is no IANA time zone: write for example Europe/Paris",
        "email: an address has exactly one @ sign",
        "list: there is no published list 99",
        "fields.size: is not declared; there are: first_name",
        "language: is no language: write a code such as fr or en",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"collected_at": "2025-12-02"},
        {"collected_at": "2025-12-01T09:05:01Z"},
        {"collected_at": "hier"},
        {"collected_at": "0001-01-01"},
        {"collected_at": "9999-12-31T23:59:59-23:59"},
        {"collected_at": "٢٠٢٥-١١-٢٠"},
        {"collected_at": 1763632800},
        {"last_contact": "2026-01-01"},
        {"list": True},
        {"list": 1.5},
        {"list": -30},
        {"list": "9" * 5000},
        {"email": None},
        {"email": ["a@b.fr"]},
        {"basis": "because"},
        {"source": ""},
        {"source": "a\0b"},
        {"proof": "x" * 2001},
        {"fields": ["a"]},
        {"fields": {"first_name": {}}},
        {"fields": {"first_name": float("nan")}},
        {"collected_at": "03/04/2025"},
        {"proof": ["a"]},
        {"fields": {"first_name": "a\nb"}},
        {"fields": {"first_name": "\ud800"}},
        {"fields": {"\ud800": "a"}},
        {"\ud800": "a"},
    ],
    ids=repr,
)
def test_a_wrong_value_is_refused_without_repeating_an_address(wrong: dict[str, object]) -> None:
    said = mistakes(CONSENT | wrong)
    assert len(said) >= 1
    assert all("exemple" not in each and each.encode() for each in said)


TYPED = replace(
    PLAN,
    fields={
        "birthday": Field("birthday", "Né le", "date"),
        "budget": Field("budget", "Budget", "number"),
        "crops": Field("crops", "Cultures", "choices", ("Ail", "Tomates")),
        "garden": Field("garden", "Jardin", "yes-no"),
    },
)


def test_values_of_typed_fields_are_read_as_programs_write_them() -> None:
    fields = {
        "birthday": "1980-09-03T00:00:00Z",
        "budget": 12.50,
        "crops": ["Tomates", "ail"],
        "garden": True,
    }
    read = read_subscription(CONSENT | {"fields": fields}, TYPED, NOW)
    assert isinstance(read, Subscription)
    assert read.fields == {
        "birthday": "1980-09-03",
        "budget": "12.5",
        "crops": "Ail; Tomates",
        "garden": "yes",
    }


def test_every_value_that_does_not_fit_its_field_is_told_with_its_name() -> None:
    fields = {"birthday": "03/09/1980", "budget": "1e9", "crops": ["Ail", 3], "garden": 2}
    read = read_correction({"email": "lea@exemple.fr", "fields": fields}, TYPED, NOW)
    assert isinstance(read, Mistakes)
    assert told(read) == (
        "fields.birthday: the date can be read with the day or with the month first: write"
        " 2026-12-01",
        "fields.budget: the number is not understood: write 1234.5 or 1234,5",
        "fields.crops: is not a text",
        "fields.garden: write yes or no",
    )


@pytest.mark.parametrize("body", [None, 1, "x", [], True])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    assert mistakes(body) == ("the body is not a JSON object",)


@pytest.mark.parametrize(
    "written",
    [
        {"fields": {"first_name": None}},
        {"order": 77421},
        {"collected_at": "2025-11-22T10:15:00+0100"},
        {"collected_at": "2025-11-22T09:15:00.123456789Z"},
        {
            "proof": None,
            "timezone": None,
            "language": None,
            "start": None,
            "last_contact": None,
            "fields": None,
        },
        {"proof": True},
        {"proof": 1.5},
        {"list": "30"},
        {"timezone": "europe/paris"},
        {"timezone": "Romance Standard Time"},
        {"language": "Français"},
        {"language": "en_GB"},
        {"fields": []},
        {"list": 30.0},
        {"list": " 30 "},
        {"basis": "Consent", "start": "NONE"},
        {"collected_at": "Fri, 21 Nov 2025 10:15:00 +0100"},
        {"collected_at": "2016-12-31T23:59:60Z"},
        {"collected_at": "20-03-2023 23:41:59"},
        {"collected_at": "2025-12-01T09:04:59Z"},
    ],
    ids=repr,
)
def test_what_programs_write_is_read_as_they_mean_it(written: dict[str, object]) -> None:
    subscription(CONSENT | written)


def test_a_number_is_the_text_that_it_is_and_null_is_left_out() -> None:
    read = subscription(
        CONSENT
        | {
            "order": 77421,
            "proof": True,
            "fields": {"first_name": 7},
            "language": "Français",
            "timezone": "asia/tokyo",
        }
    )
    assert (
        read.ground.order,
        read.ground.proof,
        dict(read.fields),
        read.language,
        read.timezone,
    ) == (
        "77421",
        "true",
        {"first_name": "7"},
        "fr",
        "Asia/Tokyo",
    )
    assert subscription(CONSENT | {"fields": {"first_name": None}}).fields == {}


def test_one_thing_wrong_is_one_mistake() -> None:
    assert mistakes(CONSENT | {"source": "a\0b"}) == (
        "source: holds a line break or a control character",
    )
    assert mistakes(CONSENT | {"collected_at": ["hier"]}) == ("collected_at: is not a text",)


def test_a_clock_that_runs_ahead_by_less_than_five_minutes_says_now() -> None:
    assert subscription(CONSENT | {"collected_at": "2025-12-01T09:04:00Z"}).ground.collected == NOW
    assert mistakes(CONSENT | {"collected_at": "2025-12-01T09:06:00Z"}) == (
        "collected_at: lies in the future, by more than clocks differ",
    )


def test_the_rights_of_people_are_read_by_the_same_words() -> None:
    correction = read_correction(
        {
            "email": "a@b.fr",
            "timezone": "asia/tokyo",
            "language": "anglais",
            "fields": {"first_name": None},
        },
        PLAN,
        NOW,
    )
    assert isinstance(correction, CorrectionCall) and (
        correction.timezone,
        correction.language,
        correction.fields,
    ) == ("Asia/Tokyo", "en", {})
    assert read_restriction({"email": "a@b.fr", "lift": True}, PLAN, NOW) == ("a@b.fr", True)
    request = read_request(
        {
            "email": "a@b.fr",
            "right": "access",
            "received_at": "2025-11-22T10:15:00+0100",
            "note": 12,
        },
        PLAN,
        NOW,
    )
    assert isinstance(request, RightRequestCall) and (request.received_at, request.note) == (
        1_763_802_900_000,
        "12",
    )


def test_a_transfer_names_both_lists() -> None:
    assert read_transfer({"email": "a@b.fr", "from": 30, "to": "balcon"}, PLAN, NOW) == Transferral(
        "a@b.fr", 30, 31
    )
    assert isinstance(read_transfer({"email": "a@b.fr", "to": 31}, PLAN, NOW), Mistakes)


def test_an_unsubscription_names_a_purpose_or_everything() -> None:
    assert read_unsubscription({"email": "a@b.fr", "purpose": "*"}, PLAN, NOW) == Unsubscription(
        "a@b.fr", "*"
    )
    read = read_unsubscription({"email": "a@b.fr", "purpose": "offres"}, PLAN, NOW)
    assert isinstance(read, Mistakes)
    assert told(read) == ("purpose: is none of this installation's: conseils",)


def test_a_look_up_is_an_address_and_nothing_else() -> None:
    assert read_lookup({"email": "A@b.fr"}, PLAN, NOW) == "a@b.fr"
    assert isinstance(read_lookup({"email": "a@b.fr", "list": 30}, PLAN, NOW), Mistakes)


NAMES = [
    member.name
    for members in (SUBSCRIPTION, TRANSFER, UNSUBSCRIPTION, LOOKUP)
    for member in members
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["consent", "a@b.fr", "2025-11-20", "30"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), VALUES) | VALUES)
def test_whatever_is_said_is_read_or_refused(body: object) -> None:
    for reader in (read_subscription, read_transfer, read_unsubscription, read_lookup):
        read = reader(body, PLAN, NOW)
        if isinstance(read, Mistakes):
            assert read.found
            assert all(each.encode() for each in told(read))
