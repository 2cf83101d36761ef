"""What the environment says instead of `config.toml`: where this process listens, where it keeps
its files, and the database, so that one configuration serves a laptop and a container. Apart from
`config.py`, which is about a file and knows no process. Variables that are not among these are
others' (a cluster sets some named after its services), and are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.frozen import dataclass
from engine.words import N_, WordedError, words_of_file_error

STORE_URL, STORE_URL_FILE = "RELANCE_STORE_URL", "RELANCE_STORE_URL_FILE"
WEB_HOST, CONSOLE_HOST = "RELANCE_WEB_HOST", "RELANCE_CONSOLE_HOST"
DATA = "RELANCE_DATA"


class WrongVariable(WordedError):
    """A variable of ours that cannot be obeyed: which, and why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """ "" and None for what it does not say. `data` is an absolute path."""

    store_url: str = ""
    web_host: str = ""
    console_host: str = ""
    data: Path | None = None


def is_store_url(url: str) -> bool:
    return url == "embedded" or url.startswith(("postgresql://", "postgres://"))


def read_environment(variables: Mapping[str, str]) -> Environment:
    """One that is empty says nothing. Raises WrongVariable, which names it and never repeats an
    address of the database: a password may stand in it.
    """
    data = variables.get(DATA, "")
    if data and not Path(data).is_absolute():
        raise WrongVariable(
            N_("{variable} is a whole path, from / on: it says {path}"), variable=DATA, path=data
        )
    return Environment(
        _store_url(variables),
        variables.get(WEB_HOST, ""),
        variables.get(CONSOLE_HOST, ""),
        Path(data) if data else None,
    )


def _store_url(variables: Mapping[str, str]) -> str:
    url, file = variables.get(STORE_URL, ""), variables.get(STORE_URL_FILE, "")
    if url and file:
        sentence = N_("{one} and {other} both say where the database is: leave one of them out")
        raise WrongVariable(sentence, one=STORE_URL, other=STORE_URL_FILE)
    if file:
        try:
            url = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongVariable(
                N_("{variable}: {place} cannot be used: {why}"),
                variable=STORE_URL_FILE,
                place=file,
                why=words_of_file_error(error),
            ) from None
    if (url or file) and not is_store_url(url):
        raise WrongVariable(
            N_('{variable} is "embedded" or a PostgreSQL address: postgresql://user@host/database'),
            variable=STORE_URL_FILE if file else STORE_URL,
        )
    return url
