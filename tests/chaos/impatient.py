"""`python -m tests.chaos.impatient …` is `relance …`, except that it waits seconds for a mail server where the standard says minutes."""

from __future__ import annotations

from functools import partial

from engine.__main__ import entry
from engine.sending import relay, send
from engine.sending.pipeline import Timeouts

SECONDS = 0.7

if __name__ == "__main__":
    hurried = Timeouts(SECONDS, SECONDS, SECONDS, SECONDS, SECONDS, SECONDS)
    setattr(send, "RelaySettings", partial(relay.RelaySettings, timeouts=hurried))  # noqa: B010
    entry()
