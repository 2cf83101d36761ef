"""Segments at work: how soon a fact is seen in its segment, what keeping all of them costs the
follower, building one anew, and a mailing to a tenth of the people.

Ten people live by the engine's own code, each with a town and orders of their own, and are
multiplied. A hundred segments ask about lists, answers, letters, orders and fields, alone and put
together; each fact touches many of them. An installation without segments has the same people.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.clicking import PORTS
from bench.crowd import multiply, settle
from bench.installation import CROWDED, LETTER, MORE, Installation, opened, publish, send_by_hand
from bench.lives import ENGINE, IMPORT, RELAY, Life, append_all, appends, lives
from bench.memory import CLICKS, click, links, peak
from bench.processes import free_port
from bench.sending import SMTP, at_work, dispatch
from bench.server import Server, server
from bench.sink import SESSIONS, sink
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.installation.events import BroadcastFellDue
from engine.ledger.codec import Encoded
from engine.ledger.store import Append, Written
from engine.sequence.delay import DAY
from engine.store.sql import beside
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person
from engine.vault.evidence import evidence
from engine.vault.segments import PersonalSegments
from engine.vault.vault import VaultWrite
from projections.agenda import Agenda
from projections.segments import SegmentMembership
from projections.view import LIVE, schema_of

SQL = beside(__file__).within(view=schema_of(Agenda, LIVE))
PROTOTYPES = 10
TENTH = 9
"""The list on which a tenth of the people stand, who are the segment of that name too."""
CALENDAR, QUESTION = "le calendrier des semis", f"list:{CROWDED}/{LETTER}"
FACTS_A_SECOND, GROUP = 500, 50
GOAL_VISIBLE, GOAL_FOLLOW, GOAL_BUILD, GOAL_FIRST, GOAL_LOOP, GOAL_MEMORY = (
    *(1000, 0.8, 3.0, 2000, 0.9),
    250,
)
PARTS = ("follow", "send", "send", "web")
FIELDS = """
town = "Ville"
"""
SEGMENT = """
[[segment]]
id = "{name}"
name = "{name}"
{lines}
"""
BROADCAST = """
[[broadcast]]
id = "{name}"
to = [{to}]
on = "2040-01-01 09:00"
subject = "Une question avant la conférence, {{{{ first_name }}}}"
body = "question.md"
"""
WATCHED = {
    "answer": (
        "a-repondu",
        f"all = ['on {CROWDED}', 'answered {CROWDED}/{LETTER} with \"{CALENDAR}\" within 30 days']",
    ),
    "order": ("a-commande", "all = ['ordered \"LIVRE\" within 60 days']"),
    "letter": ("deux-lettres", f"all = ['on {CROWDED}', 'received 2 letters within 30 days']"),
    "field": ("lyon", f"all = ['on {CROWDED}', 'field town is \"Lyon\"']"),
}
"""Whoever such a fact happens to enters this segment; nobody was in it before."""
ANEW = "calendrier-ville-3"
SEGMENTS = (
    *WATCHED.values(),
    ("dixieme", f"all = ['on {CROWDED}', 'ordered \"P0\" within 1 year']"),
    (
        ANEW,
        f"all = ['on {CROWDED}', 'field town is \"Ville-3\"', 'answered {CROWDED}/{LETTER} with"
        f' "{CALENDAR}" within 30 days\']',
    ),
)
"""Always there; the last is counted by hand too (segments.sql)."""


def measure(size: Size) -> list[Row]:
    people, segments = size.pick((1_000, 10), (20_000, 100), (1_000_000, 100))
    rounds, ports = size.pick(1, 3, 1), (free_port(), free_port(), free_port())
    with server() as place, sink() as target:
        work = SMTP.format(port=target.port, connections=SESSIONS // 2) + PORTS.format(*ports)
        with (
            segmented(place, "without", people, 0, "", rounds) as without,
            segmented(place, "segmented", people, segments, work, rounds) as here,
        ):
            of = f"{people:,} people, {segments} segments"
            rows = [
                against(
                    f"follow with segments, {of}",
                    "events/s",
                    GOAL_FOLLOW,
                    _followed(here, without, size.pick(200, 1_000, 2_000), size.pick(3, 5, 5)),
                ),
                against(
                    f"one segment of {people:,} people anew, against count(*) by hand",
                    "ms",
                    GOAL_BUILD,
                    _built_anew(here, size.pick(3, 7, 5)),
                    at_most=True,
                    of="ratio",
                ),
                _first_published(without, of, segments),
            ]
            with at_work(here, PARTS, 2) as processes:
                rows.append(_visible(here, of, size.pick(1, 20, 30)))
                rows += _mailings(here, people // PROTOTYPES, rounds, ports[0])
                peaks = [peak(process.pid) for process in processes]
    return rows + [
        Row(f"memory of {part}, {of}", megabytes, "MB", goal=GOAL_MEMORY, at_most=True)
        for part, megabytes in dict(zip(PARTS, peaks, strict=True)).items()
    ]


@contextmanager
def segmented(
    place: Server, name: str, people: int, segments: int, extra: str, rounds: int
) -> Iterator[Installation]:
    """So many people, in all, of whom each tenth has lived alike; no segment for 0."""
    with opened(place, name, name, FIELDS + extra) as here:
        _publish(here, segments, rounds)
        here.context.views.catch_up()
        streams = [_lived(here.context, number) for number in range(PROTOTYPES)]
        here.context.views.catch_up()
        for stream in streams:
            multiply(here, stream, people // PROTOTYPES - 1)
        settle(here.owner)
        yield here


def _publish(here: Installation, segments: int, rounds: int) -> None:
    text = f'title = "S"\npurpose = "conseils"\n[[list]]\nid = {TENTH}\nname = "dixieme"\n'
    if segments:
        text += "".join(
            SEGMENT.format(name=each, lines=lines) for each, lines in _segments(segments)
        )
        for number in range(rounds):
            text += BROADCAST.format(name=f"segment-{number}", to='"segment:dixieme"')
            text += BROADCAST.format(name=f"list-{number}", to=TENTH)
    (here.folder / "sequences" / "segments.toml").write_text(text, encoding="utf-8")
    publish(here.context)


def _segments(count: int) -> Iterator[tuple[str, str]]:
    yield from SEGMENTS
    for number in range(count - len(SEGMENTS)):
        days, near, next_one = 30 + number, number % PROTOTYPES, (number + 1) % PROTOTYPES
        bought = f"'ordered \"P{near}\" within {days} days'"
        lines = (
            f"all = ['on {CROWDED}', {bought}]",
            f'all = [\'field town is "Ville-{near}" or "Ville-{next_one}"\']'
            "\nnone = ['ordered \"LIVRE\"']",
            f"all = ['answered anything within {days} days', {bought}]",
            f"any = [{bought}, 'ordered \"P{next_one}\" 2 times within {days} days']"
            f"\nnone = ['on {MORE}']",
            f"all = ['field town is \"Ville-{near}\"']\nnone = ['silent for {days} days']",
            f"all = ['on {CROWDED}', 'received 2 letters of conseils within {days} days',"
            f" 'field town is \"Ville-{near}\"']",
        )
        yield f"segment-{number}", lines[number % len(lines)]


def _lived(context: AppContext, number: int) -> str:
    """One who joined with a town, got the first letter and ordered; the first of them stands on the
    tenth's list too.
    """
    now, cause = context.clock.now(), e.Cause("import")
    piece = evidence(secrets.token_bytes(32), {"file": "readers.csv", "line": number})
    fields = {"first_name": "Anne", "town": f"Ville-{number}"}
    subscribe = c.Subscribe(
        now,
        e.Cause("import", evidence=piece.commitment.hex()),
        CROWDED,
        "consent",
        "declared",
        fields=tuple(fields),
        timezone="Europe/Paris",
    )
    request = CommandRequest(
        subscribe,
        address=f"prototype-{number}@potager.example",
        vault_write=VaultWrite("", now, fields=fields, evidence=(piece,)),
    )
    stream = context.command_handler.execute_one(request).stream
    send_by_hand(context, CROWDED, [stream])
    facts: list[c.AnyCommand] = [
        c.RecordOrder(now, cause, secrets.token_hex(16), 4900, "EUR", (f"P{number}",))
    ]
    if number == 0:
        facts.append(c.Transfer(now, e.Cause("operator"), 0, TENTH))
    for command in facts:
        _done(context, [CommandRequest(command, stream=stream)])
    return stream


def _done(context: AppContext, requests: Sequence[CommandRequest]) -> None:
    for result in context.command_handler.execute(requests):
        if not isinstance(result.outcome, Done):
            raise RuntimeError(f"a fact of the benchmark was not recorded: {result.outcome}")


def _followed(
    here: Installation, without: Installation, count: int, rounds: int
) -> list[tuple[float, float]]:
    """Events a second, with segments and without: the same people join, get a letter, answer it and
    order, stage by stage.
    """
    rates = []
    for _ in range(rounds):
        people = lives(count)
        seconds, entries = [0.0, 0.0], 0
        for stage in range(4):
            for number, each in enumerate((here, without)):
                context = each.context
                before, now = context.ledger.head(), context.clock.now()
                append_all(
                    context.ledger,
                    list(appends(people, stage, now) if stage < 3 else _acts(people, now)),
                )
                with Watch() as watch:
                    context.views.catch_up()
                seconds[number] += watch.seconds
                entries += context.ledger.head() - before
        rates.append((entries / 2 / seconds[0], entries / 2 / seconds[1]))
    return rates


def _acts(people: Sequence[Life], now: int) -> Iterator[list[Append]]:
    """What people do who got the letter of `lives`."""
    cause = e.Cause("link")
    yield [
        Append(
            life.stream,
            5,
            tuple(
                Encoded(life.stream, event, cause, now)
                for event in (
                    e.LetterAnswered(now, life.message, 1, "button", QUESTION, CALENDAR),
                    e.OrderRecorded(now, secrets.token_hex(16), 4900, "EUR", ("P3",)),
                )
            ),
        )
        for life in people
    ]


def _built_anew(here: Installation, rounds: int) -> list[tuple[float, float]]:
    """Milliseconds of building one segment, and of counting whom it holds for, in turns."""
    context = here.context
    segments = SegmentMembership(schema_of(Agenda, LIVE), PersonalSegments())
    found = []
    for _ in range(rounds):
        here.owner.execute(SQL["forget"], {"segment": ANEW})
        segments.use(context.installation_stream.current().plan())
        now = context.clock.now()
        with (
            Watch() as building,
            context.database.transaction(long=True) as connection,
            connection.cursor() as cursor,
        ):
            built = segments.build_one(cursor, now, context.ledger.head())
        assert built, "there was no segment to be built"
        with (
            Watch() as counting,
            context.database.transaction(long=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(SQL["everybody"])
            cursor.execute(SQL["by_hand"], {"since": now - 30 * DAY}).fetchall()
        found.append((1000 * building.seconds, 1000 * counting.seconds))
    return found


def _first_published(here: Installation, of: str, segments: int) -> Row:
    """From when the first segments of an installation are published until everybody stands in
    theirs; the limit is one of them, counted by hand, as many times.
    """
    with Watch() as building:
        _publish(here, segments, 0)
        here.context.views.catch_up()
    since = here.context.clock.now() - 30 * DAY
    with Watch() as counting:
        here.owner.execute(SQL["by_hand"], {"since": since}).fetchall()
    limit = segments * counting.seconds
    return Row(
        f"a first publication, until all are built, {of}",
        round(building.seconds, 1),
        "s",
        round(limit, 2),
        round(building.seconds / limit, 3),
    )


@dataclass
class Arrivals:
    """Who is expected in which segment, since when, and how long it took until they stood there
    (seconds of the wall); looked for all the time.
    """

    here: Installation
    expected: dict[tuple[str, str], float] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self) -> None:
        while not self.over or self.expected:
            with self.lock:
                pairs = list(self.expected)
            if pairs:
                values = {"segments": [p[0] for p in pairs], "subscribers": [p[1] for p in pairs]}
                rows = self.here.owner.execute(SQL["visible"], values).fetchall()
                now = time.monotonic()
                with self.lock:
                    for segment, subscriber in rows:
                        since = self.expected.pop((str(segment), str(subscriber)))
                        self.waited.append(now - since)
            time.sleep(0.05)


def _visible(here: Installation, of: str, seconds: int) -> Row:
    """The wait of all but one in a hundred, from when a fact was to arrive: its own append is
    counted.
    """
    context, arrivals = here.context, Arrivals(here)
    kinds = list(WATCHED)
    values = {"limit": seconds * FACTS_A_SECOND}
    people = [str(row[0]) for row in here.owner.execute(SQL["some_people"], values).fetchall()]
    watching = threading.Thread(target=arrivals.watch, daemon=True)
    watching.start()
    begun = time.monotonic()
    for first in range(0, len(people), GROUP):
        due = begun + first / FACTS_A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        group = {
            who: kinds[number % len(kinds)]
            for number, who in enumerate(people[first : first + GROUP])
        }
        with arrivals.lock:
            arrivals.expected |= {(WATCHED[kind][0], who): due for who, kind in group.items()}
        _happen(context, group)
    rate = len(people) / (time.monotonic() - begun)
    arrivals.over = True
    watching.join(60)
    if arrivals.expected:
        raise RuntimeError(f"{len(arrivals.expected)} facts are in no segment")
    waited = sorted(arrivals.waited)
    return Row(
        f"a fact visible in its segment, 99 of 100, {of}, {rate:.0f} facts/s",
        round(1000 * waited[len(waited) * 99 // 100], 1),
        "ms",
        goal=GOAL_VISIBLE,
        at_most=True,
    )


def _happen(context: AppContext, group: dict[str, str]) -> None:
    """A fact of its kind to each of these people, as a press on a link, a call, or a sender brings
    it.
    """
    now = context.clock.now()
    folds = context.views.folds(list(group))
    requests, sent = [], []
    for who, kind in group.items():
        person = folds[who]
        if kind == "letter":
            sent.append(_second_letter(who, person, now))
        else:
            requests.append(_request(who, kind, person, now))
    _done(context, requests)
    if not all(isinstance(answer, Written) for answer in context.ledger.append(sent)):
        raise RuntimeError("a letter of the benchmark was not written down")


def _request(who: str, kind: str, person: Person, now: int) -> CommandRequest:
    if kind == "field":
        change = c.ChangeProfile(now, IMPORT, ("town",))
        write = VaultWrite(who, now, fields={"town": "Lyon"})
        return CommandRequest(change, stream=who, vault_write=write)
    if kind == "order":
        order = c.RecordOrder(now, IMPORT, secrets.token_hex(16), 1900, "EUR", ("LIVRE",))
        return CommandRequest(order, stream=who)
    standing = person.memberships[CROWDED]
    answer = c.Answer(
        now,
        e.Cause("link"),
        message=standing.letters[LETTER].message,
        source=CROWDED,
        run=standing.run,
        link=3,
        kind="copy",
        target=MORE,
        act="button",
        question=QUESTION,
        label=CALENDAR,
    )
    return CommandRequest(answer, stream=who)


def _second_letter(who: str, person: Person, now: int) -> Append:
    """Begun and sent, as a sender writes it down."""
    message, run = secrets.token_hex(16), person.memberships[CROWDED].run
    begun = e.LetterBegun(
        now, f"list:{CROWDED}", "letter", "later", message, CROWDED, run, 1, "conseils", "bench"
    )
    sent = e.LetterSent(now, message, 250, "2.0.0")
    return Append(
        who,
        person.version,
        (Encoded(who, begun, ENGINE, now), Encoded(who, sent, RELAY, now)),
    )


def _mailings(here: Installation, count: int, rounds: int, port: int) -> list[Row]:
    """A mailing to the segment, then one to the list on which the same people stand; and clicks in
    the last, for the memory of `web`.
    """
    context, rates, firsts = here.context, [], []
    for number in range(rounds):
        times = {}
        for name in ("segment", "list"):
            before = context.ledger.head()
            now = context.clock.now()
            due = BroadcastFellDue(now, f"{name}-{number}", "2040-01-01")
            times[name] = dispatch(context, due, count)
        firsts.append(tuple(1000 * times[name][0] for name in ("segment", "list")))
        rates.append((count / times["segment"][1], count / times["list"][1]))
    click(port, links(context, before)[:CLICKS])
    first, of_list = sorted(firsts)[(rounds - 1) // 2]
    return [
        Row(
            f"a mailing to a segment of {count:,}: its first letter claimed",
            round(first, 1),
            "ms",
            round(of_list, 1),
            round(first / of_list, 3),
            GOAL_FIRST,
            at_most=True,
        ),
        against(f"loop of {count:,} in a segment, against a list", "letters/s", GOAL_LOOP, rates),
    ]
