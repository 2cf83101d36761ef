"""One source file of the program, as the rules of shape read it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

OWN = ("engine", "projections")


@dataclass(frozen=True)
class Finding:
    """What breaks a rule, and where; `str()` of it is `file:line: text`."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Source:
    """The text of a file; `path` is written from the root of the repository, with slashes."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of a Python file's tree; none for any other file."""
        return list(ast.walk(ast.parse(self.text, self.path))) if self.path.endswith(".py") else []

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """Line and full dotted name of everything imported; relative names are resolved."""
        return list(self._imports())

    def _imports(self) -> Iterator[tuple[int, str]]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self.path.split("/")[: -node.level] if node.level else []
                module = ".".join([*base, *filter(None, [node.module])])
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)

    def inside(self, places: tuple[str, ...]) -> bool:
        """Whether this file is one of `places`, or lies in one of them that ends with a slash."""
        return any(
            self.path == place or (place.endswith("/") and self.path.startswith(place))
            for place in places
        )

    def finding(self, line: int, text: str) -> Finding:
        return Finding(self.path, line, text)


Rule = Callable[[Source], Iterator[Finding]]


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    """Whether the dotted `name` is one of `packages` or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def is_standard(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names
