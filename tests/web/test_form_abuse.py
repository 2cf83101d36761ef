"""A form cannot be made a weapon (G12): however often, from wherever and by whatever it is posted,
and the sender of a flood learns nothing.
"""

from __future__ import annotations

import html
import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.intake.forms import AGREED, STAMP
from engine.letter.link_token import CONFIRM, NOT_ME
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.metrics import exposition
from engine.subscriber.agenda import acts
from engine.subscriber.commands import Perform, Withdraw
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.web import forms, limits
from engine.web.limits import Limits, Pace
from engine.web.page_signatures import OLDEST_STAMP, make_stamp, stamped_at
from engine.web.request import neighbourhood
from tests.running_installation import Installations
from tests.sizes import sized
from tests.web.correspondence import press
from tests.web.garden import GARDEN
from tests.web.visiting import Site, behind_a_proxy, nonceless, visited

VICTIM = "victime@exemple.fr"
FLOOD = sized(100, 300)
THANKS = "Presque fini"
GOOD = {"jardin": "Un balcon"}


@pytest.fixture
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, GARDEN) as made:
        yield made


@pytest.fixture
def direct(installations: Installations) -> Iterator[Site]:
    with installations.made(GARDEN) as context, visited(context) as made:
        yield made


@pytest.fixture(scope="module")
def shared(installations: Installations) -> Iterator[Site]:
    """For what leaves nothing behind."""
    with behind_a_proxy(installations, GARDEN) as made:
        yield made


def later(site: Site, hours: int) -> None:
    """As if everything that was counted had happened that much earlier."""
    with site.context.database.connection() as connection:
        connection.execute("UPDATE desk.attempt SET at = at - %s * interval '1 hour'", (hours,))


def requests(site: Site, address: str) -> int:
    return site.names(address).count("consent-requested")


def counted(site: Site) -> list[tuple[str, int]]:
    with site.context.database.connection() as connection:
        return connection.execute("SELECT key, count(*) FROM desk.attempt GROUP BY key").fetchall()


