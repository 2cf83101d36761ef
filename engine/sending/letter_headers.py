"""The headers of a letter that say who writes, for programs to read: From and Reply-To, the names
under which mailbox providers count, how to unsubscribe, and where mail that comes back arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from engine.config import Config
from engine.letter.link_token import UNSUBSCRIBE
from engine.mime.header_values import ONE_CLICK, feedback_id, list_id, list_unsubscribe
from engine.mime.headers import Mailbox
from engine.mime.return_path import ReturnAddresses, TokenUse, return_key
from engine.proof.checkpoint import HEADER, words_of
from engine.sending.stream_settings import Stream
from engine.sequence.model import Plan
from engine.subscriber.events import LetterBegun

_ASKING = {"confirmation": "ask", "permission": "still"}
"""The campaign names of mails that belong to no list, for the reports of mailbox providers."""
Url = Callable[[int], str]
"""Gives the URL of an action's link."""


class LetterHeaders:
    """Those of one stream's letters. `domain` is that of Message-IDs, the same for both streams."""

    def __init__(self, config: Config, link_key: bytes, stream: Stream) -> None:
        self.stream, self._identity = stream, config.identity(stream)
        self._site = config.site
        self._host = urlsplit(config.site.url).hostname or "localhost"
        self.domain = config.site.sender.rpartition("@")[2]
        self.returns = ReturnAddresses(
            return_key(link_key), self._identity.return_path, self._identity.sender
        )
        asked: dict[TokenUse, bool] = {
            # A mail that nobody reads would be a withdrawal that is lost.
            "unsubscribe": config.inbound.is_on,
            "bounce": self._identity.dkim.cfbl,
        }
        self.uses = tuple(use for use, wanted in asked.items() if wanted and self.returns.domain)
        """Of the tokens that stand in a letter's headers."""

    def ends(self) -> tuple[Mailbox, Mailbox | None]:
        """The From and Reply-To addresses."""
        reply_to = self._site.reply_to
        return Mailbox(self._identity.sender_name, self._identity.sender), (
            Mailbox("", reply_to) if reply_to else None
        )

    def extra(
        self,
        claim: LetterBegun,
        plan: Plan,
        url: Url,
        tokens: Mapping[TokenUse, str],
        checkpoint: bytes,
    ) -> tuple[tuple[str, str], ...]:
        """Beside those of every mail. `tokens` are the letter's, one for each of `uses`;
        `checkpoint` is a signed one or b"". Raises HeaderRefused.
        """
        stream = {
            "confirmation": "confirmation",
            "permission": "confirmation",
            "broadcast": "mailing",
        }.get(claim.kind, "sequence")
        campaign = (
            claim.key.replace(":", "-").replace("/", "-")[:60]
            if claim.kind == "broadcast"
            else f"l{claim.list}-{claim.letter}"[:60]
        )
        headers = [
            (
                "Feedback-ID",
                feedback_id(
                    _ASKING.get(claim.kind, campaign), stream, "relance", self._sender_id()
                ),
            ),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ]
        if checkpoint:
            headers.append((HEADER, words_of(checkpoint)))
        if "bounce" in self.uses:
            complaints = self.returns.sender(tokens["bounce"])
            headers.append(("CFBL-Address", f"{complaints}; report=arf"))  # RFC 9477 section 4
        if claim.kind == "confirmation":
            return tuple(headers)
        purpose = plan.purposes.get(claim.purpose)
        name, label = (purpose.name if purpose else claim.purpose), claim.purpose
        if claim.kind == "permission":
            name, label = self._site.name, "all"
        host = (
            self._host
            if "." in self._host and not self._host.replace(".", "").isdigit()
            else self.domain
        )
        unsubscribe = url(UNSUBSCRIBE)
        by_mail = "unsubscribe" in self.uses
        mailto = self.returns.mailto(tokens["unsubscribe"]) if by_mail else None
        return (
            *headers,
            ("List-Id", list_id(name, f"{label}.{host}")),
            (
                "List-Unsubscribe",
                (
                    list_unsubscribe(unsubscribe, mailto)
                    if unsubscribe.startswith("https:")
                    else ", ".join(f"<{uri}>" for uri in (unsubscribe, mailto) if uri)
                ),
            ),
            ("List-Unsubscribe-Post", ONE_CLICK),
            ("Precedence", "bulk"),
        )

    def _sender_id(self) -> str:
        domain = self._identity.sender.rpartition("@")[2]
        letters = "".join(c for c in domain if c.isascii() and c.isalnum())
        return (letters + "relance")[:15]
