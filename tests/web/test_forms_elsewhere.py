"""A form on a site of its author's: in a frame, posted by a script, leading back. Only the sites
that the form names may do so; whoever fills it in is answered as everybody is.
"""

from __future__ import annotations

import argparse
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from engine.cli.arguments_of_letters import form_arguments
from engine.cli.form import form
from engine.i18n.user_error import UserError
from engine.installation.publishing import digest_of, notice_text
from engine.intake.forms import AGREED, NEXT, SHOWN, STAMP, TYPED
from engine.sequence.model import Field, Form, FormField, Purpose
from engine.sequence.parse import Settings, read_plan
from engine.sequence.table import origin_of
from engine.subscriber.events import ConsentRequested
from engine.web.form_json import UnreadableJson, inputs_of
from engine.web.form_rendering import embed_html, frame_html, script_html
from tests.running import ROOT
from tests.running_installation import Installations
from tests.web.browsing import browsing
from tests.web.garden import GARDEN, NOTICE
from tests.web.test_in_a_browser import CONTRAST, picture
from tests.web.visiting import NEIGHBOURHOODS, Site, behind_a_proxy

ENGLISH, AGREES = "A letter about gardens, twice a month.", "Yes, please write to me."

DIRECT = """
purpose = "conseils"

[[form]]
name = "direct"
title = "Sans détour"
list = 30
confirm = false
sites = ["{url}"]
checkbox = "Oui"
button = "Go"
notice = "{notice}"
thanks = "{url}/merci"

  [[form.field]]
  name = "first_name"
  label = "Prénom"
"""
SETTINGS = Settings(
    purposes=(Purpose("conseils", "Conseils"), Purpose("offres", "Offres")),
    fields=(Field("first_name", "Prénom"),),
)

OLD = "<!-- a page of another time -->"


class Elsewhere:
    """A site of the author's, on another port of this machine: `pages` by path."""

    def __init__(self) -> None:
        pages = self.pages = dict[str, str]()

        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path.partition("?")[0])
                self.send_response(200 if page else 404)
                charset = "windows-1252" if OLD in (page or "") else "utf-8"
                self.send_header("Content-Type", f"text/html; charset={charset}")
                self.end_headers()
                self.wfile.write((page or "").encode(charset))

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    site = Elsewhere()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join(10)


@pytest.fixture(scope="module")
def author() -> Iterator[Elsewhere]:
    with elsewhere() as site:
        yield site


@pytest.fixture(scope="module")
def site(installations: Installations, author: Elsewhere) -> Iterator[Site]:
    form = f"""
title = "Ailleurs"
purpose = "conseils"

[[form]]
name = "jardin"
title = "The garden letter"
list = 30
language = "en"
sites = ["{author.url}", "https://WWW.café.example:443/"]
checkbox = "{AGREES}"
button = "Join"
notice = "{ENGLISH}"
thanks = "Nearly there."

  [[form.field]]
  name = "first_name"
  label = "Your first name"
"""
    direct = DIRECT.format(url=author.url, notice=NOTICE)
    with behind_a_proxy(
        installations, GARDEN | {"ailleurs.toml": form, "direct.toml": direct}
    ) as made:
        yield made


def posted(site: Site, body: object, form: str = "jardin", **headers: str) -> httpx.Response:
    number = next(NEIGHBOURHOODS)
    visitor = {"X-Forwarded-For": f"198.{number >> 8 & 255}.{number & 255}.7"}
    content = json.dumps(body)
    kind = {"Content-Type": "application/json"}
    return site.client.post(f"/f/{form}", content=content, headers=headers | visitor | kind)


def hidden(site: Site, form: str = "jardin") -> dict[str, str]:
    return dict(site.client.get(f"/f/{form}.json").json()["hidden"])


def policy(answer: httpx.Response) -> str:
    return answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["", "/thanks", "/objection"])
def test_only_the_sites_a_form_names_may_show_it_in_a_frame(
    site: Site, author: Elsewhere, path: str
) -> None:
    named = policy(site.client.get(f"/f/jardin{path}"))
    assert f"frame-ancestors {author.url} https://www.xn--caf-dma.example;" in named
    assert "frame-ancestors 'none';" in policy(site.client.get(f"/f/simple{path}"))


