"""Publishing: what would change and whom it touches, putting it in force, and going back. Nothing
here prints or asks.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from engine import __version__
from engine.authoring.inspection import looked_through
from engine.commands.operators import ActingStores, CauseAndEvidence, execute_for
from engine.config import Config
from engine.desk.clock import Clock
from engine.i18n.printable import printable
from engine.installation.events import (
    InstallationEvent,
    PublicationApproved,
    PublicationProposed,
)
from engine.installation.published_assets import MANIFEST, digests_in
from engine.installation.publishing import (
    Difference,
    OptionChange,
    ShownWords,
    brought_up_to_date,
    difference,
    publication,
)
from engine.installation.state import Installation, read_settings
from engine.installation.stream import InstallationStream
from engine.ledger.assets import Assets
from engine.letter.source_folder import read_assets, read_sequences
from engine.sequence.declared import Declared
from engine.sequence.field_values import fits
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Field, Plan
from engine.sequence.parse import Settings, parse
from engine.subscriber.agenda_key import BroadcastKey, ListKey
from engine.subscriber.events import Cause
from engine.subscriber.truth import SegmentConditions
from engine.views import SegmentViews


class ListCounts(Protocol):
    def catch_up(self, tell: Callable[[int, int], None] = ...) -> int:
        """Follow the ledger to its head."""

    def standing(self) -> dict[int, int]:
        """How many people stand on each list."""

    def choosing(self) -> dict[tuple[str, str], int]:
        """How many people have chosen each ("theme", id) and ("content", id)."""

    @property
    def segments(self) -> SegmentViews: ...


class FieldCounts(Protocol):
    def count_where(self, field: str, holds: Callable[[str], bool]) -> int:
        """How many people have a value of a field for which `holds`."""


class PublicationStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> ListCounts: ...
    @property
    def field_counts(self) -> FieldCounts: ...
    @property
    def shown_words(self) -> Callable[[Plan], ShownWords]:
        """What people agree on under a plan, as this program renders it."""


class PublishingStores(ActingStores, PublicationStores, Protocol):
    """What puts a plan in force, with who did it."""

    @property
    def assets(self) -> Assets: ...


class PublishedMeanwhile(Exception):
    """Someone else published after the plan was shown: it has to be looked at again."""


class NotApproved(Exception):
    """[publish] approval wants somebody else to have approved this very plan."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """A segment that is new, gone, or in which others may be: how many enter and leave it."""

    change: OptionChange
    segment: str
    entering: int = 0
    leaving: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a publication would put in force, held against edition `base`. `people` counts who
    stands on each list now, `members` who would be in each segment, `unfit` whose value of a field
    does not fit its new type or options, `held` who has told a field that goes, `choosing` who has
    chosen each theme and type of content.
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
    unfit: Mapping[str, int] = field(default_factory=dict)
    choosing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    segments: tuple[SegmentChange, ...] = ()
    members: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Names what would be put in force over which edition: with other words, other rules or
        after another publication it is another. Who stands where does not matter to it.
        """
        what = [self.base, self.rolled_back_to, sorted(self.files.items()), repr(self.settings)]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()

    def to_approve(self, backfill: bool) -> str:
        """Names what an approval is given to: the plan, and whether new letters also go to those
        for whom their moment is past.
        """
        return hashlib.sha256(f"{self.digest} {backfill}".encode()).hexdigest()

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
        """How many stand where a letter is sent, and are in the segments it is sent to. Whoever is
        in two counts twice.
        """
        if isinstance(key, ListKey):
            return self.people.get(key.list, 0)
        name = key.broadcast
        broadcast = self.after.broadcasts.get(name) or self.before.broadcasts.get(name)
        if broadcast is None:
            return 0
        on_lists = sum(self.people.get(number, 0) for number in broadcast.to)
        return on_lists + sum(self.members.get(segment, 0) for segment in broadcast.segments)

    def people_of(self, purpose: str) -> int:
        """How many stand on lists of a purpose, on any where it is "". Whoever stands on two counts
        twice.
        """
        lists = self.after.lists.values()
        numbers = [listed.id for listed in lists if purpose in ("", listed.purpose)]
        return sum(self.people.get(number, 0) for number in numbers)


