#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everyday tasks as people type them, and what they see. Those that need groups or transactions are
# not here. By itself it runs under a broker of its own: eventd run -X num.partitions=6.
set -euo pipefail
if [ -z "${EVERYDAY:-}" ]; then
  . "$(dirname "$0")/lib.sh"
  need eventd event-produce event-consume event-admin event-replay jq zstd
  cd "$work"
  EVERYDAY=$here eventd run -X num.partitions=6 -X log.retention.ms=-1 -- bash "$here/everyday.sh"
  exit
fi
here=$EVERYDAY
touch last new waits followed journal.out
exec 9>&1  # what it shows, whatever a task does with stdout

trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

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

# A broker for tasks that kill one; $own is its address, $own_pid its id.
start_own() { # FOLDER
  rm -f own.port
  eventd --data-dir "$1" --port 0 --port-file own.port >own.log 2>&1 </dev/null &
  own_pid=$!
  until_true 20 test -s own.port || fail "$(cat own.log)"
  own=127.0.0.1:$(sed 's/.*://' own.port)
}
kill_own() { kill -9 $own_pid; wait $own_pid 2>/dev/null || true; }

task '1 the output of a command'
topic listing --partitions 1
ls -lR /usr/share/doc >want
ls -lR /usr/share/doc | event-produce listing >out
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
echo 'line of its own' >>log
comes() { grep -q 'line of its own' followed; }
until_true 10 comes || fail "a line does not come while its producer lives"
kill -0 $producer || fail "the producer has ended: nothing was seen to come before its end"
kill $follower $producer
journalctl() { printf '{"MESSAGE":"a"}\n{"MESSAGE":"b \\"c\\""}\n'; read -r _ <&8; }
mkfifo end_of_journal
exec 8<>end_of_journal
journalctl -f -n 0 -o json | event-produce journal -k one &
producer=$!
has_messages() { event-consume journal -J | jq -r .json.MESSAGE >journal.out; test -s journal.out; }
until_true 10 has_messages || fail "nothing of the journal"
see messages $'a\nb "c"' "$(cat journal.out)"
kill -0 $producer || fail "the journal has ended"
echo >&8
wait $producer || fail "the journal: $?"

task '3 a build that still shows and still fails'
topic build-log
printf 'all:\n\t@echo compiling\n\t@exit 1\n' >Makefile
status=0
(make 2>&1 | event-produce build-log -k abc --tee >shown) || status=$?
see 'the status is of make' 2 $status
make >said 2>&1 || true
cmp said shown || fail "it does not show as make has said it"
see 'and it is there' "$(cat said)" "$(event-consume build-log -k abc)"
{ see 'no broker' 3 "$(status_of event-produce build-log --tee -b 127.0.0.1:1)"; cat; } \
  <Makefile >unread
see 'nothing was shown' 0 "$(lines <out)"
cmp Makefile unread || fail "a line was read"

task '4 one event with key and header'
topic orders
echo '{"id":7,"total":120}' | event-produce orders -k c42 -H trace=ab12
see event '["c42","{\"id\":7,\"total\":120}",[["trace","ab12"]]]' \
  "$(event-consume orders -n 1 -j | jq -c '[.key,.value,.headers]')"
start_own durable
event-admin topic create orders -b "$own" >/dev/null
echo '{"id":7,"total":120}' | event-produce orders -k c42 -H trace=ab12 -b "$own"
kill_own
start_own durable
see 'after kill -9' "$(event-consume orders -n 1 -J | jq -c '[.key,.json,.headers]')" \
  "$(event-consume orders -n 1 -J -b "$own" | jq -c '[.key,.json,.headers]')"
kill_own

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
see 'keys and values' $'1=Ada,x\n2=Alan' "$(event-consume users-csv -K = | sort)"
tail -n +3 users.csv | event-produce users-csv -K ,
see 'without tr' '"Alan\r"' "$(event-consume users-csv -k 2 -n 1 -j | jq -c .value)"

task '7 file names, also with newlines'
topic files
mkdir names
touch names/plain $'names/with\nnewline'
find names -type f -print0 | event-produce files -0
event-consume files -0 | xargs -0 -r ls -ld -- >/dev/null || fail "a name did not arrive whole"
cmp <(find names -type f -print0 | sort -z) <(event-consume files -0 | sort -z) || fail "not all"

task '8 whole files'
topic docs --partitions 1
mkdir docs
printf '{\n "a": 1\n}\n' >docs/1.json
printf '\0\n\n' >docs/2.json
event-produce docs --whole docs/*.json
see records 2 "$(event-consume docs --format '%o\n' | lines)"
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

. "$here/everyday_reading.bash"
. "$here/everyday_admin.bash"
. "$here/everyday_copies.bash"
echo "everyday: the tasks are done as they stand"
