#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everyday tasks as people type them, and what they see. Those that need groups or transactions are
# not here. By itself it runs under a broker of its own: eventd run -X num.partitions=6.
set -euo pipefail
if [ -z "${EVERYDAY:-}" ]; then
  . "$(dirname "$0")/lib.sh"
  need eventd event-produce event-consume event-admin event-replay jq zstd
  cd "$work"
  EVERYDAY=$here eventd run -X num.partitions=6 -- bash "$here/everyday.sh"
  exit
fi
here=$EVERYDAY
touch last new followed
exec 9>&1  # what it shows, whatever a task does with stdout

fail() { echo "everyday: $task: $*" >&2; exit 1; }
task() { task=$1; echo "everyday: $1" >&9; }
topic() { event-admin topic create "$@" >/dev/null; }
status_of() { local status=0; "$@" >out 2>err || status=$?; echo $status; }
see() { # WHAT WANTED GOT
  [ "$2" = "$3" ] || fail "$1: $(printf '%q instead of %q' "$3" "$2" | cut -c1-400)"
}
lines() { wc -l | tr -d ' '; }
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do [ $SECONDS -lt $deadline ] || return 1; sleep 0.02; done  # between two polls
}

task '1 the output of a command'
topic listing --partitions 1
ls -lR /usr/share/doc >want
event-produce listing <want >out
event-consume listing | cmp - want || fail "not what went in"
see stdout 0 "$(lines <out)"

task '2 a log as it grows, and the journal'
topic syslog journal
touch log
event-consume syslog -f -j >followed &
follower=$!
tail -n 0 -F log 2>/dev/null | event-produce syslog -k host -H source=syslog &
producer=$!
arrives() { echo "line $1" >>log; grep -q "line" followed; }
until_true 20 arrives one || fail "an appended line did not come through"
see 'key and header' '["host",[["source","syslog"]]]' \
  "$(head -n 1 followed | jq -c '[.key,.headers]')"
kill $follower $producer
printf '{"MESSAGE":"a"}\n{"MESSAGE":"b"}\n' | event-produce journal -k one
see messages 'a b' "$(event-consume journal -J | jq -r .json.MESSAGE | xargs)"

task '3 a build that still shows and still fails'
topic build-log
printf 'all:\n\t@echo compiling\n\t@exit 1\n' >Makefile
status=0
(set -o pipefail; make 2>&1 | event-produce build-log -k abc --tee >shown) || status=$?
see 'the status is of make' 2 $status
grep -q compiling shown || fail "it does not show"
see 'no broker' 3 "$(status_of event-produce build-log --tee -b 127.0.0.1:1 <Makefile)"
see 'nothing was read' 0 "$(lines <out)"

task '4 one event with key and header'
topic orders
echo '{"id":7,"total":120}' | event-produce orders -k c42 -H trace=ab12
see event '["c42","{\"id\":7,\"total\":120}",[["trace","ab12"]]]' \
  "$(event-consume orders -n 1 -j | jq -c '[.key,.value,.headers]')"

task '5 keys in the line'
topic events
printf 'u1:login\nu2:logout\n' | event-produce events -K :
see both "$(printf 'u1:login\nu2:logout')" "$(event-consume events -K : | sort)"
see 'bad line' 1 "$(printf 'u3:a:b\nnone\nu4:c\n' | status_of event-produce events -K :)"
grep -q 'line 2' err || fail "the line is not named: $(cat err)"
see 'first delimiter' a:b "$(event-consume events -k u3)"
see 'the next line' c "$(event-consume events -k u4)"

task '6 a CSV from Windows'
topic users-csv
printf 'id,name\r\n1,Ada,x\r\n2,Alan\r\n' >users.csv
tail -n +2 users.csv | tr -d '\r' | event-produce users-csv -K ,
see values 'Ada,x Alan' "$(event-consume users-csv | sort | xargs)"
tail -n +3 users.csv | event-produce users-csv -K ,
see 'without tr' '"Alan\r"' "$(event-consume users-csv -k 2 -n 1 -j | jq -c .value)"

task '7 file names, also with newlines'
topic files
mkdir names
touch names/plain $'names/with\nnewline'
find names -type f -print0 | event-produce files -0
event-consume files -0 | xargs -0 -r ls -d -- >/dev/null || fail "a name did not arrive whole"
see files 2 "$(event-consume files -0 | tr -cd '\0' | wc -c)"

