"""Merge tags of other tools, found in texts written for them: Relance would send them literally.

Only what is plainly such a tag is reported: by delimiters that nothing else uses or, where the
delimiters are common (`[…]`, `{…}`), by a name that every tool gives to a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.sequence.links import visible
from engine.sequence.mistakes import Mistake
from engine.sequence.nearest import folded, is_usual_field, nearest_field
from engine.words import N_, Words, words

_NAME = r"[^\W\d][\w ]*"
_OWNERS = (
    r"(?:contact|subscriber|recipient|lead|person|people|customer|user|profile|member"
    r"|params|merge|data|var|fields?)"
)
# Signs that nobody writes for another reason; the name is what they hold.
_PLAIN = re.compile(
    r"\*\|(?P<mailchimp>[\w:.\-/ ]+)\|\*"
    rf"|%%(?P<marketing_cloud>{_NAME})%%"
    rf"|%recipient\.(?P<mailgun>\w+)%"
    r"|(?<![\w%])%(?P<percent>[A-Z][A-Z0-9_]{2,})%(?![\w%])"
    r"|(?<![\w%])%(?:[A-Z]\w*\.)+(?P<owner_percent>\w+)%(?![\w%])"
    r"|(?<![\w%])%(?P<percent_default>[A-Z][A-Z0-9_]{2,})\|[^%\n]{0,60}%(?![\w%])"
    r"|\{\$(?P<mailerlite>\w+)[^{}]*\}"
    rf"|(?<![{{\w$#])\{{{_OWNERS}\.(?P<brace_owner>\w+)[^{{}}]*\}}(?!\}})"
    rf"|\[(?P<sendy>{_NAME}),\s*fallback=[^\][]*\]"
    r"|<(?P<sendy_tag>unsubscribe)>"
    r"|<%=\s*(?:\w+\.)*(?P<campaign>\w+)\s*%>"
    r"|\{!(?P<aweber>[\w.]+)(?:\s[^{}]*)?\}"
    r"|\{(?:contact|lead|owner)field=(?P<mautic>\w+)[^{}]*\}"
    r"|\[(?:subscriber|user):(?P<mailpoet>\w+)[^\][]*\]"
    r"|\[\[(?:data|var):(?P<mailjet>\w+)[^\][]*\]\]"
    rf"|\{{\{{-?\s*(?:data|var):(?P<mailjet_braces>\w+)[^{{}}]*\}}\}}"
    rf"|\{{\{{-?\s*\.?{_OWNERS}(?:\.\w+)*\.(?P<braces>\w+)[^{{}}]*\}}\}}"
    r"|~(?:Contact|Owner)\.(?P<keap>\w+)~"
    r"|\[(?:link|newsletter|site):(?P<mailpoet_link>\w+)[^\][]*\]",
    re.I,
)
_IN_CAPITALS = ("percent", "percent_default")
# Signs with other uses: a tag only when the name is one that tools give to fields, or means
# leaving.
_BY_NAME = re.compile(
    rf"\[\[(?P<double_bracket>{_NAME})\]\]"
    rf"|(?<![\[\]!\w])\[(?P<bracket>{_NAME})\](?![\[(:\w])"
    rf"|(?<![{{\w$#])\{{(?P<brace>{_NAME})(?:\|[^{{}}\n]{{0,60}})?\}}(?!\}})"
    rf"|[$#]\{{(?P<variable>{_NAME})\}}"
    rf"|(?P<sign>##|\$\$|@@|__)(?P<between>{_NAME})(?P=sign)"
    rf"|(?<![\w#$%@-])(?P<one_sign>[#$%@-])(?P<between_one>{_NAME})(?P=one_sign)(?![\w#$%@-])"
    rf"|<<(?P<angle>{_NAME})>>"
    rf"|(?<!<)<(?P<one_angle>{_NAME})>(?!>)"
    rf"|«(?P<word>{_NAME})»"
    rf"|\(\((?P<parenthesis>{_NAME})\)\)"
)
_LEAVING = re.compile(r"unsub|optout|desinscri|desabon|listaddress|forgetme", re.I)
FOOT_DOES_IT = N_(
    "`{tag}` is another tool's tag for what the foot holds by itself (who writes, unsubscribing):"
    " leave it out"
)
_STYLE = re.compile(r"<style\b(?:(?!<style\b).)*?</style\s*>", re.I | re.S)
_DEFINED = re.compile(r"(?m)^[ >]*\[([^\]\n]+)\]:")


@dataclass(frozen=True)
class ForeignTag:
    """A tag as written, where it begins in the text, and the name it asks for."""

    tag: str
    start: int
    name: str


def find_foreign_tags(text: str) -> Iterator[ForeignTag]:
    seen = _STYLE.sub(lambda style: re.sub(r"[^\n]", " ", style[0]), visible(text))
    defined = {folded(name) for name in _DEFINED.findall(seen)}
    tags: dict[int, ForeignTag] = {}
    for tag in _PLAIN.finditer(seen):
        name = tag[tag.lastgroup or 0]
        if tag.lastgroup not in _IN_CAPITALS or name.isupper():
            tags[tag.start()] = ForeignTag(tag[0], tag.start(), name)
    for tag in _BY_NAME.finditer(seen):
        name = tag[tag.lastgroup or 0]
        if (is_usual_field(name) or means_a_foot_link(name)) and folded(name) not in defined:
            tags.setdefault(tag.start(), ForeignTag(tag[0], tag.start(), name))
    return (tag for _, tag in sorted(tags.items()))


def meaning(tag: ForeignTag, labels: Mapping[str, str]) -> Words:
    """What to write instead; `labels` are the declared fields."""
    if means_a_foot_link(tag.name):
        return words(FOOT_DOES_IT, tag=tag.tag)
    field = nearest_field(tag.name, labels)
    if field:
        return words(
            N_("`{tag}` is another tool's merge tag: write {{ {field} }}"), tag=tag.tag, field=field
        )
    message = N_(
        "`{tag}` is another tool's merge tag, and no field here means the same; there are: {fields}"
    )
    return words(message, tag=tag.tag, fields=", ".join(labels) or "–")


def means_a_foot_link(name: str) -> bool:
    return _LEAVING.search(folded(name)) is not None


def foreign_tag_warnings(text: str, file: str, labels: Mapping[str, str]) -> Iterator[Mistake]:
    for tag in find_foreign_tags(text):
        if not tag.tag.startswith("{{"):
            yield _at(tag, text, file, labels, fatal=False)


def explained(mistake: Mistake, text: str, labels: Mapping[str, str]) -> Mistake:
    """The mistake of an unreadable merge tag, with an explanation where it is another tool's."""
    for tag in find_foreign_tags(text):
        if tag.tag.startswith("{{") and text.count("\n", 0, tag.start) + 1 == mistake.line:
            return _at(tag, text, mistake.file, labels, fatal=True)
    return mistake


def _at(
    tag: ForeignTag, text: str, file: str, labels: Mapping[str, str], *, fatal: bool
) -> Mistake:
    column = tag.start - text.rfind("\n", 0, tag.start)
    return Mistake(file, text.count("\n", 0, tag.start) + 1, meaning(tag, labels), fatal, column)
