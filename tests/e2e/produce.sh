#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-produce as UNIX.md has it: every option, what is bad input, and what contradicts itself.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin python3 jq

cd "$work"
start_broker
export EVENT_BROKERS=$broker
event-admin topic create t big --partitions 1
event-admin topic create many --partitions 6
event-admin topic create small --partitions 1 --config max.message.bytes=1000

expect() { # STATUS WORD COMMAND..: its exit code, and a word of what it says on stderr
  local wanted=$1 word=$2 status=0
  shift 2
  "$@" >out 2>err </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat err)"
  grep -qF -e "$word" err || fail "$*: no '$word' in: $(cat err)"
}
same() { [ "$1" = "$2" ] || fail "${3:-}: '$1' is not '$2'"; }
# What the last runs have put into a topic: its events from where the last look ended.
new() { # TOPIC ARG..: in what form
  local topic=$1 from
  from=$(cat "looked.$topic" 2>/dev/null || echo 0)
  shift
  event-admin topic offsets "$topic" -j | jq .offset >"looked.$topic"
  event-consume "$topic" --from "$from" "$@"
}

# -H: in order, doubled, null, with = in its value; behind those of the event. -k beside -j.
echo v | event-produce t -H a=1 -H b -H a=x=y -k K
same "$(new t -j | jq -c '[.key,.value,.headers]')" \
  '["K","v",[["a","1"],["b",null],["a","x=y"]]]' headers
echo '{"key":"k","value":"v","headers":[["e","1"]]}' | event-produce t -j -H z=9 -k other
same "$(new t -j | jq -c '[.key,.headers]')" '["other",[["e","1"],["z","9"]]]' 'headers of events'

# -J and -j both take "json" as it stands there.
printf '{"json":{"b":1.50, "a":[]}}\n{"json": null }\n' | event-produce t -J
same "$(new t)" $'{"b":1.50, "a":[]}\nnull' 'raw JSON'
echo '{"json":"\u00e4"}' | event-produce t -j
same "$(new t)" '"\u00e4"' 'raw JSON'

# What an event does not say: no key is null, no timestamp is now. Offset and partition never count.
echo '{"value":"v","partition":7,"offset":-3,"more":{}}' | event-produce t -j
new t -j | jq -e '.key == null and (.timestamp/1000 - now | fabs) < 60' >/dev/null || fail "now"
echo '{"value":"v","timestamp":5}' | event-produce t -j
same "$(new t -j | jq .timestamp)" 5 'a time of its own'

# --frame: any bytes, empty, null; what it prints is what it takes.
printf '\0\0\0\2a\n\0\0\0\0\377\377\377\377\0\0\0\1\0' >frames
event-produce t --frame frames
new t --frame | cmp - frames || fail "frames"
printf '\0\0\0\1x\0\0\0\5ab' >cut.frames
expect 1 'cut.frames record 2: no frame' event-produce t --frame cut.frames --dead-letter dead
printf '\0\0\0\5ab' | cmp - dead || fail "a cut frame as dead letter: $(od -c dead)"
same "$(new t)" x 'the frame before the cut one'
rm dead

# --whole: a file is a record, be it empty, with every newline.
printf 'a\n\nb\n' >one
: >empty
printf 'no end' >three
event-produce t --whole one empty three
new t -0 >got
printf 'a\n\nb\n\0\0no end\0' | cmp - got || fail "whole files"
event-produce t --whole - <one
new t -0 | head -c -1 | cmp - one || fail "stdin whole"
expect 1 '/absent' event-produce t --whole one /absent three
same "$(new t -j | jq -s length)" 2 'files beside one that is absent'

expect 1 'read stdin: Is a directory' bash -c 'exec event-produce t <.'
expect 1 'read stdin: Bad file descriptor' bash -c 'exec event-produce t <&-'

# Partitions: given, by key as the others have it, in turn, sticky, kept.
seq 3 | event-produce many -p 4
same "$(event-consume many -j | jq -s 'map(.partition)|unique' -c)" '[4]' 'p'
for one in murmur2-kafka-4.3.1 crc32-librdkafka-2.0.2 fnv1a-sarama-1.61.1; do
  event-admin topic create "$one" --partitions 7
  grep ' 7 ' "$top/tests/golden/partitions/$one.txt" >golden
  python3 -c '
import base64, sys
for line in sys.stdin:
    key = base64.b64encode(bytes.fromhex(line.split()[0][1:])).decode()
    print("{\"key\":{\"base64\":\"%s\"},\"value\":\"\"}" % key)' <golden |
    event-produce "$one" -j --partitioner "${one%%-*}" --report >report
  jq -s 'sort_by(.line)[].partition' report | cmp - <(cut -d ' ' -f 3 golden) ||
    fail "keys by ${one%%-*}"
