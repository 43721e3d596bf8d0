# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The tasks of everyday.sh, which sources it, of administration and CI.

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
for t in listing orders log-a three; do grep -Eq "^$t	-?[0-9]+$" table || fail "$t is not there"; done
see internal 0 "$(grep -c '^_' table || true)"
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
grep -q 'orders.*retention.ms' out err || fail "it is not shown: $(cat out err)"
see 'no --yes' 2 "$(status_of event-admin topic delete orders)"
event-admin topic list | grep -qx orders || fail "it was deleted"

task '35 a test with a real broker'
mkdir left
export TMPDIR=$PWD/left
see seven 7 "$(status_of eventd run -- sh -c 'exit 7')"
see killed 137 "$(status_of bash -c 'exec eventd run -- sh -c "kill -9 \$\$"')"
see output '' "$(cat out err)"
topic_of_tests='event-admin topic create t >/dev/null && echo $PPID >broker.pid &&
  seq 1000 | event-produce t && test "$(event-consume t | wc -l)" -eq 1000'
EVENT_PROFILE=prod eventd run -- sh -c "$topic_of_tests" >out 2>err || fail "$? $(cat err)"
see output '' "$(cat out err)"
see folders '' "$(ls left)"
kill -0 "$(cat broker.pid)" 2>/dev/null && fail "a process is left"
# A job of the background comes to the foreground, which needs the terminal.
if command -v script >/dev/null; then
  script -qec 'eventd run -- bash --norc -i' typescript \
    <<<$'sleep 0.1 &\nfg %1 && echo it has" "ended; exit 9' >/dev/null 2>&1 && status=0 || status=$?
  see 'an interactive shell' 9 $status
  grep -q 'no job control' typescript && fail "no job control: $(cat typescript)"
  grep -q 'it has ended' typescript || fail "a job has no terminal: $(cat typescript)"
fi
see folders '' "$(ls left)"
unset TMPDIR

task '36 wait for the stack, then compare'
event-admin wait broker --timeout 60s && event-admin wait topic orders || fail "not there"
see 'not there' 5 "$(status_of event-admin wait topic never --timeout 0)"
event-admin wait topic soon --timeout 60s &
waiter=$!
kill -0 $waiter || fail "it does not wait"
topic soon
wait $waiter || fail "it is there, and yet: $?"
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
