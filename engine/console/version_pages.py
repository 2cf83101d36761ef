"""`/d/DIALOGUE/versions`: the versions in which one letter is tried: their names, their shares of a
hundred people, their subjects, and the share that gets nothing. Their words are written in the
editor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fastapi.responses import Response

from engine.authoring.toml_changes import (
    AddTable,
    Change,
    RemoveTable,
    SetKey,
    TomlValue,
    table_at,
)
from engine.console.access import Right
from engine.console.change_trial import keep_change
from engine.console.open_dialogue import (
    AuthoringStores,
    LetterPlace,
    NoSuchPlace,
    OpenDialogue,
    open_dialogue,
    told,
)
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_
from engine.sequence.draft import NAME
from engine.sequence.model import HOLDOUT, ORIGINAL

MAX_VERSIONS = 9
NAMES = "bcdefghijk"
USUAL_SHARE = "50"


class VersionForm(NamedTuple):
    """A row of the form. `former` is its name in the file, "" for a new one; `own_words`: it has a
    file of words, and not only another subject.
    """

    former: str
    name: str
    share: str
    subject: str
    own_words: bool


def routes(stores: AuthoringStores) -> Sequence[Route]:
    here = "/d/{dialogue:path}/versions"
    return (
        Route("GET", here, Right.WRITE, told(page, stores)),
        Route("POST", here, Right.WRITE, told(post, stores)),
    )


def page(
    stores: AuthoringStores,
    visit: Visit,
    mistakes: Sequence[Mistake] = (),
    given: Sequence[VersionForm] | None = None,
) -> Response:
    opened = open_dialogue(stores, visit)
    asked = visit.query.get("letter") or visit.inputs.get("letter", "")
    place = _tried(opened, asked)
    table = table_at(opened.text(), place.path)
    forms = list(given if given is not None else _written(table))
    if len(forms) < MAX_VERSIONS and not any(form.former == "" for form in forms):
        share = USUAL_SHARE if not forms else ""
        forms.append(VersionForm("", _free_name(forms), share, "", False))
    return visit.page(
        "versions.html",
        mistakes=mistakes,
        opened=opened,
        states=opened.states(),
        place=place,
        forms=forms,
        rest=dict(place.letter.arms).get(ORIGINAL, 100),
        holdout=visit.inputs.get("holdout") if mistakes else str(table.get("holdout", "")),
        is_in_force=place.letter.tried_since > 0,
    )


def _tried(opened: OpenDialogue, reference: str) -> LetterPlace:
    """Raises NoSuchPlace for a letter that cannot be tried: a reminder of a broadcast, or the one
    that asks for a confirmation.
    """
    place = opened.letter(reference)
    if not place.may_be_tried:
        raise NoSuchPlace(N_("this letter is not tried in versions"))
    return place


def _written(table: Mapping[str, object]) -> Iterator[VersionForm]:
    versions = table.get("version")
    for version in versions if isinstance(versions, list) else ():
        if isinstance(version, dict):
            name = str(version.get("id", ""))
            yield VersionForm(
                former=name,
                name=name,
                share=str(version.get("share", "")),
                subject=str(version.get("subject", "")),
                own_words="body" in version,
            )


def _free_name(forms: Sequence[VersionForm]) -> str:
    taken = {form.name for form in forms}
    return next(name for name in NAMES if name not in taken)


def _posted(visit: Visit) -> Iterator[VersionForm]:
    given = {key: " ".join(value.split()) for key, value in visit.inputs.items()}
    for number in range(MAX_VERSIONS):
        if f"share.{number}" in given:
            yield VersionForm(
                former=given.get(f"former.{number}", ""),
                name=given.get(f"name.{number}", ""),
                share=given[f"share.{number}"],
                subject=given.get(f"subject.{number}", ""),
                own_words=given.get(f"own_words.{number}", "") == "yes",
            )


def post(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    place = _tried(opened, visit.inputs.get("letter", ""))
    table = table_at(opened.text(), place.path)
    forms, (do, _, number) = list(_posted(visit)), visit.inputs.get("do", "").partition(".")
    back = opened.url("versions", letter=place.reference)
    if do == "remove":
        gone = [form for form in _written(table) if form.former == number]
        changes: list[Change] = [RemoveTable((*place.path, ("version", f.former))) for f in gone]
        mistakes = keep_change(stores, visit, opened.file, changes)
        if not mistakes:
            return visit.goes_to(back, visit.say(N_("Taken out of your draft.")))
        return page(stores, visit, mistakes, forms)
    new = [form for form in forms if not form.former and (form.subject or form.own_words)]
    kept = [form for form in forms if form.former]
    mistakes = list(_mistakes(visit, forms, new))
    if mistakes:
        return page(stores, visit, mistakes, forms)
    changes, beside = list(_changes(visit, place, table, kept)), dict[str, str]()
    for form in new:
        values: dict[str, TomlValue] = {"id": form.name, "share": int(form.share)}
        if form.subject:
            values["subject"] = form.subject
        if form.own_words:
            body = opened.free_words(place, form.name)
            values["body"] = body
            beside[body] = opened.draft.text(place.letter.body) or ""
        changes.append(AddTable(place.path, "version", values))
    mistakes = keep_change(stores, visit, opened.file, changes, "share-0", beside)
    if mistakes:
        return page(stores, visit, mistakes, forms)
    if beside:
        written = opened.url("edit", letter=f"{place.reference}:{new[0].name}")
        return visit.goes_to(written, visit.say(N_("Made. Now change its words.")))
    return visit.goes_to(back, visit.say(N_("Kept in your draft.")))


def _mistakes(
    visit: Visit, forms: Sequence[VersionForm], new: Sequence[VersionForm]
) -> Iterator[Mistake]:
    total, names = 0, [ORIGINAL, HOLDOUT]
    for number, form in enumerate(forms):
        if not (form.former or form in new):
            continue
        if not NAME.fullmatch(form.name):
            message = N_("A version’s name has small letters, digits and hyphens: b.")
            yield Mistake(f"name-{number}", visit.say(message))
        elif form.name in names:
            message = N_("The name {name} is taken: choose another.")
            yield Mistake(f"name-{number}", visit.say(message).format(name=form.name))
        names.append(form.name)
        if not _is_share(form.share, 1):
            message = N_("A share is a number from 1 to 100.")
            yield Mistake(f"share-{number}", visit.say(message))
        else:
            total += int(form.share)
    holdout = visit.inputs.get("holdout", "").strip()
    if holdout and not _is_share(holdout, 0):
        yield Mistake("holdout", visit.say(N_("A share is a number from 0 to 100.")))
    elif total + int(holdout or 0) > 100:
        message = N_("The shares come to {sum}: of a hundred people at most 100 can be meant.")
        yield Mistake("share-0", visit.say(message).format(sum=total + int(holdout or 0)))


def _is_share(text: str, least: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4 and least <= int(text) <= 100


def _changes(
    visit: Visit, place: LetterPlace, table: Mapping[str, object], kept: Sequence[VersionForm]
) -> Iterator[Change]:
    """Of what is there already."""
    written = {form.former: form for form in _written(table)}
    for form in kept:
        former = written.get(form.former)
        if former is None:
            raise NoSuchPlace(N_("this letter has no such version any more"))
        path = (*place.path, ("version", form.former))
        yield SetKey(path, "share", int(form.share))
        if " ".join(former.subject.split()) != form.subject:
            yield SetKey(path, "subject", form.subject or None)
        yield SetKey(path, "id", form.name)
    holdout = visit.inputs.get("holdout", "").strip()
    yield SetKey(place.path, "holdout", int(holdout) if holdout else None)
