#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A broker that is lost in the middle of a run: the run goes on when it is back, and ends with 3
# after 30 s when it is not, whether it is gone or silent. The long form only: it takes that long.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin
[ -n "${EVENTD_LONG:-}" ] || skip "waiting 30 s for a broker is for the long form"

cd "$work"
start_broker
export EVENT_BROKERS=$broker
event-admin topic create big --partitions 1
seq 3000000 | event-produce big  # more than two fetches hold

# A reader that has begun: NAME.out is its output, of which the first bytes are read.
declare -A outputs
begin_reading() { # NAME
  mkfifo "$1.pipe"
  { event-consume big 2>"$1.err" && echo 0 >"$1.status" || echo $? >"$1.status"; } >"$1.pipe" &
  exec {output}<"$1.pipe"
  head -c 1000 <&"$output" >"$1.out"
  outputs[$1]=$output
}
# The rest of it; it ends when the reader does.
read_on() { # NAME
  cat <&"${outputs[$1]}" >>"$1.out"
  until_true 10 test -s "$1.status" || fail "$1 does not end"
}

begin_reading back
broker_port=${broker##*:}
kill_broker
read_on back &
reading=$!
until_true 20 grep -q 'trying again' back.err || fail "the loss is not said: $(cat back.err)"
start_broker
wait $reading || fail "the reader did not end"
[ "$(cat back.status)" = 0 ] || fail "a broker that came back: $(cat back.status) $(cat back.err)"
seq 3000000 | cmp - back.out || fail "not what was written, once and in order"

begin_reading gone
kill_broker
began=$SECONDS
read_on gone
took=$((SECONDS - began))
[ "$(cat gone.status)" = 3 ] || fail "a broker that is gone: $(cat gone.status) $(cat gone.err)"
[ $took -ge 29 ] || fail "given up after $took s: $(cat gone.err)"

start_broker
begin_reading silent
kill -STOP "$broker_pid"
began=$SECONDS
read_on silent
took=$((SECONDS - began))
[ "$(cat silent.status)" = 3 ] || fail "a silent broker: $(cat silent.status) $(cat silent.err)"
[ $took -ge 29 ] && [ $took -le 45 ] || fail "a silent broker: after $took s: $(cat silent.err)"
say "back: 0; gone, or silent: 3 after 30 s"
