#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whoever outgrows one of the two starts the other on the same folder: real Kafka starts on ours,
# after a clean stop and after kill -9, and serves every topic, config and record; then eventd
# starts on what Kafka left, and on a folder that Kafka made.
. "$(dirname "$0")/lib.sh"
need eventd python3 kcat java mvn jq
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"

# state HOST:PORT FILE: all topics with partitions and configs, and every record with its offset,
# time, key, headers and value, as any client sees them.
state() {
  local topic
  kcat -b "$1" -L -J | jq -r '.topics[] | select(.topic | startswith("__") | not)
    | "\(.topic) \(.partitions | length)"' | sort >"$2"
  kafka tool configs --bootstrap-server "$1" --describe --entity-type topics |
    awk '/^Dynamic configs/ { topic = $5; next } NF { print topic, $1 }' | sort >>"$2"
  for topic in $(cut -d ' ' -f 1 "$2" | grep -x 'boot[a-z-]*'); do
    kcat -b "$1" -C -t "$topic" -o beginning -e -q -J -X fetch.wait.max.ms=20 |
      jq -c 'del(.broker)' |
      jq -s -c 'sort_by(.partition, .offset)[]' >>"$2"
  done
}

write() { # HOST:PORT TAG: a new topic, and more in those that are there
  kafka tool topics --bootstrap-server "$1" --create --topic "boot-$2" --partitions 2 \
    --config segment.bytes=1048576 --config retention.ms=-1 >/dev/null
  local codec codecs=(none lz4)
  [ -z "${EVENTD_LONG:-}" ] || codecs+=(gzip snappy zstd)
  for codec in "${codecs[@]}"; do
    seq 500 | sed "s/.*/&:$2 $codec &/" |
      kcat -b "$1" -P -t "boot-$2" -K: -z $codec -X enable.idempotence=true -H "by=$2"
  done
  seq 100 | kcat -b "$1" -P -t boot-shared -X acks=all
  kafka tool configs --bootstrap-server "$1" --alter --entity-type topics \
    --entity-name boot-shared --add-config "max.message.bytes=$((1000000 + RANDOM))" >/dev/null
}

same() { # WHO: the state before and after somebody took over
  cmp -s "$work/before" "$work/after" ||
    { diff "$work/before" "$work/after" | head -n 20; fail "$1 does not serve what was there"; }
  say "$1: $(wc -l <"$work/after") lines of topics, configs and records are the same"
}

# Kafka's process on the folder $data, as `kafka start` would write its configuration.
start_kafka() {
  if [ ! -e "$work/kafka/node.properties" ]; then
    kafka_port=$(free_port)
    kafka format "$work/kafka" "$kafka_port"
    rm -rf "$work/kafka/data"
    ln -s "$data" "$work/kafka/data"
  fi
  kafka start "$work/kafka" "$kafka_port" >/dev/null ||
    { grep -E 'ERROR|FATAL|Exception' "$work/kafka/log" | head -n 10; fail "Kafka does not start"; }
  kafka_pid=$(cat "$work/kafka/pid")
  background+=("$kafka_pid")
  kafka_address=127.0.0.1:$kafka_port
}

stop_kafka() {
  kafka stop "$work/kafka"
  until_true 30 ended "$kafka_pid"
}

# While one of the two uses the folder, the other is refused.
eventd_is_refused() {
  local status=0
  eventd --data-dir "$data" --port 0 >"$work/refused" 2>&1 || status=$?
  [ $status = 3 ] && grep -q "another broker, ours or Kafka, uses $data" "$work/refused" ||
    { cat "$work/refused"; fail "eventd on the folder of a running Kafka ended with $status"; }
}

kafka_is_refused() {
  ! kafka start "$work/kafka" "$kafka_port" >/dev/null 2>&1 ||
    fail "Kafka started on the folder of a running eventd"
  grep -q 'Failed to acquire lock on file .lock' "$work/kafka/log" ||
    { tail -n 20 "$work/kafka/log"; fail "Kafka was not refused for the lock"; }
}

start_broker
create_topic boot-shared 3
write "$broker" eventd
state "$broker" "$work/before"
stop_broker
start_kafka
state "$kafka_address" "$work/after"
same "Kafka, after our clean stop"
eventd_is_refused

write "$kafka_address" kafka
state "$kafka_address" "$work/before"
stop_kafka
start_broker
state "$broker" "$work/after"
same "eventd, after Kafka's clean stop"
[ -z "${EVENTD_LONG:-}" ] || kafka_is_refused

write "$broker" again
state "$broker" "$work/before"
kill_broker
start_kafka
state "$kafka_address" "$work/after"
same "Kafka, after kill -9 of eventd"

write "$kafka_address" killed
state "$kafka_address" "$work/before"
kill -9 "$kafka_pid"
until_true 30 ended "$kafka_pid"
start_broker
state "$broker" "$work/after"
same "eventd, after kill -9 of Kafka"
write "$broker" last
stop_broker

# And a folder that Kafka itself formatted.
rm -rf "$work/kafka"
data=$work/kafka/data
kafka_port=$(free_port)
kafka start "$work/kafka" "$kafka_port" >/dev/null
kafka_pid=$(cat "$work/kafka/pid")
background+=("$kafka_pid")
kafka tool topics --bootstrap-server "127.0.0.1:$kafka_port" --create --topic boot-shared >/dev/null
write "127.0.0.1:$kafka_port" kafka
state "127.0.0.1:$kafka_port" "$work/before"
stop_kafka
start_broker
state "$broker" "$work/after"
same "eventd, on a folder that Kafka made"
stop_broker
[ "$broker_status" = 0 ] || fail "eventd ended with $broker_status"
