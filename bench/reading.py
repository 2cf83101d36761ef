"""`python -m bench.reading PORT`: mails taken in by LMTP and read as ours are, of which nothing is
recorded. Ends with SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

import uvloop

from engine.inbound.handling import Handled, InboundDoor
from engine.inbound.letter_identity import Receiver
from engine.inbound.listener import InboundListener
from engine.inbound.reading import read_mail
from engine.inbound.settings import Place


class Reading:
    ours = Receiver(bytes(32), frozenset({"potager.example"}))

    def handle(self, octets: bytes, recipients: Sequence[str], door: InboundDoor) -> Handled:
        return Handled("nothing", read_mail(octets, self.ours, recipients))


async def _listen(port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listener = InboundListener(Place("127.0.0.1", port), "lmtp", Reading(), "localhost")
    await listener.start()
    print("ready", flush=True)
    await stop.wait()
    await listener.stop()


if __name__ == "__main__":
    uvloop.run(_listen(int(sys.argv[1])))
