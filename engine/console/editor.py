"""`/d/DIALOGUE/edit`: the words of one letter, the letters of its dialogue beside them, what
`check` finds, and how it will look. What is typed is kept in the author's draft as they go on;
nothing reaches the folder until they save, and nobody's later change is written over.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from fastapi.responses import Response

from engine.authoring import dialogue_edits as edits
from engine.authoring.author_files import text_of
from engine.authoring.drafts import digest_of
from engine.authoring.inspection import with_no_break_blanks
from engine.authoring.saving import Conflict
from engine.authoring.toml_changes import SetKey, table_at
from engine.console.access import Right
from engine.console.kept_words import TypedWords, is_ours, keep_words
from engine.console.letter_preview import VIEWS, preview_page
from engine.console.open_dialogue import (
    AuthoringStores,
    LetterPlace,
    OpenDialogue,
    cannot_keep,
    open_dialogue,
    sentence,
    told,
)
from engine.console.saved_draft import save_draft, three_ways
from engine.console.uploads import kept_upload
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_
from engine.letter.source_folder import assets_of
from engine.sequence.model import List, Plan

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def routes(stores: AuthoringStores) -> Sequence[Route]:
    edit = "/d/{dialogue:path}/edit"
    return (
        Route("GET", edit, Right.WRITE, told(page, stores)),
        Route("POST", edit, Right.WRITE, told(post, stores), uploads=True),
        Route("POST", f"{edit}/draft", Right.WRITE, told(autosave, stores)),
        Route("GET", f"{edit}/preview", Right.WRITE, told(preview, stores)),
    )


@dataclass(frozen=True, slots=True)
class _Typed:
    """What the form holds."""

    subject: str
    preheader: str
    words: TypedWords
    was_subject: str
    was_preheader: str

    @staticmethod
    def of(visit: Visit) -> _Typed:
        given = visit.inputs
        return _Typed(
            CONTROL.sub(" ", given.get("subject", "")).strip(),
            CONTROL.sub(" ", given.get("preheader", "")).strip(),
            TypedWords.of(given),
            given.get("was_subject", ""),
            given.get("was_preheader", ""),
        )


def page(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    if not opened.letters():
        return _without_letters(opened)
    return _shown(opened, opened.letter(visit.query.get("letter", "")))


def _without_letters(opened: OpenDialogue) -> Response:
    return opened.visit.page(
        "editor_empty.html",
        opened=opened,
        lists=opened.lists(),
        wrong=[sentence(opened.visit, m.words) for m in opened.mistakes_in(opened.file)],
        states=opened.states(),
    )


def _shown(
    opened: OpenDialogue,
    place: LetterPlace,
    *,
    typed: _Typed | None = None,
    mistakes: Sequence[Mistake] = (),
    conflict: Conflict | None = None,
    status: int = 200,
) -> Response:
    octets = opened.draft.octets(place.letter.body)
    body = "" if octets is None else text_of(octets)
    if octets is not None and typed is None:
        with suppress(OSError):
            opened.draft.remember(octets)
    window = typed.words.window if typed is not None else secrets.token_hex(8)
    raw = _Typed(
        place.letter.subject,
        place.letter.preheader,
        TypedWords(body, digest_of(octets), window),
        place.letter.subject,
        place.letter.preheader,
    )
    held, folder = typed or raw, opened.stores.config.sequences
    found = found_in(opened, place)
    return opened.visit.page(
        "editor.html",
        status=status,
        mistakes=mistakes,
        opened=opened,
        place=place,
        others=_same_words(opened, place),
        shares_words=_shares_words(opened, place),
        typed=held,
        now=raw,
        letters=opened.letters(),
        lists=opened.lists(),
        targets=[(listed.name, f"{listed.id} {listed.name}") for listed in _targets(opened)],
        fields=[(field.name, field.label) for field in opened.plan.fields.values()],
        assets=[(f"{kind}/{name}", name) for kind, name in assets_of(folder)],
        loose=_has_loose_blanks(opened.plan, (body, raw.subject, raw.preheader)),
        found=found,
        found_json=json.dumps([fault for fault in found if fault["in_words"]]),
        states=opened.states(),
        opens=opened.visit.query.get("open", ""),
        view=view_of(opened.visit),
        views=VIEWS,
        conflict=conflict,
        three=three_ways(conflict) if conflict is not None else (),
        save_mode=opened.stores.config.console.save,
    )


def view_of(visit: Visit) -> str:
    view = visit.inputs.get("view") or visit.query.get("view", "")
    return view if view in dict(VIEWS) else VIEWS[0][0]


def _targets(opened: OpenDialogue) -> list[List]:
    """Those of this dialogue first."""
    every = opened.plan.lists.values()
    return sorted(every, key=lambda listed: (listed.file != opened.file, listed.id))


def _same_words(opened: OpenDialogue, place: LetterPlace) -> list[LetterPlace]:
    """Other letters that send the same file."""
    return [
        other
        for other in opened.letters()
        if other.letter.body == place.letter.body and other.reference != place.original
    ]


def found_in(opened: OpenDialogue, place: LetterPlace) -> list[dict[str, str | int | bool]]:
    """What `check` says of this letter: of its words by their lines, and of its part of the
    dialogue.
    """
    lines = opened.lines_of(place.path)
    words = opened.mistakes_in(place.letter.body)
    around = [m for m in opened.mistakes_in(opened.file) if m.line in lines]
    texts = (opened.read.files.get(place.letter.body, ""), opened.text())
    return [
        {
            "line": mistake.line,
            "column": mistake.column,
            "text": sentence(opened.visit, mistake.words),
            "fatal": mistake.fatal,
            "in_words": mistake.file == place.letter.body,
            "excerpt": _line(texts[mistake.file != place.letter.body], mistake.line),
        }
        for mistake in (*words, *around)
    ]


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1].strip()[:120] if 0 < number <= len(lines) else ""


# What is typed.


@dataclass(frozen=True, slots=True)
class _Kept:
    """`conflict`: somebody changed the same words meanwhile, and git could not join the two."""

    mistakes: tuple[Mistake, ...] = ()
    conflict: Conflict | None = None


def _keep(opened: OpenDialogue, place: LetterPlace, typed: _Typed) -> _Kept:
    """Into the draft. Raises CannotEdit, BadFile, OSError."""
    mistakes = []
    changes = []
    for key, value, was, now in (
        ("subject", typed.subject, typed.was_subject, place.letter.subject),
        ("preheader", typed.preheader, typed.was_preheader, place.letter.preheader),
    ):
        if value in (was, now):
            continue
        if was != now:
            message = opened.visit.say(
                N_("This was changed elsewhere meanwhile; it reads “{words}” there now.")
            )
            mistakes.append(Mistake(key, message.format(words=now)))
        else:
            inherits = key != "subject" or place.version
            changes.append(SetKey(place.path, key, value or (None if inherits else "")))
    if changes:
        opened.change(changes)
    return _Kept(tuple(mistakes), keep_words(opened.draft, place.letter.body, typed.words))


def _own_words(opened: OpenDialogue, place: LetterPlace) -> tuple[OpenDialogue, LetterPlace]:
    """A version that had the words of the letter itself now has a copy of its own."""
    path = opened.free_words(place, place.version)
    opened.draft.write(path, opened.draft.text(place.letter.body) or "")
    opened.change([SetKey(place.path, "body", path)])
    opened = open_dialogue(opened.stores, opened.visit)
    return opened, opened.letter(place.reference)


def _shares_words(opened: OpenDialogue, place: LetterPlace) -> bool:
    """Whether it is a version that sends the words of the letter itself."""
    return place.version != "" and "body" not in table_at(opened.text(), place.path)


def _wants_own_words(opened: OpenDialogue, place: LetterPlace, typed: _Typed) -> bool:
    """What is put in, or typed, is this version's alone."""
    if not _shares_words(opened, place):
        return False
    puts_in = opened.visit.inputs.get("do") in ("answer", "field", "asset", "blanks")
    return puts_in or typed.words.text != (opened.draft.text(place.letter.body) or "")


