"""A way out for mails. The sender knows no other; which servers a route leads to is its own
matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from engine.sending.envelope import Delivery, Envelope
from engine.sending.lines import LinesOf, ServersOf
from engine.sending.replies import Reply, Stage
from engine.sending.send_queue import EligibilityCheck


class RouteUnavailable(Exception):
    """No connection can be had; the sentence says why. A "configuration" error needs a person:
    trying again does not help.
    """

    def __init__(
        self,
        sentence: str,
        kind: Literal["temporary", "configuration"],
        stage: Stage,
        reply: Reply | None = None,
    ) -> None:
        super().__init__(sentence)
        self.kind, self.stage, self.reply = kind, stage, reply


class TlsFailed(RouteUnavailable):
    """The server is there, and the connection could not be secured as it has to be."""


class Route(Protocol):
    """Used from one event loop."""

    trouble: str
    """Why the last connection could not be made; "" where nothing stands in the way."""

    batches: int
    """How many batches are worth delivering at the same time."""

    async def open(self) -> None:
        """Tests that mails can be handed over now. Raises RouteUnavailable."""

    async def deliver(
        self,
        envelopes: Sequence[Envelope],
        before: EligibilityCheck | None,
        on_outcome: Callable[[Delivery], None],
    ) -> None:
        """Ends every envelope exactly once, except those that `before` does not return: they are
        not sent.

        `before` is asked for groups, less than a second before their MAIL, and again when that
        second has passed. When `before` or `on_outcome` raise, or a mark cannot be written, what is
        under way is finished and the error raised; on cancellation what is under way is cut.
        Whatever has no outcome then was not begun.
        """

    def stop_connecting(self) -> None:
        """Open no more connections, and cancel those being opened: nothing has been sent on them.
        Waiting messages end without an outcome.
        """

    def cut(self) -> int:
        """After `stop_connecting`: close the connections without waiting for replies; returns how
        many were closed. A message whose dot was written is in doubt, any other was not begun.
        """

    def keep_to(self, lines_of: LinesOf) -> ServersOf | None:
        """Open no more connections to a provider than these; who knows the servers of a domain,
        None where a relay hands mails on and opens them itself.
        """

    def hold(self, servers: str) -> None:
        """Hand nothing to `servers` (of `Delivery`) for a while: mails for them are put off."""

    async def close(self) -> None:
        """Waits for deliveries under way, then leaves every connection with QUIT."""
