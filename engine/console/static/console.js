// What a page does beside its links and forms, all of which work without this.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const problem = document.querySelector(".problem[tabindex]");
  if (problem) problem.focus();
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
// The menu of a narrow window closes with Escape.
document.addEventListener("keydown", (event) => {
  const menu = document.getElementById("menu");
  if (event.key === "Escape" && menu && menu.checked) { menu.checked = false; menu.focus(); }
});
