#!/bin/sh
# Fetches the TypeScript compiler for the test of the TypeScript client, once, into a cache outside the tree: the release and the digests of
# package-lock.json beside this file, by npm. `--find` only prints the compiler. RELANCE_TEST_TYPESCRIPT names another cache.
# Never fails: without it that client is run but its types are not checked, which is said by name in the last lines of the run.

here=$(cd "$(dirname "$0")" && pwd)
folder=${RELANCE_TEST_TYPESCRIPT:-${XDG_CACHE_HOME:-$HOME/.cache}/relance/typescript}

if [ "${1:-}" = "--find" ]; then
  cmp -s "$here/package-lock.json" "$folder/complete" && echo "$folder/node_modules/typescript/bin/tsc"
  exit 0
fi

cmp -s "$here/package-lock.json" "$folder/complete" && exit 0

if ! command -v npm >/dev/null 2>&1; then
  echo "No npm, which fetches the TypeScript compiler: the types of clients/typescript are not checked." >&2
  exit 0
fi

echo "Fetching the TypeScript compiler for the tests (once) ..."
mkdir -p "$folder" && cp "$here/package.json" "$here/package-lock.json" "$folder" || exit 0
if npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund >"$folder/log" 2>&1 </dev/null; then
  cp "$here/package-lock.json" "$folder/complete"
else
  tail -n 3 "$folder/log" >&2
  echo "It could not be fetched: the types of clients/typescript are not checked." >&2
fi
exit 0
