"""`relance audit dossier`: one first page that a lawyer reads, and behind it every fact."""

from __future__ import annotations

import re
import shutil
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.audit.dossier_page import css_string
from engine.i18n.user_error import UserError
from engine.subscriber.commands import AskFirst, Withdraw
from engine.subscriber.events import Cause, LetterBegun, SubscriberErased
from tests.audit.contesting import (
    FILES,
    FORM_NOTICE,
    RAW,
    Auditor,
    first_page,
    forgotten,
    recorded,
    sent,
    subscribed,
    time_passes,
    wished,
    with_evidence,
    words_of,
)
from tests.running_installation import Installations
from tests.web import doors
from tests.web.browsing import browsing, close_browser
from tests.web.correspondence import press
from tests.web.visiting import Site, behind_a_proxy

pytestmark = pytest.mark.postgres
ANNA = "anna.verger@lecteurs.example"


@pytest.fixture(scope="module", autouse=True)
def browser_closed_at_the_end() -> Iterator[None]:
    yield
    close_browser()


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    """Anna joins by the form, confirms, gets a letter, clicks, and withdraws."""
    with behind_a_proxy(installations, FILES) as made:
        context = made.context
        assert made.post("inscription", {"email": ANNA}).status_code == 200
        doors.confirmed(made, ANNA)
        time_passes(context, 3_600_000)
        mail = sent(context, ANNA, "list:10")
        links = re.findall(rb"/l/([A-Za-z0-9_-]{35})", mail.octets.replace(b"=\r\n", b""))
        assert press(made.client, links[1].decode()).status_code == 200
        time_passes(context, 26 * 3_600_000)
        header = mail.octets.split(b"List-Unsubscribe: <")[1].split(b">")[0]
        token = header.rpartition(b"/l/")[2].decode()
        assert (
            made.client.post(f"/l/{token}", data={"List-Unsubscribe": "One-Click"}).status_code
            == 200
        )
        yield made


@dataclass(frozen=True)
class Read:
    status: int
    page: str

    @property
    def first(self) -> str:
        return first_page(self.page)

    @property
    def annex(self) -> str:
        return words_of(self.page.split('<div class="annex">')[1])


@pytest.fixture
def auditor(site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(site.context, capsys, tmp_path)


def drawn_up(auditor: Auditor, who: str = ANNA, lang: str = "fr") -> Read:
    path = auditor.folder / "dossier.html"
    told = auditor.asks("dossier", who, "-o", str(path), lang=lang)
    return Read(told.status, path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        (
            "fr",
            (
                f"Dossier de preuve : {ANNA}",
                "a appuyé sur le bouton « Je confirme mon inscription »",
                "par le formulaire « La lettre du potager »",
                "Après cela, une lettre a été envoyée, le ",
                "par le bouton de désinscription de la messagerie ; aucune lettre n’est partie",
                f"{ANNA}, l’adresse de ce dossier",
                "une autre ne pourrait prendre sa place sans que cela se voie",
                FORM_NOTICE,
                "Appuyez sur le bouton pour recevoir",
                "non cochée au départ, cochée par la personne",
                "qui était au clavier",
            ),
        ),
        (
            "en",
            (
                f"Evidence file: {ANNA}",
                "pressed the button “Je confirme mon inscription”",
                "After that, one letter was sent, on ",
                "by the unsubscribe button of the mail program; no letter was begun after that.",
                "not ticked at first, ticked by the person",
                "who sat at the keyboard",
            ),
        ),
    ],
)
def test_the_first_page_answers_the_three_questions(
    auditor: Auditor, lang: str, sentences: tuple[str, ...]
) -> None:
    read = drawn_up(auditor, lang=lang)
    assert read.status == 0
    first = read.first.replace("\u00a0", " ").replace("\u202f", " ")
    assert [sentence for sentence in sentences if sentence not in first] == []
    assert RAW.findall(first) == []


