"""The whole loop: letters that are due are taken, claimed in the ledger, composed, checked, handed
over by SMTP, and their outcomes recorded.

The limit is smtp-source on the same smtp-sink with messages of the same size, while nothing else is
under way. Then the same where many times as many people stand on lists and are not due, against
itself: both installations share the server and take turns.

The last row holds processor time against processor time, PostgreSQL's and the sink's included: what
both could do had they the machine's cores to themselves and kept all of them busy. Others on the
machine move it little.
"""

from __future__ import annotations

from bench.composing import octets
from bench.ground import PEOPLE, Ground
from bench.installation import DUE_LISTS, ROUND_LISTS
from bench.machine import cores
from bench.processor import Used
from bench.sending import SMTP, at_work, send
from bench.sink import SESSIONS, sink
from bench.sizes import Size
from bench.table import Row, against

GOAL, FLOOR = 0.45, 0.35
GOAL_AGAINST_ITSELF = 0.9
SENDERS = 2
PARTS = ("follow", *["send"] * SENDERS)


def measure(size: Size, ground: Ground) -> list[Row]:
    """Each round sends one list's letter to as many people in both installations; then the other
    sender sends as many.
    """
    rounds, count = size.pick(3, ROUND_LISTS, ROUND_LISTS), ground.due
    few, many = ROUND_LISTS * count, PEOPLE[size]
    limits, large, alone = [], [], []
    with sink() as target:
        smtp = SMTP.format(port=target.port, connections=SESSIONS // SENDERS)
        with (
            ground.copy(0, smtp) as small_one,
            ground.copy(ground.crowd_among(many), smtp) as large_one,
            at_work(small_one, PARTS, SENDERS),
            at_work(large_one, PARTS, SENDERS),
        ):
            length = octets(small_one.folder)
            for number in DUE_LISTS[:rounds]:
                with Used(ground.place.data) as ours:
                    rate = count / send(small_one.context, number, count)
                with Used(ground.place.data) as theirs:
                    limits.append((rate, count / target.fill(count, length)))
                alone.append((cores() * count / ours.seconds, cores() * count / theirs.seconds))
                large.append((count / send(large_one.context, number, count), rate))
    name = "loop" if not target.plain else f"loop (limit: {target.sender})"
    goal, floor = (None, None) if target.plain else (GOAL, FLOOR)
    return [
        against(
            f"{name}, {rounds * count:,} letters of {length:,} octets",
            "letters/s",
            goal,
            limits,
            floor=floor,
        ),
        against(
            f"loop, {many:,} memberships against {few:,}", "letters/s", GOAL_AGAINST_ITSELF, large
        ),
        against(f"{name}, by processor time", "letters/s", None, alone),
    ]
