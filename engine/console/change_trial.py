"""A small form's change to a dialogue's file, tried before the draft has it: what it would break is
said, and then nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.authoring.inspection import inspect, newly_fatal
from engine.authoring.toml_changes import CannotEdit, Change
from engine.authoring.toml_edit import edited
from engine.console.open_dialogue import (
    AuthoringStores,
    NoSuchPlace,
    draft_of,
    read_draft,
    sentence,
)
from engine.console.visit import NOTHING, Mistake, Visit
from engine.i18n.language import N_, Say
from engine.i18n.phrases import say_list, say_segment
from engine.sequence.model import Plan


def dialogue_choices(plan: Plan) -> list[tuple[str, str]]:
    """Every dialogue's file with its title."""
    return [(file, title if title != file else file) for file, title in plan.titles.items()]


def audience_choices(plan: Plan, _: Say) -> list[tuple[str, str]]:
    """Whom a mailing or an intended entry may be for, as `to` names them."""
    groups = {listed.group: None for listed in plan.lists.values() if listed.group}
    return [
        ("everyone", _("everyone")),
        *((str(number), say_list(plan, number)) for number in plan.lists),
        *((f"@{group}", _("group {group}").format(group=group)) for group in groups),
        *((f"segment:{segment}", say_segment(plan, segment, _)) for segment in plan.segments),
    ]


def keep_change(
    stores: AuthoringStores,
    visit: Visit,
    file: str,
    changes: Sequence[Change],
    at: str = "",
    beside: Mapping[str, str] = NOTHING,
) -> list[Mistake]:
    """Write the changes to the draft, with the new files `beside`; or say what would be wrong then,
    at the control `at`. Raises NoSuchPlace for no such file, BadFile, OSError.
    """
    draft = draft_of(stores, visit)
    before = read_draft(stores, draft)
    if file not in before.plan.titles:
        raise NoSuchPlace(N_("there is no dialogue of this name (any more)"))
    try:
        text = edited(draft.text(file) or "", changes)
    except CannotEdit as error:
        return [Mistake("", sentence(visit, error.words))]
    except ValueError:
        return [Mistake("", visit.say(N_("The file of this dialogue has to be mended first.")))]
    after = inspect(stores.config, {**draft.files(), **beside, file: text}, stores.clock.now())
    new = newly_fatal(before, after)
    if not new:
        for path, words in {**beside, file: text}.items():
            draft.write(path, words)
    return [Mistake(at, sentence(visit, mistake.words)) for mistake in new]
