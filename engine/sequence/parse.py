"""From the texts of `sequences/` to a Plan, or every mistake at once. The same function reads the author's files and what the ledger has published."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Literal, cast

from engine.sequence import links
from engine.sequence.delay import EVERY_DAY, NONE, Delay, parse_clock, parse_days, parse_delay, parse_window
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import (
    Broadcast,
    Choice,
    Confirmation,
    Ending,
    Field,
    Form,
    FormField,
    Group,
    Letter,
    Link,
    List,
    Plan,
    Purpose,
    Question,
    Rejoin,
)
from engine.sequence.places import Places
from engine.sequence.table import Table
from engine.sequence.timing import Hours

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ON = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_LABELLED = re.compile(r"\[([^\]\n]*)\]\(\s*<?[^)\s>]+>?|<a\b[^>]*>(.*?)</a>", re.S)
_TAGS = re.compile(r"<[^>]+>")
CONFIRMATION_BODY = "(built in)"


@dataclass(frozen=True)
class Settings:
    """The part of the configuration that is published with the sequences."""

    timezone: str = "Europe/Paris"
    language: str = "fr"
    purposes: tuple[Purpose, ...] = ()
    groups: tuple[Group, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass
class _Draft:
    """What has been read so far, targets still as the author wrote them."""

    files: Mapping[str, str]
    settings: Settings
    mistakes: list[Mistake] = field(default_factory=list)
    lists: dict[int, tuple[List, Table]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    pending: list[tuple[Table, str, str]] = field(default_factory=list)

    def resolve(self, said: object, table: Table, key: str) -> int:
        """The number of a list said by number or name; 0 and a mistake when there is none."""
        number = said if isinstance(said, int) else self.names.get(str(said), int(str(said)) if str(said).isdigit() else 0)
        if number not in self.lists:
            table.mistake(key, f"there is no list {said!r}" if isinstance(said, str) else f"there is no list {said}")
            return 0
        return number


def parse(files: Mapping[str, str], settings: Settings) -> Plan:
    """Read every `*.toml` among `files` (path -> text). Raises Unpublishable with all mistakes; warnings are `check`'s business."""
    draft = _Draft(files, settings)
    roots = _read_roots(draft)
    for table in roots:
        _read_lists(table, draft)
    lists = {number: _resolved(listed, table, draft) for number, (listed, table) in draft.lists.items()}
    broadcasts: dict[str, Broadcast] = {}
    forms: dict[str, Form] = {}
    confirmation = Confirmation(subject="", body=CONFIRMATION_BODY, remind_subject="")
    titles = {}
    for table in roots:
        titles[table.file] = table.get("title", str, table.file)
        for each in table.tables("broadcast"):
            broadcast = _broadcast(each, table, draft)
            if broadcast.id in broadcasts:
                each.mistake("id", f'there are two broadcasts "{broadcast.id}"')
            broadcasts[broadcast.id] = broadcast
        for each in table.tables("form"):
            form = _form(each, table, draft)
            if form.name in forms:
                each.mistake("name", f'there are two forms "{form.name}"')
            forms[form.name] = form
        own = table.table("confirmation")
        confirmation = _confirmation(own, draft) if own is not None else confirmation
        table.finish()
    if draft.mistakes:
        raise Unpublishable(tuple(sorted(set(draft.mistakes))))
    return Plan(
        0,
        settings.timezone,
        settings.language,
        {p.id: p for p in settings.purposes},
        {g.name: g for g in settings.groups},
        {f.name: f for f in settings.fields},
        lists,
        broadcasts,
        forms,
        titles,
        confirmation,
        dict(files),
    )


def _read_roots(draft: _Draft) -> list[Table]:
    roots = []
    for path in sorted(draft.files):
        if not path.endswith(".toml"):
            continue
        try:
            values = tomllib.loads(draft.files[path])
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            draft.mistakes.append(Mistake(path, int(found[1]) if found else 1, f"this is not TOML: {error}"))
            continue
        roots.append(Table(values, path, Places(draft.files[path]), "", draft.mistakes))
    return roots


