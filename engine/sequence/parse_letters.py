"""Reading letters: those of a list (their words' file, and exactly one way to say when), and
`[[broadcast]]`: one mailing on a date or a recurring one, with its reminder to the silent.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Literal, cast

from engine.sequence import links
from engine.sequence.anchors import PersonalDate
from engine.sequence.cron import read_cron
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.draft import Draft, check_name, read_hours
from engine.sequence.mistakes import Mistake, column_of
from engine.sequence.model import HOLDOUT, ORIGINAL, Broadcast, Letter, Link, Version
from engine.sequence.nearest import hint, nearest
from engine.sequence.parse_anchors import check_personal, read_anchored, read_intention
from engine.sequence.parse_segments import SEGMENT, known_segment, read_reference
from engine.sequence.pressure import WHEN_FULL, read_weight
from engine.sequence.table import Table
from engine.sequence.timing import Hours, read_local_minute
from engine.words import N_, words

_MARK = "https://link.invalid/"
_DEFINED = re.compile(rf"(?m)^[ >]*\[([^\]\n]+)\]:\s*<?{_MARK}(\d+)\b")
_EMPHASIS = re.compile(r"(\*\*|__|\*|_|`)(?=\S)(.+?)(?<=\S)\1")
_TAGS = re.compile(r"<[^>]+>")


def read_links(letter: Letter, draft: Draft) -> tuple[Link, ...]:
    """Every move and copy of a letter in order; mistakes stand in the letter's own file."""
    source = draft.files.get(letter.body, "")
    labels = find_labels(source)
    resolved = []
    for link in links.find_links(source):
        if link.index < 0:
            continue
        number = draft.number(link.target)
        if not number and not draft.may_be_unread(link.target):
            column = column_of(source, link.line, link.target)
            message = N_("this link leads to list {list}, which does not exist{hint}")
            hint = draft.nearest_list(link.target)
            draft.mistakes.append(
                Mistake(letter.body, link.line, message, True, column, list=link.target, hint=hint)
            )
        resolved.append(
            Link(
                link.index,
                cast(Literal["move", "copy"], link.kind),
                number,
                labels.get(link.index, ""),
            )
        )
    draft.mistakes += links.find_mistakes(source, letter.body)
    return tuple(resolved)


def find_labels(source: str) -> dict[int, str]:
    """The words of each move and copy by its index, however it is written: inline, by reference, or
    as HTML.
    """
    text = links.substitute(
        links.visible(source), lambda link: f"{_MARK}{link.index}" if link.index >= 0 else "#"
    )
    labels: dict[int, str] = {}
    for pattern in (
        rf"\[([^\]\n]*)\]\(\s*<?{_MARK}(\d+)\b",
        rf"""(?s)<a\b[^>]*?["'\s=]{_MARK}(\d+)\b[^>]*>(.*?)</a>""",
    ):
        for match in re.finditer(pattern, text):
            label, index = (
                (match[1], match[2]) if pattern.startswith(r"\[") else (match[2], match[1])
            )
            labels.setdefault(int(index), _plain(label))
    for match in _DEFINED.finditer(text):
        used = re.search(rf"\[([^\]\n]+)\]\[{re.escape(match[1])}\]", text, re.I)
        labels.setdefault(int(match[2]), _plain(used[1] if used else match[1]))
    return labels


def _plain(label: str) -> str:
    return " ".join(unescape(_EMPHASIS.sub(r"\2", _TAGS.sub("", label))).split())


