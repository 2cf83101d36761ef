"""Leaving takes no more than joining did, and says so before anybody joins (D06); each purpose has
a box of its own (D05).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.letter.link_token import EVERYTHING, UNSUBSCRIBE
from tests.running_installation import Installations
from tests.sequence.dialogues import mistakes
from tests.sequence.test_reading_toml import GOOD
from tests.web import doors
from tests.web.correspondence import press, written_to
from tests.web.visiting import Site, behind_a_proxy


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER) as made:
        yield made


CHOICES = (
    'question = { label = "?", choice = [{ label = "a", list = 11 }, { label = "b", list = 40 }] }'
)


class Steps:
    """What a person does: pages opened, things filled in or ticked, buttons pressed."""

    def __init__(self) -> None:
        self.taken = 0

    def open(self) -> None:
        self.taken += 1

    fill = tick = press = open


@pytest.mark.parametrize("action", [UNSUBSCRIBE, EVERYTHING])
def test_leaving_takes_fewer_steps_than_joining(site: Site, action: int) -> None:
    joining, leaving = Steps(), Steps()
    address = f"pas-{action}@exemple.fr"
    for step in (joining.open, joining.fill, joining.tick, joining.press):
        step()
    site.post("simple", {"email": address})
    assert site.lists(address) == {30}
    found = written_to(site.context, site.stream(address), "list:30")
    for step in (leaving.open, leaving.press):
        step()
    assert press(site.client, found.token(action)).status_code == 200
    assert site.lists(address) == set() and leaving.taken <= joining.taken


def test_one_press_of_the_mail_program_is_enough_and_asks_for_nothing(site: Site) -> None:
    site.post("simple", {"email": "un-pas@exemple.fr"})
    found = written_to(site.context, site.stream("un-pas@exemple.fr"), "list:30")
    answer = site.client.post(
        f"/l/{found.token(UNSUBSCRIBE)}", data={"List-Unsubscribe": "One-Click"}
    )
    assert (answer.status_code, site.lists("un-pas@exemple.fr")) == (200, set())


def test_leaving_a_partner_leaves_the_partner_alone(site: Site) -> None:
    address = doors.by_partner(site)
    # A form moves nobody who is known: they confirm by mail.
    site.post("simple", {"email": address})
    doors.confirmed(site, address)
    person = site.person(address)
    assert set(person.grounds) == {"pepiniere", "conseils"} and site.lists(address) == {30, 60}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (f'checkbox = "Oui."\n{CHOICES}', "has another purpose than the form"),
        ('checkbox = ["Oui.", "Nos partenaires aussi."]', "`checkbox` must be text in quotes"),
        ('checkbox = "Oui."\npurposes = ["conseils", "offres"]', "unknown key `purposes`"),
    ],
    ids=["choices", "two boxes", "two purposes"],
)
def test_a_form_cannot_ask_for_two_purposes_at_once(changed: str, said: str) -> None:
    other = '\n[[list]]\nid = 40\nname = "offres"\npurpose = "offres"\n'
    text = (
        GOOD.replace(
            "list = 11\nnotice", "notice" if "question" in changed else "list = 11\nnotice"
        ).replace('checkbox = "Oui."', changed)
        + other
    )
    assert any(said in each for each in mistakes(text)), mistakes(text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ('basis = "soft-optin"\ncheckbox = "Je m’y oppose"', "needs an `order_field`"),
        ('basis = "soft-optin"\norder_field = "order"', "who has not consented may object here"),
        ('basis = "b2b"\ncheckbox = "Je m’y oppose"', "needs a `function_field`"),
        (
            (
                'basis = "b2b"\ncheckbox = "Non"\nfunction_field = "first_name"\nfield = [{ name ='
                ' "first_name" }]'
            ),
            "one of its required fields",
        ),
        ('checkbox = "Oui."\nfunction_field = "metier"', '"metier" is no field of this form'),
    ],
)
def test_a_form_of_another_ground_does_what_the_law_asks_of_it(changed: str, said: str) -> None:
    text = GOOD.replace('checkbox = "Oui."', changed)
    assert any(said in each for each in mistakes(text)), mistakes(text)
