#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-consume while things happen: a terminal, a reader that goes away, a full disk, signals,
# records that come, are deleted or are late, topics and partitions that appear.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin jq python3

is() { [ "$1" = "$2" ] || fail "${3:-}: '$1', not '$2'"; }
lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }  # FILE N
waits_for_lines() { until_true 10 lines "$1" "$2" || fail "$1 has $(wc -l <"$1") lines, not $2"; }
follow() { # ARG..: a run beside the story, its output in `followed`, its id in $follower
  : >followed  # the shell that opens it may be late
  event-consume "$@" >followed 2>follow_err &
  follower=$!
  background+=("$follower")
}
ends_with() { # STATUS
  local status=0
  wait "$follower" || status=$?
  is "$status" "$1" "the follower's status ($(cat follow_err))"
}

admin() { # METHOD TOPIC NUMBER..: of wire.py
  PYTHONPATH=$here python3 - "$broker" "$@" <<'PYTHON'
import sys
from wire import Connection
address, method, topic, *numbers = sys.argv[1:]
getattr(Connection(address), method)(topic, *map(int, numbers))
PYTHON
}

cd "$work"
start_broker -X log.retention.ms=-1  # the times of these records are long ago
export EVENT_BROKERS=$broker
event-admin topic create t two --partitions 1
event-admin topic create six --partitions 6

# A terminal gets each record at once, and what would drive it as \xHH.
printf 'a\tb\033[31mred\377\302\205\303\251\n' | event-produce t
python3 - <<'PYTHON' || fail "a terminal does not get what it should"
import os, pty, subprocess, sys
def shown(*args):
    master, slave = pty.openpty()
    child = subprocess.Popen(["event-consume", "t", *args], stdout=slave)
    os.close(slave)
    got = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    if child.wait() != 0:
        sys.exit(1)
    return got.replace(b"\r\n", b"\n")
want = b"a\tb\\x1b[31mred\\xff\\xc2\\x85\xc3\xa9\n"
assert shown() == want, shown()
assert shown("-0") == want[:-1] + b"\\x00", shown("-0")
assert shown("--format", "%v\n") == want
assert shown("--frame").startswith(b"\\x00\\x00\\x00"), shown("--frame")
PYTHON

# A terminal sees a record while the run goes on.
python3 - <<'PYTHON' || fail "a terminal waits for the end of the run"
import os, pty, subprocess
master, slave = pty.openpty()
child = subprocess.Popen(["event-consume", "two", "-f"], stdout=slave)
subprocess.run(["event-produce", "two"], input=b"now\n", check=True)
assert os.read(master, 100) == b"now\r\n"
child.terminate()
assert child.wait() == -15
PYTHON

# A pipe whose reader has gone: SIGPIPE, and silence.
seq 200000 | event-produce six
set +o pipefail
event-consume six 2>err | head -n 1 >/dev/null
is "${PIPESTATUS[0]} $(wc -c <err)" "141 0" "a reader that goes away"
set -o pipefail
# A disk that is full, and a stdout that is closed: 4.
status=0; event-consume t >/dev/full 2>err || status=$?
is "$status $(wc -l <err)" "4 1" "a full disk"
status=0; event-consume t >&- 2>err || status=$?
is "$status $(wc -l <err)" "4 1" "a closed stdout"

# The newest, then what comes, without a hole: a producer runs all the while.
(seq 200001 200500 | while read -r n; do echo "$n"; done | event-produce six) &
producer=$!
follow six -n 3 -f --until 'match=^last$'
wait $producer
echo last | event-produce six
ends_with 0
newest=$({ head -n 3 followed; echo 200000; } | sort -n | tail -n 1)
seq $((newest + 1)) 200500 | sort >wanted
grep -v last followed | tail -n +4 | sort | comm -23 wanted - >absent
is "$(wc -l <absent)" 0 "-n 3 -f has a hole"
is "$(sort -u followed | wc -l)" "$(wc -l <followed)" "-n 3 -f prints something twice"

# Nothing old, and a topic that is made later, after one line about it.
follow later -n 0 -f --until count=2
until_true 10 grep -q 'waiting for it' follow_err || fail "nothing is said of a missing topic"
event-admin topic create later
printf 'x\ny\n' | event-produce later
ends_with 0
is "$(xargs <followed) $(wc -l <follow_err)" "x y 1" "a topic that is made later"

