(function (form) {
  var query = new URLSearchParams(location.search), alarm = document.createElement("p");
  alarm.setAttribute("role", "alert");
  alarm.style.whiteSpace = "pre-line";
  ["source", "campaign"].forEach(function (name) {
    var input = form.elements["relance-" + name];
    input.value = query.get("utm_" + name) || input.value;
  });
  function hide(name, value) {
    var input = form.elements[name] || document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.appendChild(input);
  }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    hide("timezone", Intl.DateTimeFormat().resolvedOptions().timeZone || "");
    fetch(form.action, {method: "POST", headers: {Accept: "application/json"}, body: new URLSearchParams(new FormData(form))})
      .then(function (answer) { return answer.json(); })
      .then(function (told) {
        if (told.redirect) {
          location.href = told.redirect;
        } else if (told.thanks) {
          alarm.textContent = told.thanks + "\n\n" + told.then;
          form.replaceChildren(alarm);
        } else if (told.code === "mistakes") {
          alarm.textContent = [told.detail].concat(told.errors.map(function (error) { return error.label + " – " + error.detail; })).join("\n");
          form.prepend(alarm);
          if (told.meant) hide("relance-typed", form.elements.email.value);
        } else {
          form.submit();
        }
      })
      .catch(function () { form.submit(); });
  });
})(document.currentScript.previousElementSibling);
