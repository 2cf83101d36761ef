"""The rooms that decide are pure: no clock, no random, no input or output."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.shape.directions import PURE_INBOUND, PURE_PROOF, PURE_WEBHOOKS
from tests.shape.source import Finding, Source, is_within

ROOMS = (
    "engine/words.py",
    "engine/keyed_hash.py",
    "engine/sequence/",
    "engine/subscriber/",
    "engine/simulation/",
    *PURE_INBOUND,
    *PURE_WEBHOOKS,
    "engine/shaping/",
)

IMPURE = (
    "asyncio",
    "glob",
    "http",
    "importlib",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "uuid.getnode",
    "uuid.uuid1",
    "uuid.uuid4",
)
# Paths as values touch no disk, nor does a buffer in memory.
PURE = ("pathlib.PurePath", "pathlib.PurePosixPath", "io.BytesIO")
CALLS = {"open", "print", "input", "exec", "eval", "breakpoint"}
METHODS = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom"}


def deciding_is_pure(source: Source) -> Iterator[Finding]:
    if not source.inside((*ROOMS, *PURE_PROOF)):
        return
    for line, name in source.imports:
        if is_within(name, IMPURE) and not is_within(name, PURE):
            yield source.finding(line, f"{name} has no place where one decides: hand its answer in")
    for node in source.nodes:
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CALLS:
                yield source.finding(
                    node.lineno, f"{node.func.id}() has no place where one decides"
                )
            elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                yield source.finding(
                    node.lineno, f".{node.func.attr}() has no place where one decides: hand it in"
                )
