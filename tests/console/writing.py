"""A small author's folder, and the pages that change it asked for without a database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, cast

from fastapi.responses import Response

from engine.authoring.drafts import Draft
from engine.config import Config, config_of
from engine.console import (
    date_pages,
    dialogue_lists,
    editor,
    layout_page,
    saved_draft,
    timing_page,
    version_pages,
)
from engine.console.access import Role
from engine.console.settings import Save
from engine.console.timing_page import TimingStores
from engine.console.visit import Redirect, Route, UploadedFile
from engine.letter.source_folder import read_sequences
from engine.sequence.model import Plan
from engine.sequence.parse import parse
from tests.console.visiting import visit
from tests.running_installation import CONFIG, LAYOUT

NOON = 1_772_449_200_000
DIALOGUE = """\
# Notre premier dialogue.
title   = "Au jardin"
purpose = "conseils"          # dans config.toml

[[list]]
id     = 10                   # où l’on arrive
name   = "arrivee"
ends   = { move = 11, after = "1 week" }      # ceux qui se taisent aussi

  [[list.letter]]
  id        = "accueil"
  after     = "0 minutes"
  subject   = "Bienvenue"
  body      = "jardin/accueil.md"

  [[list.letter]]
  id        = "question"
  after     = "2 jours"
  at        = "9h"            # chez eux
  days      = "lun-ven"
  subject   = "Oui ou non ?"
  preheader = "Un clic"
  body      = "jardin/question.md"

[[list]]
id     = 11
name   = "semis"
thanks = "Bravo !"

  [[list.letter]]
  id        = "bravo"
  after     = "0 minutes"
  subject   = "Bravo"
  body      = "jardin/bravo.md"
"""
FILES: Mapping[str, str] = {
    "jardin.toml": DIALOGUE,
    "jardin/accueil.md": "Bonjour {{ first_name | default('vous', true) }},\n\nBienvenue.\n",
    "jardin/question.md": "A-t-on semé ?\n\n[Oui](===semis===)\n\n[Non](===10===)\n",
    "jardin/bravo.md": "Bravo.\n",
    "layout.html": LAYOUT,
}


@dataclass
class Desk:
    """An author at work in `folder`. `get` and `post` give what the pages answer."""

    folder: Path
    save: Save = "file"
    account: str = "a1"
    language: Literal["en", "fr"] = "en"
    standing: dict[int, int] = field(default_factory=lambda: {10: 7})

    def __post_init__(self) -> None:
        for path, text in FILES.items():
            file = self.sequences / path
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode())
        (self.folder / "config.toml").write_text(CONFIG, encoding="utf-8")
        self.in_force = parse(read_sequences(self.sequences), self.config.settings)

    @property
    def sequences(self) -> Path:
        return self.folder / "sequences"

    @property
    def config(self) -> Config:
        config = config_of(self.folder, CONFIG)
        return replace(config, console=replace(config.console, save=self.save))

    @property
    def draft(self) -> Draft:
        return Draft(self.folder / "data", self.sequences, self.account)

    @property
    def stores(self) -> TimingStores:
        in_force: Plan = self.in_force
        return cast(
            TimingStores,
            SimpleNamespace(
                config=self.config,
                clock=SimpleNamespace(now=lambda: NOON),
                installation_stream=SimpleNamespace(known=SimpleNamespace(plan=lambda: in_force)),
                views=SimpleNamespace(standing=lambda: self.standing),
                recurrences=lambda every, zone, after: iter(()),
            ),
        )

    @property
    def routes(self) -> tuple[Route, ...]:
        modules = (
            editor,
            dialogue_lists,
            timing_page,
            date_pages,
            version_pages,
            layout_page,
            saved_draft,
        )
        return tuple(route for module in modules for route in module.routes(self.stores))

    def ask(
        self,
        method: str,
        address: str,
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, UploadedFile] | None = None,
    ) -> Response:
        path, _, given = address.partition("?")
        query = dict(part.split("=", 1) for part in given.split("&") if part)
        for route in self.routes:
            pattern = route.path.replace("{dialogue:path}", "(?P<dialogue>.+)")
            match = re.fullmatch(pattern, path)
            if match and route.method == method:
                visitor = visit(
                    Role.AUTHOR,
                    self.language,
                    path,
                    path=match.groupdict(),
                    query={key: unescape(value) for key, value in query.items()},
                    inputs=dict(inputs or {}),
                    files=dict(files or {}),
                )
                visitor = replace(visitor, account=replace(visitor.account, id=self.account))
                return route.handler(visitor)
        raise LookupError(address)

    def get(self, address: str) -> str:
        answer = self.ask("GET", address)
        assert answer.status_code == 200, (address, answer.status_code, answer.body)
        return bytes(answer.body).decode()

    def post(self, address: str, inputs: Mapping[str, str], **files: UploadedFile) -> Response:
        return self.ask("POST", address, inputs, files)

    def kept(self, address: str, inputs: Mapping[str, str], **files: UploadedFile) -> Redirect:
        """What must have gone well."""
        answer = self.post(address, inputs, **files)
        assert isinstance(answer, Redirect), (answer.status_code, bytes(answer.body).decode())
        return answer

    def text(self, path: str) -> str:
        return self.draft.text(path) or ""


def form_of(page: str, action: str) -> dict[str, str]:
    """What a browser would post of the form of that action if nothing was touched."""
    start = page.index(f'action="{action}"')
    form = page[start : page.index("</form>", start)]
    values: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        given = {key: unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        kind = given.get("type", "text")
        if kind in ("checkbox", "radio") and not re.search(r"\schecked", tag):
            continue
        if "name" in given and kind != "file":
            values[given["name"]] = given.get("value", "on")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        every = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen = [value for value, selected in every if selected] or [value for value, _ in every]
        values[name] = unescape(chosen[0]) if chosen else ""
    for name, text in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.S
    ):
        values[name] = unescape(text).replace("\n", "\r\n")
    return values


def pairs_of(page: str) -> list[tuple[str, str]]:
    """What a browser would post of the last form of a page if nothing was touched, but the button
    pressed.
    """
    form = page[page.rindex("<form") : page.rindex("</form>")]
    pairs: list[tuple[str, str]] = []
    for tag in re.findall(r"<input[^>]*>", form):
        given = {key: unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        ticked = given.get("type") not in ("checkbox", "radio") or re.search(r"\schecked", tag)
        if "name" in given and ticked:
            pairs.append((given["name"], given.get("value", "on")))
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        every = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen = [value for value, selected in every if selected] or [every[0][0]]
        pairs.append((name, unescape(chosen[0])))
    for name, text in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.S
    ):
        pairs.append((name, unescape(text)))
    return pairs
