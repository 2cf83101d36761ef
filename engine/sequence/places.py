"""Which line of a TOML text a key stands on, since the standard reader does not tell: good enough for an author's message, never for meaning."""

from __future__ import annotations

import re

_TABLE = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")


class Places:
    """`line("list[0].letter[1].subject")` is the key's line, or that of the nearest table around it."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {"": 1}
        counts: dict[str, int] = {}
        path, inside = "", ""
        for number, line in enumerate(text.splitlines(), 1):
            if inside:
                inside = "" if inside in line else inside
                continue
            table = _TABLE.match(line)
            if table:
                path = self._enter(table[2], table[1] == "[[", counts)
                self.lines.setdefault(path, number)
                continue
            key = _KEY.match(line)
            if key:
                self.lines.setdefault(f"{path}.{key[1]}" if path else key[1], number)
            for quote in ('"""', "'''"):
                if line.count(quote) % 2:
                    inside = quote

    @staticmethod
    def _enter(name: str, is_array: bool, counts: dict[str, int]) -> str:
        path = ""
        parts = name.split(".")
        for depth, part in enumerate(parts):
            path = f"{path}.{part}" if path else part
            last = depth == len(parts) - 1
            if last and is_array:
                counts[path] = counts.get(path, -1) + 1
                for deeper in [each for each in counts if each.startswith(f"{path}[") or each.startswith(f"{path}.")]:
                    if f"[{counts[path]}]" not in deeper:
                        continue
                path = f"{path}[{counts[path]}]"
            elif path in counts:
                path = f"{path}[{counts[path]}]"
        return path

    def line(self, path: str) -> int:
        while path not in self.lines:
            path = path.rpartition(".")[0] if "." in path else ""
        return self.lines[path]