def read_letter(table: Table, hours: Hours, draft: Draft, position: int) -> Letter:
    """A letter of a list; `hours` are the list's, `position` counts from 0."""
    after: Delay | None = table.parsed("after", parse_delay, None)
    wait: Delay | None = table.parsed("wait", parse_delay, None)
    reminds = table.get("reminds", str, "")
    anchored = read_anchored(table, draft, personal=False)
    if "anchor" in table.values:
        for key in ("after", "wait", "reminds"):
            if key in table.values:
                table.mistake(
                    key,
                    N_("a letter is counted from one thing: from its `anchor`, or by `{key}`"),
                    key=key,
                )
    elif reminds and "after" in table.values:
        table.mistake(
            "after", N_("a letter that `reminds` is counted from the letter reminded: write `wait`")
        )
    elif "after" in table.values and "wait" in table.values:
        table.mistake(
            "wait",
            N_("`after` counts from joining, `wait` from the letter before: write one of them"),
        )
    elif not reminds and "after" not in table.values and "wait" not in table.values:
        table.mistake(
            "",
            N_(
                'when? write `after = "2 days"` (since joining), `wait = "2 days"` (since the'
                ' letter before), or `before = "1 day"` with `anchor = "webinaire"`'
            ),
        )
    if reminds and "wait" not in table.values:
        table.mistake("", N_('a letter that `reminds` needs `wait = "1 day"`'))
    if wait is not None and "anchor" not in table.values and position == 0 and not reminds:
        table.mistake("wait", N_("the first letter has none before it: write `after`"))
    letter = replace(
        read_words(table, draft),
        after=after,
        wait=wait,
        reminds=reminds,
        hours=read_hours(table, hours),
        weight=read_weight(table),
        when_full=table.one_of("when_full", WHEN_FULL, "wait"),
        only=read_reference(table, "only", draft),
        unless=read_reference(table, "unless", draft),
        anchored=anchored,
    )
    letter = read_versions(table, letter, draft)
    table.finish()
    return letter


def read_versions(table: Table, letter: Letter, draft: Draft) -> Letter:
    """The letter with its `[[…version]]` and its `holdout`."""
    versions: list[Version] = []
    for own in table.tables("version"):
        version = _version(own, letter, draft)
        if version.id in (ORIGINAL, HOLDOUT):
            message = N_('"{version}" is taken: it is {meaning}')
            meaning = (
                words(N_("the letter itself"))
                if version.id == ORIGINAL
                else words(N_("who gets no letter"))
            )
            own.mistake("id", message, version=version.id, meaning=meaning)
        elif version.id in [other.id for other in versions]:
            message = N_('there are two versions "{version}" of this letter')
            own.mistake("id", message, version=version.id)
        versions.append(version)
    holdout = table.get("holdout", int, 0)
    if not 0 <= holdout <= 100:
        table.mistake("holdout", N_("`holdout` is a share of a hundred people: from 0 to 100"))
        holdout = 0
    shared = sum(version.share for version in versions) + holdout
    if shared > 100:
        message = N_("the shares of the versions and `holdout` come to {sum}: at most 100 can be")
        table.mistake("version" if versions else "holdout", message, sum=shared)
        return letter
    return replace(letter, versions=tuple(versions), holdout=holdout)


def _version(table: Table, letter: Letter, draft: Draft) -> Version:
    name = table.need("id", str, "")
    check_name(name, table, "id")
    body = table.get("body", str, letter.body)
    if "body" in table.values:
        check_body(body, table, draft)
    share = table.need("share", int, 1)
    if not 1 <= share <= 100:
        table.mistake("share", N_("`share` is a share of a hundred people: from 1 to 100"))
        share = 1
    version = Version(
        id=name,
        share=share,
        subject=table.get("subject", str, letter.subject),
        body=body,
        preheader=table.get("preheader", str, letter.preheader),
    )
    same = (letter.subject, letter.body, letter.preheader)
    if (version.subject, version.body, version.preheader) == same:
        message = N_("this version changes nothing: write another `subject`, `preheader` or `body`")
        table.mistake("", message)
    table.finish()
    return version


def with_links(letter: Letter, draft: Draft) -> Letter:
    """The letter with the links of its words and of each version's. Every version leads where the
    letter leads: else an answer would mean two things.
    """
    letter = replace(letter, links=read_links(letter, draft))
    versions = []
    for version in letter.versions:
        links = letter.links
        if version.body != letter.body and {version.body, letter.body} <= draft.files.keys():
            links = read_links(letter.in_version(version.id), draft)
            leads = [(link.kind, link.target) for link in links]
            if leads != [(link.kind, link.target) for link in letter.links]:
                message = N_(
                    'version "{version}" of {letter} must have the links of {body}: as many, in the'
                    " same order, to the same lists"
                )
                values = {"version": version.id, "letter": letter.id, "body": letter.body}
                draft.mistakes.append(Mistake(version.body, 1, message, True, 0, **values))
        versions.append(replace(version, links=links))
    return replace(letter, versions=tuple(versions)) if versions else letter


