"""What became of a person's address. Apart, because events.py is long."""

from __future__ import annotations

from engine.frozen import dataclass
from engine.subscriber.event import Event


@dataclass(frozen=True, slots=True)
class MailBounced(Event):
    """`kind`: "hard" (no such address: suppressed at once), "soft", or "blocked" (the sender or the
    letter was refused), which never counts. `message` was begun, and mostly sent: a mail system
    that took a letter may say later, by mail, that it could not deliver it. `provider`:
    LetterSent.
    """

    kind: str
    message: str = ""
    code: int = 0
    enhanced: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class MailComplained(Event):
    """`provider`: LetterSent."""

    source: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class SubscriberSuppressed(Event):
    """Never to be written to. `why`: terms.SuppressionReason."""

    why: str


@dataclass(frozen=True, slots=True)
class SubscriberReachable(Event):
    """A suppression is lifted: by the person's own confirmed act, or by an operator."""

    why: str
