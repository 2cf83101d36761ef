"""“Choisir ce que je reçois”, from the foot of a letter: chosen by a press, and by nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from engine.audit.evidence import ground_proofs, read_payload
from engine.audit.vault_check import vault_faults
from engine.context import AppContext
from engine.installation.publishing import digest_of
from engine.intake.evidence_requirements import missing
from engine.letter.link_token import CONFIRM, EVERYTHING, PREFERENCES, UNSUBSCRIBE
from engine.sequence.timing import to_local
from engine.subscriber import events as e
from engine.web.preference_offer import offer
from tests.projections.test_rebuilding import happened
from tests.running_installation import CONFIG, Installations
from tests.web.correspondence import (
    FILES,
    Letter,
    Telephone,
    confirmation,
    erased,
    letter,
    phone,
    press,
    written_to,
)

MORE_CONFIG = """
[[purpose]]
id = "astuces"
name = "Les astuces"

[[purpose]]
id = "cours"
name = "Les cours"

[[theme]]
id = "semis"
name = "Semis & plants"

[[theme]]
id = "recoltes"
name = "Récoltes"

[[content]]
id = "video"
name = "Vidéos"
"""
MORE = """
title = "Encore"
purpose = "astuces"
[[form]]
name = "astuces"
title = "Les astuces"
list = 70
notice = "N"
checkbox = "Oui"
confirm = false
[[list]]
id = 70
name = "astuces"
[[list]]
id = 71
name = "cours"
purpose = "cours"
"""


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    files = FILES | {"encore.toml": MORE}
    with installations.made(files, config=CONFIG + MORE_CONFIG) as made:
        yield made


class Reader:
    """Somebody with a letter in their hands."""

    def __init__(self, client: httpx.Client, found: Letter) -> None:
        self.client, self.letter = client, found
        self.path = f"/l/{found.token(PREFERENCES)}"

    def opens(self, query: str = "") -> httpx.Response:
        return self.client.get(self.path + query)

    def saves(self, page: httpx.Response | None = None, /, **changed: str | None) -> httpx.Response:
        """The page's form as a browser sends it, with what somebody has changed (None: not
        ticked).
        """
        inputs = _inputs((page or self.opens()).text)
        inputs |= {name.replace("_", "-"): value for name, value in changed.items()}
        sent = {name: value for name, value in inputs.items() if value is not None}
        return self.client.post(self.path, data=sent)

    def told(self, answer: httpx.Response) -> str:
        [status] = re.findall(r'role="status">(.*?)</div>', answer.text, re.S)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", status)).split())

    def since(self) -> list[e.PersonEvent]:
        return self.letter.since()


def _inputs(page: str) -> dict[str, str | None]:
    form = page.partition("<form ")[2].partition("</form>")[0]
    inputs: dict[str, str | None] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name and value, tag
        if re.search(r'type="(checkbox|radio)"', tag) and " checked" not in tag:
            continue
        inputs[name[1]] = html.unescape(value[1])
    return inputs


@pytest.fixture
def reader(site: str, context: AppContext) -> Iterator[Reader]:
    headers = {"User-Agent": phone()}
    with Telephone(base_url=site, headers=headers, timeout=20) as client:
        yield Reader(client, letter(context))


def test_opening_the_page_changes_nothing_and_shows_what_may_be_chosen(reader: Reader) -> None:
    page = html.unescape(reader.opens().text)
    assert "Choisir ce que vous recevez" in page and reader.since() == []
    for words in ("La lettre du potager", "Les astuces", "Semis & plants", "Récoltes", "Vidéos"):
        assert words in page
    assert "Au plus une par semaine" in page
    assert _inputs(page)["purpose-conseils"] == "yes"
    assert "purpose-astuces" not in _inputs(page), "nothing is ticked that was not agreed to"


def test_a_choice_is_one_fact_with_its_press_and_the_words_that_were_shown(
    reader: Reader, context: AppContext
) -> None:
    told = reader.told(reader.saves(theme_semis="yes", content_video="yes", frequency="weekly"))
    assert "Semis & plants" in told and "au plus une par semaine" in told
    (fact,) = reader.since()
    installation = context.installation_stream.current()
    shown = offer(installation.plan(), "fr").notice
    assert fact == e.PreferencesSet(
        fact.at, ("semis",), ("video",), "weekly", 0, digest_of(shown), "human_button"
    )
    assert installation.words[digest_of(shown)] == shown, "published, as forms are"
    entry = reader.letter.entries()[-1]
    piece = context.vault.pieces_of(reader.letter.stream)[entry.cause.evidence]
    assert read_payload(piece.payload)["act"] == "human_button"
    page = reader.opens().text
    assert _inputs(page)["theme-semis"] == "yes" and "theme-recoltes" not in _inputs(page)
    assert reader.letter.person().last_contact == fact.at


def test_saving_again_changes_nothing(reader: Reader) -> None:
    page = reader.opens()
    reader.saves(page, theme_semis="yes")
    reader.saves(page, theme_recoltes="yes")
    assert len(reader.since()) == 1, "its nonce is spent"
    assert "Vous n’avez rien changé" in reader.told(reader.saves())
    assert len(reader.since()) == 1


def test_a_purpose_is_switched_off_and_on_again_by_a_mail_to_confirm(
    reader: Reader, context: AppContext
) -> None:
    told = reader.told(reader.saves(purpose_conseils=None))
    assert "Vous ne recevrez plus « La lettre du potager »" in told.replace("\u00a0", " ")
    withdrawn, left = reader.since()
    assert withdrawn == e.ConsentWithdrawn(withdrawn.at, "conseils", "human_button")
    assert isinstance(left, e.ListLeft)
    told = reader.told(reader.saves(purpose_conseils="yes"))
    assert "pour confirmer" in told
    asked = reader.since()[-1]
    assert isinstance(asked, e.ConsentRequested)
    assert (asked.form, asked.lists) == ("preferences/fr", (10,))
    assert "Pas encore confirmé" in reader.opens().text
    mail = written_to(context, reader.letter.stream, "ask:conseils")
    link = f"/l/{mail.token(CONFIRM)}"
    nonce = re.findall(r'name="nonce" value="([^"]+)"', reader.client.get(link).text)[0]
    reader.client.post(link, data={"act": "button", "nonce": nonce})
    assert reader.letter.person().grounds["conseils"].status == "live"
    assert complete_proof(reader, context)["method"] == "click-confirmed"


def test_a_form_that_asks_for_no_confirmation_switches_on_at_once(
    reader: Reader, context: AppContext
) -> None:
    told = reader.told(reader.saves(purpose_astuces="yes"))
    assert "Désormais, vous recevez « Les astuces »" in told.replace("\u00a0", " ")
    given, joined = reader.since()
    assert isinstance(given, e.ConsentGiven) and isinstance(joined, e.ListJoined)
    assert (given.purpose, given.proof, given.act) == ("astuces", "page", "human_button")
    particulars = complete_proof(reader, context)
    assert (particulars["purpose"], particulars["box"]) == (
        "astuces",
        {"id": "astuces", "label": "Les astuces", "at_first": "not ticked", "ticked": True},
    )


def complete_proof(reader: Reader, context: AppContext) -> dict[str, object]:
    pieces = context.vault.pieces_of(reader.letter.stream)
    payloads = {digest: read_payload(piece.payload) for digest, piece in pieces.items()}
    proof = list(ground_proofs(reader.letter.entries(), payloads))[-1]
    asked = {"relay_code", "relay_words", "sent_at", "mail", "mail_digest", "message_id"}
    assert set(missing(proof.particulars)) <= asked, "tests hand over no mail"
    return dict(proof.particulars)


def test_a_purpose_without_a_form_has_no_switch_and_cannot_be_switched_on(reader: Reader) -> None:
    page = reader.opens().text
    assert "Les cours" in page and 'name="purpose-cours"' not in page
    assert 'name="purpose-offres"' not in page
    assert "Vous n’avez rien changé" in reader.told(reader.saves(purpose_cours="yes"))
    assert reader.since() == []


def test_whoever_has_confirmed_or_would_leave_is_shown_the_way_to_the_page(
    reader: Reader, context: AppContext
) -> None:
    leaving = reader.client.get(f"/l/{reader.letter.token(UNSUBSCRIBE)}").text
    assert f'href="{reader.path}"' in leaving
    mail = confirmation(context)
    page = press(reader.client, mail.token(CONFIRM)).text
    assert f'href="/l/{mail.token(PREFERENCES)}"' in page
    fresh = Reader(reader.client, mail)
    assert "Parmi les thèmes" in fresh.told(fresh.saves(theme_semis="yes"))


def test_everything_is_switched_off_in_its_place(reader: Reader) -> None:
    page = reader.opens().text
    form = page.rpartition("<form ")[2]
    assert f'action="/l/{reader.letter.token(EVERYTHING)}"' in form
    nonce = re.findall(r'name="nonce" value="([^"]+)"', form)[0]
    path = f"/l/{reader.letter.token(EVERYTHING)}"
    reader.client.post(path, data={"act": "button", "nonce": nonce})
    assert [type(event) for event in reader.since()] == [e.ConsentWithdrawn, e.ListLeft]
    assert "Vous avez tout arrêté" in reader.opens().text


@pytest.mark.parametrize("written", ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"])
def test_a_pause_is_until_a_day_however_it_is_written(
    reader: Reader, context: AppContext, written: str
) -> None:
    day = to_local(context.clock.now(), "Europe/Paris") + timedelta(days=40)
    told = reader.told(reader.saves(pause=day.strftime(written)))
    assert "Vous ne recevez rien jusqu’au" in told
    (fact,) = reader.since()
    assert isinstance(fact, e.PreferencesSet)
    assert to_local(fact.paused_until, "Europe/Paris").isoformat()[:16] == f"{day:%Y-%m-%d}T00:00"
    assert "Votre pause est finie" in reader.told(reader.saves(pause=""))


@pytest.mark.parametrize(
    ("pause", "why"),
    [
        ("bientôt", "Ce n’est pas une date"),
        ("31/02/2027", "Ce n’est pas une date"),
        ("2020-01-01", "a déjà commencé"),
        ("2999-01-01", "un an au plus"),
    ],
)
def test_a_date_that_cannot_be_loses_nothing_that_was_chosen(
    reader: Reader, pause: str, why: str
) -> None:
    answer = reader.saves(pause=pause, theme_semis="yes", frequency="monthly")
    page = html.unescape(answer.text)
    assert answer.status_code == 422 and why in page and pause in page
    assert page.partition("<title>")[2].startswith("Erreur")
    assert _inputs(page)["theme-semis"] == "yes" and _inputs(page)["frequency"] == "monthly"
    assert reader.since() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "AAAA"},
        {"act": "auto"},
        {"act": "button"},
        {"List_Unsubscribe": "One-Click"},
        {"offered": "0" * 64},
    ],
)
def test_nothing_but_a_press_of_the_page_as_it_is_changes_anything(
    reader: Reader, changed: dict[str, str]
) -> None:
    answer = reader.saves(theme_semis="yes", **changed)
    assert answer.status_code in (200, 400, 422) and reader.since() == []


def test_what_is_told_is_what_is_so_whatever_the_address_says(reader: Reader) -> None:
    page = html.unescape(reader.opens("?saved=p0.p1.t.f.w.p99.zzz").text)
    assert "Désormais, vous recevez" in page and "Vous ne recevez rien jusqu’au" not in page
    assert reader.since() == []


def test_a_token_of_somebody_else_and_one_that_is_not_ours_open_nothing(
    reader: Reader, context: AppContext
) -> None:
    forged = reader.path[:-2] + ("AA" if not reader.path.endswith("AA") else "BB")
    page = reader.client.get(forged).text
    assert "purpose-astuces" not in page and "À quelle fréquence" not in page


def test_who_was_erased_is_told_so(reader: Reader) -> None:
    erased(reader.letter)
    assert "Nous ne détenons" in html.unescape(reader.opens().text)


def test_the_page_speaks_english(site: str, context: AppContext) -> None:
    with Telephone(base_url=site, headers={"User-Agent": phone()}) as client:
        reader = Reader(client, letter(context, language="en"))
        page = reader.opens().text
        assert "Choose what you receive" in page and "At most one a week" in page
        assert "Saved." in reader.told(reader.saves(frequency="weekly"))
        fact = reader.since()[-1]
        assert isinstance(fact, e.PreferencesSet)
        assert fact.offered == context.installation_stream.current().notices["preferences/en"]


def test_what_is_stopped_because_of_silence_is_said_and_comes_again_when_saved(
    reader: Reader, context: AppContext
) -> None:
    now = context.clock.now()
    happened(context, e.PurposeStopped(now, "conseils", 1, now - 1), to=reader.letter.stream)
    assert "avons cessé de l’envoyer" in reader.opens().text
    reader.saves()
    assert "avons cessé de l’envoyer" not in reader.opens().text


def test_the_vault_holds_no_evidence_that_no_fact_names(
    reader: Reader, context: AppContext
) -> None:
    """After whatever was pressed above, and a switch beside which nothing changed."""
    reader.saves(purpose_astuces="yes")
    assert list(vault_faults(context.ledger, context.vault)) == []
