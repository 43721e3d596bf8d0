#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-produce, event-consume and event-replay on three nodes of real Kafka, and while a node of
# them dies. The long form only.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay kcat jq python3 zcat
[ -n "${EVENTD_LONG:-}" ] || skip "three nodes of Kafka are for the long form"
need java mvn
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"
. "$here/peers_tasks.bash"

cd "$work"
touch followed
make_events 300
brokers=$(kafka cluster "$work/kafka" "$(free_port)" 3 log.retention.ms=-1 \
  min.insync.replicas=2 default.replication.factor=3)
for pid in "$work"/kafka/*/pid; do background+=("$(cat "$pid")"); done
export EVENT_BROKERS=$brokers
peer='three nodes'
event-admin wait broker --timeout 60s

consume_tasks
replay_tasks

# Every way of a record into a topic whose partitions have three leaders.
event-admin topic create lines --partitions 6
[ "$(event-admin topic describe lines -j | jq .leader | sort -u | wc -l)" = 3 ] ||
  fail "the leaders of six partitions are not three"
seq 3000 | sed 's/.*/k&:&/' | event-produce lines -K : --report >report
jq -c '[.partition,.offset]' report | sort >told
event-consume lines -j | jq -c '[.partition,.offset]' | sort >there
same told there "the report"
[ "$(jq -s 'map(.line) | sort == [range(1; 3001)]' report)" = true ] || fail "lines of the report"
event-consume lines -K : | sort | cmp - <(seq 3000 | sed 's/.*/k&:&/' | sort) || fail "lines"
kcat_all lines -f '%k %p\n' | sort >ours
seq 3000 | sed 's/.*/k&:&/' | kcat -P -b "$brokers" -t lines -K : -X partitioner=murmur2_random
kcat_all lines -f '%k %p\n' | sort -u >both
same ours both "keys do not go where librdkafka puts them with Java's partitioner"
for codec in none gzip snappy lz4 zstd; do
  event-admin topic create "codec-$codec" --partitions 1
  event-produce "codec-$codec" -j -X compression.type=$codec events.jsonl
  kcat_all "codec-$codec" -f '%K %S %T %h|%k|%s\n' >got
  same got want.kcat "kcat reads something else, $codec"
done
status=0
{ echo good; head -c 2000000 /dev/zero | tr '\0' x; echo; echo also; } |
  event-produce codec-none --dead-letter dead 2>err || status=$?
[ $status = 1 ] && [ "$(wc -c <dead)" = 2000001 ] || fail "a line that is too long: $status"

# The leader of some partitions dies while all three tools are at work, and comes back: each record
# is there once, in the order of its key, who follows has them all, and a replay goes on.
event-admin topic create through --partitions 6
event-consume through -f --until count=60000 --format '%p %o %k %v\n' >followed 2>followed.err &
follower=$!
background+=("$follower")
awk 'BEGIN { for (i = 0; i < 60000; i++) print i % 97 ":" i }' >numbers
event-produce through -K : --rate 6000 <numbers 2>producer.err &
producer=$!
background+=("$producer")
grows() { [ "$(wc -l <followed)" -gt "$1" ]; }
until_true 60 grows 8000 || fail "nothing comes: $(cat producer.err followed.err)"
victim=$(event-admin topic describe through -j | jq -s '.[0].leader')
kill -9 "$(cat "kafka/$victim/pid")"
until_true 60 grows 20000 || fail "nothing comes after a death: $(cat producer.err followed.err)"
event-replay through --to './night/{topic}-{partition}-{first_offset}.jsonl.gz' ||
  fail "a replay beside a dead node: $?"
wait $producer || fail "the producer: $? $(cat producer.err)"
wait $follower || fail "the follower: $? $(cat followed.err)"
cut -d' ' -f 4 followed | sort -n | cmp - <(seq 0 59999) || fail "lost or doubled"
for p in 0 1 2 3 4 5; do
  awk -v p=$p '$1 == p { print $2 }' followed | sort -nc || fail "partition $p is not in order"
  awk -v p=$p '$1 == p { print $4 }' followed | sort -nc || fail "keys of $p are not in order"
done
event-replay through --to './night/{topic}-{partition}-{first_offset}.jsonl.gz'
zcat night/*.gz | jq -r .value | sort -n | cmp - <(seq 0 59999) || fail "files: lost or doubled"
event-replay through --sum >sum
event-replay night/*.gz --sum >got
same got sum "sums of a topic and of its files"
kafka stop "$work/kafka" >/dev/null 2>&1
say "on three nodes, and while one of them dies"