def read_words(table: Table, draft: Draft, identifier: str = "") -> Letter:
    """Subject, preheader and body. A broadcast has read its `identifier` already."""
    name = identifier or table.need("id", str, "")
    check_name(name, table, "id")
    body = table.need("body", str, "")
    check_body(body, table, draft)
    return Letter(
        name,
        table.need("subject", str, ""),
        body,
        table.get("preheader", str, ""),
        theme=_of_preferences(table, "theme", [theme.id for theme in draft.settings.themes]),
        content=_of_preferences(table, "content", [kind.id for kind in draft.settings.contents]),
    )


def _of_preferences(table: Table, key: Literal["theme", "content"], known: list[str]) -> str:
    """A theme or content type that config.toml declares, "" for none."""
    code = table.get(key, str, "")
    if code and code not in known:
        message = N_(
            '{key} = "{code}" is not declared: write a [[{key}]] with this id in config.toml{hint}'
        )
        table.mistake(key, message, key=key, code=code, hint=hint(nearest(code, known)))
    return code


def check_body(body: str, table: Table, draft: Draft) -> None:
    if body and body not in draft.files:
        letters = [file for file in draft.files if file.endswith((".md", ".html"))]
        from_here = body.removeprefix("./").removeprefix("/").removeprefix("sequences/")
        if from_here in letters:
            message = N_("the file is sought within sequences/: write `{better}`, not `{body}`")
            table.mistake("body", message, body=body, better=from_here)
        else:
            close = hint(_nearest_file(from_here, letters))
            table.mistake(
                "body", N_("there is no letter {body} in sequences/{hint}"), body=body, hint=close
            )
    elif body and not body.endswith((".md", ".html")):
        table.mistake("body", N_("a letter is a .md or a .html file"))


def _nearest_file(body: str, letters: list[str]) -> str:
    """By its name in whatever folder, else by its whole path, with or without its ending."""
    by_path = {file.rpartition(".")[0]: file for file in letters}
    path = body.removesuffix(".md").removesuffix(".html")
    same = [
        file for stem, file in by_path.items() if stem.rpartition("/")[2] == path.rpartition("/")[2]
    ]
    return same[0] if same else by_path.get(nearest(path, by_path), "")


def check_letters(letters: tuple[Letter, ...], table: Table) -> None:
    """Each id once in a list, and what is reminded stands before."""
    seen: set[str] = set()
    for index, letter in enumerate(letters):
        if letter.id and letter.id in seen:
            table.mistake(
                f"letter[{index}].id",
                N_('there are two letters "{letter}" in this list'),
                letter=letter.id,
            )
        if letter.reminds and letter.reminds not in seen:
            message = N_('no letter "{letter}" stands before this one in the list{hint}')
            table.mistake(
                f"letter[{index}].reminds",
                message,
                letter=letter.reminds,
                hint=hint(nearest(letter.reminds, seen)),
            )
        seen.add(letter.id)


EVERYONE = "everyone"
NINE = 9 * 60
"""When a broadcast leaves on a reader's own date (minutes past midnight), unless it says `at`."""
_ON = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")