@pytest.mark.slow
def test_a_flood_for_one_victim_from_everywhere_at_once_asks_them_once_for_each_purpose(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MIN_FLOOD", FLOOD * 2)
    forms = itertools.cycle(
        [
            ("inscription", {"jardin": "Un balcon"}),
            ("inscription", {"jardin": "Un « grand » potager"}),
            ("offres", {}),
        ]
    )
    posts = list(itertools.islice(forms, FLOOD))
    with ThreadPoolExecutor(16) as many:
        pages = list(many.map(lambda each: site.post(each[0], each[1] | {"email": VICTIM}), posts))
    assert {page.status_code for page in pages} == {200}
    assert set(site.person(VICTIM).requests) == {"conseils", "offres"}
    plan, now = site.context.installation_stream.current().plan(), site.context.clock.now()
    assert {
        key: act.letter for key, act in acts(site.person(VICTIM), plan).items() if act.due <= now
    } == {"ask:conseils": "ask", "ask:offres": "ask"}
    site.asked(VICTIM)
    site.post("simple", {"email": VICTIM})
    assert acts(site.person(VICTIM), plan)["ask:conseils"].due > now + 6 * 86_400_000


def test_an_address_is_asked_for_one_purpose_once_a_day_and_three_times_a_month(site: Site) -> None:
    days = []
    for day in range(31):
        site.context.clock.jump(8 * 86_400_000)
        before = requests(site, VICTIM)
        for _ in range(2):
            assert THANKS in site.post("inscription", GOOD | {"email": VICTIM}).text
        if requests(site, VICTIM) > before:
            assert requests(site, VICTIM) == before + 1
            days.append(day)
        later(site, 24)
    assert days == [0, 1, 2, 30]


def test_what_is_asked_for_besides_on_the_same_day_is_confirmed_by_the_mail_that_has_left(
    site: Site,
) -> None:
    site.post("inscription", GOOD | {"email": VICTIM})
    letter = site.asked(VICTIM)
    site.post("simple", {"email": VICTIM})
    site.confirm(letter)
    assert site.lists(VICTIM) == {30, 31} and not site.person(VICTIM).requests


def test_the_page_names_all_that_one_press_confirms(site: Site) -> None:
    """A stranger may have added to what the person asked for: they see it before they press."""
    site.post("inscription", GOOD | {"email": VICTIM})
    letter = site.asked(VICTIM)
    page = f"/l/{letter.token(CONFIRM)}"
    assert "Un balcon" not in site.client.get(page).text
    site.post("inscription", {"email": VICTIM, "jardin": "Un « grand » potager"})
    site.post("simple", {"email": VICTIM})
    assert "Le potager · Un balcon · Un « grand » potager" in html.unescape(
        site.client.get(page).text
    ).replace("\xa0", " ")
    site.confirm(letter)
    assert site.lists(VICTIM) == {30, 31, 32}


def test_the_time_an_answer_takes_tells_nobody_who_is_known(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is there already, or may not be asked, is nothing to write down; somebody unknown
    is.
    """
    site.post("inscription", GOOD | {"email": VICTIM})
    site.confirm(site.asked(VICTIM))
    monkeypatch.setattr(forms, "MIN_ANSWER_SECONDS", 0.6)
    for address in (VICTIM, "inconnue@exemple.fr"):
        begun = time.monotonic()
        assert THANKS in site.post("inscription", GOOD | {"email": address}).text
        assert time.monotonic() - begun >= 0.6


def test_a_second_purpose_on_the_same_day_has_a_mail_of_its_own(site: Site) -> None:
    site.post("inscription", GOOD | {"email": VICTIM})
    site.post("offres", {"email": VICTIM})
    assert set(site.person(VICTIM).requests) == {"conseils", "offres"}


def test_who_confirmed_and_left_and_comes_back_on_the_same_day_is_asked_again(site: Site) -> None:
    for n in range(4):
        site.post("inscription", GOOD | {"email": VICTIM})
        assert requests(site, VICTIM) == n + 1
        site.confirm(site.asked(VICTIM))
        site.context.clock.jump(60_000)
        site.command(VICTIM, Withdraw(site.context.clock.now(), Cause("click"), "conseils"))
        site.context.clock.jump(60_000)


def test_who_says_that_it_was_not_them_does_not_thereby_let_the_next_mail_through(
    site: Site,
) -> None:
    site.post("inscription", GOOD | {"email": VICTIM})
    press(site.client, site.asked(VICTIM).token(NOT_ME))
    for _ in range(2):
        site.context.clock.jump(60_000)
        site.post("inscription", GOOD | {"email": VICTIM})
    assert requests(site, VICTIM) == 1
    later(site, 25)
    site.post("inscription", GOOD | {"email": VICTIM})
    press(site.client, site.asked(VICTIM).token(NOT_ME))
    site.context.clock.jump(60_000)
    site.post("inscription", GOOD | {"email": VICTIM})
    assert requests(site, VICTIM) == 2 and not site.person(VICTIM).requests


def test_who_gets_no_mail_by_it_is_not_counted(site: Site) -> None:
    site.post("inscription", GOOD | {"email": VICTIM})
    site.confirm(site.asked(VICTIM))
    for _ in range(3):
        site.post("inscription", GOOD | {"email": VICTIM})
    assert requests(site, VICTIM) == 1
    site.post("inscription", {"email": VICTIM, "jardin": "Un « grand » potager"})
    assert requests(site, VICTIM) == 2


def test_one_neighbourhood_posts_thirty_times_an_hour(site: Site) -> None:
    answers = [
        site.post("simple", {"email": f"p{n}@exemple.fr"}, visitor=f"203.0.113.{n}")
        for n in range(33)
    ]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * 3
    assert (
        len(set(map(nonceless, answers[:30]))) == 1
        and "dans une heure" in answers[30].text
        and 'value="p30@exemple.fr"' in answers[30].text
    )
    assert sum(bool(site.stream(f"p{n}@exemple.fr")) for n in range(33)) == 30
    site.post("simple", {"email": "voisin@exemple.fr"}, visitor="203.0.112.1")
    assert site.lists("voisin@exemple.fr") == {30}
    later(site, 2)
    site.post("simple", {"email": "tard@exemple.fr"}, visitor="203.0.113.1")
    assert site.lists("tard@exemple.fr") == {30}


def test_copied_forms_which_carry_no_render_time_have_a_third_of_that(site: Site) -> None:
    for n in range(12):
        data = {"email": f"c{n}@exemple.fr", AGREED: "yes"}
        answer = site.client.post(
            "/f/simple", data=data, headers={"X-Forwarded-For": "2001:db8:1:2::9"}
        )
        assert answer.status_code == (200 if n < 10 else 429)
    assert sum(bool(site.stream(f"c{n}@exemple.fr")) for n in range(12)) == 10
    site.post("simple", {"email": "page@exemple.fr"}, visitor="2001:db8:1:2:ffff::1")
    assert site.lists("page@exemple.fr") == {30}


def test_what_a_visitor_says_of_itself_is_believed_from_our_proxies_only(direct: Site) -> None:
    for n in range(32):
        direct.post("simple", {"email": f"d{n}@exemple.fr"}, visitor=f"198.51.{n}.1")
    assert sum(bool(direct.stream(f"d{n}@exemple.fr")) for n in range(32)) == 30
    kept = direct.context.vault.evidence_of(direct.stream("d0@exemple.fr"))
    assert {each["ip"] for each in kept.values() if "ip" in each} == {"127.0.0.1"}


def test_what_a_flood_over_all_forms_asks_for_is_held_and_leaves_later_and_the_status_counts_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MIN_FLOOD", 3)
    monkeypatch.setattr(limits, "MAX_HELD", 5)
    before = site.context.clock.now()
    pages = [
        site.post("simple" if n % 2 else "inscription", GOOD | {"email": f"f{n}@exemple.fr"})
        for n in range(9)
    ]
    assert [page.status_code for page in pages] == [200] * 8 + [
        503
    ] and "envoyer à nouveau dans un instant" in pages[8].text
    assert [bool(site.stream(f"f{n}@exemple.fr")) for n in range(9)] == [True] * 8 + [False]
    held = [site.person(f"f{n}@exemple.fr") for n in range(3, 8)]
    assert all(not person.memberships for person in held)
    plan = site.context.installation_stream.current().plan()
    dues = [acts(person, plan)["ask:conseils"].due - before for person in held]
    assert [round(due / 3_600_000) for due in dues] == [1, 1, 1, 2, 2]
    (finding,) = [each for each in findings(gather(site.context)) if each.code == "forms-held"]
    assert (finding.values["n"], finding.level) == (5, "stuck") and 6000 < cast(
        float, finding.values["until"]
    ) <= 7200
    assert b"relance_forms_held 5.0" in exposition(gather(site.context))
    site.context.clock.jump(3_600_000 + 60_000)
    now = site.context.clock.now()
    assert isinstance(
        site.command(
            "f3@exemple.fr", Perform(now, Cause("engine"), "ask:conseils", "0" * 32, "test")
        ).outcome,
        Done,
    )
    later(site, 3)
    assert not [each for each in findings(gather(site.context)) if each.code == "forms-held"]
    site.post("simple", {"email": "calme@exemple.fr"})
    assert site.lists("calme@exemple.fr") == {30}


def test_a_busy_house_may_be_five_times_as_busy_as_usual(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MIN_FLOOD", 1)
    with site.context.database.connection() as connection:
        connection.execute(
            "INSERT INTO desk.attempt SELECT 'forms', clock_timestamp() - interval '3 hours' FROM"
            " generate_series(1, 23)"
        )
    calm = Limits(site.context.desk, site.context.secrets.pepper)
    assert [calm.is_calm() for _ in range(7)] == [True] * 5 + [False] * 2


def test_a_limit_is_exact_for_many_at_the_same_moment(direct: Site) -> None:
    counted_by, together = (
        Limits(direct.context.desk, direct.context.secrets.pepper),
        threading.Barrier(10),
    )

    def ask(address: str) -> bool:
        together.wait(20)
        return counted_by.may_ask(address)

    with ThreadPoolExecutor(10) as many:
        for n in range(12):
            assert sum(many.map(ask, [f"e{n}@exemple.fr"] * 10)) == 1


def test_what_is_counted_names_nobody(site: Site) -> None:
    site.post("inscription", GOOD | {"email": VICTIM}, visitor="203.0.113.9")
    keys = dict(counted(site))
    assert len(keys) == 3 and keys.pop("forms") == 1
    for key in keys:
        assert key.startswith(("ask:", "post:")) and len(key.partition(":")[2]) == 32
        assert "203.0.113" not in key and "victime" not in key


def test_whoever_fills_every_input_is_asked_to_send_the_form_again_and_counted(site: Site) -> None:
    for n in range(2):
        robot = site.post(
            "inscription", GOOD | {"email": "robot@exemple.fr", "website": "https://spam.example"}
        )
        assert (
            robot.status_code == 422
            and "champ que personne ne voit" in robot.text
            and "spam.example" not in robot.text
        )
        assert 'value="robot@exemple.fr"' in robot.text and not site.stream("robot@exemple.fr")
        assert gather(site.context).form_traps == n + 1
    assert b"relance_form_traps 2.0" in exposition(gather(site.context))


def test_a_form_that_a_browser_filled_in_at_once_is_taken_and_confirmed_by_mail(site: Site) -> None:
    assert site.post("inscription", GOOD | {"email": VICTIM}, age=0.2).status_code == 200
    assert site.post("simple", {"email": "vite@exemple.fr"}, age=0.2).status_code == 200
    assert [
        requests(site, VICTIM),
        requests(site, "vite@exemple.fr"),
        len(site.lists("vite@exemple.fr")),
    ] == [1, 1, 0]


def test_a_quick_post_with_a_mistake_is_told_the_mistake(site: Site) -> None:
    answer = site.post("inscription", {"email": "x@", "jardin": ""}, age=0.2)
    assert (
        answer.status_code == 422
        and "pas complète" in answer.text
        and "Merci de choisir" in answer.text
    )


def test_of_forms_sent_in_no_time_one_neighbourhood_posts_as_many_as_of_copied_ones(
    site: Site,
) -> None:
    answers = [
        site.post("simple", {"email": f"q{n}@exemple.fr"}, age=0.2, visitor="203.0.113.5")
        for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


@pytest.mark.parametrize(
    "age", [OLDEST_STAMP / 1000 + 60, -3600], ids=["a day later", "in the future"]
)
def test_a_form_sent_too_late_is_shown_again_filled_in(shared: Site, age: float) -> None:
    answer = shared.post("inscription", GOOD | {"email": VICTIM, "first_name": "Léa"}, age=age)
    assert answer.status_code == 422 and "longtemps" in answer.text
    assert (
        f'value="{VICTIM}"' in answer.text
        and 'value="Léa"' in answer.text
        and 'value="Un balcon" required checked' in answer.text
    )
    assert not shared.stream(VICTIM)


@pytest.mark.parametrize(
    "stamp",
    ["x", "1.2", "99999999999999999999.0", "-1.a", "1795319237528." + "0" * 32, "²." + "é" * 32],
)
def test_a_forged_render_time_is_none(shared: Site, stamp: str) -> None:
    answer = shared.post("inscription", GOOD | {"email": VICTIM, STAMP: stamp})
    assert answer.status_code == 422 and not shared.stream(VICTIM)


def test_a_render_time_is_good_for_its_form_its_words_and_its_house_alone() -> None:
    stamp = make_stamp(b"k" * 32, "a", "words", 5)
    assert stamped_at(b"k" * 32, "a", "words", stamp) == 5
    for key, form, words in (
        (b"x" * 32, "a", "words"),
        (b"k" * 32, "b", "words"),
        (b"k" * 32, "a", "others"),
    ):
        assert stamped_at(key, form, words, stamp) is None
    assert stamped_at(b"k" * 32, "a", "words", stamp.replace("5.", "6.")) is None


@pytest.mark.parametrize(
    ("visitor", "place"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_a_neighbourhood_is_what_one_line_or_one_host_usually_has(visitor: str, place: str) -> None:
    assert neighbourhood(visitor) == place


def test_calls_are_paced_by_the_minute() -> None:
    now = [0.0]
    pace = Pace(2, lambda: now[0])
    assert [pace.wait("a"), pace.wait("a"), pace.wait("b")] == [0, 0, 0]
    now[0] = 20
    assert pace.wait("a") == 40
    now[0] = 60.5
    assert pace.wait("a") == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"email=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "text/plain", 422),
        (b"", "multipart/form-data", 400),
        (b"--b\r\nnonsense", "multipart/form-data; boundary=b", 422),
        (b"%ff%fe=%00&email=%C3", "application/x-www-form-urlencoded", 422),
        (b"&".join(b"a%d=1" % n for n in range(200)), "application/x-www-form-urlencoded", 400),
    ],
    ids=["too large", "plain text", "no boundary", "broken parts", "no UTF-8", "too many inputs"],
)
def test_a_body_that_is_no_form_is_refused_politely(
    shared: Site, body: bytes, kind: str, status: int
) -> None:
    answer = shared.client.post("/f/inscription", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


POSTED = st.dictionaries(
    st.sampled_from(
        ["email", "first_name", "jardin", AGREED, STAMP, "relance-shown", "timezone", "website"]
    )
    | st.text(max_size=8),
    st.text(max_size=60) | st.sampled_from(["a@b.fr", "Un balcon", "Europe/Paris", "yes"]),
    max_size=9,
)


@settings(
    max_examples=sized(15, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(posted=POSTED)
def test_whatever_is_posted_is_answered_and_nothing_breaks(
    shared: Site, posted: dict[str, str]
) -> None:
    clean = {
        k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode()
        for k, v in posted.items()
    }
    assert shared.client.post("/f/inscription", data=clean).status_code in (200, 422)
