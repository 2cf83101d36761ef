"""The command line's contract, verb by verb: what is done, what is refused (status 1), what is
wrong (status 2), and on which stream it is said.

One installation for all, its PostgreSQL held open meanwhile, so that no command has to start it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.operator_acts import fields_of
from engine.i18n.user_error import UserError
from engine.sequence.model import Field
from tests.cli.commanding import DIALOGUE, Installation, database, embedded
from tests.running import write

pytestmark = pytest.mark.timeout(240)

SOURCE = ("--source", "foire", "--collected", "2026-01-05", "--basis", "consent")

SALE = ("--order", "C-17", "--objection", "case du bon de commande")


@pytest.fixture(scope="module")
def relance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("installation"))
    with embedded(installation):
        assert installation.done("publish", "--yes").endswith("Edition 1 is in force.\n")
        yield installation


def subscribed(relance: Installation, name: str, number: str = "10") -> str:
    address = f"{name}@lecteurs.example"
    relance.done("subscribe", address, "--list", number, "--basis", "consent", "--source", "foire")
    return address


def test_a_person_is_put_on_a_list_by_its_number_or_its_name(relance: Installation) -> None:
    said = relance(
        "subscribe",
        "anna@lecteurs.example",
        "--list",
        "semis",
        "--field",
        "first_name=Anna",
        *SOURCE,
    )
    assert (said.status, said.out, said.err) == (0, "on list 10 (semis)\n", "")
    again = relance("subscribe", "Anna@LECTEURS.example", "--list", "10", *SOURCE)
    assert (again.status, again.out) == (0, "this person is on list 10 already\n")


def test_without_a_basis_the_person_is_asked_to_confirm(relance: Installation) -> None:
    said = relance("subscribe", "ask@lecteurs.example", "--list", "10")
    assert (said.status, said.out) == (
        0,
        "a confirmation is on its way; once confirmed: list 10 (semis)\n",
    )
    facts = json.loads(relance.done("show", "ask@lecteurs.example", "--json"))
    assert [fact["event"] for fact in facts] == ["subscriber-registered", "consent-requested"]


def test_what_is_wrong_is_one_sentence_and_status_2(relance: Installation) -> None:
    someone = ("x@lecteurs.example", "--list", "10", "--basis", "consent", "--source", "foire")
    wrong = {
        ("x y@lecteurs.example", "--list", "10"): "the address holds a space",
        ("x", "--list", "10"): "an address has exactly one @ sign",
        ("x@lecteurs.example", "--list", "jardin"): (
            "there is no published list jardin; there are: 10 (semis), 11 (seme), 12 (pas-encore),"
            " 20 ("
        ),
        someone[:5]: "--source is required",
        (*someone, "--timezone", "Mars"): '"Mars" is no time zone',
        (
            *someone,
            "--field",
            "town=Lyon",
        ): "--field town: write NAME=VALUE with a field of [fields]: first_name",
        (*someone, "--field", "first_name=a\nb"): "--field first_name: a value is one line",
        (*someone, "--collected", "yesterday"): '"yesterday" is not a date',
        (*someone, "--collected", "2999-01-01"): "--collected lies in the future",
        (*someone, "--collected", "1901-01-01"): "--collected lies before 1990-01-01",
    }
    for said, sentence in zip(
        relance.together(*(("subscribe", *arguments) for arguments in wrong)),
        wrong.values(),
        strict=True,
    ):
        assert (said.status, said.out) == (2, ""), said
        assert said.err.startswith(f"relance: {sentence}") and said.err.count("\n") == 1


def test_a_field_on_the_command_line_is_read_by_its_type() -> None:
    declared = {"birthday": Field("birthday", "Né le", "date")}
    assert fields_of(["birthday=03/09/1980"], declared) == {"birthday": "1980-09-03"}
    assert fields_of(["birthday="], declared) == {"birthday": ""}
    with pytest.raises(UserError) as refused:
        fields_of(["birthday=31/02/1980"], declared)
    assert str(refused.value).startswith("--field birthday: there is no such day")


def test_a_transfer_moves_and_one_that_may_not_be_is_refused(relance: Installation) -> None:
    address = subscribed(relance, "bruno")
    moved = relance("transfer", address, "--from", "10", "--to", "seme")
    assert (moved.status, moved.out) == (0, "moved from list 10 (semis) to list 11 (seme)\n")
    again, nobody, other = relance.together(
        ("transfer", address, "--from", "semis", "--to", "12"),
        ("transfer", "nobody@lecteurs.example", "--from", "10", "--to", "12"),
        ("transfer", address, "--from", "11", "--to", "20"),
    )
    assert (again.status, again.out, again.err) == (
        1,
        "",
        "relance: this person is not on list 10\n",
    )
    assert (nobody.status, nobody.err) == (1, "relance: nobody is known under this address\n")
    assert (other.status, other.err) == (
        1,
        'relance: there is no live ground to write for the purpose "commandes"\n',
    )


def test_a_withdrawal_is_kept_to_and_is_done_once(relance: Installation) -> None:
    address = subscribed(relance, "david")
    assert (
        relance.done("unsubscribe", address, "--purpose", "conseils")
        == "withdrawn from “La lettre du potager”\n"
    )
    again, refused, unknown, nobody = relance.together(
        ("unsubscribe", address, "--purpose", "conseils"),
        ("subscribe", address, "--list", "10", "--basis", "soft-optin", "--source", "foire", *SALE),
        ("unsubscribe", address, "--purpose", "nouvelles"),
        ("unsubscribe", "stranger@lecteurs.example", "--purpose", "conseils"),
    )
    assert (again.status, again.out) == (0, "this has been withdrawn already\n")
    assert (refused.status, refused.err) == (
        1,
        'relance: this person has withdrawn from "conseils"\n',
    )
    assert (unknown.status, unknown.err) == (
        2,
        "relance: there is no purpose nouvelles; there are: conseils, commandes\n",
    )
    assert (nobody.status, nobody.err) == (1, "relance: nobody is known under this address\n")


def test_a_clock_that_stands_before_the_ledger_is_refused_but_to_who_leaves(
    relance: Installation,
) -> None:
    address = subscribed(relance, "georges")
    set_clock = "UPDATE desk.clock SET epoch_engine = epoch_engine + %s"
    with database(relance) as connection:
        connection.execute(set_clock, (-3_600_000,))
        try:
            joining, publishing, leaving = relance.together(
                ("subscribe", "zoe@lecteurs.example", "--list", "10", *SOURCE),
                ("publish", "--yes"),
                ("unsubscribe", address, "--purpose", "conseils"),
            )
        finally:
            connection.execute(set_clock, (3_600_000,))
    for refused in (joining, publishing):
        assert refused.status == 1 and "the ledger is ahead of the engine's clock" in refused.err
    assert leaving.status == 0, leaving.err
    facts = json.loads(relance.done("show", address, "--json"))
    times = [fact["recorded_at_ms"] for fact in facts]
    assert "consent-withdrawn" in [fact["event"] for fact in facts]
    assert times == sorted(times)


def test_a_stranger_who_wants_nothing_is_never_written_to(relance: Installation) -> None:
    assert "it is noted" in relance.done("unsubscribe", "never@lecteurs.example")
    refused = relance("subscribe", "never@lecteurs.example", "--list", "10", *SOURCE)
    assert (refused.status, refused.err) == (1, "relance: this address is suppressed (objected)\n")
    shown = relance("show", "never@lecteurs.example")
    assert shown.status == 1 and "on the suppression list (objected)" in shown.err


def test_show_json_is_every_fact_in_order_with_both_dates_cause_and_payload(
    relance: Installation,
) -> None:
    address = subscribed(relance, "emma")
    facts = json.loads(relance.done("show", address, "--json"))
    assert [fact["event"] for fact in facts] == [
        "subscriber-registered",
        "consent-given",
        "list-joined",
    ]
    joined = facts[-1]
    assert {"event", "at", "recorded_at", "cause", "payload"} <= set(joined)
    assert joined["at"].endswith("Z") and joined["recorded_at"] >= joined["at"]
    assert joined["cause"]["door"] == "operator" and len(joined["cause"]["ref"]) == 16
    assert joined["cause"]["kept"]["source"] == "foire"
    assert (joined["payload"]["list"], joined["payload"]["start"]) == (
        10,
        "welcome",
    ) and "at" not in joined["payload"]
    assert [fact["position"] for fact in facts] == sorted(fact["position"] for fact in facts)
    lines = relance.done("show", address).splitlines()
    assert "[list-joined]" in lines[3] and lines[3].count(joined["at"][:4]) == 2


def test_nobody_is_shown_for_an_address_nobody_has(relance: Installation) -> None:
    said = relance("show", "nobody@lecteurs.example", "--json")
    assert (said.status, said.out, said.err) == (
        1,
        "",
        "relance: nobody is known under this address\n",
    )


def test_lists_are_shown_to_people_and_to_programs(relance: Installation) -> None:
    said, table = relance.together(("lists", "--json"), ("lists",))
    rows = json.loads(said.out)
    assert [set(row) for row in rows] == [
        {"list", "name", "group", "purpose", "people", "due_next_day", "held_back", "paused"}
    ] * 4
    assert [(row["list"], row["name"], row["group"], row["purpose"]) for row in rows][-1] == (
        20,
        "acheteurs",
        "clients",
        "commandes",
    )
    assert table.out.splitlines()[0].split() == [
        "list",
        "name",
        "group",
        "purpose",
        "people",
        "due",
        "within",
        "a",
        "day",
        "held",
        "back",
        "paused",
    ]


def test_what_is_paused_says_so_and_leaves_again_only_when_told(relance: Installation) -> None:
    assert relance.done("pause", "--list", "seme") == "sending for list 11 seme is paused\n"
    assert relance.done("pause") == "sending is paused; `relance resume` lets it go on\n"
    again, asked, unknown, listed = relance.together(
        ("pause", "--list", "11"), ("resume",), ("pause", "--list", "99"), ("lists", "--json")
    )
    assert (again.status, again.out) == (0, "paused already (operator)\n")
    assert (asked.status, asked.err) == (
        1,
        "relance: say --yes to let them leave\n",
    ) and "In the next hour" in asked.out
    assert unknown.status == 2
    assert {row["list"]: row["paused"] for row in json.loads(listed.out)}[11] == "operator"
    assert relance.done("resume", "--yes").endswith("sending goes on\n")
    assert relance.done("resume").endswith("sending is not paused\n")


def test_an_import_is_rehearsed_then_done_and_changes_nothing_twice(relance: Installation) -> None:
    write(
        relance.folder,
        {"people.csv": "email,Vorname\nines@lecteurs.example,Inès\nnoe@lecteurs.example,Noé\n"},
    )
    file = str(relance.folder / "people.csv")
    said = ("import", file, "--list", "pas-encore", "--map", "Vorname=first_name", *SOURCE)
    relance.done(*said, "--dry-run")
    assert relance("show", "ines@lecteurs.example").status == 1
    for _ in range(2):
        relance.done(*said)
        assert {row["list"]: row["people"] for row in json.loads(relance.done("lists", "--json"))}[
            12
        ] == 2
    without, gone = relance.together(
        ("import", file, "--list", "10"), ("import", f"{file}x", "--list", "10", *SOURCE)
    )
    assert without.status == 2 and "--source is required" in without.err
    assert gone.status == 2 and "there is no file" in gone.err


def test_suppressed_addresses_take_no_part(relance: Installation) -> None:
    write(relance.folder, {"no.txt": "no@lecteurs.example\n"})
    relance.done("suppress", str(relance.folder / "no.txt"))
    gone, refused = relance.together(
        ("suppress", str(relance.folder / "gone.txt")),
        ("subscribe", "no@lecteurs.example", "--list", "10", *SOURCE),
    )
    assert (gone.status, refused.status) == (2, 1)


def test_a_letter_is_previewed_for_a_person(relance: Installation) -> None:
    relance.done(
        "subscribe",
        "flora@lecteurs.example",
        "--list",
        "12",
        "--field",
        "first_name=Flora",
        *SOURCE,
    )
    customer = ("--basis", "soft-optin", *SALE, "--source", "boutique", "--collected", "2026-01-05")
    relance.done("subscribe", "acheteuse@lecteurs.example", "--list", "12", *customer)
    shown, bought, stranger, unknown, wrong = relance.together(
        ("preview", "question", "--for", "flora@lecteurs.example"),
        ("preview", "question", "--for", "acheteuse@lecteurs.example", "--text"),
        ("preview", "10/question", "--for", "stranger@lecteurs.example", "--text"),
        ("preview", "bonjour", "--for", "flora@lecteurs.example"),
        ("preview", "question", "--for", "flora"),
    )
    subject, path = shown.out.splitlines()
    assert subject == "Avez-vous semé, Flora ?"
    assert (
        "Avez-vous semé" in Path(path).read_text("utf-8") and Path(path).stat().st_mode & 0o077 == 0
    )
    assert (
        stranger.out.startswith("Avez-vous semé ?")
        and "because you agreed to receive" in stranger.out
    )
    assert "You receive this letter under" in bought.out and "because you agreed" not in bought.out
    assert (unknown.status, unknown.err) == (
        2,
        'relance: there is no letter "bonjour"; there are: semis/question, confirmation,'
        " ask-first\n",
    )
    assert wrong.status == 2


def test_a_test_letter_nobody_takes_is_a_refusal(relance: Installation) -> None:
    said = relance("send-test", "question", "--to", "me@potager.example")
    assert (said.status, said.out) == (1, "")
    assert (
        said.err
        == "relance: the built-in mailbox takes letters only while `relance run` is running\n"
    )


def test_views_equal_their_replay_and_are_made_anew(relance: Installation) -> None:
    assert relance.done("rebuild", "members") == "rebuilt: members\n"
    assert (
        relance.done("rebuild") == "rebuilt: agenda, members, letters, silence, choices, delivery\n"
    )
    assert relance.done("audit", "replay") == "equal\n"
    unknown = relance("rebuild", "people")
    assert (unknown.status, unknown.err) == (
        2,
        "relance: there is no view people; there are: agenda, members, letters, silence, choices,"
        " delivery\n",
    )


def test_what_is_published_is_shown_first_and_can_be_taken_back(relance: Installation) -> None:
    write(relance.folder, {"sequences/semis.toml": DIALOGUE.replace('"0 minutes"', '"1 day"')})
    assert "letter question" in relance.done("publish", "--yes")
    assert relance.done("publish", "--rollback", "--yes").endswith("Edition 3 is in force.\n")
    write(relance.folder, {"sequences/semis.toml": DIALOGUE + "colour = 1\n"})
    for said in relance.together(("publish", "--yes"), ("check",)):
        assert (
            (said.status, said.out) == (2, "")
            and said.err.startswith("sequences/semis.toml:")
            and "colour" in said.err
        )
    write(relance.folder, {"sequences/semis.toml": DIALOGUE})
    assert relance("check").status == 0


def test_a_dialogue_is_drawn_lived_through_and_watched(relance: Installation) -> None:
    drawn, lived, watched = relance.together(
        ("graph", "semis"), ("simulate", "semis", "--answer", "question=Oui"), ("watch", "semis")
    )
    assert (drawn.status, lived.status, watched.status) == (0, 0, 0)
    assert "semis" in drawn.out and "Avez-vous semé" in lived.out and "question" in watched.out
    for said in relance.together(*((verb, "printemps") for verb in ("graph", "simulate", "watch"))):
        assert (said.status, said.out) == (2, "") and "there is no dialogue printemps" in said.err


def test_what_a_simulated_reader_lives_through_has_the_same_fields_for_a_program(
    relance: Installation,
) -> None:
    lived = json.loads(relance.done("simulate", "semis", "--answer", "question=Oui", "--json"))
    fields = ["at", "kind", "list", "letter", "target", "label", "why", "reminder"]
    fields += ["until", "favoured", "cap"]
    assert {tuple(moment) for moment in lived} == {tuple(fields)}


def test_a_letter_nobody_doubts_cannot_be_settled(relance: Installation) -> None:
    assert relance.done("in-doubt") == "0 letters in doubt\n"
    said, both = relance.together(
        ("in-doubt", "--resend", "0" * 32), ("in-doubt", "--resend", "x", "--taken-as-sent", "x")
    )
    assert (said.status, said.err) == (1, f"relance: no letter {'0' * 32} is in doubt\n")
    assert both.status == 2
    assert relance.done("in-doubt", "--taken-all").endswith("0 letters settled\n")


def test_a_key_is_shown_once_listed_and_revoked(relance: Installation) -> None:
    key = relance.done("api-key", "create", "boutique").strip()
    assert key.startswith("relance_")
    listed = relance.done("api-key", "list")
    assert "boutique" in listed and key not in listed
    assert relance("api-key", "revoke", listed.split()[0]).status == 0
    assert relance("api-key", "revoke", listed.split()[0]).status == 1
