"""The whole circle, with real mail hosts: Relance hands its letters to Postfix, and what comes of
them comes back by mail, from Postfix by LMTP, from Exim through a mailbox of Dovecot's.

Nobody knows `unknown` (says the receiving host) and `gone` (says Exim); `full` has no room. Anna
complains, Bruno and Emma write STOP (Bruno's mail host vouches for him), Carla is away, Dora
unsubscribes by mail, Fanny writes a word.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from tests.mail_hosts.hosts import (
    PASSWORD,
    Mailbox,
    Ports,
    dovecot,
    exim,
    hand_over,
    postfix,
    told,
)
from tests.running import GROUND, Installed, free_port, wait_for, write
from tests.running_installation import LAYOUT

pytestmark = pytest.mark.timeout(240)
READERS = ("anna", "bruno", "carla", "dora", "emma", "fanny")
LOST = ("unknown", "gone", "full")
OURS = "lettres@garden.example"
FOLLOWS: dict[str, list[str]] = {
    "unknown": ["mail-bounced"],
    "gone": ["mail-bounced"],
    "full": ["mail-bounced"],
    "anna": ["consent-withdrawn", "list-left", "mail-complained"],
    "bruno": ["consent-withdrawn", "list-left"],
    "carla": [],
    "dora": ["consent-withdrawn", "list-left"],
    "emma": ["right-exercised"],
    "fanny": ["contact-noted", "list-left"],
}
"""What stands in each story after the letter."""
SHOWN = {
    "unknown": "Rejet (définitif)  — courriel revenu (mots\u00a0: «\u00a0550 5.1.1",
    "gone": "Rejet (définitif)  — courriel revenu (mots\u00a0: «\u00a0Unrouteable address\u00a0»",
    "full": "Rejet (passager)  — courriel revenu (mots\u00a0: «\u00a0552 5.2.2",
    "anna": "Plainte  — courriel revenu (mots\u00a0: «\u00a0abuse: Clients/1.0",
    "bruno": "Retrait de tout  — courriel revenu (mots\u00a0: «\u00a0STOP",
    "carla": "Fondement",
    "dora": "courriel à l’adresse de désinscription",
    "emma": "courriel revenu (mots\u00a0: «\u00a0STOP",
    "fanny": "A répondu par un courriel  — courriel revenu (mots\u00a0: «\u00a0Oui, hier",
}
"""What `relance show` says of it."""
CONFIG = """
[site]
name = "Le Jardin"
url = "{url}"
from = "lettres@garden.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"

[web]
port = {port}

[console]
port = 0

[smtp]
host = "127.0.0.1"
port = {relay}
tls = "none"
sink = true
return_path = "bounces.garden.example"

[inbound]
lmtp = "127.0.0.1:{back}"
imap = "imaps://bounce@localhost:{imaps}"
imap_password_file = "mailbox-password"
folder_understood = "Compris"
authserv_ids = ["mx.garden.example"]
reply_to = "owner@clients.example"

[[purpose]]
id = "conseils"
name = "La lettre du jardin"

[consent]
declared = "write"
"""
DIALOGUE = """
title = "Semis"
purpose = "conseils"

[[list]]
id = 10
name = "semis"
stop_on_reply = true

  [[list.letter]]
  id = "question"
  after = "0 minutes"
  subject = "Avez-vous semé ?"
  body = "question.md"

  [[list.letter]]
  id = "later"
  after = "90 days"
  subject = "Et maintenant ?"
  body = "question.md"
