"""The first steps: from a list of one's own to an answer that moves a number in its drawing. What
is done is read from what is there; nobody ticks anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.authoring.dialogue_file import lists_in
from engine.authoring.drafts import Draft
from engine.authoring.inspection import Read
from engine.console.access import Right
from engine.console.drawing_cards import draw_cards
from engine.console.open_dialogue import AuthoringStores, PeopleOnLists, draft_of, read_draft
from engine.console.places import dialogue_url
from engine.console.visit import Route, Visit
from engine.i18n.language import N_, Say
from engine.installation.publishing import digest_of
from engine.installation.state import Installation
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.vault.accounts import Accounts
from engine.views import TransitionCount

FEW_PEOPLE = 100
"""Whoever writes to more knows the way: Today speaks of the first steps no more."""
DAYS = 90


class StepViews(PeopleOnLists, Protocol):
    def transitions(self, lists: Sequence[int], since: int) -> list[TransitionCount]: ...


class FirstStepsStores(AuthoringStores, Protocol):
    @property
    def views(self) -> StepViews: ...
    @property
    def accounts(self) -> Accounts: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far a dialogue has come. `forms`: the names of those that lead into it."""

    file: str = ""
    has_letter: bool = False
    is_written: bool = False
    asks: bool = False
    is_saved: bool = False
    in_force: bool = False
    has_people: bool = False
    is_answered: bool = False
    forms: tuple[str, ...] = ()

    @property
    def done(self) -> tuple[bool, ...]:
        return (
            self.has_letter,
            self.is_written,
            self.asks,
            self.is_saved,
            self.in_force,
            self.has_people,
            self.is_answered,
        )


class Link(NamedTuple):
    url: str
    words: str


class Step(NamedTuple):
    """`links` lead to where it is done, the first is the one to take."""

    title: str
    words: str
    links: tuple[Link, ...]
    done: bool


class Steps(NamedTuple):
    """`next` is the number (from 1) of the first that is not done, 0 where all are. `drawing`:
    where the dialogue they are about is drawn, "" while it is not.
    """

    steps: tuple[Step, ...]
    next: int
    drawing: str

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)


def routes(stores: FirstStepsStores) -> Sequence[Route]:
    return (
        Route("GET", "/first-steps", Right.WRITE, lambda visit: _page(stores, visit)),
        Route("POST", "/first-steps", Right.WRITE, lambda visit: _put_away(stores, visit)),
    )


def steps_for(stores: FirstStepsStores, visit: Visit) -> Steps | None:
    """What Today says of them, that all are done as well; None where this account has put them
    away.
    """
    if not visit.account.may(Right.WRITE) or stores.accounts.first_steps_away(visit.account.id):
        return None
    if sum(stores.views.standing().values()) > FEW_PEOPLE:
        return None
    return _steps(stores, visit)


def _page(stores: FirstStepsStores, visit: Visit) -> Response:
    away = stores.accounts.first_steps_away(visit.account.id)
    return visit.page(
        "first_steps.html",
        steps=_steps(stores, visit),
        away=away,
        mailbox=stores.config.smtp.is_mailbox,
    )


def _put_away(stores: FirstStepsStores, visit: Visit) -> Response:
    stores.accounts.put_first_steps_away(visit.account.id)
    return visit.goes_to("/", visit.say(N_("Put away. The first steps stay at /first-steps.")))


def _steps(stores: FirstStepsStores, visit: Visit) -> Steps:
    draft = draft_of(stores, visit)
    read = read_draft(stores, draft)
    installation = stores.installation_stream.current()
    reached = max(
        _own_dialogues(stores, visit, draft, read, installation),
        key=lambda one: sum(one.done),
        default=Reached(),
    )
    steps = tuple(_in_words(reached, stores, visit.say))
    left = (number for number, step in enumerate(steps, 1) if not step.done)
    drawing = _drawing(reached) if reached.is_saved else ""
    return Steps(steps, next(left, 0), drawing)


def _drawing(reached: Reached) -> str:
    return dialogue_url(reached.file) + ("" if reached.in_force else "?plan=folder")