def post(stores: AuthoringStores, visit: Visit) -> Response:
    """Keep what was typed, then do what the button says."""
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.inputs.get("letter", ""))
    typed = _Typed.of(visit)
    back = opened.url(letter=place.reference, view=visit.inputs.get("view", ""))
    if _is_done(opened, place, typed):
        return visit.goes_to(back)
    try:
        if _wants_own_words(opened, place, typed):
            opened, place = _own_words(opened, place)
        kept = _keep(opened, place, typed)
    except OSError as error:
        mistake = Mistake("", cannot_keep(visit, error))
        return _shown(opened, place, typed=typed, mistakes=[mistake], status=507)
    if kept.conflict is not None:
        return _shown(opened, place, typed=typed, conflict=kept.conflict, status=409)
    if kept.mistakes:
        return _shown(opened, place, typed=typed, mistakes=kept.mistakes)
    match visit.inputs.get("do", "draft"):
        case "blanks":
            return _with_blanks(opened, place.reference, back)
        case "save":
            return save_draft(stores, visit, back)
        case "answer" | "field" | "asset":
            return _inserted(opened, place, back, typed)
        case _:
            return visit.goes_to(back, visit.say(N_("Kept in your draft.")))


def _with_blanks(opened: OpenDialogue, reference: str, back: str) -> Response:
    """No-break blanks where French wants them."""
    place = open_dialogue(opened.stores, opened.visit).letter(reference)
    words = opened.draft.text(place.letter.body)
    if words is not None:
        opened.draft.write(place.letter.body, with_no_break_blanks(words))
    opened.change(
        [
            SetKey(place.path, key, with_no_break_blanks(value))
            for key, value in (
                ("subject", place.letter.subject),
                ("preheader", place.letter.preheader),
            )
            if value
        ]
    )
    return opened.visit.goes_to(back, opened.visit.say(N_("Kept in your draft.")))


