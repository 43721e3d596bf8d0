#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kafka's own command-line tools: producer-perf, console-producer, topics, configs, get-offsets,
# delete-records, log-dirs, broker-api-versions, cluster.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kafka=${KAFKA_PEER:-$here/../peers/kafka}
skip() { echo "kafka_tools.sh: skipped: $*"; exit 77; }
command -v java >/dev/null && command -v mvn >/dev/null || skip "java and maven are not installed"
"$kafka" install >/dev/null 2>&1 || skip "Kafka's jars cannot be had"
broker=${BROKER:?}
topic=tools-$$-$RANDOM
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "kafka_tools.sh: $*" >&2; exit 1; }
tool() { # NAME ARG..: its output, and all it said if it failed
  "$kafka" tool "$@" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; fail "$*"; }
  cat "$work/out"
}
at=(--bootstrap-server "$broker")

tool broker-api-versions "${at[@]}" | grep -q 'Produce(0): ' || fail "broker-api-versions"
tool cluster cluster-id "${at[@]}" | grep -q '^Cluster ID: ......................$' ||
  fail "cluster-id"

tool topics "${at[@]}" --create --topic "$topic" --partitions 2 \
  --config retention.ms=3600000 >/dev/null
tool topics "${at[@]}" --list | grep -qx "$topic" || fail "topics --list"
tool topics "${at[@]}" --describe --topic "$topic" > "$work/described"
grep -q 'PartitionCount: 2.*retention.ms=3600000' "$work/described" ||
  fail "$(cat "$work/described")"
tool topics "${at[@]}" --alter --topic "$topic" --partitions 3 >/dev/null
[ "$(tool topics "${at[@]}" --describe --topic "$topic" | grep -c 'Leader: ')" = 3 ] ||
  fail "--alter"

tool configs "${at[@]}" --alter --entity-type topics --entity-name "$topic" \
  --add-config max.message.bytes=2000000 --delete-config retention.ms >/dev/null
tool configs "${at[@]}" --describe --entity-type topics --entity-name "$topic" > "$work/configs"
grep -q 'max.message.bytes=2000000' "$work/configs" || fail "configs: $(cat "$work/configs")"
! grep -q 'retention.ms=3600000' "$work/configs" || fail "--delete-config did nothing"
tool configs "${at[@]}" --describe --entity-type brokers --entity-name 1 --all >/dev/null

seq 1000 | "$kafka" tool console-producer "${at[@]}" --topic "$topic" >"$work/out" 2>&1 ||
  fail "console-producer: $(cat "$work/out")"
tool producer-perf --topic "$topic" --num-records 20000 --record-size 100 --throughput -1 \
  --producer-props "bootstrap.servers=$broker" acks=all compression.type=zstd |
  grep -q '20000 records sent' || fail "producer-perf"
sum() { awk -F: '{ n += $3 } END { print n }'; }
[ "$(tool get-offsets "${at[@]}" --topic "$topic" | sum)" = 21000 ] || fail "get-offsets"
[ "$(tool get-offsets "${at[@]}" --topic "$topic" --time earliest | sum)" = 0 ] || fail "earliest"
tool get-offsets "${at[@]}" --topic "$topic" --time max-timestamp >/dev/null

partition=$(tool get-offsets "${at[@]}" --topic "$topic" | awk -F: '$3 >= 10 { print $2; exit }')
printf '{"version":1,"partitions":[{"topic":"%s","partition":%d,"offset":10}]}\n' \
  "$topic" "$partition" > "$work/delete.json"
tool delete-records "${at[@]}" --offset-json-file "$work/delete.json" |
  grep -q 'low_watermark: 10' || fail "delete-records"
[ "$(tool get-offsets "${at[@]}" --topic "$topic" --time earliest | sum)" = 10 ] ||
  fail "low watermark"

tool log-dirs "${at[@]}" --describe --topic-list "$topic" | grep '^{' |
  jq -e '[.brokers[0].logDirs[0].partitions[].size] | length == 3 and add > 1000' >/dev/null ||
  fail "log-dirs"

tool topics "${at[@]}" --delete --topic "$topic" >/dev/null
! tool topics "${at[@]}" --list | grep -qx "$topic" || fail "--delete"
