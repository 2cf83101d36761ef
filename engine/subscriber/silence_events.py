"""What can happen to a person who is silent: asked whether to go on, not written to any more for a
purpose. `engine.subscriber.events` has them too; apart from them for its length, as those about
rights are.
"""

from __future__ import annotations

from engine.frozen import dataclass
from engine.subscriber.event import Event


@dataclass(frozen=True, slots=True)
class PermissionAsked(Event):
    """An inactive person is asked by mail whether to go on; without an answer by `expires_at` (ms)
    they are erased. `request` is a random id.
    """

    request: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class PermissionRenewed(Event):
    """The person wants to go on. Nothing changes but the time of their last contact."""

    request: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class PurposeStopped(Event):
    """Nothing is written for `purpose` any more, as `edition` has it: the person was silent since
    `silent_since` (ms), was asked, and did not answer. Their ground stands, and whatever they do
    themselves ends it.
    """

    purpose: str
    edition: int
    silent_since: int
