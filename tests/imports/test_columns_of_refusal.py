"""No refusal of an export comes in as a consent: what headings, cells and names of files say, and
what is asked before anybody is brought in.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.in_words import in_english
from engine.imports import agreement_words
from engine.imports.agreement import (
    Cell,
    Heading,
    cell_of,
    file_speaks,
    heading_of,
    may_speak_aloud,
    speaks_aloud,
)
from engine.imports.columns import Place
from engine.imports.rows import COLLECTED, DATED, Arrival, Departure, ImportDefaults, read_row
from engine.imports.scan import ColumnsRefused, Scan, meanings_to_be_said, scan
from engine.imports.table import Rejected, Row, TableRefused, first_look, open_table
from engine.intake.instants import DateOrder
from tests.telling import telling

NOW = 1_790_000_000_000  # 2026-09-21
SAID = ImportDefaults(
    10, NOW, "Europe/Paris", "salon", 1_600_000_000_000, "consent", fields=("first_name",)
)

# Exports of nine programs: who agreed, who refused, who is neither, and what an operator says to
# bring them in.
MAILCHIMP = """Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,\
UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID
yes@x.example,Y,2,2020-05-01 10:00:01,192.0.2.1,2020-05-01 10:01:00,192.0.2.1,,,,1
no@x.example,N,2,2019-05-01 10:00:00,192.0.2.1,2019-05-01 10:00:00,192.0.2.1,\
2020-02-02 02:02:02,Mars,NORMAL,2
"""
KLAVIYO = """Email,Klaviyo ID,Email Marketing Consent,\
Email Marketing Consent Timestamp,Email Suppressions
yes@x.example,1,SUBSCRIBED,2022-03-04T05:06:07+00:00,
no@x.example,2,UNSUBSCRIBED,2022-03-04T05:06:07+00:00,USER_SUPPRESSED
not@x.example,3,NEVER_SUBSCRIBED,,
"""
MAILPOET = """Email,First name,List,List status,Global status,Subscribed at
yes@x.example,M,News,subscribed,subscribed,2021-02-03 04:05:06
no@x.example,M,News,unsubscribed,unsubscribed,2021-02-03 04:05:06
not@x.example,M,News,subscribed,inactive,2021-02-03 04:05:06
"""
GHOST = """id,email,name,note,subscribed_to_emails,complimentary_plan,created_at,deleted_at,labels
a1,yes@x.example,G,stop by the shop,true,false,2022-01-05T11:12:13.000Z,,Early
a2,no@x.example,G,,false,false,2022-02-05T11:12:13.000Z,,
"""
LISTMONK = """uuid,email,name,attributes,status,created_at
1,yes@x.example,L,{},enabled,2022-01-05T11:12:13Z
2,no@x.example,L,{},blocklisted,2022-01-05T11:12:13Z
3,not@x.example,L,{},disabled,2022-01-05T11:12:13Z
"""
SENDY = """Name,Email,Status,Last activity
S,yes@x.example,Active,3 days ago
S,no@x.example,Marked as spam,
S,not@x.example,Soft bounced,
"""
MAILJET = """email,CreatedAt,IsExcludedFromCampaigns,IsUnsubscribed,UnsubscribedAt
yes@x.example,2022-01-05T11:12:13Z,false,false,
no@x.example,2022-01-05T11:12:13Z,true,true,2023-01-05T11:12:13Z
"""
HUBSPOT = """Record ID,Email,Unsubscribed from all email,\
Opted out of email: Marketing,Email hard bounce reason
1,yes@x.example,,,
2,no@x.example,true,true,
3,no2@x.example,,,UNKNOWN_USER
"""
SHOPIFY = """First Name,Email,Accepts Email Marketing,Accepts SMS Marketing,Total Orders,Tags
S,yes@x.example,yes,no,3,vip
S,no@x.example,no,no,1,
"""
MAILERLITE = """Subscriber,Status,Subscribed,Unsubscribed,Opens
yes@x.example,Active,2022-01-05 10:00:00,,3
no@x.example,Junk,2022-01-05 10:00:00,,0
no2@x.example,Unsubscribed,2022-01-05 10:00:00,2023-01-05 10:00:00,0
not@x.example,Unconfirmed,2022-01-05 10:00:00,,0
"""
PHPLIST = """email,confirmed,blacklisted,bouncecount,htmlemail
yes@x.example,1,0,0,1
no@x.example,1,1,0,1
"""
SUBSTACK = """Email,active_subscription,email_disabled,digest_enabled,created_at
yes@x.example,false,false,true,2022-01-05
no@x.example,false,true,true,2022-01-05
"""
FRENCH = """Prénom;Courriel;Désinscrit le;Accord RGPD
A;yes@x.example;;oui
B;no@x.example;02/03/2024;oui
C;no2@x.example;;non
"""


def table(folder: Path, text: str, name: str = "contacts.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def scanned(
    path: Path, mapping: Mapping[str, str] | None = None, order: DateOrder | None = None
) -> Scan:
    return scan(
        open_table(path, ("first_name", "timezone", "language", COLLECTED), mapping or {}),
        DATED,
        "Europe/Paris",
        order,
    )


def asked(path: Path, mapping: Mapping[str, str] | None = None) -> str:
    with pytest.raises(TableRefused) as refusal:
        scanned(path, mapping)
    return in_english(refusal.value.reason)


def fates(path: Path, mapping: dict[str, str], order: DateOrder | None = None) -> dict[str, str]:
    """Address -> what becomes of it."""
    opened = open_table(path, ("first_name",), mapping)
    found = scan(opened, (), "Europe/Paris", order)
    said = ImportDefaults(
        **{name: getattr(SAID, name) for name in SAID.__slots__} | {"judged": found.judged}
    )
    read = {
        row.values["email"]: read_row(row, said) for row in opened.rows() if isinstance(row, Row)
    }
    names = {Arrival: "arrives", Rejected: "rejected"}
    return {
        address: each.why if isinstance(each, Departure) else names[type(each)]
        for address, each in read.items()
    }


KIT = """email,first_name,state,created_at
yes@x.example,K,active,2023-01-02 10:00:00 UTC
no@x.example,K,cancelled,2023-01-02 10:00:00 UTC
no2@x.example,K,complained,2023-01-02 10:00:00 UTC
not@x.example,K,inactive,2023-01-02 10:00:00 UTC
"""
GETRESPONSE = """email,name,added on,status
yes@x.example,G,2022-01-01,active
no@x.example,G,2022-01-01,removed
"""
CONSTANT_CONTACT = """Email address,First name,Email permission status,\
Confirmed Opt-Out Date,Confirmed Opt-Out Reason
yes@x.example,C,Express,,
not@x.example,C,Implied,,
no@x.example,C,Unsubscribed,2022-01-01 10:00,too many
"""
SARBACANE = """Email;Nom;Statut;Date de désinscription;NPAI
yes@x.example;S;Actif;;
no@x.example;S;Désinscrit;13/02/2023;
no2@x.example;S;NPAI;;oui
"""

# A status in words beside a date, a digit for a status, consent that was never asked for, and lists
# without a word.
AWEBER = """Email,Name,Stop Status,Signup Date
yes@x.example,A,,2022-01-05 10:00:00
no@x.example,A,unsubscribed by subscriber,2022-01-05 10:00:00
"""
ACYMAILING = """email,name,status
yes@x.example,A,1
no@x.example,A,0
not@x.example,A,-1
"""
CYBERIMPACT = """Courriel,Prénom,Statut,Type de consentement,Preuve du consentement
yes@x.example,A,Abonné,Exprès,Formulaire
no@x.example,B,Désabonné,Exprès,Formulaire
not@x.example,C,Abonné,Tacite,
"""
KLAVIYO_LISTS = """Email,Email Marketing Consent,Email Suppressions,SMS Marketing Consent
yes@x.example,SUBSCRIBED,[],NEVER_SUBSCRIBED
no@x.example,SUBSCRIBED,['INVALID_EMAIL'],NEVER_SUBSCRIBED
"""
CLEANED = """Email Address,First Name,OPTIN_TIME,CONFIRM_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID
no@x.example,C,,2020-05-01 10:01:00,2021-01-01 01:01:01,Mai,1
"""
QUESTION = """Horodateur,Adresse e-mail,J'accepte de recevoir la lettre
05/01/2022 10:00:00,yes@x.example,Oui
05/01/2022 10:00:00,no@x.example,Non merci
"""
OF_OUR_OWN = """email;prenom;mailing;contactable
yes@x.example;A;oui;oui
no@x.example;B;non;non
"""

EXPORTS = [
    ("aweber", AWEBER, {"Stop Status": "unsubscribed"}),
    ("acymailing", ACYMAILING, {"status": "subscribed"}),
    ("cyberimpact", CYBERIMPACT, {"Statut": "unsubscribed", "Type de consentement": "subscribed"}),
    (
        "klaviyo's lists",
        KLAVIYO_LISTS,
        {"Email Suppressions": "unsubscribed", "SMS Marketing Consent": "ignore"},
    ),
    ("mailchimp's cleaned under another name", CLEANED, {"CLEAN_TIME": "unsubscribed"}),
    ("a question of a form", QUESTION, {"J'accepte de recevoir la lettre": "subscribed"}),
    ("a sheet of one's own", OF_OUR_OWN, {"mailing": "subscribed", "contactable": "ignore"}),
    ("kit", KIT, {"state": "unsubscribed"}),
    ("getresponse", GETRESPONSE, {"status": "unsubscribed"}),
    ("constant contact", CONSTANT_CONTACT, {"Email permission status": "subscribed"}),
    ("sarbacane", SARBACANE, {"Statut": "unsubscribed"}),
    ("mailchimp", MAILCHIMP, {"UNSUB_TIME": "unsubscribed"}),
    ("klaviyo", KLAVIYO, {"Email Marketing Consent": "subscribed"}),
    ("mailpoet", MAILPOET, {"Global status": "unsubscribed"}),
    ("ghost", GHOST, {"subscribed_to_emails": "subscribed"}),
    ("listmonk", LISTMONK, {"status": "unsubscribed"}),
    ("sendy", SENDY, {"Status": "subscribed"}),
    ("mailjet", MAILJET, {"UnsubscribedAt": "unsubscribed"}),
    (
        "hubspot",
        HUBSPOT,
        {"Unsubscribed from all email": "unsubscribed", "Email hard bounce reason": "unsubscribed"},
    ),
    (
        "shopify",
        SHOPIFY,
        {"Accepts Email Marketing": "subscribed", "Accepts SMS Marketing": "ignore"},
    ),
    ("mailerlite", MAILERLITE, {"Status": "unsubscribed", "Subscriber": "email"}),
    ("phplist", PHPLIST, {"blacklisted": "unsubscribed"}),
    ("substack", SUBSTACK, {"email_disabled": "unsubscribed", "active_subscription": "ignore"}),
    ("french", FRENCH, {"Désinscrit le": "unsubscribed", "Accord RGPD": "subscribed"}),
]


@pytest.mark.parametrize(("name", "text", "mapping"), EXPORTS, ids=[name for name, _, _ in EXPORTS])
def test_an_export_stops_until_its_columns_are_explained_and_then_nobody_comes_in_who_refused(
    tmp_path: Path, name: str, text: str, mapping: dict[str, str]
) -> None:
    path = table(tmp_path, text)
    fields = {column: field for column, field in mapping.items() if field == "email"}
    assert "may hold people who refused" in asked(path, fields)
    for address, fate in fates(path, mapping, "day-first").items():
        wanted = {"yes": {"arrives"}, "not": {"rejected"}}.get(
            address.partition("@")[0], {"unsubscribed", "bounced", "complained"}
        )
        assert fate in wanted, (address, fate)


def test_each_column_that_speaks_is_named_with_what_is_most_likely_meant(tmp_path: Path) -> None:
    said = asked(table(tmp_path, KLAVIYO))
    assert (
        "3 'Email Marketing Consent' (SUBSCRIBED ×1, UNSUBSCRIBED ×1, NEVER_SUBSCRIBED ×1), 5"
        " 'Email Suppressions'" in said
    )
    assert "--subscribed 'Email Marketing Consent' --unsubscribed 'Email Suppressions'" in said


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (KLAVIYO_LISTS, "--ignore 'SMS Marketing Consent'"),
        ("email,SMS_BLACKLISTED\na@x.example,true\n", "--ignore SMS_BLACKLISTED"),
        (ACYMAILING, "--subscribed status"),
        ("email,Opt-out \x1b[31m\na@x.example,1\n", "--unsubscribed 2"),
        (
            "email,Bounced Hard,Confirmed\na@x.example,1,Unconfirmed\n",
            "--unsubscribed 'Bounced Hard'",
        ),
    ],
)
def test_what_is_proposed_harms_nobody_who_copies_it(
    tmp_path: Path, text: str, options: str
) -> None:
    assert options in asked(table(tmp_path, text)).partition("Most likely: ")[2]


def test_a_column_is_asked_about_until_what_it_refuses_is_refused_anyway(tmp_path: Path) -> None:
    path = table(tmp_path, MAILPOET)
    assert "'Global status'" in asked(path, {"List status": "unsubscribed"})
    assert "'List status'" in asked(path, {"Global status": "ignore"})
    scanned(path, {"Global status": "unsubscribed"})
    scanned(path, {"Global status": "ignore", "List status": "ignore"})


@pytest.mark.parametrize(
    ("text", "mapping", "sentence"),
    [
        (GHOST, {"subscribed_to_emails": "unsubscribed"}, "say --subscribed subscribed_to_emails"),
        (MAILJET, {"IsUnsubscribed": "subscribed"}, "say --unsubscribed IsUnsubscribed"),
        (
            SHOPIFY,
            {"Accepts Email Marketing": "unsubscribed"},
            "say --subscribed 'Accepts Email Marketing'",
        ),
        (
            "email,subscription_status\na@x.example,true\n",
            {"subscription_status": "unsubscribed"},
            "say --subscribed subscription_status",
        ),
    ],
)
def test_a_yes_that_is_an_agreement_is_not_taken_for_a_refusal_nor_the_other_way_round(
    tmp_path: Path, text: str, mapping: dict[str, str], sentence: str
) -> None:
    assert sentence in asked(table(tmp_path, text), mapping)


def test_words_under_a_heading_of_status_mean_the_same_whichever_is_said(tmp_path: Path) -> None:
    path = table(
        tmp_path, "email,subscription_status\nyes@x.example,subscribed\nno@x.example,unsubscribed\n"
    )
    for meaning in ("subscribed", "unsubscribed"):
        assert fates(path, {"subscription_status": meaning}) == {
            "yes@x.example": "arrives",
            "no@x.example": "unsubscribed",
        }


@pytest.mark.parametrize(
    "text",
    [
        "email,note\na@x.example,stop by the shop\nb@x.example,called us; active in March\n",
        "email,status\na@x.example,client\nb@x.example,prospect\n",
        "email,State\na@x.example,NO\nb@x.example,OK\n",
        "email,commande\na@x.example,cancelled\nb@x.example,annulé\n",
        "email,Stop\na@x.example,Gare du Nord\n",
        "email,deleted_at,unsubscribed_at\na@x.example,,\nb@x.example,NULL,0000-00-00 00:00:00\n",
        "email,Subscription\na@x.example,Gold\nb@x.example,Silver\n",
        "email,Subscriber ID\na@x.example,1\nb@x.example,2\n",
        (
            "email,Subscribed"
            " at,OPTIN_IP\na@x.example,2020-01-01,192.0.2.1\nb@x.example,2020-01-02,192.0.2.1\n"
        ),
        "email,OPTIN_TIME,CONFIRM_TIME\na@x.example,,2020-01-01\nb@x.example,2020-01-01,2020-01-02\n",
        "email,Unsubscribe URL\na@x.example,https://x.example/u/1\n",
        "email,Lien\na@x.example,https://x.example/unsubscribe?id=1\n",
        "email,Last Active\na@x.example,2020-01-01\nb@x.example,\n",
        "email,Last Activity Date,Stage\na@x.example,2020-01-01,x\nb@x.example,,y\n",
        "email,Lettre,Mailing\na@x.example,A,A\nb@x.example,B,B\n",
        "email,Désinscrit le\na@x.example,\n",
        (
            "email,Note\na@x.example,colis retiré de la boutique ; enveloppes de"
            " mailing\nb@x.example,remove the old card; casino mail\n"
        ),
        "email,Point de retrait,Phone passed\na@x.example,oui,oui\n",
    ],
)
def test_columns_that_speak_of_something_else_stop_nobody(tmp_path: Path, text: str) -> None:
    scanned(table(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "email,note\na@x.example,\nb@x.example,désinscrite par téléphone\n",
        "email,Notes\na@x.example,Ne plus lui écrire\n",
        'email,TAGS\na@x.example,"""vip"",""unsubscribed"""\n',
        "email,divers\na@x.example,NEVER_SUBSCRIBED\n",
        "email,first_name,x\na@x.example,A,hard bounce\n",
        "a@x.example,unsubscribed\nb@x.example,\n",
        "email,Consent date\na@x.example,2020-01-01\nb@x.example,\n",
        "email,Newsletter\na@x.example,oui\nb@x.example,\n",
        "email,ÉTAT\na@x.example,Abonné\n",
        "email,status\na@x.example,1\nb@x.example,2\n",
        "E-Mail,Aktiviert,Deaktiviert\na@x.example,2022-01-01,\nb@x.example,2022-01-01,2023-01-01\n",
        "email,Baja\na@x.example,2020-01-01\n",
        "email,Abgemeldet\na@x.example,ja\n",
        "email,Uitgeschreven\na@x.example,\nb@x.example,x\n",
        "email,Disiscritto\na@x.example,no\n",
        "email,status\na@x.example,Unsubscribed via campaign\n",
        "email,OPTIN_TIME,CONFIRM_TIME\na@x.example,,\nb@x.example,,\n",
        "email,Date du consentement\na@x.example,\n",
        "email,Email address quarantined\na@x.example,true\nb@x.example,\n",
        "email,Newsletter\na@x.example,peut-être\nb@x.example,Non merci\n",
        "email,Souhaitez-vous recevoir nos nouvelles ?\na@x.example,Oui\nb@x.example,Non\n",
        "email,Acceptez-vous d'être contacté ?\na@x.example,1\nb@x.example,0\n",
        "email,Reçoit la lettre\na@x.example,Oui\nb@x.example,Non\n",
        "email,NL\na@x.example,1\nb@x.example,0\n",
        "email,Ne veut plus de mail\na@x.example,x\n",
        "email,Commentaire\na@x.example,a demandé à être retiré de la liste\n",
        "email,Commentaire\na@x.example,ne veut rien ; plus de mail\n",
        "email,tags\na@x.example,vip|no-mail\n",
        "email,Status\na@x.example,Aktywny\nb@x.example,Wypisany\n",
        "email,Tilstand\na@x.example,afmeldt\n",
        "email,Stav\na@x.example,Odhlášen\n",
        "email,Stare\na@x.example,dezabonat\n",
        "email,Статус\na@x.example,отписан\n",
        "email,状态\na@x.example,已退订\n",
        "email,Avregistrerad\na@x.example,2023-01-01\n",
        "email,Supprimé le\na@x.example,5 janvier 2024\n",
        "email,Cancel date\na@x.example,2023-05-05\n",
        "email,Abonné\na@x.example,✓\nb@x.example,✗\n",
        "email,timezone,OptOut\na@x.example,Mars,0\n",
    ],
)
def test_columns_that_speak_stop_the_import_in_any_language_spelling_and_place(
    tmp_path: Path, text: str
) -> None:
    assert "may hold people who refused" in asked(table(tmp_path, text))


def test_a_refusal_far_down_in_the_file_is_heard(tmp_path: Path) -> None:
    text = (
        "email,divers\n"
        + "".join(f"a{n}@x.example,{n}\n" for n in range(5000))
        + "b@x.example,unsubscribed\n"
    )
    assert "2 'divers'" in asked(table(tmp_path, text))


def test_among_free_words_only_refusals_count(tmp_path: Path) -> None:
    path = table(tmp_path, 'email,Tags\nyes@x.example,vip\nno@x.example,"vip, unsubscribed"\n')
    assert fates(path, {"Tags": "unsubscribed"}) == {
        "yes@x.example": "arrives",
        "no@x.example": "unsubscribed",
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unsubscribed_members_export_1.csv", "operator"),
        ("cleaned_members.csv", "bounced"),
        ("désinscrits.csv", "operator"),
        ("Désabonnés 2024.csv", "operator"),
        ("BOUNCES.txt", "bounced"),
        ("blacklist.csv", "operator"),
        ("STOP.csv", "operator"),
        ("spam-complaints.csv", "complained"),
        ("nonsubscribed_email.csv", "operator"),
        ("opt-out.csv", "operator"),
        ("ne-pas-contacter.csv", "operator"),
        ("mc-nonsub.csv", "operator"),
        ("Cancelled Subscribers.csv", "operator"),
        ("junk.csv", "operator"),
    ],
)
def test_the_name_of_a_file_speaks_as_well(tmp_path: Path, name: str, reason: str) -> None:
    path = table(tmp_path, "email\na@x.example\n", name)
    said = asked(path)
    assert "relance suppress" in said and f"--reason {reason}" in said
    assert file_speaks(name) == reason


@pytest.mark.parametrize(
    "name",
    [
        "contacts.csv",
        "subscribed_members_export.csv",
        "abonnés.csv",
        "casino mail.csv",
        "removed duplicates.csv",
    ],
)
def test_other_names_do_not(name: str) -> None:
    assert file_speaks(name) == ""


def test_the_members_of_a_file_so_named_come_in_where_its_columns_say_who_refused(
    tmp_path: Path,
) -> None:
    path = table(tmp_path, MAILCHIMP, "unsubscribed_and_others.csv")
    assert fates(path, {"UNSUB_TIME": "unsubscribed"}) == {
        "yes@x.example": "arrives",
        "no@x.example": "unsubscribed",
    }


def test_the_order_of_dates_is_that_of_the_whole_column(tmp_path: Path) -> None:
    path = table(tmp_path, "email,le\na@x.example,02/03/2024\nb@x.example,02/13/2024\n")
    assert scanned(path, {"le": COLLECTED}).orders == {COLLECTED: "month-first"}
    path = table(tmp_path, "email,le\na@x.example,02/03/2024\nb@x.example,03/04/2024\n")
    assert (
        "column 2 'le' can be read with the day or with the month first (line 2): say --date-order"
        in asked(path, {"le": COLLECTED})
    )
    assert scanned(path, {"le": COLLECTED}, "month-first").orders == {COLLECTED: "month-first"}
    path = table(tmp_path, "email,le\na@x.example,13/03/2024\nb@x.example,03/14/2024\n")
    assert "on line 2 the day comes first, on line 3 the month" in asked(path, {"le": COLLECTED})


def test_a_column_said_to_be_two_things_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, GHOST)
    with telling(TableRefused, "column 5 is said to be two things"):
        open_table(path, (), {"5": "ignore", "subscribed_to_emails": "subscribed"})


def test_a_column_to_be_ignored_is_no_field_either(tmp_path: Path) -> None:
    opened = open_table(
        table(tmp_path, "email,langue\na@x.example,?\n"), ("language",), {"langue": "ignore"}
    )
    assert opened.table.columns == {"email": 0}


@pytest.mark.parametrize(
    ("heading", "says"),
    [
        ("Désinscrit le", Heading.LOG),
        ("opted_out", Heading.REFUSAL),
        ("IsExcludedFromCampaigns", Heading.REFUSAL),
        ("Non abonné", Heading.REFUSAL),
        ("email_disabled", Heading.REFUSAL),
        ("deleted_at", Heading.REFUSAL_HINT),
        ("subscribed_to_emails", Heading.AGREEMENT),
        ("Consentement", Heading.AGREEMENT),
        ("OPTIN_TIME", Heading.AGREEMENT_HINT),
        ("Newsletter", Heading.AGREEMENT_HINT),
        ("Global status", Heading.STATUS),
        ("Tags", Heading.NOTES),
        ("Ville", Heading.PLAIN),
        ("Options in stock", Heading.PLAIN),
    ],
)
def test_a_heading_says_what_its_column_is_about(heading: str, says: Heading) -> None:
    assert heading_of(heading) is says
    assert heading_of(heading.upper() if "_" in heading else heading) is says


@given(st.text(max_size=60))
def test_whatever_a_cell_or_a_heading_holds_is_judged(text: str) -> None:
    assert heading_of(text) in Heading
    assert cell_of(text) in Cell
    assert may_speak_aloud(text) or not speaks_aloud(text) or "." in text
    assert file_speaks(text) in ("", "operator", "bounced", "complained")


@pytest.mark.parametrize("words", agreement_words.CELLS.values(), ids=agreement_words.CELLS)
def test_no_word_that_is_heard_is_passed_over_in_a_quick_look(words: str) -> None:
    assert [
        word
        for word in words.split()
        if speaks_aloud(word) and not may_speak_aloud(f"a@x.example;{word.upper()};")
    ] == []


def test_the_first_rows_say_which_columns_have_to_be_explained(tmp_path: Path) -> None:
    path = table(tmp_path, "email,Prénom,SMS consent,statut\na@x.example,A,yes,désinscrit\n")
    look = first_look(path, ("first_name",), {"first_name": "Prénom"})
    assert look.columns == {"email": 0, "first_name": 1}
    assert meanings_to_be_said(look.header or (), look.rows, {0}) == {
        2: "ignore",
        3: "unsubscribed",
    }
    with pytest.raises(ColumnsRefused) as refused:
        scanned(path)
    assert refused.value.columns == {2: "ignore", 3: "unsubscribed"}


def test_where_two_columns_look_alike_the_others_are_guessed_all_the_same(tmp_path: Path) -> None:
    path = table(tmp_path, "email,nom,last name,Prénom\na@x.example,A,B,C\n")
    look = first_look(path, ("first_name", "last_name"), {})
    assert look.columns == {"email": 0, "first_name": 3}


def test_a_place_is_a_number_whatever_the_headings_are(tmp_path: Path) -> None:
    path = table(tmp_path, "2,1\na@x.example,A\n")
    opened = open_table(path, ("first_name",), {Place("1"): "email", Place("2"): "first_name"})
    assert opened.table.columns == {"email": 0, "first_name": 1}
    opened = open_table(path, ("first_name",), {"1": "email", "2": "first_name"})
    assert opened.table.columns == {"email": 1, "first_name": 0}
