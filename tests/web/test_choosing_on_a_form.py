"""A form may ask what the page of preferences asks: in its words, with nothing chosen beforehand,
and set by nobody but who confirms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from engine.installation.publishing import digest_of, notice_text
from engine.intake.forms import AGREED
from engine.subscriber.events import PreferencesSet
from engine.subscriber.person import Preferences
from tests.running_installation import Installations
from tests.web.garden import NOTICE
from tests.web.test_preferences import MORE_CONFIG
from tests.web.visiting import Site, behind_a_proxy

FORM = f"""
title = "Le potager"
purpose = "conseils"
[[form]]
name = "choix"
title = "La lettre"
list = 30
checkbox = "Oui"
notice = "{NOTICE}"
ask = ["frequency", "themes", "contents"]
[[form]]
name = "vite"
title = "Tout de suite"
list = 30
checkbox = "Oui"
notice = "{NOTICE}"
confirm = false
ask = ["themes"]
[[list]]
id = 30
name = "lettre"
"""
SEEDS = {"relance-theme-semis": "yes", "relance-theme-inconnu": "yes"}
WITHOUT = "Si vous ne cochez rien, vous recevez tout."
CHOSEN = SEEDS | {"relance-frequency": "weekly"}


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, {"choix.toml": FORM}, MORE_CONFIG) as made:
        yield made


def set_by(site: Site, address: str) -> list[PreferencesSet]:
    return [fact for fact in site.facts(address) if isinstance(fact, PreferencesSet)]


@pytest.mark.parametrize("path", ["/f/choix", "/f/choix/embed"])
def test_it_asks_in_the_words_of_the_page_and_nothing_is_chosen_beforehand(
    site: Site, path: str
) -> None:
    page = site.client.get(path).text.replace("&lt;", "<").replace("&gt;", ">")
    legends = re.findall(r"<legend>([^<]*)</legend>", page)
    assert legends[:3] == ["Thèmes", "Types de contenu", "À quelle fréquence"]
    assert "Semis &amp;" in page and "Au plus une par semaine" in page
    assert " checked" not in page
    plan = site.context.installation_stream.current().plan()
    assert "[ ] Semis & plants" in notice_text(plan, "choix")


def test_what_was_chosen_waits_for_the_confirmation_and_is_set_with_it_once(site: Site) -> None:
    address = "choix@exemple.fr"
    site.post("choix", CHOSEN | {"email": address})
    assert set_by(site, address) == []
    site.confirm(site.asked(address))
    [chosen] = set_by(site, address)
    plan = site.context.installation_stream.current().plan()
    assert (chosen.themes, chosen.frequency, chosen.act) == (("semis",), "weekly", "human_button")
    assert chosen.offered == digest_of(notice_text(plan, "choix"))
    assert site.names(address)[-3:] == ["consent-confirmed", "preferences-set", "list-joined"]


def test_a_page_that_builds_the_form_is_told_what_there_is_to_choose_and_posts_it(
    site: Site,
) -> None:
    form = site.client.get("/f/vite.json").json()
    [box] = [each for each in form["inputs"] if each["name"] == "relance-theme-semis"]
    assert (box["label"], box["type"], box["required"]) == ("Semis & plants", "box", False)
    assert (box["group"], box["about"]) == ("Thèmes", "Cochez ce qui vous intéresse. " + WITHOUT)
    asked = {each["name"]: each for each in site.client.get("/f/choix.json").json()["inputs"]}
    options = [option["value"] for option in asked["relance-frequency"]["options"]]
    assert options == ["as-it-comes", "weekly", "monthly"]
    address = "bati@exemple.fr"
    answers = {"email": address, AGREED: True, "relance-theme-semis": True}
    assert site.client.post("/f/choix", json=answers | asked_back(site, "choix")).is_success
    site.confirm(site.asked(address))
    assert [chosen.themes for chosen in set_by(site, address)] == [("semis",)]


def asked_back(site: Site, form: str) -> dict[str, str]:
    return dict(site.client.get(f"/f/{form}.json").json()["hidden"])


def test_nothing_chosen_sets_nothing(site: Site) -> None:
    address = "rien@exemple.fr"
    site.post("choix", {"email": address, "relance-frequency": "hourly"})
    site.confirm(site.asked(address))
    assert set_by(site, address) == []


def test_who_is_unknown_and_joins_at_once_has_chosen_at_once(site: Site) -> None:
    site.post("vite", CHOSEN | {"email": "vite@exemple.fr"})
    assert site.person("vite@exemple.fr").preferences == Preferences(("semis",))


def test_somebody_elses_post_sets_nothing_for_who_is_known(site: Site) -> None:
    address = "connue@exemple.fr"
    site.post("vite", {"email": address})
    for form in ("vite", "choix"):
        site.post(form, CHOSEN | {"email": address})
    assert set_by(site, address) == []


def test_what_was_ticked_is_shown_again_beside_a_mistake(site: Site) -> None:
    page = site.post("choix", CHOSEN | {"email": "personne"})
    assert page.status_code == 422
    assert re.findall(r'name="([^"]+)" value="[^"]+" checked', page.text)[:2] == [
        "relance-theme-semis",
        "relance-frequency",
    ]
