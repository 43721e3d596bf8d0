#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-replay into files and back: what kills it, a full disk, late records, pace, event JSON.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3 jq zstd gzip lz4
rounds=30
[ -z "${EVENTD_LONG:-}" ] || rounds=200

status_of() { local status=0; "$@" >out 2>err </dev/null || status=$?; echo $status; }
expect() { # STATUS WORD COMMAND..
  local wanted=$1 word=$2 status
  shift 2
  status=$(status_of "$@")
  [ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat err)"
  grep -qF -e "$word" err || fail "$*: no '$word' in: $(cat err)"
}
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 5 >&2 || true; fail "$1 and $2 differ"; }; }

cd "$work"
start_broker
export EVENT_BROKERS=$broker
# The events are old: a broker deletes such, from half a minute after its start on.
event-admin topic create orders back one --partitions 3 --config retention.ms=-1 >/dev/null

# Some days of events, with nulls, bytes, doubled headers, and some that come late.
events() { # FIRST COUNT
  python3 - "$@" <<'PYTHON'
import json
import sys
first, count = map(int, sys.argv[1:])
for i in range(first, first + count):
    day = i // 2000 - (2 if i % 50 == 7 else 0)
    event = {"topic": "orders", "timestamp": 1790000000000 + day * 86400000 + i,
             "key": None if i % 7 == 0 else f"k{i % 11}", "value": f"v{i}"}
    if i % 3 == 0:
        event["headers"] = [["a", "b"], ["a", None], ["raw", {"base64": "/wA="}]]
    if i % 13 == 0:
        event["value"] = None if i % 2 else {"base64": "gICA"}
    print(json.dumps(event))
PYTHON
}
events 0 12000 | event-produce orders -j

# Killed at any moment, with records coming in, each offset is in one file, under its day.
template="$work/backup/%Y/%m/%d/{topic}-{partition}-{first_offset}.jsonl.zst"
for ((round = 0; round < rounds; round++)); do
  if ((round % 3 == 0)); then events $((12000 + round * 100)) 300 | event-produce orders -j; fi
  event-replay orders --to "$template" --roll count=400 2>>err &
  replay=$!
  # A random while of up to some 60 ms, which is as long as a run takes.
  python3 -c 'import random, time; time.sleep(random.random() * 0.06)  # input'
  kill -9 "$replay" 2>/dev/null || true
  wait "$replay" 2>/dev/null || true
done
event-replay orders --to "$template" --roll count=400 || fail "the last run"
if find backup -name '*.part' | grep -q .; then fail "parts are left"; fi
event-consume orders -j | jq -c '[.partition,.offset]' | sort >want
find backup -name '*.zst' -print0 | sort -z >files
xargs -0 zstd -dcq <files | jq -c '[.partition,.offset]' | sort >got
same want got
while IFS= read -r -d '' file; do
  day=$(dirname "${file#backup/}")
  zstd -dcq "$file" | jq -r '.timestamp/1000|strftime("%Y/%m/%d")' | sort -u >days
  [ "$(cat days)" = "$day" ] || fail "$file has records of $(cat days)"
done <files
find backup -path '*/2026/09/19/*' | grep -q . || fail "late records are under no day of theirs"

# The same command does nothing more; another one is refused, and a second one at a time.
before=$(find backup -type f -exec stat -c '%n %Y %s' {} + | sort | md5sum)
event-replay orders --to "$template" --roll count=400
[ "$before" = "$(find backup -type f -exec stat -c '%n %Y %s' {} + | sort | md5sum)" ] ||
  fail "a run without anything new changed files"
expect 2 'another command' event-replay orders --to "$template"
expect 2 'another command' event-replay orders -p 1 --to "$template" --roll count=400
expect 2 '{first_offset}' event-replay orders --to './%Y/{partition}.jsonl'
expect 2 'event-replay writes into' flock backup event-replay orders --to "$template" \
  --roll count=400

# OpenSSL is the system's, and is loaded by those who need it.
mkdir none && : >none/libssl.so.3
status=0
LD_LIBRARY_PATH=$work/none event-replay orders --sum >got 2>err || status=$?
[ "$status" = 2 ] && [ ! -s got ] && grep -q 'libssl3' err && [ "$(wc -l <err)" = 1 ] ||
  fail "without OpenSSL a sum ends with $status: $(cat err)"
LD_LIBRARY_PATH=$work/none event-consume orders --until count=1 >got || fail "reading needs OpenSSL"

