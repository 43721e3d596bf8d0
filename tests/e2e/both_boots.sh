#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whoever outgrows one of the two starts the other on the same folder: real Kafka starts on ours,
# after a clean stop and after kill -9, and serves every topic, config and batch as we did; eventd
# starts on Kafka's, the same; and what only Kafka serves is as it was when Kafka comes back. The
# long form also takes over folders that Kafka's tool has formatted and nobody has started, of both
# kinds of quorum, and a log that was cut behind snapshots.
. "$(dirname "$0")/lib.sh"
need eventd python3 kcat java mvn
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"

boots() { python3 "$here/boots.py" "$@"; }
state() { boots state "$1" >"$2" || fail "the state of $1 cannot be told"; }  # HOST:PORT FILE
write() { boots write "$1" "$2" "$work/memory" || fail "cannot write to $1"; }  # HOST:PORT TAG

same() { # WHO: the state before and after somebody took over
  cmp -s "$work/before" "$work/after" ||
    { diff "$work/before" "$work/after" | head -n 20; fail "$1 does not serve what was there"; }
  say "$1: $(wc -l <"$work/after") lines of topics, configs, offsets and batches are the same"
}

# Kafka's process on the folder $data, as `kafka start` would write its configuration.
kafka_settings=(authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
  super.users=User:ANONYMOUS)
start_kafka() {
  if [ ! -e "$work/kafka/node.properties" ]; then
    kafka_port=$(free_port)
    kafka format "$work/kafka" "$kafka_port" "${kafka_settings[@]}"
    rm -rf "$work/kafka/data"
    ln -s "$data" "$work/kafka/data"
  fi
  kafka start "$work/kafka" "$kafka_port" >/dev/null ||
    { grep -E 'ERROR|FATAL|Exception' "$work/kafka/log" | head -n 10; fail "Kafka does not start"; }
  kafka_pid=$(cat "$work/kafka/pid")
  background+=("$kafka_pid")
  kafka_address=127.0.0.1:$kafka_port
  boots state "$kafka_address" >/dev/null  # it answers
}

stop_kafka() {
  kafka stop "$work/kafka"
  until_true 30 ended "$kafka_pid"
}

kill_kafka() {
  kill -9 "$kafka_pid"
  until_true 30 ended "$kafka_pid"
}

stop_cleanly() {
  stop_broker
  [ "$broker_status" = 0 ] || fail "eventd ended with $broker_status"
}

# What only Kafka serves: ACLs, SCRAM users, quotas; transactions and a group where there is
# confluent_kafka.
has_confluent() { /usr/bin/python3 -c 'import confluent_kafka' 2>/dev/null; }
has_kreq() { kreq -h >/dev/null 2>&1 || command -v go >/dev/null; }

make_leftovers() {
  if has_kreq; then
    kreq -b "$kafka_address" CreateACLs 3 >"$work/made" <<'JSON'
{Creations: [{ResourceType: 2, ResourceName: boot, ResourcePatternType: 4, Principal: "User:alice",
  Host: "*", Operation: 3, PermissionType: 3}]}
JSON
    kreq -b "$kafka_address" AlterUserSCRAMCredentials 0 >>"$work/made" <<'JSON'
{Upsertions: [{Name: alice, Mechanism: 1, Iterations: 4096, Salt: some-salt,
  SaltedPassword: some-password}]}
JSON
    kreq -b "$kafka_address" AlterClientQuotas 1 >>"$work/made" <<'JSON'
{Entries: [{Entity: [{Type: user, Name: alice}, {Type: client-id, Name: null}],
  Ops: [{Key: producer_byte_rate, Value: 1024}]}]}
JSON
    if grep -E 'ErrorCode"?: *-?[1-9]' "$work/made"; then
      fail "Kafka makes no ACLs, users or quotas"
    fi
  else
    say "there is no Go for kreq: no ACLs, SCRAM users and quotas are left"
  fi
  if has_confluent; then
    /usr/bin/python3 "$here/leftovers.py" make "$kafka_address"
  else
    say "there is no python3-confluent-kafka: no transactions and groups are left"
  fi
}

leftovers() { # FILE
  : >"$1"
  if has_kreq; then
    kreq -b "$kafka_address" DescribeACLs 3 >>"$1" \
      <<<'{ResourceType: 1, ResourcePatternType: 1, Operation: 1, PermissionType: 1}'
    kreq -b "$kafka_address" DescribeUserSCRAMCredentials 0 >>"$1" <<<'{}'
    kreq -b "$kafka_address" DescribeClientQuotas 1 >>"$1" <<<'{}'
    grep -q alice "$1" || { cat "$1"; fail "Kafka tells of no user alice"; }
  fi
  if has_confluent; then /usr/bin/python3 "$here/leftovers.py" tell "$kafka_address" >>"$1"; fi
}

