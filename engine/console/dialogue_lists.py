"""The build of a dialogue by small forms: a new one, its lists, its letters, their order and names,
and taking one out, with what that would do to people. The file is changed where its author wrote
it, in their draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from fastapi.responses import Response

from engine.authoring import dialogue_edits as edits
from engine.authoring.new_installation import starter_form
from engine.authoring.starter import Owner
from engine.authoring.toml_changes import Change, MoveTable, RemoveTable, SetKey
from engine.console.access import Right
from engine.console.open_dialogue import (
    AuthoringStores,
    LetterPlace,
    NoSuchPlace,
    OpenDialogue,
    draft_of,
    open_dialogue,
    read_draft,
    sentence,
    told,
)
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_
from engine.sequence.delay import written_delay
from engine.sequence.draft import NAME, as_name
from engine.sequence.links import SPECIAL
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import List, Plan
from engine.sequence.toml import read_tables, toml_mistake

When = Literal["after", "wait", "reminds"]


def routes(stores: AuthoringStores) -> Sequence[Route]:
    here = "/d/{dialogue:path}"
    write = Right.WRITE
    return (
        Route("GET", "/new-dialogue", write, told(new_dialogue_page, stores)),
        Route("POST", "/new-dialogue", write, told(new_dialogue, stores)),
        Route("GET", f"{here}/lists", write, told(lists_page, stores)),
        Route("POST", f"{here}/lists", write, told(change_lists, stores)),
        Route("GET", f"{here}/lists/remove", write, told(remove_list_page, stores)),
        Route("POST", f"{here}/lists/remove", write, told(remove_list, stores)),
        Route("GET", f"{here}/letter", write, told(new_letter_page, stores)),
        Route("POST", f"{here}/letter", write, told(new_letter, stores)),
        Route("POST", f"{here}/letter/move", write, told(move_letter, stores)),
        Route("GET", f"{here}/letter/remove", write, told(remove_letter_page, stores)),
        Route("POST", f"{here}/letter/remove", write, told(remove_letter, stores)),
        Route("GET", f"{here}/text", write, told(text_page, stores)),
        Route("POST", f"{here}/text", write, told(keep_text, stores)),
    )


# A new dialogue.


def new_dialogue_page(
    stores: AuthoringStores, visit: Visit, mistakes: Sequence[Mistake] = ()
) -> Response:
    return visit.page(
        "dialogue_new.html",
        mistakes=mistakes,
        given=visit.inputs,
        purposes=[(purpose.id, purpose.name) for purpose in stores.config.settings.purposes],
    )


def new_dialogue(stores: AuthoringStores, visit: Visit) -> Response:
    given = {key: " ".join(value.split()) for key, value in visit.inputs.items()}
    known = {purpose.id for purpose in stores.config.settings.purposes}
    mistakes = [
        Mistake(key, visit.say(message))
        for key, message in (
            ("title", N_("Give it a title: readers see it.")),
            ("list", N_("Give its first list a name.")),
            ("subject", N_("Write the subject of the first letter.")),
        )
        if not given.get(key)
    ]
    if given.get("purpose") not in known:
        mistakes.append(Mistake("purpose", visit.say(N_("Choose what its readers agree to."))))
    if mistakes:
        return new_dialogue_page(stores, visit, mistakes)
    draft = draft_of(stores, visit)
    plan = read_draft(stores, draft).plan
    greeting = visit.say(N_("Hello,")) + "\n\n"
    form, fields = _form(stores, given["purpose"]) if given.get("form") else (None, [])
    new = edits.NewDialogue(
        title=given["title"],
        purpose=given["purpose"],
        list=given["list"],
        subject=given["subject"],
        greeting=greeting,
        form=form,
        fields=fields,
    )
    path, files = edits.new_dialogue(new, plan)
    for file, text in sorted(files.items()):
        draft.write(file, text)
    opened = OpenDialogue(
        stores=stores, visit=visit, draft=draft, file=path, read=read_draft(stores, draft)
    )
    return visit.goes_to(opened.url(), visit.say(N_("Made. Now write its first letter.")))


def _form(
    stores: AuthoringStores, purpose: str
) -> tuple[Mapping[str, str | bool], list[Mapping[str, str]]]:
    """For signing up, with the words that `relance init` proposes, and those of its fields that are
    declared here.
    """
    site, settings = stores.config.site, stores.config.settings
    name = next(known.name for known in settings.purposes if known.id == purpose)
    owner = Owner(site.name, site.postal_address, site.sender, site.url, name, settings.language)
    words, fields = starter_form(owner)
    declared = {field.name for field in settings.fields}
    return words, [field for field in fields if field.get("name") in declared]


# Lists.


def lists_page(stores: AuthoringStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    opened = open_dialogue(stores, visit)
    letters, standing = opened.letters(), stores.views.standing()
    return visit.page(
        "dialogue_lists.html",
        mistakes=mistakes,
        opened=opened,
        given=visit.inputs,
        states=opened.states(),
        lists=[
            (
                listed,
                [place for place in letters if place.sender is listed],
                standing.get(listed.id, 0),
            )
            for listed in opened.lists()
        ],
        in_force=set(stores.installation_stream.known.plan().lists),
    )


def change_lists(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    given = {key: " ".join(value.split()) for key, value in visit.inputs.items()}
    if given.get("do") == "title":
        if not given.get("title"):
            return lists_page(
                stores, visit, [Mistake("title", visit.say(N_("Give it a title: readers see it.")))]
            )
        opened.change([SetKey((), "title", given["title"])])
        return visit.goes_to(opened.url("lists"), visit.say(N_("Kept in your draft.")))
    if given.get("do") == "new":
        if not given.get("new_list"):
            wrong = Mistake("new_list", visit.say(N_("Give the list a name.")))
            return lists_page(stores, visit, [wrong])
        number, text = edits.new_list(
            opened.text(), opened.file, given["new_list"], opened.plan, given.get("thanks", "")
        )
        opened.draft.write(opened.file, text)
        done = visit.say(N_("List {number} “{name}” is there. Write its first letter.")).format(
            number=number, name=edits.list_in(text, number)
        )
        return visit.goes_to(opened.url("letter", list=str(number)), done)
    listed = opened.list_numbered(given.get("number", ""))
    typed = given.get("name", "")
    # As a new list is called by a name made of what is typed, so is one that has another name.
    name = as_name(typed) if typed else ""
    if wrong_name := _wrong_name(name, listed, opened.plan):
        place = f"name-{listed.id}"
        return lists_page(stores, visit, [Mistake(place, visit.say(wrong_name))])
    if given.get("thanks", "") != listed.thanks:
        opened.change([SetKey(edits.list_path(listed.id), "thanks", given.get("thanks") or None)])
    if name != listed.name:
        texts = {path: opened.draft.text(path) or "" for path in opened.read.files}
        for path, text in edits.renamed_list(texts, listed, name).items():
            opened.draft.write(path, text)
    done = N_("Kept in your draft.") if name == typed else N_("Kept in your draft, as “{name}”.")
    return visit.goes_to(opened.url("lists"), visit.say(done).format(name=name))


def _wrong_name(name: str, listed: List, plan: Plan) -> str:
    if not NAME.fullmatch(name) or name.isdigit() or name in SPECIAL:
        return N_("A list's name has small letters, digits and hyphens, and is no number.")
    if any(other.name == name and other.id != listed.id for other in plan.lists.values()):
        return N_("Another list has this name already.")
    return ""


def remove_list_page(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    listed = opened.list_numbered(visit.query.get("list", ""))
    return visit.page(
        "dialogue_remove.html",
        opened=opened,
        states=opened.states(),
        title=f"{listed.id} {listed.name}",
        action=opened.url("lists/remove"),
        values={"list": listed.id},
        back=opened.url("lists"),
        effects=list(_without_list(opened, listed)),
    )


def _without_list(opened: OpenDialogue, listed: List) -> Iterator[str]:
    visit, standing = opened.visit, opened.stores.views.standing().get(listed.id, 0)
    ngettext = visit.say_counted
    in_force = listed.id in opened.stores.installation_stream.known.plan().lists
    if not in_force:
        yield visit.say(N_("This list was never published: nobody is on it."))
    elif standing:
        yield ngettext(
            "{n} person stands on it: once this is published they get no more letters of it.",
            "{n} people stand on it: once this is published they get no more letters of it.",
            standing,
        ).format(n=standing)
    else:
        yield visit.say(N_("Nobody stands on it now."))
    count = len(listed.letters)
    if count:
        yield ngettext(
            "{n} letter goes with it; the file of its words stays in sequences/.",
            "{n} letters go with it; the files of their words stay in sequences/.",
            count,
        ).format(n=count)
    leading = sorted(
        {
            f"{sender.id}/{letter.id}"
            for other in opened.plan.titles
            for sender, letter in edits.sent_by(opened.plan, other)
            for link in letter.links
            if link.target == listed.id
        }
    )
    if leading:
        sentence_ = visit.say(
            N_("Answers of these letters lead to it, and have to be changed: {letters}.")
        )
        yield sentence_.format(letters=", ".join(leading))
    forms = [form.name for form in opened.plan.forms.values() if listed.id in form.lists]
    if forms:
        sentence_ = visit.say(N_("These forms lead to it, and have to be changed: {forms}."))
        yield sentence_.format(forms=", ".join(forms))


def remove_list(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    listed = opened.list_numbered(visit.inputs.get("list", ""))
    opened.change([RemoveTable(edits.list_path(listed.id))])
    return visit.goes_to(opened.url("lists"), visit.say(N_("Taken out of your draft.")))


# Letters.


def new_letter_page(
    stores: AuthoringStores, visit: Visit, mistakes: Sequence[Mistake] = ()
) -> Response:
    opened = open_dialogue(stores, visit)
    lists = opened.lists()
    if not lists:
        return visit.goes_to(opened.url("lists"))
    chosen = visit.inputs.get("list") or visit.query.get("list") or str(lists[0].id)
    listed = next((own for own in lists if str(own.id) == chosen), lists[0])
    return visit.page(
        "letter_new.html",
        mistakes=mistakes,
        opened=opened,
        states=opened.states(),
        given=visit.inputs,
        listed=listed,
        lists=[(str(own.id), f"{own.id} {own.name}") for own in lists],
        remindable=[
            (letter.id, letter.subject or letter.id) for letter in listed.letters if letter.links
        ],
    )


def new_letter(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    listed = opened.list_numbered(visit.inputs.get("list", ""))
    subject = " ".join(visit.inputs.get("subject", "").split())
    kind, delay = visit.inputs.get("when", ""), visit.inputs.get("delay", "").strip()
    mistakes = []
    if not subject:
        mistakes.append(Mistake("subject", visit.say(N_("Write a subject."))))
    when: tuple[When, str] = ("after", "0 minutes")
    try:
        if kind != "once":
            delay = written_delay(delay)
    except Unreadable as error:
        mistakes.append(Mistake("delay", sentence(visit, error.words)))
    if mistakes:
        return new_letter_page(stores, visit, mistakes)
    reminded = visit.inputs.get("reminds", "")
    if kind == "reminds" and listed.letter(reminded) is not None:
        when = ("reminds", reminded)
    elif kind != "once":
        when = ("wait" if listed.letters and kind != "after" else "after", delay)
    letter = edits.NewLetter(listed.id, subject, when, delay)
    identifier, body, text = edits.new_letter(opened.text(), opened.file, letter, opened.plan)
    reminded_letter = listed.letter(reminded) if when[0] == "reminds" else None
    words = opened.draft.text(reminded_letter.body) if reminded_letter is not None else None
    opened.draft.write(body, words or visit.say(N_("Hello,")) + "\n\n")
    opened.draft.write(opened.file, text)
    return visit.goes_to(
        opened.url(letter=f"{listed.id}/{identifier}"), visit.say(N_("Made. Now write it."))
    )


def move_letter(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.inputs.get("letter", ""))
    if not isinstance(place.sender, List):
        raise NoSuchPlace(N_("this dialogue has no such letter any more"))
    ids = [letter.id for letter in place.sender.letters]
    at = ids.index(place.letter.id)
    if visit.inputs.get("way") == "up":
        before = ids[max(at - 1, 0)]
    else:
        before = ids[at + 2] if at + 2 < len(ids) else ""
    if before != place.letter.id:
        change: Change = MoveTable(place.path, before)
        opened.change([change])
    return visit.goes_to(opened.url("lists"), visit.say(N_("Kept in your draft.")))


def remove_letter_page(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.query.get("letter", ""))
    return visit.page(
        "dialogue_remove.html",
        opened=opened,
        states=opened.states(),
        title=opened.subject_of(place.letter),
        action=opened.url("letter/remove"),
        values={"letter": place.reference},
        back=opened.url(letter=place.reference),
        effects=list(_without_letter(opened, place)),
    )


def _without_letter(opened: OpenDialogue, place: LetterPlace) -> Iterator[str]:
    visit = opened.visit
    now = opened.stores.installation_stream.known.plan()
    if isinstance(place.sender, List):
        published = now.lists.get(place.sender.id)
        if published is None or published.letter(place.letter.id) is None:
            yield visit.say(N_("This letter was never published: nobody has got it."))
        else:
            standing = opened.stores.views.standing().get(place.sender.id, 0)
            ngettext = visit.say_counted
            yield ngettext(
                "{n} person stands on this list: who has not got it yet will not get it.",
                "{n} people stand on this list: who has not got it yet will not get it.",
                standing,
            ).format(n=standing)
            yield visit.say(N_("Links in letters that were sent keep working."))
        reminding = [
            letter.id for letter in place.sender.letters if letter.reminds == place.letter.id
        ]
        if reminding:
            message = visit.say(N_("These remind of it, and have to go or be changed: {letters}."))
            yield message.format(letters=", ".join(reminding))
    yield visit.say(N_("The file of its words stays: sequences/{file}.")).format(
        file=place.letter.body
    )


def remove_letter(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.inputs.get("letter", ""))
    if place.reference.endswith("/reminder"):
        opened.change([SetKey(place.path[:-1], "reminder", None)])
    else:
        opened.change([RemoveTable(place.path)])
    return visit.goes_to(opened.url("lists"), visit.say(N_("Taken out of your draft.")))


# The file as text.


def text_page(
    stores: AuthoringStores,
    visit: Visit,
    mistakes: Sequence[Mistake] = (),
    typed: str | None = None,
) -> Response:
    opened = open_dialogue(stores, visit)
    return visit.page(
        "dialogue_text.html",
        status=409 if mistakes else 200,
        mistakes=mistakes,
        opened=opened,
        states=opened.states(),
        text=opened.text() if typed is None else typed,
        digest=opened.digest(),
        found=[
            (mistake, sentence(visit, mistake.words)) for mistake in opened.mistakes_in(opened.file)
        ],
    )


def keep_text(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    typed = visit.inputs.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    if visit.inputs.get("opened", "") != opened.digest():
        wrong = visit.say(
            N_(
                "The file was changed elsewhere meanwhile. Your text stands below; what is kept now"
                " would take the place of the other version."
            )
        )
        return text_page(stores, visit, [Mistake("text", wrong)], typed)
    opened.draft.write(opened.file, typed)
    try:
        read_tables(typed)
    except ValueError as error:
        unread = toml_mistake(opened.file, typed, error)
        done = visit.say(N_("Kept in your draft, though line {line} cannot be read yet."))
        return visit.goes_to(opened.url("text"), done.format(line=unread.line))
    return visit.goes_to(opened.url("text"), visit.say(N_("Kept in your draft.")))
