"""From the texts of `sequences/` to a Plan, or every mistake at once. The same code reads the
author's files and what the ledger has published.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sequence.draft import Draft, Settings
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Broadcast, Confirmation, Form, Plan
from engine.sequence.parse_broadcasts import read_broadcast
from engine.sequence.parse_forms import CONFIRMATION_BODY, read_confirmation, read_form
from engine.sequence.parse_lists import read_lists, resolve_list
from engine.sequence.places import Places
from engine.sequence.table import Table
from engine.sequence.toml import read_tables, toml_mistake
from engine.words import N_

__all__ = ["CONFIRMATION_BODY", "Settings", "parse", "read_plan"]


def parse(files: Mapping[str, str], settings: Settings) -> Plan:
    """Read every `*.toml` among `files` (path -> text). Raises Unpublishable with all mistakes;
    warnings are `check`'s business.
    """
    plan, mistakes = read_plan(files, settings)
    if mistakes:
        raise Unpublishable(mistakes)
    return plan


def read_plan(files: Mapping[str, str], settings: Settings) -> tuple[Plan, tuple[Mistake, ...]]:
    """As `parse`, but with mistakes the plan as far as it could be read: enough to go on looking
    for more, never to be run.
    """
    draft = Draft(files, settings)
    roots = _read_roots(draft)
    for root in roots:
        read_lists(root, draft)
    lists = {
        number: resolve_list(listed, table, draft)
        for number, (listed, table) in draft.lists.items()
    }
    broadcasts: dict[str, Broadcast] = {}
    forms: dict[str, Form] = {}
    confirmation: Confirmation | None = None
    titles = {}
    for root in roots:
        titles[root.file] = root.get("title", str, root.file)
        for each in root.tables("broadcast"):
            broadcast = read_broadcast(each, root, draft)
            if broadcast.id in broadcasts:
                each.mistake(
                    "id", N_('there are two broadcasts "{broadcast}"'), broadcast=broadcast.id
                )
            broadcasts[broadcast.id] = broadcast
        for each in root.tables("form"):
            form = read_form(each, root, draft)
            if form.name in forms:
                each.mistake("name", N_('there are two forms "{form}"'), form=form.name)
            forms[form.name] = form
        own = root.table("confirmation")
        if own is not None:
            if confirmation is not None:
                own.mistake("", N_("there are two [confirmation]: one asks for every form"))
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


def _read_roots(draft: Draft) -> list[Table]:
    roots = []
    for path in sorted(draft.files):
        if not path.endswith(".toml"):
            continue
        try:
            values = read_tables(draft.files[path])
        except ValueError as error:
            draft.mistakes.append(toml_mistake(path, draft.files[path], error))
            draft.unread.append(draft.files[path])
            continue
        roots.append(Table(values, path, Places(draft.files[path]), "", draft.mistakes))
    return roots
