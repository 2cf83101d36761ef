"""All dialogues, and one as a drawing with the people in it; a list with who stands on it, and a
way with who went it.

What is in force is drawn with its numbers; the folder's drawing marks what is not published.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, get_args
from urllib.parse import quote

from fastapi.responses import Response

from engine.authoring.dialogue_file import broadcasts_in, lists_in
from engine.authoring.graph import draw_dot, draw_mermaid, draw_text
from engine.authoring.inspection import looked_through
from engine.authoring.publication import ListCounts, PublicationStores
from engine.console.access import Right
from engine.console.dialogue_counts import gone_from, line_of, went
from engine.console.dialogue_passages import Person, came_by, passages, person, search_of, share
from engine.console.drawing import Numbers, picture
from engine.console.drawing_cards import draw_cards
from engine.console.drawing_model import WIDTH, Drawn
from engine.console.places import dialogue_url, letter_url
from engine.console.visit import Route, Visit
from engine.i18n.language import N_, grouped
from engine.i18n.phrases import say_list, subject_of
from engine.letter.source_folder import read_sequences
from engine.sequence.delay import DAY
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import List, Plan
from engine.subscriber.agenda_key import letter_ref, list_key
from engine.vault.vault import KnownPerson
from engine.views import Came, CameQuery, TransitionCount
from engine.words import Language

Days = Literal[7, 30, 90]
Format = Literal["text", "mermaid", "dot"]
DAYS: tuple[Days, ...] = get_args(Days)
FORMATS: tuple[Format, ...] = get_args(Format)
ENDINGS: Mapping[Format, str] = {"text": "txt", "mermaid": "mmd", "dot": "dot"}
USUAL_DAYS: Days = 30
PAGE, DRAWN_KEPT = 50, 32


class DialogueViews(ListCounts, Protocol):
    def transitions(self, lists: Collection[int], since: int) -> list[TransitionCount]: ...
    def came(self, query: CameQuery, limit: int) -> list[Came]: ...


class KnownPeople(Protocol):
    def people(self, subscribers: Collection[str]) -> dict[str, KnownPerson]:
        """Those of them whom the vault knows."""


class DialogueStores(PublicationStores, Protocol):
    @property
    def views(self) -> DialogueViews: ...
    @property
    def vault(self) -> KnownPeople: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A dialogue of the list of all: `people` stand on its lists, `came` and `went` in seven days
    from and to elsewhere. `state`: "", "unpublished" or "new".
    """

    title: str
    url: str
    lists: int
    letters: int
    people: int
    came: int
    went: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a page of one dialogue was asked for. `published` is None where the plan in force is
    drawn, else `plan` is the folder's.
    """

    file: str
    plan: Plan
    published: Plan | None
    days: Days
    edition: int

    @property
    def query(self) -> str:
        return self.query_of(self.days)

    def query_of(self, days: int) -> str:
        """Of the same page with other days."""
        return f"?days={days}" + ("&plan=folder" if self.published is not None else "")


class Folder(NamedTuple):
    """What is written, as far as it can be read; `wrong` where mistakes keep it from being put in
    force.
    """

    plan: Plan
    wrong: bool


def routes(stores: DialogueStores) -> Sequence[Route]:
    pages = _Dialogues(stores)
    return (
        Route("GET", "/d", Right.SEE, pages.all),
        Route("GET", "/d/{dialogue}", Right.SEE, pages.one),
        Route("GET", "/d/{dialogue}/live", Right.SEE, pages.live),
        Route("GET", "/d/{dialogue}/as/{format}", Right.SEE, pages.export),
        Route("GET", "/d/{dialogue}/list/{list}", Right.SEE, pages.list_page),
        Route("GET", "/d/{dialogue}/way/{way}", Right.SEE, pages.way_page),
    )


class _Dialogues:
    def __init__(self, stores: DialogueStores) -> None:
        self.stores = stores
        self._marked: tuple[Plan, Plan, dict[str, bool]] = (Plan(), Plan(), {})
        self._drawn: OrderedDict[tuple[object, ...], tuple[Asked, Drawn]] = OrderedDict()

    def all(self, visit: Visit) -> Response:
        plan = self.stores.installation_stream.current().plan()
        folder = self._folder()
        titles = {**plan.titles, **folder.plan.titles}
        standing = self.stores.views.standing()
        counts = self.stores.views.transitions(plan.lists, self._since(7))
        shown = [
            _shown(file, plan, folder.plan, self._state(file, folder.plan, plan), standing, counts)
            for file in titles
        ]
        return visit.page("dialogues.html", dialogues=shown, wrong=folder.wrong)

    def one(self, visit: Visit) -> Response:
        asked = self._asked(visit)
        if isinstance(asked, Response):
            return self._only_in_folder(visit) or asked
        drawn, numbers = self._drawing(asked, visit)
        return visit.page(
            "dialogue.html",
            asked=asked,
            address=dialogue_url(asked.file),
            title=asked.plan.titles.get(asked.file, asked.file),
            picture=picture(drawn, numbers, asked.file, asked.query, visit.say),
            width=WIDTH,
            unpublished=is_marked(drawn),
            all_days=DAYS,
            formats=FORMATS,
            empty=not drawn.cards,
        )

    def live(self, visit: Visit) -> Response:
        """The numbers alone; the whole page again where another edition came in force."""
        asked = self._asked(visit)
        if isinstance(asked, Response):
            return asked
        if visit.query.get("edition") != str(asked.edition):
            return Response(status_code=204, headers={"HX-Refresh": "true"})
        drawn, numbers = self._drawing(asked, visit)
        return visit.page("dialogue_live.html", figures=list(numbers.figures(drawn)))

    def export(self, visit: Visit) -> Response:
        asked, form = self._asked(visit), visit.path.get("format", "")
        if isinstance(asked, Response):
            return asked
        draws = {"text": draw_text, "mermaid": draw_mermaid, "dot": draw_dot}
        if form not in FORMATS:
            return visit.not_found(visit.say(N_("There is no such page.")))
        lines = draws[form](asked.plan, asked.file, visit.language)
        name = f"{asked.file.removesuffix('.toml')}.{ENDINGS[form]}"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response("\n".join(lines) + "\n", headers=disposition, media_type="text/plain")

    def list_page(self, visit: Visit) -> Response:
        asked, number = self._asked(visit), visit.path.get("list", "")
        if isinstance(asked, Response):
            return asked
        listed = (
            asked.plan.lists.get(int(number)) if number.isascii() and number.isdigit() else None
        )
        if listed is None or listed.file != asked.file:
            return visit.not_found(visit.say(N_("This list is not in force any more.")))
        counts = self.stores.views.transitions([listed.id], self._since(asked.days))
        people = self._people(CameQuery(listed.id), asked.plan, visit)
        return visit.page(
            "dialogue_list.html",
            asked=asked,
            address=f"{dialogue_url(asked.file)}/list/{listed.id}",
            back=f"{dialogue_url(asked.file)}{asked.query}#list-{listed.id}",
            title=asked.plan.titles.get(asked.file, asked.file),
            listed=listed,
            letters=_letters(listed, asked.plan),
            here=self.stores.views.standing().get(listed.id, 0),
            came=sum(count.n for count in counts if count.target == listed.id),
            went=gone_from(listed.id, counts),
            ways_in=passages(asked.plan, counts, listed.id, visit.say, inwards=True),
            ways_out=passages(asked.plan, counts, listed.id, visit.say, inwards=False),
            people=people,
            older=_older(people),
            all_days=DAYS,
        )

    def way_page(self, visit: Visit) -> Response:
        asked = self._asked(visit)
        if isinstance(asked, Response):
            return asked
        drawn = self._cards(asked, visit.language)
        found = line_of(drawn, visit.path.get("way", ""))
        if found is None or found[1].way is None:
            return visit.not_found(visit.say(N_("This way is not in force any more.")))
        card, line = found
        assert line.way is not None
        counts, standing = self._counts(asked, drawn)
        target = line.way.target
        by_way = went(drawn, counts, standing)[line.id]
        came = came_by(card, line.way, self._since(asked.days) * DAY)
        people = self._people(came, asked.plan, visit) if target and by_way.people else []
        return visit.page(
            "dialogue_way.html",
            asked=asked,
            address=f"{dialogue_url(asked.file)}/way/{line.id}",
            back=f"{dialogue_url(asked.file)}{asked.query}#{card.id}",
            title=asked.plan.titles.get(asked.file, asked.file),
            card=card,
            line=line,
            went=by_way,
            target=say_list(asked.plan, target) if target else "",
            letter=letter_url(line.way.question),
            search=search_of(asked.plan, line.way, asked.days),
            people=people,
            older=_older(people),
            all_days=DAYS,
        )

    # What pages are made of

    def _asked(self, visit: Visit) -> Asked | Response:
        """The dialogue and the plan that an address names, or the page that says why not."""
        installation = self.stores.installation_stream.current()
        published = installation.plan()
        folder = self._folder() if visit.query.get("plan") == "folder" else None
        plan = published if folder is None else folder.plan
        stem = visit.path.get("dialogue", "")
        files = (file for file in (*plan.titles, *published.titles))
        file = next((file for file in files if file.removesuffix(".toml") == stem), "")
        if not file:
            return visit.not_found(visit.say(N_("There is no such dialogue in force.")))
        if folder is not None and folder.wrong and file not in plan.titles:
            return visit.refused(
                visit.say(
                    N_("What is written in the folder cannot be read: “relance check” says where.")
                )
            )
        days = next((days for days in DAYS if str(days) == visit.query.get("days")), USUAL_DAYS)
        return Asked(
            file=file,
            plan=plan,
            published=None if folder is None else published,
            days=days,
            edition=installation.edition,
        )

    def _only_in_folder(self, visit: Visit) -> Response | None:
        """To the folder's drawing of what was never published."""
        stem = visit.path.get("dialogue", "")
        if "plan" in visit.query or f"{stem}.toml" not in self._folder().plan.titles:
            return None
        return visit.goes_to(f"/d/{quote(stem)}?plan=folder")

    def _folder(self) -> Folder:
        """What is written in the folder."""
        config = self.stores.config
        try:
            files = read_sequences(config.sequences)
        except Unpublishable:
            return Folder(Plan(), True)
        read = looked_through(config, files, self.stores.clock.now())
        return Folder(read.plan, bool(read.fatal))

    def _state(self, file: str, folder: Plan, plan: Plan) -> str:
        """Of a dialogue: "", "unpublished" or "new". It is drawn for that once, while neither plan
        changes.
        """
        if file not in plan.titles:
            return "new"
        of_folder, of_plan, marked = self._marked
        if of_folder is not folder or of_plan is not plan:
            marked = {}
            self._marked = folder, plan, marked
        if file not in marked:
            marked[file] = _differs(folder, plan, file)
        return "unpublished" if marked[file] else ""

    def _since(self, days: int) -> int:
        """The first day (UTC) of so many that end with today."""
        return self.stores.clock.now() // DAY - days + 1

    def _counts(self, asked: Asked, drawn: Drawn) -> tuple[list[TransitionCount], dict[int, int]]:
        lists = {card.list for card in drawn.cards if card.list}
        for broadcast in broadcasts_in(asked.plan, asked.file):
            lists |= {*broadcast.to}
        views = self.stores.views
        return views.transitions(lists, self._since(asked.days)), views.standing()

    def _cards(self, asked: Asked, language: Language) -> Drawn:
        """A dialogue is drawn once, while its plans stay the same ones."""
        key = asked.file, language, id(asked.plan), id(asked.published)
        kept = self._drawn.get(key)
        if kept is None:
            # With what was asked its plans stay, and with them their ids.
            kept = asked, draw_cards(asked.plan, asked.file, language, asked.published)
            self._drawn[key] = kept
            if len(self._drawn) > DRAWN_KEPT:
                self._drawn.popitem(last=False)
        return kept[1]

    def _drawing(self, asked: Asked, visit: Visit) -> tuple[Drawn, Numbers]:
        drawn = self._cards(asked, visit.language)
        counts, standing = self._counts(asked, drawn)
        numbers = Numbers(
            standing,
            went(drawn, counts, standing),
            lambda number: grouped(number, visit.say),
            lambda part, whole: share(part, whole, visit.say),
        )
        return drawn, numbers

    def _people(self, query: CameQuery, plan: Plan, visit: Visit) -> list[Person]:
        """A page of who stands on a list, for who may read people; one more where there is more."""
        if not visit.account.may(Right.READ_PEOPLE):
            return []
        at, _dot, subscriber = visit.query.get("before", "").partition(".")
        if at.isascii() and at.isdigit() and _is_stream(subscriber):
            query = CameQuery(
                list=query.list,
                since=query.since,
                how=query.how,
                source=query.source,
                question=query.question,
                label=query.label,
                before=(min(int(at), 2**62), subscriber),
            )
        came = self.stores.views.came(query, PAGE + 1)
        known = self.stores.vault.people([one.subscriber for one in came])
        return [person(one, known.get(one.subscriber), plan, visit.say) for one in came]


