"""Logs as one JSON object a line on standard error: what happened and its facts, never an address,
a token or a letter's words (G03).

What we say ourselves names nobody, and is looked through all the same. An error is told by its kind
and place: its words may quote anything. Of what outside packages say, only the first line is taken,
and no IP.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from engine.sending.replies import redacted
from engine.store.safe_error_text import safe_error_text

OURS = "relance."
FRAMES = 6
HERE = Path(__file__).parent.parent.parent
LOUD = (
    "apscheduler",
    "uvicorn",
    "asyncio",
    "mail.log",
    "psycopg",
    "eventsourcing",
    # Of each address it names all, and that of a hook or a certificate may hold a secret.
    "httpx",
    "httpcore",
    "httptools",
    "py.warnings",
)

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET = re.compile(
    r"(?<![A-Za-z0-9_-])(?:relance_[A-Za-z0-9_-]{20,}|[A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])|(?<=://)[^/@\s]+@|(?<=password=)\S+"
)
_IP = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])",
    re.IGNORECASE,
)


class OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith(OURS)
        message = record.getMessage()
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "what": clean(message) if ours else _IP.sub("<ip>", clean(message.partition("\n")[0])),
        }
        line |= {
            key: _cleaned(value) for key, value in vars(record).items() if key not in _OWN and ours
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)


def clean(text: str) -> str:
    """Without addresses, tokens of links, keys and passwords."""
    return redacted(_SECRET.sub("<secret>", text))


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(item) for item in value]
    return value


def told(error: BaseException) -> dict[str, object]:
    """Its kind, what may be repeated of it, what caused it, and where; never its own words."""
    frames = [
        f"{_place(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]
    ]
    facts: dict[str, object] = {
        "error": type(error).__name__,
        "said": clean(safe_error_text(error)),
        "trace": frames,
    }
    cause = error.__cause__ or error.__context__
    return facts | ({"cause": clean(safe_error_text(cause))} if cause is not None else {})


def _place(file: str) -> str:
    path = Path(file)
    return (
        path.relative_to(HERE).as_posix()
        if path.is_relative_to(HERE)
        else "/".join(path.parts[-2:])
    )


def to_standard_error(level: int | None = None) -> None:
    """From here on. On a terminal, where somebody watches, only what is not as it should be."""
    chosen = (
        level if level is not None else logging.WARNING if sys.stderr.isatty() else logging.INFO
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=chosen, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for loud in LOUD:
        logging.getLogger(loud).setLevel(logging.WARNING)
    log = logging.getLogger("relance.run")

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("ended by an error nobody expected", exc_info=(kind, error, trace))

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            log.error("a thread ended by an error nobody expected", exc_info=arguments.exc_value)

    sys.excepthook, threading.excepthook = hook, in_thread
