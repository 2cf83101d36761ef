"""What was in force on a day, as it was known then. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.installation.events import ConfigurationPublished, InstallationEvent
from engine.installation.state import Installation
from engine.sequence.declared import Declared
from engine.sequence.model import Plan


@dataclass(frozen=True, slots=True)
class Day:
    """`at` is the day asked about (engine time, ms), `published_at` when what was in force then was
    published; `program` what ran it.
    """

    at: int
    published_at: int
    program: str
    installation: Installation

    @property
    def plan(self) -> Plan:
        return self.installation.plan()

    @property
    def declared(self) -> Declared:
        return self.plan.declared or Declared()


def day(recorded: Iterable[tuple[int, InstallationEvent]], at: int) -> Day | None:
    """From (recorded_at, event) of the installation's stream in order; None when nothing had been
    published by then.
    """
    installation, program = Installation(), ""
    for recorded_at, event in recorded:
        if recorded_at > at:
            break
        installation = installation.evolve(event)
        if isinstance(event, ConfigurationPublished):
            program = event.program
    edition = installation.editions.get(installation.edition)
    return Day(at, edition.at, program, installation) if edition is not None else None