def plan_publication(stores: PublicationStores, files: Mapping[str, str] | None = None) -> Proposal:
    """What publishing `files` (default: the author's folder) would change. Raises Unpublishable
    with every fatal mistake.
    """
    config, now = stores.config, stores.clock.now()
    texts = read_sequences(config.sequences) if files is None else files
    read = looked_through(config, texts, now)
    read.sound()
    current = stores.installation_stream.current()
    return _proposal(stores, current, read.plan, read.files, config.settings, read.mistakes)


def _keep_assets(stores: PublishingStores, files: Mapping[str, str]) -> None:
    """What is published is on every machine, before anybody is told of it. Raises
    PublishedMeanwhile where a file is not what was looked at any more.
    """
    digests = digests_in(files.get(MANIFEST, ""))
    if digests and stores.assets.missing(digests.values()):
        for octets in read_assets(stores.config.sequences):
            stores.assets.keep(octets)
        if stores.assets.missing(digests.values()):
            raise PublishedMeanwhile


def plan_rollback(stores: PublicationStores) -> Proposal | None:
    """What going back to the edition before the one in force would change; None when there is
    none.
    """
    current = stores.installation_stream.current()
    edition = current.editions.get(current.edition - 1)
    if edition is None:
        return None
    files = {path: current.words[digest] for path, digest in edition.files}
    settings = _as_declared_now(
        read_settings(current.words[edition.settings]), current.plan().declared
    )
    return _proposal(stores, current, parse(files, settings), files, settings, (), edition.number)


def plan_between(stores: PublicationStores, before: int, after: int) -> Proposal | None:
    """What an edition changed against another; None where there is no such one. People are counted
    as they stand now.
    """
    current = stores.installation_stream.current()
    edition = current.editions.get(after)
    if before not in current.editions or edition is None:
        return None
    files = {path: current.words[digest] for path, digest in edition.files}
    changes = difference(current.plan(before), current.plan(after))
    return Proposal(
        before,
        current.plan(before),
        current.plan(after),
        files,
        read_settings(current.words[edition.settings]),
        changes,
        stores.views.standing(),
    )


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
    stores: PublicationStores,
    current: Installation,
    plan: Plan,
    files: Mapping[str, str],
    settings: Settings,
    warnings: tuple[Mistake, ...],
    back: int = 0,
) -> Proposal:
    stores.views.catch_up()
    before = current.plan()
    changes = difference(before, plan)
    segments = tuple(_segments(stores, changes, before, plan))
    return Proposal(
        current.edition,
        before,
        plan,
        files,
        settings,
        changes,
        stores.views.standing(),
        warnings,
        back,
        dict(_unfit(stores, before, plan)),
        stores.views.choosing() if changes.options else {},
        segments,
        _members(stores, segments) if _reaches_segments(changes, before, plan) else {},
        {
            name: stores.field_counts.count_where(name, bool)
            for name in before.fields
            if name not in plan.fields
        },
    )


def _reaches_segments(changes: Difference, before: Plan, after: Plan) -> bool:
    """Whether a mailing to segments is among the letters that change: then it is told how many are
    in them, which is counted over everybody.
    """
    letters = (*changes.added, *changes.removed, *changes.retimed)
    letters += (*changes.weighed, *changes.readdressed)
    names = {key.broadcast for key, _ in letters if isinstance(key, BroadcastKey)}
    plans = (before, after)
    return any(n in p.broadcasts and p.broadcasts[n].segments for n in names for p in plans)


def _members(stores: PublicationStores, changes: Sequence[SegmentChange]) -> dict[str, int]:
    """How many are in each segment that is published, and will be in each that changes."""
    members = dict(stores.views.segments.counts())
    for change in changes:
        inside = members.get(change.segment, 0)
        members[change.segment] = inside + change.entering - change.leaving
    return members


def _segments(
    stores: PublicationStores, changes: Difference, before: Plan, after: Plan
) -> Iterator[SegmentChange]:
    views, now = stores.views.segments, stores.clock.now()
    members = views.counts() if changes.segments else {}
    asked = SegmentConditions(after).dynamic if changes.segments else {}
    for change, name in changes.segments:
        inside = members.get(name, 0)
        condition = asked.get(name)
        if condition is None:
            # Gone, or without conditions from now on: who was in it by conditions is not any more.
            yield SegmentChange(change, name, leaving=inside)
        else:
            entering, leaving = views.compared(after, name, now)
            former = before.segments.get(name)
            if former is not None and former.static:
                leaving = inside
            yield SegmentChange(change, name, entering, leaving)


