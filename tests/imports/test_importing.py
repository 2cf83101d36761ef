"""`relance import`: who comes in and on which proof, what is never touched, what is rejected, what
a dry run says, and what Ctrl-C leaves.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from engine.cli import arguments_of_imports
from engine.cli.import_file import from_arguments, import_file, stop_between_steps
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.language import translator
from engine.i18n.user_error import UserError
from engine.imports import passes
from engine.imports.refusals import TableFault, TableRefused
from engine.imports.report import ImportReport
from engine.privacy.correction import Correction, correction
from engine.sequence.timing import to_local
from engine.subscriber.agenda import acts
from engine.subscriber.commands import (
    LeaveList,
    Subscribe,
    Suppress,
    Transfer,
    Withdraw,
    WithdrawEverything,
)
from engine.subscriber.events import Cause, ConsentGiven, GroundDeclared, ListJoined
from engine.subscriber.outcome import Done
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite
from tests.cli.bringing_in import (
    DAY,
    FILES,
    OPERATOR,
    SAID,
    bring,
    bring_all,
    counts,
    entries,
    execute,
    person,
    personal_rows,
    reasons,
    stream,
    table,
)
from tests.conftest import MakeContext
from tests.running_installation import CONFIG, LAYOUT, write_sequences
from tests.sizes import sized
from tests.telling import telling

ROOT = Path(__file__).parent.parent.parent
THREE = "email;Prénom\nana@lecteurs.example;Ana\nBob@Lecteurs.example;Bob\nclea@lecteurs.example;\n"
ADDRESSES = ("ana@lecteurs.example", "bob@lecteurs.example", "clea@lecteurs.example")
pytestmark = pytest.mark.postgres


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES)


def test_everybody_joins_with_a_ground_as_old_as_the_collection_and_receives_nothing_by_default(
    context: AppContext, tmp_path: Path
) -> None:
    report = bring(context, table(tmp_path, THREE))
    assert (counts(report), report.rows, report.exit_code) == ({"joined": 3}, 3, 0)
    plan = context.installation_stream.current().plan()
    for address in ADDRESSES:
        found = person(context, address)
        ground = found.grounds["conseils"]
        assert (ground.basis, ground.status, ground.proof) == ("consent", "live", "declared")
        assert ground.since == 1_709_247_600_000
        assert acts(found, plan)["list:10"].kind == "idle"
    context.views.catch_up()
    assert context.views.standing() == {10: 3}
    assert any(
        "nobody imported receives the letters of this list" in line for line in report.lines(str)
    )
    known = context.vault.people([stream(context, "ana@lecteurs.example")])
    assert [(each.address, each.fields) for each in known.values()] == [
        ("ana@lecteurs.example", {"first_name": "Ana"})
    ]


def test_each_row_has_its_evidence_and_the_ledger_names_neither_person_nor_file(
    context: AppContext, tmp_path: Path
) -> None:
    bring(
        context,
        table(
            tmp_path,
            "mail,fiche\nana@lecteurs.example,F-12\nbob@lecteurs.example,\n",
            "tres-secret.csv",
        ),
        "--proof",
        "fiche",
    )
    found = stream(context, "ana@lecteurs.example")
    committed = {entry.cause.evidence for entry in context.ledger.stream(found)}
    kept = context.vault.evidence_of(found)
    assert set(kept) == committed
    (said,) = kept.values()
    assert {
        "source": "Salon du jardin",
        "basis": "consent",
        "proof": "F-12",
        "file": "tres-secret.csv",
        "line": 2,
    }.items() <= said.items()
    assert said["collected"] == "2024-03-01T00:00:00+01:00"
    proofs = {
        address: person(context, address).grounds["conseils"].proof for address in ADDRESSES[:2]
    }
    assert proofs == {
        "ana@lecteurs.example": "declared-with-proof",
        "bob@lecteurs.example": "declared",
    }
    imported = [entry for entry in entries(context) if entry.cause.door == "import"]
    assert len({entry.cause.ref for entry in imported}) == 1
    written = " ".join(map(repr, imported))
    for word in ("lecteurs", "Salon", "F-12", "tres-secret", str(said["operator"])):
        assert word not in written


def test_grounds_differ_by_row_and_other_bases_are_no_consent(
    context: AppContext, tmp_path: Path
) -> None:
    text = (
        "email,origine,le,base,vente,metier\n"
        "ana@lecteurs.example,boutique,13/02/2025,soft-optin,C-1,\n"
    )
    text += "bob@lecteurs.example,annuaire,2025-02-03,b2b,,jardinier\n"
    path = table(tmp_path, text + "clea@lecteurs.example,,2025-02-03,b2b,,\n")
    columns: tuple[str, ...] = (
        "--list",
        "10",
        "--source-column",
        "origine",
        "--map",
        "le=collected",
        "--basis-column",
        "base",
    )
    columns += ("--order", "vente", "--function", "metier", "--objection", "case sur la fiche")
    report = bring(context, path, said=columns)
    assert (counts(report), reasons(report)) == (
        {"joined": 2, "rejected": 1},
        {"no source is said for this row": (4,)},
    )
    grounds = [
        entry.event
        for entry in entries(context)
        if isinstance(entry.event, ConsentGiven | GroundDeclared)
    ]
    assert sorted(ground.basis for ground in grounds if isinstance(ground, GroundDeclared)) == [
        "b2b",
        "soft-optin",
    ]
    assert len(grounds) == 2


def test_the_same_file_twice_changes_nothing(context: AppContext, tmp_path: Path) -> None:
    path = table(tmp_path, THREE)
    for more in ((), ("--update",), ("--start", "welcome", "--update")):
        bring(context, path, "--update")
        before = (context.ledger.head(), personal_rows(context))
        assert counts(bring(context, path, *more)) == {"already": 3}
        assert (context.ledger.head(), personal_rows(context)) == before


def test_the_same_file_does_not_put_back_who_has_moved_on_or_left_since(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(tmp_path, THREE)
    bring(context, path)
    now = context.clock.now()
    execute(context, ADDRESSES[0], LeaveList(now, OPERATOR, 10))
    execute(context, ADDRESSES[1], Transfer(now, OPERATOR, 10, 20))
    before = context.ledger.head()
    assert counts(bring(context, path)) == {"already": 1, "left-since": 2}
    assert context.ledger.head() == before


def test_who_has_withdrawn_or_is_suppressed_is_never_revived(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(tmp_path, THREE + "dan@lecteurs.example;Dan\n")
    bring(context, path)
    now = context.clock.now()
    execute(context, ADDRESSES[0], Withdraw(now, OPERATOR, "conseils"))
    execute(context, ADDRESSES[1], WithdrawEverything(now, OPERATOR))
    execute(context, ADDRESSES[2], Suppress(now, OPERATOR, "bounced"))
    context.vault.suppress({context.vault.hash("eve@lecteurs.example"): "complained"}, now)
    before = context.ledger.head()
    report = bring(
        context,
        table(tmp_path, path.read_text() + "eve@lecteurs.example;Eve\n"),
        "--update",
        "--start",
        "welcome",
    )
    assert counts(report) == {"already": 1, "rejected": 4}
    assert context.ledger.head() == before
    assert sorted(reasons(report)) == sorted(
        [
            'this person has withdrawn from "conseils"',
            "this address is suppressed (objected)",
            "this address is suppressed (bounced)",
            "this address is suppressed (complained)",
        ]
    )


def test_people_known_already_get_new_fields_only_when_asked_and_an_empty_cell_erases_nothing(
    context: AppContext, tmp_path: Path
) -> None:
    bring(context, table(tmp_path, "email,prénom,fuseau\nana@lecteurs.example,Ana,Asia/Tokyo\n"))
    other = table(tmp_path, "email,prénom,fuseau\nana@lecteurs.example,Anna,America/Lima\n")
    found = stream(context, "ana@lecteurs.example")
    assert counts(bring(context, other)) == {"already": 1}
    assert (
        context.vault.people([found])[found].fields,
        person(context, ADDRESSES[0]).timezone,
    ) == (
        {"first_name": "Ana"},
        "Asia/Tokyo",
    )
    assert counts(bring(context, other, "--update")) == {"updated": 1}
    assert (
        context.vault.people([found])[found].fields,
        person(context, ADDRESSES[0]).timezone,
    ) == (
        {"first_name": "Anna"},
        "America/Lima",
    )
    assert counts(
        bring(context, table(tmp_path, "email,prénom,fuseau\nana@lecteurs.example,,\n"), "--update")
    ) == {"already": 1}
    assert context.vault.people([found])[found].fields == {"first_name": "Anna"}


def test_a_confirmed_or_better_ground_stays_and_a_better_one_is_taken(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(tmp_path, "email,vente,metier\nana@lecteurs.example,C-1,jardinier\n")
    offered = ("--order", "vente", "--function", "metier", "--objection", "case sur la fiche")
    bring(context, path, "--basis", "soft-optin", *offered)
    assert counts(bring(context, path)) == {"ground": 1}
    assert counts(bring(context, path, "--basis", "b2b", *offered)) == {"already": 1}
    assert person(context, ADDRESSES[0]).grounds["conseils"].basis == "consent"


def test_a_client_is_not_made_a_prospect_again_and_the_row_says_why(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(tmp_path, "email\nana@lecteurs.example\n")
    bring(context, path, "--list", "clients")
    report = bring(context, path)
    assert (counts(report), report.exit_code) == ({"rejected": 1}, 1)
    assert reasons(report) == {'this person is among "clients", to whom "prospects" yields': (2,)}


def test_refusals_and_bounces_come_along_and_of_strangers_only_a_hash_is_kept(
    context: AppContext, tmp_path: Path
) -> None:
    bring(context, table(tmp_path, THREE))
    text = (
        "email,désinscrit\nana@lecteurs.example,oui\nbob@lecteurs.example,bounced\n"
        "clea@lecteurs.example,non\n"
    )
    path = table(
        tmp_path,
        text
        + "dan@lecteurs.example,x\neve@lecteurs.example,spam\nfab@lecteurs.example,peut-être\n",
    )
    people, pieces, _ = personal_rows(context)
    report = bring(context, path, "--unsubscribed", "désinscrit")
    assert counts(report) == {
        "withdrawn": 1,
        "suppressed": 1,
        "already": 1,
        "noted": 2,
        "rejected": 1,
    }
    assert [lines for reason, lines in reasons(report).items() if "not known" in reason] == [(7,)]
    assert personal_rows(context) == (people, pieces + 2, 2)
    assert person(context, ADDRESSES[0]).grounds["conseils"].status == "withdrawn"
    assert person(context, ADDRESSES[1]).suppressed == "bounced"
    assert context.vault.find("dan@lecteurs.example") is None
    again = bring(
        context, table(tmp_path, "email\ndan@lecteurs.example\neve@lecteurs.example\n", "again.csv")
    )
    assert reasons(again) == {
        "this address is suppressed (unsubscribed)": (2,),
        "this address is suppressed (complained)": (3,),
    }
    before = (context.ledger.head(), personal_rows(context))
    assert counts(bring(context, path, "--unsubscribed", "désinscrit")) == {
        "already": 5,
        "rejected": 1,
    }
    assert (context.ledger.head(), personal_rows(context)) == before


def test_a_refusal_under_a_former_address_is_the_person_s(
    context: AppContext, tmp_path: Path
) -> None:
    bring(context, table(tmp_path, "email\nana@lecteurs.example\n"))
    moved = correction(
        context,
        str(context.vault.find(ADDRESSES[0])),
        Correction("ana@nouvelle.example"),
        OPERATOR,
        (),
    )
    assert isinstance(moved, CommandRequest) and isinstance(
        context.command_handler.execute_one(moved).outcome, Done
    )
    bring(
        context,
        table(tmp_path, "email,refus\nana@lecteurs.example,oui\n"),
        "--unsubscribed",
        "refus",
    )
    assert person(context, "ana@nouvelle.example").grounds["conseils"].status == "withdrawn"
    assert reasons(bring(context, table(tmp_path, "email\nana@lecteurs.example\n"))) == {
        "this address is suppressed (unsubscribed)": (2,)
    }


def test_a_refusal_wins_wherever_in_the_file_it_stands(context: AppContext, tmp_path: Path) -> None:
    text = (
        "email,refus\nana@lecteurs.example,non\nbob@lecteurs.example,oui\n"
        "ANA@lecteurs.example,oui\nbob@lecteurs.example,oui\n"
    )
    path = table(tmp_path, text)
    for more in (("--dry-run",), ()):
        report = bring(context, path, "--map", "refus=unsubscribed", *more)
        assert counts(report) == {"noted": 2, "duplicate": 1, "rejected": 1}
        assert reasons(report) == {
            "another line says that this address must not be written to": (2,)
        }
    assert context.vault.find(ADDRESSES[0]) is None


def test_a_refusal_older_than_a_new_consent_leaves_it_alone(
    context: AppContext, tmp_path: Path
) -> None:
    bring(context, table(tmp_path, "email\nana@lecteurs.example\n"), "--collected", "2024-06-01")
    for day, expected in (("2024-05-01", {"consented-since": 1}), ("2024-07-01", {"withdrawn": 1})):
        path = table(tmp_path, f"email,le\nana@lecteurs.example,{day}\n")
        assert counts(bring(context, path, "--unsubscribed", "le")) == expected


def test_of_one_address_the_first_row_counts_and_a_contradiction_is_rejected(
    context: AppContext, tmp_path: Path
) -> None:
    text = (
        "email,prénom\nana@lecteurs.example,Ana\nAna@Lecteurs.example,Ana\n"
        "ana@lecteurs.example,Anna\n"
    )
    report = bring(context, table(tmp_path, text))
    assert counts(report) == {"joined": 1, "duplicate": 1, "rejected": 1}
    assert reasons(report) == {
        "another line of this file says something else of this address": (4,)
    }
    found = stream(context, ADDRESSES[0])
    assert context.vault.people([found])[found].fields == {"first_name": "Ana"}


def test_rejected_rows_stand_beside_the_input_in_order_with_line_and_reason_and_stop_nobody(
    context: AppContext, tmp_path: Path
) -> None:
    context.vault.suppress(
        {context.vault.hash("dan@lecteurs.example"): "bounced"}, context.clock.now()
    )
    text = (
        "email,fuseau\ndan@lecteurs.example,\nnobody,\nana@lecteurs.example,\n"
        "bob@@lecteurs.example,Mars\nclea@lecteurs.example,,,,x\n"
    )
    report = bring(context, table(tmp_path, text))
    assert (counts(report), report.exit_code) == ({"joined": 1, "rejected": 4}, 0)
    assert report.rejections.path == tmp_path / "contacts.csv.rejected.csv"
    with report.rejections.path.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.reader(file))
    assert [(line, row) for line, _reason, row in written[1:]] == [
        ("2", "dan@lecteurs.example,"),
        ("3", "nobody,"),
        ("5", "bob@@lecteurs.example,Mars"),
        ("6", "clea@lecteurs.example,,,,x"),
    ]
    assert written[1][1] == "cette adresse est écartée (rejetée par son serveur)"
    assert written[2][1] == "une adresse a exactement un signe @"
    assert any(
        "une adresse a exactement un signe @ (ligne 3, 5)" in line
        for line in report.lines(translator("fr"))
    )
    assert any(str(report.rejections.path) in line for line in report.lines(str))


@pytest.mark.parametrize("start", ["none", "welcome", "by-date"])
def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    context: AppContext, tmp_path: Path, start: str
) -> None:
    bring(context, table(tmp_path, THREE))
    execute(context, ADDRESSES[0], Withdraw(context.clock.now(), OPERATOR, "conseils"))
    text = (
        "email,prénom,le\nana@lecteurs.example,A,2024-01-01\n"
        "bob@lecteurs.example,Robert,2024-01-01\ndan@lecteurs.example,D,2024-01-01\n"
    )
    path = table(
        tmp_path,
        text + "eve@lecteurs.example,E,21/09/2024\nwrong,W,\nfab@lecteurs.example,F,2099-01-01\n",
    )
    more = ("--update", "--collected-column", "le", "--start", start)
    before = (context.ledger.head(), personal_rows(context), sorted(tmp_path.iterdir()))
    rehearsed = bring(context, path, "--dry-run", *more)
    assert (context.ledger.head(), personal_rows(context), sorted(tmp_path.iterdir())) == before
    real = bring(context, path, *more)
    assert counts(rehearsed) == counts(real) == {"joined": 2, "updated": 1, "rejected": 3}
    assert reasons(rehearsed) == reasons(real)


def test_a_dry_run_says_which_letters_would_leave_and_when(
    context: AppContext, tmp_path: Path
) -> None:
    now = context.clock.now()

    def day(ago: int) -> str:
        return local_day(context, now - ago * DAY)

    path = table(
        tmp_path,
        "email,le\n"
        + "".join(f"a{n}@lecteurs.example,{day(n)}\n" for n in (1, 3, 3, 20, 400)).replace(
            "a3@", "b3@", 1
        ),
    )
    by_date = bring(context, path, "--collected-column", "le", "--start", "by-date", "--dry-run")
    assert by_date.letters == Counter(
        {("letter", "suite", day(-7)): 2, ("letter", "suite", day(-9)): 1, ("end", "", day(-30)): 2}
    )
    welcome = bring(context, path, "--collected-column", "le", "--start", "welcome", "--dry-run")
    assert welcome.letters == Counter({("letter", "bienvenue", day(0)): 5})
    assert bring(context, path, "--collected-column", "le", "--dry-run").letters == Counter()
    said = list(by_date.lines(str))
    assert any(f"2 × suite, on {day(-7)}" in line for line in said)
    assert any(f"2 × the end of the list, on {day(-30)}: → 20 (clients)" in line for line in said)
    assert (
        bring(context, path, "--collected-column", "le", "--start", "by-date").counts
        == by_date.counts
    )
    plan = context.installation_stream.current().plan()
    real = Counter(
        acts(person(context, f"a{n}@lecteurs.example"), plan)["list:10"].kind
        for n in (1, 3, 20, 400)
    )
    assert real == Counter({"letter": 2, "end": 2})


def local_day(context: AppContext, instant: int) -> str:
    return to_local(instant, context.config.site.timezone).date().isoformat()


def test_the_last_contact_is_kept_and_an_older_one_changes_nothing(
    context: AppContext, tmp_path: Path
) -> None:
    for day, expected in (
        ("2024-05-01", {"joined": 1}),
        ("2024-04-01", {"already": 1}),
        ("2024-06-01", {"contact": 1}),
    ):
        path = table(tmp_path, f"email,vu\nana@lecteurs.example,{day}\n")
        assert counts(bring(context, path, "--last-contact", "vu")) == expected
    assert local_day(context, person(context, ADDRESSES[0]).last_contact) == "2024-06-01"


def test_rows_are_written_in_another_order_than_they_are_read(
    context: AppContext, tmp_path: Path
) -> None:
    addresses = [f"n{n:03}@lecteurs.example" for n in range(200)]
    bring(context, table(tmp_path, "email\n" + "\n".join(addresses) + "\n"))
    known = {
        subscriber: each.address
        for subscriber, each in context.vault.people(
            [stream(context, a) for a in addresses]
        ).items()
    }
    written = [
        known[entry.stream] for entry in entries(context) if isinstance(entry.event, ListJoined)
    ]
    assert sorted(written) == addresses
    assert written != addresses


def test_who_refuses_in_one_file_arrives_by_none(context: AppContext, tmp_path: Path) -> None:
    people = table(tmp_path, "email\nana@lecteurs.example\nbob@lecteurs.example\n", "people.csv")
    left = table(tmp_path, "email,refus\nANA@lecteurs.example,oui\n", "more.csv")
    for more in (("--dry-run",), ()):
        of_people, of_more = bring_all(
            context, [people, left], "--map", "refus=unsubscribed", *more
        )
        assert counts(of_more) == {"noted": 1}
        assert counts(of_people) == {"joined": 1, "rejected": 1}
        assert reasons(of_people) == {
            "another line says that this address must not be written to": (2,)
        }
    assert context.vault.find(ADDRESSES[0]) is None


def test_nobody_is_brought_in_while_one_of_the_files_needs_an_answer(
    context: AppContext, tmp_path: Path
) -> None:
    people = table(tmp_path, "email\nana@lecteurs.example\n", "people.csv")
    unclear = table(tmp_path, "email,Désinscrit le\nbob@lecteurs.example,2024-01-02\n", "more.csv")
    with pytest.raises(TableRefused):
        bring_all(context, [people, unclear])
    assert personal_rows(context)[0] == 0


def test_a_column_that_is_named_has_to_be_in_one_of_the_files(
    context: AppContext, tmp_path: Path
) -> None:
    paths = [table(tmp_path, "email\nana@lecteurs.example\n", name) for name in ("a.csv", "b.csv")]
    with pytest.raises(TableRefused) as refused:
        bring_all(context, paths, "--ignore", "refus")
    assert refused.value.reason.code is TableFault.COLUMN_UNKNOWN


def test_ctrl_c_stops_between_two_chunks_and_the_same_command_again_does_the_rest(
    context: AppContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "CHUNK", 10)
    path = table(tmp_path, "email\n" + "".join(f"n{n}@lecteurs.example\n" for n in range(50)))
    calls = 0

    def tell(done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 8:
            os.kill(os.getpid(), signal.SIGINT)

    [options] = from_arguments(_arguments(path), context)
    before = signal.getsignal(signal.SIGINT)
    with stop_between_steps() as stopping:
        report = passes.run_import(context.importing(), options, tell, stopping)
    assert signal.getsignal(signal.SIGINT) is before
    done = report.counts["joined"]
    assert (report.interrupted, report.exit_code, 0 < done < 50, done % 10) == (True, 130, True, 0)
    assert (
        personal_rows(context)[0]
        == done
        == sum(isinstance(entry.event, ListJoined) for entry in entries(context))
    )
    assert any("the same command again does the rest" in line for line in report.lines(str))
    assert counts(passes.run_import(context.importing(), options)) == {
        "already": done,
        "joined": 50 - done,
    }


def test_two_imports_of_the_same_people_at_once_register_each_once(
    context: AppContext, tmp_path: Path
) -> None:
    addresses = [f"n{n}@lecteurs.example" for n in range(1500)]
    paths = [
        table(tmp_path, "email\n" + "\n".join(order) + "\n", f"{n}.csv")
        for n, order in enumerate((addresses, addresses[::-1]))
    ]
    reports: list[ImportReport] = []
    threads = [
        threading.Thread(target=lambda path=path: reports.append(bring(context, path)))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(reports) == 2
    assert sum((report.counts for report in reports), Counter()) == Counter(
        {"joined": 1500, "already": 1500}
    )
    assert personal_rows(context)[:2] == (1500, 1500)
    assert Counter(type(entry.event) for entry in entries(context))[ListJoined] == 1500


def test_a_command_made_for_a_stranger_is_not_carried_out_for_who_is_known_by_now(
    context: AppContext, tmp_path: Path
) -> None:
    bring(context, table(tmp_path, "email,prénom,fuseau\nana@lecteurs.example,Ana,Asia/Tokyo\n"))
    now = context.clock.now()

    def stranger(address: str) -> CommandRequest:
        kept = evidence(os.urandom(32), {"source": "test"})
        cause = Cause("import", "1" * 16, evidence=kept.commitment.hex())
        command = Subscribe(now, cause, 20, "consent", "declared", timezone="America/Lima")
        return CommandRequest(
            command,
            address=address,
            vault_write=VaultWrite("", now, fields={"first_name": "X"}, evidence=(kept,)),
            only_new=True,
        )

    requests = [stranger(f"n{n}@lecteurs.example") for n in range(12)]
    requests.insert(5, stranger("ana@lecteurs.example"))
    results = context.command_handler.execute(requests)
    assert [result.conflict for result in results] == [n == 5 for n in range(13)]
    assert all(isinstance(result.outcome, Done) for result in results if not result.conflict)
    assert len({position for result in results for position in result.positions}) == 36
    found = stream(context, "ana@lecteurs.example")
    assert context.vault.people([found])[found].fields == {"first_name": "Ana"}
    assert set(person(context, "ana@lecteurs.example").memberships) == {10}
    assert personal_rows(context)[:2] == (13, 13)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (("--list", "99", *SAID[2:]), "there is no published list 99"),
        ((*SAID[:2], *SAID[4:]), "--source is required"),
        ((*SAID[:4], *SAID[6:]), "--collected is required"),
        (SAID[:6], "--basis is required"),
        ((*SAID, "--collected", "2999-01-01"), "lies in the future"),
        ((*SAID, "--collected", "soon"), "not understood"),
        ((*SAID, "--map", "email"), "write COLUMN=FIELD"),
        ((*SAID, "--map", "a=town", "--map", "a=first_name"), "said to be two things"),
        (
            (*SAID, "--map", "a=source", "--source-column", "b"),
            "two columns are said to be --source-column",
        ),
    ],
    ids=str,
)
def test_wrong_options_are_a_sentence_and_status_two(
    context: AppContext, tmp_path: Path, said: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence) as refusal:
        bring(context, table(tmp_path, THREE), said=said)
    assert refusal.value.status == 2


def test_what_looks_like_an_export_is_said_before_anything_is_asked_for(
    context: AppContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brevo = table(tmp_path, "EMAIL;ADDED_TIME;MODIFIED_TIME\nana@lecteurs.example;;\n")
    with pytest.raises(UserError, match="--source is required"):
        bring(context, brevo, said=SAID[:2])
    assert "--from brevo" in capsys.readouterr().err


def test_what_is_wrong_with_an_option_is_said_in_french_too(
    context: AppContext, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as refusal:
        bring(context, table(tmp_path, THREE), said=(*SAID, "--collected", "2999-01-01"))
    assert (
        refusal.value.said(translator("fr"))
        == "--collected : la date de collecte est dans l’avenir"
    )


def test_a_file_that_cannot_be_read_or_a_column_that_is_not_there_is_status_two(
    context: AppContext, tmp_path: Path
) -> None:
    with telling(TableRefused, "no column 'ville'"):
        bring(context, table(tmp_path, THREE), "--map", "ville=first_name")
    with pytest.raises(UserError, match="there is no file") as refusal:
        import_file(context, _arguments(tmp_path / "missing.csv"))
    assert refusal.value.status == 2
    assert (
        refusal.value.said(translator("fr"))
        == f"il n’y a pas de fichier {tmp_path / 'missing.csv'}"
    )


def test_a_column_is_found_by_the_label_of_its_field_too(
    make_context: MakeContext, tmp_path: Path
) -> None:
    context = make_context(FILES, 'city = "Commune de résidence"\n')
    report = bring(
        context, table(tmp_path, "e-mail;Commune de Residence\nana@lecteurs.example;Brest\n")
    )
    assert report.table.columns == {"email": 0, "city": 1}
    found = stream(context, "ana@lecteurs.example")
    assert context.vault.people([found])[found].fields == {"city": "Brest"}


def test_a_value_that_does_not_fit_is_said_with_its_line_and_its_row_comes_in_without_it(
    make_context: MakeContext, tmp_path: Path
) -> None:
    typed = (
        'birthday = { label = "Né le", type = "date" }\n'
        'soil = { label = "Sol", type = "choice", options = ["Argile", "Sable"] }\n'
    )
    context = make_context(FILES, typed)
    both_ways = "email;né le;sol\nana@lecteurs.example;03/09/1980;argile\n"
    with telling(TableRefused, "with the day or with the month first"):
        bring(context, table(tmp_path, both_ways))
    text = f"{both_ways}bob@lecteurs.example;31/12/1979;Roche\nclea@lecteurs.example;1/1/80;Sable\n"
    report = bring(context, table(tmp_path, text))
    assert (counts(report), report.exit_code, report.rejections.values) == ({"joined": 3}, 0, 2)
    assert [
        context.vault.people([one])[one].fields for one in map(partial(stream, context), ADDRESSES)
    ] == [
        {"birthday": "1980-09-03", "soil": "Argile"},
        {"birthday": "1979-12-31"},
        {"soil": "Sable"},
    ]
    lines = "\n".join(report.lines(translator("fr")))
    assert "2  valeurs laissées de côté" in lines
    assert "ce n’est aucune de ces valeurs\u00a0: Argile, Sable (ligne 3)" in lines
    assert report.rejections.path is not None
    with report.rejections.path.open(encoding="utf-8-sig", newline="") as file:
        assert [line for line, _reason, _row in list(csv.reader(file))[1:]] == ["3", "4"]
    again = bring(context, table(tmp_path, text), "--update")
    assert counts(again) == {"already": 3}


def test_the_report_names_columns_in_the_language_of_the_site(
    context: AppContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(
        tmp_path,
        "E-mail;Prénom;Abonné le;Ville;Fuseau\nana@lecteurs.example;Ana;2020-01-01;Lyon;Mars\n",
    )
    assert import_file(context, _arguments(path, "--dry-run")) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "email ← « E-mail », first_name ← « Prénom »" in said.out
    assert "« Ville »" in said.out
    assert "la date de leur accord est peut-être dans « Abonné le »" in said.out
    assert "1  timezone : les cellules illisibles restent vides (ligne 2)" in said.out
    english = list(bring(context, path, "--dry-run").lines(translator("en")))
    assert not any(line in said.out.splitlines() for line in english if "dry run" in line.lower())


def test_an_export_with_refusals_stops_in_the_site_s_language_until_its_columns_are_explained(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(
        tmp_path,
        "E-mail;Prénom;Statut;Désinscrit"
        " le\nana@lecteurs.example;Ana;abonné;\nbob@lecteurs.example;Bob;désinscrit;2020-01-01\n",
    )
    before = (context.ledger.head(), personal_rows(context), sorted(tmp_path.iterdir()))
    for more in ((), ("--dry-run",), ("--ignore", "Désinscrit le")):
        with pytest.raises(UserError) as refusal:
            import_file(context, _arguments(path, *more))
        assert refusal.value.status == 2
        said = refusal.value.said(translator("fr"))
        assert said.startswith("contacts.csv contient peut-être des personnes qui ont refusé")
        assert "3 'Statut' (abonné ×1, désinscrit ×1)" in said
    assert (context.ledger.head(), personal_rows(context), sorted(tmp_path.iterdir())) == before
    assert counts(bring(context, path, "--unsubscribed", "Désinscrit le")) == {
        "joined": 1,
        "noted": 1,
    }
    assert counts(
        bring(context, path, "--unsubscribed", "Désinscrit le", "--subscribed", "Statut")
    ) == {"already": 2}


def test_a_file_named_after_refusals_is_not_one_of_members(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(tmp_path, THREE, "désinscrits.csv")
    with telling(
        TableRefused, r"`relance suppress .*désinscrits.csv' --reason operator` sees to that"
    ):
        bring(context, path)


def test_dates_that_can_be_read_in_two_ways_are_asked_about(
    context: AppContext, tmp_path: Path
) -> None:
    path = table(tmp_path, "email,le\nana@lecteurs.example,02/03/2024\n")
    with telling(TableRefused, "with the day or with the month first"):
        bring(context, path, "--collected-column", "le")
    bring(context, path, "--collected-column", "le", "--date-order", "month-first")
    assert (
        local_day(context, person(context, ADDRESSES[0]).grounds["conseils"].since) == "2024-02-03"
    )


def test_a_file_in_which_no_row_can_be_read_ends_with_one(
    context: AppContext, tmp_path: Path
) -> None:
    for text in (
        "email,prénom\n",
        "email\nnobody\n",
        "email;prénom\na@x.example ::: b@x.example;A\n",
    ):
        report = bring(context, table(tmp_path, text), "--dry-run")
        assert report.exit_code == 1
    report = bring(context, table(tmp_path, text), "--first-address")
    assert (report.exit_code, report.cells) == (0, {"": (1, (2,))})


MANY = sized(5_000, 100_000)
MEASURED = """
import argparse, sys
from pathlib import Path
from engine.app import open_context
from engine.cli import arguments_of_imports
from engine.cli.import_file import from_arguments, import_file
from engine.cli.import_file import stop_between_steps
from engine.imports import passes
from tests.running_installation import publish
from tests.memory import peak_megabytes
from tests.cli.bringing_in import SAID, personal_rows

folder, path = map(Path, sys.argv[1:])
with open_context(folder) as context:
    publish(context)
    parser = argparse.ArgumentParser()
    arguments_of_imports.import_arguments(parser)
    args = parser.parse_args([str(path), *SAID])
    [report] = passes.run_imports(context.importing(), from_arguments(args, context))
    kept = personal_rows(context)[1]
    print(report.counts["joined"], report.rejections.count, kept, peak_megabytes())
"""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_very_many_rows_come_in_at_once_with_their_evidence_in_less_than_300_megabytes(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "installation"
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    write_sequences(folder, {"layout.html": LAYOUT} | FILES)
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("email;prénom;fuseau\n")
        file.writelines(
            f"lectrice{n}@lecteurs{n % 50}.example;Prénom {n};Europe/Paris\n" for n in range(MANY)
        )
        file.write("wrong;;\n")
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, str(folder), str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    joined, rejected, kept, megabytes = map(int, run.stdout.split()[-4:])
    assert (joined, rejected, kept) == (MANY, 1, MANY)
    assert megabytes < 300


def _arguments(path: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments_of_imports.import_arguments(parser)
    return parser.parse_args([str(path), *SAID, *more])
