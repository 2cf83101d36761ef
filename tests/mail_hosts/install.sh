#!/bin/sh
# Fetches Debian's Postfix, Exim and Dovecot for the tests, once, into a cache outside the tree: the packages and the libraries of theirs that
# this machine has not are unpacked there, nothing is installed. `--find` only prints the folder. RELANCE_TEST_MAIL_HOSTS names another one.
# Never fails: the tests of a mail host that is not there are skipped, by name, in the last lines of the run.

# Their processes have users of their own, who may not enter root's home.
cache=${XDG_CACHE_HOME:-$HOME/.cache}
[ "$(id -u)" = 0 ] && cache=/var/cache
folder=${RELANCE_TEST_MAIL_HOSTS:-$cache/relance/mail-hosts}

if [ "${1:-}" = "--find" ]; then
  echo "$folder"
  exit
fi

[ -e "$folder/complete" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
  echo "The mail hosts of the tests are Debian's packages, fetched by apt-get, which is not here: they are not tested." >&2
  exit 0
fi

echo "Fetching Debian's Postfix, Exim and Dovecot for the tests (once) ..."
mkdir -p "$folder" || exit 0
work=$(mktemp -d "$folder/new.XXXXXX") || exit 0
trap 'rm -rf "$work"' EXIT
mkdir "$work/packages" "$work/root"

fetch() {
  (cd "$work/packages" && apt-get -qq -o APT::Sandbox::User=root download "$@") >>"$work/log" 2>&1 </dev/null
}

# The libraries that the packages at hand depend upon, and that are neither installed nor fetched.
missing_libraries() {
  for package in "$work"/packages/*.deb; do
    dpkg-deb --field "$package" Depends
  done | tr ',' '\n' | sed -n 's/^ *\(lib[a-z0-9.+-]*\).*/\1/p' | sort -u | while read -r name; do
    if ! dpkg-query --show --showformat='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed \
      && ! ls "$work/packages/${name}_"* >/dev/null 2>&1; then
      echo "$name"
    fi
  done
}

programs="postfix exim4-base exim4-daemon-light dovecot-core dovecot-imapd dovecot-lmtpd"
# shellcheck disable=SC2086
if ! fetch $programs; then
  [ "$(id -u)" = 0 ] && apt-get -qq update >>"$work/log" 2>&1 </dev/null
  fetch $programs || { tail -n 3 "$work/log" >&2; echo "They could not be fetched: mail hosts are not tested." >&2; exit 0; }
fi
while libraries=$(missing_libraries) && [ -n "$libraries" ]; do
  # shellcheck disable=SC2086
  fetch $libraries || { tail -n 3 "$work/log" >&2; echo "Their libraries could not be fetched: mail hosts are not tested." >&2; exit 0; }
done
for package in "$work"/packages/*.deb; do
  dpkg-deb --extract "$package" "$work/root" || exit 0
done
# Two names that stand in the programs: of a folder, which Dovecot then finds in the one it runs in, and of a user, who need not be made.
# Each keeps its length. Exim runs as that user alone, and so needs no right to become others.
grep -rl /usr/lib/dovecot/modules "$work/root/usr" | xargs sed -i 's#/usr/lib/dovecot/modules#././././././././/modules#g'
sed -i 's/Debian-exim/mail\x00\x00\x00\x00\x00\x00\x00/g' "$work/root/usr/sbin/exim4"
chmod u-s "$work/root/usr/sbin/exim4"
rm -rf "$work/root/usr/share"
chmod 755 "$work" "$work/root"
rm -rf "$folder/root" && mv "$work/root" "$folder/root" && : >"$folder/complete"
exit 0
