#!/bin/sh
# Sees to it that the tests find a PostgreSQL of Debian's beside the embedded one: it speaks TLS, and is of another version. No cluster is
# made of it and none started; a PostgreSQL that is there is left as it is. `--find` prints the program folders of all there are, a line each.
# Never fails: without one those tests are skipped, by name, in the last lines of the run.

find_postgres() {
  for folder in ${RELANCE_TEST_POSTGRES:-} /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin; do
    if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then
      echo "$folder"
    fi
  done
}

if [ "${1:-}" = "--find" ]; then
  find_postgres
  exit
fi

[ -n "$(find_postgres)" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Debian's postgresql for the tests of a database elsewhere (once) ..."
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
  { apt-get update && apt-get install --yes --no-install-recommends --no-remove -o Dpkg::Options::=--force-confold postgresql; } \
    >"$log" 2>&1 </dev/null || tail -n 20 "$log" >&2
  rm -f "$log"
  [ -n "$(find_postgres)" ] && exit 0
fi

echo "No PostgreSQL besides the embedded one: the tests of a database elsewhere will be skipped." >&2
echo "Install one (Debian, as root: apt-get install postgresql), or name its programs: RELANCE_TEST_POSTGRES=/path/to/bin make test" >&2
exit 0
