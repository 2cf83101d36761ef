// Passkeys: a form that names what it needs (data-passkey="create" or "get") is sent once the
// browser has signed. Everything else on the page works without this.
"use strict";
const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function signed(kind, options) {
  options.challenge = octets(options.challenge);
  for (const list of [options.excludeCredentials, options.allowCredentials]) {
    for (const credential of list || []) credential.id = octets(credential.id);
  }
  if (options.user) options.user.id = octets(options.user.id);
  const made = await navigator.credentials[kind]({ publicKey: options });
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  return { id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} };
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.passkey || form.elements.credential.value) return;
  event.preventDefault();
  const failed = form.querySelector("[data-failed]");
  failed.hidden = true;
  try {
    const csrf = form.elements.csrf ? form.elements.csrf.value : "";
    const answer = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams({ csrf }) });
    if (!answer.ok) throw new Error(answer.status);
    form.elements.credential.value = JSON.stringify(await signed(form.dataset.passkey, await answer.json()));
    form.requestSubmit();
  } catch (error) {
    failed.hidden = false;
    failed.focus();
  }
});
for (const hidden of document.querySelectorAll("[data-scripted]")) hidden.hidden = false;
