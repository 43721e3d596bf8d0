#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-admin as its manual has it: each verb, its JSON, its exit codes, against eventd, real Kafka,
# and kfake, also one that speaks no newer protocol than Kafka 2.1.
. "$(dirname "$0")/lib.sh"
need eventd event-admin event-produce event-consume jq

cd "$work"
status=0
run() { # COMMAND..: into out and err, $status
  status=0
  "$@" >out 2>err </dev/null || status=$?
}
expect() { # STATUS WORD COMMAND..: its exit code, and a word of the one line on stderr, '' for none
  local wanted=$1 word=$2
  shift 2
  run "$@"
  [ "$status" = "$wanted" ] || fail "$peer: $*: status $status, not $wanted: $(cat out err)"
  if [ -z "$word" ]; then
    [ ! -s err ] || fail "$peer: $*: it says $(cat err)"
  else
    [ "$(wc -l <err)" = 1 ] || fail "$peer: $*: not one line on stderr: $(cat err)"
    grep -qF -e "$word" err || fail "$peer: $*: no '$word' in: $(cat err)"
  fi
}
silent() { # COMMAND..: 0, and nothing is said or printed
  expect 0 '' "$@"
  [ ! -s out ] || fail "$peer: $*: it prints $(cat out)"
}
prints() { # TEXT COMMAND..: exactly that, and 0
  local wanted=$1
  shift
  expect 0 '' "$@"
  [ "$(cat out)" = "$wanted" ] || fail "$peer: $*: $(cat out), not $wanted"
}
rows() { # JQ TEXT: what the filter makes of the rows in out, a line each
  local seen
  seen=$(jq -r "$1" out) || fail "$peer: no JSON: $(cat out)"
  [ "$seen" = "$2" ] || fail "$peer: $1 gives $seen, not $2, of $(cat out)"
}
fields() { # NAMES: the names of the first row, in their order
  local seen
  seen=$(head -n 1 out | jq -r 'keys_unsorted | join(" ")')
  [ "$seen" = "$1" ] || fail "$peer: the fields are $seen, not $1"
}

# Peers differ in what they can: log_dirs, groups (configs of groups), broker (configs of brokers).
can() { [[ " $abilities " == *" $1 "* ]]; }

