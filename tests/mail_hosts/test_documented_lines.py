"""The lines that docs/arriving.md gives for Postfix and Exim do what it says they do."""

from __future__ import annotations

import re
from pathlib import Path

from tests.mail_hosts.hosts import Ports, Returned, exim, hand_over, host_folder, postfix

DOCUMENT = (Path(__file__).parents[2] / "docs/arriving.md").read_text("utf-8")
RECIPIENT = "bounce+token@retours.example.org"
MAIL = b"Subject: back\r\n\r\nBack.\r\n"


def lines(beginning: str) -> str:
    """The block of the document that begins so."""
    found = re.search(rf"```\n({beginning}.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


def test_postfix_hands_the_domain_on_by_lmtp() -> None:
    ports = Ports()
    more = lines("# main.cf").replace(":2525", f":{ports.back}")
    with Returned(ports) as returned, postfix(ports, more):
        hand_over(ports.relay, "anna@clients.example", RECIPIENT, MAIL)
        assert returned.about("Subject: back")[0] == (RECIPIENT,)


def test_exim_hands_the_domain_on_by_lmtp() -> None:
    ports = Ports()
    router, _, transport = lines("# routers").partition("# transports")
    with host_folder() as folder, Returned(ports, folder / "lmtp.sock") as returned:
        (folder / "lmtp.sock").chmod(0o666)
        transport = transport.replace("/run/relance/lmtp.sock", str(folder / "lmtp.sock"))
        with exim(ports, router, transport):
            hand_over(ports.exim, "anna@clients.example", RECIPIENT, MAIL)
            assert returned.about("Subject: back")[0] == (RECIPIENT,)
