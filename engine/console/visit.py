"""One request of somebody who is signed in, and the routes that answer it.

A page module says what it answers by `routes(stores)`: each with the right it needs and a function
of the visit, which runs in a thread. The body has been read and bounded before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from fastapi.responses import Response

from engine.commands.operators import operator_cause
from engine.console.access import Account, Right
from engine.console.rendering import ConsolePages
from engine.i18n.language import Say, SayCounted, counting_translator, translator
from engine.subscriber.events import Cause
from engine.vault.evidence import Evidence
from engine.words import Language

MAX_DIGITS = 18
NOTHING: Mapping[str, str] = MappingProxyType({})


class UploadedFile(NamedTuple):
    """`name` as the browser said it: hostile. `path` is a temporary file, gone after the answer."""

    name: str
    path: Path
    octets: int


class Mistake(NamedTuple):
    """What is wrong with one input: `input` is the id of its control, "" for the whole form."""

    input: str
    words: str


class Redirect(Response):
    """303 to another page of the console, which shows `done` once."""

    def __init__(self, url: str, done: str = "") -> None:
        assert url.startswith("/") and not url.startswith("//")
        super().__init__(status_code=303, headers={"Location": url})
        self.done = done


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`path` holds the parts of the address, `query` and `inputs` what came with it (of one given
    twice, the last), `all_inputs` every posted pair in order. `csrf` is what this session's forms
    carry, `notice` what the page before had to say.
    """

    account: Account
    pages: ConsolePages
    url: str
    csrf: str
    session: str = ""
    notice: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    all_inputs: Sequence[tuple[str, str]] = ()
    files: Mapping[str, UploadedFile] = field(default_factory=dict)
    is_htmx: bool = False

    @property
    def language(self) -> Language:
        return self.account.language

    @property
    def say(self) -> Say:
        return translator(self.language)

    @property
    def say_counted(self) -> SayCounted:
        return counting_translator(self.language)

    def number(self, name: str) -> int:
        """What the address of the page says under a name, a whole number; 0 for anything else."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else 0

    def cause(self, **particulars: object) -> tuple[Cause, Evidence]:
        """Of an act on this page: in the vault stand the account, its name and the particulars."""
        return operator_cause(self.account.operator, particulars)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        mistakes: Sequence[Mistake] = (),
        headers: Mapping[str, str] = NOTHING,
        **values: object,
    ) -> Response:
        """A page of `templates/`, which know `account`, `url`, `csrf`, `notice`, `may`, `Right`
        and `mistakes` besides its own values. With mistakes, answer 422.
        """
        return self.pages.page(
            template,
            self.language,
            status=422 if mistakes and status == 200 else status,
            headers=headers,
            account=self.account,
            may=self.account.may,
            rights=self.account.rights,
            url=self.url,
            csrf=self.csrf,
            notice=self.notice,
            mistakes=mistakes,
            **values,
        )

    def goes_to(self, url: str, done: str = "") -> Redirect:
        return Redirect(url, done)

    def refused(self, sentence: str, status: int = 409) -> Response:
        """What was asked for cannot be: a page that says why, with the way back."""
        return self._refused(sentence, status)

    def not_found(self, sentence: str) -> Response:
        return self._refused(sentence, 404)

    def _refused(self, sentence: str, status: int) -> Response:
        return self.page("refused.html", status=status, sentence=sentence, status_code=status)


class Route(NamedTuple):
    method: Literal["GET", "POST"]
    path: str
    """As FastAPI writes it: "/d/{dialogue}"."""
    right: Right
    handler: Callable[[Visit], Response]
    uploads: bool = False
    """Whether its body may hold files."""
