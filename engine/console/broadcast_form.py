"""`/broadcasts/new` and `/broadcasts/ID/edit`: to whom, when, its subject, its weight, a reminder
and other versions to try, by one form. Its words are written in the editor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from urllib.parse import quote

from fastapi.responses import Response

from engine.audience.mailings import MailingViews, audience_count
from engine.audience.year import day_name
from engine.authoring.dialogue_edits import (
    broadcast_path,
    dialogue_of_audience,
    place_of_broadcast,
)
from engine.authoring.toml_changes import (
    AddTable,
    Change,
    RemoveTable,
    SetKey,
    TablePath,
    TomlValue,
)
from engine.console.change_trial import audience_choices, dialogue_choices, keep_change
from engine.console.half_built import (
    HalfBuiltStores,
    Pairs,
    form_routes,
    keep_form,
    one_line,
    open_form,
)
from engine.console.open_dialogue import (
    NoSuchPlace,
    PeopleOnLists,
    draft_of,
    read_draft,
    sentence,
)
from engine.console.timing_forms import as_it_was
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_
from engine.i18n.phrases import say_every, written_delay_in_words
from engine.sequence.delay import parse_delay
from engine.sequence.feasts import NAMES
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Plan
from engine.sequence.parse_letters import EVERYONE
from engine.sequence.pressure import DEFAULT_WEIGHT, MAX_WEIGHT
from engine.sequence.toml import read_tables

WAYS = ("on", "every", "anchor")
TEXTS = ("subject", "preheader", "theme", "content", "programme", "max_lateness", "at")
MAX_CHARACTERS, MAX_VERSIONS = 500, 9
OFTEN = ("0 9 * * *", "0 9 * * mon", "0 9 * * thu", "0 9 1 * *", "0 9 1 1,4,7,10 *")
"""What is proposed for a broadcast that comes back."""


class BroadcastFormViews(MailingViews, PeopleOnLists, Protocol): ...


class BroadcastFormStores(HalfBuiltStores, Protocol):
    @property
    def views(self) -> BroadcastFormViews: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionForm:
    """Another version that is tried; without a share it is taken out."""

    id: str
    subject: str
    share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastForm:
    """What is chosen and typed. `values` by key of the file, besides "when" (one of WAYS), "delay"
    with "side" ("before" or "since"), and "reminder" with "reminder_wait".
    """

    values: Mapping[str, str]
    to: tuple[str, ...]
    versions: tuple[VersionForm, ...]

    def get(self, key: str) -> str:
        return self.values.get(key, "")


def routes(stores: BroadcastFormStores) -> Sequence[Route]:
    return form_routes(
        stores,
        ("/broadcasts/new", "/broadcasts/{broadcast}/edit"),
        lambda visit: page(stores, visit),
        lambda visit: post(stores, visit),
    )


def page(stores: BroadcastFormStores, visit: Visit) -> Response:
    plan, kept, count, lost = open_form(stores, visit)
    form = read_form(kept) if kept is not None else opened(stores, visit, plan)
    return _page(stores, visit, plan, form, count=count, lost=lost)


def read_form(pairs: Sequence[tuple[str, str]]) -> BroadcastForm:
    values = {name: one_line(value[:MAX_CHARACTERS]) for name, value in pairs}
    versions = [
        VersionForm(
            id=values.get(f"version.{number}", ""),
            subject=values.get(f"version_subject.{number}", ""),
            share=values.get(f"version_share.{number}", ""),
        )
        for number in range(MAX_VERSIONS)
        if f"version_share.{number}" in values
    ]
    to = tuple(dict.fromkeys(value for name, value in pairs if name == "to"))
    return BroadcastForm(values=values, to=to, versions=tuple(versions))


def opened(stores: BroadcastFormStores, visit: Visit, plan: Plan) -> BroadcastForm:
    """As the draft's file says. Raises NoSuchPlace."""
    name = visit.path.get("broadcast", "")
    if not name:
        to = visit.query.get("to", "")
        known = dict(audience_choices(plan, visit.say))
        return BroadcastForm(
            values={
                "when": "on",
                "weight": str(DEFAULT_WEIGHT),
                "file": dialogue_of_audience(plan, to),
            },
            to=(to,) if to in known else (),
            versions=(),
        )
    table = _table(stores, visit, plan, name)
    values = {key: str(table[key]) for key in (*TEXTS, *WAYS, "when_full") if key in table}
    values["when"] = next((way for way in WAYS if way in table), "on")
    values["on"] = values.get("on", "").replace(" ", "T")
    side = "since" if "since" in table else "before"
    said = partial(written_delay_in_words, language=visit.language)
    values |= {"side": side, "delay": said(str(table.get(side, "")))}
    values["max_lateness"] = said(values.get("max_lateness", ""))
    values["weight"] = str(table.get("weight", DEFAULT_WEIGHT))
    values["holdout"] = str(table.get("holdout", ""))
    values["yearly"] = "yes" if table.get("yearly") is True else ""
    reminder = table.get("reminder")
    if isinstance(reminder, dict):
        values |= {"reminder": "yes", "reminder_wait": said(str(reminder.get("wait", "")))}
    to_written, versions = table.get("to"), table.get("version")
    return BroadcastForm(
        values=values,
        to=tuple(map(str, to_written)) if isinstance(to_written, list) else (),
        versions=tuple(
            VersionForm(
                id=str(version.get("id", "")),
                subject=str(version.get("subject", "")),
                share=str(version.get("share", "")),
            )
            for version in (versions if isinstance(versions, list) else ())
            if isinstance(version, dict)
        ),
    )


