/* The list is read again every four seconds: what holds the focus, and where one has scrolled to, stays. */
(function () {
  "use strict";
  function holder() {
    var at = document.activeElement;
    return at && at.closest("ol") ? at.getAttribute("href") : null;
  }
  function again() {
    fetch(location.href).then(function (answer) { return answer.ok ? answer.text() : ""; }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("ol"), list = document.querySelector("ol");
      if (fresh && fresh.innerHTML !== list.innerHTML) {
        var href = holder(), top = window.scrollY, count = document.getElementById("count");
        var counted = new DOMParser().parseFromString(text, "text/html").getElementById("count");
        list.innerHTML = fresh.innerHTML;
        if (count && counted) count.textContent = counted.textContent;
        var same = href && list.querySelector('a[href="' + href.replace(/["\\]/g, "\\$&") + '"]');
        if (same) same.focus({preventScroll: true});
        window.scrollTo(0, top);
      }
    }).catch(function () {}).then(function () { setTimeout(again, 4000); });
  }
  setTimeout(again, 4000);
})();