def _own_dialogues(
    stores: FirstStepsStores, visit: Visit, draft: Draft, read: Read, installation: Installation
) -> Iterator[Reached]:
    """Each that is not word for word what the program itself put in force at its first start."""
    first = dict(installation.editions[1].files) if 1 in installation.editions else {}
    plan, files = read.plan, read.files
    published = installation.plan()
    since = stores.clock.now() // DAY - DAYS
    for file in plan.titles:
        lists = lists_in(plan, file)
        bodies = [letter.body for listed in lists for letter in listed.letters]
        parts = {path: digest_of(files[path]) for path in (file, *bodies) if path in files}
        if all(first.get(path) == digest for path, digest in parts.items()):
            continue
        numbers = [listed.id for listed in lists]
        in_force = file in published.titles
        counts = stores.views.transitions(numbers, since) if in_force and numbers else []
        yield Reached(
            file=file,
            has_letter=bool(bodies),
            is_written=any(_is_written(files.get(body, "")) for body in bodies),
            asks=_asks(plan, file, visit),
            is_saved=all(draft.get(path) is None for path in parts),
            in_force=in_force,
            has_people=any(count.target in numbers for count in counts),
            is_answered=any(count.question for count in counts),
            forms=tuple(form.name for form in published.forms.values() if form.list in numbers),
        )


def _is_written(body: str) -> bool:
    """Whether there is a line that is neither the first, the greeting, nor a link of an answer."""
    lines = [
        line
        for line in body.split("\n")
        if line.strip() and "](===" not in line and "](+++" not in line
    ]
    return len(lines) > 1


def _asks(plan: Plan, file: str, visit: Visit) -> bool:
    """Whether answers of one letter lead to two places."""
    cards = draw_cards(plan, file, visit.language).cards
    ways = {
        (line.way.question, line.way.target)
        for card in cards
        for line in card.lines
        if line.way is not None and line.way.question
    }
    questions = sorted(question for question, _target in ways)
    return any(one == other for one, other in pairwise(questions))


def _in_words(reached: Reached, stores: FirstStepsStores, _: Say) -> Iterator[Step]:
    url = dialogue_url(reached.file) if reached.file else "/d"
    begun = reached.has_letter
    mailbox = (
        (Link(f"http://127.0.0.1:{stores.config.mailbox_port}", _("Open the mailbox page")),)
        if stores.config.smtp.is_mailbox
        else ()
    )
    forms = tuple(
        Link(f"{stores.config.site.url}/f/{name}", _("Open the form")) for name in reached.forms
    )
    yield Step(
        _("Make a list with a welcome letter"),
        _(
            "A dialogue begins with one list, where people arrive, and the letter they get at once."
            " A title, a name and a subject are enough."
        ),
        (Link("/new-dialogue", _("Begin a dialogue")),),
        begun,
    )
    yield Step(
        _("Write the welcome letter"),
        _("A few sentences below the greeting. It is kept as you type, and seen beside it."),
        (Link(f"{url}/edit", _("Write")),) if begun else (),
        reached.is_written,
    )
    yield Step(
        _("Ask a question with two answers"),
        _(
            "Below the words, “An answer the reader clicks” puts a link into the letter: once for"
            " each answer, and each leads to a new list."
        ),
        (Link(f"{url}/edit#answer", _("Put in the answers")),) if begun else (),
        reached.asks,
    )
    yield Step(
        _("Save it, see it drawn, live it"),
        _(
            "Your draft is yours alone; saving puts it in the folder, and there it is drawn. The"
            " calendar lets somebody invented live through it: click their answers."
        ),
        _to_look_at(reached, url, _) if begun else (),
        reached.is_saved and begun,
    )
    yield Step(
        _("Publish"),
        _("You see first what changes and whom it touches. Then it is in force."),
        (Link("/publish", _("Look at the plan")),) if begun else (),
        reached.in_force,
    )
    yield Step(
        _("Sign up through the form"),
        _(
            "With any address. A letter asks you to confirm: in the mailbox page, open it and"
            " press its button. Then the welcome letter comes."
        )
        if mailbox
        else _(
            "With an address of yours. A letter asks you to confirm: press its button. Then the"
            " welcome letter comes."
        ),
        (*forms, *mailbox) if reached.in_force else (),
        reached.has_people,
    )
    yield Step(
        _("Answer, and see the number move"),
        _(
            "Click an answer in the welcome letter and press the button of its page. In the"
            " drawing you then stand on the other list."
        ),
        (*mailbox, Link(url, _("Open the drawing"))) if reached.has_people else (),
        reached.is_answered,
    )


def _to_look_at(reached: Reached, url: str, _: Say) -> tuple[Link, ...]:
    live = Link(f"{url}/timing", _("Live it"))
    if not reached.is_saved:
        return (Link("/draft", _("Save it")), live)
    return (Link(_drawing(reached), _("See it drawn")), live)
