"""The canonical people, times and plan that the specification speaks of.

Lists 1 and 2 are for prospects, 10, 11, 12, 20 and 21 for clients, to whom prospects yield; 30 is
of another purpose; 40 to 43 belong to no group; 50 and 51 are where a poll leads. Times are
milliseconds; NOON is Monday 2 March 2026, 12:00 in Paris.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.sequence.condition import Combined, Ordered
from engine.sequence.delay import HOUR, Delay
from engine.sequence.model import (
    Broadcast,
    Confirmation,
    Content,
    Ending,
    Group,
    Letter,
    Link,
    List,
    Plan,
    Purpose,
    Rejoin,
    Segment,
    SegmentRule,
    Theme,
)
from engine.sequence.timing import Hours, to_instant
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Calendar, Occurrence

PARIS = "Europe/Paris"


def local(text: str, zone: str = PARIS) -> int:
    """The instant of "2026-03-02 12:00" on the clocks of a zone."""
    return to_instant(datetime.fromisoformat(text), zone)


NOON = local("2026-03-02 12:00")
LATER = NOON + HOUR
SECOND = 1000

FORM = e.Cause("form", "f1")
CLICK = e.Cause("click", "m1")
CALL = e.Cause("api", "a1")
SHOP = e.Cause("operator", "o1")
ENGINE = e.Cause("engine")
RULE = e.Cause("rule")
YES, NO, ALSO = Link(0, "move", 11, "Oui"), Link(1, "move", 12, "Non"), Link(2, "copy", 21, "Aussi")
WEEKDAYS = frozenset(range(5))


def letter(
    name: str,
    after: Delay | None = None,
    *,
    wait: Delay | None = None,
    reminds: str = "",
    links: tuple[Link, ...] = (),
) -> Letter:
    return Letter(
        name,
        f"Subject of {name}",
        f"{name}.md",
        after=after,
        wait=wait,
        reminds=reminds,
        links=links,
    )


AT_ONCE = Delay()
WELCOME = letter("welcome", AT_ONCE)
QUESTION = replace(
    letter("question", Delay(days=2), links=(YES, NO, ALSO)), hours=Hours(at=9 * 60, days=WEEKDAYS)
)
QUESTION_AGAIN = letter(
    "question-again", reminds="question", wait=Delay(days=1), links=(YES, NO, ALSO)
)

POLL = Broadcast(
    "enfants",
    "conseils",
    (1,),
    letter("enfants", links=(Link(0, "move", 50), Link(1, "move", 51))),
    on="2026-03-03 09:00",
    reminder=letter(
        "enfants:reminder",
        wait=Delay(days=5),
        reminds="enfants",
        links=(Link(0, "move", 50), Link(1, "move", 51)),
    ),
)


def client_list(
    number: int, name: str, letters: tuple[Letter, ...], ends: Ending | None = None
) -> List:
    return List(number, name, "conseils", group="clients", letters=letters, ends=ends)


LISTS = (
    List(
        1,
        "prospects",
        "conseils",
        group="prospects",
        letters=(letter("hello", AT_ONCE), letter("why", Delay(days=3))),
    ),
    List(2, "chauds", "conseils", group="prospects", letters=(letter("hot", AT_ONCE),)),
    client_list(10, "prise-en-main", (WELCOME, QUESTION, QUESTION_AGAIN), Ending("move", 20)),
    client_list(11, "liste-creee", (letter("bravo", AT_ONCE),), Ending("move", 20)),
    client_list(
        12,
        "aide",
        (letter("help", AT_ONCE), letter("help-more", wait=Delay(days=2))),
        Ending("leave", after=Delay(days=7)),
    ),
    client_list(
        20, "saison", (letter("water", Delay(days=7)), letter("harvest", wait=Delay(months=1)))
    ),
    client_list(21, "carnet", (letter("notebook", AT_ONCE),)),
    List(30, "offres", "offres", letters=(letter("offer", AT_ONCE),)),
    List(
        40,
        "cours",
        "conseils",
        letters=(letter("lesson", AT_ONCE),),
        rejoin=Rejoin("after", Delay(days=30)),
    ),
    List(
        41,
        "cadeau",
        "conseils",
        letters=(replace(letter("gift", AT_ONCE), theme="semis"),),
        rejoin=Rejoin("never"),
    ),
    List(42, "relais", "conseils", letters=(letter("relay", AT_ONCE),), ends=Ending("copy", 40)),
    List(
        43,
        "seule",
        "conseils",
        letters=(letter("alone", AT_ONCE),),
        leaves=(40,),
        leaves_groups=("prospects",),
    ),
    List(50, "oui", "conseils", group="prospects", letters=(letter("thanks-yes", AT_ONCE),)),
    List(51, "non", "conseils", group="prospects", letters=(letter("thanks-no", AT_ONCE),)),
)

PLAN = Plan(
    edition=1,
    timezone=PARIS,
    purposes={
        "conseils": Purpose("conseils", "La lettre"),
        "offres": Purpose("offres", "Les offres"),
    },
    groups={"prospects": Group("prospects", ("clients",)), "clients": Group("clients")},
    lists={listed.id: listed for listed in LISTS},
    broadcasts={"enfants": POLL},
    confirmation=Confirmation("Confirmez", "confirm.md", remind_subject="Un oubli ?"),
    themes={"semis": Theme("semis", "Semis"), "recoltes": Theme("recoltes", "Récoltes")},
    contents={"video": Content("video", "Vidéos")},
    segments={
        "salon": Segment("salon", "Rencontrés au salon", static=True),
        "foire": Segment("foire", "Rencontrés à la foire", static=True),
        "acheteurs": Segment("acheteurs", "Acheteurs", own=Combined(all=(Ordered(),))),
    },
    rules=(
        SegmentRule("enters", "salon", "join", 40),
        SegmentRule("enters", "foire", "move", 11, source=10),
        SegmentRule("leaves", "foire", "leave", 11),
        SegmentRule("enters", "acheteurs", "join", 30),
    ),
)
POLL_AT = local("2026-03-03 09:00")
POLL_DUE: Calendar = (Occurrence("enfants", "broadcast:enfants/2026-03-03", POLL_AT),)


def with_list(number: int, **changed: object) -> Plan:
    """PLAN, with one list written otherwise, as a later edition."""
    return replace(
        PLAN,
        edition=2,
        lists={**PLAN.lists, number: replace(PLAN.lists[number], **changed)},  # type: ignore[arg-type]
    )


def without_list(number: int) -> Plan:
    return replace(
        PLAN, edition=2, lists={n: listed for n, listed in PLAN.lists.items() if n != number}
    )


REGISTERED = e.SubscriberRegistered(NOON, PARIS, "fr")
CONSENT = e.ConsentGiven(NOON, "conseils", "single")
KNOWN = (REGISTERED, CONSENT)


def on(number: int, run: int = 1, at: int = NOON) -> tuple[e.PersonEvent, ...]:
    """Someone who agreed to "conseils" and joined a list."""
    return (*KNOWN, e.ListJoined(at, number, run))


ANNA = on(10)
"""A client, since NOON, on list 10."""
PAUL = on(1)
"""A prospect, since NOON, on list 1."""


def begun(
    message: str, name: str, number: int = 10, run: int = 1, at: int = LATER
) -> e.LetterBegun:
    return e.LetterBegun(
        at, f"list:{number}", "letter", name, message, 1, number, run, "conseils", "s1"
    )


def sent(
    message: str, name: str, number: int = 10, run: int = 1, at: int = LATER
) -> tuple[e.PersonEvent, ...]:
    return (begun(message, name, number, run, at), e.LetterSent(at, message, 250))


ASKED = (*ANNA, *sent("m0", "welcome", at=NOON), *sent("m1", "question"))
"""Anna, who has been asked the question in letter m1."""


def click(
    link: Link,
    message: str = "m1",
    *,
    at: int = LATER,
    source: int = 10,
    run: int = 1,
    act: str = "human_button",
) -> c.Answer:
    return c.Answer(at, CLICK, message, source, run, link.index, link.kind, link.target, act)


def perform(key: str, at: int, message: str = "aaaa") -> c.Perform:
    return c.Perform(at, ENGINE, key, message, "s1")


def subscribe(number: int, at: int = LATER, **changed: object) -> c.Subscribe:
    return replace(c.Subscribe(at, FORM, number, "consent", "single"), **changed)  # type: ignore[arg-type]
