"""What real mail hosts write when a letter cannot be delivered, read as they write it (B02)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.inbound.delivery_status import Bounced, Delayed
from engine.inbound.letter_identity import LetterMark, MarkKind
from engine.inbound.reading import read_mail
from engine.inbound.verdict import BounceKind
from tests.inbound.corpora import OURS
from tests.inbound.mails import MESSAGE, PLACES, filled
from tests.mail_hosts.hosts import Ports, Returned, dovecot, exim, hand_over, postfix

REFUSED: dict[str, tuple[BounceKind, str, int]] = {
    "lost": ("hard", "", 0),
    "unknown": ("hard", "5.1.1", 0),
    "full": ("soft", "5.2.2", 0),
    "large": ("soft", "5.3.4", 30_000),
}
"""Who does not get a letter, what is to be read of it, and how many octets the letter has more. To
`lost` the relay itself knows no way; of the others their own host says so.
"""
HOSTS = ("postfix", "exim")
RETURN_PATH = PLACES["{return_path}"].replace("@", "@bounces.")


def letter(host: str, name: str, more: int = 0) -> bytes:
    header = (
        f"From: lettres@garden.example\r\nTo: {name}@clients.example\r\n"
        f"Subject: {host}-{name}\r\nMessage-ID: <{{message_id}}>\r\n\r\n"
    )
    return filled(header + "Bonjour !\r\n" * (1 + more // 11))


@pytest.fixture(scope="module")
def returned() -> Iterator[Returned]:
    """Every letter is handed to every relay at once, and its report waited for by who asks."""
    ports = Ports()
    with Returned(ports) as returned, dovecot(ports), postfix(ports), exim(ports):
        for host, port in (("postfix", ports.relay), ("exim", ports.exim)):
            for name, (_, _, more) in {**REFUSED, "slow": ("", "", 0)}.items():
                hand_over(port, RETURN_PATH, f"{name}@clients.example", letter(host, name, more))
            plain = letter(host, "unknown").replace(b"-unknown", b"-without-token")
            hand_over(port, "lettres@garden.example", "unknown@clients.example", plain)
            bare = f"Subject: {host}-with-envid\r\n\r\nBonjour !\r\n".encode()
            envid = f"ENVID={PLACES['{token}']}"
            hand_over(port, "lettres@garden.example", "unknown@clients.example", bare, envid)
        yield returned


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_letter_that_is_refused_comes_back_with_its_class(
    returned: Returned, host: str, name: str
) -> None:
    recipients, octets = returned.about(f"Subject: {host}-{name}\r\n")
    bounce = read_mail(octets, OURS, recipients)
    assert isinstance(bounce, Bounced)
    assert bounce.letter == LetterMark(MESSAGE, "token")
    [recipient] = bounce.recipients
    kind, enhanced, _ = REFUSED[name]
    assert (recipient.address, recipient.kind) == (f"{name}@clients.example", kind)
    assert not enhanced or recipient.reply.enhanced == enhanced


@pytest.mark.parametrize("host", HOSTS)
def test_a_warning_that_a_letter_is_late_is_no_bounce(returned: Returned, host: str) -> None:
    recipients, octets = returned.about(f"Subject: {host}-slow\r\n")
    late = LetterMark(MESSAGE, "token")
    assert read_mail(octets, OURS, recipients) == Delayed(late, ("slow@clients.example",))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("letter", "mark"), [("without-token", "message-id"), ("with-envid", "envelope-id")]
)
def test_a_letter_without_a_token_in_its_return_path_is_known_all_the_same(
    returned: Returned, host: str, letter: str, mark: MarkKind
) -> None:
    recipients, octets = returned.about(f"Subject: {host}-{letter}\r\n")
    bounce = read_mail(octets, OURS, recipients)
    assert isinstance(bounce, Bounced)
    assert (bounce.letter, bounce.kind) == (LetterMark(MESSAGE, mark), "hard")


def test_exims_words_are_those_about_the_reader(returned: Returned) -> None:
    recipients, octets = returned.about("Subject: exim-lost\r\n")
    bounce = read_mail(octets, OURS, recipients)
    assert isinstance(bounce, Bounced)
    assert bounce.recipients[0].reply.text == "Unrouteable address"


def test_exim_writes_the_same_status_whatever_happened(returned: Returned) -> None:
    """Why its words are believed, and not its status."""
    for name in REFUSED:
        assert b"\r\nStatus: 5.0.0\r\n" in returned.about(f"Subject: exim-{name}\r\n")[1]
