"""By night the installation's own robot goes through each form and leaves by each way; a step that
does not come about is a fact and a finding, and nobody counts the robot.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.cli.prove import ledger
from engine.context import AppContext
from engine.desk.desk import SENT, SHOWN
from engine.dns.resolver import DnsResolver
from engine.doctor import robot as robots
from engine.doctor.examination import examine
from engine.doctor.form_filling import filled, first_form
from engine.doctor.link_host import ONE_CLICK, PROBE_PATH
from engine.doctor.looking import Eyes
from engine.doctor.robot import FILLING_SECONDS, try_forms
from engine.doctor.world import (
    Answer,
    Dns,
    Ourselves,
    Page,
    Question,
    Records,
    Seen,
    World,
)
from engine.inbound.handling import InboundHandler
from engine.installation.events import FormTried
from engine.sending.envelope import Envelope
from engine.sending.inert_letter import send_one
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.sending.smtp_settings import Smtp
from engine.sequence.delay import DAY
from engine.status.findings import findings
from engine.status.gather import gather
from engine.subscriber.own_robot import is_own_robot
from engine.web.page_signatures import YOUNGEST_STAMP
from tests.proof.handed import verified
from tests.running import MailServer
from tests.running_installation import CONFIG, Installations
from tests.web.correspondence import FILES
from tests.web.serving import served

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]
ROBOT = "robot@potager.fr"
POTAGER = CONFIG.replace("potager.example", "potager.fr").replace("4 chemin", "5 chemin")
EXTRA = f"""
[smtp]
host = "smtp.relais.fr"
return_path = "retours.potager.fr"
[inbound]
lmtp = "127.0.0.1:2525"
reply_to = "moi@potager.fr"
[doctor]
robot = "{ROBOT}"
"""


@dataclass
class Garden:
    """The site is served, letters leave to a mail server, and what comes there for the robot or the
    return path comes back by the ordinary door.
    """

    context: AppContext
    place: str
    mail: MailServer
    away: str = ""
    """What is not reached: a part of an address, or of what is posted."""
    taken: int = 0
    deaf: bool = False
    stopped: bool = False

    def look(self, page: Page) -> Answer:
        assert page.url.startswith("https://lettres.potager.fr/")
        away = self.away and self.away in f"{page.url} {page.posted}"
        url = "https://lettres.potager.fr/nowhere" if away else page.url
        eyes = Eyes(resolver=DnsResolver(["127.0.0.1"]))
        return asyncio.run(eyes.answer(replace(page, url=url, at=self.place)))

    def goes_on(self) -> FormTried | None:
        asyncio.run(self.ticks())
        self.comes_back()
        return try_forms(self.context, lambda: self.stopped, self.look, self.send)

    async def ticks(self) -> None:
        settings = RelaySettings("127.0.0.1", self.mail.sink.port, "none", connections=1)
        sender = Sender(self.context.sending(), settings)
        for _ in range(2):
            await asyncio.to_thread(self.context.views.catch_up)
            await sender.tick()
        await asyncio.to_thread(self.context.views.catch_up)
        await sender.route.close()
        sender.journal.close()

    def send(self, envelope: Envelope) -> None:
        smtp = Smtp("127.0.0.1", self.mail.sink.port, "none")
        send_one(replace(self.context.config, smtp=smtp), envelope)

    def comes_back(self) -> None:
        handler = InboundHandler(self.context.inbound())
        self.context.views.catch_up()
        arrived, self.taken = self.mail.sink.messages[self.taken :], len(self.mail.sink.messages)
        for accepted in arrived if not self.deaf else ():
            assert handler.handle(accepted.body, accepted.recipients, "lmtp").end == "done"

    def tried(self, rounds: int = 8) -> FormTried | None:
        return next((tried for _ in range(rounds) if (tried := self.goes_on())), None)


@pytest.fixture(scope="module")
def world(installations: Installations) -> Iterator[Garden]:
    with (
        installations.made(FILES, EXTRA, config=POTAGER) as context,
        MailServer() as mail,
        served(context) as address,
    ):
        yield Garden(context, address.removeprefix("http://"), mail)


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "FILLING_SECONDS", 0)


def test_each_form_is_gone_through_and_left_by_each_way_every_night(world: Garden) -> None:
    tried = [world.tried() for _ in range(3)]
    assert [(one.form, one.way, one.failed) for one in tried if one] == [
        ("inscription", "link", ""),
        ("inscription", "one-click", ""),
        ("inscription", "mail", ""),
    ]
    assert world.tried(2) is None
    world.context.clock.jump(DAY)
    again = world.tried()
    assert again is not None and (again.way, again.failed) == ("link", "")


def test_it_is_somebody_new_each_time_and_nobody_afterwards(world: Garden) -> None:
    streams = {
        entry.stream for entry in world.context.ledger.latest(("subscriber-registered",), 100)
    }
    assert len(streams) >= 4 and all(map(is_own_robot, streams))
    people = world.context.vault.people(streams)
    assert people == {}
    assert world.context.robot_desk.mails() == []


def test_it_counts_nowhere(world: Garden) -> None:
    world.context.views.catch_up()
    with world.context.database.connection() as connection:
        counted = {
            table: connection.execute(f"SELECT count(*) FROM {schema}.{table}".encode()).fetchone()
            for schema, table in connection.execute(TABLES).fetchall()
        }
    assert counted.keys() >= COUNTERS
    assert {table: n for table, n in counted.items() if n != (0,)}.keys() & COUNTERS == set()
    assert world.context.views.compare(lambda done, total: None) == []
    assert [world.context.desk.counted(f"{what}/inscription", 30) for what in (SHOWN, SENT)] == [
        0,
        0,
    ]


TABLES = """
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema LIKE 'view%'
"""
COUNTERS = {
    *("tally", "cohort", "arrival", "membership", "standing", "transition", "silence"),
    *("form_week", "day_count", "segment_member"),
}


def ends(world: Garden, rounds: int = 3) -> FormTried | None:
    """In the next night, whose first trial fails."""
    world.context.clock.jump(DAY)
    return world.tried(rounds)


def test_a_form_that_is_not_reached_is_a_finding_until_it_works(world: Garden) -> None:
    world.away = "/f/"
    tried = ends(world)
    assert tried is not None and (tried.way, tried.failed) == ("link", "form")
    (finding,) = (f for f in findings(gather(world.context)) if f.code == "form-fails")
    assert finding.level == "stuck"
    assert finding.values == {"form": "inscription", "step": "form"}
    world.away = ""
    tried = ends(world, 8)
    assert tried is not None and (tried.way, tried.failed) == ("link", "")
    assert "form-fails" not in [f.code for f in findings(gather(world.context))]


def test_a_way_out_that_does_not_lead_out_is_found(world: Garden) -> None:
    world.away = "One-Click"
    tried = world.tried()
    world.away = ""
    assert tried is not None and (tried.way, tried.failed) == ("one-click", "leaving")


def test_a_mail_that_does_not_come_back_in_time_is_found(
    world: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots, "STEP_SECONDS", 0)
    world.deaf = True
    tried = world.tried()
    world.deaf = False
    assert tried is not None and (tried.way, tried.failed) == ("mail", "confirmation")


STRANGE = """From: x@ailleurs.example
To: robot@potager.fr
Subject: Confirmez
{header}
https://lettres.potager.fr.ailleurs.example/l/AQIAAAA https://ailleurs.example/l/AQIAAAA
"""


def test_mails_of_others_lead_it_nowhere(world: Garden) -> None:
    def strangers_write(place: str) -> None:
        handler = InboundHandler(world.context.inbound())
        for header in ("", "List-Unsubscribe: <https://ailleurs.example/l/AQIAAAA>\n"):
            mail = STRANGE.format(header=f"X-Place: {place}\n{header}").encode()
            assert handler.handle(mail, (), "imap").end == "done"

    strangers_write("before any trial")
    assert world.context.robot_desk.mails() == []
    world.context.clock.jump(DAY)
    assert world.goes_on() is None
    strangers_write("while a confirmation is waited for")
    tried = world.tried()
    assert tried is not None and (tried.way, tried.failed) == ("link", "")


def test_what_is_stopped_is_gone_on_with_as_the_same(world: Garden) -> None:
    world.context.clock.jump(DAY)
    world.stopped = True
    assert world.tried(2) is None
    begun = world.context.robot_desk.trial()
    world.stopped = False
    assert begun is not None and begun.step == "form"
    tried = world.tried()
    assert tried is not None and (tried.way, tried.failed) == ("link", "")
    assert [m.recipients for m in world.mail.sink.messages[-2:]] == [(begun.address,)] * 2


def test_it_fills_in_what_must_be() -> None:
    page = """<form method="post" action="/f/x"><input type="email" name="email" required>
    <input name="trap" tabindex="-1" required><input name="town" required><input name="free">
    <input type="checkbox" name="agreed" value="yes" required><input type="checkbox" name="more">
    <input type="radio" name="q" value="a" required><input type="radio" name="q" value="b" required>
    <select name="s" required><option value="">-</option><option value="one">1</option></select>
    <input type="date" name="day" required><input type="hidden" name="stamp" value="&amp;1">
    <button type="submit" name="b">ok</button></form>"""
    form = first_form(page)
    assert form is not None and form.action == "/f/x"
    assert filled(form, "a@b.fr") == (
        "email=a%40b.fr&trap=&town=Robot&free=&agreed=yes&q=a&s=one&day=2000-01-01&stamp=%261"
    )
    assert first_form("<p>none") is None
    assert FILLING_SECONDS * 1000 > YOUNGEST_STAMP


def test_the_doctor_knows_pages_of_the_site_again(world: Garden) -> None:
    """As they are: two answers are never the same octets."""
    url = "https://lettres.potager.fr"
    us = Ourselves(sender="a@potager.fr", url=url, listens="127.0.0.1:8080")
    pages = [(f"{url}/", ""), (url + PROBE_PATH, ONE_CLICK)]
    known: dict[Question, Answer] = {
        Page(page, at, posted): world.look(Page(page, posted=posted))
        for page, posted in pages
        for at in ("", us.listens)
    }
    known |= {Page("http://lettres.potager.fr/"): Seen(301, url)}
    known |= {Dns("addresses", "lettres.potager.fr"): Records(("45.67.89.10",))}
    lines = examine(World(us, 0, known), ["link"]).lines["link"]
    assert [f"{line.code} {line.verdict}" for line in lines] == ["link holds", "one-click holds"]
    inside = known[Page(f"{url}/", us.listens)]
    assert inside != known[Page(f"{url}/")]
    known[Page(url + PROBE_PATH, "", ONE_CLICK)] = inside
    assert examine(World(us, 0, known), ["link"]).lines["link"][-1].verdict == "fails"


def test_auditors_find_its_ledger_in_order(world: Garden, tmp_path: Path) -> None:
    assert ledger(world.context, argparse.Namespace(target=str(tmp_path / "ledger"))) == 0
    said = verified(tmp_path / "ledger")
    assert said.wrong == []
    assert said.status == 0
