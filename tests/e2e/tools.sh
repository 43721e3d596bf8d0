#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tools as a shell sees them: streams, exit codes, signals, and what they say when something is
# wrong.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3

status_of() { local status=0; "$@" >out 2>err </dev/null || status=$?; echo $status; }
expect() { # STATUS WORD COMMAND..: its exit code, and a word of the one line on stderr
  local wanted=$1 word=$2 status
  shift 2
  status=$(status_of "$@")
  [ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat err)"
  [ "$(wc -l <err)" = 1 ] || fail "$*: not one line on stderr: $(cat err)"
  grep -qF -e "$word" err || fail "$*: no '$word' in: $(cat err)"
}
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 5 >&2 || true; fail "$1 and $2 differ"; }; }
has() { grep -q "$@"; }

cd "$work"
start_broker
export EVENT_BROKERS=$broker
event-admin topic create t u v --partitions 1
event-admin topic create many --partitions 3 --config max.message.bytes=2000

# What goes in comes out: bytes, NUL, CR, a last line without its end, empty lines.
printf 'a\r\n\n\0b\nlast' | event-produce t
event-consume t >got
printf 'a\r\n\n\0b\nlast\n' >want
same want got
printf 'x\ny\0z' | event-produce t -0
event-consume t -0 --from 4 >got
printf 'x\ny\0z\0' >want
same want got

# A token stands for null on both sides, one of more than a string keeps in place too.
null='<there is no value here at all>'
event-admin topic create n
printf 'a\n%s\n\n' "$null" | event-produce n --null "$null"
[ "$(event-consume n -j | grep -c '"value":null')" = 1 ] || fail "--null in"
event-consume n --null "$null" >got
printf 'a\n%s\n\n' "$null" >want
same want got
printf '%s:v\nk:%s\n' "$null" "$null" | event-produce n -K : --null "$null"
event-consume n --from 3 -j >got
has '"key":null,"value":"v"' got && has '"key":"k","value":null' got || fail "--null in: $(cat got)"
event-consume n --from 3 -K : --null "$null" >got
printf '%s:v\nk:%s\n' "$null" "$null" >want
same want got

# As JSON any bytes are copied, also to several topics at once, in their order.
head -c 200000 /dev/urandom | event-produce u -K : --null a 2>err || true
event-consume u -j | event-produce v -j
event-consume v -j | sed 's/"topic":"v"/"topic":"u"/' >copy
event-consume u -j >original
same original copy
for i in $(seq 100); do
  echo "{\"topic\":\"$( ((i % 2)) && echo t || echo many)\",\"key\":\"k\",\"value\":\"$i\"}"
done | event-produce -j
[ "$(event-consume many -k k | wc -l)" = 50 ] || fail "events of a second topic are missing"

# What is wrong with a line is said by its number, and the others are there.
{ echo good; head -c 3000 /dev/zero | tr '\0' x; echo; echo also good; } >lines
status=0
event-produce many -p 1 lines 2>err || status=$?
[ $status = 1 ] || fail "a line that is too long: status $status"
has 'lines line 2: .*max.message.bytes.*skipped' err || fail "no line number: $(cat err)"
[ "$(event-consume many -p 1 | grep -c good)" = 2 ] || fail "good lines beside a bad one"
printf 'no json\n{"value":"v","topic":"nope"}\n{"value":"w"}\n' >lines.json
event-produce -j '' lines.json 2>err && fail "0"
for complaint in 'lines.json line 1: not JSON' 'line 2: topic nope' 'line 3: it names no'; do
  has "$complaint" err || fail "$(cat err)"
done