topics_story() {
  silent event-admin topic create t.a t.b --partitions 2 --replication-factor 1 \
    --config retention.ms=7d --config segment.bytes=64M
  expect 1 'topic t.a: TOPIC_ALREADY_EXISTS' event-admin topic create t.a
  silent event-admin topic create t.a t.b --partitions 2 --config retention.ms=7d --if-not-exists
  expect 0 'differs: {"partitions":[2,3],"retention.ms":["604800000","86400000"]}' \
    event-admin topic create t.a --partitions 3 --config retention.ms=1d --if-not-exists -j
  fields 'topic status error message differs'
  rows '[.topic, .status, .error, .differs.partitions[0]] | @csv' '"t.a","unchanged",,2'
  expect 0 '' event-admin topic create planned --partitions 1 --replication-factor 1 --dry-run -j
  fields 'topic status error message'
  rows .status planned
  can checks && expect 1 'INVALID_TOPIC_EXCEPTION' event-admin topic create 'no/name'
  expect 2 --partitions event-admin topic create t.c -p 6
  expect 2 'retention.ms' event-admin topic create t.c --config retention.ms=soon
  expect 2 '--partitions: 0 is not a number from 1 on' event-admin topic create t.c --partitions 0
  expect 2 'TOTAL: x is not a number from 1 on' event-admin topic set-partitions t.a x

  # Lists are bare names without internal topics; -j is for scripts.
  prints $'t.a\nt.b' event-admin topic list
  prints 't.b' event-admin topic list --regex '.*b'
  expect 1 regex event-admin topic list --regex 'b'
  expect 2 regex event-admin topic list --regex '('
  expect 0 '' event-admin topic list t.a -j
  fields 'topic partitions replication_factor internal'
  rows '[.topic, .partitions, .replication_factor, .internal] | @csv' '"t.a",2,1,false'
  seq 10 | event-produce t.a -p 1
  expect 0 '' event-admin topic describe -j
  fields 'topic partition leader epoch replicas isr start end'
  rows '[.topic, .partition, (.replicas | length), (.isr | length), .start, .end] | @csv' \
    $'"t.a",0,1,1,0,0\n"t.a",1,1,1,0,10\n"t.b",0,1,1,0,0\n"t.b",1,1,1,0,0'
  expect 0 '' event-admin topic describe t.a
  [ "$(head -n 1 out)" = 'TOPIC  PARTITION  LEADER  EPOCH  REPLICAS  ISR  START  END' ] ||
    fail "$peer: $(cat out)"
  expect 1 'topic nope: UNKNOWN_TOPIC_OR_PARTITION' event-admin topic describe t.b nope -j
  rows .topic $'t.b\nt.b'

  # Positions, and the log's start.
  local at
  for at in start:0 start+3:3 start+99:10 end:10 end-4:6 4:4 99:10 @2020-01-01:0 @+1d:10; do
    expect 0 '' event-admin topic offsets t.a --at "${at%:*}" -j
    rows 'select(.partition == 1).offset' "${at##*:}"
  done
  fields 'topic partition offset'
  expect 2 'position' event-admin topic offsets t.a --at middle
  expect 2 --yes event-admin topic trim t.a --until end-4 -j
  rows 'select(.status == "planned") | [.partition, .start] | @csv' 1,6
  expect 0 '' event-admin topic trim t.a --until end-4 --dry-run --yes
  expect 0 '' event-admin topic offsets t.a --at start -j
  rows 'select(.partition == 1).offset' 0
  expect 0 '' event-admin topic trim t.a --until end-4 --yes -j
  fields 'topic partition start status error message'
  rows '[.partition, .start, .status] | @csv' $'0,0,"unchanged"\n1,6,"done"'
  prints $'7\n8\n9\n10' event-consume t.a
  silent event-admin topic trim t.a --until 3 --yes

  # More partitions, never fewer.
  expect 0 '' event-admin topic set-partitions t.a 3 --dry-run -j
  rows .status planned
  expect 0 '' event-admin topic set-partitions t.a 4 -j
  fields 'topic partitions status error message'
  rows '[.partitions, .status] | @csv' '4,"done"'
  expect 0 '' event-admin topic set-partitions t.a 4 -j
  rows .status unchanged
  expect 1 'topic t.a: INVALID_PARTITIONS' event-admin topic set-partitions t.a 2
  expect 1 'topic nope' event-admin topic set-partitions nope 2
  expect 1 'topic nope' event-admin topic set-partitions nope 2 -j
  rows '[.topic, .status, .error] | @csv' '"nope","failed","UNKNOWN_TOPIC_OR_PARTITION"'
  expect 1 'topic nope' event-admin topic trim nope --until 1 --yes -j
  rows '[.topic, .status] | @csv' '"nope","failed"'
  expect 1 'topic nope' event-admin topic delete nope --dry-run -j
  rows .status failed
  expect 2 'the key alone' event-admin config unset topic t.a retention.ms=5

  # Nothing goes without --yes.
  expect 2 '2 topics would be deleted; --yes' event-admin topic delete --regex 't\..' -j
  rows '[.topic, .status] | @csv' $'"t.a","planned"\n"t.b","planned"'
  expect 0 '' event-admin topic delete t.b --dry-run
  prints $'t.a\nt.b' event-admin topic list
  expect 1 'topic nope: UNKNOWN_TOPIC_OR_PARTITION' event-admin topic delete nope t.b --yes -j
  fields 'topic status error message'
  rows '[.topic, .status, .error] | @csv' \
    $'"nope","failed","UNKNOWN_TOPIC_OR_PARTITION"\n"t.b","done",'
  silent event-admin topic delete --regex 't.*' --yes
  silent event-admin topic list
}

