#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tools on three nodes of real Kafka while a leader is killed and comes back, leaders move to
# other nodes, and a broker is stopped: nothing is lost, nothing is there twice, order is kept, and
# every tool ends with 0. The long form only.
. "$(dirname "$0")/lib.sh"
need event-admin event-produce event-consume python3 jq
[ -n "${EVENTD_LONG:-}" ] || skip "three nodes of Kafka are for the long form"
need java mvn
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"

cd "$work"
port=$(free_port)
EVENT_BROKERS=$(kafka cluster "$work/kafka" "$port" 3 min.insync.replicas=2)
export EVENT_BROKERS
for pid in "$work"/kafka/*/pid; do background+=("$(cat "$pid")"); done
event-admin topic create moves --partitions 6 --replication-factor 3
event-admin topic create side --partitions 3 --replication-factor 3

# Numbers, until all that is to happen has happened.
count=60000
cat >numbers.py <<'PYTHON'
import os, sys, time
count = int(sys.argv[1])
for i in range(1, count + 1):
    print(i, flush=True)
    if not os.path.exists("calm"):
        time.sleep(0.001 if i < count // 2 else 0.02)  # input: it lasts while something happens
PYTHON
tell() { "${@:2}" && echo 0 >"$1.status" || echo $? >"$1.status"; }
python3 numbers.py $count | tell produce event-produce moves 2>produce.err &
background+=($!)
tell follow event-consume moves -f --until count=$count --format '%p %o %v\n' \
  >followed 2>follow.err &
background+=($!)

# Runs that begin in the middle of it all.
{
  i=0
  until [ -e calm ]; do
    i=$((i + 1))
    echo $i | event-produce side 2>>side.err || echo "produce: $?" >>side.bad
    event-consume side >read 2>>side.err || echo "consume: $?" >>side.bad
    newest=$(sort -n read | tail -n 1)
    [ "$newest" = $i ] || echo "after $i: $newest" >>side.bad
  done
  echo $i >side.count
} &
background+=($!)

leads_nothing() {
  event-admin topic describe moves -j >seen 2>/dev/null &&
    jq -se --argjson node "$1" 'all(.leader != $node)' seen >/dev/null
}
followed() { [ "$(wc -l <followed)" -ge "$1" ]; }
further() { local at; at=$(wc -l <followed); until_true 60 followed $((at + 200)) || stuck "$1"; }
stuck() { fail "$1: $(cat produce.err follow.err | tail -n 20)"; }
come_back() { # NODE
  kafka start "$work/kafka/$1" $((port + 10 * ($1 - 1))) >/dev/null || fail "node $1 stays away"
  background+=("$(cat "$work/kafka/$1/pid")")
  event-admin wait isr --timeout 2m || fail "node $1 does not catch up"
}
further "before anything has happened"

victim=$(event-admin topic describe moves -j | jq -s '.[0].leader')
kill -9 "$(cat "kafka/$victim/pid")"
until_true 60 leads_nothing "$victim" || fail "node $victim leads, and is dead"
further "after a leader was killed"
come_back "$victim"
further "after it came back"
say "a leader was killed, and came back"

event-admin topic describe moves -j | jq -s '{version: 1, partitions: map({topic, partition,
  replicas: (.replicas[1:] + .replicas[:1])})}' >moves.json
kafka tool reassign-partitions --bootstrap-server "$EVENT_BROKERS" --execute \
  --reassignment-json-file moves.json >reassign.log 2>&1 || fail "$(cat reassign.log)"
before=$(event-admin topic describe moves -j | jq .leader | xargs)
moved() {
  kafka tool leader-election --bootstrap-server "$EVENT_BROKERS" --election-type preferred \
    --all-topic-partitions >elect.log 2>&1
  [ "$(event-admin topic describe moves -j | jq .leader | xargs)" != "$before" ]
}
until_true 60 moved || fail "leaders do not move: $(cat elect.log)"
further "after leaders moved"
say "leaders moved"

stopped=$((victim % 3 + 1))
kill "$(cat "kafka/$stopped/pid")"
until_true 60 ended "$(cat "kafka/$stopped/pid")" || fail "node $stopped does not stop"
further "after a broker was stopped"
come_back "$stopped"
further "after it was started again"
say "a broker was stopped, and started again"

: >calm
for one in produce follow; do
  until_true 120 test -s $one.status || stuck "$one does not end"
  [ "$(cat $one.status)" = 0 ] || fail "$one: $(cat $one.status) $(tail -n 20 $one.err)"
done
until_true 60 test -s side.count || fail "the runs beside it do not end"
[ ! -e side.bad ] || fail "runs that began meanwhile: $(cat side.bad side.err)"
event-consume moves --format '%p %o %v\n' >all
cat >check.py <<'PYTHON'
import sys
count = int(sys.argv[2])
last, seen = {}, []
for line in open(sys.argv[1]):
    partition, offset, number = map(int, line.split())
    if partition in last:
        assert offset == last[partition][0] + 1, f"{sys.argv[1]}: a gap or a repetition: {line}"
        assert number > last[partition][1], f"{sys.argv[1]}: out of order: {line}"
    last[partition] = offset, number
    seen.append(number)
assert sorted(seen) == list(range(1, count + 1)), f"{sys.argv[1]}: {len(seen)} of {count}"
PYTHON
python3 check.py followed $count
python3 check.py all $count
say "$count records, each once and in order; $(cat side.count) runs of each tool beside them"
