"""From the texts of `sequences/` to a Plan, or every mistake at once. The same code reads the
author's files and what the ledger has published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, cast

from engine.sequence.delay import NONE, Delay, parse_delay
from engine.sequence.draft import MAX_LIST_NUMBER, Draft, Settings, check_list_name, read_hours
from engine.sequence.mistakes import Mistake, Unpublishable, Unreadable
from engine.sequence.model import (
    Broadcast,
    Confirmation,
    Ending,
    Form,
    List,
    Plan,
    Rejoin,
    SegmentRule,
)
from engine.sequence.parse_anchors import read_anchors, read_programme
from engine.sequence.parse_forms import CONFIRMATION_BODY, read_confirmation, read_form
from engine.sequence.parse_letters import check_letters, read_broadcast, read_letter, with_links
from engine.sequence.parse_reactivation import read_reactivations
from engine.sequence.parse_segments import collect_segments, read_rules, read_segments
from engine.sequence.parse_webhooks import read_webhook
from engine.sequence.table import Table
from engine.sequence.timing import Hours
from engine.sequence.toml import Places, read_tables, toml_mistake
from engine.sequence.webhooks import Webhook
from engine.words import N_

ENDINGS = ("move", "copy", "leave")


def read_lists(root: Table, draft: Draft) -> None:
    root.known |= {"title", "purpose", "list", "broadcast", "form", "confirmation", "webhook"}
    for table in root.tables("list"):
        listed = _read_list(table, root, draft)
        if listed.id in draft.lists:
            table.mistake(
                "id",
                N_("list {list} is there twice: also in {file}"),
                list=listed.id,
                file=draft.lists[listed.id][0].file,
            )
            continue
        if listed.name in draft.names:
            table.mistake("name", N_('the name "{name}" is there twice'), name=listed.name)
        draft.names.setdefault(listed.name, listed.id)
        if listed.id:
            draft.lists[listed.id] = (listed, table)


def _read_list(table: Table, root: Table, draft: Draft) -> List:
    number = table.need("id", int, 0)
    name = table.need("name", str, "")
    if "id" in table.values and not 0 < number <= MAX_LIST_NUMBER:
        table.mistake("id", N_("a list's `id` is a number from 1 on"))
    check_list_name(name, table)
    hours = read_hours(table, Hours())
    letters = tuple(
        read_letter(letter_table, hours, draft, position)
        for position, letter_table in enumerate(table.tables("letter"))
    )
    check_letters(letters, table)
    listed = List(
        number,
        name,
        draft.purpose(table, root),
        root.file,
        draft.group(table),
        table.get("thanks", str, ""),
        letters,
        min_gap=table.parsed("min_gap", parse_delay, Delay(minutes=720)),
        max_lateness=table.parsed("max_lateness", parse_delay, Delay(days=7)),
        rejoin=table.parsed("rejoin", _rejoin, Rejoin()),
        stop_on_reply=table.get("stop_on_reply", bool, False),
    )
    table.known |= {"leaves", "ends"}
    table.finish()
    return listed


def _rejoin(text: str) -> Rejoin:
    if text in ("always", "never"):
        return Rejoin(cast(Literal["always", "never"], text))
    first, _, delay = text.partition(" ")
    if first in ("after", "après"):
        return Rejoin("after", parse_delay(delay))
    raise Unreadable(N_('write "always", "never" or "after 30 days"'))


def resolve_list(listed: List, table: Table, draft: Draft) -> List:
    """The list with its targets as numbers."""
    numbers, groups = _leaves(table, draft)
    letters = tuple(with_links(letter, draft) for letter in listed.letters)
    return replace(
        listed, letters=letters, leaves=numbers, leaves_groups=groups, ends=_ending(table, draft)
    )


def _leaves(table: Table, draft: Draft) -> tuple[tuple[int, ...], tuple[str, ...]]:
    numbers, groups = [], []
    for entry in table.get("leaves", list, []):
        if isinstance(entry, str) and entry.startswith("@"):
            draft.known_group(entry[1:], table, "leaves")
            groups.append(entry[1:])
        else:
            numbers.append(draft.resolve(entry, table, "leaves"))
    return tuple(numbers), tuple(groups)


def _ending(table: Table, draft: Draft) -> Ending | None:
    ends = table.table("ends")
    if ends is None:
        return None
    after = ends.parsed("after", parse_delay, NONE)
    chosen = [kind for kind in ENDINGS if kind in ends.values]
    ends.known |= set(ENDINGS)
    ends.finish()
    if len(chosen) != 1 or ends.values.get("leave", True) is not True:
        table.mistake(
            "ends", N_("`ends` says exactly one of `move = 20`, `copy = 20`, `leave = true`")
        )
        return None
    kind = cast(Literal["move", "copy", "leave"], chosen[0])
    target = 0 if kind == "leave" else draft.resolve(ends.values[kind], ends, kind)
    return Ending(kind, target, after)


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
        collect_segments(root, draft)
        read_anchors(root, draft)
        read_programme(root, draft)
    for root in roots:
        read_lists(root, draft)
    lists = {
        number: resolve_list(listed, table, draft)
        for number, (listed, table) in draft.lists.items()
    }
    reactivations = read_reactivations(roots, lists, draft)
    broadcasts: dict[str, Broadcast] = {}
    forms: dict[str, Form] = {}
    webhooks: dict[str, Webhook] = {}
    confirmation: Confirmation | None = None
    rules: list[SegmentRule] = []
    titles = {}
    for root in roots:
        titles[root.file] = root.get("title", str, root.file)
        for entry in root.tables("broadcast"):
            broadcast = read_broadcast(entry, root, draft)
            if broadcast.id in broadcasts:
                entry.mistake(
                    "id", N_('there are two broadcasts "{broadcast}"'), broadcast=broadcast.id
                )
            broadcasts[broadcast.id] = broadcast
        for entry in root.tables("form"):
            form = read_form(entry, root, draft)
            if form.name in forms:
                entry.mistake("name", N_('there are two forms "{form}"'), form=form.name)
            forms[form.name] = form
        for entry in root.tables("webhook"):
            webhook = read_webhook(entry, draft)
            if webhook.name in webhooks:
                message = N_('there are two webhooks "{webhook}"')
                entry.mistake("name", message, webhook=webhook.name)
            webhooks[webhook.name] = webhook
        rules += read_rules(root, draft)
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
        settings.caps,
        anchors=draft.anchors,
        programme=draft.programme,
        rules=tuple(rules),
        themes={theme.id: theme for theme in settings.themes},
        contents={content.id: content for content in settings.contents},
        reactivations=reactivations,
        measured=settings.measured,
        webhooks=webhooks,
    )
    plan = replace(plan, segments=read_segments(plan, draft))
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