def _purpose(table: Table, root: Table, draft: _Draft) -> str:
    inherited = root.get("purpose", str, "")
    purpose = table.get("purpose", str, inherited)
    known = [p.id for p in draft.settings.purposes]
    if not purpose:
        table.mistake("", "`purpose` is missing: write it at the head of the file; purposes are declared in config.toml")
    elif purpose not in known:
        place = table if "purpose" in table.values else root
        place.mistake("purpose", f'the purpose "{purpose}" is not declared in config.toml (there: {", ".join(known)})')
    return purpose


def _read_lists(root: Table, draft: _Draft) -> None:
    root.known |= {"title", "purpose", "list", "broadcast", "form", "confirmation"}
    for table in root.tables("list"):
        number = table.need("id", int, 0)
        name = table.need("name", str, "")
        if "id" in table.values and not 0 < number < 1_000_000_000:
            table.mistake("id", "a list's `id` is a number from 1 on")
        if name and not _NAME.fullmatch(name):
            table.mistake("name", f'the name "{name}" may hold small letters, digits and hyphens only')
        if number in draft.lists:
            table.mistake("id", f"list {number} is there twice: also in {draft.lists[number][0].file}")
            continue
        if name in draft.names:
            table.mistake("name", f'the name "{name}" is there twice')
        hours = _hours(table, Hours())
        letters = tuple(_letter(each, hours, draft, position) for position, each in enumerate(table.tables("letter")))
        _check_letters(letters, table)
        listed = List(
            number,
            name,
            _purpose(table, root, draft),
            root.file,
            _group(table, draft),
            table.get("thanks", str, ""),
            letters,
            min_gap=table.parsed("min_gap", parse_delay, Delay(minutes=720)),
            max_lateness=table.parsed("max_lateness", parse_delay, Delay(days=7)),
            rejoin=table.parsed("rejoin", _rejoin, Rejoin()),
        )
        table.known |= {"leaves", "ends"}
        table.finish()
        draft.lists[number] = (listed, table)
        draft.names[name] = number


def _group(table: Table, draft: _Draft) -> str:
    group = table.get("group", str, "")
    if group and group not in {g.name for g in draft.settings.groups}:
        table.mistake("group", f'the group "{group}" is not declared in config.toml')
    return group


def _rejoin(text: str) -> Rejoin:
    if text in ("always", "never"):
        return Rejoin(cast(Literal["always", "never"], text))
    if text.startswith("after "):
        return Rejoin("after", parse_delay(text[6:]))
    raise ValueError('write "always", "never" or "after 30 days"')


def _hours(table: Table, inherited: Hours) -> Hours:
    at = table.parsed("at", parse_clock, inherited.at)
    between = table.parsed("between", parse_window, inherited.between)
    if "at" in table.values and "between" in table.values:
        table.mistake("between", "`at` and `between` exclude each other")
    if "at" in table.values:
        between = None
    elif "between" in table.values:
        at = None
    return Hours(at, between, table.parsed("days", parse_days, inherited.days or EVERY_DAY))


def _letter(table: Table, hours: Hours, draft: _Draft, position: int) -> Letter:
    after: Delay | None = table.parsed("after", parse_delay, None)
    wait: Delay | None = table.parsed("wait", parse_delay, None)
    reminds = table.get("reminds", str, "")
    if reminds and "after" in table.values:
        table.mistake("after", "a letter that `reminds` is counted from the letter reminded: write `wait`")
    elif "after" in table.values and "wait" in table.values:
        table.mistake("wait", "`after` counts from joining, `wait` from the letter before: write one of them")
    elif not reminds and "after" not in table.values and "wait" not in table.values:
        table.mistake("", 'when? write `after = "2 days"` (since joining) or `wait = "2 days"` (since the letter before)')
    if reminds and wait is None:
        table.mistake("", 'a letter that `reminds` needs `wait = "1 day"`')
    if wait is not None and position == 0 and not reminds:
        table.mistake("wait", "the first letter has none before it: write `after`")
    letter = _words(table, draft)
    letter = replace(letter, after=after, wait=wait, reminds=reminds, hours=_hours(table, hours))
    table.finish()
    return letter


