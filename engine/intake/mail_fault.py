"""Why a file cannot be read as a mail. Apart from what reads it: every verb has words for these,
and few read mails.
"""

from __future__ import annotations

from enum import StrEnum, auto


class MailFault(StrEnum):
    CONTENT_HEADER_TOO_LONG = auto()
    NOT_TEXT = auto()
    NO_HEADER = auto()
    TOO_LARGE = auto()
    TOO_MANY_LINES = auto()
    TOO_MANY_PARTS = auto()
    UNREADABLE = auto()
