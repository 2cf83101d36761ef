"""A world of providers on loopback, in one thread: each at an address of its own, all at one port,
as all have port 25 in the world.

Those that publish limits have them as STANDARDS' table of providers says; what each says is what it
is known to say. Their recipients' domains end in `.example`, so that a letter that missed the stub
DNS would find nobody; what tells the provider is its MX.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from tests.chaos.mail_server import Taken, seen
from tests.providers.provider import MINUTE, Clock, Limits, Provider, Words
from tests.running import InThread
from tests.sink import Step

ADDRESSES = "127.13.0.{}"
OFR004_104 = (
    "421 mwinf5c04 ME Trop de connexions, veuillez verifier votre configuration. Too many"
    " connections, slow down. OFR004_104 [104]"
)
OFR_109 = (
    "421 mwinf5c04 ME Trop de messages par connexion. Too many messages per connection. OFR_109"
    " [109]"
)
LPN105_104 = "421 4.7.0 Trop de connexions. Too many connections, slow down. LPN105_104"
LPN027_503 = (
    "450 4.7.1 Client host rejected: Service refuse, veuillez essayer plus tard. service refused,"
    " please try later. LPN027_503"
)
UNUSUAL_RATE = (
    "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail. To protect our\n"
    "421-4.7.28 users from spam, mail has been temporarily rate limited. For more\n"
    "421 4.7.28 information, review our Bulk Email Senders Guidelines. - gsmtp"
)
S3115 = (
    "451 4.7.652 The mail server [192.0.2.1] has exceeded the maximum number of connections."
    " (S3115)"
)
TSS04 = (
    "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or"
    " user complaints - 4.16.55.1"
)
MOODS: dict[str, tuple[str, Step, str]] = {
    "closing": ("gmail", "connect", "421 4.7.0 Try again later, closing connection. - gsmtp"),
    "unusual rate": ("gmail", "dot", UNUSUAL_RATE),
    "unauthenticated": (
        "gmail",
        "dot",
        "550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n"
        "550 5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp",
    ),
    "rate limited": (
        "microsoft",
        "mail",
        "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP"
        " reputation. (S775)",
    ),
    "blocklisted": (
        "microsoft",
        "mail",
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your"
        " Internet service provider since part of their network is on our block list (S3140).",
    ),
    "too many": ("orange", "mail", OFR004_104.replace("OFR004_104", "OFR_104")),
    "refused for now": ("laposte", "rcpt", LPN027_503),
    "cannot be answered": (
        "laposte",
        "rcpt",
        "450 4.1.8 <bonjour@potager.example>: Sender address rejected: Emetteur invalide. Invalid"
        " Sender. LPN007_405",
    ),
    "complaints": ("yahoo", "mail", TSS04),
}
"""Name to provider, step and reply: what a provider says when it is displeased with the sender."""


def quick_clock(minute_seconds: float) -> Clock:
    """One whose minutes last so many seconds."""
    return lambda: time.monotonic() * MINUTE / minute_seconds


def menagerie(clock: Clock = time.monotonic) -> list[Provider]:
    """One of each kind, with the limits of STANDARDS A4; where no number is published, those that
    `providers.toml` supposes, except of the one that announces nothing.
    """
    few = Limits(connections=2, per_connection=100)
    return [
        Provider(
            name="orange",
            domains=("orange.example", "wanadoo.example"),
            mx="smtp-in.orange.fr",
            limits=few,
            words=Words(connections=OFR004_104, per_connection=OFR_109),
            clock=clock,
        ),
        Provider(
            name="sfr",
            domains=("sfr.example", "neuf.example"),
            mx="smtp-in.sfr.fr",
            limits=Limits(connections=2, per_connection=50),
            words=Words(
                connections="421 4.7.0 msfrf2604.sfr.fr Error: too many errors",
                per_connection="450 4.7.1 Service refused due to bad behavior SFR_IN_105",
            ),
            clock=clock,
        ),
        Provider(
            name="laposte",
            domains=("laposte.example",),
            mx="smtp4.laposte.net",
            limits=few,
            words=Words(connections=LPN105_104),
            clock=clock,
        ),
        Provider(
            name="free",
            domains=("free.example",),
            mx="mx1.free.fr",
            limits=Limits(greylisting=300),
            words=Words(
                greylisting="451 4.7.1 Greylisting in action, please come back in 00:05:00"
            ),
            clock=clock,
        ),
        Provider(
            name="gmail",
            domains=("gmail.example",),
            mx="gmail-smtp-in.l.google.com",
            limits=Limits(per_minute=1200, size=35_882_577),
            words=Words(per_minute=UNUSUAL_RATE),
            clock=clock,
        ),
        Provider(
            name="microsoft",
            domains=("outlook.example", "hotmail.example"),
            mx="outlook-com.olc.protection.outlook.com",
            limits=Limits(hidden_connections=2),
            words=Words(connections=S3115),
            clock=clock,
        ),
        Provider(
            name="yahoo",
            domains=("yahoo.example",),
            mx="mta5.am0.yahoodns.net",
            limits=Limits(per_minute=600, per_connection=20),
            words=Words(per_minute=TSS04, per_connection="421 4.7.0 Too many messages"),
            clock=clock,
        ),
    ]


class Zoo(InThread):
    """Use as a context manager. `zoo["orange"]` is a provider; all listen at `port`."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        super().__init__(self._serving())
        self.providers = {provider.name: provider for provider in providers}
        for number, provider in enumerate(providers, 1):
            provider.host = ADDRESSES.format(number)
        self.port = 0

    def __getitem__(self, name: str) -> Provider:
        return self.providers[name]

    def addresses(self, people: int) -> list[str]:
        """So many recipients, one domain after another."""
        domains = [domain for provider in self.providers.values() for domain in provider.domains]
        every = zip(range(people), itertools.cycle(domains), strict=False)
        return [f"lecteur{number}@{domain}" for number, domain in every]

    def zone(self) -> dict[str, dict[str, list[str]]]:
        """What the DNS says of them (tests.dns.stub)."""
        zone: dict[str, dict[str, list[str]]] = {}
        for provider in self.providers.values():
            zone |= {name: {"MX": [f"10 {provider.mx}."]} for name in provider.domains}
            zone[provider.mx] = {"A": [provider.host]}
        return zone

    def displease(self, mood: str, times: int = -1) -> Provider:
        """One of MOODS, until `answer_as_usual` or for so many answers."""
        name, step, words = MOODS[mood]
        self[name].answer(step, words, times=times)
        return self[name]

    def taken(self) -> list[Taken]:
        """All letters so far, provider by provider."""
        return [
            taken
            for provider in self.providers.values()
            for message in list(provider.messages)
            for taken in seen(message)
        ]

    @property
    def accepted(self) -> int:
        return sum(provider.accepted for provider in self.providers.values())

    def passed(self) -> dict[str, Counter[str]]:
        """How often which limit was passed, of those providers of which one was."""
        return {name: Counter(each.passed) for name, each in self.providers.items() if each.passed}

    def in_vain(self) -> float:
        """The part of all attempts that were refused."""
        every = self.providers.values()
        return sum(each.in_vain for each in every) / max(1, sum(each.attempts for each in every))

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as listening:
            for provider in self.providers.values():
                provider.port = self.port
                await listening.enter_async_context(provider)
                self.port = provider.port
            yield
