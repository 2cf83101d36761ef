#!/bin/sh
# Sees to it that smtp-source and smtp-sink are there, the yardstick of the benchmark; nothing else of Postfix is used.
# It is left without configuration, so that it does not start, and no other mail server is ever removed for it.
# Never fails: without them the benchmark says what it could not compare.

PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin

present() {
  command -v smtp-source >/dev/null 2>&1 && command -v smtp-sink >/dev/null 2>&1
}

present && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && command -v debconf-set-selections >/dev/null 2>&1; then
  echo "Installing Debian's postfix for smtp-source and smtp-sink (once) ..."
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  {
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections \
      && apt-get update && apt-get install --yes --no-install-recommends --no-remove postfix
  } >"$log" 2>&1 || tail -n 20 "$log" >&2
  rm -f "$log"
  present && exit 0
fi

echo "smtp-source and smtp-sink are missing: the benchmark runs without its yardstick." >&2
echo "They come with Postfix (Debian, as root: apt-get install postfix, choosing 'No configuration')." >&2
exit 0