def _words(table: Table, draft: _Draft, identifier: str = "") -> Letter:
    name = identifier or table.need("id", str, "")
    if name and not _NAME.fullmatch(name):
        table.mistake("id", f'the id "{name}" may hold small letters, digits and hyphens only')
    body = table.need("body", str, "")
    if body and body not in draft.files:
        table.mistake("body", f"the letter {body} is not among the sequences' files")
    elif body and not body.endswith((".md", ".html")):
        table.mistake("body", "a letter is a .md or a .html file")
    subject = table.need("subject", str, "")
    return Letter(name, subject, body, table.get("preheader", str, ""))


def _check_letters(letters: tuple[Letter, ...], table: Table) -> None:
    seen: set[str] = set()
    for index, letter in enumerate(letters):
        if letter.id in seen:
            table.mistake(f"letter[{index}].id", f'there are two letters "{letter.id}" in this list')
        if letter.reminds and letter.reminds not in seen:
            table.mistake(f"letter[{index}].reminds", f'no letter "{letter.reminds}" stands before this one in the list')
        seen.add(letter.id)


def _resolved(listed: List, table: Table, draft: _Draft) -> List:
    numbers, groups = _leaves(table, draft)
    letters = tuple(replace(letter, links=_links(letter, draft)) for letter in listed.letters)
    return replace(listed, letters=letters, leaves=numbers, leaves_groups=groups, ends=_ending(table, draft))


def _leaves(table: Table, draft: _Draft) -> tuple[tuple[int, ...], tuple[str, ...]]:
    said = table.get("leaves", list, [])
    numbers, groups = [], []
    for each in said:
        if isinstance(each, str) and each.startswith("@"):
            if each[1:] not in {g.name for g in draft.settings.groups}:
                table.mistake("leaves", f'the group "{each[1:]}" is not declared in config.toml')
            groups.append(each[1:])
        else:
            numbers.append(draft.resolve(each, table, "leaves"))
    return tuple(numbers), tuple(groups)


def _ending(table: Table, draft: _Draft) -> Ending | None:
    ends = table.table("ends")
    if ends is None:
        return None
    after = ends.parsed("after", parse_delay, NONE)
    chosen = [kind for kind in ("move", "copy", "leave") if kind in ends.values]
    ends.known |= {"move", "copy", "leave"}
    ends.finish()
    if len(chosen) != 1:
        table.mistake("ends", "`ends` says exactly one of `move = 20`, `copy = 20`, `leave = true`")
        return None
    kind = cast(Literal["move", "copy", "leave"], chosen[0])
    target = 0 if kind == "leave" else draft.resolve(ends.values[kind], table, "ends")
    return Ending(kind, target, after)


def _links(letter: Letter, draft: _Draft) -> tuple[Link, ...]:
    source = draft.files.get(letter.body, "")
    found = [link for link in links.find_links(source) if link.index >= 0]
    labels = _labels(source)
    resolved = []
    for link in found:
        number = int(link.target) if link.target.isdigit() else draft.names.get(link.target, 0)
        if number not in draft.lists:
            draft.mistakes.append(Mistake(letter.body, link.line, f"this link leads to list {link.target}, which does not exist"))
        label = labels[link.index] if link.index < len(labels) else ""
        resolved.append(Link(link.index, cast(Literal["move", "copy"], link.kind), number, label))
    for mistake in links.find_mistakes(source):
        draft.mistakes.append(Mistake(letter.body, mistake.line, mistake.text))
    return tuple(resolved)


def _labels(source: str) -> list[str]:
    found = []
    for match in _LABELLED.finditer(links.visible(source)):
        text = match[0] if match[0].startswith("<") else match[0] + ")"
        if any(link.index >= 0 for link in links.find_links(text)):
            found.append(unescape(_TAGS.sub("", match[1] or match[2] or "")).strip())
    return found


