"""What `run` says once it serves: to its author, where to look and what is not as they may think;
to a service manager, that it is ready.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator

from engine.authoring.inspection import looked_through
from engine.config import Config
from engine.desk.clock import Clock
from engine.i18n.language import counting_translator, grouped, translator
from engine.i18n.phrases import say_moment
from engine.i18n.stored_words import stored_in_words
from engine.installation.state import Installation
from engine.letter.source_folder import read_sequences
from engine.sequence.mistakes import Unpublishable

log = logging.getLogger("relance.run")


def announce(
    config: Config,
    clock: Clock,
    installation: Installation,
    unpublished_changes: Callable[[], int],
    *,
    console: Callable[[], Iterator[str]],
    sends: bool,
) -> Iterator[str]:
    """Line by line. `unpublished_changes` counts what stands in the author's folder and is not in
    force; asked only where the folder can be published. `console` says where the console is, where
    this process serves it. `sends`: this process sends, so that a pause is news.
    """
    _ = translator(config.site.language)
    here = f"http://{config.web.host}:{config.web.port}"
    yield _("Relance runs: {url}").format(
        url=config.site.url if config.site.url == here else f"{config.site.url} ({here})"
    )
    if config.smtp.is_mailbox:
        yield _("Letters go to the built-in mailbox: {url}").format(
            url=f"http://127.0.0.1:{config.mailbox_port}"
        )
    forms = ", ".join(f"{config.site.url}/f/{name}" for name in installation.plan().forms)
    if forms:
        yield _("Forms: {forms}").format(forms=forms)
    yield from console()
    if clock.rate != 1:
        sentence = _(
            "The clock runs {n} times faster than real time: this is a trial. Its date, every ten"
            " seconds:"
        )
        yield sentence.format(n=grouped(clock.rate, _))
    if clock.rate != 1 or clock.trial is not None:
        yield engine_date(config, clock)
    yield from _not_published(config, clock, unpublished_changes)
    if sends and 0 in installation.paused:
        why = stored_in_words(installation.paused[0], _)
        yield _(
            "Sending is paused ({why}): `relance resume` says what will leave, then lets it."
        ).format(why=why)
    yield _("Ctrl-C stops.")


def console_lines(config: Config, origin: str, link: str) -> Iterator[str]:
    """Where the console is, and the `link` that signs in, "" for none."""
    _ = translator(config.site.language)
    if link:
        yield _(
            "The console, where you write and see everything; this link signs you in, once, within"
            " a quarter of an hour:"
        )
        yield f"  {link}"
    else:
        yield _("The console, where you write and see everything: {url}").format(url=origin)
    if (other := config.console.other_port()) is not None:
        yield f"  {other.said(_)}."


def engine_date(config: Config, clock: Clock) -> str:
    """What day and time it is for the engine, on the installation's clock."""
    language = config.site.language
    _ = translator(language)
    return _("It is {moment} here.").format(
        moment=say_moment(clock.now(), config.site.timezone, language)
    )


def _not_published(
    config: Config, clock: Clock, unpublished_changes: Callable[[], int]
) -> Iterator[str]:
    """What stands in the author's folder and does not run."""
    if not config.sequences.is_dir():
        return
    language = config.site.language
    _, ngettext = translator(language), counting_translator(language)
    try:
        # Kept for the console's pages, which ask the same.
        looked_through(config, read_sequences(config.sequences), clock.now()).sound()
    except Unpublishable as error:
        sentence = ngettext(
            "sequences/ holds {n} mistake, so what runs is what was published last: `relance check`"
            " names it.",
            "sequences/ holds {n} mistakes, so what runs is what was published last: `relance"
            " check` names them.",
            len(error.mistakes),
        )
        yield sentence.format(n=len(error.mistakes))
        return
    changes = unpublished_changes()
    if changes:
        sentence = ngettext(
            "{n} change in sequences/ is not published: `relance publish` shows it.",
            "{n} changes in sequences/ are not published: `relance publish` shows them.",
            changes,
        )
        yield sentence.format(n=changes)


def tell_service_manager(state: str) -> None:
    """Send `state` (`READY=1`) to the socket in $NOTIFY_SOCKET, a path or, after `@`, an abstract
    name (sd_notify(3)). Nothing where no service manager asks for it; one that is gone, whose
    variable was inherited, is logged.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
            telling.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
    except OSError as error:
        log.warning("the service manager could not be told", extra={"why": str(error)})
