"""What a mail that came back asks of the stream of whoever its letter went to; as in `commands`.
`message` is the letter's id, found in the ledger; `provider` is that of its recipient, as in
events.LetterSent.
"""

from __future__ import annotations

from engine.frozen import dataclass
from engine.subscriber.command import Command
from engine.subscriber.terms import BounceKind


@dataclass(frozen=True, slots=True)
class RecordBounce(Command):
    """A mail system reports that it could not deliver the letter. `code` is 0 and `enhanced` ""
    where it did not say.
    """

    message: str
    kind: BounceKind
    code: int = 0
    enhanced: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class RecordComplaint(Command):
    """The person told their provider that the letter is not wanted: they are unsubscribed from
    everything, and suppressed. `source` is who passes it on, of a closed set of names.
    """

    message: str
    source: str
    provider: str = ""


@dataclass(frozen=True, slots=True)
class RecordReply(Command):
    """The person answered the letter by a mail of their own. `list` and `run`: where it was sent, 0
    for no list.
    """

    list: int = 0
    run: int = 0
