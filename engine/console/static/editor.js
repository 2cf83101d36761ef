// The editor of a letter's words. Everything here is beside a text area and a form that work alone:
// colours and marks at mistakes, what is put in comes where the cursor stands, files may be dropped.
"use strict";
(() => {
  const area = document.getElementById("body");
  const form = document.getElementById("letter");
  if (!area || !form) return;
  const told = () => {
    const found = document.getElementById("found");
    try { return JSON.parse(found.dataset.found || "[]"); } catch { return []; }
  };
  let view = null;
  let touched = false;

  const begin = () => {
    if (!window.codemirror) return;
    const { EditorView, EditorState, keymap, lineNumbers, highlightActiveLine, history, historyKeymap,
      defaultKeymap, markdown, tags, HighlightStyle, syntaxHighlighting, lintGutter } = window.codemirror;
    const host = document.createElement("div");
    host.className = "code-editor";
    // In a tree of its own, whose style sheets are made by script: the page allows no other.
    const root = host.attachShadow({ mode: "open" });
    const look = EditorView.theme({
      "&": { color: "var(--ink)", backgroundColor: "var(--sheet)", border: "1px solid var(--quiet)", borderRadius: "0.4rem" },
      "&.cm-focused": { outline: "3px solid var(--ink)", outlineOffset: "2px" },
      ".cm-scroller": { font: "0.95rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", minHeight: "24rem", maxHeight: "scrolls" in area.dataset ? "70vh" : "none" },
      ".cm-content": { caretColor: "var(--ink)", padding: "0.5rem 0" },
      ".cm-gutters": { backgroundColor: "var(--soft)", color: "var(--quiet)", border: "0" },
      "@media (max-width: 40rem)": { "& .cm-gutters": { display: "none" } },
      ".cm-activeLine": { backgroundColor: "transparent" },
      ".cm-tooltip": { backgroundColor: "var(--sheet)", color: "var(--ink)", border: "1px solid var(--quiet)" },
      ".cm-cursor": { borderLeftColor: "var(--ink)" },
    });
    const colours = HighlightStyle.define([
      { tag: tags.heading, fontWeight: "700" },
      { tag: tags.strong, fontWeight: "700" },
      { tag: tags.emphasis, fontStyle: "italic" },
      { tag: tags.link, color: "var(--accent)" },
      { tag: tags.url, color: "var(--accent)" },
      { tag: tags.monospace, color: "var(--quiet)" },
      { tag: tags.processingInstruction, color: "var(--quiet)" },
    ]);
    const label = document.getElementById("body-label").textContent.trim();
    view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: area.value,
        extensions: [
          history(), lineNumbers(), lintGutter(), highlightActiveLine(), EditorView.lineWrapping,
          markdown, syntaxHighlighting(colours), look,
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "true", lang: area.lang }),
          EditorView.updateListener.of((update) => {
            if (update.view.hasFocus) touched = true;
            if (!update.docChanged) return;
            area.value = update.state.doc.toString();
            area.dispatchEvent(new Event("input", { bubbles: true }));
          }),
        ],
      }),
    });
    area.after(host);
    area.hidden = true;
    document.getElementById("body-label").addEventListener("click", () => view.focus());
    mark();
  };

  const mark = () => {
    if (!view) return;
    const doc = view.state.doc;
    const marks = told().filter((fault) => fault.line <= doc.lines).map((fault) => {
      const line = doc.line(fault.line);
      const from = fault.column ? Math.min(line.from + fault.column - 1, line.to) : line.from;
      return { from, to: line.to, severity: fault.fatal ? "error" : "warning", message: fault.text };
    });
    view.dispatch(window.codemirror.setDiagnostics(view.state, marks));
  };

  area.addEventListener("focus", () => { touched = true; });
  const place = () => (view ? view.state.selection.main.head : area.selectionEnd);
  form.addEventListener("submit", () => {
    form.elements.at.value = touched ? String(place()) : "";
  });
  const goTo = (number) => {
    if (!view || number > view.state.doc.lines) return;
    const { from } = view.state.doc.line(number);
    view.dispatch({ selection: { anchor: from }, scrollIntoView: true });
    view.focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (link && view) { event.preventDefault(); goTo(Number(link.dataset.line)); }
  });

  // A file that is dropped onto the words is sent as one that was chosen.
  const drop = (event) => {
    const files = event.dataTransfer && event.dataTransfer.files;
    if (!files || !files.length) return;
    event.preventDefault();
    event.stopPropagation();
    form.elements.upload.files = files;
    form.requestSubmit(form.querySelector("button[name=do][value=asset]"));
  };
  const over = (event) => { if (event.dataTransfer && event.dataTransfer.types.includes("Files")) event.preventDefault(); };
  form.addEventListener("dragover", over, true);
  form.addEventListener("drop", drop, true);

  // What could not be kept is told, and stays.
  const unsaved = document.getElementById("unsaved");
  let kept = true;
  form.addEventListener("input", () => { kept = false; });
  const failed = () => { if (unsaved) unsaved.hidden = false; };
  // Whoever signed in again in another window has a new session, whose forms carry another token.
  const renew = async () => {
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = page.querySelector("#letter input[name=csrf]");
      if (!answer.ok || !token || token.value === form.elements.csrf.value) return;
      form.elements.csrf.value = token.value;
      form.dispatchEvent(new Event("change", { bubbles: true }));
    } catch { /* it stays told that nothing is kept */ }
  };
  document.body.addEventListener("htmx:responseError", (event) => {
    failed();
    if (event.detail.xhr.status === 403) renew();
  });
  document.body.addEventListener("htmx:sendError", failed);
  document.body.addEventListener("htmx:timeout", failed);
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) { kept = true; if (unsaved) unsaved.hidden = true; mark(); }
  });
  form.addEventListener("submit", () => { kept = true; });
  window.addEventListener("beforeunload", (event) => { if (!kept) event.preventDefault(); });
  begin();
})();
