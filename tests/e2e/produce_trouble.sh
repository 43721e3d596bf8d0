#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-produce when brokers die, hang and return, and when it is told to end: nothing is lost
# without a word, nothing is there twice, order is kept.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin python3 jq

cd "$work"
start_broker
broker_port=${broker##*:}
export EVENT_BROKERS=$broker
event-admin topic create t u v --partitions 1
event-admin topic create many --partitions 6
same() { [ "$1" = "$2" ] || fail "${3:-}: '$1' is not '$2'"; }

# The broker is killed in the middle, several times, and comes back. Each line is there once, and in
# order in its partition.
python3 - >counting <<'PYTHON' &
import sys, time
for i in range(60000):
    print(f"{i % 97}:{i}", flush=i % 50 == 0)
    if i % 50 == 0:
        time.sleep(0.002)  # input: it lasts longer than the kills
PYTHON
writer=$!
mkfifo feed
(tail -c +1 --pid=$writer -f counting >feed) &
background+=($!)
event-produce many -K : --dead-letter dead --stats <feed 2>producer.err &
producer=$!
for round in 1 2 3; do
  wanted=$((round * 8000))
  has_so_many() {
    [ "$(event-admin topic offsets many -j 2>/dev/null | jq -s 'map(.offset)|add')" -ge $wanted ]
  }
  until_true 20 has_so_many || fail "the topic does not grow: $(cat producer.err)"
  kill_broker
  start_broker
done
wait $producer || fail "the producer: $? $(cat producer.err)"
wait $writer
event-consume many --format '%p %k %v\n' >got
cut -d ' ' -f 3 got | sort -n | cmp - <(seq 0 59999) || fail "lost or doubled"
for p in 0 1 2 3 4 5; do
  awk -v p=$p '$1 == p { print $3 }' got | sort -nc || fail "partition $p is not in order"
done
[ ! -s dead ] || fail "dead letters: $(head -n 3 dead)"
grep -q '"records":60000,.*"failed":0' producer.err || fail "stats: $(cat producer.err)"

# A frozen broker: what is not acknowledged within the delivery timeout is said and kept, exit 4;
# also what was read behind it.
exec 8> >(event-produce t -X delivery.timeout.ms=500 --dead-letter frozen 2>err &&
  echo 0 >status || echo $? >status)
echo before >&8
is_there() { [ "$(event-consume t)" = "$1" ]; }
until_true 10 is_there before || fail "not there: $(cat err)"
kill -STOP "$broker_pid"
printf 'lost\nlost too\n' >&8
until_true 20 test -s status || fail "a frozen broker is waited for without end"
kill -CONT "$broker_pid"
exec 8>&-
same "$(cat status)" 4 'a frozen broker'
grep -q 'stdin line 2: ' err && grep -q '^event-produce: 2 records were not' err ||
  fail "what was lost: $(cat err)"
same "$(cat frozen)" $'lost\nlost too' 'dead letters of a frozen broker'

# No broker, before and after the line: 3 before anything is read, 4 after.
stop_broker
echo unread >input
{ event-produce t -b "127.0.0.1:$broker_port" 2>err || echo $?; cat; } <input >out
same "$(cat out)" $'3\nunread' 'no broker'
same "$(wc -l <err)" 1 'lines on stderr'
start_broker
rm status
exec 8> >(event-produce u -X delivery.timeout.ms=700 --dead-letter gone --report >report 2>err &&
  echo 0 >status || echo $? >status)
echo first >&8
until_true 10 test -s report || fail "no report: $(cat err)"
kill_broker
seq 1000 >&8
exec 8>&-
until_true 20 test -s status || fail "a broker that is gone is waited for without end"
same "$(cat status)" 4 'a broker that is gone'
grep -q '1000 records were not acknowledged, the first is stdin line 2: ' err || fail "$(cat err)"
cmp gone <(seq 1000) || fail "dead letters"
start_broker
event-produce u gone
event-consume u | cmp - <(echo first; seq 1000) || fail "dead letters, sent again"

# The first signal: what was read is delivered, then it ends by it. The second ends it at once.
python3 - <<'PYTHON' || fail "signals"
import fcntl, signal, struct, subprocess, sys, termios, time
def unread(pipe):                      # bytes in the pipe that nobody has read
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
def run(*command, **more):
    return subprocess.Popen(("event-produce",) + command, stdin=subprocess.PIPE, **more)
def ends_by(process, number, what):
    if process.wait(20) != -number:
        sys.exit(f"{what}: {process.returncode}")
def there():
    return subprocess.run(["event-consume", "v"], capture_output=True, check=True).stdout
for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
    before = there()
    lines = b"".join(b"%d\n" % i for i in range(3000))
    one = run("v", "-X", "linger.ms=60000", "-X", "batch.size=1000000")
    one.stdin.write(lines + b"half")
    one.stdin.flush()
    deadline = time.monotonic() + 10
    while unread(one.stdin) and time.monotonic() < deadline:
        time.sleep(0.01)               # between two polls
    one.send_signal(number)
    ends_by(one, number, "a first signal")
    if there() != before + lines:
        sys.exit(f"signal {number}: what was read is not there")
slow = run("v", "--rate", "1")
slow.stdin.write(b"1\n2\n3\n4\n")
slow.stdin.close()
while b"1\n" not in there()[-2:]:
    time.sleep(0.01)                   # between two polls
begun = time.monotonic()
slow.send_signal(signal.SIGINT)
ends_by(slow, signal.SIGINT, "a signal while it waits for its time")
if there()[-8:] != b"1\n2\n3\n4\n" or time.monotonic() - begun > 2:
    sys.exit("what was read is not delivered at once")
PYTHON
kill -STOP "$broker_pid"
python3 - "$broker_pid" <<'PYTHON' || fail "the second signal"
import signal, subprocess, sys, os, time
os.kill(int(sys.argv[1]), signal.SIGCONT)
one = subprocess.Popen(["event-produce", "v", "--report"], stdin=subprocess.PIPE,
                       stdout=subprocess.PIPE)
one.stdin.write(b"a\n")
one.stdin.flush()
one.stdout.readline()
os.kill(int(sys.argv[1]), signal.SIGSTOP)
one.stdin.write(b"b\n")
one.stdin.flush()
time.sleep(0.1)                        # input: the line is on its way to nobody
one.send_signal(signal.SIGTERM)
try:
    one.wait(0.3)
    sys.exit("it did not wait for its line")
except subprocess.TimeoutExpired:
    pass
one.send_signal(signal.SIGTERM)
if one.wait(10) != -signal.SIGTERM:
    sys.exit(f"{one.returncode}")
PYTHON
kill -CONT "$broker_pid"

# A report that nobody takes holds up nothing but itself: lines are delivered, deadlines and signals
# are heeded. One that is read late is whole; 300 lines of it fill the pipe.
event-admin topic create w --partitions 1
python3 - "$broker_pid" <<'PYTHON' || fail "a report that nobody takes"
import fcntl, json, os, signal, subprocess, sys, tempfile, time
broker = int(sys.argv[1])
def until(what, holds):
    deadline = time.monotonic() + 20
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"not within 20 s: {what}")
        time.sleep(0.02)               # between two polls