def _is_stream(text: str) -> bool:
    return len(text) == 36 and set(text) <= set("0123456789abcdef-")


def _older(people: list[Person]) -> str:
    """Where the next page begins, "" where there is none; the page keeps what it shows."""
    if len(people) <= PAGE:
        return ""
    del people[PAGE:]
    return f"{people[-1].came.at}.{people[-1].came.subscriber}"


def _shown(
    file: str,
    plan: Plan,
    folder: Plan,
    state: str,
    standing: Mapping[int, int],
    counts: Iterable[TransitionCount],
) -> Shown:
    drawn_from = plan if file in plan.titles else folder
    lists = {listed.id for listed in lists_in(drawn_from, file)}
    return Shown(
        title=drawn_from.titles.get(file) or file,
        url=dialogue_url(file) + ("?plan=folder" if state == "new" else ""),
        lists=len(lists),
        letters=sum(len(listed.letters) for listed in lists_in(drawn_from, file)),
        people=sum(standing.get(number, 0) for number in lists),
        came=sum(c.n for c in counts if c.target in lists and c.source not in lists),
        went=sum(
            c.n
            for c in counts
            if c.source in lists and c.target not in lists and c.kind != "copied"
        ),
        state=state,
    )


def _differs(folder: Plan, plan: Plan, file: str) -> bool:
    if file not in folder.titles or folder.titles[file] != plan.titles[file]:
        return True
    return is_marked(draw_cards(folder, file, "en", plan))


def is_marked(drawn: Drawn) -> bool:
    """Whether anything in it is not in force, or is no more."""
    return any(card.mark or any(line.mark for line in card.lines) for card in drawn.cards)


def _letters(listed: List, plan: Plan) -> list[tuple[str, str]]:
    """Where each letter's page is, and its subject."""
    return [
        (letter_url(letter_ref(list_key(listed.id), letter.id)), subject_of(letter, plan=plan))
        for letter in listed.letters
    ]