def test_a_mistake_is_shown_in_the_frame_too(site: Site, author: Elsewhere) -> None:
    answer = site.client.post("/f/jardin", data={"email": ""})
    assert answer.status_code == 422 and f"frame-ancestors {author.url}" in policy(answer)


def test_the_copy_and_other_pages_may_stand_in_no_frame(site: Site) -> None:
    for path in ("/f/jardin/embed", "/", "/f/nothing"):
        assert "frame-ancestors 'none'" in policy(site.client.get(path))


def test_in_a_frame_a_form_has_no_heading_of_the_site_and_leads_out_of_it_to_an_address(
    site: Site,
) -> None:
    framed, alone = (
        [
            site.client.get(f"/f/{form}", headers={"Sec-Fetch-Dest": dest}).text
            for form in ("jardin", "direct", "simple")
        ]
        for dest in ("iframe", "document")
    )
    assert ['<body class="framed">' in page for page in framed] == [True, True, False]
    assert ['target="_top"' in page for page in framed] == [False, True, False]
    assert all("<body>" in page and "_top" not in page for page in alone)


def test_a_form_says_everything_in_its_own_language_and_so_is_written_to(site: Site) -> None:
    page = site.client.get("/f/jardin")
    assert page.headers["content-language"] == "en" and "Your e-mail address" in page.text
    assert 'lang="en"' in site.client.get("/f/jardin/embed").text
    site.post("jardin", {"email": "ann@example.org"})
    assert site.person("ann@example.org").language == "en"
    published = site.context.installation_stream.current()
    assert 'lang="en"' in published.words[published.forms["jardin"][1]]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "javascript:alert(1)",
        "https://www.xn--caf-dma.example@elsewhere.example/",
        "https://www.xn--caf-dma.example.elsewhere.example/",
        "https://www.xn--caf-dma.example:8443/",
        "http://www.xn--caf-dma.example/",
        "https://www.xn--caf-dma.example\\@elsewhere.example/",
        "/\\elsewhere.example",
        "https:elsewhere.example",
    ],
)
def test_nobody_is_led_to_a_site_that_the_form_does_not_name(site: Site, wanted: str) -> None:
    answers = {"email": "next@exemple.fr", AGREED: "yes", NEXT: wanted} | site.stamp("jardin")
    answer = site.client.request("POST", "/f/jardin", data=answers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/f/jardin/thanks")
    assert "form-action 'self';" in policy(site.client.get("/f/jardin", params={"next": wanted}))


def test_whoever_came_from_a_named_site_is_led_back_to_it_and_a_mistake_forgets_nothing(
    site: Site,
) -> None:
    wanted = "https://www.xn--caf-dma.example/lettre?ok=1"
    page = site.client.get("/f/jardin", params={"next": wanted})
    assert f'name="{NEXT}" value="{wanted}"' in page.text
    assert "form-action 'self' https://www.xn--caf-dma.example;" in policy(page)
    answers = {"email": "", AGREED: "yes", NEXT: wanted} | site.stamp("jardin")
    again = site.client.post("/f/jardin", data=answers)
    assert again.status_code == 422 and f'value="{wanted}"' in again.text
    answers |= {"email": "back@exemple.fr"}
    answer = site.client.request("POST", "/f/jardin", data=answers)
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)


def test_a_frame_knows_the_campaign_of_the_page_around_it_where_the_form_names_that_site(
    site: Site, author: Elsewhere
) -> None:
    around = f"{author.url}/blog?utm_source=radio&utm_campaign=mai&email=a@exemple.fr"
    page = site.client.get("/f/jardin", headers={"Referer": around}).text
    assert 'name="relance-source" value="radio"' in page and "a@exemple.fr" not in page
    own = site.client.get("/f/jardin?utm_source=frame", headers={"Referer": around}).text
    assert 'name="relance-source" value="frame"' in own and 'value="mai"' in own
    other = around.replace(author.url, "https://elsewhere.example")
    assert "radio" not in site.client.get("/f/jardin", headers={"Referer": other}).text


