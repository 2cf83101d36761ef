"""The one part of the build that `pyproject.toml` cannot say: the sample configuration, folders
kept.

A built wheel lays `config.toml` and everything under `sequences/` in `share/relance/` of the place
it is installed to (`sysconfig.get_path("data")`), from where `relance init DIR` copies them. A
checkout, which `make` installs in editable mode, has no such copy: there the originals beside
`engine/` are the sample.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from setuptools import setup

SHARE = Path("share/relance")


def sample() -> list[tuple[str, list[str]]]:
    folders: dict[str, list[str]] = defaultdict(list)
    for file in [Path("config.toml"), *sorted(Path("sequences").rglob("*"))]:
        if file.is_file():
            folders[(SHARE / file.parent).as_posix()].append(file.as_posix())
    return list(folders.items())


setup(data_files=sample())
