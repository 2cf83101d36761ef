"""`relance person` and `relance requests` as an operator types them: the answer, the fact, the
deadline, the receipt.
"""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commanding import SOURCE, Installation, published
from tests.running import write

pytestmark = pytest.mark.timeout(300)
ANNA = "anna@lecteurs.example"


@pytest.fixture(scope="module")
def relance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with published(tmp_path_factory.mktemp("installation")) as relance:
        names = ["anna", "bruno", "chloe", "david", "emma", "fanny", "gaby"]
        write(
            relance.folder,
            {
                "readers.csv": (
                    "email;first_name\n"
                    + "".join(f"{name}@lecteurs.example;{name.title()}\n" for name in names)
                )
            },
        )
        relance.done(
            "import",
            str(relance.folder / "readers.csv"),
            "--list",
            "10",
            "--start",
            "welcome",
            *SOURCE,
        )
        yield relance


def names(relance: Installation, who: str) -> list[str]:
    return [fact["event"] for fact in json.loads(relance.done("show", who, "--json"))]


def test_a_copy_of_everything_is_written_for_its_owner_alone_and_recorded(
    relance: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "anna.json"
    assert str(path) in relance.done("person", "export", ANNA, "-o", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = json.loads(path.read_text("utf-8"))
    assert said["person"]["email"] == ANNA and said["person"]["fields"] == {"first_name": "Anna"}
    assert names(relance, ANNA)[-2:] == ["right-exercised", "right-answered"]
    again = relance("person", "export", ANNA, "-o", str(path))
    assert again.status == 1 and "is there already" in again.err
    rows = list(
        csv.reader(
            io.StringIO(relance.done("person", "export", ANNA, "--csv").removeprefix("\ufeff"))
        )
    )
    assert ["person", "", "email", ANNA] in rows


def test_a_correction_is_found_under_the_old_address_and_the_new(relance: Installation) -> None:
    old, new = "bruno@lecteurs.example", "bruno.nouveau@lecteurs.example"
    assert (
        relance.done("person", "correct", old, "--email", new, "--field", "first_name=Brunon")
        == "corrected\n"
    )
    story = relance.done("show", new)
    assert relance.done("show", old) == story and "Profile changed: address, Prénom" in story
    assert json.loads(relance.done("person", "export", old))["person"]["fields"] == {
        "first_name": "Brunon"
    }
    taken = relance("person", "correct", new, "--email", ANNA)
    assert taken.status == 1 and "somebody else is known under that address" in taken.err
    assert (
        relance.done("person", "correct", new, "--field", "first_name=Brunon")
        == "nothing has changed\n"
    )
    empty = relance("person", "correct", new)
    assert empty.status == 2 and "what is wrong about them?" in empty.err


def test_who_is_frozen_gets_nothing_until_it_is_lifted(relance: Installation) -> None:
    who = "chloe@lecteurs.example"
    assert "Next:" in relance.done("show", who)
    assert relance.done("person", "restrict", who).startswith("frozen")
    assert "Next:" not in relance.done("show", who)
    assert "restricted already" in relance.done("person", "restrict", who)
    assert relance.done("person", "restrict", who, "--lift") == "the restriction is lifted\n"
    assert "Next:" in relance.done("show", who)


def test_an_objection_ends_everything_and_bars_the_next_import(relance: Installation) -> None:
    who = "david@lecteurs.example"
    assert relance.done("person", "object", who).startswith("withdrawn from everything")
    assert names(relance, who)[-4:] == [
        "right-exercised",
        "consent-withdrawn",
        "list-left",
        "right-answered",
    ]
    back = relance("subscribe", who, "--list", "10", "--basis", "consent", "--source", "salon")
    assert back.status == 1 and "suppressed" in back.err


def test_an_objection_under_a_former_address_is_theirs_and_bars_it(relance: Installation) -> None:
    old, new = "gaby@lecteurs.example", "gaby.nouvelle@lecteurs.example"
    relance.done("person", "correct", old, "--email", new)
    assert relance.done("unsubscribe", old) == "withdrawn from everything\n"
    for who in (old, new):
        back = relance("subscribe", who, "--list", "10", "--basis", "consent", "--source", "salon")
        assert back.status == 1 and "suppressed (objected)" in back.err


def test_a_request_has_its_deadline_is_put_off_once_and_answered(relance: Installation) -> None:
    who = "emma@lecteurs.example"
    assert relance.done("requests") == "no request waits for an answer\n"
    said = relance.done("requests", "--right", "access", "--by", who, "--note", "lettre du 3 mars")
    request = re.findall(r"[0-9a-f]{32}", said)[0]
    first = json.loads(relance.done("requests", "--json"))
    assert [(each["request"], each["right"], each["late"]) for each in first] == [
        (request, "access", False)
    ]
    assert "rights people asked for that wait for an answer: 1" in relance("status").out
    relance.done("requests", "--extend", request)
    assert json.loads(relance.done("requests", "--json"))[0]["due_at"] > first[0]["due_at"]
    assert "extended already" in relance.done("requests", "--extend", request)
    relance.done("requests", "--refused", request, "--note", "manifestement infondée")
    assert relance.done("requests", "--json") == "[]\n"
    unknown = relance("requests", "--answered", request)
    assert unknown.status == 1 and request in unknown.err


def test_what_should_have_been_answered_is_late_and_status_says_so(relance: Installation) -> None:
    who = "emma@lecteurs.example"
    relance.done("requests", "--right", "portability", "--by", who, "--received", "2026-01-05")
    assert "LATE" in relance.done("requests")
    said = relance("status")
    assert said.status == 1 and "should have been answered by now: 1" in said.out
    relance.done("person", "export", who, "--portability")
    assert relance.done("requests") == "no request waits for an answer\n"


def test_an_erasure_asks_first_and_gives_a_receipt(relance: Installation) -> None:
    who = "fanny@lecteurs.example"
    careful = relance("person", "erase", who)
    assert careful.status == 1 and "say --yes" in careful.err
    receipt = relance.done("person", "erase", who, "--yes")
    assert (
        "address and fields: 1" in receipt
        and "What remains, and why:" in receipt
        and "no address can be read back" in receipt
    )
    assert who not in receipt
    (identifier,) = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", receipt)
    assert names(relance, identifier)[-1] == "subscriber-erased"
    gone = relance("show", who)
    assert gone.status == 1 and "on the suppression list (erased)" in gone.err
    assert relance("person", "export", identifier).status == 1
    assert relance.done("person", "erase", identifier, "--yes") == "this person has been erased\n"
    assert relance.done("audit", "replay") == "equal\n"


def test_nobody_can_be_asked_about_who_is_not_there(relance: Installation) -> None:
    for part in ("export", "restrict", "object", "erase"):
        said = relance(
            "person", part, "nobody@lecteurs.example", *(["--yes"] if part == "erase" else [])
        )
        assert said.status == 1 and "nobody is known under this address" in said.err
