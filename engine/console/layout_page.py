"""`/layout`: `layout.html`, the frame that every letter is set in, edited as text: what it must
hold, what `check` finds in it, and a letter in it beside. What is typed is kept in the author's
draft; nothing reaches the folder until they save.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from fastapi.responses import Response

from engine.authoring.author_files import text_of
from engine.authoring.drafts import digest_of
from engine.authoring.saving import Conflict
from engine.console.access import Right
from engine.console.editor import view_of
from engine.console.kept_words import TypedWords, is_ours, keep_words
from engine.console.letter_preview import VIEWS, preview_page
from engine.console.open_dialogue import (
    AuthoringStores,
    LetterPlace,
    NoSuchPlace,
    OpenDialogue,
    cannot_keep,
    draft_of,
    read_draft,
    sentence,
    told,
)
from engine.console.saved_draft import save_draft, three_ways
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_
from engine.letter.layout import MUST_HOLD, PLACEHOLDERS
from engine.letter.published_letter import LAYOUT

MEANINGS = {
    "content": N_("the letter’s own words"),
    "foot": N_("who writes, why, and the links to unsubscribe"),
    "subject": N_("the subject"),
    "preheader": N_("what lists of mails show after the subject"),
    "site": N_("who writes"),
    "language": N_("“en” or “fr”, for programs that read aloud"),
    "logo": N_("the address of your logo, [site] logo"),
    "unsubscribe": N_("the words of the link to unsubscribe"),
    "everything": N_("the words of the link to unsubscribe from everything"),
}


class Placeholder(NamedTuple):
    name: str
    meaning: str
    is_needed: bool
    is_there: bool


def routes(stores: AuthoringStores) -> Sequence[Route]:
    return (
        Route("GET", "/layout", Right.WRITE, told(page, stores)),
        Route("POST", "/layout", Right.WRITE, told(post, stores)),
        Route("POST", "/layout/draft", Right.WRITE, told(autosave, stores)),
        Route("GET", "/layout/preview", Right.WRITE, told(preview, stores)),
    )


class Frame:
    """The frame as one author sees it, and the letters that can be shown in it."""

    def __init__(self, stores: AuthoringStores, visit: Visit) -> None:
        self.stores, self.visit = stores, visit
        self.draft = draft_of(stores, visit)
        self.read = read_draft(stores, self.draft)
        self.octets = self.draft.octets(LAYOUT)
        self.text = "" if self.octets is None else text_of(self.octets)
        self.letters = {
            f"{opened.stem}:{place.reference}": (opened, place)
            for file in self.read.plan.titles
            for opened in (self._dialogue(file),)
            for place in opened.letters()
        }

    def _dialogue(self, file: str) -> OpenDialogue:
        return OpenDialogue(
            stores=self.stores, visit=self.visit, draft=self.draft, file=file, read=self.read
        )

    @property
    def shown(self) -> str:
        """The letter that is chosen, else the first; "" where there is none."""
        asked = self.visit.inputs.get("letter") or self.visit.query.get("letter", "")
        return asked if asked in self.letters else next(iter(self.letters), "")

    def placed(self) -> tuple[OpenDialogue, LetterPlace]:
        """Raises NoSuchPlace."""
        if not self.shown:
            raise NoSuchPlace(N_("there is no letter yet that could be shown in it"))
        return self.letters[self.shown]

    def url(self, page: str = "") -> str:
        view = view_of(self.visit)
        return f"/layout{page}?letter={self.shown}&view={view}"

    def placeholders(self) -> Iterator[Placeholder]:
        for name in sorted(PLACEHOLDERS, key=list(MEANINGS).index):
            there = re.search(rf"\{{[{{%][^}}]*\b{name}\b", self.text) is not None
            meaning = self.visit.say(MEANINGS[name])
            yield Placeholder(name, meaning, name in MUST_HOLD, there)

    def found(self) -> list[dict[str, str | int | bool]]:
        lines = self.text.split("\n")
        return [
            {
                "line": mistake.line,
                "column": mistake.column,
                "text": sentence(self.visit, mistake.words),
                "fatal": mistake.fatal,
                "in_words": True,
                "excerpt": lines[mistake.line - 1].strip()[:120]
                if 0 < mistake.line <= len(lines)
                else "",
            }
            for mistake in self.read.mistakes
            if mistake.file == LAYOUT
        ]

    def state(self) -> str:
        if self.draft.get(LAYOUT) is not None:
            return "draft"
        in_force = self.stores.installation_stream.known.plan().words.get(LAYOUT)
        return "in force" if self.read.files.get(LAYOUT) == in_force else "folder"


def page(stores: AuthoringStores, visit: Visit) -> Response:
    return _shown(Frame(stores, visit))


def _shown(
    frame: Frame,
    *,
    typed: TypedWords | None = None,
    mistakes: Sequence[Mistake] = (),
    conflict: Conflict | None = None,
    status: int = 200,
) -> Response:
    if frame.octets is not None and typed is None:
        with suppress(OSError):
            frame.draft.remember(frame.octets)
    held = typed.text if typed is not None else frame.text
    found = frame.found()
    return frame.visit.page(
        "layout.html",
        status=status,
        mistakes=mistakes,
        text=(conflict.merged or conflict.mine) if conflict is not None else held,
        digest=conflict.theirs_digest if conflict is not None else digest_of(frame.octets),
        window=typed.window if typed is not None else secrets.token_hex(8),
        conflict=conflict,
        three=three_ways(conflict) if conflict is not None else (),
        found=found,
        found_json=json.dumps(found),
        placeholders=list(frame.placeholders()),
        letters=[
            (name, f"{opened.title} · {opened.subject_of(place.letter)}")
            for name, (opened, place) in frame.letters.items()
        ],
        frame=frame,
        view=view_of(frame.visit),
        views=VIEWS,
        save_mode=frame.stores.config.console.save,
    )


def post(stores: AuthoringStores, visit: Visit) -> Response:
    frame, typed = Frame(stores, visit), TypedWords.of(visit.inputs)
    back = frame.url()
    try:
        conflict = keep_words(frame.draft, LAYOUT, typed)
    except OSError as error:
        mistake = Mistake("", cannot_keep(visit, error))
        return _shown(frame, typed=typed, mistakes=[mistake], status=507)
    if conflict is not None:
        return _shown(frame, typed=typed, conflict=conflict, status=409)
    if visit.inputs.get("do") == "save":
        return save_draft(stores, visit, back)
    return visit.goes_to(back, visit.say(N_("Kept in your draft.")))


def autosave(stores: AuthoringStores, visit: Visit) -> Response:
    """While somebody types. What was changed elsewhere is not touched, and told."""
    draft, typed, trouble = draft_of(stores, visit), TypedWords.of(visit.inputs), ""
    if is_ours(draft, LAYOUT, typed):
        keep_words(draft, LAYOUT, typed)
    else:
        draft.remember(typed.text.encode())
        trouble = visit.say(
            N_(
                "These words were changed elsewhere meanwhile. Go on writing; when you keep or save"
                " them you will see both versions."
            )
        )
    frame = Frame(stores, visit)
    found = frame.found()
    return visit.page(
        "layout_kept.html",
        frame=frame,
        trouble=trouble,
        digest=typed.opened if trouble else digest_of(frame.octets),
        found=found,
        found_json=json.dumps(found),
        placeholders=list(frame.placeholders()),
        view=view_of(visit),
    )


def preview(stores: AuthoringStores, visit: Visit) -> Response:
    opened, place = Frame(stores, visit).placed()
    return preview_page(opened, place, view_of(visit))