def test_dates_are_written_as_french_people_write_them(auditor: Auditor) -> None:
    read = drawn_up(auditor)
    day = r"\b\d{1,2}(er)? [a-zéû]+ 20\d\d à \d{1,2} h \d\d"
    assert re.search(rf"{day}\b", read.first.replace("\u00a0", " "))
    written = rf"( \(noté le {day} min \d\d s\))?"  # where that took a second
    assert re.search(
        rf"{day} min \d\d s{written} : Enregistrement", read.annex.replace("\u00a0", " ")
    )
    assert not re.search(r"20\d\d-\d\d-\d\d", read.first + read.annex)


def test_the_annex_has_every_fact_and_what_verifies_it(site: Site, auditor: Auditor) -> None:
    read = drawn_up(auditor)
    assert all(f"position {entry.position}" in read.annex for entry in site.entries(ANNA))
    signed = site.context.tree.latest()
    assert signed is not None and signed.root.hex() in read.annex
    assert site.context.tree.begin()[1] in read.annex
    foot = f"position {signed.size} · point de contrôle de {signed.size} entrées"
    assert foot in read.annex


def test_the_page_is_private_inert_and_takes_nothing_from_elsewhere(auditor: Auditor) -> None:
    read = drawn_up(auditor)
    assert (auditor.folder / "dossier.html").stat().st_mode & 0o777 == 0o600
    assert "<script" not in read.page and "default-src &#x27;none&#x27;" in read.page
    assert not re.search(r"<(img|link|iframe|form|a) |url\(|@import|\bsrc=", read.page)
    foot = re.search(r"@bottom-left \{ content: (\"[^\"]*\")", read.page)
    assert foot is not None and not set("<>{};'") & set(foot[1])


def test_the_first_page_is_one_of_a4_and_reads_on_a_telephone(auditor: Auditor) -> None:
    drawn_up(auditor)
    address = (auditor.folder / "dossier.html").as_uri()
    with browsing(width=360) as page:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.emulate_media(media="print")
        page.set_viewport_size({"width": int(A4_TEXT[0] * PER_MM), "height": 1000})
        height = page.evaluate("document.querySelector('main').offsetHeight")
    assert height < A4_TEXT[1] * PER_MM


A4_TEXT = (210 - 2 * 15, 297 - 12 - 17)
"""Width and height in millimetres within the margins of `@page`."""
PER_MM = 96 / 25.4
"""Pixels of CSS."""


def test_a_site_s_name_breaks_neither_style_nor_page() -> None:
    hostile = '</style><script>"; } \\ * { x: y'
    written = css_string(hostile)
    assert set(written.strip('"')) <= set(string.ascii_letters + string.digits + " \\")
    assert written.startswith('"') and written.endswith('"')


def test_who_never_confirmed_is_told_so(site: Site, auditor: Auditor) -> None:
    address = "jamais@lecteurs.example"
    site.post("inscription", {"email": address})
    sent(site.context, address, "ask:conseils")
    read = drawn_up(auditor, address)
    assert read.status == 0
    assert "Cela n’a jamais été confirmé : il n’y a pas eu de consentement." in read.first
    assert "Il n’en est parti que 1 courriel de confirmation." in read.first


def test_what_somebody_else_declared_is_no_act_of_the_person(site: Site, auditor: Auditor) -> None:
    subscribed(site.context, "foire@lecteurs.example")
    first = drawn_up(auditor, "foire@lecteurs.example").first
    assert "il a été déclaré, par l’opérateur, que l’on peut écrire à" in first
    assert "Relance n’a vu aucun acte de la personne." in first
    assert "cela repose sur la parole de qui l’a déclaré" in first


def test_a_consent_that_a_file_declared_was_asked_for_by_nobody(
    site: Site, auditor: Auditor
) -> None:
    cause, vault_write = with_evidence(site.context, "import", {"source": "foire"})
    command = AskFirst(site.context.clock.now(), cause, 10, "d" * 32)
    wished(site.context, command, "declaree@lecteurs.example", vault_write=vault_write)
    sent(site.context, "declaree@lecteurs.example", "ask:conseils")
    read = drawn_up(auditor, "declaree@lecteurs.example")
    assert read.status == 0
    assert "a été déclaré par un fichier importé, sans preuve" in read.first
    assert "On le lui a demandé une fois." in read.first
    assert "quelqu’un a demandé" not in read.first