def _unfit(stores: PublicationStores, before: Plan, after: Plan) -> Iterator[tuple[str, int]]:
    """Only fields whose type or options differ are looked at."""
    for name, known in after.fields.items():
        former = before.fields.get(name, Field(name, name))
        if (known.type, known.options) != (former.type, former.options):
            yield name, stores.field_counts.count_where(name, partial(_is_unfit, known))


def _is_unfit(field: Field, kept: str) -> bool:
    return not fits(field, kept)


def apply(
    stores: PublishingStores,
    proposal: Proposal,
    made: CauseAndEvidence | None = None,
    *,
    backfill: bool = False,
) -> int:
    """Put a proposal in force; the edition it became, or the one in force when nothing differs.
    Raises PublishedMeanwhile and NotApproved. `made` says by whom, None where the program itself
    does, as the first time: that needs nobody's approval.
    """
    now, digest = stores.clock.now(), proposal.to_approve(backfill)
    _keep_assets(stores, proposal.files)

    def decide(installation: Installation) -> tuple[InstallationEvent, ...]:
        if installation.edition != proposal.base:
            raise PublishedMeanwhile
        if needs_approval(stores, installation) and not installation.is_approved(digest):
            raise NotApproved(digest)
        return publication(
            installation,
            proposal.files,
            proposal.settings,
            now,
            __version__,
            shown=stores.shown_words,
            backfill=backfill,
            rolled_back_to=proposal.rolled_back_to,
        )

    if made is None:
        stores.installation_stream.execute(decide, Cause("operator", secrets.token_hex(8)), now)
    else:
        execute_for(stores, made, decide, now)
    return stores.installation_stream.current().edition


def needs_approval(stores: PublicationStores, installation: Installation) -> bool:
    return stores.config.publish.approval == "another" and installation.edition > 0


def propose(stores: PublishingStores, digest: str, by: str, made: CauseAndEvidence) -> bool:
    """Ask another to approve a plan (`Proposal.to_approve`); False where the same account has asked
    already. Asking by another account takes an approval back: nobody approves their own.
    """
    now = stores.clock.now()

    def decide(installation: Installation) -> tuple[InstallationEvent, ...]:
        asked = installation.proposed.get(digest)
        return () if asked == by else (PublicationProposed(now, digest, by),)

    return bool(execute_for(stores, made, decide, now))


def approve(stores: PublishingStores, digest: str, by: str, made: CauseAndEvidence) -> bool:
    """An account approves a plan that another has proposed; False where nobody has, or they did
    themselves.
    """
    now = stores.clock.now()

    def decide(installation: Installation) -> tuple[InstallationEvent, ...]:
        asked = installation.proposed.get(digest)
        if asked is None or asked == by:
            return ()
        return (PublicationApproved(now, digest, by),)

    return bool(execute_for(stores, made, decide, now))


def bring_up_to_date(stores: PublicationStores) -> None:
    """A program that runs what another version published says so in the ledger, with what it shows
    differently: each day's is known afterwards.
    """
    now = stores.clock.now()

    def decide(installation: Installation) -> tuple[InstallationEvent, ...]:
        return (
            brought_up_to_date(
                installation, stores.shown_words(installation.plan()), now, __version__
            )
            if installation.edition
            else ()
        )

    stores.installation_stream.execute(decide, Cause("engine"), now)


def rollback(stores: PublishingStores) -> int:
    """Publish again what was in force before; 0 when there is nothing to go back to. Raises
    PublishedMeanwhile.
    """
    proposal = plan_rollback(stores)
    return apply(stores, proposal) if proposal is not None else 0


def publish_first(stores: PublishingStores) -> bool:
    """The first run publishes by itself; whether it did. Raises Unpublishable."""
    if stores.installation_stream.current().edition:
        return False
    try:
        apply(stores, plan_publication(stores))
    except PublishedMeanwhile:
        return False
    return True


def unpublished_changes(stores: PublicationStores) -> int:
    """How many things differ between the author's folder and what is in force. Where the folder
    cannot be read as a plan, its changed files.
    """
    current = stores.installation_stream.current().plan()
    config = stores.config
    if not config.sequences.is_dir():
        # A machine that runs what is published on another.
        return 0
    try:
        read = looked_through(config, read_sequences(config.sequences), stores.clock.now())
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
