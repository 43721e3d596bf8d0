#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kafka's own DumpLogSegments finds nothing wrong in any of our files, after rolls, retention, every
# codec and kills: deep iteration, index sanity, the metadata decoder.
. "$(dirname "$0")/lib.sh"
need eventd python3 kcat java mvn
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"

eager=(-X log.initial.task.delay.ms=200 -X log.retention.check.interval.ms=200
  -X log.segment.delete.delay.ms=0)
start_broker "${eager[@]}"
broker_port=${broker##*:}
create_topic busy 2 segment.bytes=1048576 index.interval.bytes=512
create_topic short 1 segment.bytes=1048576 retention.bytes=2097152
head -c 1500000 /dev/urandom | base64 -w 100 | awk '{ print NR ":" $0 }' >"$work/lines"
for codec in none gzip snappy lz4 zstd; do
  kcat -b "$broker" -P -t busy -K: -z $codec -X acks=all -X batch.num.messages=50 -l "$work/lines"
  kcat -b "$broker" -P -t short -X enable.idempotence=true -z $codec -l "$work/lines"
  kill_broker
  start_broker "${eager[@]}"
done
first_offset_moved() { [ "$(kcat -b "$broker" -Q -t short:0:-2)" != 'short [0] offset 0' ]; }
until_true 20 first_offset_moved || fail "retention deleted nothing"
bytes() { cat "$data"/busy-0/*.log | wc -c; }
before=$(bytes)
kcat -q -b "$broker" -P -t busy -p 0 -l "$work/lines" 2>/dev/null &
writer=$!
background+=("$writer")
has_grown() { [ "$(bytes)" -gt $((before + 100000)) ]; }
until_true 10 has_grown || fail "the last writer writes nothing"
kill_broker  # a torn tail, perhaps; the next start cuts it
kill "$writer" 2>/dev/null || true
start_broker
stop_broker
[ "$broker_status" = 0 ] || fail "eventd ended with $broker_status"

dump() { # FILE ARG..
  kafka tool dump-log --files "$1" "${@:2}" >"$work/dump" 2>&1 || { cat "$work/dump"; fail "$1"; }
  grep -q '^Dumping' "$work/dump" || { head "$work/dump"; fail "nothing was dumped of $1"; }
  # Of a file that does not begin at offset 0 the tool says "-1 is followed by" its first offset.
  if grep -m 5 -E 'orrupt|Mismatches|[0-9] is followed by|isvalid: false|Exception|Found ' \
      "$work/dump" | grep -v '^ *-1 is followed by'; then
    fail "DumpLogSegments complains about $1"
  fi
}

joined() { local IFS=,; echo "$*"; }
for folder in "$data"/busy-0 "$data"/busy-1 "$data"/short-0; do
  dump "$(joined "$folder"/*.log)" --deep-iteration
  dump "$(joined "$folder"/*.index "$folder"/*.timeindex)" --index-sanity-check
  dump "$(joined "$folder"/*.index)" --verify-index-only
  [ "$(find "$folder" -name '*.log' | wc -l)" -ge 2 ] || fail "$folder has no second segment"
  if compgen -G "$folder/*.snapshot" >/dev/null; then dump "$(joined "$folder"/*.snapshot)"; fi
done
dump "$(joined "$data"/__cluster_metadata-0/*.log)" --cluster-metadata-decoder
grep -q REGISTER_BROKER_RECORD "$work/dump" || fail "the metadata log registers no broker"
grep -q 'TOPIC_RECORD.*busy' "$work/dump" || fail "the metadata log knows no topic busy"
if compgen -G "$data/__cluster_metadata-0/*.checkpoint" >/dev/null; then
  dump "$(joined "$data"/__cluster_metadata-0/*.checkpoint)" --cluster-metadata-decoder
fi