# Exit codes, with the broker or topic and what to try.
expect 1 'topic nope' event-consume nope
expect 1 'topic nope' event-produce nope
expect 1 'no partition 7' event-consume t -p 7
expect 1 'no partition 7' event-produce t -p 7
expect 1 'no partition 7' event-consume t --from 7:start
expect 2 'perhaps --from' event-consume t --form 1
expect 2 'exists' event-replay t --to ./lines
expect 2 '{partition}' event-replay t --to './%Y.gz'
expect 3 '127.0.0.1:1' event-consume t -b 127.0.0.1:1
expect 3 '-b HOST:PORT' event-admin topic list -b 127.0.0.1:1
expect 5 'required' event-consume t -p 0 --until 0 --require 1
expect 5 'timeout' event-consume t -f --from end --timeout 100ms
expect 5 'timeout' event-consume t -f --until 99999 --timeout 100ms
status=0
event-consume t nope u >got 2>err || status=$?
[ $status = 1 ] && [ -s got ] && has 'topic nope' err || fail "others beside a missing topic"
expect 1 'TOPIC_ALREADY_EXISTS' event-admin topic create t
event-admin topic create many --if-not-exists --partitions 4 -j 2>/dev/null >got
has '"status":"unchanged".*"differs":{"partitions":\[3,4\]}' got || fail "$(cat got)"
expect 2 '--yes' event-admin topic delete v
event-admin topic delete v --yes
expect 1 'topic v' event-consume v

# A port where something else answers is told.
python3 - >no_kafka <<'PYTHON' &
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
client, _ = server.accept()
client.recv(1)
client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
client.recv(1 << 16)
PYTHON
background+=($!)
until_true 10 test -s no_kafka
expect 3 "does not speak Kafka" event-consume t -b "127.0.0.1:$(cat no_kafka)"

# Positions, ends and counts.
seq 1000 | event-produce u -p 0
end=$(event-admin topic offsets u -j | sed 's/.*"offset":\([0-9]*\).*/\1/')
[ "$(event-consume u --from end-2)" = "$(printf '999\n1000')" ] || fail "end-2"
[ "$(event-consume u --from $((end - 5)) --until $((end - 3)))" = "$(printf '996\n997')" ] ||
  fail "range"
[ "$(event-consume u --from end-9 --until count=1 --stats 2>err)" = 992 ] || fail "count"
has '"records":1,.*"ended_by":"count=1"' err || fail "$(cat err)"
[ "$(event-consume u --from @+1d | wc -l)" = 0 ] || fail "the future is not empty"
[ "$(event-consume u --from start+$((end - 1)))" = 1000 ] || fail "start+N"
event-consume u -f --from end-1 --until idle=200ms >got
[ "$(cat got)" = 1000 ] || fail "idle"

# A line is there while stdin is open, and what is followed is printed while it is written.
event-consume u -f --from end >followed 2>err &
follower=$!
background+=("$follower")
exec 8> >(event-produce u)
said() { # LINE: written until the follower has it, as it may have begun later
  echo "$1" >&8
  sleep 0.05  # between two polls
  has "^$1$" followed
}
until_true 10 said here || fail "a line did not come through: $(cat err)"
exec 8>&-
# The topic that appears later is waited for, and said once.
event-consume later -f --until count=1 >late 2>err &
late=$!
background+=("$late")
until_true 10 has 'waiting for it' err || fail "not said: $(cat err)"
event-admin topic create later
echo first | event-produce later
wait $late || fail "waiting for a topic: $?"
[ "$(cat late)" = first ] && [ "$(wc -l <err)" = 1 ] || fail "late: $(cat late err)"

# Signals: the first ends the run, also where the reader takes nothing; ignored ones stay so.
kill -INT $follower 2>/dev/null || true  # a background job ignores it
kill -0 $follower || fail "SIGINT of a background job was not ignored"
kill -TERM $follower
status=0
wait $follower || status=$?
[ $status = 143 ] || fail "SIGTERM: status $status"
python3 - <<'PYTHON' || fail "signals"
import os, signal, subprocess, sys, time
def run(*command, **more):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more)
def ends_by(process, number, what):
    if process.wait(10) != -number:
        sys.exit(f"{what}: {process.returncode}")
