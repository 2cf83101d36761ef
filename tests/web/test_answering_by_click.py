"""A press on the page of a link does what it said, once, and keeps its evidence in the vault
alone.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from engine.context import AppContext
from engine.letter.link_token import CONFIRM, EVERYTHING, NOT_ME, UNSUBSCRIBE
from engine.subscriber.events import (
    ConsentConfirmed,
    ConsentGiven,
    ConsentWithdrawn,
    ListCopied,
    ListMoved,
)
from engine.vault.evidence import PREFIX
from tests.conftest import MakeContext
from tests.running_installation import publish, write_sequences
from tests.web.correspondence import (
    COPY,
    FILES,
    NO,
    OFFERS,
    PHONE,
    SHOP,
    YES,
    Telephone,
    confirmation,
    erased,
    form_to,
    joined,
    letter,
    press,
    written_to,
)
from tests.web.serving import served


def test_a_press_moves_and_says_the_thanks_of_where_it_leads(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    page = press(reader, found.link(YES))
    assert (page.status_code, found.lists()) == (200, {11})
    assert (
        "Bravo ! La suite vous attend." in page.text
        and "<h1>Votre réponse : Oui, c’est fait</h1>" in page.text
    )
    (moved,) = found.since()
    assert isinstance(moved, ListMoved) and (moved.act, moved.link, moved.message) == (
        "human_button",
        YES,
        found.claim.message,
    )
    assert (moved.question, moved.label) == (
        f"list:10/{found.claim.letter}",
        "Oui, c’est fait",
    )


def test_a_press_copies(context: AppContext, reader: httpx.Client) -> None:
    found = letter(context)
    assert "Le guide arrive." in press(reader, found.link(COPY)).text
    assert found.lists() == {10, 21}
    (copied,) = found.since()
    assert isinstance(copied, ListCopied) and copied.act == "human_button"


def test_five_posts_are_one_event_and_show_the_same_page(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    token = found.link(YES)
    fields = [form_to(reader.get(f"/l/{token}").text, token) for _ in range(5)]
    pages = [reader.post(f"/l/{token}", data=each) for each in fields]
    assert {page.status_code for page in pages} == {200}
    assert all("Bravo ! La suite vous attend." in page.text for page in pages)
    assert len(found.since()) == 1
    assert "Bravo ! La suite vous attend." in reader.get(f"/l/{token}").text


def test_two_presses_of_one_button_are_one_act_and_both_see_it_done(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    fields = form_to(reader.get(f"/l/{found.link(YES)}").text, found.link(YES))
    pages = [reader.post(f"/l/{found.link(YES)}", data=fields) for _ in range(2)]
    assert all("Bravo ! La suite vous attend." in page.text for page in pages)
    assert len(found.since()) == 1


def test_a_spent_page_never_acts_again_even_where_it_would_change_something(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    fields = form_to(reader.get(f"/l/{found.link(YES)}").text, found.link(YES))
    reader.post(f"/l/{found.link(YES)}", data=fields)
    press(reader, found.link(NO))
    page = reader.post(f"/l/{found.link(YES)}", data=fields)
    assert (found.lists(), ">Je réponds « Oui, c’est fait »</button>" in page.text) == ({12}, True)


@pytest.mark.parametrize("nonce", ["", "x", "A" * 48, "é" * 48])
def test_without_a_nonce_of_ours_a_post_gets_the_page_and_its_button(
    context: AppContext, reader: httpx.Client, nonce: str
) -> None:
    found = letter(context)
    before = context.ledger.head()
    page = reader.post(f"/l/{found.link(YES)}", data={"act": "button", "nonce": nonce})
    assert (page.status_code, context.ledger.head()) == (200, before)
    assert (
        reader.post(f"/l/{found.link(YES)}", data=form_to(page.text, found.link(YES))).status_code
        == 200
    )
    assert found.lists() == {11}


def test_the_nonce_of_one_link_presses_no_other(context: AppContext, reader: httpx.Client) -> None:
    found, other = letter(context), letter(context)
    fields = form_to(reader.get(f"/l/{found.link(YES)}").text, found.link(YES))
    for token in (found.link(NO), other.link(YES), found.token(EVERYTHING)):
        reader.post(f"/l/{token}", data=fields)
    assert (found.lists(), other.lists()) == ({10}, {10})


def test_an_answer_leads_to_an_address_where_the_author_gave_one(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    opened = reader.get(f"/l/{found.link(SHOP)}")
    assert (
        "form-action 'self' https://boutique.example;" in opened.headers["content-security-policy"]
    )
    answer = reader.post(f"/l/{found.link(SHOP)}", data=form_to(opened.text, found.link(SHOP)))
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "https://boutique.example/merci?de=potager",
    )
    assert found.lists() == {13}
    assert (
        'href="https://boutique.example/merci?de=potager"'
        in reader.get(f"/l/{found.link(SHOP)}").text
    )


def test_evidence_lies_in_the_vault_and_the_ledger_shows_its_commitment_alone(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    token = found.link(YES)
    page = reader.get(f"/l/{token}").text
    reader.post(
        f"/l/{token}",
        data=form_to(page, token),
        headers={"Sec-Fetch-User": "?1", "User-Agent": PHONE},
    )
    entry = found.entries()[-1]
    assert (entry.cause.door, entry.cause.ref, entry.cause.link) == (
        "click",
        found.claim.message,
        YES,
    )
    kept = context.vault.evidence_of(found.stream)[entry.cause.evidence]
    assert kept == {
        "act": "human_button",
        "ip": "127.0.0.1",
        "page": "/l/",
        "sec_fetch_user": "?1",
        "user_agent": PHONE,
    }
    with context.database.connection() as connection:
        (row,) = connection.execute(
            "SELECT commitment, salt, payload FROM vault.evidence WHERE subscriber = %s",
            (found.stream,),
        ).fetchall()
        (leaf,) = connection.execute(
            "SELECT state FROM ledger.events WHERE notification_id = %s", (entry.position,)
        ).fetchall()[0]
    assert hashlib.sha256(PREFIX + bytes(row[1]) + bytes(row[2])).digest() == bytes(row[0])
    assert not any(word.encode() in bytes(leaf) for word in ("iPhone", "127.0.0.1", "?1", token))


def test_only_what_a_proxy_of_ours_says_about_an_address_is_believed(
    context: AppContext, reader: httpx.Client
) -> None:
    with (
        served(context, ("127.0.0.1",)) as behind,
        Telephone(base_url=behind, headers={"User-Agent": PHONE}) as proxied,
    ):
        for client, said in ((proxied, "203.0.113.9"), (reader, "127.0.0.1")):
            found = letter(context)
            fields = form_to(client.get(f"/l/{found.link(YES)}").text, found.link(YES))
            client.post(
                f"/l/{found.link(YES)}", data=fields, headers={"X-Forwarded-For": "203.0.113.9"}
            )
            (kept,) = context.vault.evidence_of(found.stream).values()
            assert kept["ip"] == said


def test_another_purpose_asks_with_an_unticked_box_and_takes_no_silence_for_a_yes(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context, minutes_ago=60)
    token = found.link(OFFERS)
    page = reader.get(f"/l/{token}").text
    assert "Les offres du potager" in page and "Nos ventes, quatre fois par an." in page
    assert (
        'type="checkbox" name="consent"' in page and "checked" not in page and "<script" not in page
    )
    again = reader.post(f"/l/{token}", data=form_to(page, token))
    assert "Cochez la case" in again.text and found.since() == []
    reader.post(
        f"/l/{token}", data=form_to(again.text, token) | {"act": "auto", "consent": "offres"}
    )
    assert found.since() == []
    assert press(reader, token, consent="offres").status_code == 200
    given, moved = found.since()
    assert (
        isinstance(given, ConsentGiven)
        and isinstance(moved, ListMoved)
        and (given.purpose, given.proof) == ("offres", "page")
    )
    kept = context.vault.evidence_of(found.stream)[found.entries()[-2].cause.evidence]
    shown = context.installation_stream.current().words[given.notice]
    assert shown.splitlines()[:2] == [
        "Souhaitez-vous recevoir « Les offres du potager » ?",
        "Nos ventes, quatre fois par an.",
    ]
    assert kept["box"] == {
        "id": "consent",
        "label": "Oui, je souhaite recevoir « Les offres du potager ».",
        "at_first": "not ticked",
        "ticked": True,
    }
    assert (kept["purpose"], kept["notice_digest"], kept["button"]) == (
        "offres",
        given.notice,
        "Confirmer mon choix",
    )


def test_a_confirmation_is_a_press_and_never_anything_less(
    context: AppContext, reader: httpx.Client
) -> None:
    asked = confirmation(context)
    context.clock.jump(3_600_000)
    token = asked.token(CONFIRM)
    page = reader.get(f"/l/{token}").text
    assert "<script" not in page and ">Je confirme mon inscription</button>" in page
    reader.post(f"/l/{token}", data=form_to(page, token) | {"act": "auto"})
    assert asked.since() == []
    assert "C’est confirmé, bonne lecture !" in press(reader, token).text
    confirmed = asked.since()[0]
    assert (
        isinstance(confirmed, ConsentConfirmed)
        and confirmed.act == "human_button"
        and asked.lists() == {10}
    )
    assert "C’est confirmé, bonne lecture !" in reader.get(f"/l/{token}").text


def test_a_confirmation_too_late_says_what_to_do(context: AppContext, reader: httpx.Client) -> None:
    asked = confirmation(context)
    page = reader.get(f"/l/{asked.token(CONFIRM)}").text
    context.clock.jump(8 * 86_400_000)
    late = reader.post(f"/l/{asked.token(CONFIRM)}", data=form_to(page, asked.token(CONFIRM)))
    assert (
        late.status_code == 200
        and "Ce lien n’est plus valable" in late.text
        and asked.since() == []
    )


def test_not_me_deletes_a_request_and_leaves_a_confirmed_subscription_alone(
    context: AppContext, reader: httpx.Client
) -> None:
    stranger, friend = confirmation(context), confirmation(context)
    assert "Nous ne vous écrirons pas" in press(reader, stranger.token(NOT_ME)).text
    assert stranger.person().requests == {}
    press(reader, friend.token(CONFIRM))
    before = context.ledger.head()
    assert "reste telle quelle" in reader.get(f"/l/{friend.token(NOT_ME)}").text
    assert (context.ledger.head(), friend.lists()) == (before, {10})


def test_unsubscribing_names_the_purpose_and_offers_everything_and_the_way_back(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    token = found.token(UNSUBSCRIBE)
    done = press(reader, token)
    assert "Vous ne recevrez plus « La lettre du potager »." in done.text and found.lists() == set()
    assert form_to(done.text, found.token(EVERYTHING)) and form_to(done.text, token, "again")
    back = reader.post(f"/l/{token}", data=form_to(done.text, token, "again"))
    assert "Vous recevrez de nouveau « La lettre du potager »." in back.text and found.lists() == {
        10
    }
    assert [type(event).__name__ for event in found.since()] == [
        "ConsentWithdrawn",
        "ListLeft",
        "ConsentGiven",
        "ListJoined",
    ]


def test_everything_is_one_action_and_suppresses_until_the_person_comes_back(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    (known,) = context.vault.people([found.stream]).values()
    hashed = context.vault.hash(known.address)
    done = press(reader, found.token(EVERYTHING))
    withdrawn, _ = found.since()
    assert (
        isinstance(withdrawn, ConsentWithdrawn)
        and withdrawn.purpose == "*"
        and found.person().objected
    )
    assert context.vault.suppressed([hashed]) == {hashed: "objected"}
    reader.post(
        f"/l/{found.token(EVERYTHING)}", data=form_to(done.text, found.token(EVERYTHING), "again")
    )
    assert (found.lists(), context.vault.suppressed([hashed])) == ({10}, {})


def test_a_refusal_is_said_in_plain_words_without_a_list(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    erased(found)
    page = reader.get(f"/l/{found.link(YES)}")
    assert (
        page.status_code == 200
        and "Nous ne gardons plus rien à votre sujet" in page.text
        and "<button" not in page.text
    )


def test_a_link_outlives_its_list_and_its_edition(make_context: MakeContext) -> None:
    context = make_context(FILES)
    found = letter(context)
    smaller = FILES["dialogue.toml"].replace("id = 11\n", "id = 99\n")
    write_sequences(
        context.config.folder,
        {
            "dialogue.toml": smaller,
            "question.md": FILES["question.md"].replace("===11===", "===99==="),
        },
    )
    assert publish(context) == 2
    with served(context) as url, Telephone(base_url=url, headers={"User-Agent": PHONE}) as client:
        gone = client.get(f"/l/{found.link(YES)}")
        assert gone.status_code == 200 and "n’existe plus" in gone.text
        assert press(client, found.link(NO)).status_code == 200
    assert found.lists() == {12}


def test_many_readers_at_once_are_all_served_and_none_twice(context: AppContext, site: str) -> None:
    letters = [written_to(context, joined(context)) for _ in range(12)]

    def answers(number: int) -> int:
        with Telephone(base_url=site, headers={"User-Agent": PHONE}, timeout=30) as client:
            found = letters[number % 12]
            return (
                press(client, found.link(YES))
                if number < 12
                else client.get(f"/l/{found.link(NO)}")
            ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(answers, range(36))) == {200}
    assert [len(each.since()) for each in letters] == [1] * 12
