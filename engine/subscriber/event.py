"""What every event of a person has, and its cause. Apart, because the events stand in several
files.
"""

from __future__ import annotations

from engine.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    at: int


@dataclass(frozen=True, slots=True)
class Cause:
    """The door a fact came through and, as opaque ids, what it answers.

    `door`: "form", "import", "api", "click", "one-click", "mailto", "operator", "rule", "engine",
    "relay", "mail" (what came back by mail), "webhook" (what a shop or mail service told),
    "journal" (applied again after a restore). `ref`: a letter's message id, an import's, call's,
    form's or operation's random id, a rule's or webhook's name.
    `link`: the n-th link of the letter. `evidence`: the commitment to what the vault keeps (E06).
    """

    door: str
    ref: str = ""
    link: int = -1
    evidence: str = ""
