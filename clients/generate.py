"""Writes the clients of the HTTP API, one file each for Python and TypeScript, from the API's
description (OpenAPI 3.1).

    .venv/bin/python -m clients.generate              # from the description of this tree
    .venv/bin/python -m clients.generate --check      # status 1 where a file is not as it would be

Why a generator of our own: openapi-python-client and its kin write a package of many files upon
httpx, attrs or pydantic; openapi-generator needs Java; openapi-typescript and its kin write types
alone, or import a library when they run. None of them mints an Idempotency-Key, waits as
Retry-After says, or follows `next`, which is what a caller of this API would else write by hand.
"""

from __future__ import annotations

import argparse
import builtins
import json
import keyword
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import assert_never

import jinja2

from clients.description import (
    AnyOf,
    ArrayOf,
    Description,
    MapOf,
    OneOfValues,
    Operation,
    Place,
    Record,
    RecordNamed,
    Scalar,
    Type,
    Unsupported,
    ValuesNamed,
    camel,
    python_name,
)
from engine.api.openapi import document

HERE = Path(__file__).parent


def in_python(type: Type, *, given: bool = False) -> str:
    """`given` by the caller: any sequence and mapping will do."""
    match type:
        case Scalar(kind):
            return {
                "string": "str",
                "integer": "int",
                "number": "float",
                "boolean": "bool",
                "null": "None",
                "anything": "object",
                "bytes": "bytes",
            }[kind]
        case OneOfValues(values):
            return f"Literal[{', '.join(map(repr, values))}]"
        case ArrayOf(item):
            return f"{'Sequence' if given else 'list'}[{in_python(item, given=given)}]"
        case MapOf(value):
            return f"{'Mapping' if given else 'dict'}[str, {in_python(value, given=given)}]"
        case RecordNamed(name) | ValuesNamed(name):
            return name
        case AnyOf(types):
            return " | ".join(in_python(one, given=given) for one in types)
        case _ as never:
            assert_never(never)


def in_typescript(type: Type, *, given: bool = False) -> str:
    match type:
        case Scalar(kind):
            return {
                "string": "string",
                "integer": "number",
                "number": "number",
                "boolean": "boolean",
                "null": "null",
                "anything": "unknown",
                "bytes": "Uint8Array",
            }[kind]
        case OneOfValues(values):
            return " | ".join(json.dumps(value, ensure_ascii=False) for value in values)
        case ArrayOf(item):
            inner = in_typescript(item, given=given)
            array = f"({inner})[]" if " | " in inner else f"{inner}[]"
            return f"readonly {array}" if given else array
        case MapOf(value):
            return f"{{ [name: string]: {in_typescript(value, given=given)} }}"
        case RecordNamed(name) | ValuesNamed(name):
            return name
        case AnyOf(types):
            return " | ".join(dict.fromkeys(in_typescript(one, given=given) for one in types))
        case _ as never:
            assert_never(never)


def fits_a_class(record: Record) -> bool:
    """Whether its members can stand in the body of a class: each a name of Python, and none that of
    a type in it.
    """
    names = {member.wire for member in record.members}
    types = " ".join(in_python(member.type) for member in record.members)
    return all(wire.isidentifier() and not keyword.iskeyword(wire) for wire in names) and not (
        names & set(re.findall(r"\w+", types))
    )


def typescript_key(wire: str) -> str:
    return wire if re.fullmatch(r"[A-Za-z_$][\w$]*", wire) else json.dumps(wire)


def typescript_path(operation: Operation) -> str:
    """The path as a template, each argument encoded into it."""
    return re.sub(r"\{(\w+)\}", r"${segment(input.\1)}", operation.path)


def python_path(operation: Operation) -> str:
    if not operation.placed(Place.PATH):
        return repr(operation.path)
    return 'f"' + re.sub(r"\{(\w+)\}", r"{_segment(\1)}", operation.path) + '"'


def property_access(wire: str) -> str:
    key = typescript_key(wire)
    return f".{key}" if key == wire else f"[{key}]"


def nullable(type: Type) -> bool:
    return isinstance(type, AnyOf) and Scalar("null") in type.types


def as_docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"' * 3, "'" * 3)


def as_comment(text: str) -> str:
    return text.replace("*/", "* /")


def wrapped(text: str, indent: str = "", width: int = 100, *, first: bool = False) -> str:
    """Each line of `text` folded at `width` characters; the `first` is indented where asked for."""
    folded = (
        textwrap.fill(
            line, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False
        )
        for line in text.splitlines()
    )
    return "\n".join(folded).removeprefix("" if first else indent)


def python_client(description: Description) -> str:
    names = {operation.name for operation in description.operations}
    if taken := names & {*dir(builtins), "call"}:
        raise Unsupported(f"no method may be called {', '.join(sorted(taken))}")
    return _formatted(_rendered("relance_client.py.jinja", description))


def typescript_client(description: Description) -> str:
    return _rendered("relance.ts.jinja", description)


def _rendered(template: str, description: Description) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "camel": camel,
        "python_name": python_name,
        "python": in_python,
        "typescript": in_typescript,
        "comment": as_comment,
        "docstring": as_docstring,
        "key": typescript_key,
        "nullable": nullable,
        "property": property_access,
        "wrapped": wrapped,
    }
    environment.tests |= {"fitting_a_class": fits_a_class}
    environment.globals |= {"python_path": python_path, "typescript_path": typescript_path}
    return environment.get_template(template).render(
        version=description.version,
        operations=description.operations,
        records=list(description.records.values()),
        values=description.values,
    )


def _formatted(source: str) -> str:
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--line-length", "100", "-"]
    return subprocess.run(
        ruff, input=source, capture_output=True, check=True, text=True, encoding="utf-8"
    ).stdout


def files() -> dict[Path, str]:
    """Every generated file with its text, from the description of this tree."""
    description = Description(document("Relance", "https://lettres.example.org"))
    return {
        HERE / "python/relance_client.py": python_client(description),
        HERE / "typescript/relance.ts": typescript_client(description),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="clients.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when a file is old")
    check: bool = parser.parse_args().check
    stale = [
        (file, text)
        for file, text in files().items()
        if not file.exists() or file.read_text("utf-8") != text
    ]
    for file, text in stale:
        print(f"{file.relative_to(HERE.parent)} {'is old' if check else 'written'}")
        if not check:
            file.write_text(text, "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
