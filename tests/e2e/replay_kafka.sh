#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-replay on a folder of real Kafka's, with every codec, transactions that were committed,
# aborted and are open: the same offline as from its broker. Every bit counts for --verify, and both
# eventd and Kafka start on an import.
. "$(dirname "$0")/lib.sh"
need eventd event-replay event-consume event-admin java mvn python3
/usr/bin/python3 -c 'import confluent_kafka' 2>/dev/null || skip "there is no confluent_kafka"
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"
flips=4
[ -z "${EVENTD_LONG:-}" ] || flips=300

same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 5 >&2 || true; fail "$1 and $2 differ"; }; }
start_kafka() { # FOLDER
  kafka start "$1" "$kafka_port" >/dev/null || { tail -n 20 "$1/log"; fail "Kafka does not start"; }
  kafka_pid=$(cat "$1/pid")
  background+=("$kafka_pid")
}
stop_kafka() { # FOLDER
  kafka stop "$1"
  until_true 30 ended "$kafka_pid" || fail "Kafka does not stop"
}

cd "$work"
kafka_port=$(free_port)
start_kafka kafka
kafka=127.0.0.1:$kafka_port
/usr/bin/python3 "$here/replay_records.py" "$kafka" mixed 2>records.log || fail "$(cat records.log)"
folder=kafka/data

# Offline and online are one, of what is committed and of all, by any position.
compare() { # OPTION..
  event-replay mixed -b "$kafka" "$@" >online
  event-replay $folder/ -t mixed "$@" >offline
  [ -s online ] || fail "nothing is there: $*"
  same online offline
}
compare --sum
cp online sum
compare --sum -X isolation.level=read_uncommitted
cmp -s online sum && fail "no transaction was aborted"
compare -j -p 1 --from end-200
compare -j -p 0 --from @1790800000 --until @1790990000
compare -j -p 0 -k k3 --until 300
compare -j --merge -X isolation.level=read_uncommitted
event-replay $folder/ -t mixed --verify || fail "the folder of a living Kafka is not sound"
stop_kafka kafka
event-replay $folder/ --verify || fail "the folder is not sound"
event-replay $folder/mixed-0 $folder/mixed-1 --sum >offline
same sum offline
for partition in 0 1; do
  cp -r $folder/mixed-$partition .
  python3 "$here/replay_flips.py" mixed-$partition $flips
done

# An import has what consumers see, and what stands behind a transaction that never ends.
event-replay $folder/ -t mixed --import ./imported 2>err
grep -q 'transactions that never ended' err || fail "an open transaction is not told of: $(cat err)"
event-replay imported/ --verify || fail "the import is not sound"
event-replay imported/ --sum >got
[ "$(head -n 1 got)" = "$(head -n 1 sum)" ] || fail "an import has other records: $(cat got)"
cp got sum
cp -r imported second
data=$work/imported
start_broker
event-replay mixed -b "$broker" --sum >got
same sum got
stop_broker
if [ -n "${EVENTD_LONG:-}" ]; then  # another start of Kafka's
  rm -rf kafka/data && mv second kafka/data
  start_kafka kafka
  until_true 20 event-consume mixed -b "$kafka" --until count=1 >got 2>&1 || fail "$(cat got)"
  event-replay mixed -b "$kafka" --sum >got
  same sum got
  stop_kafka kafka
fi

say "offline is online; every bit counts; eventd and Kafka start on an import"
