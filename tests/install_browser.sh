#!/bin/sh
# Sees to it that the browser tests find a Chromium. `--find` only prints the path of the one they are to use: the headless shell where it is
# installed, which takes a quarter of the processor time of the whole browser for the same pages; that one prints the dossiers.
# Never fails: without a browser those tests are skipped, by name, in the last lines of the run.

find_browser() {
  for name in "${RELANCE_TEST_BROWSER:-}" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    # Asked for its version: on Ubuntu the name may stand for a snap that is not there.
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && "$name" --version >/dev/null 2>&1; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}

install() {
  apt-get install --yes --no-install-recommends --no-remove "$@"
}

if [ "${1:-}" = "--find" ]; then
  find_browser
  exit
fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  if ! find_browser >/dev/null; then
    echo "Installing Debian's chromium for the browser tests (once; some minutes) ..."
    { apt-get update && install chromium; } >"$log" 2>&1 </dev/null || tail -n 20 "$log" >&2
  fi
  if ! command -v chromium-headless-shell >/dev/null 2>&1 && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
    echo "Installing Debian's chromium-headless-shell for the browser tests (once) ..."
    install chromium-headless-shell >"$log" 2>&1 </dev/null \
      || { apt-get update && install chromium-headless-shell; } >"$log" 2>&1 </dev/null \
      || echo "It could not be installed: the whole browser is used." >&2
  fi
  rm -f "$log"
fi

find_browser >/dev/null && exit 0

echo "No Chromium found: the browser tests will be skipped." >&2
echo "Install it (Debian, as root: apt-get install chromium; macOS: brew install --cask chromium)," >&2
echo "or name one: RELANCE_TEST_BROWSER=/path/to/chrome make test" >&2
exit 0
