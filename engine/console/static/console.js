// What a page does beside its links and forms, all of which work without this.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const problem = document.querySelector(".problem[tabindex]");
  if (problem) problem.focus();
  // A drawing wider than its window begins at the card that stands highest, whole with its numbers.
  const frame = document.querySelector(".drawing-frame");
  if (!frame || location.hash || frame.scrollWidth <= frame.clientWidth) return;
  const cards = [...frame.querySelectorAll(".box > .body")].map((card) => card.getBoundingClientRect());
  const first = cards.sort((one, other) => one.top - other.top)[0];
  if (first) frame.scrollLeft += first.left - frame.getBoundingClientRect().left - 8;
});
// A button that copies what stands in the element it names.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button || !navigator.clipboard) return;
  const source = document.getElementById(button.dataset.copies);
  navigator.clipboard.writeText(source.value ?? source.textContent).then(() => {
    const words = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 2000);
  });
});
// A choice that shows its page at once; without script the button beside it does.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends]")) event.target.form.requestSubmit();
});
// What waits for something that is done in another window is renewed when one comes back.
document.addEventListener("visibilitychange", async () => {
  const parts = document.querySelectorAll("[data-renews][id]");
  if (document.visibilityState !== "visible" || !parts.length) return;
  try {
    const answer = await fetch(location.href, { redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (fresh && fresh.textContent !== part.textContent) part.replaceChildren(...fresh.childNodes);
    }
  } catch { /* as it was */ }
});
// The menu of a narrow window closes with Escape.
document.addEventListener("keydown", (event) => {
  const menu = document.getElementById("menu");
  if (event.key === "Escape" && menu && menu.checked) { menu.checked = false; menu.focus(); }
});
