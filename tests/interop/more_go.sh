#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds tests/interop/more_go (sarama, segmentio/kafka-go) outside the checkout and runs it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "more_go: skipped: $*"; exit 77; }
[ -n "${EVENTD_LONG:-}" ] || skip "only in the long run"
command -v go >/dev/null || skip "go is not installed"
home=${EVENTD_KEPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/eventd-interop/more_go
mkdir -p "$home"
(cd "$here/more_go" && GOTOOLCHAIN=local go build -o "$home/client" . 2>"$home/build.log") ||
  skip "it cannot be built with $(go version) (see $home/build.log)"
exec timeout 120 "$home/client"
