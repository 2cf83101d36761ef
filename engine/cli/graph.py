"""`relance graph FILE`: a dialogue drawn from the author's files as they are now; text for the
terminal, Mermaid or Graphviz for a page.
"""

from __future__ import annotations

import argparse

from engine.authoring.dialogue_file import files_asked_for
from engine.authoring.graph_markup import draw_dot, draw_mermaid
from engine.authoring.graph_text import draw_text
from engine.authoring.inspection import read_folder
from engine.config import Config

DRAWINGS = {"text": draw_text, "mermaid": draw_mermaid, "dot": draw_dot}


def run(config: Config, args: argparse.Namespace) -> int:
    """Raises Unpublishable when the files hold a fatal mistake."""
    plan = read_folder(config).sound().plan
    files = files_asked_for(plan, args.file)
    for number, file in enumerate(files):
        if number:
            print()
        for line in DRAWINGS[args.format](plan, file, config.site.language):
            print(line)
    return 0
