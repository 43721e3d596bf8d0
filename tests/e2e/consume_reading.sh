#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What event-consume reads and how it prints it: positions, ends, filters, formats, the newest
# records, the order of time, and the exit codes of runs that ask for what cannot be.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin jq python3

expect() { # STATUS WORD COMMAND..: its exit code, and a word of the one line on stderr
  local wanted=$1 word=$2 status=0
  shift 2
  "$@" >out 2>err </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat err)"
  [ "$(wc -l <err)" = 1 ] || fail "$*: not one line on stderr: $(cat err)"
  grep -qF -e "$word" err || fail "$*: no '$word' in: $(cat err)"
}
is() { [ "$1" = "$2" ] || fail "${3:-}: '$1', not '$2'"; }
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 10 >&2 || true; fail "$3"; }; }

cd "$work"
start_broker -X log.retention.ms=-1  # the times of these records are long ago
export EVENT_BROKERS=$broker
event-admin topic create six log-a log-b blog-c --partitions 6
event-admin topic create one bytes empty times

# 600 records with timestamps a second apart from 2026-03-01T10:00Z on, over six partitions.
python3 - >six.jsonl <<'PYTHON'
import json
for i in range(600):
    print(json.dumps({"partition": i * 7 % 6, "timestamp": 1772359200000 + 1000 * i,
                      "key": f"k{i % 10}",
                      "value": '{"n":%d,"even":%s}' % (i, "false" if i % 2 else "true"),
                      "headers": [["parity", "even" if i % 2 == 0 else "odd"]]}))
PYTHON
event-produce six -j --keep-partition six.jsonl

# -- Positions and ends.
is "$(event-consume six -p 3 --format '%o ' --from 97)" "97 98 99 " "--from an offset"
is "$(event-consume six -p 3 --format '%o ' --from start+1 --until 3)" "1 2 " "start+1 to 3"
is "$(event-consume six --format '%p:%o ' --from 2:end-1,4:start+98 | xargs -n 1 | sort | xargs)" \
  "2:99 4:98 4:99" "--from by partition"
is "$(event-consume six --from 100000)" "" "--from past the end"
is "$(event-consume six --until 0)" "" "--until the start"
is "$(event-consume six --from end-2 --until end-1 | wc -l)" 6 "end-2 to end-1"
is "$(event-consume six -p 0 --from 98 --until 1000000 | wc -l)" 2 "--until past the end"
is "$(event-consume six --until count=5 --require 5 | wc -l)" 5 "count"
is "$(event-consume six --until count=0 | wc -l)" 0 "count=0"
is "$(event-consume empty | wc -l)" 0 "an empty topic"
is "$(event-consume six --merge --until 'match="n":41,' --until count=100 | tail -n 1)" \
  '{"n":41,"even":false}' "match is printed too, the first end counts"
for end in 'count=3' 'match="n":7[0-9]' 5 @2026-03-01T10:01Z; do
  event-consume six --until "$end" --until count=70 --stats 2>stats >/dev/null
  is "$(jq -r .ended_by stats)" "$end" "ended_by"
done
event-consume six --stats 2>stats >/dev/null
totals='.ended_by, .records, ([.partitions[]|.until - .from]|add)'
is "$(jq -r "$totals" stats | xargs)" "end 600 600" "--stats"

# -- Ranges by time tile, under any TZ: a random cut of the time gives each record once.
all=$(event-consume six --format '%p:%o\n' | sort)
for seed in 1 2 3 4; do
  python3 - $seed >cuts <<'PYTHON'