done
event-admin topic create turns --partitions 3
seq 9 | event-produce turns --partitioner round-robin -k same
for p in 0 1 2; do same "$(event-consume turns -p $p | wc -l)" 3 'in turn'; done
event-admin topic create sticks --partitions 3
seq 100 | event-produce sticks
same "$(event-consume sticks -j | jq -s 'map(.partition)|unique|length')" 1 'sticky'
event-admin topic create sticky-keys anywhere --partitions 3
seq 100 | sed 's/.*/&:&/' | event-produce sticky-keys -K : --partitioner sticky
same "$(event-consume sticky-keys -j | jq -s 'map(.partition)|unique|length')" 1 'sticky, with keys'
seq 200 | event-produce anywhere -k same --partitioner random
same "$(event-consume anywhere -j | jq -s 'map(.partition)|unique|length')" 3 'random, with one key'
[ "$(event-consume anywhere -p 0 --format '%p' | wc -c)" -lt 150 ] || fail 'random, and yet uneven'
event-admin topic create kept --partitions 6
event-consume many -j | event-produce kept -j --keep-partition
same "$(event-consume kept -p 4)" "$(seq 3)" 'kept partitions'
echo '{"value":"","partition":9}' >ninth
expect 1 'no such partition' event-produce t -j --keep-partition ninth

# A command that says where: numbers it is asked with, what it may answer, how it may end.
event-admin topic create asked --partitions 6
cat >place.py <<'PYTHON'
import base64, sys
for line in sys.stdin:                       # its output leaves when its buffer is full
    count, tab, key = line.rstrip("\n").partition("\t")
    print(len(base64.b64decode(key)) % int(count) if tab else 5)
PYTHON
for i in $(seq 1000); do printf '%*s:%s\n' $((i % 5)) '' "$i"; done >keyed
event-produce asked keyed -K : --partitioner-command 'python3 place.py'
seq 1001 1010 | event-produce asked --partitioner-command 'python3 place.py'
for p in 0 1 2 3 4; do
  event-consume asked -p $p | cmp - <(seq 1000 | awk "\$1 % 5 == $p") || fail "partition $p"
done
event-consume asked -p 5 | cmp - <(seq 1001 1010) || fail "records without key"
seq 100000 | event-produce t --partitioner-command 'sed "s/.*/0/"'
new t | cmp - <(seq 100000) || fail "many questions"
seq 4 >four
expect 1 'four line 2: the partitioner command answers x' event-produce t four \
  --partitioner-command 'sed "s/.*/0/;2s/.*/x/;4s/.*/1/"' --dead-letter dead
same "$(new t; cat dead)" $'1\n3\n2\n4' 'what a bad answer leaves'
expect 4 '3 records were not acknowledged, the first is four line 2' event-produce t four \
  --partitioner-command 'read -r l; echo 0' --dead-letter dying
same "$(new t; cat dying)" $'1\n2\n3\n4' 'what a dying command leaves'
expect 127 'not found' event-produce t four --partitioner-command no-such-command
expect 126 'denied' event-produce t four --partitioner-command ./four
expect 4 'something else than partitions' event-produce t four \
  --partitioner-command 'head -c 1000 /dev/zero'
expect 4 'more than it was asked' event-produce t four --partitioner-command 'yes 0'
new t >/dev/null
rm -f dead dying

# Bad input is named and skipped, kept as it was read, and the rest is there.
{ echo good:1; echo no delimiter; head -c 1200 /dev/zero | tr '\0' x; echo
  head -c 200000 /dev/zero | tr '\0' y; echo; printf 'last:2'; } >lines
expect 1 'lines line 2: there is no key delimiter; skipped' \
  event-produce small lines -K : --dead-letter dead
grep -q 'line 3: .*max.message.bytes' err && grep -q 'line 4: .*max.message.bytes' err ||
  fail "too long: $(cat err)"
sed -n 2,4p lines | cmp - dead || fail "dead letters"
same "$(new small -K :)" $'good:1\nlast:2' 'what is good'
printf 'x\n{"value":"a","json":1}\n{"key":"u9"}\n{"value":"ok"}\n' |
  event-produce t -j --dead-letter dead 2>err && fail "bad JSON: 0"
same "$(grep -c 'stdin line [123]: ' err)$(wc -l <dead)" 36 'bad JSON'
same "$(new t)" ok 'beside bad JSON'
expect 2 'that is what is read' event-produce t dead --dead-letter dead
expect 1 'No such file' event-produce t four --dead-letter /absent/dead
expect 4 'No space left' event-produce small lines -K : --dead-letter /dev/full
expect 1 'topic nope' event-produce -j '' <(echo '{"topic":"nope","value":"1"}')

# A line of any length takes no memory.
head -c 400000000 /dev/zero | tr '\0' z |
  /usr/bin/env bash -c 'ulimit -v 250000; exec event-produce t' 2>err && fail "too long: 0"