configs_story() {
  silent event-admin topic create c.a c.b --partitions 1 --replication-factor 1
  silent event-admin config set topic c.a retention.ms=36h max.message.bytes=1M \
    cleanup.policy=compact
  prints 129600000 event-admin config get topic c.a retention.ms
  prints 1048576 event-admin config get topic c.a max.message.bytes
  expect 0 '' event-admin config get topic c.a retention.ms cleanup.policy -j
  fields 'type name key value source'
  rows '[.type, .name, .key, .value, .source] | @csv' "$(cat <<'ROWS'
"topic","c.a","cleanup.policy","compact","DYNAMIC_TOPIC_CONFIG"
"topic","c.a","retention.ms","129600000","DYNAMIC_TOPIC_CONFIG"
ROWS
  )"
  expect 0 '' event-admin config set topic c.a retention.ms=129600000 max.message.bytes=2MB -j
  fields 'type name key value source status error message'
  rows '[.key, .value, .status] | @csv' \
    $'"retention.ms","129600000","unchanged"\n"max.message.bytes","2000000","done"'
  expect 0 '' event-admin config set topic c.a retention.ms=1h --dry-run -j
  rows .status planned
  prints 129600000 event-admin config get topic c.a retention.ms
  expect 0 '' event-admin config unset topic c.a retention.ms -j
  rows .status 'done'
  expect 0 '' event-admin config unset topic c.a retention.ms -j
  rows .status unchanged
  # What was not named is as it was, also where a broker can only replace all.
  prints compact event-admin config get topic c.a cleanup.policy
  expect 0 '' event-admin config get topic --regex 'c\..' retention.ms -j
  rows .name $'c.a\nc.b'
  expect 0 '' event-admin config get topic c.a
  grep -q '^topic  c.a   *cleanup.policy  *compact  *DYNAMIC_TOPIC_CONFIG$' out || fail "$(cat out)"
  silent event-admin config set topic --regex 'c\..' retention.ms=2h
  prints 7200000 event-admin config get topic c.b retention.ms
  expect 1 'topic nope: UNKNOWN_TOPIC_OR_PARTITION' event-admin config get topic nope
  expect 1 'topic nope: UNKNOWN_TOPIC_OR_PARTITION' \
    event-admin config set topic nope retention.ms=1h
  expect 1 'no config nope' event-admin config get topic c.a nope
  can checks &&
    expect 1 'topic c.a: INVALID_CONFIG' event-admin config set topic c.a cleanup.policy=x
  expect 2 'KEY=VALUE' event-admin config set topic c.a retention.ms
  expect 2 'twice' event-admin config set topic c.a retention.ms=1h retention.ms=2h
  expect 2 'TYPE' event-admin config get nothing
  local id
  id=$(event-admin cluster -j | jq -s '.[0].broker')
  if can broker; then
    silent event-admin config set broker "$id" message.max.bytes=3M
    prints 3145728 event-admin config get broker "$id" message.max.bytes
    silent event-admin config set broker '' message.max.bytes=4M
    expect 0 '' event-admin config get broker '' message.max.bytes -j
    rows '[.name, .value, .source] | @csv' '"","4194304","DYNAMIC_DEFAULT_BROKER_CONFIG"'
    silent event-admin config unset broker "$id" message.max.bytes
    prints 4194304 event-admin config get broker "$id" message.max.bytes
    silent event-admin config unset broker '' message.max.bytes
    expect 1 'broker 77' event-admin config get broker 77
  fi
  if can groups; then
    silent event-admin config set group workers consumer.session.timeout.ms=50s
    prints 50000 event-admin config get group workers consumer.session.timeout.ms
    expect 0 '' event-admin config get group -j
    rows 'select(.source == "DYNAMIC_GROUP_CONFIG") | [.name, .value] | @csv' '"workers","50000"'
    silent event-admin config unset group workers consumer.session.timeout.ms
  fi
  silent event-admin topic delete c.a c.b --yes
}

