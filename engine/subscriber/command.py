"""What every command to a person's stream has. Apart, because they stand in several files."""

from __future__ import annotations

from engine.frozen import dataclass
from engine.subscriber.event import Cause


@dataclass(frozen=True, slots=True)
class Command:
    at: int
    cause: Cause
