"""`relance audit story` and `as-of`: what is told of a person, what must not be overlooked, and
what leaves as a page, a table or JSON.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from engine.cli import arguments_of_people
from engine.cli.people import show
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.subscriber.commands import Subscribe
from tests.audit.contesting import DAY, FILES, Auditor, sent, wished, with_evidence
from tests.conftest import MakeContext
from tests.running_installation import publish, write_sequences
from tests.web.visiting import BEHIND_A_PROXY, visited

pytestmark = pytest.mark.postgres
ANNA = "anna@lecteurs.example"
HOSTILE = '=HYPERLINK("x")<script>alert(1)</script>\x1b[2J'


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES, BEHIND_A_PROXY)


@pytest.fixture
def auditor(context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(context, capsys, tmp_path)


def joined(context: AppContext, address: str = ANNA, source: str = "foire", **said: str) -> str:
    cause, vault_write = with_evidence(context, "operator", {"source": source, **said})
    return wished(
        context,
        Subscribe(context.clock.now(), cause, 10, "consent", "declared"),
        address,
        vault_write=vault_write,
    ).stream


def test_every_fact_is_told_in_order_with_both_dates_its_door_and_its_place(
    context: AppContext, auditor: Auditor
) -> None:
    stream = joined(context)
    sent(context, ANNA, "list:10")
    told = auditor.asks("story", ANNA).out
    for entry in context.ledger.stream(stream):
        assert f"position {entry.position} · {entry.name}" in told
    assert len(re.findall(r"\(recorded \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)", told)) == len(
        context.ledger.stream(stream)
    )
    assert "ground in force: “La lettre du potager” — consent, declared, without proof" in told


def test_show_and_story_say_the_same_sentences(
    context: AppContext, auditor: Auditor, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    joined(context)
    sent(context, ANNA, "list:10")
    parser = argparse.ArgumentParser()
    arguments_of_people.show_arguments(parser)
    assert show(context, parser.parse_args([ANNA])) == 0
    short = [
        line.split("  ")[2].strip()
        for line in capsys.readouterr().out.splitlines()[1:]
        if "  — " in line
    ]
    long = auditor.asks("story", ANNA, lang="fr").out
    assert len(short) == 5 and all(sentence in long for sentence in short)


def test_it_is_told_in_french_or_english(context: AppContext, auditor: Auditor) -> None:
    joined(context)
    assert "Ce qui s’est passé, dans l’ordre" in auditor.asks("story", ANNA, lang="fr").out
    assert "What happened, in order" in auditor.asks("story", ANNA, lang="en").out


def test_a_person_is_found_by_an_address_their_evidence_still_holds(
    context: AppContext, auditor: Auditor
) -> None:
    """As after a change of address: registered under a new one, with the former in the evidence of
    an act.
    """
    joined(context, former="anna.avant@lecteurs.example")
    told = auditor.asks("story", "anna.avant@lecteurs.example")
    assert (
        told.status == 0
        and "! found by anna.avant@lecteurs.example" in told.out
        and f"address: {ANNA}" in told.out
    )
    assert (
        "another address in their evidence: anna.avant@lecteurs.example"
        in auditor.asks("story", ANNA).out
    )


def test_the_sender_of_a_mail_that_is_kept_is_nobody_s_former_address(
    context: AppContext, auditor: Auditor
) -> None:
    """The mail that asked to confirm is evidence: who sent it and its Message-ID stand in there,
    and are not hers.
    """
    mail = {
        "from": "bonjour@potager.example",
        "message_id": "<ieo72rwm7dhcbunupulr65mwwu@potager.example>",
        "to": "anna.avant@lecteurs.example",
    }
    joined(context, **mail)
    others = [
        line for line in auditor.asks("story", ANNA).out.splitlines() if "another address" in line
    ]
    assert others == ["another address in their evidence: anna.avant@lecteurs.example"]
    assert auditor.asks("story", "bonjour@potager.example").status == 1
    assert auditor.asks("story", "anna.avant@lecteurs.example").status == 0


def test_an_address_several_people_had_is_answered_with_their_ids(
    context: AppContext, auditor: Auditor
) -> None:
    ids = {
        joined(context, f"{name}@lecteurs.example", former="commune@lecteurs.example")
        for name in ("anna", "bruno")
    }
    with pytest.raises(UserError, match="several people had this address") as refused:
        auditor.asks("story", "commune@lecteurs.example")
    assert all(each in str(refused.value) for each in ids)


def test_evidence_that_was_changed_is_named(context: AppContext, auditor: Auditor) -> None:
    joined(context)
    with context.database.connection() as connection:
        connection.execute(
            "UPDATE vault.evidence SET payload = replace(convert_from(payload, 'UTF8'), 'foire',"
            " 'salon')::bytea"
        )
    told = auditor.asks("story", ANNA)
    assert told.status == 1
    assert (
        "! the evidence in the vault is NOT what the ledger commits to: source: salon" in told.out
    )
    in_json = auditor.asks("story", ANNA, "--json")
    assert in_json.status == 1
    assert "altered" in {fact["evidence"] for fact in in_json.plain["facts"]}  # type: ignore[attr-defined]


def test_a_date_that_was_only_declared_is_pointed_out_and_no_fault(
    context: AppContext, auditor: Auditor
) -> None:
    cause, vault_write = with_evidence(context, "import", {"source": "salon"})
    command = Subscribe(context.clock.now() - 300 * DAY, cause, 10, "consent", "declared")
    wished(context, command, ANNA, vault_write=vault_write)
    told = auditor.asks("story", ANNA)
    assert "    ! recorded 300 days after the date it claims" in told.out
    assert told.status == 0


def test_the_words_shown_are_those_in_force_at_that_moment(
    context: AppContext, auditor: Auditor
) -> None:
    with visited(context, behind_a_proxy=True) as site:
        site.post("inscription", {"email": ANNA})
        write_sequences(
            context.config.folder,
            {
                "potager.toml": (
                    FILES["potager.toml"].replace("garde votre adresse", "conserve votre adresse")
                )
            },
        )
        publish(context)
        site.post("inscription", {"email": "bruno@lecteurs.example"})
    before = auditor.asks("story", ANNA).out
    after = auditor.asks("story", "bruno@lecteurs.example").out
    assert (
        "Le Potager garde votre adresse" in before
        and "Le Potager conserve votre adresse" not in before
    )
    assert (
        "Le Potager conserve votre adresse" in after
        and "other words were in force" not in before + after
    )


def test_a_list_is_called_as_it_was_then(context: AppContext, auditor: Auditor) -> None:
    joined(context)
    write_sequences(
        context.config.folder,
        {"potager.toml": FILES["potager.toml"].replace("Le potager", "Les semences", 1)},
    )
    publish(context)
    assert "Joined list 10 (Le potager, semis)" in auditor.asks("story", ANNA).out


def test_a_page_is_whole_private_and_inert(
    context: AppContext, auditor: Auditor, tmp_path: Path
) -> None:
    joined(context, source=HOSTILE)
    page = tmp_path / "story.html"
    assert "written: " in auditor.asks("story", ANNA, "--html", str(page)).out
    assert page.stat().st_mode & 0o777 == 0o600
    text = page.read_text("utf-8")
    assert "<script" not in text and "&lt;script&gt;" in text and "\x1b" not in text
    assert not re.search(
        r"(?:src|href|action|srcset)\s*=|url\(|@import|javascript:|https?://", text, re.IGNORECASE
    )
    assert ANNA in text and "default-src" in text
    assert [each.name for each in tmp_path.iterdir()] == ["story.html"]


def test_the_terminal_is_steered_by_nobody(context: AppContext, auditor: Auditor) -> None:
    joined(context, source=HOSTILE)
    assert "\x1b" not in auditor.asks("story", ANNA).out


def test_a_table_is_inert_in_a_sheet_and_private(
    context: AppContext, auditor: Auditor, tmp_path: Path
) -> None:
    address = "=1+1@lecteurs.example"
    joined(context, address)
    path = tmp_path / "then.csv"
    context.clock.jump(1000)
    auditor.asks("as-of", _now(context), "--csv", str(path))
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["address"] == f"'{address}" and row["list"] == "10" and row["recorded"] == "then"
    assert all(
        line.startswith('"') and line.endswith('"') for line in raw.decode("utf-8-sig").splitlines()
    )


def _now(context: AppContext) -> str:
    from engine.sequence.timing import to_local

    return to_local(context.clock.now(), context.config.site.timezone).strftime("%Y-%m-%dT%H:%M:%S")


def test_json_has_opaque_ids_and_addresses_only_when_asked(
    context: AppContext, auditor: Auditor
) -> None:
    stream = joined(context)
    context.clock.jump(1000)
    then = _now(context)
    told = auditor.asks("as-of", then, "--json")
    assert ANNA not in told.out and [row["subscriber"] for row in json.loads(told.out)["rows"]] == [
        stream
    ]
    assert (
        json.loads(auditor.asks("as-of", then, "--json", "--addresses").out)["rows"][0]["address"]
        == ANNA
    )


def test_everybody_is_counted_whatever_the_size_of_a_batch(
    context: AppContext, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole ledger, person by person: as many as the live view has."""
    from functools import partial

    from engine.audit import membership_report
    from engine.ledger.store import histories

    monkeypatch.setattr(membership_report, "histories", partial(histories, batch=2))
    people = {joined(context, f"p{n}@lecteurs.example") for n in range(7)}
    context.clock.jump(1000)
    rows = json.loads(auditor.asks("as-of", _now(context), "--list", "semis", "--json").out)["rows"]
    assert {row["subscriber"] for row in rows} == people and len(rows) == 7
    assert (
        json.loads(auditor.asks("as-of", _now(context), "--list", "12", "--json").out)["rows"] == []
    )


