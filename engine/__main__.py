"""`python -m engine` is `relance`."""

from __future__ import annotations

import gc
import sys


def entry() -> None:
    # Until the verb begins: what is brought in stays for good.
    gc.disable()
    try:
        from engine.cli.main import entry as begin
    except KeyboardInterrupt:
        # Ctrl-C before the program itself is there.
        sys.exit(130)
    begin()


if __name__ == "__main__":
    entry()
