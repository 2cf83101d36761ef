"""A dialogue drawn: lists with their letters and hours, answers and endings as arrows. In plain
text, which reads in a terminal and in a mail; and as boxes and arrows for Mermaid and Graphviz,
where every word of the author is quoted, so that none can be read as a drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from engine.authoring.dialogue_file import broadcasts_in, forms_in, lists_in, rules_in
from engine.i18n.language import Say, translator
from engine.i18n.phrases import (
    quoted,
    say_anchored,
    say_delay,
    say_hours,
    say_list,
    say_segment,
    subject_of,
)
from engine.sequence.model import Broadcast, Form, Letter, Link, List, Plan, SegmentRule
from engine.words import Language

MOVE, COPY = "──▸", "──+▸"


def draw_text(plan: Plan, file: str, language: Language) -> Iterator[str]:
    """The lines of the drawing of one file."""
    yield f"{plan.titles[file]}  ({file})"
    for form in forms_in(plan, file):
        yield from _framed(_form(form, plan, language))
    for listed in lists_in(plan, file):
        yield from _framed(_list(listed, plan, language))
    for broadcast in broadcasts_in(plan, file):
        yield from _framed(_broadcast(broadcast, plan, language))
    for rule in rules_in(plan, file):
        yield from _framed(_rule(rule, plan, language))


def _framed(lines: Sequence[str]) -> Iterator[str]:
    yield ""
    last = len(lines) - 1
    for index, line in enumerate(lines):
        corner = "╶" if last == 0 else "╭" if index == 0 else "╰" if index == last else "│"
        yield f"{corner} {line}".rstrip()


def _form(form: Form, plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    lines = [_("form {name}").format(name=form.name) + f"  {quoted(form.title, _)}"]
    if form.question is None:
        return [*lines, f"   {MOVE} {say_list(plan, form.list)}"]
    return [
        *lines,
        f"   {form.question.label}",
        *_branches([(quoted(c.label, _), MOVE, c.list) for c in form.question.choices], plan),
    ]


def _list(listed: List, plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    head = f"{listed.id} {listed.name}" + (f"  [{listed.group}]" if listed.group else "")
    lines = [head]
    leaves = [say_list(plan, number) for number in listed.leaves] + [
        f"@{group}" for group in listed.leaves_groups
    ]
    leaves += (
        [f"@{group}" for group in sorted(plan.yielding_to(listed.group))] if listed.group else []
    )
    if leaves:
        lines.append("   " + _("who joins leaves {lists}").format(lists=", ".join(leaves)))
    asking = plan.reactivations.get(listed.id)
    if asking is not None:
        who = _("asks who has been silent for {delay}, at {n} letters or more").format(
            delay=say_delay(asking.silent_for, language), n=asking.received
        )
        lines.append(f"   {who}")
    for letter in listed.letters:
        lines.append(f"   {when(letter, language)}  {letter.id}  {quoted(subject_of(letter), _)}")
        if letter.only:
            only = _("only to {segment}").format(segment=say_segment(plan, letter.only, _))
            lines.append(f"      {only}")
        if letter.unless:
            unless = _("not to {segment}").format(segment=say_segment(plan, letter.unless, _))
            lines.append(f"      {unless}")
        lines += _versions(letter, language)
        lines += _answers(letter.links, plan, language)
    if listed.ends is None:
        return (
            [*lines, _("stays here when all is said")]
            if listed.letters
            else [*lines, _("no letters")]
        )
    delay = say_delay(listed.ends.after, language)
    after = _("after the last letter, {delay}").format(delay=delay)
    if listed.ends.kind == "leave":
        return [*lines, _("{when}: leaves the list").format(when=after)]
    if listed.ends.kind == "stop":
        purpose = plan.purposes[listed.purpose].name
        stop = _("{when}: nothing more is written for “{purpose}” to who is silent still")
        return [*lines, stop.format(when=after, purpose=purpose)]
    return [*lines, f"{after} {MOVE} {say_list(plan, listed.ends.target)}"]


def _versions(letter: Letter, language: Language) -> list[str]:
    """Each version with its share, and the share of people who get none."""
    _ = translator(language)
    lines = [
        "      "
        + _("version {version}, {share} %: {subject}").format(
            version=version.id,
            share=version.share,
            subject=quoted(subject_of(letter.in_version(version.id)), _),
        )
        for version in letter.versions
    ]
    if letter.holdout:
        lines.append("      " + _("held out: {share} % get no letter").format(share=letter.holdout))
    return lines


def _broadcast(broadcast: Broadcast, plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    segments = (say_segment(plan, segment, _) for segment in broadcast.segments)
    to = ", ".join((*(say_list(plan, number) for number in broadcast.to), *segments))
    when_sent = (
        when(broadcast.letter, language)
        if broadcast.anchored is not None
        else broadcast.on or _("every {cron} (cron)").format(cron=broadcast.every)
    )
    lines = [
        _("broadcast {name} to {lists}, {when}").format(name=broadcast.id, lists=to, when=when_sent)
    ]
    lines += [
        f"   {quoted(subject_of(broadcast.letter), _)}",
        *_versions(broadcast.letter, language),
        *_answers(broadcast.letter.links, plan, language),
    ]
    if broadcast.reminder is not None:
        lines.append(
            f"   {when(broadcast.reminder, language)}  {quoted(subject_of(broadcast.reminder), _)}"
        )
        lines += _answers(broadcast.reminder.links, plan, language)
    return lines


def _rule(rule: SegmentRule, plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    lists = {"source": say_list(plan, rule.source), "list": say_list(plan, rule.list)}
    match rule.then:
        case "join":
            effect = f"{MOVE} {lists['list']}"
        case "move":
            effect = f"{lists['source']} {MOVE} {lists['list']}"
        case "leave":
            effect = _("leaves list {list}").format(list=lists["list"])
        case _:
            assert_never(rule.then)
    return [_crossing(rule, plan, _), f"   {effect}"]


def _crossing(rule: SegmentRule, plan: Plan, _: Say) -> str:
    sentence = (
        _("rule: who enters {segment}")
        if rule.when == "enters"
        else _("rule: who is no longer in {segment}")
    )
    return sentence.format(segment=say_segment(plan, rule.segment, _))


def when(letter: Letter, language: Language) -> str:
    """ "D+2 09:00 Mon-Fri", "then 1 week later", "no answer to welcome after 1 day"."""
    _ = translator(language)
    hours = say_hours(letter.hours, language)
    if letter.anchored is not None:
        return f"{say_anchored(letter.anchored, language)} {hours}".rstrip()
    delay = letter.wait if letter.after is None else letter.after
    assert delay is not None
    if letter.reminds:
        moment = _("no answer to {letter} after {delay}").format(
            letter=letter.reminds, delay=say_delay(delay, language)
        )
    elif letter.after is None:
        moment = _("then {delay} later").format(delay=say_delay(delay, language))
    elif delay.months or delay.minutes:
        moment = _("{delay} after joining").format(delay=say_delay(delay, language))
    else:
        moment = _("D+{days}").format(days=delay.days)
    return f"{moment} {hours}".rstrip()


def _answers(links: Sequence[Link], plan: Plan, language: Language) -> list[str]:
    _ = translator(language)
    return _branches(
        [
            (quoted(link.label, _), MOVE if link.kind == "move" else COPY, link.target)
            for link in links
        ],
        plan,
    )


def _branches(arrows: Sequence[tuple[str, str, int]], plan: Plan) -> list[str]:
    width = max((len(label) for label, _, _ in arrows), default=0)
    marks = ["├"] * (len(arrows) - 1) + ["└"] if arrows else []
    return [
        f"      {mark} {label.ljust(width)} {arrow} {say_list(plan, to)}"
        for mark, (label, arrow, to) in zip(marks, arrows, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Box:
    """`kind`: list, elsewhere (a list of another file), form, broadcast, rule."""

    name: str
    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """`kind`: move, copy, ends, to (a broadcast to its lists)."""

    source: str
    target: str
    kind: str
    label: str


def boxes(plan: Plan, file: str, language: Language) -> tuple[Box, ...]:
    _ = translator(language)
    drawn = [
        Box(
            f"list{source.id}",
            "list",
            (
                say_list(plan, source.id),
                *(f"{when(letter, language)}: {letter.id}" for letter in source.letters),
            ),
        )
        for source in lists_in(plan, file)
    ]
    drawn += [
        Box(f"form{n}", "form", (_("form {name}").format(name=source.name), source.title))
        for n, source in enumerate(forms_in(plan, file))
    ]
    drawn += [
        Box(
            f"broadcast{n}",
            "broadcast",
            (
                f"{_('broadcast')} {source.id}",
                source.on or source.every or when(source.letter, language),
                subject_of(source.letter),
            ),
        )
        for n, source in enumerate(broadcasts_in(plan, file))
    ]
    drawn += [
        Box(f"rule{n}", "rule", tuple(line.strip() for line in _rule(rule, plan, language)))
        for n, rule in enumerate(rules_in(plan, file))
    ]
    here = {box.name for box in drawn}
    elsewhere = {arrow.target for arrow in arrows(plan, file, language)} - here
    return (
        *drawn,
        *(Box(name, "elsewhere", (say_list(plan, int(name[4:])),)) for name in sorted(elsewhere)),
    )


def arrows(plan: Plan, file: str, language: Language) -> tuple[Arrow, ...]:
    drawn: list[Arrow] = []
    for listed in lists_in(plan, file):
        for letter in listed.letters:
            drawn += _answer_arrows(f"list{listed.id}", letter)
        if listed.ends is not None and listed.ends.target:
            delay = say_delay(listed.ends.after, language)
            drawn.append(Arrow(f"list{listed.id}", f"list{listed.ends.target}", "ends", delay))
    for number, form in enumerate(forms_in(plan, file)):
        choices = form.question.choices if form.question is not None else ()
        drawn += [
            Arrow(f"form{number}", f"list{choice.list}", "move", choice.label) for choice in choices
        ]
        drawn += (
            [] if choices else [Arrow(f"form{number}", f"list{form.list}", "move", form.button)]
        )
    for number, broadcast in enumerate(broadcasts_in(plan, file)):
        drawn += [Arrow(f"broadcast{number}", f"list{to}", "to", "") for to in broadcast.to]
        drawn += _answer_arrows(f"broadcast{number}", broadcast.letter)
    drawn += [
        Arrow(f"rule{number}", f"list{rule.list}", "move", "")
        for number, rule in enumerate(rules_in(plan, file))
        if rule.then != "leave"
    ]
    return tuple(dict.fromkeys(drawn))


def _answer_arrows(source: str, letter: Letter) -> list[Arrow]:
    return [Arrow(source, f"list{link.target}", link.kind, link.label) for link in letter.links]


def draw_mermaid(plan: Plan, file: str, language: Language) -> Iterator[str]:
    shapes = {
        "list": ("[", "]"),
        "elsewhere": ("[[", "]]"),
        "form": ("([", "])"),
        "broadcast": ("{{", "}}"),
        "rule": (">", "]"),
    }
    lines = {"move": "-->", "copy": "-.->", "ends": "==>", "to": "-.-"}
    yield "flowchart TD"
    for box in boxes(plan, file, language):
        left, right = shapes[box.kind]
        yield f'  {box.name}{left}"{"<br/>".join(_mermaid(line) for line in box.lines)}"{right}'
    for arrow in arrows(plan, file, language):
        label = f'|"{_mermaid(arrow.label)}"|' if arrow.label else ""
        yield f"  {arrow.source} {lines[arrow.kind]}{label} {arrow.target}"


def _mermaid(text: str) -> str:
    plain = " ".join(text.split()).replace("#", "#35;").replace("&", "#38;")
    return (
        plain.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;").replace("`", "#96;")
    )


def draw_dot(plan: Plan, file: str, language: Language) -> Iterator[str]:
    shapes = {
        "list": "box",
        "elsewhere": "folder",
        "form": "ellipse",
        "broadcast": "hexagon",
        "rule": "cds",
    }
    styles = {"move": "solid", "copy": "dashed", "ends": "bold", "to": "dotted"}
    yield "digraph dialogue {"
    yield (
        f'  label="{_dot(plan.titles[file])}"; node [fontname="Helvetica"]; edge'
        ' [fontname="Helvetica"];'
    )
    for box in boxes(plan, file, language):
        yield f'  {box.name} [shape={shapes[box.kind]}, label="{_dot_lines(box.lines)}"];'
    for arrow in arrows(plan, file, language):
        yield (
            f"  {arrow.source} -> {arrow.target} [style={styles[arrow.kind]},"
            f' label="{_dot(arrow.label)}"];'
        )
    yield "}"


def _dot_lines(lines: tuple[str, ...]) -> str:
    return r"\n".join(_dot(line) for line in lines)


def _dot(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