def test_a_page_is_told_everything_a_form_shows(site: Site) -> None:
    said = site.client.get("/f/jardin.json")
    form = said.json()
    assert said.headers["content-type"] == "application/json"
    assert (form["language"], form["title"], form["notice"]) == (
        "en",
        "The garden letter",
        ENGLISH,
    )
    assert [(each["name"], each["type"], each["required"]) for each in form["inputs"]] == [
        ("email", "email", True),
        ("first_name", "text", False),
        (AGREED, "box", True),
    ]
    everything = json.dumps(form, ensure_ascii=False)
    notice = notice_text(site.context.installation_stream.current().plan(), "jardin")
    for line in notice.splitlines():
        assert line.removeprefix("[ ] ").removeprefix("[").removesuffix("]") in everything
    assert form["hidden"][SHOWN] == digest_of(notice)


def test_what_a_page_posts_is_taken_and_its_proof_names_what_the_page_was_told(
    site: Site, author: Elsewhere
) -> None:
    answers = {"email": "page@exemple.fr", "first_name": "Léa", AGREED: True} | hidden(site)
    came_from = f"{author.url}/blog?secret=1"
    answer = posted(site, answers, Origin=author.url, Referer=came_from)
    assert answer.status_code == 200 and answer.json() == {
        "objects": False,
        "thanks": "Nearly there.",
        "then": (
            "If something is left for you to confirm, a message is on its way to your address, or"
            " there already: open it, and press its button."
        ),
        "redirect": "",
    }
    assert answer.headers["access-control-allow-origin"] == author.url
    assert "access-control-allow-credentials" not in answer.headers
    (entry,) = [e for e in site.entries("page@exemple.fr") if isinstance(e.event, ConsentRequested)]
    kept = site.context.vault.evidence_of(site.stream("page@exemple.fr"))[entry.cause.evidence]
    published = site.context.installation_stream.current()
    snapshot = json.loads(published.words[str(kept["form_digest"])])
    said = site.client.get("/f/jardin.json").json()
    assert snapshot == said | {"hidden": {SHOWN: said["hidden"][SHOWN]}}
    assert (kept["own_page"], kept["copied"], kept["language"]) == (True, False, "en")
    assert kept["referrer"] == f"{author.url}/blog"
    assert isinstance(kept["shown_at"], int)


def test_known_and_unknown_people_get_the_same_answer_down_to_the_last_octet(site: Site) -> None:
    site.post("direct", {"email": "connue@exemple.fr"})
    answers = [
        posted(site, {"email": who, AGREED: True} | hidden(site, "direct"), "direct")
        for who in ("connue@exemple.fr", "inconnue@exemple.fr")
    ]
    assert answers[0].content == answers[1].content and answers[0].status_code == 200
    assert answers[0].json()["redirect"].endswith("/merci")


