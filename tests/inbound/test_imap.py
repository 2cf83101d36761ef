"""A mailbox is read through a real Dovecot: what was understood is moved, the rest stays, by one
host at a time, whatever breaks off.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.context import AppContext
from engine.desk.inbox import InboxLease, Progress
from engine.inbound.fetching import MailboxReader, MailHandler, Pace
from engine.inbound.handling import Handled, InboundDoor, InboundHandler
from engine.inbound.imap import ImapFault
from engine.inbound.imap_settings import Imap
from engine.inbound.mail import MAX_MAIL_BYTES
from engine.inbound.own_letters import TryLater
from engine.vault.inbound_mail import UnknownFull
from tests.inbound.coming_back import CONFIG, ComingBack
from tests.inbound.test_handling import FILES
from tests.mail_hosts.hosts import PASSWORD, Mailbox, Ports, dovecot, told
from tests.running_installation import Installations

QUICK = Pace(idle=20, poll=0.1, lease=0.05, retry=0.05, longest_retry=0.1, later=0.1)


@dataclass
class Handling:
    """Understands what begins with a bounce. `raises`: once, after a commit or instead of one."""

    handled: list[bytes] = field(default_factory=list)
    large: list[int] = field(default_factory=list)
    raises: BaseException | None = None
    at_first: Callable[[], None] = lambda: None

    def handle(self, octets: bytes, recipients: Sequence[str], door: InboundDoor) -> Handled:
        assert (recipients, door) == ((), "imap")
        if not self.handled:
            self.at_first()
        self.handled.append(octets)
        if self.raises is not None:
            error, self.raises = self.raises, None
            raise error
        return Handled("done" if b"Subject: bounce" in octets else "kept")

    def list_large(self, header: bytes, size: int, door: InboundDoor) -> None:
        assert b"Subject: large" in header and len(header) < 1000
        self.large.append(size)


class Killed(BaseException):
    pass


@dataclass(frozen=True)
class Read(Mailbox):
    """A mailbox that an installation reads."""

    folder: Path
    context: AppContext
    log: Callable[[], str]

    @property
    def settings(self) -> Imap:
        (self.folder / "password").write_text(f"{PASSWORD}\n")
        return Imap(
            host="localhost",
            port=self.ports.imaps,
            user=self.name,
            password_file="password",
            understood="Traités",
        )

    def reader(
        self, handling: MailHandler, settings: Imap | None = None, holder: str = "here"
    ) -> MailboxReader:
        lease = InboxLease(self.context.database, self.name, holder)
        return MailboxReader(settings or self.settings, self.folder, lease, handling, QUICK)


@pytest.fixture(scope="module")
def mailboxes(
    installations: Installations, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Read]]:
    ports = Ports()
    with (
        dovecot(ports) as folder,
        installations.made(FILES, CONFIG) as context,
        pytest.MonkeyPatch.context() as patch,
    ):
        authority = folder / "authority.pem"
        patch.setenv("SSL_CERT_FILE", str(authority))
        yield lambda name: Read(
            name,
            ports,
            authority,
            tmp_path_factory.mktemp(name),
            context,
            lambda: told(folder),
        )


@pytest.fixture
def mailbox(mailboxes: Callable[[str], Read], request: pytest.FixtureRequest) -> Read:
    made = mailboxes(re.sub(r"\W", "-", request.node.name)[-50:])
    made.make_folder("Traités")
    return made


def until(reached: Callable[[], bool], *readers: MailboxReader) -> None:
    """Let the readers run until something is so, and stop."""

    async def main() -> None:
        stop = asyncio.Event()
        running = [asyncio.create_task(reader.run(stop)) for reader in readers]
        end = time.monotonic() + 60
        while not await asyncio.to_thread(reached):
            assert time.monotonic() < end, [reader.trouble for reader in readers]
            for task in running:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(asyncio.gather(*running), 5)

    asyncio.run(main())


def test_what_was_understood_is_moved_and_the_rest_is_handled_once(mailbox: Read) -> None:
    mailbox.deliver("bounce-1", "riddle", "bounce-2")
    mailbox.deliver("large", octets=MAX_MAIL_BYTES + 2000)
    handling = Handling()
    until(lambda: len(handling.large) == 1, mailbox.reader(handling))
    assert mailbox.subjects() == ["riddle", "large"]
    assert mailbox.subjects("Traités") == ["bounce-1", "bounce-2"]
    mailbox.deliver("bounce-3")
    until(lambda: len(handling.handled) == 4, mailbox.reader(handling))
    assert len(handling.large) == 1 and MAX_MAIL_BYTES < handling.large[0] < MAX_MAIL_BYTES + 9000


def test_a_mailbox_whose_uids_begin_anew_is_read_from_its_beginning(mailbox: Read) -> None:
    lease = InboxLease(mailbox.context.database, mailbox.name, "before")
    assert lease.take() == Progress() and lease.advance(Progress(uid_validity=1, uid=4711))
    lease.release()
    mailbox.deliver("bounce")
    until(lambda: not mailbox.subjects(), mailbox.reader(Handling()))


def test_a_mail_that_comes_while_nothing_is_to_do_is_told_of_by_the_server(
    mailbox: Read,
) -> None:
    handling = Handling()
    reader = mailbox.reader(handling)
    begun = time.monotonic()

    def arrives() -> bool:
        if "IDLE" not in seen:
            time.sleep(0.3)
            mailbox.deliver("bounce")
            seen.add("IDLE")
        return len(handling.handled) == 1 and mailbox.subjects() == []

    seen: set[str] = set()
    until(arrives, reader)
    assert time.monotonic() - begun < QUICK.idle / 2


@dataclass
class KilledOnce:
    """The real handler, and after its first commit the process dies."""

    handler: InboundHandler
    killed: bool = False

    def handle(self, octets: bytes, recipients: Sequence[str], door: InboundDoor) -> Handled:
        handled = self.handler.handle(octets, recipients, door)
        if not self.killed:
            self.killed = True
            raise Killed
        return handled

    def list_large(self, header: bytes, size: int, door: InboundDoor) -> None:
        raise AssertionError(size)


def test_killed_between_the_commit_and_the_move_there_is_one_fact(mailbox: Read) -> None:
    world = ComingBack(mailbox.context)
    anna, handler = world.reader(), KilledOnce(world.handler)
    mailbox.put(anna.mail("exim-dsn-unknown.eml"))
    with pytest.raises(Killed):
        until(lambda: False, mailbox.reader(handler))
    assert (anna.facts, len(mailbox.subjects())) == (["mail-bounced"], 1)
    until(lambda: not mailbox.subjects(), mailbox.reader(handler))
    assert (anna.facts, len(mailbox.subjects("Traités"))) == (["mail-bounced"], 1)


def test_a_mail_that_cannot_be_placed_yet_is_handled_again(mailbox: Read) -> None:
    mailbox.deliver("bounce")
    handling = Handling(raises=TryLater())
    until(lambda: not mailbox.subjects(), mailbox.reader(handling))
    assert len(handling.handled) == 2


@pytest.mark.parametrize("why", [UnknownFull(), ZeroDivisionError()], ids=["full", "fault"])
def test_a_mail_that_cannot_be_handled_holds_up_nobody_and_comes_again(
    mailbox: Read, why: Exception
) -> None:
    mailbox.deliver("riddle", "bounce")
    handling = Handling(raises=why)
    until(lambda: mailbox.subjects() == ["riddle"], mailbox.reader(handling))
    assert len(handling.handled) == 2
    until(lambda: len(handling.handled) == 3, mailbox.reader(handling))
    assert b"riddle" in handling.handled[2]


def test_one_host_at_a_time_reads_and_another_takes_over(mailbox: Read) -> None:
    first, second = Handling(), Handling()
    held = InboxLease(mailbox.context.database, mailbox.name, "elsewhere")
    assert held.take() is not None
    mailbox.deliver("bounce-1")

    def waits() -> bool:
        time.sleep(0.3)
        held.release()
        return True

    until(waits, mailbox.reader(first, holder="here"))
    assert not first.handled
    until(
        lambda: not mailbox.subjects(),
        mailbox.reader(first, holder="here"),
        mailbox.reader(second, holder="there"),
    )
    assert len(first.handled) + len(second.handled) == 1
    assert (
        held.take() is not None
        and not InboxLease(mailbox.context.database, mailbox.name, "here").keep()
    )


def test_a_connection_that_is_lost_is_made_anew(mailbox: Read) -> None:
    handling = Handling()
    reader = mailbox.reader(handling)
    state: set[str] = set()

    def broken_off() -> bool:
        own = re.findall(rf"user=<{mailbox.name}>.*mpid=(\d+)", mailbox.log())
        if "cut" not in state:
            # The first connection made the folder.
            if len(own) < 2:
                return False
            time.sleep(0.2)
            os.kill(int(own[-1]), signal.SIGKILL)
            mailbox.deliver("bounce")
            state.add("cut")
        return len(handling.handled) == 1

    until(broken_off, reader)


WRONG: dict[ImapFault, Callable[[Imap], Imap]] = {
    ImapFault.LOGIN: lambda imap: replace(imap, password_file="wrong"),
    ImapFault.PASSWORD_FILE: lambda imap: replace(imap, password_file="missing"),
    ImapFault.FOLDER: lambda imap: replace(imap, understood="Nulle part"),
    ImapFault.UNREACHABLE: lambda imap: replace(imap, port=1),
    ImapFault.CERTIFICATE: lambda imap: imap,
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_keeps_the_mailbox_from_being_read_is_said(
    mailboxes: Callable[[str], Read], fault: ImapFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = mailboxes("wrong")
    (mailbox.folder / "wrong").write_text("ouvre-toi")
    if fault is ImapFault.CERTIFICATE:
        monkeypatch.delenv("SSL_CERT_FILE")
    reader = mailbox.reader(Handling(), WRONG[fault](mailbox.settings))
    until(lambda: reader.trouble is not None and reader.trouble.fault is fault, reader)


def test_a_mail_stays_until_its_folder_is_there_again(mailbox: Read) -> None:
    mailbox.deliver("bounce")
    reader = mailbox.reader(Handling(at_first=lambda: mailbox.remove_folder("Traités")))
    until(lambda: reader.trouble is not None, reader)
    assert reader.trouble is not None and reader.trouble.fault is ImapFault.FOLDER
    assert mailbox.subjects() == ["bounce"]
    mailbox.make_folder("Traités")
    until(lambda: not mailbox.subjects(), reader)
    assert mailbox.subjects("Traités") == ["bounce"]


def test_it_is_deleted_where_no_folder_is_named(mailbox: Read) -> None:
    mailbox.deliver("bounce-1", "riddle")
    settings = replace(mailbox.settings, understood="")
    handling = Handling()
    until(lambda: mailbox.subjects() == ["riddle"], mailbox.reader(handling, settings))
    assert mailbox.subjects("Traités") == []


def test_a_server_without_idle_and_move_is_asked_from_time_to_time(
    installations: Installations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports, handling = Ports(), Handling()
    with dovecot(ports, idle=False) as folder, installations.made({}) as context:
        authority = folder / "authority.pem"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        mailbox = Read("plain", ports, authority, tmp_path, context, lambda: "")
        mailbox.make_folder("Traités")
        mailbox.deliver("bounce-1", "riddle")
        reader = mailbox.reader(handling)
        until(lambda: len(handling.handled) == 2, reader)
        until(lambda: mailbox.subjects("Traités") == ["bounce-1"], reader)
        assert mailbox.subjects() == ["riddle"]
