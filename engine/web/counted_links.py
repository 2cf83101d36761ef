"""By way of which ordinary links of letters lead while they are counted, and the picture whose
loads are. The address is the same in everybody's letter, and leads where the letter says, since it
is signed; who agreed to be measured has a token of their own behind it, which leads nowhere else.
"""

from __future__ import annotations

from base64 import b64decode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from engine.config import Config
from engine.desk.desk import VisitCell
from engine.letter.link_token import read_counted_address
from engine.vault.measured import NotedAct
from engine.views import week_of
from engine.web.front import Front
from engine.web.measured_visits import PersonalVisit
from engine.web.request import neighbourhood, visitor_of
from engine.web.robots import LoggedVisit, is_prefetch, is_scanner
from engine.web.stores import LinkStores

MAX_AGENT_CHARACTERS = 400
"""Of a browser's name, as much as is kept in memory until its visit is judged."""
APPLE_LOADS_EVERY_PICTURE = "Mozilla/5.0"
"""What the relay of Apple's Mail Privacy Protection calls itself, and no browser does."""
RELAYS = ("googleimageproxy", "yahoomailproxy")
"""What others call themselves that load the pictures of their readers' letters, in small letters.
"""
PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel."""
NO_STORE = {"Cache-Control": "no-store"}


class CountedLinks:
    """Letters sent before go on leading there when nothing is counted any more."""

    def __init__(self, config: Config, links: LinkStores, front: Front) -> None:
        self.config, self.links, self.front = config, links, front

    def answer(self, token: str, request: Request, personal: str = "") -> Response:
        """`personal` is looked at after the visitor has gone on: nothing of the answer tells
        whether it is ours, or of somebody who is measured.
        """
        known = read_counted_address(self.links.link_key, token)
        if known is None:
            return self.front.unknown_link()
        letter, address = known
        measure = self.config.measure
        if personal or (measure.links if address else measure.images):
            self._note(letter, address, request, personal)
        if address:
            return RedirectResponse(address, 302, NO_STORE)
        return Response(PICTURE, headers=NO_STORE, media_type="image/gif")

    def _note(self, letter: str, address: str, request: Request, personal: str) -> None:
        counts, now, measure = self.links.visit_counts, self.links.clock.now(), self.config.measure
        headers = dict(request.headers.items())
        agent = headers.get("user-agent", "")[:MAX_AGENT_CHARACTERS]
        visitor = visitor_of(request, self.config.web.trusted_proxies)
        suspect = request.method == "HEAD" or is_scanner(agent) or is_prefetch(headers)
        act: NotedAct = "clicked" if address else "relayed" if is_relay(agent) else "opened"
        if address:
            visit = LoggedVisit(
                at=counts.now(),
                letter=personal,
                link=f"{letter} {address}",
                visitor=f"{visitor} {agent}",
                network=neighbourhood(visitor, v6=48),
                suspect=suspect,
            )
        else:
            # A mail program loads it beside whatever else its reader does, and a provider's relay
            # loads those of many readers: neither is a hurry.
            visit = LoggedVisit(
                at=counts.now(),
                letter=f"picture {personal}" if personal else "",
                link=letter,
                visitor="",
                network=neighbourhood(visitor, v6=48),
                suspect=suspect or act == "relayed",
            )
        kind, counted = ("link", measure.links) if address else ("image", measure.images)
        counts.note(
            visit,
            VisitCell(letter, kind, address, week_of(now)) if counted else None,
            PersonalVisit(personal, letter, act, address, now) if personal else None,
        )


def is_relay(agent: str) -> bool:
    """Whether a provider loads pictures for its readers, before they read or as they do."""
    return agent == APPLE_LOADS_EVERY_PICTURE or any(name in agent.lower() for name in RELAYS)
