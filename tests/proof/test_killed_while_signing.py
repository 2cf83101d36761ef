"""Killed at any moment of growing, signing or changing the key, a process leaves one history: all
that follows continues what was signed (F07).
"""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from psycopg.conninfo import make_conninfo

from engine.context import AppContext
from engine.installation.events import STREAM, OriginBegun, SigningKeyChanged
from engine.installation.state import Installation
from engine.proof.checkpoint import open_checkpoint
from engine.proof.signing import read_vkey
from engine.proof.tree import verify_consistency
from tests.forked import forked
from tests.proof.growing_ledger import write
from tests.proof.killed import MOMENTS, ROTATE, main
from tests.running_installation import Installations

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
MakeContext = Callable[..., AppContext]


# An origin begins once, and a key is only changed after it.
LATER = [(act, moment, True) for act, moment in MOMENTS if act != ROTATE and "event" not in moment]


@pytest.mark.parametrize(
    ("act", "moment", "begun"), [*((act, moment, False) for act, moment in MOMENTS), *LATER]
)
def test_killed(
    installations: Installations, make_context: MakeContext, act: str, moment: str, begun: bool
) -> None:
    """`begun`: something was signed before."""
    context = make_context()
    write(context, 300)
    if begun:
        context.tree.sign_now()
        write(context, 20)
    with context.database.connection() as connection:
        owner = make_conninfo(installations.admin, dbname=connection.info.dbname)
    assert forked(main, str(context.config.folder), owner, act, moment) == -signal.SIGKILL
    context.installation_stream._state = Installation()

    left = context.tree._signer.file.read()
    write(context, 20)
    now = context.tree.sign_now()
    assert now.size == context.ledger.head()
    assert context.tree.sign_now() == now
    events = [entry.event for entry in context.ledger.stream(STREAM)]
    assert sum(isinstance(event, OriginBegun) for event in events) == 1
    assert sum(isinstance(event, SigningKeyChanged) for event in events) <= 1
    every = context.tree.all_checkpoints()
    assert left is None or left[0] in [each.note for each in every], (
        "what was signed before the kill is known for ever"
    )
    for each in every:
        verify_consistency(
            each.size, now.size, context.tree.consistency(each.size, now.size), each.root, now.root
        )
    assert open_checkpoint(now.note, [read_vkey(context.tree.vkey)])
    assert list(context.tree.replay()) == []
