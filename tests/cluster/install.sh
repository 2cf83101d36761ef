#!/bin/sh
# Fetches what the drills of three hosts need besides PostgreSQL: namespaces (iproute2), Patroni with etcd,
# and PgBouncer for the tests of the store. Debian's packages, installed once, as root; none of their services is started or left enabled.
# Never fails: a drill of what is not there is left out, with a word that says so.

lacking() {
  for pair in ip:iproute2 unshare:util-linux setpriv:util-linux patroni:patroni etcd:etcd-server pgbouncer:pgbouncer; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || echo "${pair#*:}"
  done | sort -u
}

packages=$(lacking | tr '\n' ' ')
[ -z "$packages" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The drills of three hosts need ${packages}(Debian, as root: apt-get install $packages); what is not there is left out." >&2
  exit 0
fi

echo "Installing Debian's ${packages}for the drills of three hosts (once) ..."
log=$(mktemp)
guard=/usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
# Debian starts what it installs, unless this says no.
if [ ! -e "$guard" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$guard" && chmod 755 "$guard"
  trap 'rm -f "$guard"' EXIT
fi
# shellcheck disable=SC2086
{ apt-get update && apt-get install --yes --no-install-recommends --no-remove -o Dpkg::Options::=--force-confold $packages; } \
  >"$log" 2>&1 </dev/null || tail -n 20 "$log" >&2
rm -f "$log"
left=$(lacking | tr '\n' ' ')
[ -z "$left" ] || echo "Not here: ${left}; the drills that need them are left out." >&2
exit 0
