#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-admin on three nodes of real Kafka: replicas, racks, leaders that move, a broker that dies
# and comes back. The long form only.
. "$(dirname "$0")/lib.sh"
need event-admin event-produce event-consume jq
[ -n "${EVENTD_LONG:-}" ] || skip "three nodes of Kafka are for the long form"
need java mvn
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"

cd "$work"
# A broker that dies leads on, in what the others say, for longer than the 9 s of the default.
brokers=$(kafka cluster "$work/kafka" "$(free_port)" 3 broker.rack=hall \
  broker.session.timeout.ms=15000 min.insync.replicas=2 default.replication.factor=3)
for pid in "$work"/kafka/*/pid; do background+=("$(cat "$pid")"); done
export EVENT_BROKERS=$brokers

event-admin wait broker
[ "$(event-admin cluster -j | jq -s 'length')" = 3 ] || fail "$(event-admin cluster)"
[ "$(event-admin cluster -j | jq -r .rack | sort -u)" = hall ] || fail "no rack"
[ "$(event-admin cluster -j | jq -s 'map(select(.controller)) | length')" = 1 ] ||
  fail "not one controller: $(event-admin cluster)"

# What is made is there, whoever is asked next; and what is deleted is gone.
for i in $(seq 20); do
  event-admin topic create "t$i" --partitions 3
  seq 30 | event-produce "t$i"
  [ "$(event-admin topic describe "t$i" -j | jq -s 'map(.end) | add')" = 30 ] || fail "t$i"
done
event-admin wait isr
event-admin topic set-partitions t1 6
event-admin topic describe t1 -j | jq -se 'length == 6 and all(.replicas | length == 3)' >seen ||
  fail "t1: $(cat seen)"
event-admin config set topic t1 retention.ms=1h
[ "$(event-admin config get topic t1 retention.ms)" = 3600000 ] || fail "config"
event-admin dump >one.json
jq '.topics["new"] = {partitions: 4, replication_factor: 2, config: {}}' one.json >more.json
event-admin apply more.json
event-admin apply more.json --diff || fail "applied, and yet it differs"
status=0
jq '.topics["new"].replication_factor = 3' more.json >factor.json
event-admin apply factor.json 2>err || status=$?
[ $status = 1 ] && grep -q 'new: INVALID_REPLICATION_FACTOR' err || fail "$status $(cat err)"
[ "$(event-admin topic list | grep -c '^t')" = 20 ] || fail "list: $(event-admin topic list)"
[ "$(event-admin topic offsets t3 -j | jq -s 'map(.offset) | add')" = 30 ] || fail "offsets"
event-admin wait offset t3 30 --timeout 10s
status=0
event-admin wait offset t3 31 --timeout 0 2>err || status=$?
[ $status = 5 ] || fail "wait offset: $status $(cat err)"
event-admin config unset topic t1 retention.ms
[ "$(event-admin config get topic t1 retention.ms)" = 604800000 ] || fail "unset"
event-admin config set broker 1 log.cleaner.threads=2
[ "$(event-admin config get broker 1 log.cleaner.threads)" = 2 ] || fail "a config of a broker"
[ "$(event-admin api-versions -j | jq -s 'map(.broker) | unique | length')" = 3 ] ||
  fail "api-versions"
event-admin topic delete new --yes
! event-admin topic list | grep -qx new || fail "deleted, and yet there"
event-admin apply more.json
event-admin apply more.json --diff || fail "applied again, and yet it differs"
[ "$(event-admin log-dirs t1 -j | jq -r .broker | sort -u | wc -l)" = 3 ] || fail "log-dirs"

# A broker dies: leaders move, and changes find the controller.
victim=$(event-admin topic describe t2 -j | jq -s '.[0].leader')
kill -9 "$(cat "kafka/$victim/pid")"
event-admin topic describe t2 -j >seen || fail "leaders that move: $(cat seen)"
jq -se 'map(.end) | add == 30' seen >/dev/null || fail "ends after a death: $(cat seen)"
for i in $(seq 21 25); do event-admin topic create "t$i" --partitions 3 --replication-factor 2; done
event-admin topic trim t2 --until end --yes
[ "$(event-consume t2 | wc -l)" = 0 ] || fail "trimmed"
status=0
event-admin wait isr t2 --timeout 0 2>err || status=$?
[ $status = 5 ] && grep -q '2 of 3 replicas' err || fail "isr without a broker: $status $(cat err)"
event-admin wait topic --regex 't.*'
kafka stop "$work/kafka" >/dev/null 2>&1
say "three nodes, and two of them"
