#!/bin/sh
# Fetches two public corpora of bounces for the tests, once, into a cache outside the tree: the samples of flufl.bounce (its sdist) and of
# Mail::DeliveryStatus::BounceParser (Debian's source package). `--find` only prints the folder. RELANCE_TEST_CORPORA names another one.
# Never fails: the tests of a corpus that is not there are skipped, by name, in the last lines of the run.

folder=${RELANCE_TEST_CORPORA:-${XDG_CACHE_HOME:-$HOME/.cache}/relance/bounces}
flufl=6.0.0
parser=libmail-deliverystatus-bounceparser-perl

if [ "${1:-}" = "--find" ]; then
  echo "$folder"
  exit
fi

mkdir -p "$folder" || exit 0
work=$(mktemp -d) || exit 0
trap 'rm -rf "$work"' EXIT

if [ ! -d "$folder/flufl.bounce" ]; then
  echo "Fetching flufl.bounce's samples for the tests (once) ..."
  python=python3
  [ -x .venv/bin/python ] && python=.venv/bin/python
  mkdir "$work/flufl"
  if "$python" -m pip download --quiet --no-deps --no-binary :all: --dest "$work/flufl" "flufl.bounce==$flufl" >"$work/log" 2>&1 </dev/null \
    && tar -xzf "$work"/flufl/*.tar.gz -C "$work/flufl"; then
    mv "$work"/flufl/*/tests "$folder/flufl.bounce"
  else
    tail -n 3 "$work/log" >&2
    echo "They could not be fetched: that corpus is not tested." >&2
  fi
fi

if [ ! -d "$folder/bounceparser" ]; then
  if command -v apt-get >/dev/null 2>&1; then
    echo "Fetching BounceParser's samples for the tests (once) ..."
    mkdir -p "$work/lists/partial" "$work/parser"
    # The mirror that the machine uses, and of its archive only the sources.
    mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null \
      | sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' | head -n 1)
    suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} ${suite:-stable} main" >"$work/sources.list"
    chmod -R a+rX "$work"
    apt() {
      apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \
        -o Dir::Cache="$work" -o APT::Sandbox::User=root "$@" >>"$work/log" 2>&1 </dev/null
    }
    if apt update && (cd "$work/parser" && apt source --download-only --tar-only "$parser") && tar -xf "$work"/parser/*.orig.tar.* -C "$work/parser"; then
      mv "$work"/parser/*/t "$folder/bounceparser"
    else
      tail -n 3 "$work/log" >&2
      echo "They could not be fetched: that corpus is not tested." >&2
    fi
  else
    echo "BounceParser's samples are fetched by apt-get, which is not here: that corpus is not tested." >&2
  fi
fi
exit 0
