"""Reading `[[reactivation]]`: who has long been silent is put on a list whose letters ask, and not
written to for its purpose any more when no answer comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.sequence.delay import Delay, parse_delay
from engine.sequence.draft import Draft
from engine.sequence.model import Ending, List, Reactivation
from engine.sequence.table import Table
from engine.words import N_

MAX_RECEIVED = 20
"""As many instants of letters that were sent are kept of a person."""
FEWEST_RECEIVED = 3
WAIT = Delay(days=14)


def read_reactivations(
    roots: Iterable[Table], lists: dict[int, List], draft: Draft
) -> dict[int, Reactivation]:
    """By their lists, which get their endings by it."""
    reactivations: dict[int, Reactivation] = {}
    asked_of: dict[str, int] = {}
    for root in roots:
        root.known.add("reactivation")
        for table in root.tables("reactivation"):
            wait = table.parsed("wait", parse_delay, WAIT)
            read = _read(table, root, draft)
            listed = lists.get(read.list)
            table.finish()
            if listed is None:
                continue
            if listed.purpose in asked_of:
                message = N_('the silent are asked twice about "{purpose}": once is enough')
                table.mistake("list", message, purpose=listed.purpose)
                continue
            if listed.ends is not None:
                message = N_("{list} has `ends` already: here its ending is `then` and `wait`")
                table.mistake("list", message, list=listed.name)
                continue
            _check_letters(table, listed)
            asked_of[listed.purpose] = listed.id
            reactivations[listed.id] = read
            lists[listed.id] = replace(listed, ends=Ending("stop", 0, wait))
    return reactivations


def _read(table: Table, root: Table, draft: Draft) -> Reactivation:
    reference = table.values.get("list")
    table.known.add("list")
    number = 0
    if reference is None:
        message = N_("`list` is missing: the list whose letters ask who has long been silent")
        table.mistake("", message)
    else:
        number = draft.resolve(reference, table, "list")
    table.need("silent_for", str, "")
    silent_for = table.parsed("silent_for", parse_delay, Delay(months=12))
    if not silent_for.nominal_ms:
        table.mistake("silent_for", N_('`silent_for` is a time: write "12 months"'))
    then = table.need("then", str, "")
    if then and then != "stop":
        message = N_('`then` can only be "stop": nothing more is written for this purpose')
        table.mistake("then", message)
    received = table.get("received", int, FEWEST_RECEIVED)
    if not 1 <= received <= MAX_RECEIVED:
        message = N_("`received` is a number of letters from 1 to {most}")
        table.mistake("received", message, most=MAX_RECEIVED)
    return Reactivation(number, silent_for, received, root.file)


def _check_letters(table: Table, listed: List) -> None:
    if not listed.letters:
        message = N_("{list} has no letter: nobody would be asked before they are stopped")
        table.mistake("list", message, list=listed.name)
    for letter in listed.letters:
        if not letter.links:
            message = N_(
                'letter "{letter}" of {list} has no button: write one that says yes, such as'
                " `[Yes, go on](===10===)`"
            )
            table.mistake("list", message, letter=letter.id, list=listed.name)
