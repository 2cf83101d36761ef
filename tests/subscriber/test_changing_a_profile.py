"""Something about a person changes: fields, which the vault keeps, and zone and language, which
stand in the ledger in clear.
"""

from __future__ import annotations

from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import ANNA, CALL, LATER, NOON
from tests.given import given


def change(
    *fields: str, timezone: str = "", language: str = "", last_contact: int = 0
) -> c.ChangeProfile:
    return c.ChangeProfile(LATER, CALL, fields, timezone, language, last_contact)


def test_what_changed_is_named_and_never_told() -> None:
    given(ANNA).when(change("first_name", "town")).then(
        e.ProfileChanged(LATER, ("first_name", "town"))
    )


def test_a_new_zone_moves_what_is_due() -> None:
    before = given(
        ANNA,
        e.LetterBegun(NOON, "list:10", "letter", "welcome", "m0", 1, 10, 1),
        e.LetterSent(NOON, "m0"),
    )
    after = before.when(change(timezone="America/New_York")).then(
        e.ProfileChanged(LATER, (), "America/New_York")
    )
    assert after.acts["list:10"].due == before.acts["list:10"].due + 6 * 3_600_000


def test_only_what_differs_is_said() -> None:
    given(ANNA).when(change(timezone="Europe/Paris", language="en")).then(
        e.ProfileChanged(LATER, (), "", "en")
    )


def test_what_is_no_zone_and_no_language_changes_nothing() -> None:
    given(ANNA).when(change(timezone="../../etc/localtime", language="anna@example.org")).nothing()


def test_a_later_contact_is_noted() -> None:
    given(ANNA).when(change(last_contact=NOON)).then(e.ContactNoted(LATER, NOON))
    given(ANNA).when(change(last_contact=NOON)).when(change(last_contact=NOON)).nothing()


def test_changing_nothing_is_nothing() -> None:
    given(ANNA).when(change()).nothing()
    given(ANNA).when(change(timezone="Europe/Paris", language="fr")).nothing()


def test_whoever_is_unknown_or_erased_is_refused() -> None:
    given().when(change("town")).refused("nobody is known")
    given(ANNA, e.SubscriberErased(NOON)).when(change("town")).refused("nobody is known")


def test_who_has_changed_since_they_were_read_is_not_changed_unseen() -> None:
    read = given(ANNA)
    change = c.ChangeProfile(LATER, CALL, ("town",), if_version=read.person.version)
    read.when(change).then(e.ProfileChanged(LATER, ("town",)))
    meanwhile = given(ANNA, e.ProfileChanged(NOON, ("first_name",)))
    meanwhile.when(change).refused("has changed since they were read")
