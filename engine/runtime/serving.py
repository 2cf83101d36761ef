"""What `run` serves to browsers, as parts of one process: the readers' site, the built-in mailbox,
the console.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Collection, Iterator

from engine.authoring.publication import unpublished_changes
from engine.commands.group_commit import CommandGroupCommit
from engine.context import AppContext
from engine.i18n.language import translator
from engine.runtime.announcement import announce, console_lines
from engine.runtime.listeners import Listeners

log = logging.getLogger("relance.run")


def sites(
    context: AppContext,
    group_commit: CommandGroupCommit,
    listeners: Listeners,
    stop: asyncio.Event,
    sends: bool,
) -> list[Awaitable[None]]:
    from engine.runtime.site import make_site
    from engine.web.letterbox import make_letterbox
    from engine.web.server import serve_on

    def ready() -> None:
        lines = announce(
            context.config,
            context.clock,
            context.installation_stream.current(),
            lambda: unpublished_changes(context),
            console=lambda: _console_lines(context, listeners.console),
            sends=sends,
        )
        print("\n".join(lines), flush=True)

    serving: list[Awaitable[None]] = []
    if listeners.letterbox is not None:
        letterbox = make_letterbox(context.config, context.installation_stream)
        serving.append(serve_on(letterbox, listeners.letterbox, (), lambda: None, stop))
    if listeners.site is not None:
        serving.append(
            serve_on(
                make_site(context, group_commit),
                listeners.site,
                context.config.web.trusted_proxies,
                ready,
                stop,
            )
        )
    return serving


async def serve_console(
    context: AppContext,
    listening: socket.socket,
    stop: asyncio.Event,
    parts: Collection[str],
    beside: dict[str, str],
) -> None:
    """Beside other parts it may fail alone: letters go on without it, and `beside` says so."""
    from engine.console.application import Console
    from engine.web.server import serve_on

    def ready() -> None:
        if "web" not in parts:
            _ = translator(context.config.site.language)
            print("\n".join([*_console_lines(context, listening), _("Ctrl-C stops.")]), flush=True)

    settings = context.config.console
    try:
        origin = settings.address(listening.getsockname()[1])
        console = Console(context, origin, context.secrets.nonce_key)
        if "web" not in parts:
            # Beside the readers' site it is done for the announcement.
            await asyncio.to_thread(console.look_through)
        await serve_on(console.app, listening, settings.trusted_proxies, ready, stop)
        await asyncio.to_thread(console.close)
    except Exception as error:
        if "send" not in parts:
            raise
        log.exception("the console has ended, and everything else goes on")
        beside["console"] = type(error).__name__
        # Nobody is to wait for an answer that does not come.
        listening.close()
        await stop.wait()


def _console_lines(context: AppContext, listening: socket.socket | None) -> Iterator[str]:
    if listening is None or listening.fileno() < 0:
        return
    from engine.console.sign_in import first_link

    origin = context.config.console.address(listening.getsockname()[1])
    link = first_link(context.config, context.accounts, context.console_desk, origin)
    yield from console_lines(context.config, origin, link)
