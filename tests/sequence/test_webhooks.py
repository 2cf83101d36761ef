"""What a `[[webhook]]` says when it is read, and which of its rules a fact meets."""

from __future__ import annotations

import pytest

from engine.sequence.webhooks import OCCASIONS, WEBHOOK_KINDS, Webhook, WebhookRule, occasions_of
from tests.sequence.test_bad_values import DIALOGUE, SETTINGS, told

HEAD = '[[webhook]]\nname = "b"\nfrom = "stripe"\nsecret_file = "s"\n'
DO = f"{HEAD}[[webhook.do]]\n"
LISTS = """title = "Clients"
purpose = "conseils"

[[list]]
id = 77
name = "clients"

[[form]]
name = "anciens"
title = "Anciens clients"
list = 78
checkbox = "Oui"
notice = "Nous gardons votre adresse."

[[list]]
id = 78
name = "anciens"
ends = { leave = true }

"""
RULES = (
    WebhookRule(on="purchase", then="join", products=("livre", "semis"), list=10),
    WebhookRule(on="purchase", then="join", list=11),
    WebhookRule(on="refund", then="leave", list=10),
)


def fatal(more: str) -> list[str]:
    """What is told of a dialogue with this besides."""
    return [mistake.text for mistake in told(SETTINGS, f"{DIALOGUE}{more}") if mistake.fatal]


def test_the_first_rule_that_is_met_counts() -> None:
    webhook = Webhook("b", "stripe", rules=RULES)
    assert webhook.rule_for("purchase", ("autre", "semis")) == RULES[0]
    assert webhook.rule_for("purchase", ("autre",)) == RULES[1]
    assert webhook.rule_for("purchase", ()) == RULES[1]
    assert webhook.rule_for("refund", ()) == RULES[2]
    assert webhook.rule_for("booking", ()) is None


def test_a_purchase_is_no_consent() -> None:
    assert RULES[0].basis == "service"
    assert WebhookRule(on="purchase", then="join", objection="Non ?").basis == "soft-optin"


def test_each_kind_tells_something() -> None:
    told_of = {kind: occasions_of(kind) for kind in WEBHOOK_KINDS}
    assert all(told_of.values())
    assert frozenset[str]().union(*told_of.values()) == set(OCCASIONS)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (HEAD + HEAD, 'two webhooks "b"'),
        (HEAD.replace("secret_file", "#"), "`secret_file` is missing"),
        (HEAD.replace("from", "#"), "`from` is missing"),
        (f"{HEAD}colour = 3\n", "`colour`"),
        (f'{HEAD}[webhook.fields]\nid = "/a"\n', 'only a webhook from "generic"'),
        (f"{DO}join = 10\n", "`on` is missing"),
        (f'{DO}on = "purchase"\n', "exactly one of"),
        (f'{DO}on = "purchase"\njoin = 10\nleave = 11\n', "exactly one of"),
        (f'{DO}on = "purchase"\nmove = 10\n', "exactly one of"),
        (f'{DO}on = "purchase"\njoin = 10\nfrom = 11\n', "exactly one of"),
        (f'{DO}on = "purchase"\nnothing = false\n', "exactly one of"),
        (f'{HEAD}api_key_file = "k"\n', "`api_key_file` is for helloasso, sumup"),
        (f'{DO}on = "refund"\njoin = 10\nobjection = "Non ?"\n', "only then"),
        (
            f'{DO}on = "bounce"\njoin = 10\n'.replace("stripe", "ses"),
            "nobody joins a list by a bounce",
        ),
        (
            f'{DO}on = "bounce"\nproduct = ["livre"]\nleave = 10\n'.replace("stripe", "ses"),
            "a bounce is about no product",
        ),
    ],
)
def test_what_no_webhook_can_mean_is_told(more: str, sentence: str) -> None:
    mistakes = fatal(more)
    assert len(mistakes) == 1 and sentence in mistakes[0], mistakes


@pytest.mark.parametrize(
    "more",
    [
        f'{DO}on = "purchase"\nnothing = true\n',
        HEAD.replace("stripe", "sumup").replace("secret_file", "# "),
        HEAD.replace("stripe", "helloasso") + 'api_key_file = "k"\n',
        HEAD.replace('"s"', '["s", "new"]'),
    ],
)
def test_what_is_meant_is_read(more: str) -> None:
    assert fatal(more) == []


def test_a_list_is_entered_and_left_by_a_webhook() -> None:
    def doubts(more: str) -> int:
        texts = [mistake.text for mistake in told(SETTINGS, f"{LISTS}{more}")]
        return sum("leads to" in text or "nobody can leave" in text for text in texts)

    assert doubts("") == 2
    assert doubts(f'{DO}on = "purchase"\njoin = 77\n') == 1
    assert doubts(f'{DO}on = "refund"\nleave = 77\n') == 1
    assert doubts(f'{DO}on = "purchase"\nmove = 78\nfrom = 77\n') == 1
