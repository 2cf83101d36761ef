"""Shops and mail services in the console: connected, given their secret, tried and looked after by
pages alone.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.responses import Response

from engine.authoring.publication import apply, plan_publication
from engine.console.access import Role
from engine.console.connection_guides import GUIDES
from engine.console.connection_pages import routes
from engine.console.publish_pages import routes as publish_routes
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.desk.webhook_calls import CallFact
from engine.hooks.settings import Hook
from engine.i18n.language import LANGUAGES, translator
from engine.secret_files import read_secret
from engine.sequence.mistakes import Unreadable
from engine.sequence.webhooks import WEBHOOK_KINDS
from engine.status.gather import gather
from engine.webhooks.secret_files import write_secret
from tests.cli.asking import FILES
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations
from tests.webhooks.calls import SAMPLES, mac

SECRET = "whsec_invented"
ONE = "/connections/{webhook}"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


def get(context: AppContext, at: str, role: Role = Role.OPERATOR, **path: str) -> Response:
    return answered(tuple(routes(context)), "GET", at, visit(role, path=path))


def post(context: AppContext, at: str, which: str, **inputs: str) -> Response:
    visitor = visit(path={"webhook": which, "kind": which}, inputs=inputs)
    return answered(tuple(routes(context)), "POST", at, visitor)


def connect(context: AppContext, kind: str, name: str, then: str = "join:11", **more: str) -> str:
    """The connection's page."""
    given = {"name": name, "file": "d.toml", "on": "purchase", "then": then, **more}
    answer = post(context, "/connections/_new/{kind}", kind, **given)
    assert isinstance(answer, Redirect), words_of(answer)
    return answer.headers["location"]


def written(context: AppContext) -> str:
    return (context.config.sequences / "d.toml").read_text("utf-8")


@pytest.fixture(scope="module")
def boutique(context: AppContext) -> str:
    """Of Stripe, with its secret, saved to the folder."""
    connect(context, "stripe", "boutique")
    post(context, f"{ONE}/secret", "boutique", what="secret", secret=SECRET)
    post(context, f"{ONE}/save", "boutique")
    return "boutique"


def test_a_shop_is_connected_step_by_step(context: AppContext) -> None:
    assert connect(context, "woocommerce", "Ma boutique") == "/connections/ma-boutique"
    page = words_of(get(context, ONE, webhook="ma-boutique"))
    assert f"{context.config.site.url}/w/ma-boutique" in page
    assert "missing" in page and "save it to the folder, then publish" in page
    assert "[[webhook]]" not in written(context)
    saved = post(context, f"{ONE}/save", "ma-boutique")
    assert isinstance(saved, Redirect) and saved.headers["location"] == "/connections/ma-boutique"
    assert '"woocommerce"' in written(context) and "join = 11" in written(context)
    apply(context, plan_publication(context))
    page = words_of(get(context, ONE, webhook="ma-boutique"))
    assert "Calls are taken at its address." in page and "not published yet" not in page
    assert isinstance(post(context, f"{ONE}/remove", "ma-boutique"), Redirect)
    assert "taken out" in words_of(get(context, ONE, webhook="ma-boutique"))
    post(context, f"{ONE}/save", "ma-boutique")


def test_a_secret_goes_into_a_file_of_its_owner_and_nowhere_else(
    context: AppContext, boutique: str
) -> None:
    file = context.config.folder / "data/secrets/webhook-boutique"
    assert read_secret(file) == SECRET.encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    pages = (get(context, ONE, webhook=boutique), get(context, "/connections"))
    for page in pages:
        ids = re.findall(rb'\bid="([^"]+)"', page.body)
        assert len(set(ids)) == len(ids)
    assert all(SECRET.encode() not in page.body for page in pages)
    assert SECRET not in written(context)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Paste it here."),
        ("sk_live_1", "it begins with whsec_"),
        ("whsec_a\nb", "one line"),
        ("whsec_é", "one line"),
        ("whsec_", "whole"),
        ("whsec_a b", "without a blank"),
    ],
)
def test_what_is_no_secret_of_this_shop_is_told_and_changes_nothing(
    context: AppContext, boutique: str, typed: str, words: str
) -> None:
    answer = post(context, f"{ONE}/secret", boutique, what="secret", secret=typed)
    assert answer.status_code == 422 and words in words_of(answer)
    assert read_secret(context.config.folder / "data/secrets/webhook-boutique") == SECRET.encode()


@pytest.mark.parametrize(
    "file",
    ["data/secrets/link.key", "config.toml", "data/secrets/webhook-../x", "{root}/elsewhere"],
)
def test_no_page_writes_any_other_file(tmp_path: Path, file: str) -> None:
    """All of them lie in a folder of the test's own, whatever is written."""
    inside = tmp_path / "installation"
    inside.mkdir()
    with pytest.raises(Unreadable):
        write_secret(inside, file.format(root=tmp_path), b"x")
    assert list(tmp_path.rglob("*")) == [inside]