def test_a_letter_without_a_ground_is_a_fault_on_the_first_page(
    site: Site, auditor: Auditor
) -> None:
    context, address = site.context, "apres@lecteurs.example"
    subscribed(context, address)
    now = context.clock.now()
    wished(context, Withdraw(now, Cause("one-click"), "conseils", "rfc8058"), address)
    begun = LetterBegun(now, "list:10", "letter", "question", "ab" * 16, 1, 10, 1, "conseils")
    recorded(context, site.stream(address), (begun,), "engine")
    read = drawn_up(auditor, address)
    assert read.status == 1
    assert "1 lettre est partie sans fondement valable (voir 5)." in read.first
    assert "partie sans fondement valable : consentement retiré" in read.first


def test_a_letter_to_whom_nothing_was_ever_allowed_is_a_fault_by_itself(
    site: Site, auditor: Auditor
) -> None:
    context, address = site.context, "jamais-inscrite@lecteurs.example"
    site.post("inscription", {"email": address})
    begun = LetterBegun(
        context.clock.now(), "list:20", "letter", "merci", "cd" * 16, 1, 20, 1, "offres"
    )
    recorded(context, site.stream(address), (begun,), "engine")
    read = drawn_up(auditor, address)
    assert read.status == 1
    assert "partie sans fondement valable : aucun fondement pour cette finalité" in read.first


def test_of_an_erased_person_the_file_says_what_is_gone(site: Site, auditor: Auditor) -> None:
    address = "effacee@lecteurs.example"
    subscribed_by_form(site, address)
    stream = site.stream(address)
    recorded(site.context, stream, (SubscriberErased(site.context.clock.now()),))
    forgotten(site.context, stream)
    read = drawn_up(auditor, stream)
    assert address not in read.page
    assert "Dossier de preuve : une adresse qui n’est plus détenue" in read.first
    assert "ne sont plus détenus" in read.first


def test_an_address_put_in_the_place_of_hers_is_a_fault_on_the_first_page(
    site: Site, auditor: Auditor
) -> None:
    address = "echangee@lecteurs.example"
    subscribed_by_form(site, address)
    stream = site.stream(address)
    with site.context.database.connection() as connection:
        connection.execute(
            "UPDATE vault.person SET address = 'autre@lecteurs.example' WHERE subscriber = %s",
            (stream,),
        )
    read = drawn_up(auditor, stream)
    assert read.status == 1
    assert f"autre@lecteurs.example, là où le registre a fixé {address}" in read.first


def subscribed_by_form(site: Site, address: str) -> None:
    site.post("inscription", {"email": address})
    doors.confirmed(site, address)


def test_of_nobody_known_the_signed_statement_is_handed_out(auditor: Auditor) -> None:
    read = drawn_up(auditor, "personne@lecteurs.example")
    assert read.status == 1 and "nothing-held/v1" in read.page
    assert re.search(r"· position \d+ · (point de contrôle de|aucun point de contrôle)", read.page)


@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not on the PATH")
def test_a_browser_makes_the_pdf(auditor: Auditor) -> None:
    path = auditor.folder / "dossier.pdf"
    assert auditor.asks("dossier", ANNA, "-o", str(path)).status == 0
    assert path.read_bytes().startswith(b"%PDF-") and path.stat().st_mode & 0o777 == 0o600
    assert [left.name for left in auditor.folder.iterdir()] == ["dossier.pdf"]


def test_without_a_program_for_it_a_pdf_is_refused_with_what_to_install(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match=r"install WeasyPrint .* or Chromium") as refused:
        auditor.asks("dossier", ANNA, "-o", str(auditor.folder / "dossier.pdf"))
    assert refused.value.status == 2


def test_a_program_that_fails_leaves_no_file(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = auditor.folder / "weasyprint"
    program.write_text("#!/bin/sh\necho 'no Pango here' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{auditor.folder}:/bin:/usr/bin")
    with pytest.raises(UserError, match="made no PDF: no Pango here"):
        auditor.asks("dossier", ANNA, "-o", str(auditor.folder / "dossier.pdf"))
    assert not (auditor.folder / "dossier.pdf").exists()
