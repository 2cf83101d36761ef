"""Which dialogue an author means by FILE, and what is in it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath

from engine.i18n.language import N_
from engine.i18n.user_error import NOTHING_PUBLISHED, UserError
from engine.sequence.model import Broadcast, Form, List, Plan, SegmentRule


def files_asked_for(plan: Plan, file: str) -> list[str]:
    """The one that is named, as the plan names it; each of the plan when none is."""
    return [find_file(plan.titles, file)] if file else list(plan.titles)


def find_file(files: Collection[str], text: str) -> str:
    """ "sequences/onboarding.toml", "onboarding.toml" or "onboarding" as the plan names it.
    UserError of status 2 that names those there are.
    """
    wanted = PurePath(text).as_posix().removeprefix("./")
    for file in files:
        if f"/sequences/{wanted}".endswith(
            (f"/sequences/{file}", f"/sequences/{file.removesuffix('.toml')}")
        ):
            return file
    if not files:
        raise UserError(NOTHING_PUBLISHED, 2)
    raise UserError(
        N_("there is no dialogue {said}; there are: {known}"),
        2,
        said=text,
        known=", ".join(sorted(files)),
    )


def lists_in(plan: Plan, file: str) -> list[List]:
    """In the order they are written."""
    return [listed for listed in plan.lists.values() if listed.file == file]


def broadcasts_in(plan: Plan, file: str) -> list[Broadcast]:
    return [broadcast for broadcast in plan.broadcasts.values() if broadcast.file == file]


def forms_in(plan: Plan, file: str) -> list[Form]:
    return [form for form in plan.forms.values() if form.file == file]


def rules_in(plan: Plan, file: str) -> list[SegmentRule]:
    return [rule for rule in plan.rules if rule.file == file]
