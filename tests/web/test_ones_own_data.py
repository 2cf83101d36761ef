"""“My data”, from the foot of a letter: seen, taken along, corrected, frozen, stopped, erased; and
shown to nobody who does not press.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import secrets
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.language import day_in_words
from engine.ledger.codec import Encoded
from engine.ledger.store import AT_HEAD, Append
from engine.letter.link_token import CONFIRM, EVERYTHING, MY_DATA, NOT_ME, UNDO, UNSUBSCRIBE
from engine.privacy.dossier_words import DETAILS
from engine.privacy.export import SOURCES, dossier
from engine.proof import verify as verifier
from engine.proof.signer import SigningRefused
from engine.sequence.timing import to_local
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import (
    CallHonoured,
    Cause,
    ConsentWithdrawn,
    ContactNoted,
    Event,
    ProcessingRestricted,
    ProfileChanged,
    PurposeStopped,
    RightAnswered,
    RightExercised,
    SubscriberErased,
)
from engine.subscriber.outcome import Done
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite
from engine.web.limits import Limits
from tests.privacy.test_archiving import KEY
from tests.running_installation import Installations
from tests.web.correspondence import (
    FILES,
    PHONE,
    YES,
    Letter,
    Telephone,
    address,
    confirmation,
    field,
    press,
    written_to,
)
from tests.web.serving import served
from tests.web.test_robots import ZOO

FIELDS = 'town = "Commune"\n'
VERIFIER = Path(verifier.__file__)
HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example";"clic")',
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "‮gnirts",
]


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES, FIELDS) as made:
        yield made


@pytest.fixture(scope="module")
def site(context: AppContext) -> Iterator[str]:
    with served(context) as url:
        yield url


@dataclass
class Reader:
    """Somebody with a letter in their hands."""

    client: httpx.Client
    letter: Letter
    email: str

    @property
    def token(self) -> str:
        return self.letter.token(MY_DATA)

    def opens(self, **headers: str) -> httpx.Response:
        return self.client.get(f"/l/{self.token}", headers=headers)

    def presses(self, page: httpx.Response, act: str, **more: str) -> httpx.Response:
        return self.client.post(f"/l/{self.token}", data=inputs(page.text, act) | more)

    def sees(self) -> httpx.Response:
        return self.presses(self.opens(), "see")

    def since(self) -> list[Event]:
        return list(self.letter.since())

    def fields(self) -> dict[str, str]:
        return dict(
            self.letter.context.vault.people([self.letter.stream])[self.letter.stream].fields
        )


def inputs(page: str, act: str) -> dict[str, str]:
    """What a browser sends for the form of that act, as it stands on the page."""
    for piece in page.split("<form ")[1:]:
        piece = piece.partition("</form>")[0]
        if field(piece, "act") != act:
            continue
        found = {
            name: html.unescape(value)
            for name, value in re.findall(
                r'<input(?! type="checkbox")[^>]*name="([^"]+)" value="([^"]*)"', piece
            )
        }
        for name, options in re.findall(
            r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', piece, re.DOTALL
        ):
            chosen = re.search(r'<option value="([^"]*)" selected>', options) or re.search(
                r'<option value="([^"]*)"', options
            )
            assert chosen is not None
            found[name] = chosen[1]
        return found
    raise AssertionError(f"no form with act={act} in {page}")


def somebody(
    client: httpx.Client, context: AppContext, *, language: str = "fr", **fields: str
) -> Reader:
    """Brought in with where they came from, and written to."""
    now, email = context.clock.now(), address()
    kept = evidence(secrets.token_bytes(32), {"source": "foire aux plantes", "ip": "203.0.113.9"})
    command = Subscribe(
        now,
        Cause("operator", secrets.token_hex(8), evidence=kept.commitment.hex()),
        10,
        "consent",
        "declared",
        language=language,
    )
    result = context.command_handler.execute_one(
        CommandRequest(
            command, address=email, vault_write=VaultWrite("", now, fields=fields, evidence=(kept,))
        )
    )
    assert isinstance(result.outcome, Done)
    return Reader(client, written_to(context, result.stream), email)


@pytest.fixture
def anna(context: AppContext, reader: httpx.Client) -> Reader:
    return somebody(reader, context, first_name="Anna", town="Lyon")


def personal(reader: Reader, *more: str) -> tuple[str, ...]:
    return (
        reader.email,
        "Anna",
        "Lyon",
        "foire aux plantes",
        "203.0.113.9",
        reader.letter.stream,
        *more,
    )


# Opened, by whomever


@pytest.mark.parametrize("agent", [*ZOO, PHONE])
def test_opening_shows_nothing_about_anybody_and_changes_nothing(
    context: AppContext, anna: Reader, agent: str
) -> None:
    before = context.ledger.head()
    for method in ("GET", "HEAD", "OPTIONS"):
        page = anna.client.request(method, f"/l/{anna.token}", headers={"User-Agent": agent})
        assert page.status_code == 200 and not [
            word for word in personal(anna) if word in page.text
        ]
        assert "<script" not in page.text and "set-cookie" not in page.headers
    assert context.ledger.head() == before


def test_a_letter_of_any_age_waits_for_the_press(context: AppContext, anna: Reader) -> None:
    context.clock.jump(3_600_000)
    page = anna.opens()
    assert (
        "<script" not in page.text
        and page.text.count("<form ") == 1
        and "Si quelqu’un vous a transféré sa lettre" in page.text
    )


def test_opened_and_not_pressed_it_is_no_answer_that_was_lost(
    context: AppContext, anna: Reader
) -> None:
    anna.opens()
    with context.database.connection() as connection:
        connection.execute("UPDATE desk.shown SET at = at - interval '1 hour'")
    assert anna.letter.claim.message not in context.desk.lost_messages()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"act": "see"},
        {"act": "auto", "nonce": "x"},
        {"act": "erase-now", "sure": "yes"},
        {"act": "erase-now", "sure": "yes", "nonce": "A" * 48},
        {"List-Unsubscribe": "One-Click"},
        {"act": "object", "nonce": ""},
    ],
    ids=str,
)
def test_a_press_without_a_page_of_ours_gets_the_page_and_does_nothing(
    context: AppContext, anna: Reader, said: dict[str, str]
) -> None:
    before = context.ledger.head()
    page = anna.client.post(f"/l/{anna.token}", data=said)
    assert page.status_code == 200 and not [word for word in personal(anna) if word in page.text]
    assert context.ledger.head() == before


def test_a_one_click_unsubscribe_beside_a_true_nonce_presses_nothing(
    context: AppContext, anna: Reader
) -> None:
    before = context.ledger.head()
    page = anna.presses(anna.opens(), "see", **{"List-Unsubscribe": "One-Click"})
    assert anna.email not in page.text and context.ledger.head() == before


def test_the_page_of_one_letter_presses_nothing_of_another(
    context: AppContext, reader: httpx.Client, anna: Reader
) -> None:
    other = somebody(reader, context)
    before = context.ledger.head()
    page = reader.post(f"/l/{other.token}", data=inputs(anna.opens().text, "see"))
    assert other.email not in page.text and context.ledger.head() == before
    unsubscribing = field(reader.get(f"/l/{other.letter.token(UNSUBSCRIBE)}").text, "nonce")
    assert (
        other.email
        not in reader.post(f"/l/{other.token}", data={"act": "see", "nonce": unsubscribing}).text
    )


def test_the_link_of_a_confirmation_opens_too(context: AppContext, reader: httpx.Client) -> None:
    asked = confirmation(context)
    email = context.vault.people([asked.stream])[asked.stream].address
    seen = Reader(reader, asked, email).sees()
    assert email in seen.text and "et pas encore confirmé" in seen.text


# Seen, and taken along


def test_a_press_shows_everything_in_plain_words(anna: Reader) -> None:
    page = anna.sees()
    for word in (
        anna.email,
        "Prénom",
        "Anna",
        "Commune",
        "Lyon",
        "La lettre du potager",
        "vous l’avez accepté, le",
        "Le potager",
        "noté par nous",
        "foire aux plantes",
        "Avez-vous semé ?",
        "prise en charge par votre messagerie",
        "français",
    ):
        assert word in page.text, word
    assert anna.letter.stream not in page.text
    assert (
        "prise-en-main" not in page.text and "prise-en-main" not in anna.presses(page, "json").text
    ), "names of lists are the author's"


def test_whatever_an_export_tells_of_a_source_the_page_tells_in_words(
    anna: Reader, context: AppContext
) -> None:
    assert DETAILS.keys() == set(SOURCES)
    now, email = context.clock.now(), address()
    kept = evidence(secrets.token_bytes(32), {name: f"dit-{name}" for name in SOURCES})
    command = Subscribe(
        now,
        Cause("import", secrets.token_hex(8), evidence=kept.commitment.hex()),
        10,
        "consent",
        "declared",
    )
    result = context.command_handler.execute_one(
        CommandRequest(
            command,
            address=email,
            vault_write=VaultWrite("", now, evidence=(kept,), source="Les Amis du jardin"),
        )
    )
    page = Reader(anna.client, written_to(context, result.stream), email).sees().text
    assert not [name for name in SOURCES if f"dit-{name}" not in page]
    assert "Qui nous a donné votre adresse" in page and "Les Amis du jardin" in page


def test_it_is_said_in_the_readers_language(context: AppContext, reader: httpx.Client) -> None:
    page = somebody(reader, context, language="en-GB", first_name="Anna").sees().text
    assert (
        '<html lang="en"' in page
        and "What we know of you" in page
        and "you agreed, on" in page
        and "English" in page
    )


def test_seeing_is_an_access_with_its_request_and_answer_once_a_day(
    context: AppContext, anna: Reader
) -> None:
    anna.sees()
    exercised, heard, answered, call = anna.since()
    assert (
        isinstance(exercised, RightExercised)
        and exercised.right == "access"
        and exercised.due_at > exercised.at
    )
    assert isinstance(heard, ContactNoted) and isinstance(call, CallHonoured)
    assert answered == RightAnswered(exercised.at, exercised.request, "done")
    anna.sees()
    anna.presses(anna.opens(), "see")
    assert len(anna.since()) == 4
    context.clock.jump(24 * 3_600_000)
    anna.sees()
    assert len(anna.since()) == 8


def test_what_was_shown_is_there_when_going_back_and_gone_after_half_an_hour(
    context: AppContext, anna: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = anna.sees()
    assert seen.url.query.startswith(b"see=") and seen.request.method == "GET"
    facts = len(anna.letter.entries())
    for _ in range(2):
        assert anna.client.get(str(seen.url)).text.count("<h2>") == seen.text.count("<h2>")
    assert len(anna.letter.entries()) == facts
    other = str(seen.url).replace("see=", "see=A")
    assert "<h2>" not in anna.client.get(other).text
    later = time.time() + 31 * 60
    monkeypatch.setattr("engine.web.own_data.time", SimpleNamespace(time=lambda: later))
    assert "<h2>" not in anna.client.get(str(seen.url)).text


def test_the_evidence_says_who_pressed(context: AppContext, anna: Reader) -> None:
    anna.sees()
    (entry,) = {
        entry.cause for entry in anna.letter.entries() if isinstance(entry.event, RightExercised)
    }
    evidence = context.vault.evidence_of(anna.letter.stream)
    assert (entry.door, entry.ref) == ("click", anna.letter.claim.message)
    assert {name: evidence[entry.evidence][name] for name in ("act", "by", "right")} == {
        "act": "human_button",
        "by": "self",
        "right": "access",
    }
    (agent,) = [
        str(said["user_agent"]) for said in evidence.values() if said.get("ip") == "127.0.0.1"
    ]
    assert agent.startswith(PHONE)


def test_everything_is_downloaded_as_json(context: AppContext, anna: Reader) -> None:
    seen = anna.sees()
    said = anna.presses(seen, "json")
    assert said.headers["content-type"] == "application/json"
    assert said.headers["content-disposition"] == 'attachment; filename="mes-donnees.json"'
    assert (said.headers["cache-control"], said.headers["x-content-type-options"]) == (
        "no-store",
        "nosniff",
    )
    whole = said.json()
    assert whole["person"]["email"] == anna.email and whole["person"]["fields"] == {
        "first_name": "Anna",
        "town": "Lyon",
    }
    assert {
        "purposes",
        "lists",
        "letters",
        "sources",
        "recipients",
        "evidence",
        "events",
        "notices",
    } <= whole.keys()
    assert len(whole["events"]) == len(dossier(context, anna.letter.stream)["events"]) - 4  # type: ignore[arg-type]
    assert [event.right for event in anna.since() if isinstance(event, RightExercised)] == [
        "access",
        "portability",
    ]
    assert anna.presses(seen, "json").status_code == 200


@pytest.mark.parametrize("name", HOSTILE)
def test_no_field_runs_anywhere(context: AppContext, reader: httpx.Client, name: str) -> None:
    seen = (found := somebody(reader, context, first_name=name)).sees()
    for piece in ("<script>alert", "<img", "49<"):
        assert piece not in seen.text
    sheet = found.presses(seen, "csv")
    assert sheet.headers[
        "content-disposition"
    ] == 'attachment; filename="mes-donnees.csv"' and sheet.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(sheet.text.removeprefix("\ufeff"))))
    assert not [
        cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    ]
    assert json.loads(found.presses(seen, "json").text)["person"]["fields"]["first_name"] == name


# Corrected


def test_a_correction_reaches_the_vault_and_is_a_fact(anna: Reader) -> None:
    page = anna.presses(
        anna.sees(),
        "correct",
        **{"field-first_name": "Anne ", "timezone": "Europe/Brussels", "language": "en"},
    )
    assert "Your data are corrected." in page.text and "Europe/Brussels" in page.text
    assert anna.fields() == {"first_name": "Anne", "town": "Lyon"}
    exercised, changed, answered = anna.since()[4:]
    assert isinstance(exercised, RightExercised) and exercised.right == "rectification"
    assert isinstance(changed, ProfileChanged) and (
        changed.fields,
        changed.timezone,
        changed.language,
    ) == (("first_name",), "Europe/Brussels", "en")
    assert isinstance(answered, RightAnswered) and answered.request == exercised.request
    person = anna.letter.person()
    assert (person.timezone, person.language, dict(person.rights)) == ("Europe/Brussels", "en", {})


def test_a_field_can_be_emptied(anna: Reader) -> None:
    page = anna.presses(anna.sees(), "correct", **{"field-town": ""})
    assert anna.fields()["town"] == "" and "Lyon" not in page.text


def test_what_was_not_changed_is_not_corrected_whatever_stands_there(
    context: AppContext, reader: httpx.Client
) -> None:
    found = somebody(reader, context, first_name="https://site.example/x\n", town="x" * 300)
    page = found.presses(found.sees(), "correct", **{"field-first_name": "https://site.example/x"})
    assert (
        "Vous n’avez rien changé" in page.text
        and found.fields()["first_name"] == "https://site.example/x\n"
    )


@pytest.mark.parametrize(
    ("said", "name", "why"),
    [
        (
            "http://evil.example/gagne",
            "field-town",
            "Merci de ne pas mettre d’adresse de site ici.",
        ),
        ("deux\nlignes", "field-town", "ligne"),
        ("x" * 201, "field-town", "trop long"),
        ("Mars/Olympus", "timezone", "pas un fuseau horaire"),
    ],
)
def test_what_may_not_stand_there_is_asked_again_and_nothing_is_lost(
    anna: Reader, said: str, name: str, why: str
) -> None:
    page = anna.presses(anna.sees(), "correct", **{name: said, "field-first_name": "Autre"})
    assert (
        page.status_code == 422
        and why in page.text
        and 'role="alert"' in page.text
        and f'aria-describedby="{name}-why"' in page.text
    )
    assert anna.fields() == {"first_name": "Anna", "town": "Lyon"} and 'value="Autre"' in page.text
    assert (
        anna.presses(page, "correct", **{name: "", "field-first_name": "Autre"}).status_code == 200
    )
    assert anna.fields()["first_name"] == "Autre"


def test_a_field_nobody_declared_is_not_written(anna: Reader) -> None:
    anna.presses(anna.sees(), "correct", **{"field-admin": "oui", "field-email": "x@exemple.fr"})
    assert anna.fields() == {"first_name": "Anna", "town": "Lyon"}


# Another address: whoever was forwarded the letter must not become its reader


def test_another_address_is_asked_for_and_never_taken(context: AppContext, anna: Reader) -> None:
    page = anna.presses(anna.sees(), "address", **{"new-address": "Autre.Anna@Exemple.fr"})
    assert (
        "Nous avons noté la nouvelle adresse" in page.text
        and "faire corriger quelque chose" in page.text
    )
    assert context.vault.people([anna.letter.stream])[anna.letter.stream].address == anna.email
    (standing,) = anna.letter.person().rights.values()
    assert standing.right == "rectification" and standing.due_at > standing.asked_at
    kept = [
        said["words"]
        for said in context.vault.evidence_of(anna.letter.stream).values()
        if "words" in said
    ]
    assert kept == ["new address: autre.anna@exemple.fr"]
    again = anna.presses(page, "address", **{"new-address": "troisieme@exemple.fr"})
    assert (
        "Vous avez déjà demandé une correction" in again.text
        and len(anna.letter.person().rights) == 1
    )


def test_correcting_a_field_leaves_the_wish_for_another_address_standing(anna: Reader) -> None:
    page = anna.presses(anna.sees(), "address", **{"new-address": "autre@exemple.fr"})
    anna.presses(page, "correct", **{"field-first_name": "Anne"})
    assert anna.fields()["first_name"] == "Anne" and len(anna.letter.person().rights) == 1


def test_an_address_somebody_else_has_is_answered_like_any_other(
    context: AppContext, reader: httpx.Client, anna: Reader
) -> None:
    other, third = somebody(reader, context), somebody(reader, context)
    known = anna.presses(anna.sees(), "address", **{"new-address": other.email})
    free = third.presses(third.sees(), "address", **{"new-address": "personne@exemple.fr"})
    said = [re.search(r'role="status">([^<]*)', page.text)[1] for page in (known, free)]  # type: ignore[index]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("said", "why"),
    [("pas une adresse", "Cette adresse électronique n’est pas complète"), ("", "remplir")],
)
def test_what_is_no_address_is_asked_again(anna: Reader, said: str, why: str) -> None:
    page = anna.presses(anna.sees(), "address", **{"new-address": said})
    assert page.status_code == 422 and why in page.text and dict(anna.letter.person().rights) == {}


def test_the_same_address_is_none_to_ask_for(anna: Reader) -> None:
    assert (
        "que nous avons déjà"
        in anna.presses(anna.sees(), "address", **{"new-address": anna.email.upper()}).text
    )


# Frozen, and stopped


def test_data_are_frozen_and_go_on_again(anna: Reader) -> None:
    frozen = anna.presses(anna.sees(), "restrict")
    assert "Vos données sont gelées" in frozen.text and anna.letter.person().restricted
    assert [type(event) for event in anna.since()[4:]] == [
        RightExercised,
        ProcessingRestricted,
        RightAnswered,
    ]
    assert (
        "Vos données ne sont plus gelées." in anna.presses(frozen, "lift").text
        and not anna.letter.person().restricted
    )


def test_who_is_not_written_to_because_they_were_silent_is_written_to_again_by_a_press(
    context: AppContext, anna: Reader
) -> None:
    assert "Écrivez-moi de nouveau" not in anna.sees().text
    now, person = context.clock.now(), anna.letter.person()
    stopped = PurposeStopped(now, "conseils", 1, person.last_contact)
    fact = Encoded(anna.letter.stream, stopped, Cause("rule"), now)
    context.ledger.append([Append(anna.letter.stream, AT_HEAD, (fact,))])
    page = anna.sees()
    assert "nous ne vous écrivons plus depuis le" in page.text
    resumed = anna.presses(page, "resume")
    assert "Nous vous écrivons de nouveau." in resumed.text
    assert not anna.letter.person().stopped
    assert "Écrivez-moi de nouveau" not in resumed.text


def test_a_press_that_comes_again_later_undoes_nothing_that_was_done_since(anna: Reader) -> None:
    said = inputs((seen := anna.sees()).text, "restrict")
    frozen = anna.client.post(f"/l/{anna.token}", data=said)
    anna.presses(frozen, "lift")
    again = anna.client.post(f"/l/{anna.token}", data=said)
    assert (
        again.status_code == 200
        and anna.email in again.text
        and not anna.letter.person().restricted
    )
    assert anna.presses(seen, "csv").status_code == 200


def test_everything_is_stopped_in_one_action(context: AppContext, anna: Reader) -> None:
    page = anna.presses(anna.sees(), "object")
    assert "Tout est arrêté" in page.text and anna.letter.lists() == set()
    exercised, *between, answered = anna.since()[4:]
    assert (
        isinstance(exercised, RightExercised)
        and exercised.right == "objection"
        and isinstance(answered, RightAnswered)
    )
    assert any(isinstance(event, ConsentWithdrawn) and event.purpose == "*" for event in between)
    hashed = context.vault.hash(anna.email)
    assert context.vault.suppressed([hashed]) == {hashed: "objected"}
    assert "Vous avez tout arrêté" in anna.sees().text


@pytest.mark.parametrize("act", ["restrict", "object", "correct", "address"])
def test_a_double_press_is_one_act_and_shows_the_same_page(
    context: AppContext, anna: Reader, act: str
) -> None:
    said = inputs(anna.sees().text, act) | {
        "field-first_name": "Anne",
        "new-address": "autre@exemple.fr",
    }
    first, second = (anna.client.post(f"/l/{anna.token}", data=said) for _ in range(2))
    count = len(anna.since())
    assert (first.status_code, second.status_code) == (200, 200) and anna.email in second.text
    anna.client.post(f"/l/{anna.token}", data=said)
    assert (
        len(anna.since()) == count
        and sum(isinstance(event, RightExercised) for event in anna.since()) == 2
    )


def test_after_thirty_changes_in_an_hour_no_more_are_made(
    context: AppContext, anna: Reader
) -> None:
    page = anna.sees()
    limits = Limits(context.desk, context.secrets.pepper)
    assert [limits.may_change(anna.letter.stream) for _ in range(31)] == [True] * 30 + [False]
    refused = anna.presses(page, "restrict")
    assert (
        refused.status_code == 429
        and refused.headers["retry-after"]
        and not anna.letter.person().restricted
    )


def test_more_than_thirty_presses_a_minute_show_nothing(
    context: AppContext, reader: httpx.Client
) -> None:
    found = somebody(reader, context)
    said = inputs(found.opens().text, "see")
    answers = [reader.post(f"/l/{found.token}", data=said) for _ in range(32)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * 2
    assert found.email not in answers[-1].text and found.opens().status_code == 200


# Erased


def test_an_erasure_says_first_what_goes_and_what_remains_and_offers_the_download(
    context: AppContext, anna: Reader
) -> None:
    before = anna.presses(anna.sees(), "erase")
    told = (
        "votre adresse et tout ce que vous nous avez dit",
        "d’où l’adresse ne peut pas être relue",
    )
    for word in (*told, "pour un autre service (JSON)", "pour un tableur (CSV)", "Non, revenir"):
        assert word in before.text, word
    assert anna.presses(before, "json").json()["person"]["email"] == anna.email
    assert not anna.letter.person().erased
    missing = anna.presses(before, "erase-now")
    assert (
        missing.status_code == 422
        and 'role="alert"' in missing.text
        and not anna.letter.person().erased
    )


def test_erased_with_a_receipt_and_nothing_of_them_stays(context: AppContext, anna: Reader) -> None:
    page = anna.presses(anna.presses(anna.sees(), "erase"), "erase-now", sure="yes")
    assert (
        "Vos données sont effacées" in page.text
        and "Référence" in page.text
        and anna.letter.stream in page.text
    )
    last = anna.letter.entries()[-1]
    assert isinstance(last.event, SubscriberErased) and last.event.basis == "asked"
    assert (last.cause.door, last.cause.ref, last.cause.evidence) == (
        "click",
        anna.letter.claim.message,
        "",
    )
    exercised = [event for event in anna.since() if isinstance(event, RightExercised)][-1]
    assert (
        exercised.right == "erasure"
        and RightAnswered(exercised.at, exercised.request, "done") in anna.since()
    )
    assert set(context.vault.held(anna.letter.stream).values()) == {0}
    hashed = context.vault.hash(anna.email)
    assert context.vault.suppressed([hashed]) == {hashed: "erased"}


def test_after_it_every_link_of_every_letter_says_that_nothing_is_held(
    context: AppContext, anna: Reader
) -> None:
    seen = anna.sees()
    form = inputs(seen.text, "correct")
    said = inputs(anna.presses(seen, "erase").text, "erase-now") | {"sure": "yes"}
    anna.client.post(f"/l/{anna.token}", data=said)
    count = len(anna.letter.entries())
    for again in (
        anna.opens(),
        anna.client.post(f"/l/{anna.token}", data=said),
        anna.client.post(f"/l/{anna.token}", data=form),
    ):
        assert again.status_code == 200 and "Nous ne détenons rien sur vous" in again.text
    for token in (
        anna.letter.link(YES),
        *(anna.letter.token(action) for action in (UNSUBSCRIBE, EVERYTHING, UNDO)),
    ):
        assert "Nous ne gardons plus rien à votre sujet" in anna.client.get(f"/l/{token}").text
        press_if_any(anna.client, token)
    assert len(anna.letter.entries()) == count


def press_if_any(client: httpx.Client, token: str) -> None:
    if "<form" in client.get(f"/l/{token}").text:
        press(client, token)


def test_a_confirmation_of_somebody_erased_says_so_too(
    context: AppContext, reader: httpx.Client
) -> None:
    asked = confirmation(context)
    found = Reader(reader, asked, "")
    found.presses(found.presses(found.sees(), "erase"), "erase-now", sure="yes")
    for token in (asked.token(CONFIRM), asked.token(NOT_ME), asked.token(EVERYTHING)):
        assert "Nous ne gardons plus rien à votre sujet" in reader.get(f"/l/{token}").text


def test_the_proof_is_handed_over_before_and_verifies_after_the_erasure(
    anna: Reader, tmp_path: Path
) -> None:
    before = anna.presses(anna.sees(), "erase")
    proof = anna.presses(before, "proof")
    assert proof.headers["content-type"] == "application/zip"
    assert proof.headers["content-disposition"] == 'attachment; filename="mes-donnees.zip"'
    anna.presses(before, "erase-now", sure="yes")
    (tmp_path / "proof.zip").write_bytes(proof.content)
    verified = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(tmp_path / "proof.zip")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with zipfile.ZipFile(io.BytesIO(proof.content)) as archive:
        assert anna.email.encode() in archive.read("person.json")


def test_a_proof_that_cannot_be_signed_is_none_and_says_so(
    context: AppContext, anna: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        raise SigningRefused("the ledger is shorter than what was signed")

    seen = anna.sees()
    count = len(anna.since())
    monkeypatch.setattr(type(context.tree), "sign_now", lambda tree: refused())
    page = anna.presses(seen, "proof")
    assert (
        page.status_code == 503
        and "La preuve ne peut pas être faite" in page.text
        and len(anna.since()) == count
    )


def test_an_erasure_that_cannot_be_journalled_is_not_made(
    context: AppContext, anna: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_stops: object) -> None:
        raise OSError(28, "No space left on device")

    before = anna.presses(anna.sees(), "erase")
    monkeypatch.setattr(context.vault.journal, "note", full)
    page = anna.presses(before, "erase-now", sure="yes")
    assert (
        "Nous n’avons pas pu le faire à l’instant" in page.text and not anna.letter.person().erased
    )


def test_proof_is_sealed_for_its_time_where_there_is_an_auditor(
    installations: Installations,
) -> None:
    with (
        installations.made(FILES, KEY) as kept,
        served(kept) as url,
        Telephone(base_url=url, headers={"User-Agent": PHONE}) as client,
    ):
        found = somebody(client, kept)
        before = found.presses(found.sees(), "erase")
        page = found.presses(before, "erase-now", sure="yes")
        sealed, ends_at = kept.vault.archived(found.letter.stream) or (b"", 0)
        day = day_in_words(to_local(ends_at, "Europe/Paris").date(), "fr")
    assert sealed and all("preuve" in each.text and day in each.text for each in (before, page))


def test_two_who_erase_at_once_are_one(context: AppContext, anna: Reader) -> None:
    seen = anna.sees()
    first, second = [
        anna.presses(page, "erase-now", sure="yes")
        for page in [anna.presses(seen, "erase") for _ in range(2)]
    ]
    assert (
        "Vos données sont effacées" in first.text
        and "Nous ne détenons rien sur vous" in second.text
    )
    assert sum(isinstance(event, SubscriberErased) for event in anna.since()) == 1


# To itself


def test_no_page_asks_another_host_sets_a_cookie_or_carries_a_script(anna: Reader) -> None:
    seen = anna.sees()
    for page in (anna.opens(), seen, anna.presses(seen, "erase")):
        assert (
            not re.search(r'(src|href|action)="(?!/l/)', page.text) and "<script" not in page.text
        )
        assert (
            "set-cookie" not in page.headers
            and page.headers["cache-control"] == "no-store"
            and page.headers["referrer-policy"] == "no-referrer"
        )
        assert re.search(
            r"form-action 'self'; frame-ancestors 'none'", page.headers["content-security-policy"]
        )


def test_every_input_has_its_label(anna: Reader) -> None:
    page = anna.sees().text
    asked = re.findall(r'<(?:input|select) id="([^"]+)"', page)
    assert len(asked) == 5 and asked == [name for name in asked if f'<label for="{name}">' in page]
    assert page.count("<h1") == 1 and page.count("<h2") >= 10


def test_neither_a_log_nor_the_ledger_nor_an_error_page_names_anybody(
    context: AppContext,
    anna: Reader,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(0):
        page = anna.presses(anna.sees(), "address", **{"new-address": "autre.anna@exemple.fr"})
        anna.presses(page, "correct", **{"field-first_name": "Anastasie"})
        anna.client.put(f"/l/{anna.token}")
    ours = "".join(
        [
            r.getMessage()
            for r in caplog.records
            if not r.name.startswith(("httpx", "httpcore", "asyncio"))
        ]
    ) + "".join(capfd.readouterr())
    states = b"".join(
        context.ledger.bytes_at(entry.position) or b"" for entry in anna.letter.entries()
    ).decode()
    for word in (anna.email, "autre.anna", "Anastasie", anna.token, "203.0.113.9"):
        assert word not in ours and word not in states
