"""Where letters go, as the command line is told when it cannot be said: the password of a relay is
in a file of its own.
"""

from __future__ import annotations

from engine.config import Config
from engine.i18n.language import N_
from engine.i18n.refusal import Refusal
from engine.sending.settings import RelaySettings, relay_settings


def relay_of(config: Config, mailbox_port: int) -> RelaySettings:
    """The relay of the configuration, or the built-in mailbox. Refusal of status 2 for a password
    file that cannot be read.
    """
    file = config.smtp.password_file
    try:
        found = relay_settings(config, mailbox_port)
    except OSError as error:
        raise Refusal(
            N_("[smtp] password_file {file} cannot be read: {why}"),
            2,
            file=file,
            why=error.strerror or "?",
        ) from error
    except ValueError:
        raise Refusal(
            N_("[smtp] password_file {file} does not hold a password: it is not a text in UTF-8"),
            2,
            file=file,
        ) from None
    if file and not config.smtp.is_mailbox and not found.password.strip():
        raise Refusal(N_("[smtp] password_file {file} is empty"), 2, file=file)
    return found