@pytest.mark.parametrize("said", ["demain", "2026-13-01", "99999-01-01", "2999-01-01"])
def test_a_day_that_is_none_or_to_come_is_refused(auditor: Auditor, said: str) -> None:
    with pytest.raises(UserError) as refused:
        auditor.asks("as-of", said)
    assert refused.value.status == 2


def test_a_list_nobody_published_is_refused(context: AppContext, auditor: Auditor) -> None:
    with pytest.raises(UserError, match="no list 77 was ever published"):
        auditor.asks("as-of", "2026-01-01", "--list", "77")


def test_a_list_that_is_no_longer_published_can_still_be_asked_about(
    context: AppContext, auditor: Auditor
) -> None:
    joined(context)
    context.clock.jump(DAY)
    before = _now(context)
    without = FILES["potager.toml"].replace(
        '[[list]]\nid = 12\nname = "pas-encore"\ngroup = "prospects"\n', ""
    )
    write_sequences(
        context.config.folder,
        {"potager.toml": without, "question.md": "Bonjour.\n\n[Oui](===11===)\n"},
    )
    assert publish(context) == 2
    assert auditor.asks("as-of", before, "--list", "pas-encore").status == 0


def test_nobody_has_the_installations_own_stream_or_an_unknown_id(auditor: Auditor) -> None:
    for said in ("00000000-0000-4000-8000-000000000001", "7b1c1c5e-0000-4000-8000-00000000dead"):
        with pytest.raises(UserError, match="nobody is known under this id"):
            auditor.asks("story", said)