def test_mistakes_are_told_by_input_and_a_likely_typing_error_is_asked_about_once(
    site: Site,
) -> None:
    answer = posted(site, {"email": "lea@gmial.com"} | hidden(site))
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, told["status"], told["code"]) == (422, 422, "mistakes")
    assert {error["name"]: error["detail"] for error in told["errors"]} == {
        "email": "Did you mean lea@gmail.com?",
        AGREED: "Please tick this box: we only write to people who agreed.",
    }
    assert (told["errors"][1]["label"], told["meant"]) == (AGREES, "lea@gmail.com")
    meant = {"email": "lea@gmial.com", TYPED: "lea@gmial.com", AGREED: True}
    assert posted(site, meant | hidden(site)).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({SHOWN: "0" * 64}, 422, "changed"),
        ({STAMP: "1.0"}, 422, "old"),
        ({"website": "https://spam.example"}, 422, "trapped"),
        ({SHOWN: ""}, 400, "unreadable"),
        ({"first_name": {"a": 1}}, 400, "unreadable"),
        ({"first_name": "\ud800"}, 400, "unreadable"),
    ],
)
def test_what_is_not_taken_says_why(
    site: Site, changed: dict[str, object], status: int, code: str
) -> None:
    answers = {"email": "non@exemple.fr", AGREED: True} | hidden(site) | changed
    answer = posted(site, answers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not site.stream("non@exemple.fr")


def test_the_stamp_of_our_own_page_says_nothing_of_when_another_was_shown(site: Site) -> None:
    answers = {"email": "stamp@exemple.fr", AGREED: True} | site.stamp("jardin")
    assert posted(site, answers).json()["code"] == "old"


def test_a_browser_may_post_json_from_the_sites_a_form_names_and_from_no_other(
    site: Site, author: Elsewhere
) -> None:
    asking = {"Access-Control-Request-Method": "POST"}
    allowed = site.client.options("/f/jardin", headers=asking | {"Origin": author.url})
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (
        204,
        author.url,
    )
    assert allowed.headers["access-control-allow-headers"] == "Content-Type"
    for other in ("https://elsewhere.example", "null", f"{author.url}0", author.url.upper()):
        refused = site.client.options("/f/jardin", headers=asking | {"Origin": other})
        assert refused.status_code == 403
        body = {"email": "autre@exemple.fr", AGREED: True} | hidden(site)
        answer = posted(site, body, Origin=other)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin")
        read = site.client.get("/f/jardin.json", headers={"Origin": other})
        for each in (refused, answer, read):
            assert "access-control-allow-origin" not in each.headers
    assert not site.stream("autre@exemple.fr")


def test_a_copied_form_that_a_script_sends_is_answered_in_json(
    site: Site, author: Elsewhere
) -> None:
    headers = {"Accept": "application/json", "Origin": author.url}
    copied = {"email": "script@exemple.fr", AGREED: "yes"}
    answer = site.client.post("/f/jardin", data=copied, headers=headers)
    assert answer.json()["thanks"] == "Nearly there."
    assert answer.headers["access-control-allow-origin"] == author.url
    other = copied | {"email": "ailleurs@exemple.fr"}
    elsewhere = headers | {"Origin": "https://elsewhere.example"}
    refused = site.client.post("/f/jardin", data=other, headers=elsewhere)
    assert (refused.status_code, site.stream("ailleurs@exemple.fr")) == (403, "")
    missing = site.client.post("/f/none", data=copied, headers=headers)
    assert missing.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://www.example.org", "https://www.example.org"),
        ("HTTPS://WWW.Example.org:443/a?b", "https://www.example.org"),
        ("http://café.example:8080/", "http://xn--caf-dma.example:8080"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://a;b.example", ""),
        ("https://é..example", ""),
        ("ftp://example.org", ""),
        ("https://example.org:0", ""),
        ("", ""),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    "sites",
    [
        '["www.example.org"]',
        '["https://example.org/blog"]',
        '["https://*.example.org"]',
        '["*"]',
        "[1]",
        """["https://example.org; script-src 'unsafe-inline'"]""",
    ],
)
def test_sites_are_whole_sites_and_a_mistake_is_told_at_its_line(sites: str) -> None:
    form = DIRECT.format(url="https://example.org", notice=NOTICE)
    written = form.replace('["https://example.org"]', sites)
    [mistake] = read_plan(GARDEN | {"elsewhere.toml": written}, SETTINGS)[1]
    assert (mistake.file, mistake.line) == (
        "elsewhere.toml",
        written[: written.index(sites)].count("\n") + 1,
    )
    assert "`sites` are addresses such as" in str(mistake)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
ASKS_ALL = Form(
    name="f",
    title="F",
    purpose="conseils",
    list=1,
    notice="N",
    button="B",
    fields=(FormField("town", "Town"), FormField("vegan", "Vegan", "yes-no")),
)


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4) | JSON_VALUES)
def test_whatever_json_is_posted_is_read_as_inputs_or_says_why_not(value: object) -> None:
    if isinstance(value, dict):
        value |= {SHOWN: "0" * 64}
    try:
        inputs = inputs_of(json.dumps(value).encode(), ASKS_ALL)
    except UnreadableJson as error:
        assert str(error)
    else:
        assert inputs[SHOWN] == "0" * 64
        assert all(text and isinstance(text, str) and text.encode() for text in inputs.values())


@pytest.mark.parametrize(
    ("posted", "inputs"),
    [
        ({AGREED: True}, {AGREED: "yes"}),
        ({AGREED: False, "vegan": False}, {"vegan": "no"}),
        ({"vegan": True, "town": None}, {"vegan": "yes"}),
        ({"town": 12, "a": 1.5}, {"town": "12", "a": "1.5"}),
        ({"town": ["a", "b"], "a": []}, {"town": "a;b"}),
    ],
)
def test_json_says_what_a_browser_would_post(
    posted: dict[str, object], inputs: dict[str, str]
) -> None:
    read = inputs_of(json.dumps(posted | {SHOWN: "x"}).encode(), ASKS_ALL)
    assert read == inputs | {SHOWN: "x"}


