"""Reading `[[broadcast]]`: one mailing on a date or a recurring one, and its reminder to the
silent.
"""

from __future__ import annotations

import re
from dataclasses import replace

from engine.sequence.cron import read_cron
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.draft import Draft, read_hours
from engine.sequence.model import Broadcast, Letter
from engine.sequence.parse_letters import check_body, read_links, read_words
from engine.sequence.table import Table
from engine.sequence.timing import Hours, read_local_minute
from engine.words import N_

EVERYONE = "everyone"
_ON = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")


def read_broadcast(table: Table, root: Table, draft: Draft) -> Broadcast:
    name = table.need("id", str, "")
    to = _audience(table, draft)
    if not to and table.values.get("to") == []:
        table.mistake("to", N_("`to` names no list: nobody would get this"))
    on, every = table.get("on", str, ""), table.get("every", str, "")
    if bool(on) == bool(every):
        table.mistake(
            "", N_('a broadcast has either `on = "2026-12-01 09:00"` or `every = "0 9 1 * *"`')
        )
    if on and not _ON.fullmatch(on):
        table.mistake("on", N_('"{date}" is not a date: write "2026-12-01 09:00"'), date=on)
    elif on and not _is_date(on):
        table.mistake(
            "on",
            N_('"{date}" does not exist: no month has such a day, or no day such an hour'),
            date=on,
        )
    table.parsed("every", read_cron, None)
    letter = read_words(table, draft, name)
    letter = replace(letter, links=read_links(letter, draft))
    own = table.table("reminder")
    reminder = _reminder(own, letter, draft) if own is not None else None
    purpose = draft.purpose(table, root)
    lateness = table.parsed("max_lateness", parse_delay, Delay(days=2))
    table.finish()
    return Broadcast(name, purpose, to, letter, root.file, on, every, reminder, lateness)


def _audience(table: Table, draft: Draft) -> tuple[int, ...]:
    """The lists meant by `to`, each once: by number or name, those of a group ("@prospects"), or
    all there are ("everyone").
    """
    numbers: list[int] = []
    for entry in table.need("to", list, []):
        if entry == EVERYONE and EVERYONE not in draft.names:
            numbers += draft.lists
        elif isinstance(entry, str) and entry.startswith("@"):
            draft.known_group(entry[1:], table, "to")
            of_group = [
                number for number, (listed, _) in draft.lists.items() if listed.group == entry[1:]
            ]
            if (
                not of_group
                and any(group.name == entry[1:] for group in draft.settings.groups)
                and not draft.unread
            ):
                table.mistake(
                    "to",
                    N_('no list is of the group "{group}": nobody would get this'),
                    group=entry[1:],
                )
            numbers += of_group
        else:
            numbers.append(draft.resolve(entry, table, "to"))
    return tuple(dict.fromkeys(numbers))


def _reminder(table: Table, letter: Letter, draft: Draft) -> Letter:
    wait = table.parsed("wait", parse_delay, Delay(days=5))
    subject, body = table.get("subject", str, letter.subject), table.get("body", str, letter.body)
    check_body(body, table, draft)
    hours = read_hours(table, Hours())
    reminder = Letter(
        f"{letter.id}-reminder",
        subject,
        body,
        table.get("preheader", str, ""),
        wait=wait,
        hours=hours,
        reminds=letter.id,
    )
    table.finish()
    return replace(reminder, links=read_links(reminder, draft))


def _is_date(text: str) -> bool:
    try:
        return bool(read_local_minute(text))
    except ValueError:
        return False
