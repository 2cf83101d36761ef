"""Relance is under the AGPL, and so is what it may be combined with: each package installed with it
declares a licence that docs/licences.md holds compatible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.pages import ROOT, page, rows, section

PAGE = page("docs/licences.md")
COMPATIBLE = {cells[0] for cells in rows(section(PAGE, "What it may be put together with"))[2:]}
UNDECLARED = {
    cells[0]: cells[1] for cells in rows(section(PAGE, "What declares no licence of its own"))[2:]
}
OFFICIAL_TEXT = "0d96a4ff68ad6d4b6f1f30f713b18d5184912ba8dd389f86aa7710db079abcb0"
"""SHA-256 of the text as the Free Software Foundation publishes it."""

BEFORE_SPDX = {
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
}
"""What packages without `License-Expression` write, and the identifier it stands for."""

SAYS_NONE = ("Dual License",)
"""What stands in place of a licence in packages whose classifiers name two to choose from."""


def declared(package: Distribution) -> str:
    """The package's SPDX expression, "" when it declares none."""
    metadata = package.metadata
    classifiers = [
        classifier.rpartition(" :: ")[2]
        for classifier in metadata.get_all("Classifier", [])
        if classifier.startswith("License :: ")
    ]
    candidates = [
        *metadata.get_all("License-Expression", []),
        *(name for name in metadata.get_all("License", []) if name not in SAYS_NONE),
        *(name for name in classifiers if name in BEFORE_SPDX),
    ]
    first = next((candidate for candidate in candidates if candidate), "")
    return BEFORE_SPDX.get(first, first)


def is_compatible(expression: str, compatible: set[str]) -> bool:
    """Whether one alternative of the expression asks for nothing but compatible licences."""
    return any(
        all(licence.strip() in compatible for licence in alternative.split(" AND "))
        for alternative in expression.split(" OR ")
    )


def needed(
    package: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]
) -> Iterator[Distribution]:
    """Each package that `package` with `extras` needs on this platform, and what these need."""
    for line in distribution(package).requires or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}
        ):
            continue
        wanted = requirement.name, frozenset(requirement.extras)
        if wanted in seen:
            continue
        seen.add(wanted)
        yield distribution(requirement.name)
        yield from needed(*wanted, seen)


INSTALLED: dict[str, Distribution] = {
    canonicalize_name(package.name): package for package in needed("relance", frozenset(), set())
}


def test_the_licence_is_the_official_text() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == OFFICIAL_TEXT


def test_relance_declares_it() -> None:
    declaration = '\nlicense = "AGPL-3.0-or-later"\nlicense-files = ["LICENSE"]\n'
    assert declaration in page("pyproject.toml")


@pytest.mark.parametrize("name", sorted(INSTALLED))
def test_each_package_installed_with_it_is_compatible(name: str) -> None:
    expression = declared(INSTALLED[name]) or UNDECLARED.get(name, "")
    assert is_compatible(expression, COMPATIBLE), f"{name} is under {expression or 'no licence'}"


@pytest.mark.parametrize(("name", "licence"), UNDECLARED.items())
def test_what_declares_none_carries_the_text_of_what_the_page_says(name: str, licence: str) -> None:
    try:
        package = distribution(name)
    except PackageNotFoundError:
        pytest.fail(f"{name} is no longer installed: take it off the page")
    assert not declared(package), f"{name} declares its licence now: take it off the page"
    files = [file for file in package.files or [] if "licen" in file.name.lower()]
    assert any(f"{licence} License" in file.read_text() for file in files)


@pytest.mark.parametrize(
    ("expression", "compatible"),
    [
        ("MIT", True),
        ("Apache-2.0 OR SSPL-1.0", True),
        ("Apache-2.0 AND SSPL-1.0", False),
        ("SSPL-1.0", False),
        ("", False),
    ],
)
def test_an_expression_is_compatible_when_an_alternative_is(
    expression: str, compatible: bool
) -> None:
    assert is_compatible(expression, {"MIT", "Apache-2.0"}) is compatible
