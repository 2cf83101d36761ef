"""Typed fields on a hosted form and on the page of one's own data: each has its control, what does
not fit is told at its input with nothing lost, and what fits is kept in its one form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from engine.intake.forms import AGREED, SHOWN
from tests.running_installation import Installations
from tests.web.browsing import browsing
from tests.web.garden import NOTICE
from tests.web.test_ones_own_data import somebody
from tests.web.visiting import Site, behind_a_proxy

FIELDS = """
birthday = { label = "Date de naissance", type = "date" }
budget = { label = "Budget", type = "number" }
soil = { label = "Sol", type = "choice", options = ["Argile", "Sable"] }
crops = { label = "Cultures", type = "choices", options = ["Ail", "Tomates"] }
garden = { label = "Avez-vous un jardin ?", type = "yes-no" }
town = { label = "Ville", type = "choice", options = ["01", "02", "03", "04", "05", "06", "07"] }
"""
ASKED = "".join(
    f'\n  [[form.field]]\n  name = "{name}"\n'
    for name in ("first_name", "birthday", "budget", "soil", "crops", "garden", "town")
)
FILES = {
    "fiche.toml": f"""
title = "Le potager"
purpose = "conseils"

[[form]]
name = "fiche"
title = "Votre fiche"
list = 30
confirm = false
checkbox = "Oui"
button = "Go"
notice = "{NOTICE}"
{ASKED}
[[list]]
id = 30
name = "conseils"

[[list]]
id = 10
name = "semis"

  [[list.letter]]
  id = "semis"
  after = "0 minutes"
  subject = "Vos semis"
  body = "semis.md"
""",
    "semis.md": "Bonjour,\n\nsemez.\n",
}
GOOD = {
    "birthday": "3 septembre 1980",
    "budget": "1 234,50",
    "soil": "Argile",
    "crops": "",
    "crops.0": "Ail",
    "crops.1": "Tomates",
    "garden": "no",
    "town": "05",
}
KEPT = {
    "birthday": "1980-09-03",
    "budget": "1234.5",
    "soil": "Argile",
    "crops": "Ail; Tomates",
    "garden": "no",
    "town": "05",
}


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, FILES, FIELDS) as made:
        yield made


def inputs(page: str, name: str) -> list[str]:
    return re.findall(rf'<(?:input|select)[^>]* name="{re.escape(name)}"[^>]*>', page)


def test_each_type_has_its_control_and_nothing_is_chosen_beforehand(site: Site) -> None:
    page = site.client.get("/f/fiche").text
    assert 'type="date"' in inputs(page, "birthday")[0] and "bday" in inputs(page, "birthday")[0]
    assert 'inputmode="decimal"' in inputs(page, "budget")[0]
    assert ['type="radio"' in found for found in inputs(page, "soil")] == [True] * 3
    assert 'type="checkbox"' in inputs(page, "crops.1")[0]
    assert len(inputs(page, "garden")) == 3 and "Oui</span>" in page
    assert inputs(page, "town")[0].startswith("<select") and page.count("<option") == 8
    assert " checked" not in page and " selected" not in page


def test_what_fits_is_kept_in_its_one_form(site: Site) -> None:
    answer = site.post("fiche", {"email": "fiche@exemple.fr", AGREED: "yes"} | GOOD)
    assert answer.status_code == 200
    assert site.fields("fiche@exemple.fr") == KEPT


def test_what_a_page_posts_as_json_is_kept_likewise(site: Site) -> None:
    form = site.client.get("/f/fiche.json").json()
    types = {each["name"]: (each["type"], each.get("options")) for each in form["inputs"]}
    assert types["crops"] == ("choices", ["Ail", "Tomates"])
    assert types["birthday"] == ("date", None) and types["garden"] == ("yes-no", None)
    values = {"budget": 1234.5, "crops": ["Ail", "Tomates"], "garden": False}
    posted = {"email": "json@exemple.fr", AGREED: True, "birthday": "1980-09-03"} | values
    more = {"soil": "Argile", "town": "05", SHOWN: form["hidden"][SHOWN]}
    assert site.client.post("/f/fiche", json=posted | more).status_code == 200
    assert site.fields("json@exemple.fr") == KEPT
    wrong = {"email": "faux@exemple.fr", "crops": ["Ail", "Navets"], "budget": "peu"}
    told = site.client.post("/f/fiche", json=posted | more | wrong).json()
    assert {error["name"] for error in told["errors"]} == {"crops", "budget"}


def test_what_does_not_fit_is_told_at_its_input_and_nothing_that_was_typed_is_lost(
    site: Site,
) -> None:
    wrong = {"birthday": "31/02/1980", "budget": "peu", "garden": "bof", "town": "2A"}
    answer = site.post("fiche", {"email": "faux@exemple.fr", AGREED: "yes"} | GOOD | wrong)
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert 'id="relance-birthday-why">Ce jour n’existe' in page
    assert 'id="relance-budget-why">Écrivez un nombre' in page
    assert 'type="text"' in inputs(page, "birthday")[0]
    assert 'value="31/02/1980"' in page and 'value="peu"' in page
    assert [box for box in (*inputs(page, "crops.0"), *inputs(page, "crops.1")) if "checked" in box]
    assert 'value="2A" selected' in page and 'value="bof" checked' in page
    assert 'href="#relance-garden"' in page and 'id="relance-garden"' in page


def test_my_data_says_values_in_words_and_corrects_them_as_they_are_kept(site: Site) -> None:
    known = {
        "birthday": "1980-09-03",
        "budget": "12.5",
        "soil": "Roche",
        "crops": "Ail; Navets",
        "garden": "no",
    }
    person = somebody(site.client, site.context, **known)
    page = person.sees()
    for words in ("3 septembre 1980", "12,5", "Ail et Navets", "<dd>non</dd>"):
        assert words in page.text, words
    assert 'type="date"' in inputs(page.text, "field-birthday")[0]
    assert 'value="Roche" checked' in page.text and 'value="Navets" checked' in page.text
    as_shown = {
        "field-birthday": "1980-09-03",
        "field-budget": "12,5",
        "field-soil": "Roche",
        "field-crops": "",
        "field-crops.0": "Ail",
        "field-crops.1": "",  # not ticked
        "field-crops.2": "Navets",
        "field-garden": "no",
    }
    wrong = person.presses(page, "correct", **as_shown | {"field-birthday": "31/02/1980"})
    assert wrong.status_code == 422 and "Ce jour n’existe dans aucun calendrier" in wrong.text
    assert 'value="31/02/1980"' in wrong.text and person.fields() == known
    person.presses(wrong, "correct", **as_shown | {"field-birthday": "4 septembre 1980"})
    assert person.fields() == known | {"birthday": "1980-09-04"}


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_person_fills_in_typed_fields_on_a_phone(site: Site, scripts: bool) -> None:
    address = f"telephone-{scripts}@exemple.fr".lower()
    with browsing(scripts=scripts, width=360) as page:
        page.goto(f"{site.url}/f/fiche")
        page.get_by_label("Votre adresse").fill(address)
        page.get_by_label("Date de naissance").fill("1980-09-03")
        page.get_by_label("Budget").fill("1 234,50")
        page.get_by_label("Argile").check()
        page.get_by_label("Ail").check()
        page.get_by_label("Tomates").check()
        page.get_by_role("group", name="Avez-vous un jardin").get_by_label(
            "Non", exact=True
        ).check()
        page.get_by_label("Ville").select_option("05")
        page.locator("#relance-relance-agreed").check()
        page.get_by_role("button", name="Go").click()
        page.get_by_text("Merci").first.wait_for()
    assert site.fields(address) == KEPT
