"""Moving in from another tool: its exports come in as they are, and whoever refused there is never
written to here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.context import AppContext
from engine.imports.recipes import recipes, recognised
from engine.imports.report import ImportReport
from engine.imports.table import headings_in
from engine.sequence.timing import to_local
from engine.subscriber.eligibility import live_ground
from engine.subscriber.events import ConsentGiven
from tests.cli.bringing_in import FILES, bring_all, counts, person, stream
from tests.examples import PARIS
from tests.running_installation import Installations
from tests.sizes import sized

EXPORTS = Path(__file__).parent / "exports"
TOOLS = sorted(folder.name for folder in EXPORTS.iterdir())
SEGMENTS = """
[[segment]]
id = "vip"
name = "VIP"
static = true

[[segment]]
id = "salon"
name = "Salon 2024"
static = true
"""
SAID = ("--list", "10", "--basis", "consent")


class Expected(NamedTuple):
    """What a tool's export tells: `bounced` and `pending` are whether it names such people."""

    tags: bool = True
    proof: bool = False
    bounced: bool = True
    pending: bool = True
    first_name: bool = True


EXPECTED = {
    "activecampaign": Expected(),
    "aweber": Expected(proof=True, first_name=False),
    "brevo": Expected(tags=False),
    "listmonk": Expected(tags=False, bounced=False, first_name=False),
    "mailchimp": Expected(proof=True),
    "mailerlite": Expected(proof=True, first_name=False),
    "phplist": Expected(tags=False, bounced=False, first_name=False),
    "sg-autorepondeur": Expected(first_name=True),
    "systeme-io": Expected(pending=False),
}


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES | {"accueil.toml": FILES["accueil.toml"] + SEGMENTS}) as made:
        yield made


def exported(tool: str, folder: Path) -> list[Path]:
    """The files of a tool, with people of its own, so that one installation takes all."""
    paths = []
    for file in sorted((EXPORTS / tool).iterdir()):
        path = folder / file.name
        text = file.read_text("utf-8").replace("@lecteurs.example", f"@{tool}.example")
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def total(reports: list[ImportReport]) -> dict[str, int]:
    found: dict[str, int] = {}
    for report in reports:
        for name, count in counts(report).items():
            found[name] = found.get(name, 0) + count
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_an_export_comes_in_as_it_is_with_every_refusal(
    context: AppContext, tmp_path: Path, tool: str
) -> None:
    expected, paths = EXPECTED[tool], exported(tool, tmp_path)
    rehearsed = total(bring_all(context, paths, "--from", tool, "--dry-run", said=SAID))
    done = total(bring_all(context, paths, "--from", tool, said=SAID))
    assert rehearsed == done, "a rehearsal says what happens"
    assert done["joined"] == 2 and done["noted"] == 1 + expected.bounced
    assert done.get("not-agreed", 0) + done.get("rejected", 0) == expected.pending
    anna, bob = (person(context, f"{name}@{tool}.example") for name in ("yes1", "yes2"))
    assert set(anna.memberships) == set(bob.memberships) == {10}
    assert set(anna.segments) == ({"vip", "salon"} if expected.tags else set())
    assert not bob.segments
    for left_out in ("no1", "no2", "later1"):
        assert context.vault.find(f"{left_out}@{tool}.example") is None
    hashes = [context.vault.hash(f"no{n}@{tool}.example") for n in (1, 2)[: 1 + expected.bounced]]
    reasons = ["unsubscribed", "unsubscribed" if tool == "brevo" else "bounced"]
    assert sorted(context.vault.suppressed(hashes).values()) == sorted(
        reasons[: 1 + expected.bounced]
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_when_and_where_they_agreed_comes_along(
    context: AppContext, tmp_path: Path, tool: str
) -> None:
    bring_all(context, exported(tool, tmp_path), "--from", tool, said=SAID)
    found = stream(context, f"yes1@{tool}.example")
    known = context.vault.people([found])[found]
    assert known.source == recipes()[tool].title
    assert known.fields.get("first_name", "") == ("Anaïs" if EXPECTED[tool].first_name else "")
    ground = live_ground(person(context, f"yes1@{tool}.example"), "conseils")
    assert ground is not None
    day = to_local(ground.since, PARIS).date().isoformat()
    assert day == {"mailchimp": "2019-03-05", "listmonk": "2023-03-21"}.get(tool, "2023-03-20")
    proof = "declared-with-proof" if EXPECTED[tool].proof else "declared"
    assert [
        entry.event.proof
        for entry in context.ledger.stream(found)
        if isinstance(entry.event, ConsentGiven)
    ] == [proof]


@pytest.mark.parametrize("tool", TOOLS)
def test_an_export_is_recognised_by_its_headings(tool: str) -> None:
    known = {
        recipe.id
        for file in (EXPORTS / tool).iterdir()
        if (recipe := recognised(headings_in(file)))
    }
    assert known == {tool}


def test_what_somebody_says_of_a_column_goes_before_the_recipe(
    context: AppContext, tmp_path: Path
) -> None:
    [path] = exported("phplist", tmp_path)
    path.write_text(path.read_text("utf-8").replace("phplist.", "other."), encoding="utf-8")
    collected = ("--collected-column", "Last Modified")
    bring_all(context, [path], "--from", "phplist", *collected, said=SAID)
    ground = live_ground(person(context, "yes1@other.example"), "conseils")
    assert ground is not None
    assert to_local(ground.since, PARIS).date().isoformat() == "2023-03-21"


def test_thousands_come_in_with_every_refusal(context: AppContext, tmp_path: Path) -> None:
    """Each row of an export many times, with an address of its own."""
    times = sized(30, 750)
    for tool in TOOLS:
        paths = exported(tool, tmp_path)
        rows = 0
        for path in paths:
            heading, *lines = path.read_text("utf-8").splitlines()
            many = [
                line.replace(f"@{tool}.", f"+{n}@many-{tool}.")
                for n in range(times)
                for line in lines
            ]
            path.write_text("\n".join([heading, *many]) + "\n", encoding="utf-8")
            rows += len(many)
        done = total(bring_all(context, paths, "--from", tool, said=SAID))
        expected = EXPECTED[tool]
        assert done["joined"] == 2 * times and done["noted"] == (1 + expected.bounced) * times
        assert sum(done.values()) - done.get("segment", 0) == rows
