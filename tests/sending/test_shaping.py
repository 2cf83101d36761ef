"""A mailbox provider gets what it takes; letters to everybody else go on meanwhile."""

from __future__ import annotations

import asyncio
import secrets
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import pytest

from engine.cli.sending import resume
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.delivery.figures import DayCount, What
from engine.installation.events import SendingPaused, SendingResumed
from engine.sending.guarding import guard
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import MAX_BLOCKED, Sender
from engine.sending.shaper import Shaper
from engine.sequence.delay import DAY
from engine.subscriber.commands import ChangeProfile, RequestConsent, WithdrawEverything
from engine.subscriber.events import Cause, LetterBegun, LetterDeferred, LetterFailed, LetterSent
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite
from tests.running_installation import Installations
from tests.sending.readers import FILES, enter
from tests.sink import Sink

pytestmark = pytest.mark.postgres
PEOPLE = 30
UNAUTHENTICATED = "550 5.7.26 Your email has been blocked, the sender is unauthenticated. - gsmtp"


@pytest.fixture
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as context:
        for provider in context.config.providers:
            allowed(context, provider.name, 0)
        yield context


def allowed(context: AppContext, provider: str, tokens: int) -> None:
    """So many letters may leave to a provider now, and none after them for a while."""
    context.shaping.allot([], "")
    with context.database.connection() as connection:
        connection.execute(
            "INSERT INTO desk.provider (provider, tokens, filled) VALUES (%(name)s, %(n)s,"
            " clock_timestamp() + interval '1 hour') ON CONFLICT (provider) DO UPDATE SET"
            " tokens = excluded.tokens, filled = excluded.filled",
            {"name": provider, "n": tokens},
        )


def readers(context: AppContext, domains: Mapping[str, int]) -> dict[str, str]:
    """So many at each domain, whose letters are due: stream by name."""
    return {
        f"{domain}-{n}": enter(context, f"{domain[:2]}-{n}", domain=domain)
        for domain, count in domains.items()
        for n in range(count)
    }


def ticks(
    context: AppContext,
    times: int = 1,
    prepare: Callable[[Sink], None] = lambda sink: None,
    warming: str = "",
) -> Counter[str]:
    """How many letters each domain got after so many ticks of a sender whose letters are shaped."""

    async def story() -> Counter[str]:
        async with Sink() as sink:
            prepare(sink)
            stores = context.sending()
            sender = Sender(
                stores,
                RelaySettings("127.0.0.1", sink.port, "none", connections=1),
                Shaper(
                    stores.shaping,
                    context.config.providers,
                    stores.vault,
                    stores.sender,
                    warming,
                ),
            )
            for _ in range(times):
                await asyncio.to_thread(context.views.catch_up)
                await sender.tick()
            await asyncio.to_thread(context.views.catch_up)
            await sender.route.close()
            sender.journal.close()
            return Counter(
                address.rpartition("@")[2]
                for message in sink.messages
                for address in message.recipients
            )

    return asyncio.run(story())


def ask_to_join(context: AppContext, address: str) -> str:
    """Whose stream waits for a mail that asks for consent."""
    now = context.clock.now()
    piece = evidence(secrets.token_bytes(32), {"form": "inscription"})
    asking = RequestConsent(now, Cause("form", evidence=piece.commitment.hex()), (1,), "r1")
    result = context.command_handler.execute_one(
        CommandRequest(asking, address=address, vault_write=VaultWrite("", now, evidence=(piece,)))
    )
    context.views.catch_up()
    return result.stream


def counted(context: AppContext, *kinds: type[object]) -> int:
    return sum(isinstance(entry.event, kinds) for batch in context.ledger.all() for entry in batch)


def waiting(context: AppContext) -> dict[str, int]:
    return {state.provider: state.waiting for state in context.shaping.states() if state.waiting}


def test_what_has_no_token_is_not_claimed_and_holds_nobody_up(context: AppContext) -> None:
    readers(context, {"orange.fr": 5, "potager.example": 3, "gmail.com": 2})
    allowed(context, "orange", 2)
    allowed(context, "gmail", 9)
    assert ticks(context) == {"orange.fr": 2, "potager.example": 3, "gmail.com": 2}
    assert counted(context, LetterBegun) == counted(context, LetterSent) == 7
    assert waiting(context) == {"orange": 3}


def test_what_waits_leaves_before_what_falls_due_later(context: AppContext) -> None:
    before = readers(context, {"orange.fr": 3})
    assert ticks(context) == {}
    readers(context, {"wanadoo.fr": 3})
    assert ticks(context) == {}
    assert waiting(context) == {"orange": 6}
    allowed(context, "orange", 4)
    assert ticks(context) == {"orange.fr": 3, "wanadoo.fr": 1}
    assert waiting(context) == {"orange": 2}
    assert len(before) == 3


def test_a_refusal_that_blames_us_stops_its_provider_and_suppresses_nobody(
    context: AppContext,
) -> None:
    streams = readers(context, {"gmail.com": PEOPLE, "orange.fr": 2})
    allowed(context, "gmail", 1000)
    allowed(context, "orange", 1000)
    sent = ticks(context, 4, lambda sink: sink.answer("dot", UNAUTHENTICATED, to="gmail.com"))
    assert sent == {"orange.fr": 2}
    assert counted(context, LetterFailed) == 0
    left = PEOPLE - waiting(context)["gmail"]
    assert 1 <= left <= 3
    people = context.command_handler.load(set(streams.values()))
    assert not any(person.suppressed for person in people.values())
    assert not context.installation_stream.current().paused
    [state] = [state for state in context.shaping.states() if state.to_mend]
    assert (state.provider, state.rule) == ("gmail", "not-authenticated")
    context.shaping.resume(["gmail"])
    assert ticks(context, 5)["gmail.com"] == PEOPLE - left


