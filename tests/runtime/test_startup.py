"""What is seen to before anything leaves: a first start and a long outage wait for somebody, and no
letter comes later than its author allows.
"""

from __future__ import annotations

import pytest

from engine.context import AppContext
from engine.runtime.startup import make_ready
from engine.sequence.delay import DAY, HOUR
from engine.subscriber.events import LetterSent, LetterWithheld
from tests.cli.asking import FILES, join
from tests.sending.readers import MakeContext, who_got_a_letter

pytestmark = pytest.mark.postgres
RELAY = '\n[smtp]\nhost = "relay.potager.example"\n'


def events(context: AppContext, kind: type) -> int:
    return sum(isinstance(entry.event, kind) for batch in context.ledger.all() for entry in batch)


def test_an_outage_longer_than_allowed_holds_sending_and_a_shorter_one_does_not(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES, RELAY)
    make_ready(context, 0)
    assert context.installation_stream.current().paused == {0: "first-start"}
    context = make_context(FILES, RELAY)
    context.desk.set_mark("armed:relay.potager.example", context.clock.now(), 0)
    context.desk.set_mark("tick", context.clock.now(), 0)
    context.clock.jump(DAY - HOUR)
    make_ready(context, 0)
    assert context.installation_stream.current().paused == {}
    context.clock.jump(2 * HOUR)
    make_ready(context, 0)
    assert context.installation_stream.current().paused == {0: "outage"}
    join(context, 2)
    context.views.catch_up()
    assert len(who_got_a_letter(context)) == 0


def test_after_the_longest_outage_no_letter_is_later_than_its_list_allows(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    join(context, 1)
    context.clock.jump(6 * DAY)
    join(context, 1)
    context.clock.jump(2 * DAY)
    context.views.catch_up()
    assert len(who_got_a_letter(context)) == 1
    assert (events(context, LetterSent), events(context, LetterWithheld)) == (1, 1)
