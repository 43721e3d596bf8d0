#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev demo shows what it says, on a machine where port 9092 is taken, and leaves nothing behind.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3
python3 -c 'import signal, socket
try:
    taken = socket.create_server(("127.0.0.1", 9092))
except OSError:
    pass  # somebody else has it: as well
signal.pause()' &
background+=($!)
mkdir "$work/tmp"
TMPDIR=$work/tmp "$top/tests/demo" >"$work/out" 2>"$work/err" ||
  { cat "$work/err"; fail "it fails"; }
cat "$work/out"
[ ! -s "$work/err" ] || { cat "$work/err"; fail "it complains"; }
tail -n 1 "$work/out" | grep -q 'the same bytes three times' || fail "it does not say what it shows"
[ -z "$(ls -A "$work/tmp")" ] || fail "it leaves $(ls -A "$work/tmp") behind"