def test_a_refusal_of_us_in_unknown_words_stops_its_provider_alone(context: AppContext) -> None:
    readers(context, {"gmail.com": MAX_BLOCKED + 1, "orange.fr": 1})
    allowed(context, "gmail", 100)
    allowed(context, "orange", 100)
    words = "554 5.7.99 Go away."
    ticks(context, 2, lambda sink: sink.answer("dot", words, to="gmail.com"))
    assert [s.provider for s in context.shaping.states() if s.to_mend] == ["gmail"]
    assert not context.installation_stream.current().paused


def test_what_a_rule_knows_never_counts_against_a_mailbox(context: AppContext) -> None:
    readers(context, {"orange.fr": 1})
    allowed(context, "orange", 1)
    words = "550 5.2.0 Mail rejete. Mail rejected. ofr_506 [506]"
    ticks(context, 1, lambda sink: sink.answer("dot", words))
    assert (counted(context, LetterFailed), counted(context, LetterDeferred)) == (0, 1)


def test_whoever_leaves_while_the_letter_waits_gets_none(context: AppContext) -> None:
    streams = readers(context, {"orange.fr": 2})
    ticks(context)
    context.command_handler.execute_one(
        CommandRequest(
            WithdrawEverything(context.clock.now(), Cause("operator")),
            stream=streams["orange.fr-0"],
        )
    )
    allowed(context, "orange", 5)
    assert ticks(context) == {"orange.fr": 1}
    assert waiting(context) == {}


def test_letters_that_waited_are_due_again_where_nothing_is_shaped(context: AppContext) -> None:
    readers(context, {"orange.fr": 2})
    ticks(context)
    Sender(context.sending(), RelaySettings("127.0.0.1", 9, "none")).journal.close()
    assert waiting(context) == {}
    allowed(context, "orange", 2)
    assert ticks(context) == {"orange.fr": 2}


def test_while_a_guard_holds_only_what_was_asked_for_leaves(context: AppContext) -> None:
    readers(context, {"potager.example": 2, "orange.fr": 1})
    allowed(context, "orange", 5)
    asked = ask_to_join(context, "nouvelle@orange.fr")
    now = context.clock.now()
    context.installation_stream.execute(
        lambda state: [SendingPaused(now, "complaints")], Cause("engine"), now
    )
    assert ticks(context) == {"orange.fr": 1}
    begun = [e for batch in context.ledger.all() for e in batch if isinstance(e.event, LetterBegun)]
    assert [entry.stream for entry in begun] == [asked]
    context.installation_stream.execute(lambda state: [SendingResumed(now)], Cause("engine"), now)
    assert ticks(context, 2) == {"potager.example": 2, "orange.fr": 1}


def test_a_guard_pauses_once_and_not_again_for_the_same_days(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: dict[What, int] = {"sent": 1000, "complained": 4}
    day = context.clock.now() // DAY

    def by_day(self: object, since: int) -> list[DayCount]:
        return [DayCount("gmail", day, what, n) for what, n in counts.items() if since <= day]

    monkeypatch.setattr(type(context.views.delivery), "by_day", by_day)
    assert guard(context)
    assert context.installation_stream.current().paused == {0: "complaints"}
    assert not guard(context)
    now = context.clock.now()
    context.installation_stream.execute(lambda state: [SendingResumed(now)], Cause("engine"), now)
    assert not guard(context)


def test_while_warming_up_who_was_heard_of_last_is_written_to_first(context: AppContext) -> None:
    streams = readers(context, {"orange.fr": 4})
    allowed(context, "orange", 100)
    with context.database.connection() as connection:  # all but two of today's letters have left
        connection.execute(
            "INSERT INTO desk.warm_up (identity, provider, day, sent) VALUES ('potager.example',"
            " 'orange', floor(extract(epoch FROM clock_timestamp()) / 86400), 98)"
        )
    now = context.clock.now()
    for name in ("orange.fr-3", "orange.fr-1"):
        noted = ChangeProfile(now, Cause("operator"), last_contact=now)
        context.command_handler.execute_one(CommandRequest(noted, stream=streams[name]))
    assert ticks(context, 3, warming="potager.example") == {"orange.fr": 2}
    sent = {entry.stream for batch in context.ledger.all() for entry in batch
            if isinstance(entry.event, LetterSent)}  # fmt: skip
    assert sent == {streams["orange.fr-1"], streams["orange.fr-3"]}
    assert waiting(context) == {"orange": 2}


def test_resume_takes_up_again_who_refused_us_and_says_so(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    gmail = context.config.providers.by_name["gmail"]
    [rule] = [rule for rule in gmail.rules if rule.name == "not-authenticated"]
    assert context.shaping.seen(gmail, rule, 1)
    assert resume(context, Namespace(list="", yes=True, anyway=True)) == 0
    assert "Gmail" in capsys.readouterr().out
    assert not any(state.held for state in context.shaping.states())