grep -q 'line 1: too long' err || fail "$(cat err)"

# --null: what is exactly the token.
printf 'u7\t\\N\n\\N\tv\n\\N \t\n' | event-produce t -K '\t' --null '\N'
same "$(new t -j | jq -c '[.key,.value]')" $'["u7",null]\n[null,"v"]\n["\\\\N ",""]' null
echo null | event-produce t
same "$(new t -j | jq -c .value)" '"null"' 'no null without the option'

# --report, --stats, --tee, --sync, --rate.
seq 3 | event-produce many --report >report
event-consume many -j | jq -c '[.partition,.offset,.timestamp]' >there
jq -c '[.partition,.offset,.timestamp]' report | while read -r line; do
  grep -qxF "$line" there || fail "the report says $line"
done
same "$(jq -r .line report | sort -n)" $'1\n2\n3' 'lines of the report'
keys=line,topic,partition,offset,timestamp
same "$(jq -r 'keys_unsorted|join(",")' report | sort -u)" $keys 'keys of the report'
{ seq 3; head -c 2000 /dev/zero | tr '\0' x; } | event-produce small --stats 2>err || true
grep -qF '{"records":3,"bytes":3,"failed":1,"ended_by":"eof","partitions":[{"topic":"small",' err ||
  fail "stats: $(cat err)"
new small >/dev/null
seq 20000 | event-produce t --tee | cmp - <(seq 20000) || fail "tee"
new t | cmp - <(seq 20000) || fail "what was teed"
status=0
yes | event-produce t --tee 2>err | head -n 1 >out || status=${PIPESTATUS[1]}
same "$status$(cat out err)" 141y 'tee into a reader that closes'
mkfifo report.pipe
true <report.pipe &
exec 7>report.pipe
wait $!  # nobody reads the pipe from here on
status=0
seq 10 | event-produce t --report >&7 2>err || status=$?
exec 7>&-
same "$status$(cat err)" 141 'a report that nobody reads'
expect 4 'No space left' bash -c 'seq 3 | event-produce t --tee >/dev/full'
expect 4 'No space left' bash -c 'seq 3 | event-produce t --report >/dev/full'
new t >/dev/null
seq 50 | event-produce t --sync --report >report
same "$(jq -r .offset report | sort -nc && wc -l <report)" 50 sync
new t | cmp - <(seq 50) || fail "sync"
[ "$(event-consume t --from end-50 -j | jq .timestamp | sort -u | wc -l)" -gt 1 ] ||
  fail "--sync gives all records the time of the first"
seq 5 | event-produce t --rate 50
new t -j | jq -s 'last.timestamp - first.timestamp >= 30' | grep -q true || fail "too fast"
event-consume t --from end-3 | event-produce many -X compression.type=lz4 --sync -k x

# A line is there while stdin is open.
exec 8> >(event-produce t)
echo here >&8
is_last() { [ "$(event-consume t --from end-1)" = "$1" ]; }
until_true 10 is_last here || fail "a line did not come through"
exec 8>&-

# What cannot go together, what is nowhere, and what is nearest.
expect 2 'TOPIC is missing' event-produce
expect 2 '-k and -K' event-produce t -k a -K :
expect 2 '-j and -K' event-produce t -j -K :
expect 2 '--frame and -j' event-produce t --frame -j
expect 2 '-0 and --delim' event-produce t -0 --delim x
expect 2 '--keep-partition is for -j' event-produce t --keep-partition
expect 2 '--keep-partition and -p' event-produce t -j --keep-partition -p 1
expect 2 '-p and --partitioner' event-produce t -p 1 --partitioner random
expect 2 '--partitioner and --partitioner-command' event-produce t --partitioner random \
  --partitioner-command x
expect 2 'perhaps murmur2' event-produce t --partitioner murmur
expect 2 '--tee and --report' event-produce t --tee --report
expect 2 '--whole' event-produce t --whole -0
expect 2 'no NAME' event-produce t -H =x
expect 2 'perhaps --tee' event-produce t --tea
expect 2 'perhaps --from' event-produce t -o 5
expect 2 'takes no value' event-produce t --sync=yes
expect 2 '--rate: 0 is not a number from 1 on' event-produce t --rate 0
expect 2 '--partition: 0,1 is not a number from 0 on' event-produce t -p 0,1
expect 1 'topic nope' event-produce nope
expect 1 'no partition 7' event-produce t -p 7
expect 3 '127.0.0.1:1' event-produce t -b 127.0.0.1:1
for topic in nope; do
  printf 'unread\n' >input
  { event-produce $topic 2>/dev/null || true; cat; } <input | grep -q unread ||
    fail "something was read before the topic was found"
done
stop_broker
say "event-produce is as UNIX.md has it"