def read_broadcast(table: Table, root: Table, draft: Draft) -> Broadcast:
    name = table.need("id", str, "")
    to, segments = _audience(table, draft)
    if table.values.get("to") == []:
        table.mistake("to", N_("`to` names no list: nobody would get this"))
    on, every = table.get("on", str, ""), table.get("every", str, "")
    anchored = read_anchored(table, draft, personal=True)
    if (bool(on), bool(every), "anchor" in table.values).count(True) != 1:
        table.mistake(
            "",
            N_(
                'a broadcast has one of `on = "2026-12-01 09:00"`, `every = "0 9 1 * *"`, and'
                ' `anchor = "fete-des-meres"` with `before = "10 days"`'
            ),
        )
    if on and not _ON.fullmatch(on):
        table.mistake("on", N_('"{date}" is not a date: write "2026-12-01 09:00"'), date=on)
    elif on and not _is_date(on):
        table.mistake(
            "on",
            N_('"{date}" does not exist: no month has such a day, or no day such an hour'),
            date=on,
        )
    table.parsed("every", read_cron, None)
    letter = replace(
        read_words(table, draft, name),
        weight=read_weight(table),
        when_full=table.one_of("when_full", WHEN_FULL, "skip"),
        anchored=anchored,
    )
    letter = with_links(read_versions(table, letter, draft), draft)
    if anchored is not None:
        personal = isinstance(anchored.date, PersonalDate)
        letter = replace(letter, hours=read_hours(table, Hours(at=NINE if personal else None)))
        if personal:
            check_personal(table, anchored)
    elif "anchor" in table.values:
        table.known |= {"at", "between", "days", "yearly"}
    programme = read_intention(table, draft)
    own = table.table("reminder")
    reminder = _reminder(own, letter, draft) if own is not None else None
    purpose = draft.purpose(table, root)
    lateness = table.parsed("max_lateness", parse_delay, Delay(days=2))
    table.finish()
    return Broadcast(
        name,
        purpose,
        to,
        letter,
        root.file,
        on,
        every,
        reminder,
        lateness,
        segments,
        programme,
    )


def _audience(table: Table, draft: Draft) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The lists meant by `to`, each once: by number or name, those of a group ("@prospects"), or
    all there are ("everyone"); and the segments ("segment:id").
    """
    numbers: list[int] = []
    segments: list[str] = []
    for entry in table.need("to", list, []):
        if entry == EVERYONE and EVERYONE not in draft.names:
            numbers += draft.lists
        elif isinstance(entry, str) and entry.startswith("@"):
            draft.known_group(entry[1:], table, "to")
            of_group = [
                number for number, (listed, _) in draft.lists.items() if listed.group == entry[1:]
            ]
            if (
                not of_group
                and any(group.name == entry[1:] for group in draft.settings.groups)
                and not draft.unread
            ):
                table.mistake(
                    "to",
                    N_('no list is of the group "{group}": nobody would get this'),
                    group=entry[1:],
                )
            numbers += of_group
        elif isinstance(entry, str) and entry.startswith(SEGMENT):
            segments.append(known_segment(entry.removeprefix(SEGMENT), table, "to", draft))
        elif isinstance(entry, str) and not draft.number(entry) and (meant := _meant(entry, draft)):
            message = N_('there is no list "{list}": write `{meant}`')
            table.mistake("to", message, list=entry, meant=meant)
        else:
            numbers.append(draft.resolve(entry, table, "to"))
    return tuple(dict.fromkeys(numbers)), tuple(dict.fromkeys(segments))


def _meant(entry: str, draft: Draft) -> str:
    """A segment or a group as `to` names it, where its bare id was written."""
    if entry in draft.segments:
        return f"{SEGMENT}{entry}"
    groups = {group.name for group in draft.settings.groups}
    return f"@{entry}" if entry in groups else ""


def _reminder(table: Table, letter: Letter, draft: Draft) -> Letter:
    wait = table.parsed("wait", parse_delay, Delay(days=5))
    subject, body = table.get("subject", str, letter.subject), table.get("body", str, letter.body)
    check_body(body, table, draft)
    hours = read_hours(table, Hours())
    reminder = Letter(
        f"{letter.id}-reminder",
        subject,
        body,
        table.get("preheader", str, ""),
        wait=wait,
        hours=hours,
        reminds=letter.id,
        weight=read_weight(table, letter.weight),
        when_full=table.one_of("when_full", WHEN_FULL, letter.when_full),
        theme=letter.theme,
        content=letter.content,
    )
    table.finish()
    return replace(reminder, links=read_links(reminder, draft))


def _is_date(text: str) -> bool:
    try:
        return bool(read_local_minute(text))
    except ValueError:
        return False
