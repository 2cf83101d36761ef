"""What to press in each shop and mail service so that it calls this installation. Pure data.

`source` is the sender's own page; what docs/connections.md calls second hand is so here too. Names
of menus stand as the sender writes them in English, HelloAsso's in French.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from engine.sequence.webhooks import WebhookKind
from engine.words import N_

Secret = Literal["theirs", "ours", "none"]
"""Who makes it up: the sender, who shows it; whoever connects, who types it there; nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """`{url}` in a step is the address to be called. `secret` asks for what `secret_file` holds,
    `api_key` for what `api_key_file` holds, "" where there is none. `begins` is how a secret of
    theirs begins, "" where that is not known. `in_url`: the secret stands in the address as its
    password. `then` says how a first call is brought about, `here` how calls reach a machine that
    nobody can reach from outside, "" where they do not.
    """

    title: str
    tells: str
    steps: tuple[str, ...]
    then: str
    source: str
    made_by: Secret = "theirs"
    secret: str = ""
    api_key: str = ""
    begins: str = ""
    in_url: bool = False
    here: str = ""


_SALES: Final = N_("purchases, refunds, ended subscriptions")
_MAILS: Final = N_("bounces and complaints")
GUIDES: Mapping[WebhookKind, Guide] = MappingProxyType(
    {
        "stripe": Guide(
            title="Stripe",
            tells=_SALES,
            steps=(
                N_(
                    "In Stripe, open Workbench and its tab “Webhooks”, and press “Create an event"
                    " destination”."
                ),
                N_(
                    "Choose your own account, the payload “Snapshot”, and these events:"
                    " `checkout.session.completed`, `checkout.session.async_payment_succeeded`,"
                    " `charge.refunded`, `customer.subscription.deleted`."
                ),
                N_("Choose “Webhook endpoint”, paste the address above, and create it."),
                N_(
                    "On its page press “Reveal secret”, and copy the signing secret. It begins with"
                    " `whsec_`."
                ),
            ),
            secret=N_("Signing secret"),
            begins="whsec_",
            then=N_("`stripe trigger checkout.session.completed` makes one, or a test purchase."),
            here=N_(
                "For a trial on this machine, none of that is needed: `stripe listen --forward-to"
                " {url}` prints a signing secret, and hands the calls on."
            ),
            source="https://docs.stripe.com/workbench/event-destinations",
        ),
        "woocommerce": Guide(
            title="WooCommerce",
            tells=_SALES,
            steps=(
                N_(
                    "In WordPress, open WooCommerce → Settings → Advanced → Webhooks, and press"
                    " “Add webhook”."
                ),
                N_(
                    "Status “Active”, topic “Order updated”, the address above as delivery URL, and"
                    " the secret from below."
                ),
                N_(
                    "Save it, and make another with the topic “Order created”, the same address and"
                    " the same secret."
                ),
            ),
            made_by="ours",
            secret=N_("Secret"),
            then=N_("Saving a webhook sends a ping. Set the status of an order to “Processing”."),
            source="https://developer.woocommerce.com/docs/apis/rest-api/v3/webhooks/",
        ),
        "shopify": Guide(
            title="Shopify",
            tells=N_("purchases and refunds"),
            steps=(
                N_(
                    "In Shopify, open Settings → Notifications → Webhooks, and press “Create"
                    " webhook”."
                ),
                N_(
                    "Event “Order payment”, format JSON, the address above; and another for the"
                    " event “Refund create”."
                ),
                N_("The signing key stands on the same page, below the list: copy it."),
            ),
            secret=N_("Signing key, or the app’s client secret"),
            then=N_("“Send test notification” beside the webhook makes a call."),
            source="https://help.shopify.com/en/manual/fulfillment/setup/notifications/webhooks",
        ),
        "paypal": Guide(
            title="PayPal",
            tells=_SALES,
            steps=(
                N_("In PayPal’s Developer Dashboard, open Apps & Credentials and your app."),
                N_(
                    "Press “Add Webhook”, paste the address above, and tick"
                    " `CHECKOUT.ORDER.COMPLETED`, `PAYMENT.CAPTURE.REFUNDED`,"
                    " `BILLING.SUBSCRIPTION.CANCELLED` and `BILLING.SUBSCRIPTION.EXPIRED`."
                ),
                N_("Save it, and copy the Webhook ID that stands beside it in the list."),
            ),
            secret=N_("Webhook ID"),
            then=N_("Pay a test order in the sandbox: the simulator’s calls are not signed."),
            source="https://developer.paypal.com/api/rest/webhooks/rest.md",
        ),
        "helloasso": Guide(
            title="HelloAsso",
            tells=N_("purchases and refunds"),
            steps=(
                N_("In HelloAsso, open “Mon Compte” → “Intégrations et API”."),
                N_("Paste the address above as the notification URL, and save it."),
                N_(
                    "Copy the API’s client id and client secret from the same page, as"
                    " `CLIENT_ID:CLIENT_SECRET`: HelloAsso signs for its partners alone, so that"
                    " each payment is asked about."
                ),
            ),
            made_by="none",
            api_key=N_("Client id and client secret, with a colon between them"),
            then=N_("Pay a form of your own."),
            source="https://dev.helloasso.com/docs/les-notifications",
        ),
        "systeme-io": Guide(
            title="Systeme.io",
            tells=_SALES,
            steps=(
                N_(
                    "In Systeme.io, click your picture, then Settings → Webhooks, and press"
                    " “Create”."
                ),
                N_("Paste the address above as the webhook URL, and the secret key from below."),
                N_("Tick “New sale” and “Sale canceled”, switch it active, and save."),
            ),
            made_by="ours",
            secret=N_("Secret key"),
            then=N_("Make a purchase of your own."),
            source="https://help.systeme.io/article/2930-how-to-use-systeme-ios-webhook-service",
        ),
        "thrivecart": Guide(
            title="ThriveCart",
            tells=_SALES,
            steps=(
                N_("In ThriveCart, open Settings → API & Webhooks → Webhooks & Notifications."),
                N_("Add a webhook with the address above. Saving it tries the address."),
                N_("Copy the account’s secret word from the same settings."),
            ),
            secret=N_("Secret word"),
            then=N_("A purchase in test mode makes a call."),
            source="https://support.thrivecart.com/help/using-webhook-notifications/",
        ),
        "sumup": Guide(
            title="SumUp",
            tells=N_("purchases"),
            steps=(
                N_("Where your shop creates a checkout, give the address above as `return_url`."),
                N_(
                    "In SumUp’s dashboard, make a secret API key (`sup_sk_…`): calls are not"
                    " signed, so that each checkout is asked about."
                ),
            ),
            made_by="none",
            api_key=N_("Secret API key"),
            then=N_("Pay a checkout of a sandbox account."),
            source="https://developer.sumup.com/online-payments/webhooks",
        ),
        "calendly": Guide(
            title="Calendly",
            tells=N_("bookings"),
            steps=(
                N_("In Calendly, open Integrations → API & Webhooks, and make an access token."),
                N_(
                    "Calendly takes webhooks by its API alone: send `POST"
                    " https://api.calendly.com/webhook_subscriptions` with"
                    ' `"url": "{url}"`, `"events": ["invitee.created"]`, `"scope":'
                    ' "organization"`, `"organization"` as your account says it, and the secret'
                    ' from below as `"signing_key"`.'
                ),
            ),
            made_by="ours",
            secret=N_("Signing key"),
            then=N_("Book a meeting with yourself."),
            source="https://developer.calendly.com/docs/webhooks/overview",
        ),
        "brevo": Guide(
            title="Brevo",
            tells=_MAILS,
            steps=(
                N_(
                    "In Brevo, open Transactional → Settings → Webhook, and press “Add a new"
                    " webhook”."
                ),
                N_("Make the secret below, and paste the address that is shown with it."),
                N_(
                    "Tick hard bounce, soft bounce, blocked, invalid email, complaint and"
                    " unsubscribed."
                ),
            ),
            made_by="ours",
            secret=N_("Password of the address, or bearer token"),
            in_url=True,
            then=N_("Send a letter to an address that does not exist."),
            source="https://developers.brevo.com/docs/username-and-password-authentication",
        ),
        "mailgun": Guide(
            title="Mailgun",
            tells=_MAILS,
            steps=(
                N_("In Mailgun, open Sending → Webhooks, choose your domain, and add a webhook."),
                N_(
                    "Paste the address above for each of “Permanent Failure”, “Spam Complaints” and"
                    " “Unsubscribes”."
                ),
                N_("Copy the HTTP webhook signing key from the same page."),
            ),
            secret=N_("HTTP webhook signing key"),
            then=N_("“Test webhook” beside each makes a call."),
            source="https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
        ),
        "ses": Guide(
            title="Amazon SES",
            tells=_MAILS,
            steps=(
                N_("In Amazon SNS, make a topic, and copy its ARN."),
                N_(
                    "In Amazon SES, open your identity → Notifications, choose that topic for"
                    " bounces and complaints, and tick the original email headers."
                ),
                N_(
                    "Once this is published, add an HTTPS subscription to the address above: it is"
                    " confirmed by itself."
                ),
            ),
            secret=N_("ARN of the topic"),
            begins="arn:",
            then=N_("Send a letter to `bounce@simulator.amazonses.com`."),
            source="https://docs.aws.amazon.com/ses/latest/dg/configure-sns-notifications.html",
        ),
        "postmark": Guide(
            title="Postmark",
            tells=_MAILS,
            steps=(
                N_("In Postmark, open your server, its message stream, and Webhooks."),
                N_("Make the secret below, and paste the address that is shown with it."),
                N_(
                    "Tick “Bounce” with the bounce’s content, “Spam Complaint” and “Subscription"
                    " Change”."
                ),
            ),
            made_by="ours",
            secret=N_("Password of the address"),
            in_url=True,
            then=N_("“Send test” beside the webhook makes a call."),
            source="https://postmarkapp.com/developer/webhooks/bounce-webhook",
        ),
        "generic": Guide(
            title=N_("A program of your own"),
            tells=N_("purchases, refunds, ended subscriptions, bookings"),
            steps=(
                N_(
                    'Send `POST {url}` with a body such as `{"state": "purchase", "order": "A-17",'
                    ' "email": "anna@example.org", "amount": "49.90", "currency": "EUR"}`.'
                ),
                N_(
                    "Sign it with the secret from below as Standard Webhooks say, or send it as"
                    " `Authorization: Bearer SECRET`."
                ),
            ),
            made_by="ours",
            secret=N_("Secret"),
            then=N_(
                '`curl {url} --header \'Authorization: Bearer SECRET\' --data \'{"order": "A-17",'
                ' "email": "anna@example.org", "amount": "49.90", "currency": "EUR"}\'` sends one.'
            ),
            source="https://www.standardwebhooks.com",
        ),
    }
)
