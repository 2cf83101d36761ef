"""The route that the settings ask for. Apart from the routes, which know nothing of each other;
what only direct delivery needs is loaded where letters go that way.
"""

from __future__ import annotations

from typing import assert_never

from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.relay import Relay
from engine.sending.relay_settings import DirectSettings, RelaySettings, RouteSettings
from engine.sending.route import Route


def route_of(settings: RouteSettings, journal: DeliveryJournal | None = None) -> Route:
    match settings:
        case RelaySettings():
            return Relay(settings, journal)
        case DirectSettings(dns=dns):
            from engine.dns.resolver import DnsResolver
            from engine.sending.direct import DirectRoute

            return DirectRoute(settings, DnsResolver(dns.servers, dns.port), journal)
    assert_never(settings)