"""
FILES = {
    "sequences/semis.toml": DIALOGUE,
    "sequences/layout.html": LAYOUT,
    "sequences/question.md": "Avez-vous semé ?\n",
    "mailbox-password": PASSWORD,
}


@dataclass
class Circle:
    relance: Installed
    ports: Ports
    postfix: Path
    mailbox: Mailbox
    shown: dict[str, str] = field(default_factory=dict)

    def letter(self, name: str) -> EmailMessage | None:
        """The first that Postfix has delivered to a reader."""
        for path in sorted((self.postfix / f"mail/{name}/new").glob("*")):
            return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        return None

    def written(self, name: str) -> EmailMessage:
        letter = self.letter(name)
        assert letter is not None
        return letter

    def answer(self, name: str, to: str, header: str, text: str) -> None:
        """What a reader's mail program sends in answer to the letter."""
        letter = self.written(name)
        mail = (
            f"From: {name}@clients.example\r\nTo: {to}\r\nSubject: Re: {letter['Subject']}\r\n"
            f"Message-ID: <{name}@clients.example>\r\nIn-Reply-To: {letter['Message-ID']}\r\n"
            f"{header}\r\n{text}\r\n"
        )
        hand_over(self.ports.relay, f"{name}@clients.example", to, mail.encode())

    def complain(self, name: str) -> None:
        """What the reader's provider sends (RFC 5965)."""
        letter = self.written(name)
        report = (
            "From: feedback@clients.example\r\nSubject: Report\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
            "--b\r\n\r\nA reader does not want this letter.\r\n"
            "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
            "Feedback-Type: abuse\r\nUser-Agent: Clients/1.0\r\nVersion: 1\r\n\r\n"
            f"--b\r\nContent-Type: message/rfc822\r\n\r\n{letter.as_string()}\r\n--b--\r\n"
        )
        hand_over(self.ports.relay, "feedback@clients.example", OURS, report.encode())

    def has_come_round(self, name: str) -> bool:
        """Whether all has followed from a reader's letter; `shown` is what is said of it."""
        self.shown[name] = self.relance.verb("show", f"{name}@clients.example")
        return set(FOLLOWS[name]) <= set(self.followed(name))

    def followed(self, name: str) -> list[str]:
        events = re.findall(r"\[([a-z-]+)\]$", self.shown[name], re.M)
        return events[events.index("letter-sent") + 1 :]

    def has_taken_in(self, name: str) -> bool:
        """Whether Relance has answered Postfix that the reader's mail is taken in."""
        log = told(self.postfix)
        queued = re.search(rf"(\w+): message-id=<{name}@clients\.example>", log)
        return bool(queued and re.search(rf"{queued[1]}: to=<{OURS}>,.*status=sent \(250", log))


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Circle]:
    ports = Ports()
    ports.exim_back = ports.dovecot_lmtp
    with ExitStack() as hosts:
        boxes = hosts.enter_context(dovecot(ports))
        relay = hosts.enter_context(postfix(ports))
        hosts.enter_context(exim(ports))
        relance = Installed(tmp_path_factory.mktemp("circle"), free_port())
        relance.environment["SSL_CERT_FILE"] = str(boxes / "authority.pem")
        config = CONFIG.format(url=relance.url, port=relance.port, **vars(ports))
        rows = "".join(f"{name}@clients.example\n" for name in READERS + LOST)
        write(relance.folder, FILES | {"config.toml": config, "people.csv": f"email\n{rows}"})
        mailbox = Mailbox("bounce", ports, boxes / "authority.pem")
        mailbox.make_folder("Compris")
        circle = Circle(relance, ports, relay, mailbox)
        with relance.run():
            try:
                _live(circle)
            except AssertionError as error:
                error.add_note("\n".join(circle.shown.values()))
                error.add_note(told(relay)[-5000:])
                error.add_note((relance.folder / "run.log").read_text()[-3000:])
                raise
            yield circle


def _live(circle: Circle) -> None:
    relance = circle.relance
    people = str(relance.folder / "people.csv")
    relance.verb("import", people, "--list", "10", *GROUND, "--start", "welcome")
    relance.verb("resume", "--yes")
    wait_for(lambda: all(circle.letter(name) for name in READERS))
    circle.complain("anna")
    vouched = "Authentication-Results: mx.garden.example; dkim=pass header.d=clients.example\r\n"
    circle.answer("bruno", OURS, vouched, "STOP")
    circle.answer("carla", OURS, "Auto-Submitted: auto-replied\r\n", "Je suis absente.")
    mailto = re.search(r"<mailto:([^>?]+)", str(circle.written("dora")["List-Unsubscribe"]))
    assert mailto is not None
    circle.answer("dora", mailto[1], "", "")
    circle.answer("emma", OURS, "", "STOP")
    circle.answer("fanny", OURS, "", "Oui, hier, merci !")
    wait_for(lambda: circle.letter("owner"))
    # Of an absence nothing follows that could be waited for.
    wait_for(lambda: circle.has_taken_in("carla"))
    for name in FOLLOWS:
        wait_for(partial(circle.has_come_round, name))


@pytest.mark.parametrize("name", FOLLOWS)
def test_what_comes_back_has_its_consequence_and_is_shown_with_its_cause(
    circle: Circle, name: str
) -> None:
    assert circle.followed(name) == FOLLOWS[name]
    shown = circle.shown[name]
    assert SHOWN[name] in shown
    dead, left = name in ("unknown", "gone", "anna"), name in ("anna", "bruno", "dora", "fanny")
    assert ("Écarté" in shown) == dead and ("Et maintenant ?" in shown) == (not dead and not left)


def test_the_report_that_came_into_the_mailbox_was_put_away(circle: Circle) -> None:
    assert circle.mailbox.subjects() == []
    assert circle.mailbox.subjects("Compris") == ["Mail"]


def test_what_a_reader_writes_is_handed_on(circle: Circle) -> None:
    handed = circle.letter("owner")
    assert handed is not None and "Oui, hier, merci !" in str(handed)
