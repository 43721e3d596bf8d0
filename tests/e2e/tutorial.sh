#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every line that event-tutorial(7) shows is run, in its order, in one folder and on one broker.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay jq
# The first block starts a shell, which would wait for a person.
sed -n 's/^    //p' "$top/man/event-tutorial.7.in" | grep -v '^eventd run .* bash$' >"$work/all"
grep -v -- ' -n 10 -f$' "$work/all" >"$work/lines"
[ "$(wc -l <"$work/lines")" -ge 25 ] || fail "the tutorial has no lines"
cd "$work"
eventd run -X num.partitions=6 -- bash -euo pipefail -x "$work/lines" >out 2>err ||
  fail "$(tail -n 4 err)"
grep -q 604800000 out || fail "retention is not shown"
[ "$(zcat backup/*/*.gz | wc -l)" = 3 ] || fail "the backup"
say "$(wc -l <lines) lines of the tutorial do what it says"
