"""Pictures and downloads as readers get them: those that were published, on every machine alike; of
names that never were, what stands in this machine's folder.
"""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

from engine.installation.published_assets import published_assets
from engine.installation.stream import InstallationStream
from engine.ledger.assets import Assets
from engine.letter.source_folder import Size, open_asset, size_in


class ServedAssets:
    def __init__(self, stream: InstallationStream, assets: Assets, sequences: Path) -> None:
        self.stream, self.assets, self.sequences = stream, assets, sequences

    def open(self, kind: str, name: str) -> int | None:
        """A descriptor of what is behind `/a/KIND/NAME`, to be closed by the caller. What is known
        already is asked of no database.
        """
        path = f"{kind}/{normalize('NFC', name)}"
        digest = published_assets(self.stream.known).get(path)
        if digest is None:
            digest = published_assets(self.stream.current()).get(path)
        opened = self.assets.open(digest) if digest is not None else None
        return opened if opened is not None else open_asset(self.sequences, kind, name)

    def size_of(self, name: str) -> Size | None:
        """Width and height in pixels of a picture, None for what is none."""
        opened = self.open("pictures", name)
        return size_in(opened) if opened is not None else None
