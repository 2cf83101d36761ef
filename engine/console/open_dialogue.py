"""A dialogue as one author sees it: the folder with their draft over it, read and checked as it is
at this moment. What the editor, the timing page and the forms about lists stand on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, urlencode

from fastapi.responses import Response

from engine.authoring.author_files import BadFile
from engine.authoring.dialogue_edits import broadcast_path, letter_path, sent_by
from engine.authoring.drafts import Draft, State, digest_of, states
from engine.authoring.inspection import Read, looked_through
from engine.authoring.toml_changes import CannotEdit, Change, TablePath
from engine.authoring.toml_edit import TEXTS_KEPT, edited, place_of
from engine.config import Config
from engine.console.visit import Visit
from engine.desk.clock import Clock
from engine.i18n.language import N_
from engine.i18n.phrases import subject_of
from engine.installation.stream import InstallationStream
from engine.letter.source_folder import read_sequences
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Broadcast, Confirmation, Letter, List, Plan
from engine.sequence.toml import Places
from engine.words import WordedError, Words, full_sentence


class PeopleOnLists(Protocol):
    def standing(self) -> dict[int, int]:
        """How many people stand on each list."""


class AuthoringStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> PeopleOnLists: ...


class NoSuchPlace(WordedError):
    """A dialogue, list or letter that is not there (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPlace:
    """A letter of a dialogue. `reference` stands in addresses: "10/bienvenue", "b/carnet",
    "b/carnet/reminder", and "confirmation" for the one that asks whoever signs up; in one of its
    versions "10/bienvenue:b".
    """

    reference: str
    sender: List | Broadcast | Confirmation
    letter: Letter
    path: TablePath

    @property
    def purpose(self) -> str:
        return "" if isinstance(self.sender, Confirmation) else self.sender.purpose

    @property
    def original(self) -> str:
        """The reference of the letter itself."""
        return self.reference.partition(":")[0]

    @property
    def version(self) -> str:
        """ "" for the letter itself."""
        return self.reference.partition(":")[2]

    @property
    def may_be_tried(self) -> bool:
        if isinstance(self.sender, List):
            return True
        return isinstance(self.sender, Broadcast) and self.letter.id == self.sender.letter.id

    def in_version(self, name: str) -> LetterPlace | None:
        """None where the letter has no such version."""
        if name not in [version.id for version in self.letter.versions]:
            return None
        return LetterPlace(
            reference=f"{self.reference}:{name}",
            sender=self.sender,
            letter=self.letter.in_version(name),
            path=(*self.path, ("version", name)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDialogue:
    """`file` is its path below `sequences/`, `read` everything there with the draft over it."""

    stores: AuthoringStores
    visit: Visit
    draft: Draft
    file: str
    read: Read

    @property
    def plan(self) -> Plan:
        return self.read.plan

    @property
    def stem(self) -> str:
        return self.file.removesuffix(".toml")

    @property
    def title(self) -> str:
        title = self.plan.titles.get(self.file, self.file)
        return self.stem if title == self.file else title

    def url(self, page: str = "edit", **query: str) -> str:
        given = {key: value for key, value in query.items() if value}
        address = f"/d/{quote(self.stem)}/{page}"
        return f"{address}?{urlencode(given)}" if given else address

    def drawing(self) -> str:
        """Where it is drawn: as it is in force, else as the folder has it; "" while it is a draft
        alone.
        """
        published = self.stores.installation_stream.known.plan().titles
        if self.file in published:
            return f"/d/{quote(self.stem)}"
        there = self.draft.in_folder(self.file) is not None
        return f"/d/{quote(self.stem)}?plan=folder" if there else ""

    def text(self) -> str:
        return self.draft.text(self.file) or ""

    def digest(self) -> str:
        """Of the dialogue's file, as this author sees it."""
        return digest_of(self.draft.octets(self.file))

    def change(self, changes: Sequence[Change]) -> None:
        """Of the dialogue's file. Raises CannotEdit, BadFile, ValueError, OSError."""
        self.draft.write(self.file, edited(self.text(), changes))

    def letters(self) -> list[LetterPlace]:
        places = [
            LetterPlace(reference=reference, sender=sender, letter=letter, path=path)
            for sender, letter in sent_by(self.plan, self.file)
            for reference, path in (_reference(sender, letter),)
        ]
        return places + self._asking()

    def _asking(self) -> list[LetterPlace]:
        """The letter that asks for a confirmation, where this file has it with words of its own."""
        asks, path = self.plan.confirmation, (("confirmation", ""),)
        if asks.body not in self.read.files or not _written(self.read.files[self.file], path):
            return []
        letter = Letter("confirmation", asks.subject, asks.body, asks.preheader)
        return [LetterPlace(reference="confirmation", sender=asks, letter=letter, path=path)]

    def letter(self, reference: str) -> LetterPlace:
        """The first for "". Raises NoSuchPlace."""
        original, _, version = reference.partition(":")
        for place in self.letters():
            if original in ("", place.reference):
                found = place.in_version(version) if version else place
                if found is not None:
                    return found
        raise NoSuchPlace(N_("this dialogue has no such letter any more"))

    def free_words(self, place: LetterPlace, version: str) -> str:
        """A file for the words of a version that no letter has yet, beside those of the letter."""
        stem, dot, suffix = place.letter.body.rpartition(".")
        names = (f"{stem}-{version}{count}{dot}{suffix}" for count in ("", *range(2, 1000)))
        return next(name for name in names if self.draft.octets(name) is None)

    def subject_of(self, letter: Letter) -> str:
        """As somebody reads it of whom nothing is known; its id where it has none."""
        return subject_of(letter) or letter.id

    def lists(self) -> list[List]:
        return [listed for listed in self.plan.lists.values() if listed.file == self.file]

    def list_numbered(self, number: str) -> List:
        """Raises NoSuchPlace."""
        for listed in self.lists():
            if str(listed.id) == number:
                return listed
        raise NoSuchPlace(N_("this dialogue has no such list any more"))

    def mistakes_in(self, file: str) -> list[Mistake]:
        return [mistake for mistake in self.read.mistakes if mistake.file == file]

    def states(self) -> Mapping[str, State]:
        """Of every file, where its newest version stands."""
        in_force = self.stores.installation_stream.known.plan().words
        try:
            folder = read_sequences(self.stores.config.sequences)
        except Unpublishable:
            folder = {}
        return states(self.draft, folder, in_force)

    def lines_of(self, path: TablePath) -> range:
        """Which lines of the file (from 1) the table takes up, without those within it."""
        text = self.text()
        places = _places(text)
        written = _written(self.read.files.get(self.file, text), path)
        start = places.lines.get(written, 0)
        if not start:
            return range(0)
        lines = text.split("\n")
        end = start
        while end < len(lines) and not lines[end].lstrip().startswith("["):
            end += 1
        return range(start, end + 1)


def _reference(sender: List | Broadcast, letter: Letter) -> tuple[str, TablePath]:
    if isinstance(sender, List):
        return f"{sender.id}/{letter.id}", letter_path(sender.id, letter.id)
    path = broadcast_path(sender.id)
    if letter is sender.letter:
        return f"b/{sender.id}", path
    return f"b/{sender.id}/reminder", (*path, ("reminder", ""))


def _written(text: str, path: TablePath) -> str:
    try:
        written = place_of(text, path)
        return written if written in _places(text).lines else ""
    except (CannotEdit, ValueError):
        return ""


@lru_cache(maxsize=TEXTS_KEPT)
def _places(text: str) -> Places:
    """A page asks for many places of one text."""
    return Places(text)


def draft_of(stores: AuthoringStores, visit: Visit) -> Draft:
    config = stores.config
    return Draft(config.data, config.sequences, visit.account.id)


def read_draft(stores: AuthoringStores, draft: Draft) -> Read:
    """What `check` finds, with what can be read where something cannot."""
    try:
        files = draft.files()
    except Unpublishable as error:
        return Read(Plan(), {}, error.mistakes)
    return looked_through(stores.config, files, stores.clock.now())


def open_dialogue(stores: AuthoringStores, visit: Visit) -> OpenDialogue:
    """The one the address names. Raises NoSuchPlace; Unpublishable for a folder in which something
    is no text, or a link.
    """
    draft = draft_of(stores, visit)
    file = f"{visit.path['dialogue']}.toml"
    read = read_draft(stores, draft)
    if not read.files and read.fatal:
        raise Unpublishable(read.fatal)
    if file not in read.files and not _is_there(draft, file):
        raise NoSuchPlace(N_("there is no dialogue of this name (any more)"))
    return OpenDialogue(stores=stores, visit=visit, draft=draft, file=file, read=read)


def _is_there(draft: Draft, file: str) -> bool:
    try:
        return draft.octets(file) is not None
    except (BadFile, OSError):
        return False


def told(
    handler: Callable[[AuthoringStores, Visit], Response], stores: AuthoringStores
) -> Callable[[Visit], Response]:
    """The handler of a route: what cannot be read, changed or found is a page that says so."""

    def answered(visit: Visit) -> Response:
        try:
            return handler(stores, visit)
        except NoSuchPlace as error:
            return visit.not_found(sentence(visit, error.words))
        except (CannotEdit, BadFile) as error:
            return visit.refused(sentence(visit, error.words))
        except Unpublishable as error:
            first = error.mistakes[0]
            return visit.refused(f"sequences/{first.file}: {sentence(visit, first.words)}")
        except OSError as error:
            return visit.refused(cannot_keep(visit, error), 507)

    return answered


def sentence(visit: Visit, words: Words) -> str:
    """As a sentence of its own."""
    return full_sentence(words.said(visit.say))


def cannot_keep(visit: Visit, error: OSError) -> str:
    message = N_("Your draft could not be written on this machine ({why}). Copy what you typed.")
    return visit.say(message).format(why=error.strerror or type(error).__name__)