cluster_story() {
  silent event-admin topic create l --partitions 2 --replication-factor 1
  seq 1000 | event-produce l -p 0
  expect 0 '' event-admin cluster -j
  fields 'cluster broker host port rack controller'
  rows '[.host, .port, .controller] | @csv' "\"127.0.0.1\",${broker##*:},true"
  expect 0 '' event-admin api-versions -j
  fields 'broker api name min max'
  rows 'select(.api == 3) | [.name, .max >= 7] | @csv' '"Metadata",true'
  if can log_dirs; then
    expect 0 '' event-admin log-dirs l -j
    fields 'broker dir topic partition bytes lag'
    rows '[.topic, .partition, .bytes > 1000] | @csv' $'"l",0,true\n"l",1,false'
    expect 1 'topic nope' event-admin log-dirs nope
  fi
  silent event-admin topic delete l --yes
}

document_story() {
  silent event-admin topic create d.b --partitions 2 --replication-factor 1 --config retention.ms=1h
  silent event-admin topic create d.a --partitions 1 --replication-factor 1
  event-admin dump >one.json
  event-admin dump >two.json
  cmp one.json two.json || fail "$peer: two dumps differ"
  prints '[["d.a",1,1,{}],["d.b",2,1,{"retention.ms":"3600000"}]]' jq -c \
    '[.topics | to_entries[] | [.key, (.value | .partitions, .replication_factor, .config)]]' \
    one.json
  silent event-admin apply one.json --diff
  silent event-admin apply one.json
  expect 0 '' event-admin apply one.json -j
  fields 'topic status error message differs'
  rows .status $'unchanged\nunchanged'
  # By hand, and back: only what differs is shown.
  silent event-admin config set topic d.b retention.ms=2h
  expect 5 '1 topic not as one.json' event-admin apply one.json --diff -j
  rows '[.topic, .status, .differs["retention.ms"][]] | @csv' \
    '"d.b","planned","7200000","3600000"'
  expect 0 '' event-admin apply one.json --dry-run
  prints 7200000 event-admin config get topic d.b retention.ms
  silent event-admin apply one.json
  silent event-admin apply one.json --diff
  # New topics, more partitions, units; through stdin too.
  jq '.topics["d.c"] = {partitions: 3, replication_factor: 1, config: {"retention.ms": "3d"}}
    | .topics["d.c"].config["max.message.bytes"] = 5000
    | .topics["d.a"].partitions = 2' one.json >more.json
  event-admin apply - -j <more.json >out 2>err || fail "$peer: apply -: $(cat err)"
  rows '[.topic, .status] | @csv' $'"d.a","done"\n"d.b","unchanged"\n"d.c","done"'
  prints 259200000 event-admin config get topic d.c retention.ms
  silent event-admin apply more.json --diff
  # What cannot be is named, the rest is done.
  jq '.topics["d.a"].config = {"retention.ms": "5h"}' one.json >less.json
  expect 1 'topic d.a: INVALID_PARTITIONS' event-admin apply less.json -j
  rows 'select(.topic == "d.a") | [.status, .error] | @csv' '"failed","INVALID_PARTITIONS"'
  prints 18000000 event-admin config get topic d.a retention.ms
  jq '.topics = {"d.b": (.topics["d.b"] | .replication_factor = 3)}' one.json >factor.json
  expect 1 'topic d.b: INVALID_REPLICATION_FACTOR' event-admin apply factor.json
  # --prune deletes, with --yes.
  jq '.topics = {"d.b": .topics["d.b"]}' one.json >few.json
  expect 2 '2 topics would be' event-admin apply few.json --prune
  prints $'d.a\nd.b\nd.c' event-admin topic list
  silent event-admin apply few.json
  prints $'d.a\nd.b\nd.c' event-admin topic list
  silent event-admin apply few.json --prune --yes
  prints 'd.b' event-admin topic list
  # A document that is none changes nothing.
  local bad
  for bad in '{' '[]' '{"topics":{"x":{"partitons":1}}}' '{"topics":{"x":{"partitions":0}}}' \
    '{"topics":{"x":{},"x":{}}}' '{"topics":{"x":{"config":{"retention.ms":"soon"}}}}'; do
    printf '%s' "$bad" >bad.json
    expect 1 'bad.json' event-admin apply bad.json
  done
  expect 1 'absent.json' event-admin apply absent.json
  prints 'd.b' event-admin topic list
  silent event-admin topic delete d.b --yes
}