import random, sys
random.seed(int(sys.argv[1]))
cuts = sorted(random.sample(range(1772359200 - 50, 1772359200 + 650), 6))
cuts[2:2] = [cuts[2]]  # an empty range too
print("start", *(f"@{cut}" for cut in cuts), "end")
PYTHON
  read -ra cut <cuts
  for ((i = 1; i < ${#cut[@]}; i++)); do
    TZ=Asia/Tokyo event-consume six --from "${cut[i - 1]}" --until "${cut[i]}" --format '%p:%o\n'
  done | sort >tiles
  [ "$(cat tiles)" = "$all" ] || fail "ranges of $(cat cuts) do not tile"
done
for zone in UTC Asia/Tokyo America/St_Johns; do
  TZ=$zone event-consume six --from @2026-03-01T10:02Z --until @2026-03-01T10:02Z+3s \
    --merge --format '%d %d{%FT%T %Z %s} %T\n'
done >zones
is "$(wc -l <zones) $(sort -u zones | wc -l)" "9 3" "the same under any TZ"
is "$(head -n 1 zones)" "2026-03-01T10:02:00.000Z 2026-03-01T10:02:00 GMT 1772359320 1772359320000"

# -- The order of time, and the newest.
event-consume six --merge --format '%T\n' >merged
sort -c -n merged || fail "--merge is not in order"
is "$(wc -l <merged)" 600 "--merge"
event-consume six -n 10 --format '%v\n' >newest
event-consume six --merge | tail -n 10 >wanted
same newest wanted "-n 10"
is "$(event-consume six -n 1 -k k3 | jq .n)" 593 "-n 1 of a key"
event-consume six -n 7 --grep 'n":1[0-9]*,' >newest
event-consume six --merge --grep 'n":1[0-9]*,' | tail -n 7 >wanted
same newest wanted "-n with a filter"
is "$(event-consume six -n 3 --grep nowhere | wc -l)" 0 "-n where nothing matches"
is "$(event-consume six -n 10000 | wc -l)" 600 "-n of more than there are"
is "$(event-consume six -n 0 | wc -l)" 0 "-n 0"
is "$(event-consume six -n 3 --until 50 --format '%o\n' | sort -u)" 49 "-n before an end"
event-consume six -n 4 --stats 2>stats >/dev/null
is "$(jq -r "$totals" stats | xargs)" "end 4 4" "--stats of -n"

# -- Filters: all must hold.
is "$(event-consume six -k k4 | wc -l)" 60 "-k"
is "$(event-consume six -k k | wc -l)" 0 "-k is the whole key"
is "$(event-consume six -H parity=odd -H parity | wc -l)" 300 "-H"
is "$(event-consume six --where 'json.n > 589 && header.parity != "odd"' --merge | jq .n | xargs)" \
  "590 592 594 596 598" "--where"
is "$(event-consume six -k k4 --grep '"n":.4,' --where 'timestamp < @2026-03-01T10:01Z' | wc -l)" 5
printf 'a\0b\nERROR\0' | event-produce bytes -0
is "$(event-consume bytes --grep 'ERR' --format '%V')" 7 "--grep finds what stands behind a newline"

# -- Topics by pattern, the whole name.
for topic in log-a log-b blog-c; do echo "$topic" | event-produce "$topic"; done
is "$(event-consume --regex 'log-.*' 'bl.*' --merge | xargs)" "log-a log-b blog-c" "--regex"
expect 1 'log-' event-consume --regex 'log-'

# -- Formats.
printf '%s\n' '{"timestamp":1,"key":"k","value":"v","headers":[["h","1"],["h","2"],["n",null]]}' \
  '{"timestamp":2,"key":null,"value":null}' '{"timestamp":3,"value":{"base64":"/wA="}}' \
  '{"timestamp":4,"value":" 1"}' '{"timestamp":5,"value":"[1,\"\\u0041\"]"}' | event-produce one -j
is "$(event-consume one --until 2 --format '%t/%p/%o/%T/%k/%v/%h/%h{h}/%h{x}/%K/%S/%v{hex}/%%|')" \
  'one/0/0/1/k/v/h=1,h=2,n=/2//1/1/76/%|one/0/1/2//////-1/-1//%|' "--format"
event-consume one -j | sed 's/,"headers"/\n&/' >json
cat >wanted <<'JSON'
{"topic":"one","partition":0,"offset":0,"timestamp":1,"key":"k","value":"v"
,"headers":[["h","1"],["h","2"],["n",null]]}
{"topic":"one","partition":0,"offset":1,"timestamp":2,"key":null,"value":null}
{"topic":"one","partition":0,"offset":2,"timestamp":3,"key":null,"value":{"base64":"/wA="}}
{"topic":"one","partition":0,"offset":3,"timestamp":4,"key":null,"value":" 1"}
{"topic":"one","partition":0,"offset":4,"timestamp":5,"key":null,"value":"[1,\"\\u0041\"]"}
JSON
same json wanted "-j"
event-consume one -J | sed -n '4,$p' >json
cat >wanted <<'JSON'
{"topic":"one","partition":0,"offset":3,"timestamp":4,"key":null,"value":" 1"}
{"topic":"one","partition":0,"offset":4,"timestamp":5,"key":null,"json":[1,"\u0041"]}
JSON
same json wanted "-J"
is "$(event-consume one --frame --until 3 | od -An -tx1 | xargs)" \
  "00 00 00 01 76 ff ff ff ff 00 00 00 02 ff 00" "--frame"
is "$(event-consume one --null NIL -K : --until 2 | xargs)" "k:v NIL:NIL" "--null"
is "$(event-consume one --until 2 --null NIL --format '%v{hex},')" "76,NIL," "--null with --format"

# -- What cannot be: 2, with one line, and nothing on stdout.
for wrong in '-n 1 --from 0' '--format %k -j' '--format %k -0' '--format %q' '--frame -K :' \
  '--frame -J' '-J -0' '-j --delim x' '--from nowhere' '--from @yesterday' '--until idle=5' \
  '--until count=x' '--until match=[' '--grep [' '--where key' '-p x' '-p 0 --from 0:1' \
  '--timeout 5' '--require x' '-n x' '-n -1' 'two --from 0:1' '--regex --from 0:1' '-o end' \
  '--follow=1' '--jsn' '-X no.such=1'; do
  # shellcheck disable=SC2086  # words
  expect 2 '' event-consume six $wrong
  [ ! -s out ] || fail "$wrong: something on stdout"
done
expect 2 --from event-consume six -o end
expect 2 --follow event-consume six --folow

# -- Demands that are not met, things that are not there.
expect 5 '1 records, 2 are required' event-consume six --until count=1 --require 2
expect 5 timeout event-consume six -f --timeout 300ms
is "$(wc -l <out)" 600 "what was read before the timeout is printed"
expect 1 UNKNOWN_TOPIC event-consume absent
expect 1 UNKNOWN_TOPIC event-consume absent one
is "$(wc -l <out)" 5 "the others are read"
expect 1 'no partition 7' event-consume one -p 7
expect 1 'no partition 7' event-consume one --until 7:3
expect 2 'no such day' event-consume one --from @2026-02-30
expect 3 '' event-consume one -b 127.0.0.1:1

# -- Names and options: they mix, and -- ends options.
event-admin topic create -- -dash
echo d | event-produce -- -dash
is "$(event-consume -- -dash)" d "a topic that begins with -"
is "$(event-consume --until count=1 one -j empty | wc -l)" 1 "options and operands mix"
expect 2 '' event-consume one --fol  # no abbreviations

# -- Before the log's start is its start, and nothing is said of what is gone.
PYTHONPATH=$here python3 -c "from wire import Connection
Connection('$broker').delete_records('one', 0, 3)"
is "$(event-consume one --from 0 --format '%o ' 2>&1)" "3 4 " "--from before the start"
is "$(event-consume one --from start+1 --format '%o ')" "4 " "start+1"
is "$(event-consume one -n 10 --format '%o ')" "3 4 " "-n of more than is left"
is "$(event-consume one --until 2)" "" "--until before the start"

stop_broker
[ "$broker_status" = 0 ] || fail "the broker ended with status $broker_status"
say "positions, ends, filters, formats, order and demands are as UNIX.md has them"
