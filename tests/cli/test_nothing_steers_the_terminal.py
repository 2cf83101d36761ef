"""Whatever others have written, in names, headings, sources, files and addresses, no verb hands a
terminal anything that it would obey.
"""

from __future__ import annotations

import ast
import io
import json
import os
import pty
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.progress import Progress
from engine.cli.terminal import ask, guarded, json_text, shown
from tests.cli.commanding import SOURCE, Installation, database, published
from tests.running import write

ESCAPES = "\x1b]0;titre\x07\x1b[2J\x9b31m\x9d8;;http://evil.example\x9c\x7f\x08\x00\x85\u202e\u2028"
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ANNA = "anna@lecteurs.example"


@given(st.text())
def test_nothing_that_steers_is_left_and_all_else_is(text: str) -> None:
    out = shown(text)
    assert not STEERING.search(out.replace("\r\n", "\n"))
    assert shown(out) == out and len(out) == len(text)
    assert all(b in (a, "·") for a, b in zip(text, out, strict=True))
    printable = "".join(
        character for character in text if character.isprintable() or character in "\t\n"
    )
    assert shown(printable) == printable


@given(
    st.recursive(
        st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
    )
)
def test_json_says_the_same_and_steers_nothing(value: object) -> None:
    text = json_text(value)
    assert json.loads(text) == value and not STEERING.search(text) and shown(text) == text


def test_a_row_of_a_sheet_ends_as_it_should() -> None:
    assert shown('"a"\r\n"b\rc"\r\n') == '"a"\r\n"b·c"\r\n'


def test_the_streams_are_whose_they_were_before() -> None:
    with redirect_stdout(io.StringIO()) as out:
        with guarded():
            print(f"un {ESCAPES}", flush=True)
            assert not sys.stdout.isatty()
        print("\x1b[1mdeux")
    assert out.getvalue() == f"un {shown(ESCAPES)}\n\x1b[1mdeux\n"


def test_a_question_steers_nothing_either_and_a_progress_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a terminal of its own, where `input` writes its question past the streams."""
    leader, follower = pty.openpty()
    reading = os.fdopen(os.dup(follower), "r", encoding="utf-8")
    writing = os.fdopen(os.dup(follower), "w", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", reading)
    monkeypatch.setattr(sys, "stdout", writing)
    monkeypatch.setattr(sys, "stderr", writing)
    os.write(leader, b"oui\n")
    with guarded():
        assert ask(f"Effacer {ESCAPES} ? ") == "oui"
        with Progress("Importer") as tell:
            tell(1, 2)
            tell.show(f"2 lettres {ESCAPES}")
    writing.flush()
    seen = ""
    while "\r\x1b[KImporter: 50 %" not in seen or "\r\x1b[K2 lettres " not in seen:
        seen += os.read(leader, 10_000).decode()
    assert shown(ESCAPES) in seen
    assert not STEERING.search(seen.replace("\r\n", "\n").replace("\r\x1b[K", ""))
    for stream in (reading, writing):
        stream.close()
    os.close(leader)
    os.close(follower)


def test_verbs_ask_and_write_a_line_over_through_one_door() -> None:
    """`input` would hand its question to the terminal by itself, and the guard shows a carriage
    return instead of obeying it.
    """
    files = sorted((Path(__file__).parents[2] / "engine").rglob("*.py"))
    assert len(files) > 200
    for file in files:
        if file.name in {"terminal.py", "verify.py"}:
            continue
        nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
        assert not [
            node
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "input"
        ], file
        texts = [
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert file.name == "progress.py" or not [
            text for text in texts if re.match(r"\r(?!\n)", text) and text != "\r"
        ], file


@pytest.fixture(scope="module")
def relance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with published(tmp_path_factory.mktemp("installation")) as relance:
        escapes = ESCAPES[:-1].replace("\x00", "")
        rows = f'email;first_name;"nom {escapes}"\n{ANNA};Anna;x\nx{escapes}@y.example;B;x\n'
        write(relance.folder, {"readers.csv": rows})
        yield relance


@pytest.mark.timeout(300)
def test_no_verb_hands_on_what_steers(relance: Installation, tmp_path: Path) -> None:
    readers = str(relance.folder / "readers.csv")
    outputs = {}

    def typed(*words: str) -> None:
        ended = relance(*words)
        outputs[words] = ended.out + ended.err

    typed("import", readers, "--list", "10", "--dry-run", *SOURCE)
    typed(
        "import",
        readers,
        "--list",
        "10",
        "--source",
        f"salon {ESCAPES}".replace("\x00", ""),
        "--collected",
        "2026-01-05",
        "--basis",
        "consent",
    )
    typed("import", readers, "--list", "10", *SOURCE)
    name = f"A{ESCAPES}".replace("\x00", "")
    with database(relance) as connection:
        connection.execute(
            "UPDATE vault.person SET fields = %s WHERE address = %s",
            (json.dumps({"first_name": name}), ANNA),
        )
    verbs: tuple[tuple[str, ...], ...] = (
        ("show", ANNA), ("show", ANNA, "--json"), ("person", "export", ANNA),
        ("person", "export", ANNA, "--csv"), ("audit", "story", ANNA),
        ("preview", "question", "--to", ANNA), ("lists",), ("nonsense\x1b[2J",),
        ("show", "x\x9b2J@y.example"),
    )  # fmt: skip
    for words in verbs:
        typed(*words)
    (relance.folder / "sequences" / "bad.toml").write_text(
        f'title = "x"\npurpose = "{ESCAPES[5:9]}"\n"clé\u009b2J" = 1\n', "utf-8"
    )
    typed("check")
    assert any(shown(name)[:7] in text for text in outputs.values())
    assert json.loads(outputs["person", "export", ANNA])["person"]["fields"]["first_name"] == name
    for words, text in outputs.items():
        assert text and not STEERING.search(text.replace("\r\n", "\n")), words