def _table(
    stores: BroadcastFormStores, visit: Visit, plan: Plan, name: str
) -> Mapping[str, object]:
    broadcast = plan.broadcasts.get(name)
    if broadcast is None:
        raise NoSuchPlace(N_("there is no broadcast of this name (any more)"))
    tables = read_tables(draft_of(stores, visit).text(broadcast.file) or "").get("broadcast")
    for table in tables if isinstance(tables, list) else ():
        if isinstance(table, dict) and table.get("id") == name:
            return table
    raise NoSuchPlace(N_("there is no broadcast of this name (any more)"))


def post(stores: BroadcastFormStores, visit: Visit) -> Response:
    plan = read_draft(stores, draft_of(stores, visit)).plan
    form = read_form(visit.all_inputs)
    name = visit.path.get("broadcast", "")
    match visit.inputs.get("do", "save"):
        case "take-out":
            broadcast = plan.broadcasts.get(name)
            if broadcast is None:
                raise NoSuchPlace(N_("there is no broadcast of this name (any more)"))
            change = RemoveTable(broadcast_path(name))
            mistakes = keep_change(stores, visit, broadcast.file, [change])
            if mistakes:
                return _page(stores, visit, plan, form, mistakes)
            return visit.goes_to("/broadcasts", visit.say(N_("Taken out of your draft.")))
        case "save":
            return _save(stores, visit, plan, form, name)
        case _:
            token = keep_form(stores, visit, _kept(visit.all_inputs))
            return visit.goes_to(f"{visit.url}?form={token}&count=yes#counted")


def _kept(pairs: Sequence[tuple[str, str]]) -> Pairs:
    return tuple((name, value) for name, value in pairs if name not in ("csrf", "do"))


def _save(
    stores: BroadcastFormStores, visit: Visit, plan: Plan, form: BroadcastForm, name: str
) -> Response:
    mistakes = list(_mistakes(form, visit))
    if mistakes:
        return _page(stores, visit, plan, form, mistakes)
    if name:
        table, path = _table(stores, visit, plan, name), broadcast_path(name)
        changes: list[Change] = [
            SetKey(path, key, value)
            for key, value in _keys(form, plan, table).items()
            if key not in table or value is None or str(table[key]) != str(value)
        ]
        changes += [*_reminder(form, path, table), *_versions(form, path, table)]
        mistakes = keep_change(stores, visit, plan.broadcasts[name].file, changes)
        if mistakes:
            return _page(stores, visit, plan, form, mistakes)
        done = N_("It is in your draft: save it to the folder, then look at the plan.")
        return visit.goes_to("/broadcasts", visit.say(done))
    file = form.get("file")
    stem = file.removesuffix(".toml")
    name, body = place_of_broadcast(form.get("subject"), file, plan)
    keys = {key: value for key, value in _keys(form, plan, {}).items() if value is not None}
    new = AddTable((), "broadcast", {"id": name, **keys, "body": body})
    path = broadcast_path(name)
    changes = [new, *_reminder(form, path, {}), *_versions(form, path, {})]
    greeting = visit.say(N_("Hello,")) + "\n\n"
    mistakes = keep_change(stores, visit, file, changes, beside={body: greeting})
    if mistakes:
        return _page(stores, visit, plan, form, mistakes)
    done = N_("It is in your draft. Now write its words.")
    return visit.goes_to(f"/d/{quote(stem)}/edit?letter=b/{name}", visit.say(done))


