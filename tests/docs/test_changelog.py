"""The changelog keeps to its form, knows the version that runs, and publishes the digest of its
verifier.

    python -m tests.docs.test_changelog

writes that digest down after `engine/proof/verify.py` was changed.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from engine import __version__
from engine.proof import verify
from tests.docs.pages import ROOT, page

CHANGELOG = page("CHANGELOG.md")
VERSIONS = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
DIGEST = re.compile(r"The SHA-256 of `verify\.py` in (\d+\.\d+\.\d+) is `([0-9a-f]{64})`\.\n")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_first_heading_is_of_what_is_not_released_yet() -> None:
    assert VERSIONS[0] == "[Unreleased]"
    for version in VERSIONS[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", version)


def test_changes_are_of_the_six_kinds() -> None:
    named = re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)
    assert named
    assert set(named) <= KINDS


def test_the_version_that_runs_is_named() -> None:
    """Under what is being made ready, or as the release that nothing has changed since."""
    unreleased, *released = CHANGELOG.split("\n## ")[1:]
    assert __version__ in (unreleased if __version__ not in "".join(VERSIONS) else released[0])


def digest_of_the_verifier() -> str:
    return hashlib.sha256(Path(verify.__file__).read_bytes()).hexdigest()


def test_the_digest_of_each_version_s_verifier_is_published() -> None:
    published = DIGEST.findall(CHANGELOG)
    released = re.findall(r"\d+\.\d+\.\d+", " ".join(VERSIONS[1:]))
    versions = list(dict.fromkeys([__version__, *released]))
    assert [version for version, _ in published] == versions
    renew = "python -m tests.docs.test_changelog"
    assert published[0][1] == digest_of_the_verifier(), f"verify.py has changed; run: {renew}"


def publish_the_digest() -> None:
    """The line of the version that runs, once, whatever a merge has made of it."""
    line = f"The SHA-256 of `verify.py` in {__version__} is `{digest_of_the_verifier()}`.\n"
    lines = [found[0] for found in DIGEST.finditer(CHANGELOG) if found[1] == __version__]
    text = CHANGELOG
    for superseded in lines[1:]:
        text = text.replace(superseded, "", 1)
    (ROOT / "CHANGELOG.md").write_text(text.replace(lines[0], line), encoding="utf-8")


if __name__ == "__main__":
    publish_the_digest()
