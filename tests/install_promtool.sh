#!/bin/sh
# Fetches Prometheus' promtool for the tests, once, out of Debian's package into a cache outside the tree; nothing is installed. `--find` only
# prints its path. RELANCE_TEST_PROMTOOL names another one. Never fails: without it the test of the alerts is skipped, by name.

cache=${XDG_CACHE_HOME:-$HOME/.cache}
promtool=${RELANCE_TEST_PROMTOOL:-$cache/relance/promtool}

if [ "${1:-}" = "--find" ]; then
  command -v promtool || echo "$promtool"
  exit
fi

if command -v promtool >/dev/null 2>&1 || [ -x "$promtool" ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
  echo "promtool comes out of a package of Debian's, fetched by apt-get, which is not here: the alerts are not tested." >&2
  exit 0
fi

echo "Fetching Debian's promtool for the tests (once) ..."
work=$(mktemp -d) || exit 0
trap 'rm -rf "$work"' EXIT
fetch() {
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download prometheus) >"$work/log" 2>&1 </dev/null
}
if ! fetch; then
  [ "$(id -u)" = 0 ] && apt-get -qq update >/dev/null 2>&1 </dev/null
  fetch || { tail -n 3 "$work/log" >&2; echo "It could not be fetched: the alerts are not tested." >&2; exit 0; }
fi
mkdir -p "$(dirname "$promtool")" && dpkg-deb --extract "$work"/prometheus_*.deb "$work/root" \
  && mv "$work/root/usr/bin/promtool" "$promtool"
exit 0
