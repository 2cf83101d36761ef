"""`python -m engine` is `relance`."""

from __future__ import annotations

import sys


def entry() -> None:
    try:
        from engine.cli.main import entry as begin
    except KeyboardInterrupt:
        # Ctrl-C before the program itself is there.
        sys.exit(130)
    begin()


if __name__ == "__main__":
    entry()
