#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-consume and event-replay do the same on eventd, kfake and real Kafka; and what kcat, KafkaJS
# and Kafka's console tools write there, with headers, nulls and every codec, we read byte for byte,
# and they what we write. The short form has kfake only: other stories have eventd and Kafka.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay kcat jq python3
. "$here/peers_tasks.bash"
codecs='none gzip snappy lz4 zstd'

cd "$work"
touch followed
make_events 300
export KAFKAJS=
kafkajs_is_there() {
  local said
  said=$("$top/tests/interop/node_client.sh" kafkajs install) || { say "$said"; return 1; }
  KAFKAJS=$said
}

kcat_writes() {
  local codec
  # No delimiters among the bytes, and -Z: what is empty is null.
  printf 'k1\tv1\nk2\t\n\t\377\1\r\n\t\n\360\237\230\200\t\\\n' >lines
  cat >want <<'ROWS'
["k1","v1"]
["k2",null]
[null,{"base64":"/wEN"}]
[null,null]
["😀","\\"]
ROWS
  for codec in $codecs; do
    event-admin topic create "kcat-$codec" --partitions 1
    kcat -P -b "$EVENT_BROKERS" -t "kcat-$codec" -p 0 -K '\t' -Z -z "$codec" \
      -H a=1 -H a=ä -H empty= -H null -l lines
    event-consume "kcat-$codec" -j >got
    jq -c '[.key,.value]' got >fields
    same fields want "what kcat has written, $codec"
    [ "$(jq -c .headers got | sort -u)" = '[["a","1"],["a","ä"],["empty",""],["null",null]]' ] ||
      fail "$peer: headers of kcat's, $codec: $(head -n 1 got)"
  done
}
kcat_reads() {
  local codec
  for codec in $codecs; do
    event-admin topic create "ours-$codec" --partitions 1
    event-produce "ours-$codec" -j -X compression.type="$codec" events.jsonl
    kcat_all "ours-$codec" -f '%K %S %T %h|%k|%s\n' >got
    same got want.kcat "kcat reads something else, $codec"
  done
}
kafkajs() { node "$here/cross_read.mjs" "$1" "$EVENT_BROKERS" "${@:2}" 2>err ||
  fail "$peer: KafkaJS: $(tail -n 5 err)"; }
kafkajs_writes() {
  local codec
  event-admin topic create $(printf 'js-%s ' $codecs) --partitions 1
  kafkajs write js events.jsonl
  python plain kafkajs <events.jsonl >want
  for codec in $codecs; do
    event-consume "js-$codec" -j >got.jsonl
    python plain <got.jsonl >got
    same got want "what KafkaJS has written, $codec"
  done
}
# Of topics that kcat_reads has filled.
kafkajs_reads() {
  local codec
  kafkajs read 300 $(printf 'ours-%s ' $codecs) >all
  python plain <events.jsonl | jq -c . >want
  for codec in $codecs; do
    sed -n "s/^ours-$codec //p" all | jq -c . >got
    same got want "KafkaJS reads something else, $codec"
  done
}
console() { # NAME TOPIC OPTION..
  kafka tool "console-$1" --bootstrap-server "$EVENT_BROKERS" --topic "$2" "${@:3}" 2>err ||
    fail "$peer: console-$1 $2: $(tail -n 3 err)"
}
consoles() {
  local codec
  python events 300 text >text.jsonl
  python typed <text.jsonl >typed
  for codec in $codecs; do
    event-admin topic create "console-$codec" --partitions 1
    console producer "console-$codec" --compression-codec "$codec" \
      --reader-property parse.key=true --reader-property parse.headers=true \
      --reader-property null.marker=NULL <typed >/dev/null
    event-consume "console-$codec" -j | jq -c '[.key,.value,.headers]' >got
    jq -c '[.key,.value,.headers]' text.jsonl >want
    same got want "what console-producer has written, $codec"
    python told <events.jsonl >want
    console consumer "ours-$codec" --partition 0 --offset earliest --max-messages 300 \
      --timeout-ms 20000 --formatter-property print.key=true \
      --formatter-property print.headers=true --formatter-property print.timestamp=true \
      --formatter-property null.literal=NULL >got
    same got want "console-consumer reads something else, $codec"
  done
}

all_tasks() { # NAME BROKER CAN..
  peer=$1
  export EVENT_BROKERS=$2
  consume_tasks
  replay_tasks
  kcat_writes
  if [ -n "$KAFKAJS" ] || [[ " $* " == *' consoles '* ]]; then kcat_reads; fi
  if [ -n "$KAFKAJS" ]; then
    kafkajs_writes
    if [[ " $* " == *' groups '* ]]; then kafkajs_reads; fi
  fi
  if [[ " $* " == *' consoles '* ]]; then consoles; fi
  say "$peer"
}

long=${EVENTD_LONG:-} consoles=''
if command -v node >/dev/null && [ -n "$long" ]; then kafkajs_is_there || true; fi
if [ -n "$long" ] && command -v java mvn >/dev/null; then
  kafka install >/dev/null 2>install.log && consoles=consoles || say "Kafka's jars cannot be had"
fi
if [ -n "$long" ]; then
  start_broker -X log.retention.ms=-1  # the events are old
  all_tasks eventd "$broker" $consoles
  stop_broker
fi
if command -v go >/dev/null; then
  GOTOOLCHAIN=local kfake -ports 0 -data-dir "$work/kfake" >kfake.log 2>&1 &
  background+=($!)
  until_true 60 grep -q "listening on" kfake.log || fail "kfake: $(cat kfake.log)"
  all_tasks kfake "$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' kfake.log | head -n 1)" \
    groups $consoles
else
  say "there is no go: kfake is left out"
  [ -n "$long" ] || skip "kfake needs go"
fi
if [ -n "$consoles" ]; then
  truth=$(kafka start "$work/truth" "$(free_port)" log.retention.ms=-1 \
    offsets.topic.num.partitions=1 group.initial.rebalance.delay.ms=0)
  background+=("$(cat "$work/truth/pid")")
  all_tasks Kafka "$truth" groups $consoles
fi
# eventd starts on what was imported from any of them.
for import in ./*.import; do
  data=$work/$import
  start_broker -X log.retention.ms=-1
  peer=$import
  prints sum event-replay again -b "$broker" --sum
  stop_broker
done
say "the same on all of them; what one writes the others read"
