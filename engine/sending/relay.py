"""The route to one relay, which takes everything and hands it on."""

from __future__ import annotations

from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.handshake import shake_hands
from engine.sending.lines import LinesOf
from engine.sending.relay_settings import RelaySettings
from engine.sending.session_pool import SessionPool
from engine.sending.smtp_session import SmtpSession


class Relay(SessionPool):
    def __init__(self, settings: RelaySettings, journal: DeliveryJournal | None = None) -> None:
        super().__init__(settings)
        self._journal = journal

    def hold(self, servers: str) -> None:
        """Never asked: a relay names no servers, and one that refuses us pauses all sending."""

    def keep_to(self, lines_of: LinesOf) -> None:
        """Nothing to keep to: the relay connects to providers itself."""

    async def _connect(self) -> SmtpSession:
        return await shake_hands(self.settings, self._journal)
