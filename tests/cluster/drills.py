"""The drills: what happens to a cluster in the middle of a sending, and the reckoning after it."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from engine.app import open_context
from tests.chaos.installation import IN_DOUBT, LETTERS, crowd
from tests.chaos.mail_server import Taken
from tests.chaos.reckoning import Fate, told_by
from tests.cluster.hosts import PAUSE_SECONDS, Cluster, Machine

AWAY_SECONDS = 30.0
"""How long a machine is cut off, dead or paused."""
LATE_SECONDS = 25.0
"""After so long away the operator looks at `status`: a process is given up after twenty."""
LOST_SECONDS = 5.0
"""How much of the log an asynchronous failover loses."""
PATIENCE_SECONDS = 240.0
ENDED = ("sent", "taken-as-sent")


@dataclass
class Course:
    """What was seen while a drill ran: when it struck and when the standby was promoted (seconds
    since 1970, 0: it was not), and what `status` found meanwhile, by its codes.
    """

    struck: float = 0.0
    promoted: float = 0.0
    returned: float = 0.0
    findings: set[str] = field(default_factory=set)
    whose: Machine | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """`missed`: letters that somebody was due, and that neither left nor stand in doubt; who has
    one in doubt that waits for a person is due no further one until then. `doubles`:
    taken by the mail server more than once. `doubt`: ever in doubt; of these `wire` were taken by
    the server and `held` still wait for a person. Seconds: `gap`, the longest silence between two
    letters from the strike on; `resumed`, from the promotion to the end of that silence; `back`,
    from its return until the machine that was away sends again; `took`, until all was done.
    """

    drill: str
    letters: int
    missed: int
    doubles: int
    doubt: int
    wire: int
    held: int
    gap: float
    resumed: float | None
    back: float | None
    took: float
    ended: Sequence[tuple[str, str, int]]
    findings: Sequence[str]


Strike = Callable[[Cluster, Course], None]


def drilled(
    cluster: Cluster, name: str, people: int, strike: Strike, pause: float = PAUSE_SECONDS
) -> Result:
    """People are due two letters each; in the midst of them it happens. `pause`: how long the mail
    server thinks about each.
    """
    cluster.mail.tell("pause", pause)
    before = len(cluster.mail.taken())
    ended_before = {machine: len(machine.ended) for machine in cluster.machines}
    readers = cluster.office.bring(crowd(name, people))
    begun, course, faults = time.time(), Course(), list[str]()
    _until(cluster, lambda: len(cluster.mail.taken()) > before + people // 10, 60)
    course.struck = time.time()
    strike(cluster, course)
    done = _until(cluster, cluster.office.finished, PATIENCE_SECONDS)
    _until(cluster, lambda: cluster.office.counted(IN_DOUBT) == 0, 15 if done else 0)
    taken = [each for each in cluster.mail.taken()[before:] if each.address in set(readers)]
    with open_context(cluster.office.folder) as context:
        fates, _, _ = told_by(context, faults)
    ended = [
        (machine.host.name, part, status)
        for machine in cluster.machines
        for part, status in machine.ended[ended_before[machine] :]
    ]
    course.findings |= {f"the auditor: {fault}" for fault in faults}
    return _result(name, readers, taken, fates, course, begun, ended)


def _result(
    name: str,
    readers: Sequence[str],
    taken: Sequence[Taken],
    fates: dict[str, Fate],
    course: Course,
    begun: float,
    ended: Sequence[tuple[str, str, int]],
) -> Result:
    accepted = {each.message for each in taken}
    by_reader = Counter(each.address for each in taken)
    settled = {
        (fate.address, fate.letter)
        for message, fate in fates.items()
        if fate.last_word == "in doubt" or (fate.last_word in ENDED and message in accepted)
    }
    whose = set(readers)
    own = {message: fate for message, fate in fates.items() if fate.address in whose}
    doubted = {message for message, fate in own.items() if fate.doubted}
    held = {fate.address for fate in own.values() if fate.last_word == "in doubt"}
    times = sorted(each.mail_at for each in taken)
    after = [course.struck, *(at for at in times if at > course.struck)]
    back: tuple[float, ...] = ()
    if course.whose is not None:
        address = course.whose.host.address
        back = tuple(e.mail_at for e in taken if e.peer == address and e.mail_at > course.returned)
    # What was claimed already leaves without a database: the silence comes after it.
    silence, heard = max(((b - a, b) for a, b in pairwise(after)), default=(0.0, 0.0))
    return Result(
        drill=name,
        letters=len(taken),
        missed=sum(
            (r, letter) not in settled for r in readers if r not in held for letter in LETTERS
        ),
        doubles=sum(max(0, count - len(LETTERS)) for count in by_reader.values()),
        doubt=len(doubted),
        wire=len(doubted & accepted),
        held=sum(fate.last_word == "in doubt" for fate in own.values()),
        gap=silence,
        resumed=max(0.0, heard - course.promoted) if course.promoted else None,
        back=min(back) - course.returned if back else None,
        took=max(times, default=begun) - begun,
        ended=ended,
        findings=sorted(course.findings),
    )


def _until(cluster: Cluster, holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        cluster.let_pass(0.5)
    return True


def look(cluster: Cluster, course: Course) -> None:
    """What `status` finds wrong now."""
    _, printed = cluster.verb("status", "--json")
    start = printed.find("{")
    if start < 0:
        course.findings.add(printed.strip()[:200])
        return
    read, _ = json.JSONDecoder().raw_decode(printed[start:])
    for finding in read["findings"]:
        course.findings.add(f"{finding['code']}: {finding['what']}")


def nothing(cluster: Cluster, course: Course) -> None:
    """What it takes when nothing happens."""


def killed(cluster: Cluster, course: Course) -> None:
    """A machine loses its power, and is there again after a while."""
    machine = cluster.machines[0]
    cluster.network.cut(machine.host)
    machine.die()
    cluster.let_pass(LATE_SECONDS)
    look(cluster, course)
    cluster.let_pass(AWAY_SECONDS - LATE_SECONDS)
    cluster.network.mend(machine.host)
    machine.start()
    course.whose, course.returned = machine, time.time()


def cut_off(cluster: Cluster, course: Course) -> None:
    """A machine's cable is drawn, and put back."""
    machine = cluster.machines[1]
    cluster.network.cut(machine.host)
    cluster.let_pass(LATE_SECONDS)
    look(cluster, course)
    cluster.let_pass(AWAY_SECONDS - LATE_SECONDS)
    cluster.network.mend(machine.host)
    course.whose, course.returned = machine, time.time()


