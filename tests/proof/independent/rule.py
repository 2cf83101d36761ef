"""The rule P1 written from docs/format.md alone, with the entries it is about.

The names and defaults of fields, and what each line is about, are read from the page's tables; a
test sees to it that nothing in this folder imports anything of the program.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

PAGE = (Path(__file__).parents[3] / "docs" / "format.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line[1:-1].split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|")
]
QUOTED = re.compile(r"`([^`]+)`")
RULE = {row[0]: row[1] for row in ROWS if re.fullmatch(r"P1\.[0-9]+", row[0])}
[DECIDES] = [row[2] for row in ROWS if row[0] == "P1.56"]
TEXTS, INTEGERS, TRUTHS = (
    set(QUOTED.findall(part)) for part in DECIDES.partition(". ")[0].split(";")
)
INTEGERS |= {"expires_at", "due_at", "retry_at", "ends_at", "contacted_at", "until"}
TYPED = [(row[0], QUOTED.findall(row[1]), row[2]) for row in ROWS if len(row) == 3]
NUMBERS = {name: int(rest) for kind, names, rest in TYPED if kind == "number" for name in names}
FLAGS = {
    name: rest == "true" for kind, names, rest in TYPED if kind == "true or false" for name in names
}
ZONES = cache(available_timezones)
INSTALLATION = "00000000-0000-4000-8000-000000000001"
DAY = 86_400_000
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Bad(ValueError):
    """Something is not as the page has it."""


def need(holds: object) -> None:
    if not holds:
        raise Bad


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unbase64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text)
    return data


def read_json(data: bytes) -> object:
    def number(text: str) -> int:
        need(re.fullmatch(r"-?[0-9]{1,16}", text) and abs(int(text)) < 2**53)
        return int(text)

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        need(len(dict(pairs)) == len(pairs))
        return dict(pairs)

    try:
        value: object = json.loads(
            data.decode(),
            object_pairs_hook=members,
            parse_int=number,
            parse_float=number,
            parse_constant=number,
        )
    except RecursionError:
        raise Bad from None
    json.dumps(value, ensure_ascii=False).encode()  # half characters have no bytes
    return value


class Fact(NamedTuple):
    position: int
    octets: bytes
    stream: str
    version: int
    name: str
    v: int
    at: int
    recorded_at: int
    cause: dict[str, object]
    data: dict[str, object]

    def text(self, name: str) -> str:
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        value = self.data.get(name)
        return value if type(value) is int else NUMBERS.get(name, 0)

    def flag(self, name: str) -> bool:
        value = self.data.get(name)
        return value if isinstance(value, bool) else FLAGS[name]

    @property
    def subject(self) -> str:
        """The purpose it is about: `*` for a question whether to go on, and the mail that asks."""
        asks = self.name.startswith("permission-") or self.text("kind") == "permission"
        return "*" if asks else self.text("purpose")


def read_entry(position: int, octets: bytes) -> Fact:
    value = read_json(octets)
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(len(octets) <= 65_535 and plain.encode() == octets and isinstance(value, dict))
    assert isinstance(value, dict)
    numbers, texts, objects = "version v at recorded_at", "stream name", "cause data"
    kinds = {int: numbers.split(), str: texts.split(), dict: objects.split()}
    need(value.keys() == {name for names in kinds.values() for name in names})
    need(all(type(value[name]) is kind for kind, names in kinds.items() for name in names))
    need(re.fullmatch(UUID, value["stream"]))
    return Fact(position=position, octets=octets, **value)


OWN_ACTS = ("human_button", "rfc8058", "mailto", "reply")
GROUNDS = ("consent-given", "ground-declared", "consent-confirmed")
KINDS = {
    "letter": "erased restricted suppressed withdrawn:{}",
    "broadcast": "erased restricted suppressed withdrawn:{}",
    "confirmation": "erased restricted complained closed:{}",
    "permission": "erased restricted suppressed closed:{}",
    "rights": "erased",
}
LISTED, ASKING = ("letter", "broadcast"), ("confirmation", "permission")


class Message(NamedTuple):
    state: str = ""
    begun: int = 0
    due_from: float = float("-inf")
    kind: str = ""
    purpose: str = ""
    run: int = 0
    was_in_doubt: bool = False


class Open(NamedTuple):
    """A request or a question. `ids`: its own, then those it took up; `letters` ask for it."""

    ids: tuple[str, ...]
    letters: tuple[str, ...]
    mailed_from: int
    expires_at: int


@dataclass
class Person:
    grounds: set[str] = field(default_factory=set)
    open: dict[str, Open] = field(default_factory=dict)
    stops: dict[str, int] = field(default_factory=dict)
    rights: dict[str, tuple[int, int]] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    letters: dict[tuple[object, ...], str] = field(default_factory=dict)
    standing: dict[int, int] = field(default_factory=dict)
    ways: dict[int, int] = field(default_factory=dict)
    orders: dict[tuple[str, str], int] = field(default_factory=dict)
    themes: list[object] = field(default_factory=list)
    contents: list[object] = field(default_factory=list)
    paused_until: int = 0
    segments: set[str] = field(default_factory=set)
    dates: list[tuple[str, ...]] = field(default_factory=list)
    timezone: str = ""
    frequency: str = ""
    counting: dict[str, tuple[str, int]] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    configurations: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    trials: Mapping[str, Sequence[Fact]] = field(default_factory=dict)
    ruled: dict[str, bool] = field(default_factory=dict)
    silences: dict[str, int] = field(default_factory=dict)
    heard: float = float("-inf")
    recorded_at: float = float("-inf")
    is_known: bool = False
    rate: int = 1

    def broken(self, fact: Fact) -> list[str]:
        """The lines that one more fact breaks."""
        before = lines_about(fact.name, fact.text("kind"), fact.text("settled") != "")
        lines = [line for line in before if not HOLDS[line](self, fact)]
        self.take_in(fact)
        return [*lines, *(["P1.55"] if not HOLDS["P1.55"](self, fact) else [])]

    def untold(self, fact: Fact) -> list[str]:
        """The lines of pressure that nothing can be said of: no configuration of its edition."""
        if fact.number("edition") in self.configurations:
            return []
        if fact.name == "letter-begun" and fact.text("kind") not in (*ASKING, "rights"):
            return ["P1.65"]
        is_held = fact.name == "letter-withheld" and fact.text("why") == "pressure"
        return ["P1.66"] if is_held else []

    def message(self, fact: Fact) -> Message:
        return self.messages.get(fact.text("message"), Message())

    def request(self, fact: Fact) -> Open | None:
        return self.open.get(fact.subject)

    def knows(self, fact: Fact) -> bool:
        """Whether the request it names is open, or was taken up by the one that is."""
        request = self.request(fact)
        return request is not None and fact.text("request") in request.ids

    def letter(self, fact: Fact) -> tuple[object, ...]:
        """By what a mail is the same as another."""
        kind, request = fact.text("kind"), self.request(fact)
        if kind == "letter":
            return fact.number("run"), fact.text("letter")
        if kind in ASKING:
            return fact.text("key"), request and request.ids[0], fact.text("letter")
        return fact.text("key"), fact.text("letter")

    def is_single(self, fact: Fact, *names: str) -> bool:
        message = self.letters.get(self.letter(fact), fact.text("message"))
        return message == fact.text("message") and (not names or fact.text("letter") in names)

    def in_time(self, fact: Fact) -> bool:
        message = self.message(fact)
        stops = KINDS.get(message.kind, KINDS["letter"]).format(message.purpose).split()
        since = [self.stops[stop] for stop in stops if stop in self.stops]
        return all(fact.at <= stopped + 3_600_000 * self.rate for stopped in since)

    def may_extend(self, fact: Fact) -> bool:
        asked_at, due_at = self.rights.get(fact.text("request"), (fact.at, fact.at))
        return fact.at <= due_at <= fact.number("due_at") <= asked_at + 93 * DAY

    def caps(self, fact: Fact) -> list[tuple[str, str]]:
        """The caps that hold for a letter, each with the purpose it counts."""
        if self.bases.get(fact.text("purpose")) == "service":
            return []
        declared = self.configurations.get(fact.number("edition"), {})
        caps = [(str(cap), "") for cap in members(declared.get("pressure"))]
        for purpose in members(declared.get("purposes")):
            if isinstance(purpose, dict) and purpose.get("id") == fact.text("purpose"):
                caps += [(str(cap), fact.text("purpose")) for cap in members(purpose.get("max"))]
        return caps + {"weekly": [("1 per 7 days", "")], "monthly": [("1 per 1 month", "")]}.get(
            self.frequency, []
        )

    def is_full(self, cap: str, purpose: str, fact: Fact) -> bool:
        declared = self.configurations.get(fact.number("edition"), {})
        zones = [self.timezone, str(declared.get("timezone", "")), "UTC"]
        zone = ZoneInfo(next(zone for zone in zones if zone in ZONES()))
        others = [of for message, of in self.counting.items() if message != fact.text("message")]
        others = [(of, at) for of, at in others if self.bases.get(of) != "service"]
        ends = [window_ends(cap, at, zone) for of, at in others if purpose in ("", of)]
        return len([end for end in ends if fact.at < end]) >= int(cap.partition(" ")[0])

    def drawn(self, fact: Fact) -> str:
        key = fact.text("key")
        if key[:10] == "broadcast:":
            key = key.split("/")[0]
        name = key + "/" + fact.text("letter")
        last = None
        for trial in self.trials.get(name, ()):
            if trial.number("edition") <= fact.number("edition"):
                last = trial
        if last is None or not members(last.data.get("arms")):
            return ""
        said = "\n".join(["relance version", name, str(last.number("edition")), fact.stream])
        place = int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big") % 100
        arms = [members(arm) for arm in members(last.data.get("arms"))]
        places = [str(version) for version, share in arms for _ in range(int(str(share)))]
        return places[place] if place < len(places) else ""

    def held_rightly(self, fact: Fact) -> bool:
        if fact.text("why") != "pressure" or fact.number("edition") not in self.configurations:
            return True
        caps = [cap for cap in self.caps(fact) if cap[0] == fact.text("cap")]
        full = [cap for cap in caps if fact.text("favoured") or self.is_full(*cap, fact)]
        return full != [] and (fact.number("until") == 0 or fact.number("until") > fact.at)

    def stop(self, what: str, fact: Fact) -> None:
        self.stops.setdefault(what, fact.recorded_at)

    def close(self, purpose: str, fact: Fact) -> None:
        if self.open.pop(purpose, None) is not None:
            self.stop(f"closed:{purpose}", fact)

    def take_in(self, fact: Fact) -> None:
        name, purpose, request = fact.name, fact.subject, fact.text("request")
        amount = fact.number("amount")
        self.recorded_at, self.is_known = fact.recorded_at, True
        match name:
            case "consent-requested" | "permission-asked":
                former = self.open.get(purpose)
                ids = former.ids if former is not None and former.expires_at > fact.at else ()
                begins = max(fact.at, fact.number("hold_until"))
                letters = ("ask-first",) if fact.flag("declared") else ("ask", "ask-again")
                expires_at = fact.number("expires_at")
                self.open[purpose] = Open((request, *ids), letters, begins, expires_at)
                self.stops.pop(f"closed:{purpose}", None)
            case "consent-confirmed" | "consent-expired":
                self.close(purpose, fact)
            case "consent-withdrawn":
                everything = sorted(self.grounds | set(self.open))
                for gone in everything if purpose == "*" else [purpose]:
                    self.grounds.discard(gone)
                    self.stop(f"withdrawn:{gone}", fact)
                    self.close(gone, fact)
            case "subscriber-suppressed" | "mail-complained":
                self.stop("suppressed", fact)
                if name == "mail-complained" or fact.text("why") == "complained":
                    self.stop("complained", fact)
            case "mail-bounced" if fact.text("kind") == "hard":
                self.stop("suppressed", fact)
            case "subscriber-reachable":
                self.stops.pop("suppressed", None)
                self.stops.pop("complained", None)
            case "processing-restricted" if fact.flag("lifted"):
                self.stops.pop("restricted", None)
            case "processing-restricted":
                self.stop("restricted", fact)
            case "right-exercised":
                self.rights[request] = fact.at, fact.number("due_at")
            case "right-extended" if request in self.rights:
                self.rights[request] = self.rights[request][0], fact.number("due_at")
            case "order-recorded":
                self.orders[bought(fact)] = self.orders.get(bought(fact), 0) + amount
            case "order-refunded":
                self.orders[bought(fact)] = self.orders.get(bought(fact), 0) - amount
            case "segment-entered":
                self.segments.add(fact.text("segment"))
            case "anchor-reached":
                self.dates.append(dated(fact))
            case "segment-left":
                self.segments.discard(fact.text("segment"))
            case "rules-applied":
                self.ruled[fact.text("segment")] = fact.flag("entered")
            case "purpose-stopped":
                self.silences[purpose] = fact.number("silent_since")
            case "right-answered":
                self.rights.pop(request, None)
            case "preferences-set":
                themes, contents = fact.data.get("themes"), fact.data.get("contents")
                self.themes = themes if isinstance(themes, list) else []
                self.contents = contents if isinstance(contents, list) else []
                self.paused_until = fact.number("paused_until")
                self.frequency = fact.text("frequency")
            case "subscriber-registered" | "profile-changed":
                self.timezone = fact.text("timezone") or self.timezone
            case "subscriber-erased":
                self.stop("erased", fact)
                for known in (
                    self.grounds,
                    self.open,
                    self.rights,
                    self.standing,
                    self.segments,
                    self.silences,
                ):
                    known.clear()
        if name in GROUNDS and purpose != "measure":
            self.grounds.add(purpose)
            self.bases[purpose] = fact.text("basis")
            self.stops.pop(f"withdrawn:{purpose}", None)
        self.heard = max(self.heard, contact(fact))
        if name != "consent-withdrawn":
            for silent in [n for n, since in self.silences.items() if contact(fact) > since]:
                del self.silences[silent]
        question = self.open.get("*")
        if question is not None and contact(fact) >= question.mailed_from:
            del self.open["*"]
        self.follow_message(fact)
        self.follow_way(fact)

    def follow_message(self, fact: Fact) -> None:
        name, known, id_ = fact.name, self.message(fact), fact.text("message")
        settled, why = fact.text("settled"), fact.text("why")
        if name == "letter-begun" and fact.text("kind") not in (*ASKING, "rights"):
            self.counting[id_] = fact.subject, fact.at
        elif id_ in self.counting and (name == "letter-sent" or settled == "taken-as-sent"):
            self.counting[id_] = self.counting[id_][0], fact.at
        elif name in NOT_COUNTING and not known.was_in_doubt:
            self.counting.pop(id_, None)
        if name == "letter-begun":
            self.letters.setdefault(self.letter(fact), id_)
            about = fact.text("kind"), fact.subject, fact.number("run")
            begun = Message("begun", known.begun + 1, float("-inf"), *about)
            self.messages[id_] = begun._replace(was_in_doubt=known.was_in_doubt)
        elif name in ("letter-deferred", "letter-retried") or settled == "resend":
            due = fact.number("retry_at") if name == "letter-deferred" else fact.at
            self.messages[id_] = known._replace(state="due", due_from=due)
        elif name == "letter-withheld" and not id_:
            pass
        elif name == "letter-withheld" and fact.number("until"):
            self.messages[id_] = known._replace(state="due", due_from=fact.number("until"))
        elif name == "letter-withheld" and why in ("cannot be rendered", "cannot be carried"):
            self.messages[id_] = known._replace(state="mendable")
        elif name in ("letter-sent", "letter-failed", "letter-withheld") or (
            settled == "taken-as-sent"
        ):
            self.messages[id_] = known._replace(state="ended")
        elif name == "letter-in-doubt":
            self.messages[id_] = known._replace(state="doubt", was_in_doubt=True)

    def follow_way(self, fact: Fact) -> None:
        run, source = fact.number("run"), fact.number("source_run")
        if fact.name == "list-moved":
            source = source or self.message(fact).run
        elif fact.name != "list-transferred" or fact.flag("copied"):
            source = 0
        if fact.name in ("list-joined", "list-copied", "list-moved", "list-transferred"):
            self.ways.setdefault(run, self.ways.get(source, source) if source else run)
        for number in left(fact):
            self.standing.pop(number, None)
        self.standing.update(joined(fact))


NOT_COUNTING = ("letter-failed", "letter-deferred", "letter-withheld")
WINDOW = re.compile(r"(\d+) (month|day|hour|minute)s?")


def members(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def window_ends(cap: str, begun_at: int, zone: ZoneInfo) -> int:
    """Until when a letter begun at an instant counts for a cap."""
    window = {unit: int(number) for number, unit in WINDOW.findall(cap.partition(" per ")[2])}
    minutes = window.get("hour", 0) * 60 + window.get("minute", 0)
    if "month" in window or "day" in window:
        local = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=begun_at)
        local = local.astimezone(zone).replace(tzinfo=None)
        whole = local.year * 12 + local.month - 1 + window.get("month", 0)
        first = local.replace(year=whole // 12, month=whole % 12 + 1, day=1)
        after = (first + timedelta(days=31)).replace(day=1)
        moved = min(first + timedelta(days=local.day - 1), after - timedelta(days=1))
        moved += timedelta(days=window.get("day", 0))
        begun_at = round(moved.replace(tzinfo=zone, fold=0).timestamp() * 1000)
    return begun_at + minutes * 60_000


def bought(fact: Fact) -> tuple[str, str]:
    return fact.text("order"), fact.text("currency")


def dated(fact: Fact) -> tuple[str, ...]:
    """Which coming round of which date a fact tells of."""
    return tuple(fact.text(name) for name in ("field", "occurrence", "before"))


def contact(fact: Fact) -> float:
    """When the person was in touch, as a fact tells."""
    if fact.name == "contact-noted":
        return fact.number("contacted_at")
    own = (*GROUNDS, "order-recorded")
    return fact.at if fact.name in own or fact.text("act") in OWN_ACTS else float("-inf")


def left(fact: Fact) -> dict[int, int]:
    """Run by list of what a fact lets the person leave."""
    if fact.name == "list-left":
        return {fact.number("list"): fact.number("run")}
    if fact.name in ("list-moved", "list-transferred"):
        stays = fact.name == "list-transferred" and fact.flag("copied")
        run = fact.number("source_run")
        return {fact.number("source"): run} if run and not stays else {}
    if fact.name == "move-undone" and fact.number("left_run"):
        return {fact.number("left"): fact.number("left_run")}
    return {}


def joined(fact: Fact) -> dict[int, int]:
    if fact.name == "list-joined":
        return {fact.number("list"): fact.number("run")}
    if fact.name == "list-copied" or (
        fact.name in ("list-moved", "list-transferred") and fact.flag("joined")
    ):
        return {fact.number("target"): fact.number("run")}
    pairs = fact.data.get("reopened") if fact.name == "move-undone" else None
    return dict(pairs) if isinstance(pairs, list) else {}


@cache
def lines_about(name: str, kind: str, is_settled: bool) -> list[str]:
    """The lines of P1 about a fact, as their second column has it; not P1.55, for afterwards."""
    return [line for line, about in RULE.items() if is_about(about, name, kind, is_settled)]


def is_about(about: str, name: str, kind: str, is_settled: bool) -> bool:
    names = QUOTED.findall(about)
    if about == "every fact" or name not in names:
        return about == "every fact"
    if name == "letter-begun":
        kinds = [known for known in names if known in KINDS]
        kinds += LISTED if "listed" in about else ()
        kinds += ASKING if "asking" in about else ()
        return not kinds or (kind if kind in KINDS else "letter") in kinds
    if name == "letter-in-doubt" and "settled" in about:
        return is_settled != ("not settled" in about)
    return True


def is_press(fact: Fact) -> bool:
    return fact.name != "consent-given" or fact.text("proof") == "page"


def instants(fact: Fact) -> list[int]:
    return [
        fact.at,
        fact.recorded_at,
        *(fact.number(n) for n in fact.data if n.endswith("_at") or n in ("until", "silent_since")),
    ]


def is_well_formed(fact: Fact) -> bool:
    kinds = dict.fromkeys(TEXTS, str) | dict.fromkeys(INTEGERS, int) | dict.fromkeys(TRUTHS, bool)
    typed = all(type(value) is kinds.get(name, type(value)) for name, value in fact.data.items())
    kind = fact.text("kind") if fact.name == "letter-begun" else ""
    of_one = (*GROUNDS, "consent-requested", "purpose-stopped", "letter-begun")
    is_open = fact.name not in of_one or kind in ("permission", "rights")
    purpose = re.fullmatch(r"[A-Za-z0-9-]{1,63}" + r"|\*|" * is_open, fact.text("purpose"))
    known = fact.name != "mail-bounced" or fact.text("kind") in ("hard", "soft", "blocked")
    return typed and purpose is not None and known


Holds = Callable[[Person, Fact], object]
# fmt: off
HOLDS: Mapping[str, Holds] = {
    "P1.01": lambda p, f: all(-62_135_596_800_000 <= t < 253_402_300_800_000 for t in instants(f)),
    "P1.02": lambda p, f: f.at <= f.recorded_at,
    "P1.03": lambda p, f: f.recorded_at >= p.recorded_at,
    "P1.04": lambda p, f: "erased" not in p.stops,
    "P1.05": lambda p, f: "erased" not in p.stops,
    "P1.06": lambda p, f: f.text("act") in ("", *OWN_ACTS),
    "P1.07": lambda p, f: f.text("act") or not is_press(f),
    "P1.08": lambda p, f: f.cause.get("evidence") or not is_press(f),
    "P1.09": lambda p, f: p.request(f),
    "P1.10": lambda p, f: p.request(f) is None or p.knows(f),
    "P1.11": lambda p, f: (r := p.request(f)) is None or f.at < r.expires_at,
    "P1.12": lambda p, f: f.number("expires_at") >= max(f.at, f.number("hold_until")),
    "P1.13": lambda p, f: p.knows(f),
    "P1.14": lambda p, f: "*" not in p.open,
    "P1.15": lambda p, f: p.knows(f),
    "P1.16": lambda p, f: f.text("kind") in KINDS,
    "P1.17": lambda p, f: "erased" not in p.stops,
    "P1.18": lambda p, f: "restricted" not in p.stops,
    "P1.19": lambda p, f: f.text("purpose") in p.grounds,
    "P1.20": lambda p, f: "suppressed" not in p.stops,
    "P1.21": lambda p, f: (
        p.standing.get(f.number("list")) == f.number("run")
        or ((f.text("kind") == "broadcast" and bool(f.text("segment")))
        and f.number("list") == f.number("run") == 0)
    ),
    "P1.22": lambda p, f: p.is_single(f),
    "P1.23": lambda p, f: p.request(f),
    "P1.24": lambda p, f: "complained" not in p.stops,
    "P1.25": lambda p, f: p.is_single(f, *(r.letters if (r := p.request(f)) else ())),
    "P1.26": lambda p, f: "*" in p.open,
    "P1.27": lambda p, f: p.grounds and "suppressed" not in p.stops,
    "P1.28": lambda p, f: p.is_single(f, "ask"),
    "P1.29": lambda p, f: f.text("key") == f"ask:{f.subject}",
    "P1.30": lambda p, f: (r := p.request(f)) is None or f.at < r.expires_at,
    "P1.31": lambda p, f: (r := p.request(f)) is None or f.at >= r.mailed_from,
    "P1.32": lambda p, f: f.text("key") in {f"right:{request}" for request in p.rights},
    "P1.33": lambda p, f: p.is_single(f, "received", "extended", "answered"),
    "P1.34": lambda p, f: p.message(f).state not in ("mendable", "ended"),
    "P1.35": lambda p, f: p.message(f).state not in ("begun", "doubt"),
    "P1.36": lambda p, f: f.at >= p.message(f).due_from,
    "P1.37": lambda p, f: f.number("attempt") == p.message(f).begun + 1,
    "P1.38": lambda p, f: p.message(f).state not in ("", "due"),
    "P1.39": lambda p, f: p.message(f).state or not f.text("message"),
    "P1.40": lambda p, f: p.message(f).state not in ("mendable", "ended"),
    "P1.41": lambda p, f: p.in_time(f),
    "P1.42": lambda p, f: p.message(f).state in ("doubt", "ended"),
    "P1.43": lambda p, f: f.at <= f.number("retry_at") <= f.at + 3 * DAY,
    "P1.44": lambda p, f: p.message(f).state == "mendable",
    "P1.45": lambda p, f: f.at < f.number("due_at") <= f.at + 32 * DAY,
    "P1.46": lambda p, f: f.text("request") in p.rights,
    "P1.47": lambda p, f: p.may_extend(f),
    "P1.48": lambda p, f: f.number("ends_at") >= f.at,
    "P1.49": lambda p, f: abs(f.at - (f.number("counted_from") or f.at)) <= 150 * 365 * DAY,
    "P1.50": lambda p, f: (f.number("hold_until") or f.at) >= f.at,
    "P1.51": lambda p, f: left(f).items() <= p.standing.items(),
    "P1.52": lambda p, f: not joined(f).keys() & (p.standing.keys() - left(f).keys()),
    "P1.53": lambda p, f: set(joined(f).values()) <= p.ways.keys(),
    "P1.54": lambda p, f: f.name == "move-undone" or not p.ways.keys() & set(joined(f).values()),
    "P1.56": lambda p, f: is_well_formed(f),
    "P1.57": lambda p, f: not p.is_known,
    "P1.58": lambda p, f: (
        f.number("amount") >= 0 and all(order != f.text("order") for order, _ in p.orders)
    ),
    "P1.59": lambda p, f: 1 <= f.number("amount") <= p.orders.get(bought(f), 0),
    "P1.60": lambda p, f: f.text("act") in ("", *OWN_ACTS),
    "P1.61": lambda p, f: (not p.themes or f.text("theme") in ("", *p.themes))
    and (not p.contents or f.text("content") in ("", *p.contents)),
    "P1.62": lambda p, f: not p.paused_until or f.at >= p.paused_until,
    "P1.63": lambda p, f: f.text("segment") not in p.segments,
    "P1.64": lambda p, f: f.text("segment") in p.segments,
    "P1.65": lambda p, f: not any(p.is_full(*cap, f) for cap in p.caps(f)),
    "P1.66": lambda p, f: p.held_rightly(f),
    "P1.67": lambda p, f: not p.dates.count(dated(f)),
    "P1.68": lambda p, f: p.ruled.get(f.text("segment")) != f.flag("entered"),
    "P1.69": lambda p, f: p.drawn(f) == f.text("version"),
    "P1.70": lambda p, f: f.text("why") != "holdout" or p.drawn(f) == "holdout",
    "P1.71": lambda p, f: f.text("purpose") not in p.silences,
    "P1.72": lambda p, f: (
        f.text("purpose") in p.grounds
        and f.text("purpose") not in p.silences
        and f.at > f.number("silent_since") >= p.heard
    ),
    "P1.55": lambda p, f: len({p.ways.get(run, run) for run in p.standing.values()})
    == len(p.standing),
}
# fmt: on