# With --regex, topics that appear are read from their start; so are partitions.
follow --regex 'app-.*' -f --until count=3
until_true 10 grep -q 'waiting for it' follow_err || fail "nothing is said of a missing pattern"
event-admin topic create app-1
echo one | event-produce app-1
waits_for_lines followed 1
event-admin topic create app-2
echo two | event-produce app-2
waits_for_lines followed 2
admin add_partitions app-1 2
echo three | event-produce app-1 -p 1
ends_with 0
is "$(xargs <followed)" "one two three" "topics and partitions that appear"
event-admin topic create plain --partitions 1
follow plain -f --until count=3
echo first | event-produce plain
waits_for_lines followed 1
admin add_partitions plain 2
printf 'early\nlate\n' | event-produce plain -p 1
ends_with 0
is "$(xargs <followed)" "first early late" "a partition that appears, of a topic that is named"

# By time, with a partition that is silent: the others wait, but not for long.
event-admin topic create pair --partitions 2
follow pair -f --merge --until count=3 --format '%p%v '
printf '%s\n' '{"partition":0,"timestamp":30,"value":"c"}' \
  '{"partition":1,"timestamp":20,"value":"b"}' \
  '{"partition":0,"timestamp":40,"value":"d"}' | event-produce pair -j --keep-partition
ends_with 0
is "$(cat followed)" "1b 0c 0d " "--merge with a silent partition"

# Ends while it follows: idle, a time, a timeout, an offset that is still to come.
follow t -f --until idle=300ms --stats
ends_with 0
is "$(jq -r .ended_by follow_err)" "idle=300ms" "idle"
follow absent -f --until idle=300ms
ends_with 0
follow absent -f --timeout 300ms
ends_with 5
follow t -f --until @+400ms --stats
ends_with 0
is "$(jq -r .ended_by follow_err)" "@+400ms" "a time that passes"
follow t -f --timeout 300ms
ends_with 5
follow two -f --until 3 --stats
waits_for_lines followed 1
printf 'second\nthird\nfourth\n' | event-produce two
ends_with 0
is "$(xargs <followed) $(jq -r .ended_by follow_err)" "now second third 3" "an end to come"

# Past the end there is nothing, with -f yet: it waits, without a word.
follow two -f --from 6 --until count=1 --timeout 30s
seq 5 8 | event-produce two
ends_with 0
is "$(cat followed) $(wc -c <follow_err)" "7 0" "a begin past the end"

# The first signal: what was read is written, and we die by it.
for signal in INT TERM HUP; do
  python3 - "$signal" <<'PYTHON' || fail "SIG$signal"
import signal, subprocess, sys
number = getattr(signal, "SIG" + sys.argv[1])
child = subprocess.Popen(["event-consume", "t", "-f", "--stats"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
assert child.stdout.readline().startswith(b"a\tb")
child.send_signal(number)
out, err = child.communicate(timeout=10)
assert child.returncode == -number, child.returncode
assert b'"ended_by":"signal"' in err and err.count(b"\n") == 1, err
PYTHON
done

# Records that are deleted while we wait to read them: a line, the run goes on, and 1.
event-admin topic create gone --config segment.bytes=1048576
head -c 20000000 /dev/zero | tr '\0' x | fold -w 999 | event-produce gone
mkfifo slow
event-consume gone >slow 2>err &
follower=$!
background+=("$follower")
exec 5<slow
head -n 1 <&5 >/dev/null  # it has its first records, and waits for us in its write
admin delete_records gone 0 20015
cat <&5 >rest
exec 5<&-
status=0; wait $follower || status=$?
is "$status $(grep -c 'were deleted before they were read' err)" "1 1" "deleted records: $(cat err)"
is "$(tail -n 1 rest | wc -c)" 21 "after deleted records"

# The broker goes away and comes back: -f says so, and goes on.
follow two -f --until count=9
waits_for_lines followed 8
broker_port=${broker##*:}
kill_broker
until_true 10 grep -q 'trying again' follow_err || fail "nothing is said of a broker that is gone"
start_broker
echo ninth | event-produce two
ends_with 0
is "$(tail -n 1 followed) $(wc -l <follow_err)" "ninth 1" "a broker that was gone"
# A topic that is deleted and made again is another one: it is read from its start.
event-admin topic create again
seq 3 | event-produce again
follow again -f --until count=8
waits_for_lines followed 3
event-admin topic delete again --yes
event-admin topic create again
seq 4 8 | event-produce again
ends_with 0
seq 8 | cmp - followed || fail "a topic that was made again: $(cat followed follow_err)"
grep -q 'made again' follow_err || fail "it is not said: $(cat follow_err)"
event-replay again -f --to ./again.txt --until count=5 || fail "an end of -f"
seq 4 8 | cmp - again.txt || fail "a plain file of -f"
stop_broker
say "streams, signals, ends and what comes late are as UNIX.md has them"