def test_a_secret_that_is_made_here_is_shown_once_in_the_address(context: AppContext) -> None:
    connect(context, "postmark", "lettres", then="nothing")
    page = post(context, f"{ONE}/secret", "lettres", what="secret", do="make")
    made = read_secret(context.config.folder / "data/secrets/webhook-lettres").decode()
    assert f"relance:{made}@" in words_of(page) and len(made) == 64
    assert made not in words_of(get(context, ONE, webhook="lettres"))


def test_both_halves_of_a_key_are_needed(context: AppContext) -> None:
    connect(context, "helloasso", "dons")
    answer = post(context, f"{ONE}/secret", "dons", what="api_key", secret="client")
    assert "Both are needed" in words_of(answer)
    done = post(context, f"{ONE}/secret", "dons", what="api_key", secret="client:hush")
    assert isinstance(done, Redirect)
    key = context.config.folder / "data/secrets/webhook-dons.api"
    assert read_secret(key) == b"client:hush"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "Give it a name."),
        ({"name": "boutique"}, "Another connection has this name already."),
        ({"name": "autre", "then": "join:99"}, "99"),
        ({"name": "autre", "on": "booking"}, "never tells a booking"),
        ({"name": "autre", "then": "segment:nowhere"}, "nowhere"),
    ],
)
def test_a_form_that_says_nothing_possible_is_told_so(
    context: AppContext, boutique: str, given: dict[str, str], words: str
) -> None:
    typed = {"file": "d.toml", "on": "purchase", "then": "join:11", **given}
    answer = post(context, "/connections/_new/{kind}", "stripe", **typed)
    assert answer.status_code == 422 and words in words_of(answer)


def test_a_rule_for_a_product_stands_above_one_for_all(context: AppContext) -> None:
    connect(context, "shopify", "semences")
    rules = f"{ONE}/rules"
    post(context, rules, "semences", on="refund", then="leave:11")
    post(context, rules, "semences", on="purchase", then="join:12", product="livre, semis")
    page = words_of(get(context, ONE, webhook="semences"))
    book, rest = page.index("joins the list 12"), page.index("joins the list 11")
    assert book < rest and "livre, semis" in page
    post(context, rules, "semences", do="remove", rule="0")
    page = words_of(get(context, ONE, webhook="semences"))
    what_follows = page.partition("What follows from a call")[2].partition("Add another")[0]
    assert "joins the list 12" not in what_follows and "leaves the list 11" in what_follows


# A pasted body.

BODY = json.dumps(json.loads(SAMPLES["stripe purchase"].octets), indent=2)


def signature(body: str, secret: str = SECRET) -> str:
    seconds = wall_now() // 1000
    signed = mac(secret.encode(), f"{seconds}.{body}".encode()).hex()
    return f"Stripe-Signature: t={seconds},v1={signed}"


@pytest.mark.parametrize("sent", [BODY, f"{BODY}\n", BODY.replace("\n", "\r\n")])
def test_a_pasted_body_is_believed_however_its_lines_end(
    context: AppContext, boutique: str, sent: str
) -> None:
    typed = BODY.replace("\n", "\r\n")
    page = post(context, f"{ONE}/try", boutique, body=typed, headers=signature(sent))
    words = words_of(page)
    assert "The signature holds" in words and "it would be taken" in words
    assert "The person would join list 11" in words


def test_a_pasted_body_by_another_secret_would_be_refused(
    context: AppContext, boutique: str
) -> None:
    forged = signature(BODY, "whsec_other")
    words = words_of(post(context, f"{ONE}/try", boutique, body=BODY, headers=forged))
    assert "it would be refused" in words and "not by this secret" in words


def test_a_body_alone_says_what_would_follow(context: AppContext, boutique: str) -> None:
    words = words_of(post(context, f"{ONE}/try", boutique, body=BODY))
    assert "No headers were pasted" in words and "The person would join list 11" in words
    words = words_of(post(context, f"{ONE}/try", boutique, body="<b>", headers="x"))
    assert "A header is written" in words
    words = words_of(post(context, f"{ONE}/try", boutique, body="{"))
    assert "it would be refused" in words and "it is not JSON" in words


# What came.


def test_what_came_of_the_last_calls_is_told_and_who_it_is_only_to_who_may_know(
    context: AppContext, boutique: str
) -> None:
    calls, person = context.webhook_calls, "0123456789abcdef0123456789abcdef"
    calls.keep(boutique, "signed", facts=[CallFact(name="purchase", outcome="fact:done")])
    fact = CallFact(name="join", outcome="fact:done", subscriber=person)
    calls.keep(boutique, "signed", facts=[fact])
    calls.keep(boutique, "", "signature:wrong")
    page = get(context, f"{ONE}/calls", webhook=boutique)
    assert "A purchase: it was done" in words_of(page) and "not by this secret" in words_of(page)
    assert f"/people/{person}".encode() in page.body
    by_author = get(context, f"{ONE}/calls", Role.AUTHOR, webhook=boutique)
    assert person.encode() not in by_author.body
    assert "not by this secret" in words_of(get(context, "/connections"))


