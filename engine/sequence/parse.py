"""From the texts of `sequences/` to a Plan, or every mistake at once. The same code reads the author's files and what the ledger has published."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from engine.sequence.draft import Draft, Settings
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Broadcast, Confirmation, Form, Plan
from engine.sequence.parse_broadcasts import read_broadcast
from engine.sequence.parse_forms import CONFIRMATION_BODY, read_confirmation, read_form
from engine.sequence.parse_lists import read_lists, resolve_list
from engine.sequence.places import Places
from engine.sequence.table import Table

__all__ = ["CONFIRMATION_BODY", "Settings", "parse", "read_plan", "read_tables"]

_LINE = re.compile(r"line (\d+)")


def parse(files: Mapping[str, str], settings: Settings) -> Plan:
    """Read every `*.toml` among `files` (path -> text). Raises Unpublishable with all mistakes; warnings are `check`'s business."""
    plan, mistakes = read_plan(files, settings)
    if mistakes:
        raise Unpublishable(mistakes)
    return plan


def read_plan(files: Mapping[str, str], settings: Settings) -> tuple[Plan, tuple[Mistake, ...]]:
    """As `parse`, but with mistakes the plan as far as it could be read: enough to go on looking for more, never to be run."""
    draft = Draft(files, settings)
    roots = _read_roots(draft)
    for root in roots:
        read_lists(root, draft)
    lists = {number: resolve_list(listed, table, draft) for number, (listed, table) in draft.lists.items()}
    broadcasts: dict[str, Broadcast] = {}
    forms: dict[str, Form] = {}
    confirmation: Confirmation | None = None
    titles = {}
    for root in roots:
        titles[root.file] = root.get("title", str, root.file)
        for each in root.tables("broadcast"):
            broadcast = read_broadcast(each, root, draft)
            if broadcast.id in broadcasts:
                each.mistake("id", f'there are two broadcasts "{broadcast.id}"')
            broadcasts[broadcast.id] = broadcast
        for each in root.tables("form"):
            form = read_form(each, root, draft)
            if form.name in forms:
                each.mistake("name", f'there are two forms "{form.name}"')
            forms[form.name] = form
        own = root.table("confirmation")
        if own is not None:
            if confirmation is not None:
                own.mistake("", "there are two [confirmation]: one asks for every form")
            confirmation = read_confirmation(own, draft)
        root.finish()
    plan = Plan(
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
        confirmation or Confirmation(subject="", body=CONFIRMATION_BODY),
        dict(files),
        settings.declared,
    )
    return plan, tuple(sorted(set(draft.mistakes)))


def read_tables(text: str) -> dict[str, object]:
    """The tables of a TOML text. Raises ValueError with a sentence."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _read_roots(draft: Draft) -> list[Table]:
    roots = []
    for path in sorted(draft.files):
        if not path.endswith(".toml"):
            continue
        try:
            values = read_tables(draft.files[path])
        except ValueError as error:
            draft.mistakes.append(Mistake(path, _line(str(error), draft.files[path]), f"this is not TOML: {error}"))
            draft.unread.append(draft.files[path])
            continue
        roots.append(Table(values, path, Places(draft.files[path]), "", draft.mistakes))
    return roots


def _line(said: str, text: str) -> int:
    found = _LINE.search(said)
    if found:
        return int(found[1])
    return len(text.rstrip().split("\n")) if "end of document" in said else 1
