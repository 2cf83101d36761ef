"""A listener that is killed between its commit and its answer: the mail server brings the mail
again, and it is one fact.
"""

from __future__ import annotations

import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

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
