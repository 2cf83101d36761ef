"""A broadcast to a segment leaves to who is in it and to nobody else, whether the ledger says so or
the vault; a replay finds the same agenda before and after.
"""

from __future__ import annotations

from collections.abc import Collection

import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.installation.events import BroadcastFellDue
from engine.sending.claim import still_eligible, take_and_claim
from engine.sequence.delay import HOUR
from engine.subscriber.commands import ChangeProfile, PutIntoSegment, Subscribe
from engine.subscriber.events import Cause
from engine.vault.vault import VaultWrite
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres
OPERATOR = Cause("operator")
FILES = {
    "a.toml": """title = "A"
purpose = "conseils"

[[list]]
id = 10
name = "dix"

  [[list.letter]]
  id = "jardin"
  after = "1 day"
  subject = "Au jardin"
  body = "a.md"
  unless = "segment:lyon"

[[segment]]
id = "lyon"
name = "Lyon"
all = ['field town is "Lyon"']

[[segment]]
id = "salon"
name = "Salon"
static = true

[[broadcast]]
id = "villes"
to = ["segment:lyon"]
on = "2040-01-01 09:00"
subject = "À Lyon"
body = "a.md"

[[broadcast]]
id = "rencontre"
to = ["segment:salon"]
on = "2040-01-02 09:00"
subject = "Au salon"
body = "a.md"
""",
    "a.md": "Bonjour.\n",
}

TOWNS = (("anna", "Lyon"), ("ben", "Nice"), ("carl", "Nice"))


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES, 'town = "Ville"\n')


def join(context: AppContext, name: str, **fields: str) -> str:
    now = context.clock.now()
    command = Subscribe(now, Cause("import"), 10, "consent", "declared", fields=tuple(fields))
    write = VaultWrite("", now, fields=fields)
    request = CommandRequest(command, address=f"{name}@lecteurs.example", vault_write=write)
    return context.command_handler.execute_one(request).stream


def falls_due(context: AppContext, broadcast: str) -> None:
    now = context.clock.now()
    due = BroadcastFellDue(now, broadcast, "2040-01-01")
    assert context.installation_stream.execute(lambda state: [due], Cause("engine"), now)
    context.clock.jump(HOUR)
    context.views.catch_up()


def nobody_watches(done: int, total: int) -> None:
    """Of a replay."""


def facts(context: AppContext, stream: str) -> list[tuple[str, str]]:
    told = (entry.event for entry in context.ledger.stream(stream))
    return [(type(e).__name__, e.why) for e in told if hasattr(e, "why")]


def claimed(context: AppContext) -> dict[str, str]:
    """Who is begun a letter to, and the segment that brought it."""
    claims, _ = take_and_claim(context.sending(), context.sending().new_queue(), ())
    context.views.catch_up()
    assert context.views.compare(nobody_watches) == []
    for claim in claims:
        assert still_eligible(claim.person, claim) == ""
    return {claim.stream: claim.entry.segment for claim in claims}


def settles(context: AppContext, stream: str, town: str) -> None:
    now = context.clock.now()
    change = ChangeProfile(now, OPERATOR, ("town",))
    write = VaultWrite(stream, now, fields={"town": town})
    context.command_handler.execute_one(CommandRequest(change, stream=stream, vault_write=write))


def with_rows(context: AppContext, people: Collection[str]) -> set[str]:
    """In whose agenda the broadcast stands."""
    context.views.catch_up()
    return {
        who
        for who in people
        if any(m[0].startswith("broadcast") for m in context.views.matters(who))
    }


def test_what_the_vault_knows_at_the_claim_decides(context: AppContext) -> None:
    anna, ben, carl = (join(context, name, town="Lyon") for name in ("anna", "ben", "carl"))
    dora = join(context, "dora", town="Nice")
    falls_due(context, "villes")
    settles(context, ben, "Nice")
    assert claimed(context) == {anna: "lyon", carl: "lyon"}
    assert facts(context, ben) == [("LetterWithheld", "segment")]
    assert facts(context, dora) == []
    assert claimed(context) == {}


def test_a_row_follows_the_fields_as_long_as_the_letter_is_not_late(context: AppContext) -> None:
    people = [join(context, name, town=town) for name, town in TOWNS]
    anna, ben, carl = people
    falls_due(context, "villes")
    people.append(join(context, "emil", town="Lyon"))
    assert with_rows(context, people) == {anna}
    settles(context, ben, "Lyon")
    assert with_rows(context, people) == {anna, ben}
    settles(context, anna, "Nice")
    context.clock.jump(60 * HOUR)
    settles(context, carl, "Lyon")
    assert with_rows(context, people) == {ben}
    assert context.views.compare(nobody_watches) == []
    context.views.rebuild(["agenda"], nobody_watches)
    assert with_rows(context, people) == {ben}


def test_a_broadcast_writes_facts_only_of_those_in_its_segment(context: AppContext) -> None:
    now, total = context.clock.now(), 1000
    towns = [{"town": "Lyon" if n % 10 == 0 else "Nice"} for n in range(total)]
    join_all = Subscribe(now, Cause("import"), 10, "consent", "declared", fields=("town",))
    requests = [
        CommandRequest(
            join_all, address=f"a{n}@lecteurs.example", vault_write=VaultWrite("", now, fields=town)
        )
        for n, town in enumerate(towns)
    ]
    context.command_handler.execute(requests)
    falls_due(context, "villes")
    before = context.ledger.head()
    assert context.views.due_until(context.clock.now()) == [(-1, "letter", total / 10)]
    assert len(claimed(context)) == total / 10
    assert context.ledger.head() == before + total / 10


def test_who_was_put_into_a_segment_gets_its_broadcast(context: AppContext) -> None:
    anna, ben = join(context, "anna"), join(context, "ben")
    put = PutIntoSegment(context.clock.now(), OPERATOR, "salon")
    context.command_handler.execute_one(CommandRequest(put, stream=anna))
    context.clock.jump(1000)
    falls_due(context, "rencontre")
    assert claimed(context) == {anna: "salon"}
    assert facts(context, ben) == []


def test_a_letter_of_a_series_spares_who_the_vault_says_it_spares(context: AppContext) -> None:
    anna, ben = join(context, "anna", town="lyon"), join(context, "ben")
    context.clock.jump(25 * HOUR)
    context.views.catch_up()
    assert claimed(context) == {ben: ""}
    assert facts(context, anna) == [("LetterWithheld", "segment")]