@pytest.mark.parametrize("body", [b"", b"[" * 10_000, b"\xe9", b"[]", b"{" + b"]"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableJson):
        inputs_of(body, ASKS_ALL)


@contextmanager
def visiting(site: Site, author: Elsewhere, path: str, page: str) -> Iterator[Page]:
    """A page of the author's, in a browser; where it names our site, it means this one."""
    author.pages[path] = page.replace(site.context.config.site.url, site.url)
    with browsing(width=600) as browser:
        browser.goto(f"{author.url}{path}?utm_source=blog")
        yield browser


@pytest.mark.browser
def test_a_person_joins_in_a_frame_of_another_site(site: Site, author: Elsewhere) -> None:
    frame = f'<h1>Le blog</h1><iframe src="{site.url}/f/jardin" width=100% height=800></iframe>'
    with visiting(site, author, "/blog", frame) as page:
        form = page.frame_locator("iframe")
        form.get_by_label("Your e-mail address").fill("frame@exemple.fr")
        picture(page, "framed")
        form.get_by_label(AGREES).check()
        form.get_by_role("button", name="Join").click()
        expect(form.get_by_text("Nearly there.")).to_be_visible()
        picture(page, "framed-thanks")
        assert page.url.startswith(f"{author.url}/blog")
    assert site.names("frame@exemple.fr")[-1] == "consent-requested"


@pytest.mark.browser
def test_a_frame_is_light_by_night_too_and_readable(site: Site, author: Elsewhere) -> None:
    author.pages["/night"] = f'<iframe src="{site.url}/f/jardin" width=100% height=700></iframe>'
    with browsing(width=360, scheme="dark") as page:
        page.goto(f"{author.url}/night")
        page.frame_locator("iframe").get_by_role("button").wait_for()
        ratios = page.frames[-1].evaluate(CONTRAST, "h1, p, button, label, footer p")
        picture(page, "framed-night")
        body = page.frames[-1].evaluate("getComputedStyle(document.body).backgroundColor")
        assert body == "rgb(255, 255, 255)" and min(ratios) >= 4.5


@pytest.mark.browser
def test_a_site_the_form_does_not_name_shows_an_empty_frame(site: Site, author: Elsewhere) -> None:
    frame = f'<iframe src="{site.url}/f/simple" width=100% height=500></iframe>'
    with visiting(site, author, "/other", frame) as page:
        expect(page.frame_locator("iframe").get_by_role("button", name="Go")).to_have_count(0)


@pytest.mark.browser
def test_a_page_of_another_site_builds_the_form_and_posts_it(site: Site, author: Elsewhere) -> None:
    script = """<p id=said></p><script>(async () => {
      const form = await (await fetch("URL.json")).json();
      const body = {...form.hidden, email: "fetch@exemple.fr", "relance-agreed": true};
      const sent = await fetch("URL", {method: "POST", body: JSON.stringify(body),
        headers: {"Content-Type": "application/json"}});
      said.textContent = (await sent.json()).thanks;
    })()</script>"""
    with visiting(site, author, "/js", script.replace("URL", f"{site.url}/f/jardin")) as page:
        expect(page.get_by_text("Nearly there.")).to_be_visible()
    assert site.names("fetch@exemple.fr")[-1] == "consent-requested"


@pytest.mark.browser
def test_a_copy_on_a_page_in_latin_1_that_forgot_its_charset_keeps_names(
    site: Site, author: Elsewhere
) -> None:
    plan = site.context.installation_stream.current().plan()
    copied = embed_html(plan, "direct", site.context.config.site)
    forgetful = copied.replace('accept-charset="utf-8"', "")
    with visiting(site, author, "/old", OLD + forgetful) as page:
        page.get_by_label("Votre adresse").fill("lukasz@exemple.fr")
        page.get_by_label("Prénom").fill("Łukasz Cœur d’Été")
        page.get_by_label("Oui").check()
        page.get_by_role("button", name="Go").click()
        page.wait_for_url(f"{author.url}/merci")
    assert site.fields("lukasz@exemple.fr") == {"first_name": "Łukasz Cœur d’Été"}


@pytest.mark.browser
def test_a_copy_with_its_script_keeps_its_visitors_on_the_page(
    site: Site, author: Elsewhere
) -> None:
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    copied = embed_html(plan, "jardin", own) + script_html()
    with visiting(site, author, "/script", f"<h1>Le blog</h1>{copied}") as page:
        page.get_by_label("Your e-mail address").fill("zoe@gmial.com")
        page.get_by_label(AGREES).check()
        page.get_by_role("button", name="Join").click()
        expect(page.get_by_role("alert")).to_contain_text("Did you mean zoe@gmail.com?")
        picture(page, "script-mistake")
        page.get_by_role("button", name="Join").click()
        expect(page.get_by_role("alert")).to_contain_text("Nearly there.")
        picture(page, "script-thanks")
        assert page.url == f"{author.url}/script?utm_source=blog"
    (entry,) = [e for e in site.entries("zoe@gmial.com") if isinstance(e.event, ConsentRequested)]
    kept = site.context.vault.evidence_of(site.stream("zoe@gmial.com"))[entry.cause.evidence]
    published = site.context.installation_stream.current()
    assert published.words[str(kept["form_digest"])] == embed_html(plan, "jardin", own)
    assert (kept["source"], kept["copied"], kept["timezone"]) == ("blog", True, "Europe/Paris")


@pytest.mark.browser
def test_where_the_answer_may_not_be_read_the_form_is_sent_as_any_other(
    site: Site, author: Elsewhere
) -> None:
    """Also where fields are called as what a script asks of a form."""
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    clobbering = "<input type=hidden name=submit><input type=hidden name=action></form>"
    copied = embed_html(plan, "simple", own).replace("</form>", clobbering) + script_html()
    with visiting(site, author, "/blocked", copied) as page:
        page.get_by_label("Votre adresse").fill("bloquee@exemple.fr")
        page.get_by_label("Oui").check()
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_role("heading", name="Merci")).to_be_visible()
        assert page.url == f"{site.url}/f/simple/thanks"
    assert site.names("bloquee@exemple.fr").count("list-joined") == 1
    assert not site.person("bloquee@exemple.fr").requests