def _mistakes(form: BroadcastForm, visit: Visit) -> Iterator[Mistake]:
    for key, message in (
        ("subject", N_("Write its subject.")),
        (form.get("when") or "on", N_("Say when it leaves.")),
    ):
        if not form.get(key):
            yield Mistake(key, visit.say(message))
    if not form.to:
        yield Mistake("to-1", visit.say(N_("Choose to whom it goes.")))
    for number, version in enumerate(form.versions):
        if version.subject and not version.share:
            continue
        if version.share and not (version.share.isdecimal() and 0 < int(version.share) <= 100):
            share = N_("A share is a number from 1 to 100.")
            yield Mistake(f"version_share-{number}", visit.say(share))
    for key in ("delay", "max_lateness", "reminder_wait"):
        try:
            parse_delay(form.get(key) or "0 minutes")
        except Unreadable as error:
            yield Mistake(key, sentence(visit, error.words))
    holdout = form.get("holdout")
    if holdout and not (holdout.isdecimal() and int(holdout) <= 100):
        yield Mistake("holdout", visit.say(N_("A share is a number from 0 to 100.")))


def _keys(
    form: BroadcastForm, plan: Plan, table: Mapping[str, object]
) -> dict[str, TomlValue | None]:
    """What stands in the file then, None for what does not; a key that stands for what is usual
    stays where its author wrote it.
    """
    when, texts = form.get("when"), {key: form.get(key) or None for key in TEXTS}
    to: list[TomlValue] = [int(entry) if entry.isdecimal() else entry for entry in form.to]
    written = table.get("to")
    if isinstance(written, list) and list(map(str, written)) == list(form.to):
        to = written
    anchored, side = when == "anchor", form.get("side")
    delay = as_it_was(table.get(side), form.get("delay"))
    lateness = as_it_was(table.get("max_lateness"), form.get("max_lateness"))
    weight = int(form.get("weight")) if form.get("weight").isdecimal() else DEFAULT_WEIGHT
    usual_weight = weight == DEFAULT_WEIGHT and "weight" not in table
    when_full = form.get("when_full") or "skip"
    return {
        **texts,
        "max_lateness": lateness or None,
        "to": to,
        "on": form.get("on").replace("T", " ")[:16] if when == "on" else None,
        "every": form.get("every") if when == "every" else None,
        "anchor": form.get("anchor") if anchored else None,
        "before": delay if anchored and delay and side == "before" else None,
        "since": delay if anchored and delay and side == "since" else None,
        "yearly": True if anchored and form.get("yearly") else None,
        "at": form.get("at") or None if anchored else None,
        "weight": None if usual_weight else weight,
        "when_full": None if when_full == "skip" and "when_full" not in table else when_full,
        "holdout": int(form.get("holdout")) if form.get("holdout").isdecimal() else None,
    }


def _reminder(
    form: BroadcastForm, path: TablePath, table: Mapping[str, object]
) -> Iterator[Change]:
    written, wait = table.get("reminder"), form.get("reminder_wait") or "5 days"
    if not form.get("reminder"):
        if written is not None:
            yield SetKey(path, "reminder", None)
    elif not isinstance(written, dict):
        yield SetKey(path, "reminder", {"wait": wait})
    elif form.get("reminder_wait") and written.get("wait") != (
        wait := as_it_was(written.get("wait"), wait)
    ):
        yield SetKey((*path, ("reminder", "")), "wait", wait)


