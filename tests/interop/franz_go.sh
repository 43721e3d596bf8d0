#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds tests/interop/franz-go outside the checkout and runs it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "franz-go: skipped: $*"; exit 77; }
command -v go >/dev/null || skip "go is not installed"
home=${EVENTD_KEPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/eventd-interop/franz-go
mkdir -p "$home"
(cd "$here/franz-go" && GOTOOLCHAIN=local go build -o "$home/client" . 2>"$home/build.log") ||
  skip "it cannot be built with $(go version) (see $home/build.log)"
exec timeout 120 "$home/client"
