#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Python clients as PyPI has them, newer than Debian's: confluent-kafka 2, kafka-python 3 and
# aiokafka. They are installed into a folder of the user's cache, so only with EVENTD_LONG.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "newer_python: skipped: $*"; exit 77; }
[ -n "${EVENTD_LONG:-}" ] || skip "only in the long run"
home=${EVENTD_KEPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/eventd-interop/python
mkdir -p "$home"
[ -e "$home/complete" ] || {
  python3 -m venv "$home/venv" >"$home/log" 2>&1 || skip "there is no python3-venv"
  "$home/venv/bin/pip" install -q 'confluent-kafka>=2,<3' 'kafka-python>=3,<4' 'aiokafka<1' \
    lz4 python-snappy cramjam >"$home/log" 2>&1 || skip "they cannot be installed (see $home/log)"
  touch "$home/complete"
}
for client in confluent_kafka.py newer_python/kafka_python.py newer_python/aio.py; do
  timeout 60 "$home/venv/bin/python" -B "$here/$client" || { echo "$client failed"; exit 1; }
done
