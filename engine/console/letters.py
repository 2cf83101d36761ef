"""One letter, of a list or a broadcast: how it looks, for whom, what is to be looked at again, a
test of it, and what came of it.

It is shown as it is in force or, by `?plan=draft`, as it is written now: the folder with the
author's own draft over it. Nothing in a frame leads anywhere, and no key of the installation is
here: links are made with one that is thrown away.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.audience.results import CounterViews, Results, results
from engine.config import Config
from engine.console.access import Right
from engine.console.editor import found_in
from engine.console.letter_checklist import Checklist, checklist
from engine.console.letter_preview import VIEWS, letter_page, problem_page
from engine.console.open_dialogue import (
    AuthoringStores,
    OpenDialogue,
    draft_of,
    read_draft,
)
from engine.console.person_page import (
    PersonStores,
    PersonViews,
    field_controls,
    named_subject,
)
from engine.console.placed_letter import (
    AskedLetter,
    address_of_letter,
    differs,
    due_of,
    letters_beside,
    place_letter,
    ref_of,
    reference_of,
)
from engine.console.places import dialogue_url, list_url
from engine.console.visit import Mistake, Route, Visit
from engine.desk.clock import wall_now
from engine.i18n.language import N_
from engine.i18n.phrases import say_segment
from engine.i18n.stored_words import stored_in_words, what_is_wanting
from engine.i18n.user_error import UserError, address_of
from engine.intake.own_data import CorrectionFaults, read_corrections
from engine.letter.compile import Rendered
from engine.sending.compose import Composer
from engine.sending.inert_letter import (
    LetterReader,
    ReaderStores,
    composed_test,
    reader_of,
    rendered_for,
    send_one,
)
from engine.sequence.field_values import fits
from engine.sequence.model import List, Plan
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.events import LetterBegun
from engine.vault.searches import KeptSearch, Searches
from engine.web.controls import UNFIT
from engine.web.own_data_pages import WRONG
from engine.words import capitalised

TESTS_AN_HOUR = 20
HOUR_SECONDS = 3600
DRAFT = "draft"


class LetterViews(PersonViews, CounterViews, Protocol):
    def standing(self) -> dict[int, int]: ...
    def withheld(self) -> list[tuple[str, int, str, str, int]]: ...


class LetterStores(AuthoringStores, PersonStores, ReaderStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def views(self) -> LetterViews: ...
    @property
    def searches(self) -> Searches: ...


class _Chosen(NamedTuple):
    """Whom the letter is shown for: somebody who is here, or somebody invented by `values`."""

    reader: LetterReader
    person: str
    name: str
    values: Mapping[str, str]


def routes(stores: LetterStores) -> Sequence[Route]:
    pages = _Letters(stores)
    paths = ("/l/{list}/{letter}", "/b/{broadcast}/{letter}")
    return (
        Route("GET", "/b/{broadcast}", Right.SEE, pages.page),
        *(
            route
            for path in paths
            for route in (
                Route("GET", path, Right.SEE, pages.page),
                Route("GET", f"{path}/shown", Right.SEE, pages.shown),
                Route("POST", f"{path}/reader", Right.SEE, pages.choose_reader),
                Route("POST", f"{path}/test", Right.SEND, pages.send_test),
            )
        ),
    )


class _Letters:
    def __init__(self, stores: LetterStores) -> None:
        self.stores, self._key = stores, secrets.token_bytes(32)
        # As letters are for who is not measured: links lead straight, and nothing is counted.
        measure = replace(stores.config.measure, links=False, images=False)
        self._config = replace(stores.config, measure=measure)
        self._composer = Composer(self._config, self._key)

    # Which letter

    def _asked(self, visit: Visit) -> AskedLetter | Response:
        number, letter = visit.path.get("list", ""), visit.path.get("letter", "")
        broadcast = visit.path.get("broadcast", "")
        plan = self.stores.installation_stream.current().plan()
        in_force = place_letter(plan, number, broadcast, letter, self._composer)
        draft = draft_of(self.stores, visit)
        read = read_draft(self.stores, draft)
        composer = Composer(self._config, self._key)
        written = place_letter(replace(read.plan, edition=-1), number, broadcast, letter, composer)
        known = in_force or written
        if known is None:
            return visit.not_found(visit.say(N_("There is no such letter.")))
        opened = None
        if written is not None and written.sender.file:
            file = written.sender.file
            opened = OpenDialogue(
                stores=self.stores, visit=visit, draft=draft, file=file, read=read
            )
        wants = visit.query.get("plan", "") == DRAFT
        name = known.letter.id
        return AskedLetter(
            visit=visit,
            address=f"/l/{number}/{name}" if number else f"/b/{broadcast}/{name}",
            in_force=in_force,
            written=written,
            opened=opened,
            shows_written=in_force is None or (wants and written is not None),
        )

    # For whom

    def _chosen(self, asked: AskedLetter) -> _Chosen | Response:
        visit, plan = asked.visit, asked.shown.plan
        person = visit.query.get("person", "")
        if person:
            if not visit.account.may(Right.READ_PEOPLE):
                why = N_("Whoever may not read people sees letters for somebody invented.")
                return visit.refused(visit.say(why), 403)
            subject = named_subject(self.stores, visit, person)
            if isinstance(subject, Response):
                return subject
            reader = reader_of(self.stores, person, plan, asked.shown.sender.purpose)
            name = subject.known.address if subject.known is not None else ""
            return _Chosen(replace(reader, measured=False), person, name, {})
        values = self._invented(visit, visit.query.get("reader", ""), plan)
        return _Chosen(LetterReader(fields=values), "", "", values)

    def _invented(self, visit: Visit, token: str, plan: Plan) -> dict[str, str]:
        """The fields that were typed for somebody invented, as far as they are declared still."""
        kept = self.stores.searches.kept(_owner(visit), token, wall_now()) if token else None
        values = (line.partition("=")[::2] for line in (kept.lines if kept else ()))
        return {
            name: value
            for name, value in values
            if name in plan.fields and fits(plan.fields[name], value)
        }

    def choose_reader(self, visit: Visit) -> Response:
        """Somebody invented by their fields; or somebody who is here, by their address."""
        asked = self._asked(visit)
        if isinstance(asked, Response):
            return asked
        if visit.inputs.get("do") == "person":
            return self._somebody(asked)
        fields = asked.shown.plan.fields
        known = [(declared, "") for declared in fields.values()]
        read = read_corrections(
            visit.inputs, known, "", "", "day-first" if visit.language == "fr" else None
        )
        if isinstance(read, CorrectionFaults):
            say = visit.say
            mistakes = [
                Mistake(name, say(UNFIT.get(why) or WRONG[why]))
                for name, why in read.reasons.items()
            ]
            return self._page(asked, _Chosen(LetterReader(), "", "", {}), mistakes)
        token = ""
        if read.fields:
            lines = tuple(f"{name}={value}" for name, value in read.fields.items())
            search = KeptSearch(lines, "", "")
            token = self.stores.searches.keep(_owner(visit), search, wall_now())
        return visit.goes_to(asked.url(person="", reader=token) + "#looks")

    def _somebody(self, asked: AskedLetter) -> Response:
        visit = asked.visit
        if not visit.account.may(Right.READ_PEOPLE):
            why = N_("Whoever may not read people sees letters for somebody invented.")
            return visit.refused(visit.say(why), 403)
        try:
            subscriber = self.stores.vault.find(address_of(visit.inputs.get("address", "")))
        except UserError as error:
            return self._page(asked, None, [Mistake("address", capitalised(error.said(visit.say)))])
        if not subscriber:
            why = visit.say(N_("Nobody is known by this address."))
            return self._page(asked, None, [Mistake("address", why)])
        return visit.goes_to(asked.url(person=subscriber, reader="") + "#looks")

    # What is shown

    def page(self, visit: Visit) -> Response:
        asked = self._asked(visit)
        if isinstance(asked, Response):
            return asked
        return self._page(asked, self._chosen(asked))

    def _page(
        self,
        asked: AskedLetter,
        chosen: _Chosen | Response | None,
        mistakes: Sequence[Mistake] = (),
    ) -> Response:
        if isinstance(chosen, Response):
            return chosen
        visit, shown, stores = asked.visit, asked.shown, self.stores
        for_whom = chosen or _Chosen(LetterReader(), "", "", {})
        claim, why, checked = asked.claim(), "", None
        rendered: Rendered | None = None
        try:
            rendered = rendered_for(shown.composer, shown.plan, claim, for_whom.reader, 1)
            checked = self._checked(asked, claim, rendered)
        except UserError as error:
            why = capitalised(error.said(visit.say))
        letter, plan = shown.letter, shown.plan
        worded = letter.in_version(asked.version)
        result = self._result(asked)
        before, after = letters_beside(shown.sender, letter)
        return visit.page(
            "letter.html",
            mistakes=mistakes,
            asked=asked,
            sender=shown.sender,
            is_list=isinstance(shown.sender, List),
            letter=letter,
            worded=worded,
            title=plan.titles.get(shown.sender.file, shown.sender.file),
            dialogue=self._dialogue(asked),
            due=due_of(shown.sender, letter, visit),
            only=[
                (say_segment(plan, segment, visit.say), among)
                for segment, among in ((letter.only, True), (letter.unless, False))
                if segment
            ],
            subject=rendered.subject if rendered else worded.subject,
            listed=checked.in_lists if checked is not None else "",
            rendered=rendered,
            why=why,
            checked=checked,
            wordings=[("", 100 - sum(v.share for v in letter.versions) - letter.holdout)]
            + [(version.id, version.share) for version in letter.versions]
            if letter.versions
            else [],
            differs=differs(asked),
            view=_view_of(visit),
            views=VIEWS,
            chosen=for_whom,
            controls=list(field_controls(plan, for_whom.values, visit, mistakes)),
            address=visit.inputs.get("address", ""),
            to=visit.inputs.get("to", ""),
            result=result,
            withheld=list(self._withheld(asked)),
            reasons=[
                (stored_in_words(why, visit.say), people)
                for why, people in (result.reasons if result is not None else {}).items()
            ],
            ref=ref_of(shown.sender, letter),
            reference=reference_of(shown.sender, letter),
            before=address_of_letter(shown.sender, before),
            after=address_of_letter(shown.sender, after),
            is_mailbox=stores.config.smtp.is_mailbox,
        )

    def shown(self, visit: Visit) -> Response:
        """The letter itself, in a frame."""
        asked = self._asked(visit)
        if isinstance(asked, Response):
            return asked
        chosen, shown = self._chosen(asked), asked.shown
        if isinstance(chosen, Response):
            return chosen
        try:
            rendered = rendered_for(shown.composer, shown.plan, asked.claim(), chosen.reader)
        except UserError as error:
            return problem_page(visit, [capitalised(error.said(visit.say))])
        config = self._config
        assets = f"{config.site.url}/a"
        language = shown.plan.language
        view = _view_of(visit)
        return letter_page(rendered.html, rendered.text, view, language, assets, config.sequences)

    def _checked(self, asked: AskedLetter, claim: LetterBegun, rendered: Rendered) -> Checklist:
        opened, shown = asked.opened, asked.shown
        found = []
        if opened is not None and asked.written is not None:
            reference = reference_of(asked.written.sender, asked.written.letter)
            found = found_in(opened, opened.letter(reference))
        return checklist(
            rendered,
            shown.letter.in_version(asked.version),
            shown.plan,
            claim,
            config=self._config,
            key=self._key,
            found=found,
            say=asked.visit.say,
            say_counted=asked.visit.say_counted,
        )

    def _dialogue(self, asked: AskedLetter) -> str:
        sender, plan = asked.shown.sender, asked.shown.plan
        if asked.in_force is None:
            return asked.opened.drawing() if asked.opened is not None else ""
        return list_url(plan, sender.id) if isinstance(sender, List) else dialogue_url(sender.file)

    # What came of it

    def _result(self, asked: AskedLetter) -> Results | None:
        placed = asked.in_force
        if placed is None:
            return None
        ref = ref_of(placed.sender, placed.letter)
        found = results(self.stores.views, placed.plan, [ref])
        return found[0] if found else None

    def _withheld(self, asked: AskedLetter) -> Iterator[tuple[str, int]]:
        """From how many people it waits to be sent, and for want of what."""
        if asked.in_force is None:
            return
        ref = ref_of(asked.in_force.sender, asked.in_force.letter)
        for key, _list, letter, what, people in self.stores.views.withheld():
            if letter_ref(key, letter) == ref:
                yield what_is_wanting(what, asked.visit.say), people

    # A test

    def send_test(self, visit: Visit) -> Response:
        """To whoever tries it out, for somebody invented: nothing known of anybody leaves."""
        asked = self._asked(visit)
        if isinstance(asked, Response):
            return asked
        shown, say = asked.shown, visit.say
        values = self._invented(visit, visit.query.get("reader", ""), shown.plan)
        chosen = _Chosen(LetterReader(fields=values), "", "", values)
        try:
            to = address_of(visit.inputs.get("to", ""))
        except UserError as error:
            return self._page(asked, chosen, [Mistake("to", capitalised(error.said(visit.say)))])
        if not self._may_test(visit):
            why = say(N_("That were {n} tests within this hour: the next one can leave later."))
            return self._page(asked, chosen, [Mistake("to", why.format(n=TESTS_AN_HOUR))])
        try:
            now, composer = self.stores.clock.now(), shown.composer
            _, test = composed_test(composer, shown.plan, asked.claim(), chosen.reader, to, now)
            send_one(self.stores.config, test)
        except UserError as error:
            return self._page(asked, chosen, [Mistake("to", capitalised(error.said(visit.say)))])
        done = say(N_("The test is sent; its subject begins with [Test]."))
        return visit.goes_to(asked.url(person="") + "#test", done)

    def _may_test(self, visit: Visit) -> bool:
        """False for who has sent as many as an hour allows."""
        desk, account = self.stores.console_desk, visit.account.id
        return any(
            desk.note_once("test", f"{account}\0{n}", HOUR_SECONDS) for n in range(TESTS_AN_HOUR)
        )


def _owner(visit: Visit) -> str:
    """Whose the values are: they are no search of people."""
    return f"{visit.account.id} letter"


def _view_of(visit: Visit) -> str:
    view = visit.query.get("look", "")
    return view if view in dict(VIEWS) else "wide"
