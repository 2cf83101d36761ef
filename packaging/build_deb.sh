#!/bin/sh
# A Debian package of a wheel and what it depends on, in a virtual environment in /opt/relance:
#     sh packaging/build_deb.sh WHEEL FOLDER [option of pip install]...
# prints the path of the package, which is made for this machine's architecture and Python.
# PYTHON (/usr/bin/python3) is what the package runs with, PIP (python3 -m pip) what fills it.
set -eu
wheel=$1 folder=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-/usr/bin/python3}
umask 022

version=$(basename "$wheel" | cut -d- -f2)
architecture=$(dpkg --print-architecture)
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
package=$folder/relance_${version}_$architecture.deb

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
opt=$root/opt/relance

"$python" -m venv --symlinks --without-pip "$opt"
${PIP:-python3 -m pip} --disable-pip-version-check --quiet --python "$opt/bin/python3" \
  install --no-compile "$@" "$wheel"

# A virtual environment names the place where it was made: here that is not where it will be.
rm -f "$opt"/bin/activate* "$opt"/bin/Activate*
sed -i '/^command = /d' "$opt/pyvenv.cfg"
grep -lIr "$root" "$opt/bin" | xargs sed -i "s|$root/opt/relance|/opt/relance|g"
find "$opt" -name direct_url.json -delete

install -d "$root/DEBIAN" "$root/usr/bin"
ln -s /opt/relance/bin/relance "$root/usr/bin/relance"
install -D -m 644 "$here/relance.service" "$root/usr/lib/systemd/system/relance.service"
install -D -m 644 "$here/relance.sysusers" "$root/usr/lib/sysusers.d/relance.conf"
install -D -m 644 "$here/../LICENSE" "$root/usr/share/doc/relance/copyright"
install -m 755 "$here/debian/postinst" "$here/debian/prerm" "$here/debian/postrm" "$root/DEBIAN"

cat >"$root/DEBIAN/control" <<END
Package: relance
Version: $version
Architecture: $architecture
Maintainer: Relance
Section: mail
Priority: optional
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: python3 (>= 3.$minor), python3 (<< 3.$((minor + 1))), systemd | systemd-standalone-sysusers
Description: self-hosted, event-sourced email autoresponder
 People join a list, letters follow over days, an answer moves them to another
 list. Each fact is an event that is never changed. PostgreSQL is embedded.
END

mkdir -p "$folder"
dpkg-deb -Zgzip --root-owner-group --build "$root" "$package" >/dev/null
echo "$package"
