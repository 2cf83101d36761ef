"""A small installation with every kind of form."""

from __future__ import annotations

NOTICE = (
    "Le Potager (4 chemin des Tilleuls) garde votre adresse jusqu’à votre désinscription, possible"
    " dans chaque lettre."
)

SEQUENCES = f"""
title = "Le potager"
purpose = "conseils"

[[form]]
name = "inscription"
title = "La lettre du potager"
intro = "Des conseils <simples> & sûrs."
checkbox = "Oui, je souhaite recevoir la lettre."
button = "Je m’inscris"
notice = "{NOTICE}"
thanks = "Presque fini : ouvrez le message."

  [[form.field]]
  name = "first_name"
  label = "Votre prénom"

  [form.question]
  name = "jardin"
  label = "Quel est votre jardin ?"

    [[form.question.choice]]
    label = "Un balcon"
    list = 31

    [[form.question.choice]]
    label = "Un « grand » potager"
    list = 32

[[form]]
name = "simple"
title = "Sans confirmation"
list = 30
confirm = false
checkbox = "Oui"
button = "Go"
notice = "{NOTICE}"

[[form]]
name = "offres"
title = "Les offres"
purpose = "offres"
list = 40
checkbox = "Oui, vos offres"
button = "Go"
notice = "{NOTICE}"

[[form]]
name = "commande"
title = "Votre commande"
list = 30
basis = "service"
order_field = "order"
button = "Recevoir"
notice = "{NOTICE}"
thanks = "https://boutique.example/merci"

[[form]]
name = "client"
title = "Nos produits voisins"
list = 30
basis = "soft-optin"
order_field = "order"
checkbox = "Je m’y oppose"
button = "Continuer"
notice = "{NOTICE}"

[[list]]
id = 30
name = "lettre"

  [[list.letter]]
  id = "bonjour"
  after = "0 minutes"
  subject = "Bonjour"
  body = "bonjour.md"

[[list]]
id = 31
name = "balcon"

  [[list.letter]]
  id = "balcon"
  after = "0 minutes"
  subject = "Balcon"
  body = "bonjour.md"

[[list]]
id = 32
name = "potager"

  [[list.letter]]
  id = "potager"
  after = "0 minutes"
  subject = "Potager"
  body = "bonjour.md"

[[list]]
id = 40
name = "offres"
purpose = "offres"

  [[list.letter]]
  id = "offre"
  after = "0 minutes"
  subject = "Offre"
  body = "bonjour.md"
"""

GARDEN = {"potager.toml": SEQUENCES, "bonjour.md": "Bonjour.\n"}
