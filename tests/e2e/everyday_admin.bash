# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The second half of everyday.sh, which sources it: administration, CI, replay and copies.

task '32 topics of a deploy script'
for _ in 1 2; do
  event-admin topic create deployed deployed-too --partitions 6 --config retention.ms=7d \
    --if-not-exists >/dev/null || fail "not 0"
done
see 'retention' 604800000 "$(event-admin config get topic deployed retention.ms)"
topic three --partitions 3
see 'differs' '[3,6]' "$(event-admin topic create three --partitions 6 --if-not-exists -j 2>err |
  jq -c .differs.partitions)"
see 'said' 1 "$(lines <err)"
see '-p' 2 "$(status_of event-admin topic create x -p 6)"
grep -q -e --partitions err || fail "it does not name --partitions: $(cat err)"

task '33 over all topics'
event-admin topic list | while read -r t; do
  printf '%s\t%s\n' "$t" "$(event-admin config get topic "$t" retention.ms)"
done >table
see topics "$(event-admin topic list)" "$(cut -f 1 table)"
event-admin log-dirs -j | jq -rs 'group_by(.topic)[] | [.[0].topic, (map(.bytes) | add)] | @tsv' |
  sort -k2,2nr >sizes
see largest listing "$(head -n 1 sizes | cut -f 1)"
see 'under-replicated' '' "$(event-admin topic describe -j |
  jq -r 'select((.isr|length) < (.replicas|length)) | "\(.topic) \(.partition)"')"

task '34 configuration in git'
event-admin dump >cluster.json
see 'no difference' 0 "$(status_of event-admin apply cluster.json --diff)"
event-admin dump | cmp - cluster.json || fail "two dumps differ"
event-admin config set topic orders retention.ms=1h >/dev/null
see 'a difference' 5 "$(status_of event-admin apply cluster.json --diff)"
see 'no --yes' 2 "$(status_of event-admin topic delete orders)"
event-admin topic list | grep -qx orders || fail "it was deleted"

task '35 a test with a real broker'
see seven 7 "$(status_of eventd run -- sh -c 'exit 7')"
EVENT_PROFILE=prod eventd run -- sh -c 'event-admin topic create t >/dev/null &&
  seq 1000 | event-produce t && test "$(event-consume t | wc -l)" -eq 1000' || fail "$?"

task '36 wait for the stack, then compare'
event-admin wait broker --timeout 60s && event-admin wait topic orders || fail "not there"
see 'not there' 5 "$(status_of event-admin wait topic never --timeout 0)"
printf '1\n2\n3\n' >expected.txt
topic out --partitions 1
cat expected.txt | event-produce out
event-consume out -f --until count=3 --timeout 10s | diff expected.txt - || fail "they differ"
event-consume orders -f --from @-1h --where 'json.id == 7' --until count=1 --timeout 30s >event.json
see event 7 "$(jq .id event.json)"
status=0
event-consume out -f --from end --until count=3 --timeout 100ms 2>err | diff expected.txt - >out ||
  status="${PIPESTATUS[*]}"
see 'too late' '5 1' "$status"

task '37 copy to another cluster and prove it'
copy() {
  event-admin topic create orders --partitions 6 >/dev/null
  event-consume orders -b "$OLD" -j | event-produce orders -j --keep-partition
  diff <(event-replay orders -b "$OLD" --sum) <(event-replay orders --sum)
  echo more | event-produce orders
  ! cmp -s <(event-replay orders -b "$OLD" --sum) <(event-replay orders --sum)
}
export -f copy
OLD=$EVENT_BROKERS eventd run -- bash -ec copy || fail "the copy differs"

task '38 what is new into files by day, and back'
nightly() {
  event-replay log-a log-b --to './backup/%Y/%m/%d/{topic}-{partition}-{first_offset}.jsonl.zst'
}
nightly || fail "$?"
echo '{"timestamp":1772359201000,"value":"late"}' | event-produce log-a -j
nightly || fail "$?"
see 'no .part' '' "$(find backup -name '*.part')"
topic back
zstd -dc backup/2026/03/01/*.zst | event-produce back -j
see 'each once' "$(event-consume log-a log-b | sort)" "$(event-consume back | sort)"
see 'no first_offset' 2 "$(status_of event-replay log-a --to './b/{partition}.jsonl')"

task '39 a broker that is dead'
mkdir dead
eventd --data-dir dead --port 0 --port-file dead.port >dead.log 2>&1 &
dead=$!
until_true 20 test -s dead.port || fail "$(cat dead.log)"
port=$(sed 's/.*://' dead.port)
event-admin topic create orders -b "127.0.0.1:$port" >/dev/null
seq 1000 | event-produce orders -b "127.0.0.1:$port"
event-consume orders -b "127.0.0.1:$port" -j >online
kill -9 $dead
wait $dead 2>/dev/null || true
event-replay dead/orders-0/ -j | cmp - online || fail "not the same offline"
event-replay dead/ -t orders --verify || fail "nothing is damaged: $?"
printf '\377' | dd of=dead/orders-0/00000000000000000000.log bs=1 seek=500 conv=notrunc 2>/dev/null
see 'a damaged byte' 1 "$(status_of event-replay dead/ -t orders --verify)"

task '40 the last hour at ten times its pace, with the times of today'
topic played --partitions 1
topic staging
now=$(date +%s)
for i in 0 5 10; do echo "{\"timestamp\":$(((now - 1000 + i) * 1000)),\"value\":\"$i\"}"; done |
  event-produce played -j
began=$(date +%s%3N)
event-replay played --from @-1h --pace 10x -j | jq --unbuffered -c 'del(.timestamp)' |
  event-produce staging -j
event-consume staging --merge -j | jq -r '[.value, .timestamp] | @tsv' >due
see 'in order' '0 5 10' "$(cut -f 1 due | xargs)"
# Each comes when it is due: not before, and 500 ms after the one before it, but for the machine's
# own delays.
while read -r value time; do
  [ "$time" -ge $((began + value * 100)) ] || fail "$value came $((began + value * 100 - time)) ms early"
done <due
