"""What people see where they agree stands in the ledger before they do, whole and for ever; so does
which program showed it, on any day (D03).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape

import pytest

from engine.authoring import publication
from engine.context import AppContext
from engine.i18n.language import LANGUAGES
from engine.installation.events import (
    STREAM,
    ConfigurationPublished,
    FormPublished,
    NoticePublished,
    WordsPublished,
)
from engine.installation.publishing import ShownWords, digest_of
from engine.installation.publishing import publication as to_publish
from engine.letter.link_token import CONFIRM, EVERYTHING, FIRST_LINK, UNSUBSCRIBE
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import Plan
from engine.store.database import DATABASE_ERROR
from engine.web.shown_words import AGAIN, AGAIN_ALL, CONSENT, KINDS, notice_key, words_of
from engine.web.shown_words import CONFIRM as CONFIRMING
from tests.running_installation import Installations, publish, write_sequences
from tests.web import doors
from tests.web.correspondence import press, written_to
from tests.web.visiting import Site, behind_a_proxy

MakeContext = Callable[..., AppContext]


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER) as made:
        yield made


def words_on(page: str) -> str:
    return unescape(re.sub(r"[ \n]+", " ", re.sub(r"<[^>]*>", " ", page)))


def shows(page: str, notice: str) -> bool:
    said = words_on(page)
    return all(re.sub(r"^\[ \] |^\[(.*)\]$", r"\1", line) in said for line in notice.splitlines())


def test_each_page_on_which_somebody_agrees_shows_the_words_that_are_recorded_as_its_notice(
    site: Site,
) -> None:
    plan, client = site.context.installation_stream.current().plan(), site.client
    doors.call(site, {"email": "pages@exemple.fr", "basis": "consent", **doors.CALL, "list": 50})
    found = written_to(site.context, site.stream("pages@exemple.fr"), "list:50")
    assert shows(
        client.get(f"/l/{found.token(FIRST_LINK)}").text,
        words_of(CONSENT, plan, "offres", "fr").notice,
    )
    assert shows(
        press(client, found.token(UNSUBSCRIBE)).text, words_of(AGAIN, plan, "conseils", "fr").notice
    )
    assert shows(
        press(client, found.token(EVERYTHING)).text,
        words_of(AGAIN_ALL, plan, "conseils", "fr").notice,
    )
    site.post("inscription", {"email": "confirme@exemple.fr", "jardin": "Un balcon"})
    asked = written_to(site.context, site.stream("confirme@exemple.fr"), "ask:conseils")
    assert shows(
        client.get(f"/l/{asked.token(CONFIRM)}").text,
        words_of(CONFIRMING, plan, "conseils", "fr").notice,
    )


def test_what_a_confirming_page_says_to_one_person_alone_is_kept_with_the_press(
    site: Site,
) -> None:
    """Of two things asked for at once; the words published are those for everybody."""
    for choice in ("Un balcon", "Un « grand » potager"):
        site.post("inscription", {"email": "deux@exemple.fr", "jardin": choice})
    asked = written_to(site.context, site.stream("deux@exemple.fr"), "ask:conseils")
    page = words_on(site.client.get(f"/l/{asked.token(CONFIRM)}").text)
    press(site.client, asked.token(CONFIRM))
    pieces = site.context.vault.evidence_of(site.stream("deux@exemple.fr")).values()
    (besides,) = [piece["shown_besides"] for piece in pieces if "shown_besides" in piece]
    assert str(besides).startswith("Tout ceci a été demandé") and str(besides) in page


def test_the_words_of_every_page_and_form_are_published_in_each_language_under_their_digest(
    site: Site,
) -> None:
    current = site.context.installation_stream.current()
    for kind in KINDS:
        for purpose in current.plan().purposes:
            for language in LANGUAGES:
                assert (
                    current.words[current.notices[notice_key(kind, purpose, language)]]
                    == words_of(kind, current.plan(), purpose, language).notice
                )
    assert set(current.forms) == {
        f"{name}{copy}" for name in current.plan().forms for copy in ("", "/embed", "/json")
    }
    for name, (file, rendered) in current.forms.items():
        assert (
            digest_of(current.words[rendered]) == rendered
            and digest_of(current.words[file]) == file
        )
        assert name.partition("/")[0] in current.words[rendered]


def test_a_page_of_a_partner_names_it_where_the_box_is_ticked(site: Site) -> None:
    said = words_of(
        CONSENT, site.context.installation_stream.current().plan(), "pepiniere", "fr"
    ).notice
    assert "La Pépinière (bonjour@pepiniere.example) : https://pepiniere.example/vie-privee" in said


def test_what_a_consent_refers_to_stays_though_form_page_and_purpose_are_gone(
    installations: Installations,
) -> None:
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER) as site:
        context = site.context
        address = doors.by_form(site)
        said = doors.last(site, address).particulars
        referred = [
            str(said[name])
            for name in ("form_digest", "form_file", "notice_digest", "configuration")
        ]
        before = {
            digest: context.installation_stream.current().words[digest] for digest in referred
        }
        text = doors.FILES["potager.toml"]
        start = text.index('[[form]]\nname = "simple"')
        write_sequences(
            context.config.folder,
            {"potager.toml": text[:start] + text[text.index("[[form]]", start + 1) :]},
        )
        publish(context)
        current = context.installation_stream.current()
        assert "simple" not in current.plan().forms
        assert {digest: current.words[digest] for digest in referred} == before
        with context.database.connection() as connection, pytest.raises(DATABASE_ERROR):
            connection.execute("DELETE FROM ledger.events WHERE notification_id = 1")


def test_another_program_says_that_it_runs_and_what_it_shows_differently_and_the_same_says_nothing(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context(doors.FILES, doors.PARTNER)
    publication.bring_up_to_date(context)
    head = context.ledger.head()
    publication.bring_up_to_date(context)
    assert context.ledger.head() == head
    monkeypatch.setattr(publication, "__version__", "9.9.9")
    publication.bring_up_to_date(context)
    (said,) = [
        entry.event for entry in context.ledger.after({STREAM: 0})[STREAM] if entry.position > head
    ]
    assert isinstance(said, ConfigurationPublished)
    assert (said.program, said.edition, said.digest) == (
        "9.9.9",
        1,
        context.installation_stream.current().editions[1].settings,
    )


def test_a_page_that_a_new_program_words_otherwise_is_published_with_no_new_edition(
    make_context: MakeContext,
) -> None:
    context = make_context(doors.FILES, doors.PARTNER)
    publication.bring_up_to_date(context)
    head = context.ledger.head()

    def otherwise(plan: Plan) -> ShownWords:
        shown = context.shown_words(plan)
        key = notice_key(CONSENT, "offres", "fr")
        return ShownWords(
            {**shown.forms, "simple": "<p>autrement</p>"},
            {**shown.pages, key: ("D'autres mots", "fr")},
        )

    publication.bring_up_to_date(replace(context, shown_words=otherwise))
    kinds = [
        type(entry.event)
        for entry in context.ledger.after({STREAM: 0})[STREAM]
        if entry.position > head
    ]
    assert kinds == [WordsPublished, NoticePublished, WordsPublished, FormPublished]
    current = context.installation_stream.current()
    assert current.edition == 1 and current.words[current.forms["simple"][1]] == "<p>autrement</p>"


def test_nothing_is_said_before_anything_is_published(make_context: MakeContext) -> None:
    context = make_context()
    publication.bring_up_to_date(context)
    assert context.ledger.head() == 0


@pytest.mark.parametrize("partner", ["", "autre"])
def test_the_partner_of_a_purpose_is_never_another_one(
    installations: Installations, partner: str
) -> None:
    other = doors.PARTNER.replace('pepiniere"\nname = "La', 'autre"\nname = "La')
    with installations.made(doors.FILES, doors.PARTNER) as context:
        changed = (
            doors.PARTNER.replace('partner = "pepiniere"', "")
            if not partner
            else other.replace('partner = "pepiniere"', 'partner = "autre"')
        )
        with installations.made(doors.FILES, changed) as reread:
            settings = reread.config.settings
        with pytest.raises(
            Unpublishable, match='the purpose "pepiniere" was published as that of pepiniere'
        ):
            to_publish(
                context.installation_stream.current(),
                dict(context.installation_stream.current().plan().words),
                settings,
                1,
                "test",
            )
