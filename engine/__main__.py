"""`python -m engine` is `relance`."""

from engine.cli import entry

entry()