dump_metadata() { # SUFFIX: of all such files
  local files=("$data"/__cluster_metadata-0/*"$1")
  kafka tool dump-log --cluster-metadata-decoder --files "$(IFS=,; echo "${files[*]}")" \
    >"$work/dump" 2>&1 || { tail "$work/dump"; fail "the metadata $1 cannot be dumped"; }
}

check_metadata() {
  dump_metadata .log
  grep -q REGISTER_BROKER_RECORD "$work/dump" || fail "the metadata log registers no broker"
  if grep -m 5 -E 'orrupt|isvalid: false|Exception|UNKNOWN' "$work/dump"; then
    fail "DumpLogSegments complains about the metadata log"
  fi
}

new_folder() {
  data=$work/$1
  rm -rf "$work/kafka" "$work/memory" "$data"
}

from_ours() {
  start_broker
  write "$broker" eventd
  state "$broker" "$work/before"
  stop_cleanly
  start_kafka
  state "$kafka_address" "$work/after"
  same "Kafka, after our clean stop"

  write "$kafka_address" kafka
  make_leftovers
  leftovers "$work/left"
  state "$kafka_address" "$work/before"
  stop_kafka
  start_broker
  state "$broker" "$work/after"
  same "eventd, after Kafka's clean stop"

  write "$broker" again
  state "$broker" "$work/before"
  kill_broker
  start_kafka
  state "$kafka_address" "$work/after"
  same "Kafka, after kill -9 of eventd"
  leftovers "$work/left_after"
  diff "$work/left" "$work/left_after" || fail "eventd has changed what only Kafka serves"
  say "ACLs, users, quotas, transactions and groups are as they were"

  write "$kafka_address" killed
  state "$kafka_address" "$work/before"
  kill_kafka
  start_broker
  state "$broker" "$work/after"
  same "eventd, after kill -9 of Kafka"
  write "$broker" last
  stop_cleanly
  check_metadata
}

from_kafka() {
  new_folder kafkas
  kafka_port=$(free_port)
  kafka format "$work/kafka" "$kafka_port" "${kafka_settings[@]}"
  mv "$work/kafka/data" "$data"
  ln -s "$data" "$work/kafka/data"
  start_kafka
  write "$kafka_address" kafka
  state "$kafka_address" "$work/before"
  "$1"  # how it ends
  start_broker
  state "$broker" "$work/after"
  same "eventd, on a folder that Kafka made"
  write "$broker" eventd
}

# A folder that Kafka's tool has formatted and that we are the first to start.
from_format() { # NAME
  start_broker
  write "$broker" eventd
  state "$broker" "$work/before"
  kill_broker
  start_kafka
  state "$kafka_address" "$work/after"
  same "Kafka, on what it has formatted as $1 and we have begun"
  write "$kafka_address" kafka
  state "$kafka_address" "$work/before"
  stop_kafka
  start_broker
  state "$broker" "$work/after"
  same "eventd, once more on the folder formatted as $1"
  stop_cleanly
  check_metadata
}

format() { # standalone, or static: voters in the configuration
  new_folder "$1"
  kafka_port=$(free_port)
  kafka format "$work/kafka" "$kafka_port"
  mv "$work/kafka/data" "$data"
  if [ "$1" = static ]; then
    rm -rf "$data"
    sed -i "s/^controller.quorum.bootstrap.servers=.*/controller.quorum.voters=1@127.0.0.1:$((
      kafka_port + 1))/; s,^log.dirs=.*,log.dirs=$data," "$work/kafka/node.properties"
    kafka java kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAB \
      -c "$work/kafka/node.properties" >"$work/format.log" 2>&1 ||
      { cat "$work/format.log"; fail "Kafka's tool formats no static quorum"; }
  fi
  ln -s "$data" "$work/kafka/data"
}

# So many changes that snapshots are written and the log before them is not needed any more.
after_snapshots() {
  new_folder snapshots
  start_broker
  python3 - "$here" "$broker" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from boots import Admin, TOPIC
with Admin(sys.argv[2]) as broker:
    broker.create_topic("boot-churn", {}, 3)
    for round in range(260):
        broker.create_topic(f"boot-passing-{round}", {}, 50)
        broker.set_configs(TOPIC, f"boot-passing-{round}", {"retention.ms": str(10_000 + round)})
        if round >= 5:
            broker.delete_topic(f"boot-passing-{round - 5}")
PYTHON
  compgen -G "$data/__cluster_metadata-0/*.checkpoint" >/dev/null || fail "no snapshot was written"
  write "$broker" eventd
  state "$broker" "$work/before"
  stop_cleanly
  dump_metadata .checkpoint
  start_kafka
  state "$kafka_address" "$work/after"
  same "Kafka, with our snapshot of the metadata"
  write "$kafka_address" kafka
  state "$kafka_address" "$work/before"
  kill_kafka
  start_broker
  state "$broker" "$work/after"
  same "eventd, after Kafka went on from our snapshot"
  stop_cleanly
}

from_ours
from_kafka stop_kafka
stop_cleanly
[ -n "${EVENTD_LONG:-}" ] || exit 0
from_kafka kill_kafka
kill_broker
format standalone
from_format standalone
format static
from_format static
after_snapshots
