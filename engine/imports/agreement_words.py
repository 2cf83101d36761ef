"""The words by which exports of other programs say that somebody agreed, refused or neither, as
data: see `agreement`.

Words of cells are folded (no case, accent, blank or sign); headings are words in lower case without
accents, a blank between two.
"""

from __future__ import annotations

import re

# What a whole cell says; the keys are those of `agreement.Cell`.
CELLS: dict[str, str] = {
    "yes": (
        "1 y yes o oui x t true vrai ja si wahr verdadero vero waar on checked coche sim jaccepte"
        " ouijaccepte yesplease iagree"
    ),
    "no": (
        "0 n no non f false faux nein nee falsch falso onwaar off unchecked nao nonmerci nothanks"
        " nothankyou jerefuse neindanke"
    ),
    "empty": "null nan na nil undefined unset notset nonrenseigne none aucun aucune",
    "agreed": (
        "subscribed subscribe active actif active abonne abonnee inscrit inscrite enabled confirmed"
        " confirme confirmee optin optedin optedinto doubleoptin singleoptin confirmedoptin"
        " consented consentgiven granted accepted accepte agreed express expres expresse explicit"
        " verified whitelisted marketingcontact activesubscriber aktiv angemeldet eingetragen"
        " bestatigt eingewilligt suscrito suscrita activo activa confirmado iscritto aktywny"
        " aktywna zapisany zapisana prenumererar tilmeldt pameldt prihlasen prihlaseny abonat"
        " feliratkozott prijavljen подписан подписана 已订阅 購読中 iscritta attivo attiva"
        " confermato ingeschreven aangemeld actief bevestigd subscrito inscrito ativo"
    ),
    "unsubscribed": (
        "unsubscribed unsubscribe unsub unsubbed unsubscribes unsubscriber desinscrit desinscrite"
        " desabonne desabonnee optout optedout optedoutofall globaloptout globalunsubscribe"
        " unsubscribedfromall unsubscribedbyadmin unsubscribedmanually manuallyunsubscribed"
        " adminunsubscribed blacklisted blacklist blocklisted blocklist blocked bloque bloquee"
        " suppressed usersuppressed suppression suppress dnc donotcontact donotmail donotemail"
        " donotsend dontcontact stop stopped refuse refusee refused refus withdrawn withdrew"
        " consentwithdrawn revoked declined denied rejected oppose opposee opposition objected"
        " forgotten forgottencontact gdprforgotten nepascontacter nepasecrire nepluscontacter"
        " neplusecrire exclu exclue excluded listenoire abgemeldet ausgetragen abbestellt gesperrt"
        " widerrufen blockiert baja dadodebaja dadadebaja desuscrito cancelosuscripcion bloqueado"
        " disiscritto disiscritta cancellato cancellata bloccato uitgeschreven wypisany wypisana"
        " zrezygnował avregistrerad avprenumererad avmeldt afmeldt frameldt odhlasen odhlaseny"
        " dezabonat leiratkozott odjavljen отписан отписана отписался отписалась 已退订 退订"
        " 配信停止 解除済み donatdebaixa afgemeld geblokkeerd opgezegd descadastrado cancelled"
        " canceled annule annulee removed"
    ),
    "bounced": (
        "bounced bounce bounces hardbounce hardbounced hardbouncer cleaned npai rebond rebondi"
        " invalidemail invalidemailaddress undeliverable undelivered mailboxnotfound nonexistent"
        " rebotado rimbalzato erreurdefinitive adresseinvalide unzustellbar"
    ),
    "complained": (
        "complained complaint complaints complainer spam spamcomplaint spamcomplaints markedasspam"
        " markasspam reportedspam reportedasspam spamreport spamreported plainte abuse"
        " abusecomplaint abusereport junk junked marquecommespam signalecommespam alsspammarkiert"
    ),
    "not yet": (
        "pending unconfirmed nonconfirme nonconfirmee enattente attente awaiting"
        " awaitingconfirmation optinpending pendingoptin pendingconfirmation confirmationpending"
        " requested optinrequested inactive inactif archived archive archivee disabled desactive"
        " desactivee deactivated neversubscribed nonsubscribed nonsubscriber nonabonne nonabonnee"
        " noninscrit noninscrite notsubscribed neveroptedin notoptedin nooptin softbounce"
        " softbounced transactional unverified unengaged quarantined quarantaine deleted supprime"
        " supprimee retire expired expire paused suspended suspendu suspendue dormant invalid"
        " invalide validating noconsent noconsentgiven nonmarketingcontact unknown inconnu"
        " unspecified implied implicit implicite tacit tacite stale sunset unbestatigt inaktiv"
        " ausstehend wartend geloscht nichtangemeldet inactivo inactiva pendiente noconfirmado"
        " eliminado inattivo inattiva inattesa nonconfermato eliminato inactief nietbevestigd"
        " inafwachting verwijderd"
    ),
}
# Under a heading that says nothing, these are too common in other senses to be heard.
COMMON = frozenset(
    (
        "active actif active enabled confirmed confirme confirmee granted accepted accepte agreed"
        " express expres expresse explicit verified marketingcontact aktiv activo activa attivo"
        " attiva actief ativo bestatigt bevestigd confirmado confermato inscrito inscrit inscrite"
        " blocked bloque bloquee suppression stop stopped refuse refusee refused refus revoked"
        " declined denied rejected oppose opposee opposition exclu exclue excluded forgotten"
        " gesperrt blockiert baja bloqueado cancellato cancellata bloccato geblokkeerd suppress"
        " blacklist blocklist nonexistent undelivered withdrew withdrawn bounce bounces spam junk"
        " junked abuse cancelled canceled annule annulee removed"
    ).split()
)
# Words of headings that speak of refusal only together with cells that do.
REFUSAL_WORDS = frozenset(
    (
        "stop stops deleted removed cancel cancelled canceled cancellation annule annulation"
        " inactive inactif disabled desactive deactivated invalid invalide blocked bloque exclu"
        " exclus exclue excluded refus refuse refused rejected archived archive supprime resilie"
        " resiliation churned dnc dne dnm baja bajas deceased decede decedee radie radiee radiation"
        " retirer forgotten quarantine quarantined objected bloqueado geblokkeerd unengaged"
        " deaktiviert inaktiv desactivation inattivo inactivo inactief geloscht eliminado"
        " verwijderd"
    ).split()
)
# Words of headings that announce words rather than a yes or a no.
STATUS_WORDS = frozenset("status statut statuts state etat estado stato".split())
# Words of headings that record when or why something was so.
RECORDING_WORDS = frozenset(
    (
        "time date at on le datum fecha data reason raison motif campaign title timestamp since"
        " depuis log ip jour heure comment cause when quand suppressions suppression unsubscribes"
        " bounces complaints id type proof preuve source method methode form formulaire page"
    ).split()
)
# Words of headings over free words.
NOTES_WORDS = frozenset(
    "tag tags label labels note notes comment comments commentaire commentaires etiquette"
    " etiquettes remarque remarques groups group".split()
)
# Words of headings about other ways of reaching somebody, and about this one.
OTHER_CHANNELS = frozenset(
    "sms mms phone telephone tel mobile whatsapp push call calls fax".split()
)
MAIL_CHANNELS = frozenset(
    "email emails mail mails courriel courriels newsletter newsletters all".split()
)
# Words of file names, beside the stems of REFUSAL.
FILE_WORDS = frozenset(
    "stop stops bounce bounces bounced cleaned unsubs nonsub nonsubs spam junk refus exclus"
    " archived cancelled canceled inactive inactif inactifs bajas baja invalid invalides"
    " dnc".split()
)
# Stems of headings and file names.
REFUSAL = re.compile(
    r"unsub|desinscri|desabonn|opt(?:ed|s|ing)? ?out|black ?list|block ?list|liste ?noire|bounc"
    r"|rebond|npai|complain|plainte|spam|suppress|cleaned|\bclean (?:time|date|campaign)"
    r"|\b(?:do ?not|dont|no) ?(?:contact|e ?mail|mail|send|write|call|track|market|news)"
    r"|\bne ?(?:pas|plus)\b|(?:recevoir|souhaite) ?plus\b"
    r"|\b(?:non|not|no|never|nicht|niet) ?(?:abonn|inscri|subscri|opt(?:ed)? ?in|consent"
    r"|angemeldet|ingeschreven|accept)|opposi|oppose"
    r"|(?:e ?mails?|mailing|newsletter|marketing) ?(?:disabled|refus|off\b|blocked)"
    r"|exclu(?:de|ded)? ?from|is ?excluded|withdraw|revoke|revoc|retrait (?:du )?consent|objection"
    r"|robinson|bloctel|erasure|abgemeldet|abmeld|ausgetragen|abbestell|widerruf|widerspr|gesperrt"
    r"|wypis|rezygn|avregistr|avprenum|avmeld|odhlas|dezabon|leiratkoz|odjav|отпис|退订|配信停止"
    r"|\bne (?:veut|souhaite|desire) (?:pas|plus)"
    r"|\b(?:pas|plus) de (?:e ?mail|mail|courriel|news|pub|sollicit|relance|contact)|\bde ?baja"
    r"|darse ?baja|desuscri|rebot|disiscri|cancellazione|disdett|uitgeschr|uitschr|afgemeld|afmeld"
    r"|opgezegd|geblokkeerd|descadastr"
)
# Stems of headings.
AGREEMENT = re.compile(
    r"opt(?:ed|s|ing)? ?in\b|optin|consent|einwillig|zustimm|toestemming|consenso|gdpr|rgpd|dsgvo"
    r"|permission|subscribed|subscri\w* ?stat|\be?mailable"
    r"|accept\w* ?(?:\w+ )?(?:market|news|e ?mail|mail|offer|offre|sms|pub|promo)|\babonnes?\b"
    r"|(?:e ?mail|newsletter|digest) ?enabled|marketing ?(?:contact )?stat"
    r"|\b(?:allow|receive|recevoir|recoit|autoris|souhait|can\b|wants?\b)\w* ?(?:\w+ )?(?:e ?mail"
    r"|mail|news|market|offer|offre|promo)|aceptad"
)
# Stems of headings that speak of agreement only together with cells that do.
AGREEMENT_HINT = re.compile(
    r"newsletter|subscri|abonn|inscri|marketing|suscri|iscri|ingeschreven|aangemeld|angemeldet"
    r"|anmeld|confirm|verified|agree|accept|accord|enabled|(?<!last )\bactiv(?!it)|aktiv(?!it)"
    r"|actif|optional offers|lettre d info|infolettre|mailing list|liste de diffusion|permiso"
    r"|akzept|\brecevoir|\brecoi[st]|\breceive|contactable|joignable|\bcontacter?\b|\bmailing"
    r"|\bnl\b|\blettre\b|\bwould like|\bkeep me|\bsouhait"
)
# In any cell, however long, of any column.
IN_WORDS = re.compile(
    r"unsub(?:scrib)?ed|unsubscribe|d[eé]\u0301?s(?:inscri|abonn)|opt(?:ed)?[-_ ]?out"
    r"|(?:black|block)[-_ ]?listed|do[-_ ]not[-_ ](?:contact|e?mail)"
    r"|ne (?:pas|plus) (?:\w+ ){0,2}(?:contacter|[eé]\u0301?crire|relancer|recevoir|envoyer"
    r"|solliciter)|abgemeldet|disiscritt|uitgeschreven|ne (?:veut|souhaite) (?:pas|plus)"
    r"|retir(?:er|[eé]e?) de (?:la|nos|vos|toutes?|votre) (?:\w+ ){0,2}(?:list|mailing|base|envoi"
    r"|diffusion)|(?:pas|plus) de (?:mail|courriel|newsletter|e-mail)|\bno[-_ ]mail|remove me"
    r"|take me off|marked as spam|never[-_ ]?subscribed|non-?subscribed|hard[-_ ]?bounce",
    re.IGNORECASE,
)
# One of these stands in every cell that is heard whatever its heading: what holds none of them
# needs no closer look.
CORES = (
    *(
        "subscri",
        "unsub",
        "inscri",
        "abonn",
        "opt",
        "consent",
        "list",
        "noire",
        "angemeldet",
        "eingetragen",
        "eingewilligt",
        "suscri",
        "iscri",
    ),
    *(
        "ingeschreven",
        "aangemeld",
        "suppress",
        "dnc",
        "donot",
        "do not",
        "do-not",
        "do_not",
        "dont",
        "don't",
        "don’t",
        "nepas",
        "ne pas",
        "ne-pas",
    ),
    *(
        "neplus",
        "ne plus",
        "ne-plus",
        "abgemeldet",
        "ausgetragen",
        "abbestellt",
        "widerruf",
        "dado",
        "dada",
        "uitgeschreven",
        "afgemeld",
        "opgezegd",
    ),
    *(
        "descadastr",
        "bounc",
        "cleaned",
        "npai",
        "rebond",
        "invalid",
        "undeliver",
        "mailbox",
        "rebotado",
        "rimbalzato",
        "erreur",
        "unzustell",
    ),
    *(
        "ne veut",
        "ne souhait",
        "retir",
        "de mail",
        "de courriel",
        "de newsletter",
        "de e-mail",
        "no-mail",
        "no_mail",
        "no mail",
    ),
    *(
        "remove",
        "take me off",
        "wypis",
        "zrezygnow",
        "avreg",
        "avpren",
        "avmeld",
        "afmeld",
        "frameld",
        "odhl",
        "dezabon",
        "leiratk",
    ),
    *(
        "odjav",
        "отпис",
        "пис",
        "退订",
        "退訂",
        "订阅",
        "購読",
        "配信停止",
        "解除",
        "donat",
        "prenum",
        "tilmeld",
        "prihl",
        "přihl",
    ),
    *("feliratk", "prijavlj", "abonat"),
    *("aktywn", "zapisan", "pameld", "påmeld"),
    *("complain", "spam", "plainte", "forgotten", "objected", "abuse", "unconfirm"),
)