def _versions(
    form: BroadcastForm, path: TablePath, table: Mapping[str, object]
) -> Iterator[Change]:
    written = table.get("version")
    tables = {
        str(version.get("id")): version
        for version in (written if isinstance(written, list) else ())
        if isinstance(version, dict)
    }
    for version in form.versions:
        own = (*path, ("version", version.id))
        if version.id in tables and not version.share:
            yield RemoveTable(own)
        elif version.id in tables:
            if str(tables[version.id].get("share")) != version.share:
                yield SetKey(own, "share", int(version.share))
            if str(tables[version.id].get("subject", "")) != version.subject:
                yield SetKey(own, "subject", version.subject or None)
        elif version.subject and version.share:
            name = next(letter for letter in "bcdefghijk" if letter not in tables)
            tables[name] = {}
            share, subject = int(version.share), version.subject
            yield AddTable(path, "version", {"id": name, "share": share, "subject": subject})


def _page(
    stores: BroadcastFormStores,
    visit: Visit,
    plan: Plan,
    form: BroadcastForm,
    mistakes: Sequence[Mistake] = (),
    count: bool = False,
    lost: bool = False,
) -> Response:
    _ = visit.say
    name = visit.path.get("broadcast", "")
    broadcast = plan.broadcasts.get(name)
    if name and broadcast is None:
        raise NoSuchPlace(N_("there is no broadcast of this name (any more)"))
    stem = broadcast.file.removesuffix(".toml") if broadcast is not None else ""
    dates = [field for field in plan.fields.values() if field.type == "date"]
    usual = _("{weight} (usual)").format(weight=DEFAULT_WEIGHT)
    choices = audience_choices(plan, _)
    others = [(entry, entry) for entry in form.to if entry not in dict(choices)]
    counted, uncounted = _counted(stores, visit, plan, form) if count else (None, "")
    return visit.page(
        "broadcast_edit.html",
        mistakes=mistakes,
        form=form,
        action=visit.url,
        name=name,
        editor=f"/d/{quote(stem)}/edit?letter=b/{name}" if stem else "",
        tried=f"/d/{quote(stem)}/versions?letter=b/{name}" if stem else "",
        # Those that are chosen first: the box of them all scrolls.
        audiences=sorted([*others, *choices], key=lambda choice: choice[0] not in form.to),
        dialogues=dialogue_choices(plan),
        anchors=[
            *(
                (anchor.id, day_name(NAMES.get(anchor.feast, anchor.id), _))
                for anchor in plan.anchors.values()
            ),
            *((f"field:{field.name}", field.label) for field in dates),
        ],
        weights=[(str(w), usual if w == DEFAULT_WEIGHT else str(w)) for w in range(MAX_WEIGHT + 1)],
        themes=[("", "–"), *((theme.id, theme.name) for theme in plan.themes.values())],
        contents=[("", "–"), *((content.id, content.name) for content in plan.contents.values())],
        intentions=[("", "–"), *((entry.id, entry.what) for entry in plan.programme.values())],
        versions=[*form.versions, VersionForm(id="", subject="", share="")][:MAX_VERSIONS],
        often=[(cron, say_every(cron, visit.language)) for cron in OFTEN],
        every_now=say_every(form.get("every"), visit.language) if form.get("every") else "",
        counted=counted,
        uncounted=uncounted,
        lost=lost,
    )


def _counted(
    stores: BroadcastFormStores, visit: Visit, plan: Plan, form: BroadcastForm
) -> tuple[int | None, str]:
    """How many people it would go to now, or why that cannot be said."""
    lists, segments = set[int](), list[str]()
    for entry in form.to:
        listed = plan.list_named(entry)
        if entry.startswith("segment:"):
            segments.append(entry.removeprefix("segment:"))
        elif entry == EVERYONE:
            lists |= plan.lists.keys()
        elif entry.startswith("@"):
            lists |= {number for number, own in plan.lists.items() if own.group == entry[1:]}
        elif listed is not None:
            lists.add(listed.id)
    try:
        return audience_count(stores, lists, segments), ""
    except KeyError:
        message = N_("It names a segment that is not published yet: it can be counted afterwards.")
        return None, visit.say(message)
