(function (form) {
  var query = new URLSearchParams(location.search), alarm = document.createElement("p"), waits = false;
  alarm.setAttribute("role", "alert");
  alarm.style.whiteSpace = "pre-line";
  ["source", "campaign"].forEach(function (name) {
    var input = form.elements["relance-" + name];
    input.value = query.get("utm_" + name) || input.value;
  });
  function send() {
    HTMLFormElement.prototype.submit.call(form); // a field may be called "submit"
  }
  function hide(name, value) {
    var input = form.elements[name] || document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.appendChild(input);
  }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (waits) return;
    waits = true;
    hide("timezone", Intl.DateTimeFormat().resolvedOptions().timeZone || "");
    fetch(form.getAttribute("action"), {method: "POST", headers: {Accept: "application/json"}, body: new URLSearchParams(new FormData(form))})
      .then(function (answer) { return answer.json(); })
      .then(function (told) {
        waits = false;
        if (told.redirect) {
          location.href = told.redirect;
        } else if (told.thanks) {
          alarm.textContent = told.thanks + "\n\n" + told.then;
          form.replaceChildren(alarm);
        } else if (told.code === "mistakes") {
          alarm.textContent = [told.detail].concat(told.errors.map(function (error) { return error.label + " – " + error.detail; })).join("\n");
          form.prepend(alarm);
          if (told.meant) hide("relance-typed", form.elements.email.value);
          var first = form.elements[told.errors[0].name];
          if (first && first.focus) first.focus();
        } else {
          send();
        }
      })
      .catch(send);
  });
})(document.currentScript.previousElementSibling);
