"""What choosing costs at the claim: a broadcast to a segment of two ledger lines and a field, under
a cap, with a theme that its readers chose, against one to a list of as many people, by processor
time.

Two installations on one server take turns; each round a broadcast falls due for everybody, and what
was claimed is recorded as sent before the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from time import process_time

from bench.installation import Installation, join, opened, publish
from bench.processor import Used
from bench.server import server
from bench.sizes import Size
from bench.table import Row, against
from engine.commands.command_handler import CommandRequest
from engine.installation.events import BroadcastFellDue
from engine.sending.claim import take_and_claim
from engine.subscriber.commands import Perform, RecordOutcome, SetPreferences
from engine.subscriber.decide import decide
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done

GOAL = 0.87
"""1.15 times the processor time, as a rate."""
LIST, ENGINE, READER = 9, Cause("engine"), Cause("api")
HOUSE = """
[pressure]
max = "15 per 1 week"

[[theme]]
id = "semis"
name = "Semis"
"""
FILE = """title = "C"
purpose = "conseils"

[[list]]
id = {list}
name = "neuf"
"""
SEGMENT = """
[[segment]]
id = "choisis"
name = "Choisis"
all = ['on {list}', 'field first_name starts with "Prénom"']
none = ['received 15 letters within 7 days']
"""
BROADCAST = """
[[broadcast]]
id = "b{number}"
to = [{to}]
on = "2040-01-01 09:00"
subject = "Une question, {{{{ first_name }}}}"
body = "question.md"
{more}
"""


def measure(size: Size) -> list[Row]:
    people, rounds = size.pick((200, 1), (2_000, 5), (10_000, 5))
    whole, pure = [], []
    with (
        server() as place,
        opened(place, "plain", "plain") as plain,
        opened(place, "chosen", "chosen", HOUSE) as chosen,
    ):
        ours = _people(chosen, people, rounds, '"segment:choisis"', 'theme = "semis"', SEGMENT)
        theirs = _people(plain, people, rounds, str(LIST), "")
        for number in range(rounds):
            took, limit = _claimed(chosen, ours, number), _claimed(plain, theirs, number)
            whole.append((took[0], limit[0]))
            pure.append((took[1], limit[1]))
    of = "claim by segment, theme and cap, against a list"
    return [
        against(f"{of}, by processor time", "claims/s", GOAL, whole),
        against(f"{of}: the decision alone", "claims/s", None, pure),
    ]


def _people(
    here: Installation, people: int, rounds: int, to: str, more: str, segment: str = ""
) -> list[str]:
    """People on the list; where there are themes, they chose one."""
    text = (FILE + segment).format(list=LIST) + "".join(
        BROADCAST.format(number=number, to=to, more=more) for number in range(rounds)
    )
    (here.folder / "sequences" / "claiming.toml").write_text(text, encoding="utf-8")
    publish(here.context)
    streams = join(here.context, LIST, people)
    choice = SetPreferences(here.context.clock.now(), READER, themes=("semis",))
    if segment:
        here.context.command_handler.execute(
            [CommandRequest(choice, stream=stream) for stream in streams]
        )
    here.context.views.catch_up()
    return streams


def _claimed(here: Installation, streams: Sequence[str], number: int) -> tuple[float, float]:
    """Claims by a second of the processor, PostgreSQL's included, and decisions alone."""
    context, stores = here.context, here.context.sending()
    due = BroadcastFellDue(context.clock.now(), f"b{number}", "2040-01-01")
    context.installation_stream.execute(lambda state: [due], ENGINE, due.at)
    context.views.catch_up()
    decided = _decided(here, streams, f"broadcast:b{number}/2040-01-01")
    claims, queue = [], stores.new_queue()
    with Used(here.data, own=True) as used:
        while (taken := take_and_claim(stores, queue, ()))[1]:
            claims += taken[0]
    if len(claims) != len(streams):
        raise RuntimeError(f"{len(claims)} of {len(streams)} letters were claimed")
    queue.give_up()
    now = context.clock.now()
    outcomes = [RecordOutcome(now, ENGINE, claim.entry.message, "sent", 250) for claim in claims]
    context.command_handler.execute(
        [CommandRequest(o, stream=c.stream) for o, c in zip(outcomes, claims, strict=True)]
    )
    context.views.catch_up()
    return len(streams) / used.seconds, decided


def _decided(here: Installation, streams: Sequence[str], key: str) -> float:
    context, installation = here.context, here.context.installation_stream.current()
    folds, known = context.views.folds(streams), context.vault.people(set(streams))
    plan, calendar, now = installation.plan(), installation.calendar, context.clock.now()
    commands = [
        Perform(now, ENGINE, key, secrets.token_hex(16), "bench", known[stream])
        for stream in streams
    ]
    before = process_time()
    outcomes = [
        decide(command, folds[stream], plan, calendar)
        for command, stream in zip(commands, streams, strict=True)
    ]
    seconds = process_time() - before
    if not all(isinstance(outcome, Done) for outcome in outcomes):
        raise RuntimeError("a letter of the benchmark could not be claimed")
    return len(streams) / seconds