wait_story() {
  silent event-admin wait broker
  silent event-admin topic create w --partitions 2 --replication-factor 1
  silent event-admin wait topic w
  silent event-admin wait topic --regex 'w.*'
  silent event-admin wait isr w
  silent event-admin wait isr
  expect 5 'topic nope' event-admin wait topic w nope --timeout 0
  expect 5 'topic nope' event-admin wait isr nope --timeout 100ms
  seq 5 | event-produce w -p 0
  silent event-admin wait offset w 5
  silent event-admin wait offset w 5 -p 0
  silent event-admin wait offset w 0 -p 1 --timeout 0
  expect 5 'add up to 5, not 6' event-admin wait offset w 6 --timeout 0
  expect 5 'add up to 0, not 5' event-admin wait offset w 5 -p 1 --timeout 100ms
  expect 5 'no partition w-7' event-admin wait offset w 0 -p 7 --timeout 0
  expect 2 '--timeout' event-admin wait broker --timeout 5
  expect 2 'unknown' event-admin wait group g Stable
  # It ends as soon as it is so.
  event-admin wait topic later --timeout 30s >out 2>err </dev/null &
  local waiter=$!
  event-admin wait offset w 6 --timeout 30s >>out 2>>err </dev/null &
  local counter=$!
  event-admin topic create later --partitions 1 --replication-factor 1
  echo six | event-produce w -p 1
  wait $waiter || fail "$peer: waiting for a topic: $(cat err)"
  wait $counter || fail "$peer: waiting for an offset: $(cat err)"
  [ ! -s out ] && [ ! -s err ] || fail "$peer: waiting is not silent: $(cat out err)"
  silent event-admin topic delete w later --yes
}

# Internal topics are shown where they are named, or with --all; no expression deletes them.
internal_story() {
  can internal || return 0
  silent event-admin topic create __consumer_offsets plain --partitions 1 --replication-factor 1
  local verb
  for verb in 'topic list' 'topic describe' 'topic offsets' 'config get topic' log-dirs; do
    # shellcheck disable=SC2086  # words they are
    expect 0 '' event-admin $verb -j
    [ "$(jq -r '.topic // .name' out | sort -u)" = plain ] || fail "$peer: $verb: $(cat out)"
    # shellcheck disable=SC2086
    expect 0 '' event-admin $verb -j --all
    [ "$(jq -r '.topic // .name' out | sort -u | tr '\n' ' ')" = '__consumer_offsets plain ' ] ||
      fail "$peer: $verb --all: $(cat out)"
  done
  prints '["plain"]' jq -c '.topics | keys' <(event-admin dump)
  prints '["__consumer_offsets","plain"]' jq -c '.topics | keys' <(event-admin dump --all)
  prints __consumer_offsets event-admin topic list __consumer_offsets
  expect 2 '1 topic ' event-admin topic delete --regex '.*'
  echo '{"topics":{}}' >none.json
  silent event-admin apply none.json --prune --yes
  prints __consumer_offsets event-admin topic list --all
  silent event-admin topic delete __consumer_offsets --yes
}

