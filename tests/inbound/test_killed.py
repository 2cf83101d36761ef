"""A listener that is killed between its commit and its answer, and one whose database goes away:
the mail server brings the mail again, and it is one fact.
"""

from __future__ import annotations

import asyncio
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from engine.inbound.listener import InboundListener
from engine.inbound.settings import Place
from tests.conftest import MakeContext
from tests.inbound.coming_back import CONFIG, ComingBack
from tests.inbound.test_handling import FILES
from tests.privacy.garden import Everything
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
LISTENER = """
import asyncio, os, signal, sys
from pathlib import Path
from engine.app import open_context_in
from engine.config import read_config
from engine.inbound.handling import InboundHandler
from engine.inbound.listener import InboundListener
from engine.inbound.settings import Place
from engine.secret_files import read_secrets

config = read_config(Path(sys.argv[1]))
with open_context_in(config, sys.argv[2], read_secrets(config.secrets)) as context:
    class Killed(InboundHandler):
        def handle(self, octets, recipients, door):
            super().handle(octets, recipients, door)
            os.kill(os.getpid(), signal.SIGKILL)

    async def listen():
        place, handler = Place("127.0.0.1", 0), Killed(context.inbound())
        listener = InboundListener(place, "lmtp", handler, "mx.example")
        await listener.start()
        print(listener.port, flush=True)
        await asyncio.sleep(60)

    asyncio.run(listen())
"""


def test_a_kill_between_commit_and_answer_leaves_one_fact(
    make_context: MakeContext, installations: Installations
) -> None:
    world = ComingBack(make_context(FILES, extra=CONFIG))
    reader = world.reader()
    owner = Everything.of(installations, world.context).conninfo
    arguments = [sys.executable, "-c", LISTENER, str(world.context.config.folder), owner]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        mail = smtplib.LMTP("127.0.0.1", port)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            mail.sendmail("", [reader.to("bounce")], reader.mail("exim-dsn-full.eml"))
        assert process.wait(10) == -signal.SIGKILL
    assert reader.facts == ["mail-bounced"]
    again = reader.mail("exim-dsn-full.eml").replace(b"\n", b"\r\n")
    assert world.handler.handle(again, [reader.to("bounce")], "lmtp").end == "repeated"
    assert reader.facts == ["mail-bounced"]


def test_while_the_database_is_away_the_mail_server_keeps_the_mail(
    make_context: MakeContext, installations: Installations
) -> None:
    world = ComingBack(make_context(FILES, extra=CONFIG))
    reader = world.reader()
    owner = Everything.of(installations, world.context).conninfo

    def away() -> None:
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def bring(port: int) -> None:
        mail, octets = smtplib.LMTP("127.0.0.1", port), reader.mail("exim-dsn-full.eml")
        away()
        with mail, pytest.raises(smtplib.SMTPDataError) as refused:
            mail.sendmail("", [reader.to("bounce")], octets)
        assert refused.value.smtp_code == 451
        with smtplib.LMTP("127.0.0.1", port) as again:
            again.sendmail("", [reader.to("bounce")], octets)

    async def story() -> None:
        listener = InboundListener(Place("127.0.0.1", 0), "lmtp", world.handler, "mx.example")
        await listener.start()
        await asyncio.to_thread(bring, listener.port)
        await listener.stop()

    asyncio.run(story())
    assert reader.facts == ["mail-bounced"]