def test_a_copy_without_a_script_is_smaller_than_three_kilobytes_besides_its_words(
    site: Site,
) -> None:
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    for name in plan.forms:
        copied = embed_html(plan, name, own)
        assert "<script" not in copied
        assert len(copied.encode()) - len(notice_text(plan, name).encode()) < 3072, name


def test_a_copy_says_where_its_visitors_come_from(site: Site) -> None:
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    named = {"source": 'rad"io', "campaign": "mai & juin"}
    copied = embed_html(plan, "jardin", own, **named)
    assert 'name="relance-source" value="rad&#34;io"' in copied
    assert 'name="relance-campaign" value="mai &amp; juin"' in copied
    frame = frame_html(plan, "jardin", own, **named)
    assert "/f/jardin?utm_source=rad%22io&amp;utm_campaign=mai+%26+juin" in frame


def snippet(site: Site, *words: str) -> int:
    parser = argparse.ArgumentParser()
    form_arguments(parser)
    return form(site.context, parser.parse_args(["snippet", *words]))


def test_the_command_line_prints_what_to_paste(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    assert snippet(site, "jardin") == 0
    assert capsys.readouterr() == (embed_html(plan, "jardin", own), "")
    assert snippet(site, "jardin", "--as=script", "--source=radio") == 0
    assert (
        capsys.readouterr().out == embed_html(plan, "jardin", own, source="radio") + script_html()
    )
    assert snippet(site, "simple", "--as=frame") == 0
    printed = capsys.readouterr()
    assert printed.out == frame_html(plan, "simple", own) and "aucun site" in printed.err
    with pytest.raises(UserError, match="jardin"):
        snippet(site, "jardim")


def test_a_program_that_pastes_by_itself_gets_it_as_text(site: Site) -> None:
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    copied, framed = embed_html(plan, "jardin", own), frame_html(plan, "jardin", own)
    for kind, pasted in (("", copied), ("script", copied + script_html()), ("frame", framed)):
        answer = site.client.get("/f/jardin/embed.txt", params={"as": kind})
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text == pasted


STAND_IN = """<?php
define("ABSPATH", "/");
define("MINUTE_IN_SECONDS", 60);
$kept = $asked = $registered = [];
function add_action($hook, $act) { $act(); }
function add_shortcode($name, $render) { global $registered; $registered["shortcode"] = $render; }
function wp_register_script(...$what) {}
function wp_add_inline_script($handle, $code) { global $registered; $registered["editor"] = $code; }
function register_block_type($name, $block) { global $registered; $registered["block"] = $block; }
function sanitize_key($key) { return preg_replace("/[^a-z0-9_-]/", "", strtolower($key)); }
function sanitize_text_field($text) { return is_string($text) ? trim(strip_tags($text)) : ""; }
function wp_unslash($text) { return is_string($text) ? stripslashes($text) : $text; }
function esc_attr($text) { return htmlspecialchars($text, ENT_QUOTES); }
function esc_html($text) { return htmlspecialchars($text, ENT_QUOTES); }
function esc_url($text) { return htmlspecialchars($text, ENT_QUOTES); }
function get_transient($name) { global $kept; return $kept[$name] ?? false; }
function set_transient($name, $value, $seconds) { global $kept; $kept[$name] = $value; }
function wp_remote_get($url, $options) {
  global $asked;
  $asked[] = $url;
  $body = @file_get_contents($url);
  return ["code" => $body === false ? "" : 200, "body" => (string) $body];
}
function wp_remote_retrieve_response_code($answer) { return $answer["code"]; }
function wp_remote_retrieve_body($answer) { return $answer["body"]; }
$_GET = ["utm_source" => '"><b>radio', "utm_campaign" => ["x"]];
require $argv[1];
$render = $registered["block"]["render_callback"];
$pages = array_map($render, [
  ["form" => "jardin"], ["form" => "jardin"], ["form" => "jardin", "as" => "frame"],
  ["form" => "none"], ["form" => ""], ["form" => "jardin", "as" => "<b>"],
]);
echo json_encode([$pages, $asked, $registered["editor"], $registered["shortcode"] === $render]);
"""
"""What the plugin calls of WordPress."""


@pytest.mark.skipif(shutil.which("php") is None, reason="no PHP on this machine")
def test_the_plugin_of_the_wordpress_page_shows_what_is_published(
    site: Site, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "wordpress.md").read_text()
    code = page.partition("```php\n")[2].partition("```")[0]
    plugin, stand_in = tmp_path / "relance-form.php", tmp_path / "stand-in.php"
    plugin.write_text(code.replace("https://lettres.example.org", site.url))
    stand_in.write_text(STAND_IN)
    call = ["php", "-d", "error_reporting=E_ALL", str(stand_in), str(plugin)]
    ran = subprocess.run(call, capture_output=True, text=True, timeout=30, check=True)
    pages, asked, editor, is_shortcode = json.loads(ran.stdout)
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    copied = embed_html(plan, "jardin", own).replace(
        'name="relance-source" value=""', 'name="relance-source" value="&quot;&gt;radio"'
    )
    assert pages[:2] == [copied, copied] and is_shortcode
    assert pages[2] == frame_html(plan, "jardin", own)
    assert pages[3:] == [f'<p><a href="{site.url}/f/none">{site.url}/f/none</a></p>', "", ""]
    paths = ["jardin/embed.txt?as=html", "jardin/embed.txt?as=frame", "none/embed.txt?as=html"]
    assert asked == [f"{site.url}/f/{path}" for path in paths]
    with browsing() as browser:
        assert browser.evaluate("code => typeof new Function(code)", editor) == "function"


@pytest.mark.browser
def test_a_frame_is_as_high_as_what_it_shows(site: Site, author: Elsewhere) -> None:
    """Without the script beside it, as on a telephone, with room for a heading of two lines."""
    plan, own = site.context.installation_stream.current().plan(), site.context.config.site
    frames = {
        name: frame_html(plan, name, own).partition("<script>") for name in ("jardin", "direct")
    }
    with browsing(width=360) as page:
        for name, (frame, tag, script) in frames.items():
            for html in (frame, frame + tag + script):
                author.pages["/high"] = html.replace(own.url, site.url)
                page.goto(f"{author.url}/high")
                page.frame_locator("iframe").get_by_role("button").wait_for()
                inside = page.frames[-1].evaluate("document.body.offsetHeight")
                if html == frame:
                    assert inside <= page.frames[-1].evaluate("innerHeight") <= inside + 250
                else:
                    expect(page.locator("iframe")).to_have_attribute("height", str(inside))
            picture(page, f"frame-{name}")
