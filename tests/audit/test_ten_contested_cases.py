"""Ten people contest, and the auditor answers from the ledger: each case is one question, one
command, and what its answer must say.
"""

from __future__ import annotations

import argparse
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from engine.cli import arguments_of_people, people
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.ledger.codec import iso
from engine.letter.link_token import CONFIRM
from engine.sequence.timing import to_local
from engine.subscriber.commands import Answer, Suppress, UndoMove, Withdraw, WithdrawEverything
from engine.subscriber.events import Cause, LetterBegun
from tests.audit.contesting import (
    DAY,
    FILES,
    FORM_NOTICE,
    Auditor,
    Mail,
    forgotten,
    recorded,
    sent,
    wished,
    with_evidence,
)
from tests.cli.bringing_in import bring, table
from tests.running_installation import Installations
from tests.web.correspondence import press
from tests.web.visiting import Site, behind_a_proxy

pytestmark = pytest.mark.postgres
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, FILES) as made:
        yield made


@pytest.fixture
def context(site: Site) -> AppContext:
    return site.context


@pytest.fixture
def auditor(context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(context, capsys, tmp_path)


def subscribed(context: AppContext, address: str, *more: str) -> None:
    """By the operator's own verb."""
    parser = argparse.ArgumentParser()
    arguments_of_people.subscribe_arguments(parser)
    said = ("--list", "10", "--basis", "consent", "--source", "foire aux plantes", *more)
    assert people.subscribe(context, parser.parse_args([address, *said])) == 0


def day(context: AppContext, before: int = 0) -> str:
    """The date `before` days ago, on the installation's clock."""
    return to_local(context.clock.now() - before * DAY, context.config.site.timezone).strftime(
        "%Y-%m-%d"
    )


def confirmed(site: Site, address: str) -> None:
    assert site.post("inscription", {"email": address}).status_code == 200
    assert press(site.client, site.asked(address).token(CONFIRM)).status_code == 200


def test_1_i_never_signed_up(site: Site, auditor: Auditor) -> None:
    confirmed(site, "jamais@lecteurs.example")
    mail = sent(site.context, "jamais@lecteurs.example", "list:10")
    told = auditor.asks("letter", auditor.file(mail.octets))
    assert told.status == 0
    assert "its links are genuine" in told.out
    assert "ground in force: “La lettre du potager” — consent, confirmed by mail" in told.out
    assert FORM_NOTICE in told.out and "words shown by the form “La lettre du potager”" in told.out
    assert "this is the ground the letter stood on" in told.out
    assert "browser: Mozilla/5.0" in told.out
    for part in ("subject", "text part", "HTML part"):
        assert f"{part}: word for word what was published" in told.out


def test_2_i_unsubscribed_and_still_got_this(site: Site, auditor: Auditor) -> None:
    """The letter was begun before the withdrawal, and none after it."""
    context, address = site.context, "encore@lecteurs.example"
    confirmed(site, address)
    mail = sent(context, address, "list:10")
    context.clock.jump(60_000)
    assert (
        site.client.post(
            f"/l/{_unsubscribe(mail)}", data={"List-Unsubscribe": "One-Click"}
        ).status_code
        == 200
    )
    told = auditor.asks("letter", auditor.file(mail.octets))
    assert told.status == 0
    assert "after this letter" in told.out and "Withdrew from “La lettre du potager”" in told.out
    story = auditor.asks("story", address, "--json").plain
    facts = [fact["event"] for fact in story["facts"]]  # type: ignore[attr-defined]
    assert "letter-begun" not in facts[facts.index("consent-withdrawn") :]


def _unsubscribe(mail: Mail) -> str:
    header = mail.octets.split(b"List-Unsubscribe: <")[1].split(b">")[0]
    return header.rpartition(b"/l/")[2].decode()


def test_2b_a_letter_begun_after_a_withdrawal_is_named(site: Site, auditor: Auditor) -> None:
    """No rule of the engine lets it happen; should somebody have made it happen, it is said."""
    context, address = site.context, "apres@lecteurs.example"
    confirmed(site, address)
    sent(context, address, "list:10")
    wished(
        context, Withdraw(context.clock.now(), Cause("one-click"), "conseils", "rfc8058"), address
    )
    stream = site.stream(address)
    message = secrets.token_hex(16)
    recorded(
        context,
        stream,
        (
            LetterBegun(
                context.clock.now(), "list:10", "letter", "question", message, 1, 10, 1, "conseils"
            ),
        ),
        "engine",
    )
    told = auditor.asks("letter", message)
    assert told.status == 1
    assert "! NO live ground when it was begun: consent withdrawn" in told.out
    assert (
        "! this took the ground back, before the letter" in told.out
        and "the ground the letter stood on" not in told.out
    )
    assert (
        "! NO live ground when it was begun: consent withdrawn"
        in auditor.asks("story", address).out
    )


def test_3_somebody_else_gave_my_address(site: Site, auditor: Auditor) -> None:
    """Typed into a form, asked once, never confirmed: one mail, and nothing after it."""
    address = "autrui@lecteurs.example"
    site.post("inscription", {"email": address})
    mail = sent(site.context, address, "ask:conseils")
    told = auditor.asks("letter", auditor.file(mail.octets))
    assert told.status == 0, told.out
    assert "ground in force: they had asked for it on" in told.out
    assert "page: /f/inscription" in told.out and "IP address: " in told.out
    story = auditor.asks("story", address, "--json").plain
    names = [fact["event"] for fact in story["facts"]]  # type: ignore[attr-defined]
    assert names.count("letter-begun") == 1 and "list-joined" not in names


def test_4_was_i_on_that_list_in_march(site: Site, auditor: Auditor) -> None:
    context, address = site.context, "mars@lecteurs.example"
    before = day(context)
    context.clock.jump(2 * DAY)
    subscribed(context, address)
    joined = day(context)
    context.clock.jump(10 * DAY)
    wished(
        context, Withdraw(context.clock.now(), Cause("one-click"), "conseils", "rfc8058"), address
    )
    left = day(context)
    context.clock.jump(2 * DAY)
    assert "0 places" in auditor.asks("as-of", before, address, "--list", "10").out
    told = auditor.asks("as-of", joined, address, "--list", "semis")
    assert (
        "list 10 (Le potager, semis)  mars@lecteurs.example" in told.out
        and "live, since" in told.out
    )
    assert "0 places" in auditor.asks("as-of", left, address, "--list", "10").out


def test_5_imported_with_a_declared_ground(site: Site, auditor: Auditor, tmp_path: Path) -> None:
    context, address = site.context, "importee@lecteurs.example"
    collected = day(context, 300)
    said = (
        "--list",
        "semis",
        "--source",
        "Salon du jardin",
        "--collected",
        collected,
        "--basis",
        "consent",
    )
    bring(context, table(tmp_path, f"email\n{address}\n"), said=said)
    told = auditor.asks("story", address)
    assert "declared, without proof" in told.out
    assert "! recorded 300 days after the date it claims: that date is a declaration" in told.out
    assert (
        "source: Salon du jardin" in told.out
        and "file: contacts.csv" in told.out
        and "line: 2" in told.out
    )
    then = auditor.asks("as-of", day(context, 100), address)
    assert (
        "! no list, a ground alone" in then.out
        and "1 was recorded later" in then.out
        and "0 places on lists were known" in then.out
    )


def test_6_double_opt_in_shows_the_request_the_mail_and_who_pressed(
    site: Site, auditor: Auditor
) -> None:
    confirmed(site, "double@lecteurs.example")
    story = auditor.asks("story", "double@lecteurs.example", "--json").plain
    by_name = {fact["event"]: fact for fact in story["facts"]}  # type: ignore[attr-defined]
    assert by_name["consent-confirmed"]["payload"]["act"] == "human_button"
    form, page = (by_name[f"consent-{act}"]["notice"] for act in ("requested", "confirmed"))
    assert form["place"] == "form" and form["in_force"] is True and FORM_NOTICE in form["words"]
    assert page["place"] == "page" and page["words"].endswith("[Je confirme mon inscription]")
    assert page["in_force"] is True and FORM_NOTICE not in page["words"]
    told = auditor.asks("story", "double@lecteurs.example").out
    assert "words of the page on which they pressed (fr, published" in told
    assert "confirms what was asked for under the words at position" in told
    assert by_name["letter-begun"]["ground"] == by_name["letter-begun"]["ground"] | {
        "live": True,
        "basis": "asked",
    }
    assert all(fact["evidence"] in ("held", "none") for fact in by_name.values())


def test_7_moved_by_a_link_a_robot_opened_and_undone(site: Site, auditor: Auditor) -> None:
    context, address = site.context, "robot@lecteurs.example"
    subscribed(context, address)
    mail = sent(context, address, "list:10")
    cause, vault_write = with_evidence(
        context, "click", {"act": "auto_submit", "user_agent": OUTLOOK}
    )
    wished(
        context,
        Answer(
            context.clock.now(),
            cause,
            mail.claim.message,
            10,
            mail.claim.run,
            0,
            "move",
            11,
            "auto_submit",
        ),
        address,
        vault_write=vault_write,
    )
    context.clock.jump(60_000)
    wished(
        context,
        UndoMove(
            context.clock.now(),
            Cause("click", mail.claim.message),
            mail.claim.message,
            "human_button",
        ),
        address,
    )
    told = auditor.asks("story", address)
    assert (
        "Answered: moved from 10 (Le potager, semis) to 11 (Le potager, seme) (automatic)"
        in told.out
        and f"browser: {OUTLOOK}" in told.out
    )
    assert "Took the last move back (as they asked)" in told.out
    moved, undone = (
        entry
        for entry in context.ledger.stream(context.vault.find(address) or "")
        if entry.name in ("list-moved", "move-undone")
    )
    then = auditor.asks("as-of", _moment(context), address)
    assert "list 10 (Le potager, semis)" in then.out and then.status == 0
    assert re.search(
        rf"away from [^(]+\(recorded [^,]+, position {moved.position}\) to [^(]+\(recorded [^,]+,"
        rf" position {undone.position}\): moved, and the move taken back",
        then.out,
    )
    (row,) = cast(
        "list[dict[str, list[dict[str, object]]]]",
        auditor.asks("as-of", _moment(context), address, "--json").plain["rows"],
    )
    (away,) = row["away"]
    assert (away["gone_position"], away["back_position"]) == (moved.position, undone.position)
    table = auditor.folder / "then.csv"
    auditor.asks("as-of", _moment(context), address, "--csv", str(table))
    assert f"{iso(moved.event.at)}/{iso(undone.event.at)}" in table.read_text("utf-8-sig")


def _moment(context: AppContext) -> str:
    """Now, to the second; what has just happened is a second ago by then."""
    context.clock.jump(1000)
    return to_local(context.clock.now(), context.config.site.timezone).strftime("%Y-%m-%dT%H:%M:%S")


def test_8_transferred_by_a_rule(site: Site, auditor: Auditor) -> None:
    """Who buys leaves the prospects: the rule is named, and what it made them leave."""
    context, address = site.context, "cliente@lecteurs.example"
    subscribed(context, address)
    parser = argparse.ArgumentParser()
    arguments_of_people.subscribe_arguments(parser)
    said = [
        "--list",
        "20",
        "--basis",
        "service",
        "--source",
        "boutique",
        "--proof",
        "COMMANDE-77421",
    ]
    assert people.subscribe(context, parser.parse_args([address, *said])) == 0
    told = auditor.asks("story", address)
    assert (
        "Left list 10 (Le potager, semis) (run 1): by a rule" in told.out
        or "Left list 10 (Le potager, semis) (run 1): rule" in told.out
    )
    assert (
        "proof named: COMMANDE-77421" in told.out
        and "“Les offres du potager”: service, declared, with a proof" in told.out
    )


def test_9_a_complaint(site: Site, auditor: Auditor) -> None:
    context, address = site.context, "plainte@lecteurs.example"
    confirmed(site, address)
    mail = sent(context, address, "list:10")
    wished(context, Suppress(context.clock.now(), Cause("relay"), "complained"), address)
    told = auditor.asks("letter", auditor.file(mail.octets))
    assert told.status == 0 and "Complained" in told.out
    assert (
        "nothing could be sent: complained" in auditor.asks("as-of", _moment(context), address).out
    )


def test_10_an_unknown_mail(auditor: Auditor) -> None:
    mail = (
        b"From: promo@autre.example\r\nTo: moi@lecteurs.example\r\nSubject: Gratuit\r\nMessage-ID:"
        b" <abc@autre.example>\r\n\r\nBonjour.\r\n"
    )
    told = auditor.asks("letter", auditor.file(mail))
    assert told.status == 1
    assert "nothing-held/v1" in told.out and "message-id <abc@autre.example>" in told.out
    assert (
        "was ever begun in this ledger" in told.out
        and "It does not say who wrote the mail" in told.out
    )


def test_an_unknown_address_is_told_apart_from_a_suppressed_one(
    site: Site, auditor: Auditor
) -> None:
    told = auditor.asks("story", "personne@lecteurs.example")
    assert told.status == 1
    assert (
        "address personne@lecteurs.example" in told.out
        and "suppressed no" in told.out
        and "cannot be told apart" in told.out
    )
    site.context.vault.suppress(
        {site.context.vault.hash("barree@lecteurs.example"): "objected"}, site.context.clock.now()
    )
    assert "suppressed objected" in auditor.asks("story", "barree@lecteurs.example").out


def test_an_erased_person_is_told_of_by_their_id_and_nothing_personal_is_left(
    site: Site, auditor: Auditor
) -> None:
    from engine.subscriber.events import SubscriberErased

    context, address = site.context, "effacee@lecteurs.example"
    confirmed(site, address)
    mail = sent(context, address, "list:10")
    stream = site.stream(address)
    recorded(context, stream, (SubscriberErased(context.clock.now()),))
    forgotten(context, stream)
    assert auditor.asks("story", address).status == 1
    told = auditor.asks("story", stream)
    assert told.status == 0 and "they were erased" in told.out and address not in told.out
    assert "its evidence is no longer held" in told.out
    letter = auditor.asks("letter", auditor.file(mail.octets))
    assert letter.status == 0 and "their address is no longer held" in letter.out
    assert "text part: what was published" in letter.out
    assert (
        context.command_handler.execute_one(
            CommandRequest(
                WithdrawEverything(context.clock.now(), Cause("operator")), stream=stream
            )
        ).stream
        == stream
    )
