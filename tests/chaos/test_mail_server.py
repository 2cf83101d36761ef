"""Whatever the mail server does, everyone ends with each letter once, and the ledger has its
answers; what nobody can know, a person settles.
"""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest

from engine.app import open_context
from engine.subscriber.events import LetterDeferred, LetterFailed
from tests.chaos.fleet import IN_A_HURRY, Fleet
from tests.chaos.installation import IMPATIENT, IN_DOUBT, Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.reckoning import reckon
from tests.running import wait_for

pytestmark = pytest.mark.timeout(400)

Told = tuple[str, *tuple[str | int, ...]]
Fault = tuple[Told, ...]
PEOPLE = 120
A_SECOND = 0.03
ANSWERS = {
    f"{code} {code // 100}.3.{number}": step
    for number, (step, code) in enumerate(
        itertools.product(("mail", "rcpt", "data", "dot"), (451, 554))
    )
} | {"550 5.1.1": "rcpt"}
AGAIN: Told = (
    "cut",
    "mail",
    "before",
    1,
)  # so that a new connection is opened, which meets what it is to meet
FAULTS: tuple[Fault, ...] = (
    *((("answer", step, f"{code} told to", "*", 1),) for code, step in ANSWERS.items()),
    *((("answer", step, "421 4.3.2 closing", "*", 1),) for step in ("mail", "rcpt", "data", "dot")),
    *(
        (("cut", step, when, 1),)
        for step in ("mail", "rcpt", "data", "dot")
        for when in ("before", "after")
    ),
    *((("stall", step, 1),) for step in ("mail", "rcpt", "data", "dot")),
    *(
        (("cut", step, when, 1), AGAIN)
        for step in ("connect", "helo")
        for when in ("before", "after")
    ),
    *((("answer", step, "421 4.3.2 not now", "*", 1), AGAIN) for step in ("connect", "helo")),
    *((("stall", step, 1), AGAIN) for step in ("connect", "helo")),
)


def test_each_fault_at_each_stage_costs_nobody_a_letter(tmp_path: Path) -> None:
    with MailServer(tmp_path) as mail:
        mail.tell("pause", A_SECOND)
        place = Place.made(tmp_path, mail.port, connections=1, more=IMPATIENT)
        place.bring(crowd("reader", PEOPLE))
        with Fleet(place, IN_A_HURRY) as fleet:
            for fault in FAULTS:
                for told in fault:
                    mail.tell(*told)
                wait_for(lambda: fleet.tend() or mail.tell("unspent") == 0, 30)
            fleet.finish()
            _settle_by_hand(place, mail)
            fleet.finish()
            assert place.counted(IN_DOUBT) == 0
        assert fleet.ended_by_themselves == []
        reckoning = reckon(place, mail.taken(), connections=PEOPLE)
    assert reckoning.in_doubt >= 2 and reckoning.doubles == 0
    assert _answers_in_the_ledger(place) >= Counter(ANSWERS.keys())


def _settle_by_hand(place: Place, mail: MailServer) -> None:
    """What somebody does who looks into the server's own log: what it has, it has; the rest is sent
    again, under the same Message-ID.
    """
    accepted = {each.message for each in mail.taken()}
    lines = place.verb("in-doubt").splitlines()
    doubtful = [line.split()[0] for line in lines[:-1]]
    assert lines[-1] == f"{len(doubtful)} letters in doubt"
    for message in doubtful:
        if message in accepted:
            assert place.verb("in-doubt", "--taken-as-sent", message) == "it is taken as sent\n"
        else:
            assert place.verb("in-doubt", "--resend", message) == "it will be sent again\n"
    assert place.verb("in-doubt") == "0 letters in doubt\n"
    assert {True, False} == {message in accepted for message in doubtful}


def _answers_in_the_ledger(place: Place) -> Counter[str]:
    with open_context(place.folder) as context:
        events = [entry.event for batch in context.ledger.all() for entry in batch]
    return Counter(
        f"{event.code} {event.enhanced}"
        for event in events
        if isinstance(event, LetterDeferred | LetterFailed) and event.code
    )