def _has_loose_blanks(plan: Plan, texts: Sequence[str]) -> bool:
    return plan.language == "fr" and any(with_no_break_blanks(text) != text for text in texts)


def _done_in(window: str) -> str:
    """What the draft names in place of the window whose form has put something in: that form is no
    longer what the draft holds, and does not do it twice.
    """
    return f"done:{window}"


def _is_done(opened: OpenDialogue, place: LetterPlace, typed: _Typed) -> bool:
    inserts = opened.visit.inputs.get("do") in ("answer", "field", "asset")
    return inserts and opened.draft.window(place.letter.body) == _done_in(typed.words.window)


def _inserted(opened: OpenDialogue, place: LetterPlace, back: str, typed: _Typed) -> Response:
    """An answer, a field, a picture or a download, where the cursor stood."""
    visit, given, warning = opened.visit, opened.visit.inputs, ""
    body = opened.draft.text(place.letter.body) or ""
    at = int(given["at"]) if given.get("at", "").isascii() and given.get("at", "").isdigit() else -1
    match given["do"]:
        case "answer":
            made = _answer(opened)
        case "field":
            names = opened.plan.fields
            name = given.get("field", "")
            wrong = Mistake("field", visit.say(N_("Choose a field.")))
            made = edits.field_tag(name, given.get("field_default", "")) if name in names else wrong
        case _:
            kept = kept_upload(opened.stores.config, visit)
            made, warning = (kept, "") if isinstance(kept, Mistake) else kept
    if isinstance(made, Mistake):
        return _shown(opened, opened.letter(place.reference), mistakes=[made])
    words = edits.with_inserted(body, made, at, apart=given["do"] != "field")
    opened.draft.write(place.letter.body, words, _done_in(typed.words.window))
    if given["do"] == "answer":
        # Mostly another answer follows.
        back = opened.url(letter=place.reference, view=given.get("view", ""), open="answer")
        return visit.goes_to(f"{back}#answers", visit.say(N_("Put into the letter.")))
    done = f"{visit.say(N_('Put into the letter.'))} {warning}"
    return visit.goes_to(f"{back}#body", done.strip())


def _answer(opened: OpenDialogue) -> str | Mistake:
    """The link of an answer; a list that it names as new is made."""
    visit, given = opened.visit, opened.visit.inputs
    label, target = given.get("answer", "").strip(), given.get("target", "")
    if not label:
        return Mistake("answer", visit.say(N_("Write what the reader clicks on.")))
    kind: Literal["move", "copy"] = "copy" if given.get("kind") == "copy" else "move"
    if target == "new":
        title = given.get("new_list", "").strip() or label
        thanks = given.get("thanks", "").strip()
        number, text = edits.new_list(opened.text(), opened.file, title, opened.plan, thanks)
        opened.draft.write(opened.file, text)
        listed = edits.list_in(text, number)
        return edits.answer_link(label, listed, kind)
    if opened.plan.list_named(target) is None:
        return Mistake("target", visit.say(N_("Choose where this answer leads.")))
    return edits.answer_link(label, target, kind)


def autosave(stores: AuthoringStores, visit: Visit) -> Response:
    """While somebody types: kept, looked through and shown anew. What was changed elsewhere is not
    touched, and told.
    """
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.inputs.get("letter", ""))
    typed = _Typed.of(visit)
    if _wants_own_words(opened, place, typed):
        opened, place = _own_words(opened, place)
    if not is_ours(opened.draft, place.letter.body, typed.words):
        opened.draft.remember(typed.words.text.encode())
        trouble = visit.say(
            N_(
                "These words were changed elsewhere meanwhile. Go on writing; when you keep or save"
                " them you will see both versions."
            )
        )
    else:
        kept = _keep(opened, place, typed)
        trouble = " ".join(mistake.words for mistake in kept.mistakes)
        opened = open_dialogue(stores, visit)
        place = opened.letter(place.reference)
    found = found_in(opened, place)
    return visit.page(
        "editor_kept.html",
        opened=opened,
        place=place,
        trouble=trouble,
        loose=_has_loose_blanks(
            opened.plan, (typed.words.text, place.letter.subject, place.letter.preheader)
        ),
        digest=typed.words.opened if trouble else digest_of(opened.draft.octets(place.letter.body)),
        now=place.letter,
        found=found,
        found_json=json.dumps([fault for fault in found if fault["in_words"]]),
        view=view_of(visit),
    )


def preview(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.query.get("letter", ""))
    return preview_page(opened, place, view_of(visit))
