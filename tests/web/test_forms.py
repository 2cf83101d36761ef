"""A hosted form: what it shows is what is recorded, what is answered leads to its list, and the
page tells nobody who is known.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from engine.installation.publishing import digest_of, notice_text
from engine.intake.forms import AGREED, SHOWN, STAMP
from engine.subscriber.commands import Suppress, Withdraw
from engine.subscriber.events import Cause, ConsentGiven, ConsentRequested, GroundDeclared
from tests.running_installation import Installations, publish, write_sequences
from tests.web.browsing import browsing
from tests.web.garden import GARDEN, SEQUENCES
from tests.web.visiting import Site, behind_a_proxy, nonceless, visited

BALCONY, KITCHEN = "Un balcon", "Un « grand » potager"
GOOD = {"first_name": "Léa", "jardin": BALCONY}
HEADERS = {"content-security-policy", "date", "content-length"}


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, GARDEN) as made:
        yield made


@pytest.fixture
def fresh(installations: Installations) -> Iterator[Site]:
    with installations.made(GARDEN) as context, visited(context) as made:
        yield made


def words_of(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))


def without_its_own(page: str) -> str:
    """A page of a form without what it has anew each time it is shown: its nonces and its stamp."""
    return re.sub(
        r'<input type="hidden" name="relance-stamp"[^>]*>\n', "", re.sub(r'nonce="[^"]*"', "", page)
    )


def page_of(site: Site, form: str) -> httpx.Response:
    return site.client.get(f"/f/{form}")


@pytest.mark.parametrize("form", ["inscription", "simple", "offres", "commande", "client"])
def test_the_page_shows_every_word_that_is_recorded_as_its_notice(site: Site, form: str) -> None:
    page = page_of(site, form)
    assert page.status_code == 200
    for line in notice_text(site.context.installation_stream.current().plan(), form).splitlines():
        said = re.sub(r"^\[ \] |^\[(.*)\]$", r"\1", line)
        assert said in words_of(page.text), said


def test_nothing_is_chosen_or_ticked_beforehand_and_one_input_is_hidden_from_people(
    site: Site,
) -> None:
    page = page_of(site, "inscription").text
    assert "checked" not in page.partition("</style>")[2]
    assert page.count('type="radio"') == 2 and page.count('type="checkbox"') == 1
    assert '<input id="relance-email" type="email" name="email" autocomplete="email"' in page
    assert re.search(
        r'<p class="unseen" aria-hidden="true">.*?name="website" value="" tabindex="-1"'
        r' autocomplete="off"',
        page,
        re.S,
    )


def test_the_page_sets_no_cookie_and_asks_no_other_host(site: Site) -> None:
    for answer in (
        page_of(site, "inscription"),
        site.post("inscription", GOOD | {"email": "cookie@exemple.fr"}),
    ):
        assert "set-cookie" not in answer.headers
        assert (
            answer.headers["cache-control"] == "no-store"
            and answer.headers["referrer-policy"] == "no-referrer"
        )
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r'(src|href)="(https?:)?//', answer.text)


def test_opening_the_page_changes_nothing_by_any_method(site: Site) -> None:
    before = site.context.ledger.head()
    for method in ("GET", "HEAD"):
        for path in ("/f/inscription", "/f/inscription/embed"):
            assert site.client.request(method, path).status_code == 200
    assert site.context.ledger.head() == before


@pytest.mark.parametrize("path", ["/f/none", "/f/none/embed", "/f/", "/f/inscription/x"])
def test_a_form_that_is_not_published_is_not_there(site: Site, path: str) -> None:
    assert site.client.get(path).status_code == 404


@pytest.mark.parametrize(("choice", "number"), [(BALCONY, 31), (KITCHEN, 32)])
def test_the_answer_to_the_question_decides_the_list(site: Site, choice: str, number: int) -> None:
    address = f"jardin{number}@exemple.fr"
    assert "Presque fini" in site.post("inscription", {"email": address, "jardin": choice}).text
    (request,) = [fact for fact in site.facts(address) if isinstance(fact, ConsentRequested)]
    assert (request.lists, request.form) == ((number,), "inscription")
    assert site.lists(address) == set()


def test_what_was_shown_and_answered_is_kept_as_evidence_and_nothing_of_it_is_in_the_ledger(
    site: Site,
) -> None:
    headers = {
        "User-Agent": "Mozilla/5.0 Relance-Test",
        "Referer": "https://ailleurs.example/page?secret=1",
    }
    answers = (
        GOOD
        | {"email": "Preuve@Exemple.fr", "timezone": "Asia/Tokyo", AGREED: "yes"}
        | site.stamp("inscription")
    )
    site.client.post(
        "/f/inscription?utm=x", data=answers, headers=headers | {"X-Forwarded-For": "203.0.113.77"}
    )
    (entry,) = [
        each for each in site.entries("preuve@exemple.fr") if each.name == "consent-requested"
    ]
    kept = site.context.vault.evidence_of(site.stream("preuve@exemple.fr"))[entry.cause.evidence]
    plan = site.context.installation_stream.current().plan()
    notice = digest_of(notice_text(plan, "inscription"))
    assert isinstance(entry.event, ConsentRequested) and entry.event.notice == notice
    assert site.context.installation_stream.current().words[notice] == notice_text(
        plan, "inscription"
    )
    assert kept["notice_digest"] == notice and kept["form_file"] == digest_of(SEQUENCES)
    published = site.context.installation_stream.current()
    snapshot = published.words[str(kept["form_digest"])]
    assert published.forms["inscription"] == (digest_of(SEQUENCES), kept["form_digest"])
    assert without_its_own(site.client.get("/f/inscription").text) == without_its_own(snapshot)
    assert kept["box"] == {
        "id": AGREED,
        "label": "Oui, je souhaite recevoir la lettre.",
        "at_first": "not ticked",
        "ticked": True,
    }
    assert kept["choice"] == {"question": "Quel est votre jardin ?", "answer": BALCONY}
    assert kept["answers"] == {"email": "preuve@exemple.fr", "first_name": "Léa"}
    assert (kept["form"], kept["page"], kept["button"], kept["language"]) == (
        "inscription",
        "/f/inscription",
        "Je m’inscris",
        "fr",
    )
    assert kept["referrer"] == "https://ailleurs.example/page"
    aside = site.context.vault.evidence_of(site.stream("preuve@exemple.fr"))[str(kept["visitor"])]
    assert aside == {"ip": "203.0.113.77", "user_agent": "Mozilla/5.0 Relance-Test"}
    assert (
        isinstance(kept["shown_at"], int)
        and kept["shown_at"] > 0
        and kept["received_at"] == entry.event.at
    )
    assert site.person("preuve@exemple.fr").timezone == "Asia/Tokyo"
    said = json.dumps(
        [repr(each) for each in site.entries("preuve@exemple.fr")], ensure_ascii=False
    ).lower()
    assert not [
        word
        for word in ("preuve", "exemple.fr", "léa", "203.0.113", "relance-test", BALCONY.lower())
        if word in said
    ]


def test_mistakes_stand_beside_their_inputs_and_what_was_written_is_still_there(site: Site) -> None:
    answer = site.post(
        "inscription",
        {"email": '<b>"lea', "first_name": "Léa & Tom", "jardin": KITCHEN, AGREED: ""},
    )
    assert answer.status_code == 422
    words = words_of(answer.text)
    assert "adresse électronique n’est pas complète" in words and "cocher cette case" in words
    assert 'value="&lt;b&gt;&#34;lea"' in answer.text and 'value="Léa &amp; Tom"' in answer.text
    assert re.search(r'value="Un « grand » potager" required checked', answer.text)
    assert (
        'aria-invalid="true" aria-describedby="relance-email-why"' in answer.text
        and 'id="relance-email-why"' in answer.text
    )


def test_known_and_unknown_people_get_the_same_page_down_to_the_last_octet(fresh: Site) -> None:
    fresh.post("simple", {"email": "connue@exemple.fr"})
    fresh.post("simple", {"email": "plaignante@exemple.fr"})
    fresh.command(
        "plaignante@exemple.fr",
        Suppress(fresh.context.clock.now(), Cause("operator"), "complained"),
    )
    assert fresh.lists("connue@exemple.fr") == {30}
    for form, answers in (
        ("simple", {}),
        ("inscription", GOOD),
        ("client", {AGREED: "", "order": "A1"}),
        ("commande", {"order": "A1"}),
    ):
        pages = [
            fresh.post(form, answers | {"email": who})
            for who in ("connue@exemple.fr", "plaignante@exemple.fr", "inconnue@exemple.fr")
        ]
        assert len(set(map(nonceless, pages))) == 1
        assert (
            len(
                {
                    tuple(sorted((k, v) for k, v in page.headers.items() if k not in HEADERS))
                    for page in pages
                }
            )
            == 1
        )


def test_known_and_unknown_people_are_answered_as_fast(site: Site) -> None:
    for n in range(8):
        site.post("simple", {"email": f"connue{n}@exemple.fr"})
    times: dict[str, list[float]] = {"connue": [], "inconnue": []}
    for n in range(8):
        for stem, taken in times.items():
            began = time.perf_counter()
            site.post("offres", {"email": f"{stem}{n}@exemple.fr"})
            taken.append(time.perf_counter() - began)
    assert abs(min(times["connue"]) - min(times["inconnue"])) < 0.05


def test_without_confirmation_the_person_is_on_the_list_at_once(site: Site) -> None:
    site.post("simple", {"email": "simple@exemple.fr"})
    (given,) = [fact for fact in site.facts("simple@exemple.fr") if isinstance(fact, ConsentGiven)]
    assert given.proof == "single" and given.notice
    assert site.lists("simple@exemple.fr") == {30}


def test_someone_who_withdrew_is_asked_by_mail_and_not_put_back_by_whoever_types_their_address(
    site: Site,
) -> None:
    address = "partie@exemple.fr"
    site.post("simple", {"email": address})
    site.command(address, Withdraw(site.context.clock.now(), Cause("click"), "conseils"))
    site.post("simple", {"email": address})
    assert site.lists(address) == set()
    assert site.names(address)[-1] == "consent-requested"
    site.confirm(site.asked(address))
    assert site.lists(address) == {30}


@pytest.mark.parametrize("form", ["commande", "client"])
def test_a_form_without_consent_never_brings_back_who_withdrew(site: Site, form: str) -> None:
    address = f"plus-rien-{form}@exemple.fr"
    answers = {"email": address, "order": "A-1", AGREED: ""}
    site.post(form, answers)
    assert site.lists(address) == {30}
    site.command(address, Withdraw(site.context.clock.now(), Cause("click"), "conseils"))
    site.post(form, answers | {"order": "A-2"})
    assert site.lists(address) == set()


def test_one_order_posted_twice_is_one_act_and_its_number_is_evidence_only(site: Site) -> None:
    answer = site.post("commande", {"email": "cliente@exemple.fr", "order": "CMD-2026-17"})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "https://boutique.example/merci",
    )
    before = site.names("cliente@exemple.fr")
    site.post("commande", {"email": "cliente@exemple.fr", "order": "CMD-2026-17"})
    assert site.names("cliente@exemple.fr") == before
    assert "CMD-2026-17" not in repr(site.entries("cliente@exemple.fr"))
    kept = site.context.vault.evidence_of(site.stream("cliente@exemple.fr"))
    assert [each["order"] for each in kept.values() if "order" in each] == ["CMD-2026-17"]
    assert [
        fact.basis for fact in site.facts("cliente@exemple.fr") if isinstance(fact, GroundDeclared)
    ] == ["service"]


def test_a_shop_may_lead_to_its_form_with_the_order_number_filled_in(site: Site) -> None:
    page = site.client.get("/f/commande?order=%22%3E%3Cb%3E17&email=x@y.fr").text
    assert 'value="&#34;&gt;&lt;b&gt;17"' in page
    assert "x@y.fr" not in page


def test_an_objection_ticked_on_a_form_of_soft_opt_in_is_obeyed(site: Site) -> None:
    site.post("client", {"email": "non@exemple.fr", "order": "A-1"})
    assert site.entries("non@exemple.fr") == []
    site.post("client", {"email": "oui@exemple.fr", AGREED: "", "order": "A-2"})
    assert site.lists("oui@exemple.fr") == {30}


def test_a_stranger_completes_a_persons_fields_and_rewrites_none(site: Site) -> None:
    site.post("inscription", {"email": "fixe@exemple.fr", "jardin": BALCONY})
    assert site.fields("fixe@exemple.fr") == {}
    site.post("inscription", {"email": "fixe@exemple.fr", "jardin": KITCHEN, "first_name": "Léa"})
    site.post(
        "inscription", {"email": "fixe@exemple.fr", "jardin": KITCHEN, "first_name": "Affreuse"}
    )
    assert site.fields("fixe@exemple.fr") == {"first_name": "Léa"}


def test_of_a_reader_nothing_is_completed_before_they_confirm_what_was_typed(site: Site) -> None:
    address = "lectrice-sans-nom@exemple.fr"
    site.post("inscription", {"email": address, "jardin": BALCONY})
    site.confirm(site.asked(address))
    site.post("inscription", {"email": address, "jardin": KITCHEN, "first_name": "Léa"})
    assert site.fields(address) == {} and "profile-changed" not in site.names(address)
    site.confirm(site.asked(address))
    assert site.fields(address) == {"first_name": "Léa"} and site.names(address)[-2:] == [
        "profile-changed",
        "list-joined",
    ]
    assert site.lists(address) == {31, 32}


def test_a_form_republished_meanwhile_is_shown_again_and_must_be_ticked_again(fresh: Site) -> None:
    old = fresh.stamp("simple")
    write_sequences(
        fresh.context.config.folder,
        {"potager.toml": SEQUENCES.replace("Sans confirmation", "De nouveaux mots")},
    )
    publish(fresh.context)
    answers = {"email": "a@exemple.fr", AGREED: "yes"}
    for hidden in (old, {SHOWN: old[SHOWN]}):
        answer = fresh.client.post("/f/simple", data=answers | hidden)
        assert (
            answer.status_code == 422
            and "De nouveaux mots" in answer.text
            and 'value="a@exemple.fr"' in answer.text
        )
        assert (
            "ce formulaire a changé" in words_of(answer.text).lower()
            and "checked" not in answer.text.partition("</style>")[2]
        )
    assert fresh.entries("a@exemple.fr") == []
    fresh.post("simple", answers)
    assert fresh.lists("a@exemple.fr") == {30}


def test_the_copy_for_another_site_is_one_escaped_form_that_works_when_pasted(fresh: Site) -> None:
    page = fresh.client.get("/f/inscription/embed").text
    snippet = unescape(page.partition("<code>")[2].partition("</code>")[0])
    assert page.count("<form") == 0 and snippet.startswith(
        '<form method="post" action="https://lettres.potager.example/f/inscription"'
    )
    assert "<script" not in snippet and STAMP not in snippet and "checked" not in snippet
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', snippet))
    answer = fresh.client.post(
        "/f/inscription", data=GOOD | hidden | {"email": "copie@exemple.fr", AGREED: "yes"}
    )
    assert answer.status_code == 200
    assert fresh.names("copie@exemple.fr")[-1] == "consent-requested"


def test_a_multipart_post_is_read_alike(site: Site) -> None:
    parts = {
        name: (None, value)
        for name, value in (
            GOOD | site.stamp("inscription") | {"email": "multi@exemple.fr", AGREED: "yes"}
        ).items()
    }
    assert site.client.post("/f/inscription", files=parts).status_code == 200
    assert site.names("multi@exemple.fr")[-1] == "consent-requested"


@pytest.mark.parametrize("charset", ["latin-1", "cp1252", "utf-8"])
def test_a_post_in_latin_1_is_read_as_it_was_written(site: Site, charset: str) -> None:
    name = "Zoé L’Œuvre" if charset != "latin-1" else "Zoé d'Été"
    address = f"{charset}@exemple.fr"
    inputs = (
        GOOD
        | {AGREED: "yes", "email": address, "first_name": name, "timezone": "europe/paris"}
        | site.stamp("inscription")
    )
    headers = {"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"}
    answer = site.client.post(
        "/f/inscription", content=urlencode(inputs, encoding=charset).encode(), headers=headers
    )
    assert answer.status_code == 200
    assert site.fields(address) == {"first_name": name}
    assert site.person(address).timezone == "Europe/Paris"


def test_a_multipart_post_in_latin_1_is_read_as_it_was_written(site: Site) -> None:
    inputs = (
        GOOD
        | {AGREED: "yes", "email": "parts@exemple.fr", "first_name": "Zoé L’Œuvre"}
        | site.stamp("inscription")
    )
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in inputs.items()
    )
    content = f"{parts}--b--\r\n".encode("cp1252")
    answer = site.client.post(
        "/f/inscription",
        content=content,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 200
    assert site.fields("parts@exemple.fr") == {"first_name": "Zoé L’Œuvre"}


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_person_fills_the_form_in_with_a_real_browser(fresh: Site, scripts: bool) -> None:
    with browsing(scripts=scripts, zone="America/Toronto") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{fresh.url}/f/inscription")
        page.get_by_label("Votre adresse").fill("toronto@exemple.fr")
        page.get_by_label(KITCHEN).check()
        page.get_by_label("Oui, je souhaite").check()
        box = page.locator("#relance-website").bounding_box()
        assert box is not None and box["x"] + box["width"] < 0
        page.get_by_role("button", name="Je m’inscris").click()
        page.get_by_text("Presque fini").wait_for()
        assert all(url.startswith((fresh.url, "data:")) for url in asked)
        assert page.context.cookies() == []
    person = fresh.person("toronto@exemple.fr")
    assert person.timezone == ("America/Toronto" if scripts else "")
    assert person.requests["conseils"].lists == (32,)


def test_a_form_that_was_taken_leads_to_a_page_that_may_be_reloaded(fresh: Site) -> None:
    hidden = fresh.stamp("inscription") | {AGREED: "yes"}
    answer = httpx.post(
        f"{fresh.url}/f/inscription", data=GOOD | hidden | {"email": "page@exemple.fr"}, timeout=20
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/f/inscription/thanks")
    objection = httpx.post(
        f"{fresh.url}/f/client",
        data=fresh.stamp("client") | {AGREED: "yes", "order": "1", "email": "non@exemple.fr"},
        timeout=20,
    )
    assert objection.headers["location"] == "/f/client/objection"
    before = fresh.context.ledger.head()
    for path, says in (
        ("/f/inscription/thanks", "Presque fini"),
        ("/f/client/objection", "opposition est notée"),
    ):
        assert fresh.client.head(path).status_code == 200 and says in fresh.client.get(path).text
    assert fresh.context.ledger.head() == before
    assert fresh.client.get("/f/none/thanks").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_mistakes_are_listed_with_links_and_a_likely_typing_error_is_asked_about(
    fresh: Site, scripts: bool
) -> None:
    with browsing(scripts=scripts, width=360) as page:
        page.goto(f"{fresh.url}/f/inscription")
        assert page.title() == "La lettre du potager"
        page.locator("form").evaluate("form => form.noValidate = true") if scripts else None
        page.get_by_label("Votre adresse").fill("lea@gmial.com")
        if not scripts:
            page.get_by_label(KITCHEN).check()
            page.get_by_label("Oui, je souhaite").check()
        page.get_by_role("button", name="Je m’inscris").click()
        assert page.title().replace("\xa0", " ") == "Erreur : La lettre du potager"
        assert (
            page.evaluate("document.activeElement.id") == "relance-mistakes"
            if scripts
            else page.locator("#relance-mistakes[autofocus]").count()
        )
        links = page.locator("#relance-mistakes a")
        assert links.count() == (3 if scripts else 1)
        for n in range(links.count()):
            target = links.nth(n).get_attribute("href")
            assert target is not None and page.locator(target).count() == 1
        links.first.click()
        assert (
            page.url.endswith("#relance-email")
            and page.get_by_text("Vouliez-vous écrire lea@gmail.com").count() == 2
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 360 if scripts else True
        if scripts:
            page.get_by_label(KITCHEN).check()
            page.get_by_label("Oui, je souhaite").check()
            page.get_by_role("button", name="Oui, lea@gmail.com").click()
        else:
            page.get_by_role("button", name="Je m’inscris").click()
        page.get_by_text("Presque fini").wait_for()
    assert fresh.names("lea@gmail.com" if scripts else "lea@gmial.com")[-1] == "consent-requested"
    assert not fresh.stream("lea@gmial.com" if scripts else "lea@gmail.com")
