#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# node_client.sh NAME [install]: installs what tests/interop/NAME needs outside the checkout, runs
# client.mjs; with `install` only prints where that is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=$1
skip() { echo "$name: skipped: $*"; exit 77; }
command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are not installed"
node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' ||
  skip "node $(node --version) is older than 20"
home=${EVENTD_KEPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/eventd-interop/$name
mkdir -p "$home"
exec {lock}>"$home/.lock"  # another test may be installing it
flock "$lock"
if ! cmp -s "$here/$name/package.json" "$home/package.json"; then
  cp "$here/$name/package.json" "$home/package.json"
  (cd "$home" && npm install --no-audit --no-fund --silent >"$home/npm.log" 2>&1) || {
    rm -f "$home/package.json"
    skip "npm could not install it (see $home/npm.log)"
  }
fi
exec {lock}>&-
if [ "${2:-}" = install ]; then echo "$home"; exit; fi
cp "$here/$name/client.mjs" "$home/client.mjs"
cd "$home" && exec timeout 120 node client.mjs
