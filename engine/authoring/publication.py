"""Publishing: what would change and whom it touches, putting it in force,
and going back. Nothing here prints or asks.
"""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from engine import __version__
from engine.authoring.inspection import inspect, read_folder
from engine.context import AppContext
from engine.i18n.printable import printable
from engine.installation.events import InstallationEvent
from engine.installation.publishing import (
    Difference,
    Shown,
    brought_up_to_date,
    difference,
    publication,
)
from engine.installation.state import Installation, read_settings
from engine.sequence.declared import Declared
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Plan
from engine.sequence.parse import Settings, parse
from engine.subscriber.agenda_key import BroadcastKey, ListKey
from engine.subscriber.events import Cause


class PublishedMeanwhile(Exception):
    """Someone else published after the plan was shown: it has to be looked at again."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a publication would put in force, held against edition `base`. `people` counts who
    stands on each list now.
    """

    base: int
    before: Plan
    after: Plan
    files: Mapping[str, str]
    settings: Settings
    difference: Difference
    people: Mapping[int, int]
    warnings: tuple[Mistake, ...] = ()
    rolled_back_to: int = 0

    @property
    def stranded(self) -> dict[int, int]:
        """Lists that would be gone while people stand on them: how many."""
        return {
            number: self.people[number]
            for number in self.difference.lists_removed
            if self.people.get(number)
        }

    def words(self, path: str) -> Iterator[str]:
        """The difference of one file, as a unified diff."""
        old, new = self.before.words.get(path, ""), self.after.words.get(path, "")
        for line in difflib.unified_diff(
            old.splitlines(), new.splitlines(), path, path, lineterm="", n=2
        ):
            yield printable(line, keep="\t")

    def people_on(self, key: ListKey | BroadcastKey) -> int:
        """How many stand where a letter is sent."""
        if isinstance(key, ListKey):
            return self.people.get(key.list, 0)
        name = key.broadcast
        broadcast = self.after.broadcasts.get(name) or self.before.broadcasts.get(name)
        return sum(self.people.get(number, 0) for number in broadcast.to) if broadcast else 0


def plan_publication(context: AppContext, files: Mapping[str, str] | None = None) -> Proposal:
    """What publishing `files` (default: the author's folder) would change. Raises Unpublishable
    with every fatal mistake.
    """
    config, now = context.config, context.clock.now()
    read = read_folder(config, now) if files is None else inspect(config, dict(files), now)
    read.sound()
    current = context.installation_stream.current()
    return _proposal(context, current, read.plan, read.files, config.settings, read.mistakes)


def plan_rollback(context: AppContext) -> Proposal | None:
    """What going back to the edition before the one in force would change; None when there is
    none.
    """
    current = context.installation_stream.current()
    edition = current.editions.get(current.edition - 1)
    if edition is None:
        return None
    files = {path: current.words[digest] for path, digest in edition.files}
    settings = _as_declared_now(
        read_settings(current.words[edition.settings]), current.plan().declared
    )
    return _proposal(context, current, parse(files, settings), files, settings, (), edition.number)


def _as_declared_now(former: Settings, declared: Declared | None) -> Settings:
    """Going back to former words takes back no promise about keeping, and names no former
    processor. Partners belong to their purposes.
    """
    if declared is None:
        return former
    return replace(
        former,
        declared=replace(declared, partners=former.declared.partners if former.declared else ()),
    )


def _proposal(
    context: AppContext,
    current: Installation,
    plan: Plan,
    files: Mapping[str, str],
    settings: Settings,
    warnings: tuple[Mistake, ...],
    back: int = 0,
) -> Proposal:
    context.views.catch_up()
    before = current.plan()
    changes = difference(before, plan)
    return Proposal(
        current.edition,
        before,
        plan,
        files,
        settings,
        changes,
        context.views.standing(),
        warnings,
        back,
    )


def apply(context: AppContext, proposal: Proposal, *, backfill: bool = False) -> int:
    """Put a proposal in force; the edition it became, or the one in force when nothing differs.
    Raises PublishedMeanwhile.
    """
    now = context.clock.now()

    def decide(installation: Installation) -> tuple[InstallationEvent, ...]:
        if installation.edition != proposal.base:
            raise PublishedMeanwhile
        return publication(
            installation,
            proposal.files,
            proposal.settings,
            now,
            __version__,
            shown=lambda plan: shown(context, plan),
            backfill=backfill,
            rolled_back_to=proposal.rolled_back_to,
        )

    context.installation_stream.execute(decide, Cause("operator", secrets.token_hex(8)), now)
    return context.installation_stream.current().edition


def shown(context: AppContext, plan: Plan) -> Shown:
    """What people agree on under a plan, as this program renders it. The pages are loaded only
    here: they are half of a verb's time to start.
    """
    from engine.web.shown_words import shown_by

    return shown_by(plan, context.config.site)


def bring_up_to_date(context: AppContext) -> None:
    """A program that runs what another version published says so in the ledger, with what it shows
    differently: each day's is known afterwards.
    """
    now = context.clock.now()

    def decide(installation: Installation) -> tuple[InstallationEvent, ...]:
        return (
            brought_up_to_date(installation, shown(context, installation.plan()), now, __version__)
            if installation.edition
            else ()
        )

    context.installation_stream.execute(decide, Cause("engine"), now)


def rollback(context: AppContext) -> int:
    """Publish again what was in force before; 0 when there is nothing to go back to. Raises
    PublishedMeanwhile.
    """
    proposal = plan_rollback(context)
    return apply(context, proposal) if proposal is not None else 0


def publish_first(context: AppContext) -> bool:
    """The first run publishes by itself; whether it did. Raises Unpublishable."""
    if context.installation_stream.current().edition:
        return False
    try:
        apply(context, plan_publication(context))
    except PublishedMeanwhile:
        return False
    return True


def unpublished_changes(context: AppContext) -> int:
    """How many things differ between the author's folder and what is in force. Where the folder
    cannot be read as a plan, its changed files.
    """
    current = context.installation_stream.current().plan()
    try:
        read = read_folder(context.config)
    except Unpublishable as error:
        return len({mistake.file for mistake in error.mistakes})
    if read.fatal:
        return sum(
            current.words.get(path) != text
            for path, text in (
                *read.files.items(),
                *((p, "") for p in current.words if p not in read.files),
            )
        )
    return difference(current, read.plan).count