# What people type into scripts.
everyday_story() {
  event-admin topic create orders events --partitions 6 --config retention.ms=7d --if-not-exists
  event-admin topic create orders events --partitions 6 --config retention.ms=7d --if-not-exists
  prints 604800000 event-admin config get topic orders retention.ms
  silent event-admin topic create third --partitions 3 --if-not-exists
  event-admin topic list | while read -r t; do
    printf '%s\t%s\n' "$t" "$(event-admin config get topic "$t" retention.ms)"
  done >out
  [ "$(cut -f 1 out | tr '\n' ' ')" = 'events orders third ' ] || fail "$peer: a loop: $(cat out)"
  seq 1000 | event-produce orders
  if can log_dirs; then
    event-admin log-dirs -j |
      jq -rs 'group_by(.topic)[] | [.[0].topic, (map(.bytes) | add)] | @tsv' | sort -k2,2nr >out
    [ "$(head -n 1 out | cut -f 1)" = orders ] || fail "$peer: sizes: $(cat out)"
  fi
  event-admin topic describe -j |
    jq -r 'select((.isr|length) < (.replicas|length)) | "\(.topic) \(.partition)"' >out
  [ ! -s out ] || fail "$peer: under-replicated: $(cat out)"
  event-admin dump > cluster.json
  event-admin apply cluster.json --diff
  event-admin config set topic orders retention.ms=1d
  expect 5 '1 topic' event-admin apply cluster.json --diff
  grep -q 'retention.ms' out || fail "$peer: the difference is not shown: $(cat out)"
  expect 2 --yes event-admin topic delete orders
  event-admin wait broker --timeout 60s && event-admin wait topic orders
  silent event-admin topic delete events orders third --yes
}

tell_all() {
  export EVENT_BROKERS=$broker
  topics_story
  configs_story
  cluster_story
  document_story
  wait_story
  everyday_story
  internal_story
  echo "$peer: all verbs"
}

peer=eventd abilities='checks broker groups log_dirs internal'
expect 5 'wait: ' event-admin wait broker --timeout 0 -b 127.0.0.1:1
expect 3 '127.0.0.1:1' event-admin topic list -b 127.0.0.1:1
expect 3 '127.0.0.1:1' event-admin topic create t -b 127.0.0.1:1
# No broker is "not yet".
port=$(free_port)
event-admin wait broker -b "127.0.0.1:$port" --timeout 30s >waited 2>&1 </dev/null &
waiter=$!
broker_port=$port start_broker
wait $waiter || fail "waiting for a broker: $(cat waited)"
[ ! -s waited ] || fail "waiting for a broker is not silent: $(cat waited)"
tell_all
# A broker that is silent is "not yet" too, and does not hold a wait.
kill -STOP "$broker_pid"
expect 5 'no answer' timeout 4 event-admin wait broker --timeout 300ms
kill -CONT "$broker_pid"
expect 4 'write the output' bash -c 'event-admin cluster >/dev/full'
stop_broker

if command -v go >/dev/null && GOTOOLCHAIN=local kfake -help >kfake.log 2>&1; then :; fi
for version in '' 2.1; do
  [ -s kfake.log ] && grep -q ports kfake.log || break
  port=$(free_port)
  GOTOOLCHAIN=local kfake -ports "$port" ${version:+-as-version "$version"} \
    >kfake.out 2>&1 </dev/null &
  background+=($!)
  broker=127.0.0.1:$port
  event-admin wait broker -b "$broker" || fail "kfake: $(cat kfake.out)"
  peer="kfake $version" abilities=''
  tell_all
done

command -v java >/dev/null && command -v mvn >/dev/null && kafka install >/dev/null 2>install.log ||
  { say "Kafka is left out: it needs Java and its jars"; exit 0; }
broker=$(kafka start "$work/kafka" "$(free_port)")
background+=("$(cat "$work/kafka/pid")")
peer=Kafka abilities='checks broker groups log_dirs internal'
# Groups have configs of their own since 4.0.
[[ ${KAFKA_VERSION:-} != 3.* ]] || abilities='checks broker log_dirs internal'
tell_all
say "every verb is as UNIX.md has it"