def _broadcast(table: Table, root: Table, draft: _Draft) -> Broadcast:
    name = table.need("id", str, "")
    to = tuple(draft.resolve(each, table, "to") for each in table.need("to", list, []))
    on, every = table.get("on", str, ""), table.get("every", str, "")
    if bool(on) == bool(every):
        table.mistake("", 'a broadcast has either `on = "2026-12-01 09:00"` or `every = "0 9 1 * *"`')
    if on and not _is_date(on):
        table.mistake("on", f'"{on}" is not a date: write "2026-12-01 09:00"')
    if every and len(every.split()) != 5:
        table.mistake("every", f'"{every}" is not a cron line of five parts: minute hour day month weekday')
    letter = _words(table, draft, name)
    letter = replace(letter, links=_links(letter, draft))
    reminder = None
    own = table.table("reminder")
    if own is not None:
        wait = own.parsed("wait", parse_delay, Delay(days=5))
        subject, body = own.get("subject", str, letter.subject), own.get("body", str, letter.body)
        if body not in draft.files:
            own.mistake("body", f"the letter {body} is not among the sequences' files")
        reminder = Letter(f"{name}-reminder", subject, body, own.get("preheader", str, ""), wait=wait, hours=_hours(own, Hours()))
        reminder = replace(reminder, reminds=name, links=_links(reminder, draft))
        own.finish()
    purpose = _purpose(table, root, draft)
    lateness = table.parsed("max_lateness", parse_delay, Delay(days=2))
    table.finish()
    return Broadcast(name, purpose, to, letter, root.file, on, every, reminder, lateness)


def _is_date(text: str) -> bool:
    from datetime import datetime

    try:
        return bool(_ON.fullmatch(text)) and bool(datetime.strptime(text, "%Y-%m-%d %H:%M"))
    except ValueError:
        return False


def _form(table: Table, root: Table, draft: _Draft) -> Form:
    name = table.need("name", str, "")
    if name and not _NAME.fullmatch(name):
        table.mistake("name", f'the name "{name}" may hold small letters, digits and hyphens only')
    fields = tuple(_form_field(each, draft) for each in table.tables("field"))
    asked = table.table("question")
    question = _question(asked, draft) if asked is not None else None
    number = draft.resolve(table.values["list"], table, "list") if "list" in table.values else 0
    table.known.add("list")
    if not number and question is None:
        table.mistake("", "a form leads to a `list`, or has a [form.question] whose choices do")
    basis = table.one_of("basis", ("consent", "soft-optin", "b2b", "service"), "consent")
    form = Form(
        name,
        table.need("title", str, ""),
        _purpose(table, root, draft),
        number,
        table.need("notice", str, ""),
        table.get("button", str, "Je m'inscris"),
        table.get("checkbox", str, ""),
        root.file,
        table.get("intro", str, ""),
        fields,
        question,
        cast(Literal["consent", "soft-optin", "b2b", "service"], basis),
        table.get("confirm", bool, basis == "consent"),
        table.get("thanks", str, ""),
        table.get("confirmed", str, ""),
        table.get("order_field", str, ""),
    )
    for listed in form.lists:
        if listed in draft.lists and draft.lists[listed][0].purpose != form.purpose:
            table.mistake("list", f"list {listed} has another purpose than the form: consent would be asked for the wrong thing")
    if basis == "consent" and not form.checkbox:
        table.mistake("", 'a form that asks for consent needs a `checkbox = "Oui, je souhaite recevoir…"` (never ticked beforehand)')
    table.finish()
    return form


def _form_field(table: Table, draft: _Draft) -> FormField:
    name = table.need("name", str, "")
    if name and name not in {f.name for f in draft.settings.fields}:
        table.mistake("name", f'the field "{name}" is not declared in [fields] of config.toml')
    found = FormField(name, table.get("label", str, name), table.get("required", bool, False))
    table.finish()
    return found


def _question(table: Table, draft: _Draft) -> Question:
    choices = []
    for each in table.tables("choice"):
        label = each.need("label", str, "")
        number = draft.resolve(each.values.get("list", ""), each, "list")
        each.known.add("list")
        each.finish()
        choices.append(Choice(label, number))
    if len(choices) < 2:
        table.mistake("", "a question has at least two [[form.question.choice]]")
    question = Question(table.get("name", str, "choice"), table.need("label", str, ""), tuple(choices))
    table.finish()
    return question


def _confirmation(table: Table, draft: _Draft) -> Confirmation:
    body = table.get("body", str, CONFIRMATION_BODY)
    if body != CONFIRMATION_BODY and body not in draft.files:
        table.mistake("body", f"the letter {body} is not among the sequences' files")
    found = Confirmation(
        table.get("subject", str, ""),
        body,
        table.get("preheader", str, ""),
        table.parsed("remind_after", parse_delay, Delay(days=2)),
        table.parsed("expire_after", parse_delay, Delay(days=7)),
        table.get("remind_subject", str, ""),
    )
    table.finish()
    return found