# The files are a source like the topic: equal sums. A day of them goes back into a topic.
event-replay orders --sum >sum
xargs -0 event-replay --sum <files >got
same sum got
zstd -dcq backup/2026/09/23/*.zst | tee day | event-produce back -j
event-consume back -j >got.jsonl
for file in day got.jsonl; do
  jq -c '[.key,.value,.headers,.timestamp]' $file | sort >$file.sorted
done
same day.sorted got.jsonl.sorted

# One file, by every compression; what the ending says is what other programs read.
for ending in jsonl jsonl.gz jsonl.zst jsonl.lz4; do
  event-replay orders --to "./whole.$ending"
  event-replay "./whole.$ending" --sum >got
  same sum got
done
gzip -dc whole.jsonl.gz >got && same whole.jsonl got
zstd -dcq whole.jsonl.zst >got && same whole.jsonl got
lz4 -dcq whole.jsonl.lz4 >got && same whole.jsonl got
event-replay - --sum <whole.jsonl >got
same sum got
expect 2 'exists' event-replay orders --to ./whole.jsonl
event-replay orders --to ./values
event-consume orders | sort >want
sort values >got
same want got
head -c 20000 whole.jsonl.zst >short.jsonl.zst
expect 1 'cut short' event-replay ./short.jsonl.zst --to ./short
{ head -n 2 whole.jsonl; echo nonsense; sed -n 1p whole.jsonl; } >odd.jsonl
expect 1 'odd.jsonl line 3: not JSON' event-replay ./odd.jsonl
grep -q 'line 4: .* offset .* comes after' err || fail "an event twice: $(cat err)"
[ "$(wc -l <out)" = 2 ] || fail "the good events beside bad ones"
expect 1 'topic nope' event-replay nope --to ./nope
[ ! -e nope ] || fail "a topic that is not there has become a file"

# SHA-256 as another program computes it from the JSON.
jq -c . whole.jsonl | python3 -c '
import base64, hashlib, json, struct, sys
def data(value):
    if value is None:
        return struct.pack(">i", -1)
    bytes_ = base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()
    return struct.pack(">i", len(bytes_)) + bytes_
sums = {}
for line in sys.stdin:
    event = json.loads(line)
    entry = sums.setdefault(event["partition"], [hashlib.sha256(), 0])
    headers = event.get("headers", [])
    entry[0].update(struct.pack(">q", event["timestamp"]) + data(event["key"])
                    + data(event["value"]) + struct.pack(">i", len(headers))
                    + b"".join(data(name) + data(value) for name, value in headers))
    entry[1] += 1
for partition, (sha, count) in sorted(sums.items()):
    print(sha.hexdigest(), count, partition, "orders")
' >got
same sum got

# A full disk: 4, and with room again the same command has everything once.
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=300k none small 2>/dev/null; then
  expect 4 'No space left' event-replay orders --to './small/{topic}-{partition}-{first_offset}' \
    --roll count=1000 -j
  mount -o remount,size=100m small
  event-replay orders --to './small/{topic}-{partition}-{first_offset}' --roll count=1000 -j
  cat small/orders-* | jq -c '[.partition,.offset]' | sort >got
  event-consume orders -j | jq -c '[.partition,.offset]' | sort >want
  umount small
  same want got
else
  say "no file system of its own can be mounted; a full disk was not tried"
fi

# The pace: gaps in proportion, the longest cut.
for i in 0 1 2 3; do
  echo "{\"key\":\"k\",\"value\":\"$i\",\"timestamp\":$((1790000000000 + i * 4000))}"
done | event-produce one -j
play() { # how many ms it takes
  local began=${EPOCHREALTIME/./}
  event-replay one "$@" >out 2>err
  echo $(((${EPOCHREALTIME/./} - began) / 1000))
}
took=$(play --pace 20x)
[ "$took" -ge 600 ] || fail "12 s at twenty times the pace took $took ms"
[ "$(tr -d '\n' <out)" = 0123 ] || fail "the records of a paced run: $(cat out)"
took=$(play --pace 1x --max-gap 100ms)
[ "$took" -ge 300 ] && [ "$took" -lt 4000 ] || fail "with gaps of 100 ms it took $took ms"
expect 5 'timeout' event-replay one --pace 1x --timeout 100ms
expect 2 '1x' event-replay one --pace fast
expect 2 'needs --pace' event-replay one --max-gap 1s
expect 2 'contradict' event-replay one --sum --to ./x

say "files hold each record once, whatever killed the run; sums, pace and event JSON hold"
