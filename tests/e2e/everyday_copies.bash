# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The tasks of everyday.sh, which sources it, that copy, keep and replay.

task '37 copy to another cluster and prove it'
binary() { head -c $((RANDOM % 40)) /dev/urandom | base64 -w 0; }
for i in $(seq 40); do
  printf '{"timestamp":%d,"key":{"base64":"%s"},"value":{"base64":"%s"},"headers":' "$i" \
    "$(binary)" "$(binary)"
  printf '[["twice","1"],["twice",{"base64":"%s"}],["twice","1"],["",null]]}\n' "$(binary)"
done | event-produce orders -j
printf '{"key":"k","value":null}\n{"value":""}\n{"key":"x","value":"one byte"}\n' |
  event-produce orders -j
copy() { # COMMAND..: through it
  event-admin topic create orders --partitions 6 >/dev/null
  event-consume orders -b "$OLD" -j | "$@" | event-produce orders -j --keep-partition
  diff <(event-replay orders -b "$OLD" --sum) <(event-replay orders --sum)
}
export -f copy
OLD=$EVENT_BROKERS eventd run -- bash -euo pipefail -c 'copy cat' || fail "the copy differs"
see 'a changed byte' 1 "$(OLD=$EVENT_BROKERS status_of eventd run -- bash -euo pipefail -c \
  'copy sed "s/one byte/one bite/"')"
see 'lines that differ' 1 "$(grep -c '^> [0-9a-f]\{64\} .*orders$' out)"

task '38 what is new into files by day, and back'
nightly() {
  event-replay log-a log-b --to './backup/%Y/%m/%d/{topic}-{partition}-{first_offset}.jsonl.zst'
}
topic kept kept-too --partitions 2
# Records of three days, those of a night late and early; N is the value, unlike all others.
night_of() { # FIRST
  local i
  for ((i = $1; i < $1 + 60; i++)); do
    echo "{\"timestamp\":$((1772323200000 + i * 7919 % 2591 * 100000)),\"value\":\"$i\"}"
  done
}
nightly() { # COMMAND..: before the run
  "$@" event-replay kept kept-too \
    --to './backup/%Y/%m/%d/{topic}-{partition}-{first_offset}.jsonl.zst' 2>err
}
nights=10
[ -z "${EVENTD_LONG:-}" ] || nights=200
for ((night = 0; night < nights; night++)); do
  night_of $((night * 60)) | event-produce kept -j
  night_of $((night * 60)) | event-produce kept-too -j
  nightly timeout --foreground -s KILL "0.0$(printf '%02d' $((night * 37 % 60)))" 2>/dev/null || true
done
nightly || fail "$? $(cat err)"
see 'no .part' '' "$(find backup -name '*.part')"
find backup -name '*.zst' | while read -r file; do zstd -dcq "$file" | sed "s|^|$file\t|"; done >all
see 'under the day of its time, in the file of its partition' '' "$(jq -Rr 'split("\t") as [$file, $json] |
  ($json | fromjson) as $e | select(($file | test("backup/" + ($e.timestamp / 1000 | strftime("%Y/%m/%d")) +
    "/\($e.topic)-\($e.partition)-[0-9]+\\.jsonl\\.zst$")) | not)' all | head -n 3)"
cmp <(cut -f 2 all | sort) <(event-consume kept kept-too -j | sort) || fail "not each once"
topic back
zstd -dc backup/2026/03/01/*.zst | event-produce back -j
see 'a day' "$(event-consume kept kept-too --from @2026-03-01 -j |
  jq -r 'select(.timestamp < 1772409600000) | .value' | sort)" "$(event-consume back | sort)"
see 'no first_offset' 2 "$(status_of event-replay kept --to './b/{partition}.jsonl')"

task '39 a broker that is dead'
start_own dead
event-admin topic create orders -b "$own" >/dev/null
seq 1000 | event-produce orders -b "$own"
echo last | event-produce orders -b "$own"
event-consume orders -b "$own" -j >online
kill_own
log=dead/orders-0/00000000000000000000.log
event-replay dead/orders-0/ -j | cmp - online || fail "not the same offline"
see 'nothing is damaged' 0 "$(status_of event-replay dead/ -t orders --verify)"
cp -r dead torn
truncate -s -3 torn/orders-0/00000000000000000000.log
see 'a torn tail' 1 "$(status_of event-replay torn/orders-0/ -j)"
cmp out <(sed '$d' online) || fail "all but what is torn is not there"
grep -Eq 'torn/orders-0/0+\.log ends in [0-9]+ torn bytes' err || fail "it is not said: $(cat err)"
byte=$(od -An -tu1 -j 500 -N 1 $log)
printf "\\x$(printf %x $((byte ^ 4)))" | dd of=$log bs=1 seek=500 conv=notrunc 2>/dev/null
see 'a flipped bit' 1 "$(status_of event-replay dead/ -t orders --verify)"
grep -q "$log" out || fail "its place is not said: $(cat out err)"

task '40 the last hour at ten times its pace, with the times of today'
topic played --partitions 1
topic staging
seconds=10
[ -z "${EVENTD_LONG:-}" ] || seconds=60
now=$(date +%s)
for i in 0 $((seconds / 5)) $seconds; do
  echo "{\"timestamp\":$(((now - 1000 + i) * 1000)),\"value\":\"$i\"}"
done | event-produce played -j
event-consume staging -f --until count=1 >arrived &
first=$!
began=$(date +%s%3N)
event-replay played --from @-1h --pace 10x -j | jq --unbuffered -c 'del(.timestamp)' |
  event-produce staging -j &
playing=$!
wait $first
kill -0 $playing || fail "the first comes only when the last is due"
see 'the first' 0 "$(cat arrived)"
wait $playing || fail "the play: $?"
event-consume staging --merge -j | jq -r '[.value, .timestamp] | @tsv' >due
see 'in order' "0 $((seconds / 5)) $seconds" "$(cut -f 1 due | xargs)"
# Each comes when it is due: not before, and after it by the machine's own delays at most, of which
# half of what they would take at their own pace is far too much.
while read -r value time; do
  late=$((time - began - value * 100))
  [ $late -ge 0 ] || fail "$value came $((-late)) ms early"
  [ $late -lt $((seconds * 500)) ] || fail "$value came $late ms late"
done <due