def unanswered(cluster: Cluster, course: Course) -> None:
    """A machine still reaches the mail server, and hears nothing of the database any more."""
    machine = cluster.machines[2]
    with cluster.network.apart(cluster.pair.primary, machine.host):
        cluster.let_pass(LATE_SECONDS)
        look(cluster, course)
        cluster.let_pass(AWAY_SECONDS - LATE_SECONDS)
    course.whose, course.returned = machine, time.time()


def paused(cluster: Cluster, course: Course) -> None:
    """A machine stands still past its lease, and goes on as if nothing had been."""
    machine = cluster.machines[0]
    machine.pause()
    cluster.let_pass(LATE_SECONDS)
    look(cluster, course)
    cluster.let_pass(AWAY_SECONDS - LATE_SECONDS)
    machine.resume()
    course.whose, course.returned = machine, time.time()


def hung(cluster: Cluster, course: Course) -> None:
    """One process stands still: the sender of a machine whose others go on."""
    machine = cluster.machines[1]
    machine.signal_part("send", signal.SIGSTOP)
    cluster.let_pass(LATE_SECONDS)
    look(cluster, course)
    cluster.let_pass(AWAY_SECONDS - LATE_SECONDS)
    machine.signal_part("send", signal.SIGCONT)
    course.whose, course.returned = machine, time.time()


def clock_jumps(cluster: Cluster, course: Course) -> None:
    """A machine's clock is suddenly ten minutes ahead, and is set right."""
    machine = cluster.machines[-1]
    machine.set_clock(600)
    cluster.let_pass(LATE_SECONDS)
    look(cluster, course)
    machine.set_clock(0)
    course.whose, course.returned = machine, time.time()


def fails_over(cluster: Cluster, course: Course) -> None:
    """The primary's host dies: each commit had waited for the standby."""
    course.promoted = cluster.pair.fail_over()


def fails_over_late(cluster: Cluster, course: Course) -> None:
    """The primary's host dies, and with it what it had not told the standby."""
    pair = cluster.pair
    with cluster.network.apart(pair.primary, pair.standby):
        cluster.let_pass(LOST_SECONDS)
        cluster.network.cut(pair.primary)
    course.promoted = pair.fail_over()
    cluster.let_pass(LATE_SECONDS)
    look(cluster, course)
    status, said = cluster.verb("resume", "--yes")
    course.findings.add(f"resume: {status}")
    if status:
        course.findings.add(said.strip()[-200:])
