"""The clients in clients/ do at a running installation what their pages say, and are sound in their
types.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from clients.generate import HERE as CLIENTS
from engine.api.api_keys import create
from engine.api.scopes import SCOPES
from engine.config import config_of
from tests.clients.driving import HERE, Outcomes, Step, TypeScript, in_python, node
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import Site, visited

PYTHON, TYPESCRIPT = CLIENTS / "python/relance_client.py", CLIENTS / "typescript/relance.ts"
COMPILER = subprocess.run(
    ["sh", str(HERE / "install_typescript.sh"), "--find"], capture_output=True, text=True
).stdout.strip()
STRICT = {
    "allowImportingTsExtensions": True,
    "erasableSyntaxOnly": True,
    "exactOptionalPropertyTypes": True,
    "lib": ["es2024", "dom", "dom.iterable", "dom.asynciterable"],
    "module": "nodenext",
    "noEmit": True,
    "noImplicitOverride": True,
    "noImplicitReturns": True,
    "noPropertyAccessFromIndexSignature": True,
    "noUncheckedIndexedAccess": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "strict": True,
    "target": "es2024",
    "types": [],
    "verbatimModuleSyntax": True,
}
Run = Callable[..., Outcomes]
RECIPES = (CLIENTS.parent / "docs/zapier-make.md").read_text("utf-8")
EXAMPLE_ID = "5f0c1b7e-9a3d-4c2f-8b6e-0d1a2c3b4d5e"


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with installations.made(GARDEN) as context, visited(context) as visiting:
        yield visiting


@pytest.fixture(scope="module")
def key(site: Site) -> str:
    return create(site.context.desk, "boutique", set(SCOPES) - {"orders"})


@pytest.fixture(scope="module", params=["py", "ts"])
def domain(request: pytest.FixtureRequest) -> str:
    """Where those live of whom a client tells: people of its own for each language."""
    return f"{request.param}.exemple.fr"


@pytest.fixture(scope="module")
def run(domain: str, site: Site, key: str) -> Iterator[Run]:
    if domain.startswith("py"):
        yield partial(in_python, PYTHON, site.url, key, retries=1)
    else:
        with TypeScript() as typescript:
            yield partial(typescript, TYPESCRIPT, site.url, key, retries=1)


def test_a_client_does_what_its_calls_say(run: Run, site: Site, domain: str) -> None:
    email = f"noe@{domain}"
    joining = {
        "email": email,
        "list": "lettre",
        "basis": "consent",
        "source": "salon",
        "collected_at": "2026-01-15",
    }
    outcomes = run(
        steps=[
            Step("subscribe", joining, f"fiche-{email}"),
            Step("subscribe", joining, f"fiche-{email}"),
            Step("transfer", {"email": email, "from": 30, "to": "potager"}),
            Step("look_up_person", {"email": email}),
            Step("read_open_requests", None),
        ]
    ).outcomes
    stream = site.stream(email)
    joined, again, moved, person, rights = (outcome["answer"] for outcome in outcomes)
    assert joined == {"done": True, "said": "on list 30", "subscriber": stream}
    assert isinstance(again, dict) and again["already"] is True
    assert moved == {
        "done": True,
        "said": "moved from list 30 to list 32",
        "subscriber": stream,
    }
    assert isinstance(person, dict) and [m["list"] for m in person["memberships"]] == [32]
    assert rights == []
    assert site.lists(email) == {32}


def test_pages_are_followed_to_the_last(run: Run, site: Site, domain: str) -> None:
    joining = {
        "list": "balcon",
        "basis": "consent",
        "source": "salon",
        "collected_at": "2026-01-15",
    }
    emails = [f"{number}@{domain}" for number in range(3)]
    joined = [Step("subscribe", {"email": email, **joining}) for email in emails]
    run(steps=joined)
    site.context.views.catch_up()
    members, events = run(
        steps=[
            Step("all_list_members", {"list": "balcon", "limit": 1}),
            Step("all_events", {"type": ["list-joined", "list-left"], "limit": 2}),
        ]
    ).outcomes
    assert isinstance(members["items"], list) and isinstance(events["items"], list)
    people = {site.stream(email) for email in emails}
    assert {member["subscriber"] for member in members["items"]} >= people
    told = [event["subscriber"] for event in events["items"]]
    assert {subscriber: told.count(subscriber) for subscriber in people} == dict.fromkeys(people, 1)
    positions = [event["position"] for event in events["items"]]
    assert positions == sorted(set(positions))


def test_what_changed_since_it_was_read_is_not_written_over(
    run: Run, site: Site, domain: str
) -> None:
    email = f"qui@{domain}"
    joining = {"email": email, "list": 30, "basis": "service", "source": "boutique"}
    run(steps=[Step("subscribe", joining)])
    who = {"subscriber": site.stream(email)}
    (read,) = run(steps=[Step("read_person", who)]).outcomes
    setting = who | {"If-Match": read["etag"]}
    kept, refused = run(
        steps=[
            Step("set_fields", setting | {"fields": {"first_name": "Zoé"}}),
            Step("set_fields", setting | {"fields": {"first_name": "Léa"}}),
        ]
    ).outcomes
    assert isinstance(kept["answer"], dict) and kept["answer"]["said"] == "fields set"
    assert isinstance(refused["problem"], dict) and refused["problem"]["status"] == 412
    assert site.fields(email) == {"first_name": "Zoé"}


def test_a_refusal_of_the_installation_is_a_problem(run: Run) -> None:
    steps = [
        Step("subscribe", {"email": "no", "list": "none", "basis": "consent"}),
        Step("transfer", {"email": "nobody@exemple.fr", "from": 30, "to": 31}),
        Step("record_refund", {"order": "1"}),
    ]
    wrong, unknown, forbidden = (outcome["problem"] for outcome in run(steps=steps).outcomes)
    assert isinstance(wrong, dict) and isinstance(unknown, dict) and isinstance(forbidden, dict)
    assert wrong["status"] == 400 and len(wrong["mistakes"]) > 2
    assert unknown["status"] == 404 and "this address" in unknown["detail"]
    assert forbidden["status"] == 403 and "orders" in forbidden["detail"]


def example(language: str) -> str:
    """The program on the page of a client."""
    found = re.search(rf"```{language}\n(.+?)```", page(language), re.DOTALL)
    assert found is not None
    return found[1]


def page(language: str) -> str:
    return (CLIENTS / language / "README.md").read_text("utf-8")


class Recipe(NamedTuple):
    """A line of curl as a page has it, and what is answered: `said`, where the page tells it."""

    url: str
    headers: list[tuple[str, str]]
    body: str | None
    said: str


def recipes(text: str) -> Iterator[Recipe]:
    for block in re.findall(r"^```\n(curl .+?)```", text, re.DOTALL | re.MULTILINE):
        for line in re.split(r"\n\n", block.strip()):
            command, _, said = line.partition("\n# ")
            reading = argparse.ArgumentParser(exit_on_error=False)
            reading.add_argument("url")
            reading.add_argument("-H", action="append")
            reading.add_argument("-d")
            curl = reading.parse_args(shlex.split(command.replace("\\\n", " "))[1:])
            headers = [
                (name, value.strip()) for name, _, value in (h.partition(":") for h in curl.H)
            ]
            yield Recipe(curl.url, headers, curl.d, said)


def test_the_recipes_for_zapier_and_make_are_answered_as_their_page_says(site: Site) -> None:
    scopes = re.findall(r"--scope (\w+)", RECIPES)
    text = RECIPES.replace("https://lettres.example.org", site.url)
    key = create(site.context.desk, "zapier", scopes)
    text = text.replace("relance_…", key)
    made = 0
    for recipe in recipes(text):
        url = recipe.url.replace(EXAMPLE_ID, site.stream("fanny@example.org"))
        method = "GET" if recipe.body is None else "POST"
        content = None if recipe.body is None else recipe.body.encode()
        answer = httpx.request(method, url, headers=recipe.headers, content=content)
        assert answer.status_code in (200, 201), answer.text
        if recipe.said:
            assert answer.json()["said"] == recipe.said
        if "/events?" in url:
            positions = [event["position"] for event in answer.json()["items"]]
            assert positions == sorted(positions, reverse="order=newest" in url) != []
            assert answer.json()["position"] >= max(positions)
            # All that Zapier's polling can send.
            assert httpx.get(url, auth=("zapier", key)).json() == answer.json()
        made += 1
    assert made == 8
    assert site.lists("noe@example.org") == set() and site.lists("fanny@example.org") == {30}
    assert not site.lists("lea@example.org")
    assert "consent-requested" in site.names("lea@example.org")


def test_the_hook_of_the_recipes_can_be_written_so() -> None:
    root = CLIENTS.parent
    block = RECIPES.partition("```toml\n")[2].partition("```")[0]
    config = config_of(root, (root / "config.toml").read_text("utf-8") + block)
    assert [hook.name for hook in config.hooks] == ["zapier"]


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_the_program_on_the_page_of_a_client_runs(
    language: str, site: Site, key: str, tmp_path: Path
) -> None:
    address = f"{language}@exemple.fr"
    program = example(language).replace("https://lettres.example.org", site.url)
    program = program.replace("fanny@example.org", address).replace("77421", language)
    ending = "py" if language == "python" else "ts"
    (tmp_path / f"program.{ending}").write_text(program, "utf-8")
    client = PYTHON if language == "python" else TYPESCRIPT
    shutil.copy(client, tmp_path)
    by = [sys.executable] if language == "python" else [node(), "--no-warnings"]
    ran = subprocess.run(
        [*by, f"program.{ending}"],
        cwd=tmp_path,
        env={**os.environ, "RELANCE_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    said, *memberships = ran.stdout.splitlines()
    assert said == "on list 30" and "lettre" in "".join(memberships)
    assert site.lists(address) == {30}


OPENING = """\
import { Relance } from "./relance.ts";
declare const relance: Relance;
"""
WRONG = {
    "subscribe({ list: 30, basis: 'consent' })": "'email' is missing",
    "subscribe({ email: '', list: 30, basis: 'whim' })": "'\"whim\"' is not assignable",
    "transfer({ email: '', from: {}, to: 1 })": "not assignable to type 'string | number'",
    "join({})": "'join' does not exist",
    "lookUpPerson({ email: '' }, { key: '' })": "'key' does not exist",
}


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the compiler says, by `file:line`, of the TypeScript client, the example of its page and
    each wrong call.
    """
    if not COMPILER:
        pytest.skip("no TypeScript compiler: sh tests/clients/install_typescript.sh")
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT}))
    shutil.copy(TYPESCRIPT, folder)
    (folder / "node.d.ts").write_text("declare const process: { env: { RELANCE_KEY?: string } };\n")
    (folder / "example.ts").write_text(example("typescript"), "utf-8")
    calls = "".join(f"await relance.{call};\n" for call in WRONG)
    (folder / "wrong.ts").write_text(OPENING + calls, "utf-8")
    ran = subprocess.run(
        [node(), COMPILER, "--project", "."], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    starts = re.split(r"^(\S+)\((\d+),\d+\): ", ran.stdout, flags=re.MULTILINE)[1:]
    return {
        f"{file}:{line}": " ".join(sentence.split())
        for file, line, sentence in zip(starts[::3], starts[1::3], starts[2::3], strict=True)
    }


def test_the_typescript_client_and_its_example_are_sound(mistakes: dict[str, str]) -> None:
    assert {place: said for place, said in mistakes.items() if "wrong.ts" not in place} == {}


@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_call_in_typescript_is_seen_before_it_runs(
    call: str, mistakes: dict[str, str]
) -> None:
    line = OPENING.count("\n") + 1 + list(WRONG).index(call)
    assert WRONG[call] in mistakes[f"wrong.ts:{line}"]
