"""`/draft`: what an author has changed and not saved, each file with its difference, and saving it
to the folder. Where the folder was changed meanwhile, both versions are shown, and nothing is
written over.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from fastapi.responses import Response

from engine.authoring.author_files import BadFile, octets_of, text_of
from engine.authoring.drafts import Draft, Drafted, digest_of
from engine.authoring.saving import Author, CannotSave, Conflict, Saved, conflict_of, save
from engine.console.access import Right
from engine.console.open_dialogue import (
    AuthoringStores,
    NoSuchPlace,
    draft_of,
    read_draft,
    sentence,
    told,
)
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_

MAX_CHANGED_LINES = 400


def routes(stores: AuthoringStores) -> Sequence[Route]:
    return (
        Route("GET", "/draft", Right.WRITE, told(page, stores)),
        Route("POST", "/draft", Right.WRITE, told(post, stores)),
        Route("GET", "/draft/both", Right.WRITE, told(both, stores)),
        Route("POST", "/draft/both", Right.WRITE, told(settle, stores)),
    )


def page(stores: AuthoringStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    draft = draft_of(stores, visit)
    files = [file for path in draft.paths() if (file := draft.get(path)) is not None]
    read = read_draft(stores, draft)
    return visit.page(
        "draft.html",
        status=409 if mistakes else 200,
        mistakes=mistakes,
        files=[
            (file.path, difference(file), _moved_on(draft, file), file.base is None)
            for file in files
        ],
        fatal=[(m.file, m.line, sentence(visit, m.words)) for m in read.fatal],
        save_mode=stores.config.console.save,
    )


def _moved_on(draft: Draft, file: Drafted) -> bool:
    return digest_of(draft.in_folder(file.path)) != digest_of(file.base)


def difference(file: Drafted) -> list[tuple[str, str]]:
    """Lines as ("" or "removed" or "added" or "place", text), at most MAX_CHANGED_LINES."""
    before, after = ("" if octets is None else text_of(octets) for octets in (file.base, file.mine))
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=2)
    kinds = {"-": "removed", "+": "added", "@": "place"}
    shown = [line for line in lines if not line.startswith(("---", "+++"))][:MAX_CHANGED_LINES]
    return [(kinds.get(line[:1], ""), "…" if line[:1] == "@" else line[1:]) for line in shown]


def post(stores: AuthoringStores, visit: Visit) -> Response:
    draft = draft_of(stores, visit)
    match visit.inputs.get("do"):
        case "discard":
            draft.discard(visit.inputs.get("file", ""))
            return visit.goes_to("/draft", visit.say(N_("Back to what the folder holds.")))
        case "discard-all":
            for path in draft.paths():
                draft.discard(path)
            return visit.goes_to("/draft", visit.say(N_("The draft is gone.")))
        case _:
            return save_draft(stores, visit, "/draft")


def save_draft(stores: AuthoringStores, visit: Visit, back: str) -> Response:
    """Everything this author has drafted; on to `back`, or to what stands in the way."""
    draft = draft_of(stores, visit)
    files = [file for path in draft.paths() if (file := draft.get(path)) is not None]
    if not files:
        return visit.goes_to(back, visit.say(N_("The folder holds all this already.")))
    config, account = stores.config, visit.account
    message = visit.say(N_("Letters: {files}")).format(files=", ".join(file.path for file in files))
    try:
        outcome = save(
            config.sequences,
            config.data,
            files,
            config.console.save,
            Author(account.id, account.name),
            message,
        )
    except CannotSave as error:
        return page(stores, visit, [Mistake("", sentence(visit, error.words))])
    if not isinstance(outcome, Saved):
        joined = [_join(draft, conflict) for conflict in outcome]
        if all(joined):
            message = N_("Others changed this too: both changes are joined. Look, then save.")
        else:
            message = N_("Nothing was saved: see below.")
        return visit.goes_to("/draft", visit.say(message))
    for path in outcome.paths if not outcome.branch else ():
        draft.discard(path)
    return visit.goes_to(back, done(visit, outcome))


def _join(draft: Draft, conflict: Conflict) -> bool:
    """Whether the two changes leave each other alone, and are one in the draft now."""
    theirs = draft.in_folder(conflict.path)
    if not conflict.clean or conflict.merged is None or digest_of(theirs) != conflict.theirs_digest:
        return False
    draft.begin(conflict.path, theirs, octets_of(conflict.merged, theirs or b""))
    return True


def done(visit: Visit, outcome: Saved) -> str:
    ngettext, count = visit.say_counted, len(outcome.paths)
    saved = ngettext(
        "{n} file is in the folder now.", "{n} files are in the folder now.", count
    ).format(n=count)
    if outcome.branch:
        saved = visit.say(N_("It is on the branch {branch} (commit {commit}).")).format(
            branch=outcome.branch, commit=outcome.commit[:10]
        )
    elif outcome.commit:
        saved += " " + visit.say(N_("Commit {commit}.")).format(commit=outcome.commit[:10])
    if not outcome.branch:
        saved += " " + visit.say(N_("Readers get it once it is published."))
    if outcome.warning is not None:
        saved += " " + sentence(visit, outcome.warning)
    return saved


def _conflict(draft: Draft, path: str) -> Conflict:
    """Raises NoSuchPlace where the draft holds no such file."""
    try:
        file = draft.get(path)
    except BadFile:
        file = None
    if file is None:
        raise NoSuchPlace(N_("your draft holds no such file any more"))
    return conflict_of(file, draft.in_folder(path))


def both(stores: AuthoringStores, visit: Visit) -> Response:
    conflict = _conflict(draft_of(stores, visit), visit.query.get("file", ""))
    return _both(visit, conflict)


def _both(visit: Visit, conflict: Conflict, typed: str | None = None) -> Response:
    return visit.page(
        "draft_both.html",
        status=409 if typed is not None else 200,
        mistakes=()
        if typed is None
        else [Mistake("text", visit.say(N_("The folder was changed once more.")))],
        conflict=conflict,
        three=three_ways(conflict),
        text=typed if typed is not None else conflict.merged or conflict.mine,
    )


def three_ways(conflict: Conflict) -> list[tuple[str, list[tuple[str, str]]]]:
    """What each side made of the version they began with."""

    def changes(text: str) -> list[tuple[str, str]]:
        return difference(Drafted(conflict.path, conflict.base.encode(), text.encode()))

    return [("mine", changes(conflict.mine)), ("theirs", changes(conflict.theirs))]


def settle(stores: AuthoringStores, visit: Visit) -> Response:
    """One text of both, which counts from what the folder holds now."""
    draft, path = draft_of(stores, visit), visit.inputs.get("file", "")
    text = visit.inputs.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    conflict = _conflict(draft, path)
    if conflict.theirs_digest != visit.inputs.get("theirs", ""):
        return _both(visit, conflict, text)
    theirs = draft.in_folder(path)
    octets = octets_of(text, theirs or b"")
    text_of(octets)
    if octets == theirs:
        draft.discard(path)
    else:
        draft.begin(path, theirs, octets)
    return visit.goes_to("/draft", visit.say(N_("Joined. Look through it, then save.")))
