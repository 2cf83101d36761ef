"""More than can be done at once: a slow mail server slows the letters, not the clicks; what waits
is in nobody's memory; a click counts once.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from engine.app import open_context
from tests.chaos.fleet import Fleet
from tests.chaos.installation import UNFINISHED, Place, crowd
from tests.chaos.mail_server import MailServer
from tests.running import hidden, wait_for
from tests.sizes import sized

pytestmark = pytest.mark.timeout(400)

WAITING = sized(5_000, 20_000)
CLICKS = sized(300, 1000)
SLOW = 3.0  # seconds the mail server thinks about each letter
TIMES = 100  # pages that are timed
SLOWER = 5  # how many times longer a page may take while letters wait
MEGABYTES = 60  # by which the engine may grow while they do
AT_ONCE = 16


def test_thousands_of_letters_that_wait_for_a_slow_server_slow_no_click_and_fill_no_memory(
    tmp_path: Path,
) -> None:
    with MailServer(tmp_path) as mail:
        place = Place.made(tmp_path, mail.port)
        place.bring(crowd("reader", 600))
        with Fleet(place) as fleet:
            wait_for(lambda: len(mail.taken()) == 1200, 150)
            link = mail.taken()[0].links[0]
            engine = psutil.Process(fleet.processes[0].pid)
            calm, before = _seconds_for_a_page(link), engine.memory_info().rss
            mail.tell("pause", SLOW)
            place.bring(crowd("waiting", WAITING))
            wait_for(
                lambda: (
                    (place.counted(UNFINISHED) or 0) > WAITING - 100 and len(mail.taken()) > 1200
                ),
                150,
            )
            busy, grown = _seconds_for_a_page(link), engine.memory_info().rss - before
            assert (place.counted(UNFINISHED) or 0) > WAITING - 500
            mail.tell("pause", 0)
    assert busy / calm < SLOWER
    assert grown < MEGABYTES << 20


def _seconds_for_a_page(link: str) -> float:
    """The median, over a connection that stands."""
    took = []
    with httpx.Client(timeout=30) as reader:
        for _ in range(TIMES):
            began = time.perf_counter()
            assert reader.get(link).status_code == 200
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def test_hundreds_of_clicks_on_one_persons_links_leave_one_event(tmp_path: Path) -> None:
    with MailServer(tmp_path) as mail:
        place = Place.made(tmp_path, mail.port)
        place.bring(["anna@lecteurs.example"])
        with Fleet(place, [("send",), ("follow",), ("web",)]):
            taken, *_ = wait_for(mail.taken, 150)
            with httpx.Client(timeout=60) as reader, ThreadPoolExecutor(AT_ONCE) as many:
                fields = hidden(reader.get(taken.links[0]).text)
                said = Counter(
                    many.map(
                        lambda _: reader.post(taken.links[0], data=fields).status_code,
                        range(CLICKS),
                    )
                )
        assert max(said) < 500, said
        with open_context(place.folder) as context:
            names = Counter(entry.name for batch in context.ledger.all() for entry in batch)
    assert names["list-moved"] == 1 and names["list-left"] == 0
