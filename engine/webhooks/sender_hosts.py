"""What is asked of the senders' own hosts before a call is followed: the certificate that it is
signed under, what it names where it is not signed, and a topic that has to be confirmed.

Apart, because it brings in what speaks DNS and HTTPS, which takes longer than all else of a site's
start: it is brought in by the first call that needs it.
"""

from __future__ import annotations

import ssl

from engine.dns.https import requesting
from engine.dns.resolver import DnsResolver
from engine.dns.settings import Dns
from engine.webhooks.fetching import Certificates, https
from engine.webhooks.rereading import ANSWER_SECONDS, Rereading


class SenderHosts:
    """Used from one event loop."""

    def __init__(self, dns: Dns) -> None:
        trusted, resolver = ssl.create_default_context(), DnsResolver(dns.servers, dns.port)
        self.certificates = Certificates(resolver, https(trusted))
        self.rereading = Rereading(resolver, requesting(trusted, ANSWER_SECONDS))
