"""Everything that is wrong with an author's folder, found together: the plan, each letter in its
layout, the pictures and files they name.

What `check` shows, what stops a publication, and what `simulate` and `graph` stand on.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from urllib.parse import unquote

from engine.config import Config
from engine.frozen import dataclass
from engine.installation.published_assets import MANIFEST, manifest
from engine.letter.compile import (
    Compiled,
    Foot,
    LetterMistakes,
    LetterSource,
    MergeFailed,
    check_letter,
    compile_letter,
)
from engine.letter.foreign_tags import foreign_tag_warnings
from engine.letter.french_spacing import NO_BREAK, loose_blanks
from engine.letter.letter_source import source_of
from engine.letter.merge import parsed
from engine.letter.published_letter import LAYOUT, TEXTS
from engine.letter.source_folder import ASSETS, asset_digests, assets_of, has_asset, read_sequences
from engine.letter.typed_fields import unknown_options
from engine.mime.headers import is_header_text
from engine.secret_files import order_keys
from engine.sequence.check import check
from engine.sequence.condition import Measured, lines_of
from engine.sequence.delay import HOUR
from engine.sequence.links import visible
from engine.sequence.mistakes import Mistake, Unpublishable, Unreadable
from engine.sequence.model import Letter, Plan
from engine.sequence.nearest import hint, nearest
from engine.sequence.parse import CONFIRMATION_BODY, read_plan
from engine.sequence.plan_source import CONFIG, PlanSource
from engine.sequence.toml import Places
from engine.words import N_, Words, words

_ASSET = re.compile(
    r"""(?:\]\(\s*<?|\]:\s*<?|(?:src|href)\s*=\s*["']?)(?:\./)?(pictures|files)/([^\s"'<>)]+)""",
    re.I,
)
# What of a letter is read by programs: styles, tags, merge tags, link targets.
_NO_WORDS = re.compile(
    r"<style\b(?:(?!<style\b).)*?</style\s*>|<[a-z/!][^<>]*>|\{\{.{0,500}?\}\}|\{%.{0,500}?%\}|\]\([^)\s]{0,2000}",
    re.I | re.S,
)
ANYBODY = N_(
    "anybody can type an address, so the form “{form}” takes at once only who is unknown, and asks"
    " everybody else to confirm by mail; {but}"
)
LETTERS_KEPT, FOLDERS_KEPT = 512, 16
_EXAMPLE = Foot("x", "x", "x", "https://x.invalid/u", "x", "https://x.invalid/e", "x", "fr")
_ASKING = Foot("x", "x", "x", language="fr", confirm_url="https://x.invalid/c")


@dataclass(frozen=True, slots=True)
class Read:
    """The author's texts as they are now. With a fatal mistake among `mistakes`, `plan` is only as
    far as it could be read.
    """

    plan: Plan
    files: dict[str, str]
    mistakes: tuple[Mistake, ...]

    @property
    def fatal(self) -> tuple[Mistake, ...]:
        return tuple(mistake for mistake in self.mistakes if mistake.fatal)

    def sound(self) -> Read:
        """Itself. Raises Unpublishable with every fatal mistake."""
        if self.fatal:
            raise Unpublishable(self.fatal)
        return self


def read_folder(config: Config, now: int = 0) -> Read:
    """Read and check `sequences/`. `now` (ms) is what broadcasts' dates are held against, 0 for not
    at all.

    Raises Unpublishable for files that are no text; every other mistake is in what is returned.
    """
    return inspect(config, dict(read_sequences(config.sequences)), now)


_kept: OrderedDict[tuple[object, ...], tuple[Config, Read]] = OrderedDict()
"""With the configuration that each was looked through by: its id stands in the key."""
_looking_through = Lock()


