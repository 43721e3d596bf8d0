#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-consume on real Kafka, with what only Kafka has so far: transactions that are committed,
# aborted and open, topics that are compacted; and what other producers write, read by us and by
# kcat and Kafka's console consumer.
. "$(dirname "$0")/lib.sh"
need event-consume event-produce event-admin python3 jq kcat java mvn
/usr/bin/python3 -c 'import confluent_kafka' 2>/dev/null ||
  skip "there is no python3-confluent-kafka"
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"

is() { [ "$1" = "$2" ] || fail "${3:-}: '$1', not '$2'"; }
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 10 >&2 || true; fail "$3"; }; }
fill() { /usr/bin/python3 "$here/consume_kafka.py" "$1" "$EVENT_BROKERS" "${@:2}"; }

cd "$work"
broker=$(kafka start "$work/kafka" "$(free_port)" log.cleaner.backoff.ms=100 \
  log.retention.ms=-1 offsets.topic.num.partitions=1 transaction.state.log.num.partitions=1 \
  group.initial.rebalance.delay.ms=0) || fail "Kafka does not start"
background+=("$(cat "$work/kafka/pid")")
export EVENT_BROKERS=$broker

event-admin topic create txn --partitions 3
event-admin topic create codecs copy console --partitions 1
event-admin topic create users --partitions 1 --config cleanup.policy=compact \
  --config segment.ms=50 --config min.cleanable.dirty.ratio=0.01

# -- Transactions: what is committed, to the end, though markers are the last there.
fill compacted &
compacting=$!
fill transactions
event-consume txn >all
is "$(wc -l <all) $(grep -c good all)" "60 60" "only what is committed"
event-consume txn --merge --format '%v\n' >merged
sort -c merged || fail "--merge is not in order"
is "$(event-consume txn -X isolation.level=read_uncommitted | grep -c bad)" 120 "uncommitted"
tail -n 10 merged >wanted
event-consume txn -n 10 >newest
same newest wanted "-n 10, where the ends are full of markers"
is "$(event-consume txn -n 2 -k k1 | xargs)" "$(grep -E 'good-.*[147]$|good' merged |
  awk -F- '($2 % 3) == 1' | tail -n 2 | xargs)" "-n 2 of a key"
is "$(event-consume txn --until count=1 --require 1 | wc -l)" 1 "is there any"
event-consume txn --stats 2>stats >/dev/null
is "$(jq -r '.ended_by, .records' stats | xargs)" "end 60" "positions, not records, end a run"

# -- An open transaction: the run ends before it, and goes on behind it.
mkfifo go
fill open <go >opened &
opener=$!
exec 6>go
until_true 20 grep -q open opened || fail "no transaction was opened"
is "$(event-consume txn | sort | cksum)" "$(sort all | cksum)" "an open transaction"
is "$(event-consume txn --from end | wc -l)" 0 "end is the last stable offset"
event-consume txn -n 2 -f --until count=6 >followed &
follower=$!
background+=("$follower")
lines() { [ "$(wc -l <followed)" -ge "$1" ]; }
until_true 10 lines 2 || fail "the newest two are not there"
echo >&6
wait $opener
wait $follower || fail "the follower ended with $?"
is "$(head -n 2 followed | xargs) $(tail -n +3 followed | sort | xargs)" \
  "$(tail -n 2 merged | xargs) behind open-0 open-1 open-2" "-f over a transaction that was open"

# -- Ranges by time tile here too, over aborted records and markers.
event-consume txn --format '%p:%o\n' | sort >whole
cuts=(start @1790000000017 @1790000000050 @1790000000119 @1790000001500 @1790000002001 end)
for ((i = 1; i < ${#cuts[@]}; i++)); do
  event-consume txn --from "${cuts[i - 1]}" --until "${cuts[i]}" --format '%p:%o\n'
done | sort >tiles
same tiles whole "ranges by time tile"

# -- A compacted topic: gaps are no end, the last value of each key is the state.
wait $compacting || fail "no compaction"
event-consume users -J | jq -cn 'reduce inputs as $e ({}; .[$e.key] = ($e.json // $e.value))' >state
is "$(jq -c '[.u0.n, .u1.n, .u2, .u3.n, .u4.n]' state)" "[95,96,null,98,99]" "the state of a table"
gone=$(comm -23 <(seq 0 99 | sort) <(event-consume users --format '%o\n' | sort) | head -n 1)
is "$(event-consume users -p 0 --from "$gone" --until "$((gone + 1))")" "" "a record compacted away"
is "$(event-consume users -p 0 --from 95 --until 96 -j | jq .offset)" 95 "a record that is left"
is "$(event-consume users -n 1 -k u3 | jq -c .n)" 98 "the newest of a key"

# -- What librdkafka writes with each codec, byte for byte; and as kcat reads it.
fill codecs wanted.jsonl
event-consume codecs -j >got.jsonl
same got.jsonl wanted.jsonl "events of all codecs"
event-consume codecs -J | grep -c '"json"' >/dev/null && fail "-J takes for JSON what is none"
event-consume codecs --format '%o %K %k{hex} %V %v{hex}\n' >ours
kcat -q -C -e -t codecs -b "$broker" -f '%o %K \n' | awk '{print $1, $2}' >theirs
awk '{print $1, $2}' ours >lengths
same lengths theirs "lengths of keys"
event-consume codecs --frame >frames
kcat -q -C -e -t codecs -b "$broker" -f '%R%s' >theirs
same frames theirs "frames are kcat's"

# -- A copy through a pipe keeps keys, values and headers of any bytes, and timestamps.
event-consume codecs -J | event-produce copy -J
event-consume copy -j | sed 's/"topic":"copy"/"topic":"codecs"/' >copy.jsonl
same copy.jsonl got.jsonl "a copy through a pipe"

# -- Kafka's own tools: what its producer writes we read, and what we read its consumer reads.
printf 'h:1,i:x\tk1\tv1\nh:2\tk2\tv 2\n' | kafka tool console-producer \
  --bootstrap-server "$broker" --topic console \
  --reader-property parse.key=true --reader-property parse.headers=true \
  --compression-codec zstd >/dev/null 2>producer.log || fail "$(tail -n 3 producer.log)"
is "$(event-consume console --format '%h|%k|%v;')" "h=1,i=x|k1|v1;h=2|k2|v 2;" "console-producer"
kafka tool console-consumer --bootstrap-server "$broker" --topic console --from-beginning \
  --max-messages 2 --formatter-property print.key=true --formatter-property print.offset=true \
  --formatter-property print.timestamp=true >theirs 2>consumer.log ||
  fail "$(tail -n 3 consumer.log)"
event-consume console --format 'CreateTime:%T\tOffset:%o\t%k\t%v\n' >ours
same ours theirs "console-consumer"
kafka stop "$work/kafka" >/dev/null
say "transactions, compaction, all codecs: as Kafka's, librdkafka's and kcat's own"
