"""The ports of what a process serves, bound before anything else is done: a second process on the
same installation is refused before it has changed anything.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from engine.config import Config
from engine.i18n.language import N_
from engine.i18n.user_error import UserError

log = logging.getLogger("relance.run")
IN_USE = N_(
    "cannot listen on {host}:{port}, it is in use: change {key} in config.toml, or stop who has it"
    " (another `relance run`?)"
)


@dataclass(frozen=True, slots=True)
class Listeners:
    """The sockets that listen; None for what this process does not serve. `mailbox_port` is where
    the sender finds the built-in mailbox.
    """

    mailbox_port: int
    site: socket.socket | None = None
    letterbox: socket.socket | None = None
    console: socket.socket | None = None
    console_trouble: str = ""
    """Why the console does not listen, though it is to."""


async def open_listeners(
    config: Config, parts: Collection[str], stack: AsyncExitStack
) -> Listeners:
    """Raises UserError with the key to change. `stack` closes them."""
    listeners = Listeners(config.mailbox_smtp_port)
    if "web" in parts:
        listeners = await _readers_listeners(config, stack)
    if "console" in parts:
        host, port = config.console.host, config.console.port
        try:
            console = _listen(host, port, "[console] host, port", stack)
        except UserError as error:
            if "send" not in parts:
                raise
            # Letters leave, whoever has the console's port.
            log.error("the console does not start", extra={"why": str(error)})
            return replace(listeners, console_trouble=str(error))
        listeners = replace(listeners, console=console)
    return listeners


async def _readers_listeners(config: Config, stack: AsyncExitStack) -> Listeners:
    site = _listen(config.web.host, config.web.port, "[web] host, port", stack)
    if not config.smtp.is_mailbox:
        return Listeners(config.mailbox_smtp_port, site)
    letterbox = _listen("127.0.0.1", config.mailbox_port, "[mailbox] port", stack)
    from engine.sending.mailbox import Mailbox

    mailbox = Mailbox(config.data / "mailbox")
    try:
        await mailbox.start(config.mailbox_smtp_port)
    except OSError as error:
        raise _cannot_listen(
            "127.0.0.1", config.mailbox_smtp_port, error.strerror, "[mailbox] smtp_port"
        ) from error
    stack.push_async_callback(mailbox.stop)
    return Listeners(mailbox.port, site, letterbox)


def _listen(host: str, port: int, key: str, stack: AsyncExitStack) -> socket.socket:
    from engine.web.server import CannotListen, listen

    try:
        listening = listen(host, port)
    except CannotListen as error:
        cause = error.__cause__
        raise _cannot_listen(
            host, port, cause.strerror if isinstance(cause, OSError) else "", key
        ) from error
    stack.callback(listening.close)
    return listening


def _cannot_listen(host: str, port: int, why: str | None, key: str) -> UserError:
    if why == os.strerror(errno.EADDRINUSE):
        return UserError(IN_USE, host=host, port=port, key=key)
    sentence = N_(
        "cannot listen on {host}:{port} ({why}): change {key} in config.toml, or stop who has it"
        " (another `relance run`?)"
    )
    return UserError(sentence, host=host, port=port, why=why or "?", key=key)