subprocess.run(["event-produce", "u"], input=b"x" * 1000 + b"\n" + b"y\n" * 400000, check=True)
stuck = run("event-consume", "u")
stuck.stdout.read(1)                       # it writes, and then nobody reads
stuck.send_signal(signal.SIGTERM)
ends_by(stuck, signal.SIGTERM, "a reader that takes nothing")
piped = run("event-consume", "u")
piped.stdout.read(1)
piped.stdout.close()
ends_by(piped, signal.SIGPIPE, "a reader that has closed")
waiting = run("event-produce", "u", stdin=subprocess.PIPE)
waiting.stdin.write(b"half a line")
waiting.stdin.flush()
waiting.send_signal(signal.SIGHUP)
ends_by(waiting, signal.SIGHUP, "a producer that waits for input")
def ignore():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
kept = run("event-consume", "u", "-f", "--from", "end-1", preexec_fn=ignore)
kept.stdout.readline()
kept.send_signal(signal.SIGHUP)
kept.send_signal(signal.SIGINT)
ends_by(kept, signal.SIGINT, "SIGHUP under nohup")
PYTHON
status=0
event-consume u >&- 2>err || status=$?
[ $status = 4 ] && has 'write the output' err || fail "a closed stdout: $status $(cat err)"
status=0
event-consume u >/dev/full 2>err || status=$?
[ $status = 4 ] && has 'No space left' err || fail "a full device: $status $(cat err)"

# Nobody reads stdin who is not asked to.
seq 100 >input
{
  event-consume t; event-replay t; event-admin topic list; event-produce t lines.json; cat >left
} <input >got
same input left

# The same of event-replay and event-admin.
expect 1 'topic nope' event-replay nope
expect 3 '127.0.0.1:1' event-replay t -b 127.0.0.1:1
expect 4 'No space left' bash -c 'event-replay u >/dev/full'
expect 5 'required' event-replay t --until 0 --require 1
expect 5 'timeout' event-replay t -f --from end --timeout 100ms
ends_by() { # STATUS COMMAND..: silently
  local wanted=$1
  shift
  status=0
  "$@" 2>err || status=$?
  [ "$status $(wc -c <err)" = "$wanted 0" ] || fail "$*: $status, $(cat err)"
}
mkfifo unread
true <unread &
exec 7>unread
wait $!  # nobody reads it any more
for command in 'event-replay u' 'event-consume u' 'event-admin api-versions -j'; do
  ends_by 141 bash -c "exec $command >&7"
done
exec 7>&-
for command in 'event-replay u -f --from end' 'event-admin wait topic never'; do
  ends_by 143 bash -c "exec timeout --foreground -s TERM --preserve-status 0.3 $command"
done

# A connection that is lost is found again while the tool goes on.
event-consume u -f --from end >followed 2>err &
follower=$!
background+=("$follower")
exec 8> >(event-produce u 2>producer.err; echo $? >producer.status)
until_true 10 said before || fail "not followed: $(cat err)"
broker_port=${broker##*:}
kill_broker
echo during >&8
start_broker 8>&-  # which would hold the pipe open
exec 8>&-
until_true 20 test -s producer.status || fail "the producer did not end"
[ "$(cat producer.status)" = 0 ] || fail "the producer: $(cat producer.status producer.err)"
until_true 10 has '^during$' followed || fail "the follower lost the broker: $(cat err)"
[ "$(grep -c during followed)" = 1 ] || fail "doubled"
has 'trying again' err || fail "the loss was not said: $(cat err)"
kill -TERM $follower

# What cannot be delivered in time ends the run with the first line and how many.
kill_broker
mkfifo slow
event-produce u -b "127.0.0.1:$broker_port" -X delivery.timeout.ms=300 <slow 2>err && fail "0" &
late=$!
exec 8>slow
sleep 0.1  # input: a producer that has not found its broker
exec 8>&-
wait $late || status=$?
[ $status = 3 ] || [ $status = 4 ] || fail "no broker: $status"
start_broker
event-replay u --to ./replayed
event-consume u >got
same got replayed
[ ! -e replayed.part ] || fail "a part is left"
stop_broker
say "streams, exit codes, signals and complaints are as UNIX.md has them"
