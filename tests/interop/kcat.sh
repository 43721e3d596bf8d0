#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kcat 1.7.1 (librdkafka 2.0.2): -L, -P, -C, -Q, -J, every codec, and the codec bits as stored.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command -v kcat >/dev/null || { echo "kcat.sh: skipped: kcat is not installed"; exit 77; }
broker=${BROKER:?}
run=kcat-$$-$RANDOM
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "kcat.sh: $*" >&2; exit 1; }

kcat -b "$broker" -L -J | jq -e '.brokers | length == 1' >/dev/null || fail "-L lists no broker"

# What goes in comes out, byte for byte, in order.
seq 100000 > "$work/in"
kcat -b "$broker" -P -t "$run" -p 0 -X acks=all -l "$work/in"
kcat -b "$broker" -C -t "$run" -p 0 -e -q > "$work/out"
cmp "$work/in" "$work/out" || fail "-C differs from what -P wrote"

# Keys, headers, tombstones, as -J shows them.
printf 'k1:v1\nk2:\n' | kcat -b "$broker" -P -t "$run-keys" -p 0 -K: -Z -H trace=ab12
kcat -b "$broker" -C -t "$run-keys" -p 0 -e -q -J > "$work/json"
[ "$(jq -r '[.key, .payload, (.headers | join("="))] | @csv' "$work/json")" = \
  $'"k1","v1","trace=ab12"\n"k2",,"trace=ab12"' ] || fail "-J shows $(cat "$work/json")"

# Positions: an offset, the last three, a time, the query.
[ "$(kcat -b "$broker" -C -t "$run" -p 0 -o 41 -c 1 -q)" = 42 ] || fail "-o 41 is not record 42"
[ "$(kcat -b "$broker" -C -t "$run" -p 0 -o -3 -e -q | tr '\n' ' ')" = "99998 99999 100000 " ] ||
  fail "-o -3 does not give the last three"
[ "$(kcat -b "$broker" -Q -t "$run:0:-1")" = "$run [0] offset 100000" ] ||
  fail "-Q: $(kcat -b "$broker" -Q -t "$run:0:-1")"
[ "$(kcat -b "$broker" -Q -t "$run:0:-2")" = "$run [0] offset 0" ] || fail "-Q for the start"
[ "$(kcat -b "$broker" -Q -t "$run:0:0")" = "$run [0] offset 0" ] || fail "-Q for a time"

# Every codec arrives, and is stored as it was sent: librdkafka stops compressing without a word
# where Produce 0, or FindCoordinator for lz4, is not advertised.
for codec in gzip:1 snappy:2 lz4:3 zstd:4; do
  topic=$run-${codec%:*}
  kcat -b "$broker" -P -t "$topic" -p 0 -z "${codec%:*}" -X linger.ms=50 -l "$work/in"
  kcat -b "$broker" -C -t "$topic" -p 0 -e -q | cmp - "$work/in" || fail "${codec%:*} differs"
  if [ -n "${DATA_DIR:-}" ]; then
    python3 "$here/codec_bits.py" "$DATA_DIR/$topic-0" "${codec#*:}" || fail "$codec is not stored"
  fi
done

# Idempotent, and many partitions by key.
seq 1000 | sed 's/.*/&:&/' | kcat -b "$broker" -P -t "$run-idempotent" -K: \
  -X enable.idempotence=true
kcat -b "$broker" -C -t "$run-idempotent" -e -q | sort -n | cmp - <(seq 1000) ||
  fail "the idempotent producer lost or doubled something"