@pytest.mark.parametrize("role", Role)
def test_every_role_sees_what_is_connected(context: AppContext, boutique: str, role: Role) -> None:
    assert boutique in words_of(get(context, "/connections", role))
    page = get(context, ONE, role, webhook=boutique)
    writes = role in (Role.OPERATOR, Role.AUTHOR)
    assert (b"/try" in page.body) == writes
    assert (b'type="password"' in page.body) == (role is Role.OPERATOR)


@pytest.mark.parametrize("name", ["nowhere", "<b>", "..", "a" * 300])
def test_what_is_not_connected_is_told(context: AppContext, name: str) -> None:
    assert get(context, ONE, webhook=name).status_code == 404
    assert get(context, "/connections/_new/{kind}", kind=quote(name)).status_code == 404


@pytest.mark.parametrize("kind", WEBHOOK_KINDS)
def test_of_every_kind_it_is_told_what_to_press(context: AppContext, kind: str) -> None:
    guide = GUIDES[kind]  # type: ignore[index]
    assert guide.steps and guide.source.startswith("https://")
    assert bool(guide.secret) == (guide.made_by != "none") and (guide.secret or guide.api_key)
    for language in LANGUAGES:
        said = [translator(language)(step) for step in (*guide.steps, guide.then)]
        assert all("{" not in step.replace("{url}", "") or '{"' in step for step in said)
    page = words_of(get(context, "/connections/_new/{kind}", Role.AUTHOR, kind=kind))
    assert guide.title in page


def test_the_state_of_things_tells_of_whom_nothing_is_taken(
    context: AppContext, boutique: str
) -> None:
    connect(context, "stripe", "caisse")
    post(context, f"{ONE}/save", "caisse")
    apply(context, plan_publication(context))
    context.webhook_calls.keep("caisse", "signed")
    for _ in range(2):
        context.webhook_calls.keep("caisse", "", "signature:wrong")
    silent = {webhook.name: webhook for webhook in gather(context).webhooks}
    assert silent["caisse"].why is not None and "webhook-caisse" in silent["caisse"].why.said()
    post(context, f"{ONE}/secret", "caisse", what="secret", secret=SECRET)
    silent = {webhook.name: webhook for webhook in gather(context).webhooks}
    assert (silent["caisse"].why, silent["caisse"].calls) == (None, 2)
    context.webhook_calls.keep("caisse", "signed")
    assert "caisse" not in {webhook.name for webhook in gather(context).webhooks}


def test_an_operator_is_told_how_a_program_is_told_of_facts(context: AppContext) -> None:
    assert "[[hook]]" in words_of(get(context, "/connections"))
    assert "[[hook]]" not in words_of(get(context, "/connections", Role.AUDITOR))


def test_who_is_told_of_facts_is_seen_and_held(context: AppContext) -> None:
    file = context.config.folder / "hook.secret"
    file.write_text(f"whsec_{'QUJD' * 12}\n", "utf-8")
    hook = Hook(
        name="crm",
        url="https://crm.example/hush",
        events=("list-joined",),
        secret_files=(str(file),),
    )
    told = replace(context, config=replace(context.config, hooks=(hook,)))
    page = words_of(get(told, "/connections"))
    assert "crm.example" in page and "hush" not in page and "Has not begun" in page
    assert isinstance(post(told, "/connections/_hooks", "", hook="crm", do="off"), Redirect)
    assert "Is switched off by a command" in words_of(get(told, "/connections", Role.AUDITOR))
    assert isinstance(post(told, "/connections/_hooks", "", hook="crm", do="on"), Redirect)
    assert "Takes what it is told" in words_of(get(told, "/connections"))
    assert post(told, "/connections/_hooks", "", hook="other").status_code == 404


@pytest.mark.parametrize(
    ("then", "leads_to"),
    [("/connections/boutique", "/connections/boutique"), ("//elsewhere.example", "")],
)
def test_publishing_leads_back_to_the_connection(
    context: AppContext, boutique: str, then: str, leads_to: str
) -> None:
    connect(context, "stripe", f"shop-{len(then)}")
    post(context, f"{ONE}/save", f"shop-{len(then)}")
    pages = tuple(publish_routes(context))
    shown = answered(pages, "GET", "/publish", visit(query={"then": then}))
    assert (b'name="then"' in shown.body) == bool(leads_to)
    given = {"digest": plan_publication(context).digest, "then": then}
    answer = answered(pages, "POST", "/publish", visit(inputs=given))
    assert isinstance(answer, Redirect)
    assert answer.headers["location"] in (leads_to, "/", "/publish/history")
    assert (answer.headers["location"] == leads_to) == bool(leads_to)
