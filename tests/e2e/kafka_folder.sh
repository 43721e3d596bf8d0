#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Folders that Kafka wrote, with every codec: eventd reads each record from them, and the indexes it
# builds from the batches are Kafka's, byte for byte, as are the producer snapshots' producers.
. "$(dirname "$0")/lib.sh"
need eventd kcat java mvn jq python3
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"

kafka_port=$(free_port)
kafka start "$work/kafka" "$kafka_port" >/dev/null ||
  { tail -n 20 "$work/kafka/log"; fail "Kafka does not start"; }
kafka_pid=$(cat "$work/kafka/pid")
background+=("$kafka_pid")
kafka=127.0.0.1:$kafka_port broker=127.0.0.1:$kafka_port
codecs=(none gzip snappy lz4 zstd)
head -c 420000 /dev/urandom | base64 -w 100 | awk '{ print NR % 7 ":" NR " " $0 }' >"$work/lines"
for codec in "${codecs[@]}"; do
  create_topic "of-$codec" 1 segment.bytes=1048576 index.interval.bytes=1000
  for idempotent in false true; do
    kcat -b "$kafka" -P -t "of-$codec" -K: -z "$codec" -X enable.idempotence=$idempotent \
      -X batch.num.messages=40 -l "$work/lines"
  done
done
contents() { # HOST:PORT FILE
  local codec
  for codec in "${codecs[@]}"; do
    kcat -b "$1" -C -t "of-$codec" -o beginning -e -q -J | jq -c 'del(.broker)'
  done >"$2"
}
contents "$kafka" "$work/before"
[ "$(wc -l <"$work/before")" = $(($(wc -l <"$work/lines") * 10)) ] ||
  fail "Kafka has lost records itself"
kafka stop "$work/kafka"
until_true 30 ended "$kafka_pid" || fail "Kafka does not stop"

# Once as Kafka left it, once as if it had been killed and had lost all that can be built again.
start_on() {
  start_broker "$@"
  contents "$broker" "$work/after"
  cmp -s "$work/before" "$work/after" || fail "eventd reads other records from Kafka's folder"
  stop_broker
  [ "$broker_status" = 0 ] || fail "eventd ended with $broker_status"
}
cp -r "$work/kafka/data" "$work/original"
data=$work/kafka/data
start_on
rm -rf "$data" && cp -r "$work/original" "$data"
rm -f "$data"/.kafka_cleanshutdown "$data"/recovery-point-offset-checkpoint
rm -f "$data"/of-*/*.index "$data"/of-*/*.timeindex
start_on
compared=0
for folder in "$work"/original/of-*; do
  for index in "$folder"/*.index "$folder"/*.timeindex; do
    ours=$data/${folder##*/}/${index##*/}
    cmp "$index" "$ours" || fail "$ours is not as Kafka has it"
    compared=$((compared + 1))
  done
done
[ $compared -ge 16 ] || fail "only $compared indexes were compared"
say "$(wc -l <"$work/after") records of five codecs, $compared indexes are Kafka's"
