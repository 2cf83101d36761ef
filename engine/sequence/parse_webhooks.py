"""Reading `[[webhook]]`: who calls, by which secret they are known, and what follows."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Final, Literal, cast

from engine.sequence.draft import Draft, check_name
from engine.sequence.nearest import hint, nearest
from engine.sequence.parse_segments import static_segment
from engine.sequence.table import Table
from engine.sequence.webhooks import (
    OCCASIONS,
    REREAD_KINDS,
    WEBHOOK_KINDS,
    Webhook,
    WebhookFields,
    WebhookKind,
    WebhookRule,
    occasions_of,
)
from engine.words import N_

MAX_SECRET_FILES: Final = 5
_WAYS: Final = ("join", "move", "leave", "segment", "nothing")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
"""RFC 6901 section 3."""


def read_webhook(table: Table, draft: Draft) -> Webhook:
    name = table.need("name", str, "")
    check_name(name, table, "name")
    if "from" not in table.values:
        table.mistake("", N_("`{key}` is missing"), key="from")
    kind = table.one_of("from", WEBHOOK_KINDS, "generic")
    webhook = Webhook(
        name=name,
        kind=kind,
        secret_files=_secret_files(table, kind),
        rules=tuple(
            rule
            for rule_table in table.tables("do")
            if (rule := _rule(rule_table, kind, draft)) is not None
        ),
        fields=_fields(table, kind),
        file=table.file,
        api_key_file=_api_key_file(table, kind),
    )
    table.finish()
    return webhook


def _secret_files(table: Table, kind: WebhookKind) -> tuple[str, ...]:
    """One path, or several in brackets while one secret replaces the other."""
    table.known.add("secret_file")
    written = table.values.get("secret_file")
    paths = written if isinstance(written, list) else [written]
    if written is None:
        if kind not in REREAD_KINDS:
            table.mistake("", N_("`{key}` is missing"), key="secret_file")
        return ()
    files = tuple(path for path in paths if isinstance(path, str) and path.strip())
    if len(files) != len(paths) or not 0 < len(files) <= MAX_SECRET_FILES:
        message = N_("`secret_file` is the path of a file, or a list of at most {most} of them")
        table.mistake("secret_file", message, most=MAX_SECRET_FILES)
    return files


def _api_key_file(table: Table, kind: WebhookKind) -> str:
    """What is not signed counts only once the sender's API was asked, with what it holds."""
    file = table.get("api_key_file", str, "").strip()
    if file and kind not in REREAD_KINDS:
        message = N_("`api_key_file` is for {kinds}: all others sign, or carry a secret")
        table.mistake("api_key_file", message, kinds=", ".join(sorted(REREAD_KINDS)))
    return file


def _rule(table: Table, kind: WebhookKind, draft: Draft) -> WebhookRule | None:
    if "on" not in table.values:
        table.mistake("", N_("`{key}` is missing"), key="on")
    on = table.one_of("on", OCCASIONS, "purchase")
    told = occasions_of(kind)
    if on not in told and "on" in table.values:
        message = N_("{kind} never tells a {occasion}, only: {told}")
        names = ", ".join(occasion for occasion in OCCASIONS if occasion in told)
        table.mistake("on", message, kind=kind, occasion=on, told=names)
    of_mail = on in ("bounce", "complaint")
    products = _products(table, draft)
    if of_mail and products:
        table.mistake("product", N_("a {occasion} is about no product"), occasion=on)
    chosen = [way for way in _WAYS if way in table.values]
    table.known |= {*_WAYS, "from"}
    objection = table.get("objection", str, "")
    table.finish()
    if (
        len(chosen) != 1
        or ("from" in table.values) != (chosen == ["move"])
        or table.values.get("nothing", True) is not True
    ):
        table.mistake(
            "",
            N_(
                "a [[webhook.do]] says exactly one of `join = 40`, `move = 40` with `from = 10`,"
                ' `leave = 40`, `segment = "segment:ID"`, `nothing = true`'
            ),
        )
        return None
    way = cast(Literal["join", "move", "leave", "segment", "nothing"], chosen[0])
    if of_mail and way in ("join", "move"):
        table.mistake(way, N_("nobody joins a list by a {occasion}"), occasion=on)
    if objection and (on != "purchase" or way not in ("join", "move")):
        message = N_("`objection` is what a buyer was told who joins by their purchase, only then")
        table.mistake("objection", message)
    return WebhookRule(
        on=on,
        then=way,
        products=products,
        list=0 if way in ("segment", "nothing") else draft.resolve(table.values[way], table, way),
        source=draft.resolve(table.values["from"], table, "from") if way == "move" else 0,
        segment=static_segment(table, draft) if way == "segment" else "",
        objection=objection,
    )


def _products(table: Table, draft: Draft) -> tuple[str, ...]:
    codes = table.get("product", list, [])
    settings = draft.settings.declared
    declared = [product.code for product in settings.products] if settings else []
    for code in codes:
        if not isinstance(code, str) or not code.strip():
            table.mistake("product", N_("`product` is a list of codes in quotes"))
        elif declared and code not in declared:
            close = hint(nearest(code, declared))
            message = N_("no [[product]] of config.toml has the code {code}{hint}")
            table.mistake("product", message, code=code, hint=close)
    return tuple(dict.fromkeys(code for code in codes if isinstance(code, str)))


def _fields(table: Table, kind: WebhookKind) -> WebhookFields:
    fields = table.table("fields")
    if fields is None:
        return WebhookFields()
    if kind != "generic":
        table.mistake("fields", N_('only a webhook from "generic" says where its fields are'))
    pointers = {
        name: fields.get(name, str, str(pointer))
        for name, pointer in asdict(WebhookFields()).items()
    }
    for name, pointer in pointers.items():
        if _POINTER.fullmatch(pointer) is None:
            message = N_("`{key}` is no JSON pointer, such as /customer/email")
            fields.mistake(name, message, key=name)
    fields.finish()
    return WebhookFields(**pointers)