task '8 whole files'
topic docs --partitions 1
mkdir docs
printf '{\n "a": 1\n}\n' >docs/1.json
printf '\0\n\n' >docs/2.json
event-produce docs --whole docs/*.json
event-consume docs --from 0 --until 1 --format %v | cmp - docs/1.json || fail "not byte-exact"
event-consume docs --from 1 --format %v | cmp - docs/2.json || fail "not byte-exact"

task '9 keys deleted'
topic users
printf 'u7\t\\N\n' | event-produce users -K '\t' --null '\N'
jq -nc '{key:"u8",value:null}' | event-produce users -j
see nulls '["u7",null] ["u8",null]' \
  "$(event-consume users -j | jq -c '[.key,.value]' | sort | xargs -d '\n')"
echo null | event-produce users -k plain
see 'null as text' 4 "$(event-consume users -k plain --format %V)"
see 'no value' 1 "$(echo '{"key":"u9"}' | status_of event-produce users -j)"

task '10 which line went where'
topic numbers
seq 3 | event-produce numbers --report | jq -r '[.line,.partition,.offset]|@tsv' | sort >report
see lines '1 2 3' "$(cut -f 1 report | xargs)"
see places "$(cut -f 2,3 report | sort)" \
  "$(event-consume numbers -j | jq -r '[.partition,.offset]|@tsv' | sort)"

task '12 how many, and is there any'
seq 100 | event-produce numbers
see count 103 "$(event-consume numbers | wc -l)"
topic empty
see 'none' empty "$(event-consume empty --until count=1 --require 1 2>/dev/null || echo empty)"

task '13 the last ten, then what comes'
event-consume numbers -n 10 -f >last &
follower=$!
has_ten() { [ "$(lines <last)" -ge 10 ]; }
until_true 20 has_ten || fail "no ten lines"
echo later | event-produce numbers
until_true 20 grep -q later last || fail "it does not go on"
kill $follower
see lines 11 "$(lines <last)"

task '14 only new errors; the last three'
topic logs
for i in $(seq 1790000000001 1790000000009); do
  printf '{"timestamp":%d,"value":"ERROR %d"}\n{"timestamp":%d,"value":"fine"}\n' "$i" "$i" "$i"
done | event-produce logs -j
see last "$(event-consume logs --merge | grep -E 'ERROR|FATAL' | tail -n 3)" \
  "$(event-consume logs -n 3 --grep 'ERROR|FATAL')"
event-consume logs -n 0 -f --grep 'ERROR|FATAL' --until count=1 >new &
follower=$!
appears() { echo 'FATAL new' | event-produce logs; ! kill -0 $follower 2>/dev/null; }
until_true 20 appears || fail "nothing new"
see new 'FATAL new' "$(cat new)"

task '15 the first five'
see five 5 "$(event-consume numbers --until count=5 | wc -l)"
seq 100000 | event-produce listing
status=0
event-consume listing 2>err | head -n 5 >/dev/null || status=$?
see '| head' 141 $status
see silent 0 "$(lines <err)"

task '16 between two times, in order'
topic log-a log-b
at() { date -u -d "2026-03-01T10:00:00Z $1 seconds" +%s000; }
for i in $(seq 0 20 600); do printf '{"topic":"log-%s","timestamp":%s,"value":"%d"}\n' \
  "$( ((i % 40)) && echo a || echo b)" "$(at "$i")" "$i"; done | event-produce -j
range() { event-consume --regex 'log-.*' --from "@2026-03-01T10:$1" --until "@2026-03-01T10:$2" \
  --merge --format '%d %t %v\n'; }
range 00Z 00Z+5m >first
see sorted "$(sort first)" "$(cat first)"
see 'begins and ends' '0 280' "$(sed -n '1p;$p' first | cut -d' ' -f 3 | xargs)"
see 'ranges tile' "$(range 00Z 00Z+1h)" "$(cat first; range 05Z 00Z+1h)"
see 'another TZ' "$(cat first)" "$(TZ=Asia/Tokyo range 00Z 00Z+5m)"

task '17 the record of an error message; one customer'
place=$(event-consume numbers -n 1 -j | jq -r '"\(.partition) \(.offset)"')
see one "${place#* }" "$(event-consume numbers -p "${place% *}" --from "${place#* }" \
  --until $((${place#* } + 1)) -j | jq .offset)"
echo other | event-produce orders -k c421
see customer 1 "$(event-consume orders -k c42 --format '%d %v\n' | wc -l)"

task '18 by a field and a header'
printf '%s\n' '{"value":"{\"id\":1,\"total\":150}","headers":[["env","test"]]}' \
  '{"value":"{\"id\":2,\"total\":150}","headers":[["env","prod"]]}' \
  '{"value":"{\"id\":3,\"total\":99}"}' '{"value":"no json"}' | event-produce orders -j
see ids '2 7' "$(event-consume orders -J --where 'json.total > 100 && header.env != "test"' |
  jq -r .json.id | sort | xargs)"

task '19 per day; top keys; biggest'
see days '2026-03-01 16' \
  "$(event-consume log-b --format '%d{%F}\n' | sort | uniq -c | awk '{print $2, $1}')"
see 'null keys' ' 4' "$(event-consume orders --format '%k\n' | sort | uniq -c |
  awk '$2 == "" {print $2, $1}')"
see 'null values' '-1 -1' "$(event-consume users --format '%V\n' | sort -n | head -n 2 | xargs)"

task '20 the present state of a table'
printf 'k1:1\nk2:2\nk1:3\n' | event-produce users -K :
see state '3 2 null' "$(event-consume users -J | jq -cn 'reduce inputs as $e ({};
  .[$e.key] = ($e.json // $e.value)) | [.k1,.k2,.u7] | map(tostring) | join(" ")' -r)"

task '21 the newest value of a key, binary'
topic images
head -c 50000 /dev/urandom >logo
event-produce images -k logo --whole logo
echo other | event-produce images -k other
event-consume images -k logo -n 1 --format %v | cmp - logo || fail "not the same bytes"

task '22 dead letters mended and sent again'
topic orders-dead orders-again
echo '{"why":"timeout","retries":3}' >dead-order
event-produce orders-dead -k c1 -H h=x dead-order
event-consume orders-dead -J --grep timeout | jq -c '.json.retries = 0' |
  event-produce orders-again -j
see mended '["orders-again","c1",{"why":"timeout","retries":0},[["h","x"]]]' \
  "$(event-consume orders-again -J | jq -c '[.topic,.key,.json,.headers]')"
see 'its time' "$(event-consume orders-dead -j | jq .timestamp)" \
  "$(event-consume orders-again -j | jq .timestamp)"

. "$here/everyday_admin.bash"
echo "everyday: the tasks are done as they stand"