def there():
    return len(subprocess.run(["event-consume", "w"], capture_output=True,
                              check=True).stdout.split())
def blocked(*options):
    """A run whose report has filled its pipe; and its stderr."""
    said = tempfile.TemporaryFile()
    run = subprocess.Popen(["event-produce", "w", "--report", *options], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=said, bufsize=0)
    fcntl.fcntl(run.stdout, fcntl.F_SETPIPE_SZ, 4096)
    before = there()
    run.stdin.write(b"line\n" * 300)
    until("the lines before", lambda: there() == before + 300)
    for more in range(5):              # one by one: each is a report of its own
        run.stdin.write(b"line\n")
        until("a line behind a full pipe", lambda: there() == before + 301 + more)
    return run, said
def text(file):
    file.seek(0)
    return file.read().decode()

run, said = blocked()
run.stdin.close()
lines = [json.loads(line)["line"] for line in run.stdout.read().splitlines()]
if lines != list(range(1, 306)) or run.wait(10) != 0 or text(said):
    sys.exit(f"read late: {lines[-3:]} {run.returncode} {text(said)}")

run, said = blocked()
run.send_signal(signal.SIGTERM)
if run.wait(10) != -signal.SIGTERM or text(said):
    sys.exit(f"a signal: {run.returncode} {text(said)}")

run, said = blocked()
run.stdout.close()
if run.wait(10) != -signal.SIGPIPE or text(said):
    sys.exit(f"a reader that goes: {run.returncode} {text(said)}")

if os.environ.get("EVENTD_LONG"):      # so much input that it waits for the report's reader
    import threading
    run, said = blocked()
    many = 1_500_000
    def feed():
        run.stdin.write(b"x\n" * many)
        run.stdin.close()
    feeding = threading.Thread(target=feed)
    before = there()
    feeding.start()
    polls = [0]
    def stands_still():
        polls.append(there())
        return polls[-1] > before and polls[-4:] == polls[-1:] * 4
    until("the input waits", stands_still)
    if not feeding.is_alive() or polls[-1] - before > many / 2:
        sys.exit(f"the input does not wait: {polls[-1] - before} of {many}")
    lines = [json.loads(line)["line"] for line in run.stdout.read().splitlines()]
    if lines != list(range(1, 306 + many)) or run.wait(20) != 0 or text(said):
        sys.exit(f"read after a long wait: {lines[-3:]} {run.returncode} {text(said)}")

run, said = blocked("-X", "delivery.timeout.ms=300")
os.kill(broker, signal.SIGSTOP)
run.stdin.write(b"line\n")
until("the delivery timeout", lambda: "1 record was not acknowledged" in text(said))
os.kill(broker, signal.SIGCONT)
if len(run.stdout.read().splitlines()) != 305 or run.wait(10) != 4:
    sys.exit(f"a deadline: {run.returncode}")
PYTHON

# A topic that goes away while it is written: refused, 4, the first line is named.
event-admin topic create fleeting --partitions 1
rm status
exec 8> >(event-produce fleeting -X delivery.timeout.ms=1000 2>err &&
  echo 0 >status || echo $? >status)
echo a >&8
is_in_fleeting() { [ "$(event-consume fleeting 2>/dev/null)" = a ]; }
until_true 10 is_in_fleeting || fail "not there"
event-admin topic delete fleeting --yes
echo b >&8
until_true 20 test -s status || fail "a deleted topic is waited for without end"
exec 8>&-
same "$(cat status)" 4 'a deleted topic'
grep -q 'line 2: .*fleeting' err || fail "$(cat err)"
stop_broker
say "what is not delivered is said, what is delivered is there once"
