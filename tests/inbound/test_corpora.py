"""The measure of the readers: mails that others collected, and what those say of them (B03)."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest

from engine.inbound.delivery_status import Bounced
from engine.inbound.reading import read_mail
from tests.inbound.corpora import OURS, Expected, bounce_parser, flufl, why_wrong

CORPORA = (flufl, bounce_parser)
LEAST_RIGHT = 0.95
MAX_SECONDS = 1
MAX_MEMORY_BYTES = 200_000_000
# Read by nobody's rule: a screen name without its domain, a name of a directory, a locator that
# lists other people, an answer that only its words make a report, one that was never filled in.
KNOWN_MISSES = {
    "aol_01.txt",
    "yale_01.txt",
    "llnl_01.txt",
    "simple_20.txt",
    "aol-senderblock.msg",
    "aol.attachment.msg",
    "no-message-collected.msg",
}


@pytest.mark.parametrize("corpus", CORPORA)
def test_recipients_and_classes_are_as_the_corpus_has_them(
    corpus: Callable[[], list[Expected]], record_property: Callable[[str, object], None]
) -> None:
    mails = corpus()
    assert len(mails) > 100
    wrong = {mail.file.name: why for mail in mails if (why := why_wrong(mail))}
    record_property("right", f"{len(mails) - len(wrong)} of {len(mails)}")
    assert not {name: why for name, why in wrong.items() if name not in KNOWN_MISSES}
    assert len(wrong) <= (1 - LEAST_RIGHT) * len(mails), wrong


@pytest.mark.parametrize("corpus", CORPORA)
def test_no_mail_that_is_no_bounce_condemns_anybody(
    corpus: Callable[[], list[Expected]],
) -> None:
    others = [mail.file for mail in corpus() if mail.bounce is False]
    assert others
    for file in others:
        reading = read_mail(file.read_bytes(), OURS)
        assert not (isinstance(reading, Bounced) and reading.kind == "hard"), file.name


@pytest.mark.parametrize("corpus", CORPORA)
def test_each_mail_is_read_at_once_and_in_little_memory(
    corpus: Callable[[], list[Expected]],
) -> None:
    for mail in corpus():
        octets = mail.file.read_bytes()
        began = time.perf_counter()
        read_mail(octets, OURS)
        assert time.perf_counter() - began < MAX_SECONDS, mail.file.name
    largest = max((mail.file.read_bytes() for mail in corpus()), key=len)
    tracemalloc.start()
    read_mail(largest, OURS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MAX_MEMORY_BYTES