def looked_through(config: Config, files: Mapping[str, str], now: int) -> Read:
    """What `inspect` finds, for pages that ask it at each view: the same files are looked through
    once an hour, since dates go by. Who asks meanwhile waits for it. Pictures and downloads that
    stand beside them are among what is read.
    """
    files = _with_assets(config, files)
    settings = (config.folder / CONFIG).stat().st_mtime_ns
    assets = assets_of(config.sequences)
    key = (id(config), settings, now // HOUR, assets, *files.items())
    with _looking_through:
        if key not in _kept:
            _kept[key] = config, inspect(config, dict(files), now)
        _kept.move_to_end(key)
        while len(_kept) > FOLDERS_KEPT:
            _kept.popitem(last=False)
        return _kept[key][1]


def _with_assets(config: Config, files: Mapping[str, str]) -> Mapping[str, str]:
    """With the text that says which pictures and downloads stand beside the others."""
    digests = asset_digests(config.sequences)
    return {**files, MANIFEST: manifest(digests)} if digests else files


def inspect(config: Config, files: dict[str, str], now: int = 0) -> Read:
    plan, unread = read_plan(files, config.settings)
    beside = files | {CONFIG: _config_text(config.folder)}
    mistakes = set(check(plan, beside, now))
    if unread:
        mistakes = {mistake for mistake in mistakes if mistake.fatal}
    mistakes |= (
        set(unread) | set(_letters(plan, files, beside)) | set(_assets(config.sequences, files))
    )
    mistakes |= set(_logo(config, beside[CONFIG])) | set(_orders(plan, beside, config))
    mistakes |= set(_unloaded(plan, beside, config))
    return Read(plan, files, tuple(sorted(mistakes)))


def newly_fatal(before: Read, after: Read) -> list[Mistake]:
    """What a change would break that was not broken before it."""
    known = {(mistake.file, str(mistake.words)) for mistake in before.fatal}
    return [m for m in after.fatal if (m.file, str(m.words)) not in known]


def _unloaded(plan: Plan, beside: dict[str, str], config: Config) -> Iterator[Mistake]:
    """Segments that ask who opened letters, while letters hold no picture."""
    source = PlanSource(plan, beside)
    for segment in plan.segments.values():
        for line in lines_of(segment.own):
            asks = isinstance(line, Measured) and line.act == "opened"
            if asks and plan.measured is not None and not config.measure.images:
                message = N_("`{line}`: letters hold no picture while [measure] `images` is off")
                yield source.mistake(("segment", segment.id), "", message, line=str(line))


def _orders(plan: Plan, beside: dict[str, str], config: Config) -> Iterator[Mistake]:
    """Forms that ask nobody to confirm, where no shop can sign for whoever is known already."""
    source, file = PlanSource(plan, beside), config.form.order_key_file
    if file:
        try:
            order_keys(config.folder / file)
        except Unreadable as error:
            yield source.at(CONFIG, "form.order_key_file", error.words, True)
    for form in plan.forms.values():
        place = ("form", form.name)
        if not (form.confirm or form.order_field):
            yield source.mistake(
                place,
                "confirm",
                ANYBODY,
                form=form.name,
                but=words(N_("without an `order_field` no shop can sign for them")),
            )
        elif not (form.confirm or file):
            yield source.mistake(
                place,
                "confirm",
                ANYBODY,
                form=form.name,
                but=words(N_("a shop may sign for them: [form] order_key_file")),
            )


def _config_text(folder: Path) -> str:
    try:
        return (folder / CONFIG).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _letters(plan: Plan, files: dict[str, str], beside: dict[str, str]) -> Iterator[Mistake]:
    """Each letter with its layout, as the composer will take it, and what its author should look at
    again.
    """
    source, fields = PlanSource(plan, beside), labels(plan)
    yield from _second_looks(source, plan, files, fields)
    if LAYOUT not in files:
        yield Mistake(
            LAYOUT, 1, N_("there is no layout.html: the frame that every letter is set in")
        )
        return
    for entry in source.letters_in_plan():
        for key, mistake in _letter(entry.letter, plan, files, _EXAMPLE):
            yield (
                source.mistake(entry.path, key, mistake.words, mistake.fatal) if key else mistake
            )
    for letter in _confirmations(plan):
        for key, mistake in _letter(letter, plan, files, _ASKING):
            yield _at_confirmation(source, key, mistake.words, mistake.fatal) if key else mistake


def _second_looks(
    source: PlanSource, plan: Plan, files: dict[str, str], fields: dict[str, str]
) -> Iterator[Mistake]:
    """Warnings about the words themselves: in the letters' files, and in what the TOML holds of
    them.
    """
    for file, text in files.items():
        if file.endswith((".md", ".html")):
            yield from foreign_tag_warnings(text, file, fields)
            if plan.language == "fr":
                yield from _loose_blanks(text, file)
    for entry in source.letters_in_plan():
        for key, line in (
            ("subject", entry.letter.subject),
            ("preheader", entry.letter.preheader),
        ):
            for warning in (
                *foreign_tag_warnings(line, "", fields),
                *(_loose_blanks(line, "") if plan.language == "fr" else ()),
            ):
                yield source.mistake(entry.path, key, warning.words)


def _loose_blanks(text: str, file: str) -> Iterator[Mistake]:
    """One warning for a text, at the first of its places."""
    places = _loose_places(text)
    if places:
        message = N_(
            "a line may break before `; : ! ?` or inside « » (first here, {count} in all): write"
            " no-break blanks there (U+00A0)"
        )
        line = text.count("\n", 0, places[0]) + 1
        column = places[0] - text.rfind("\n", 0, places[0])
        yield Mistake(file, line, message, False, column, count=len(places))


def _loose_places(text: str) -> tuple[int, ...]:
    seen = _NO_WORDS.sub(lambda other: re.sub(r"[^\n]", "x", other[0]), visible(text))
    return tuple(loose_blanks(seen))


def with_no_break_blanks(text: str) -> str:
    """A French text with what `check` would say of its blanks put right."""
    letters = list(text)
    for place in _loose_places(text):
        letters[place] = NO_BREAK
    return "".join(letters)


def _confirmations(plan: Plan) -> tuple[Letter, ...]:
    confirmation, texts = plan.confirmation, TEXTS[plan.language]
    first = Letter(
        "ask",
        confirmation.subject or texts.confirm_subject,
        confirmation.body,
        confirmation.preheader,
    )
    return (
        (first, replace(first, id="ask-again", subject=confirmation.remind_subject))
        if confirmation.remind_subject
        else (first,)
    )


def _at_confirmation(source: PlanSource, key: str, sentence: Words, fatal: bool) -> Mistake:
    file = next(
        (f for f in source.files if f.endswith(".toml") and "[confirmation]" in source.files[f]),
        LAYOUT,
    )
    return source.at(file, f"confirmation.{key}", sentence, fatal)


@lru_cache(maxsize=LETTERS_KEPT)
def _compiled(source: LetterSource, fields: tuple[tuple[str, str], ...]) -> Compiled:
    """Raises LetterMistakes. A folder that is looked at again has mostly the letters it had."""
    return compile_letter(source, fields=dict(fields))


def _letter(
    letter: Letter, plan: Plan, files: dict[str, str], foot: Foot
) -> Iterator[tuple[str, Mistake]]:
    """Mistakes of one letter; with a key ("subject", "preheader") they stand in the TOML rather
    than in the letter's file.
    """
    if letter.body not in files and letter.body != CONFIRMATION_BODY:
        return
    source = source_of(letter, plan, next(iter(plan.purposes), ""))
    try:
        compiled = _compiled(source, tuple(labels(plan).items()))
    except LetterMistakes as error:
        yield from _placed(error.mistakes, source, letter, plan)
        return
    for key, file, text in (
        ("subject", "", letter.subject),
        ("preheader", "", letter.preheader),
        ("", letter.body, files.get(letter.body, "")),
    ):
        for line, why in unknown_options(parsed(text), plan.fields):
            yield key, Mistake(file, line, why, False)
    if not is_header_text(letter.subject):
        yield (
            "subject",
            Mistake(
                source.path,
                1,
                N_(
                    "The subject hides a line break or a control character in an encoded word"
                    " (=?…?=)."
                ),
            ),
        )
    try:
        # For someone of whom nothing is known: what a missing field would do is said now, not when
        # letters are withheld.
        compiled.render({}, _urls(compiled), foot)
    except MergeFailed as error:
        if error.what.startswith("field:_"):
            message = N_(
                "a confirmation has nothing to unsubscribe from: put {% if unsubscribe %} around"
                " that link of the layout"
            )
            yield "", Mistake(LAYOUT, 1, message)
        else:
            message = N_(
                "{why} Such a person will not get this letter: {{ field | default('…', true) }}"
            )
            yield from _failing(source, plan, foot, message)


def _failing(
    source: LetterSource, plan: Plan, foot: Foot, message: str
) -> Iterator[tuple[str, Mistake]]:
    """Where a letter cannot be written to somebody of whom nothing is known: its layout or, each
    beside others that can be, its subject, its preheader and its body.
    """
    fields = tuple(labels(plan).items())
    bare = replace(source, subject="x", preheader="", body="x")
    parts = {
        "subject": replace(bare, subject=source.subject),
        "preheader": replace(bare, preheader=source.preheader),
        "": replace(bare, body=source.body),
    }
    for key, part in {"layout": bare, **parts}.items():
        compiled = _compiled(part, fields)
        try:
            compiled.render({}, _urls(compiled), foot)
        except MergeFailed as error:
            file = LAYOUT if key == "layout" else source.path
            mistake = Mistake(file, 1, message, False, why=error.words)
            yield "" if key == "layout" else key, mistake
            if key == "layout":
                return


def _urls(compiled: Compiled) -> list[str]:
    return ["https://x.invalid/l" for link in compiled.links if link.index >= 0]


def labels(plan: Plan) -> dict[str, str]:
    return {name: field.label for name, field in plan.fields.items()}


def _placed(
    mistakes: Collection[Mistake], source: LetterSource, letter: Letter, plan: Plan
) -> Iterator[tuple[str, Mistake]]:
    fields = labels(plan)
    bare = set(check_letter(replace(source, subject="x", preheader=""), fields))
    of_preheader = set(check_letter(replace(source, subject="x"), fields)) - bare
    for mistake in mistakes:
        key = "" if mistake in bare else "preheader" if mistake in of_preheader else "subject"
        if letter.subject.strip() or key != "subject":
            yield key, mistake


def _logo(config: Config, text: str) -> Iterator[Mistake]:
    kind, _, name = config.site.logo.partition("/")
    if name and not has_asset(config.sequences, kind, name):
        places = Places(text)
        message = N_("there is no file sequences/{kind}/{name} (`logo` of [site]){hint}")
        line = places.line("site.logo")
        column = places.column("site.logo")
        close = hint(nearest(name, _names(config.sequences / kind)))
        yield Mistake(CONFIG, line, message, True, column, kind=kind, name=name, hint=close)


def _assets(folder: Path, files: dict[str, str]) -> Iterator[Mistake]:
    for file, text in files.items():
        if not file.endswith((".md", ".html")):
            continue
        seen = visible(text)
        for match in _ASSET.finditer(seen):
            kind, name = match[1].lower(), unquote(match[2])
            if not has_asset(folder, kind, name):
                line = seen.count("\n", 0, match.start(1)) + 1
                endings = ", ".join(ASSETS[kind])
                message = N_(
                    "there is no file sequences/{kind}/{name} (of a kind that is served:"
                    " {endings}){hint}"
                )
                column = match.start(1) - seen.rfind("\n", 0, match.start(1))
                close = hint(nearest(name, _names(folder / kind)))
                yield Mistake(
                    file,
                    line,
                    message,
                    True,
                    column,
                    kind=kind,
                    name=name,
                    endings=endings,
                    hint=close,
                )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
