#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same tasks of event-produce on eventd, real Kafka and kfake, and what it writes as others read
# it: kcat everywhere, Kafka's console consumer and KafkaJS from Kafka; headers, nulls, all codecs.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin python3 kcat java mvn go
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"
export GOTOOLCHAIN=local

cd "$work"
kfake -ports 0 -data-dir "$work/kfake" >kfake.log 2>&1 &
background+=($!)
truth=$(kafka start "$work/truth" "$(free_port)" offsets.topic.num.partitions=1 \
  group.initial.rebalance.delay.ms=0)
background+=("$(cat "$work/truth/pid")")
start_broker
until_true 60 grep -q "listening on" kfake.log || fail "kfake: $(cat kfake.log)"
fake=$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' kfake.log | head -n 1)

# Events of any bytes, with headers that repeat, are null, empty and binary.
python3 - >events.jsonl <<'PYTHON'
import base64, json, random
some = random.Random(8)
def shown(value):
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
def field(none=0.2):
    chance = some.random()
    if chance < none:
        return None
    return b"" if chance < 0.3 else b"text \xc3\xa4" if chance < 0.6 else some.randbytes(9)
def without_zero(value):               # kcat ends a header's value at its first zero
    return value and value.replace(b"\0", b"\1")
for i in range(300):
    event = {"timestamp": 1790000000000 + i * 7, "key": shown(field()), "value": shown(field())}
    headers = [[some.choice(["a", "b", "trace"]), shown(without_zero(field()))]
               for _ in range(i % 4)]
    if headers:
        event["headers"] = headers
    print(json.dumps(event, separators=(",", ":"), ensure_ascii=False))
PYTHON

# What kcat prints for them: lengths (-1: null), timestamp, headers, and the bytes.
cat >expected.py <<'PYTHON'
import base64, json, sys
def raw(value):
    if value is None or isinstance(value, str):
        return None if value is None else value.encode()
    return base64.b64decode(value["base64"])
def size(value):
    return -1 if value is None else len(value)
out = sys.stdout.buffer
for line in open("events.jsonl"):
    event = json.loads(line)
    key, value = raw(event["key"]), raw(event["value"])
    headers = b",".join(name.encode() + b"=" + (b"NULL" if raw(v) is None else raw(v))
                        for name, v in event.get("headers", []))
    out.write(b"%d %d %d %s|%s|%s\n" % (size(key), size(value), event["timestamp"], headers,
                                         key or b"", value or b""))
PYTHON
python3 expected.py >expected.kcat

tasks() { # NAME BROKER
  export EVENT_BROKERS=$2
  event-admin topic create lines copy --partitions 1
  event-admin topic create spread --partitions 6
  event-admin topic create small --partitions 1 --config max.message.bytes=1000

  printf 'a\r\n\n\0b\nlast' >lines
  event-produce lines lines
  printf 'a\r\n\n\0b\nlast\n' | cmp - <(event-consume lines) || fail "$1: lines"
  printf 'u3:a:b\nu4:\n' | event-produce lines -K : -H h=1
  [ "$(event-consume lines -K : --from end-2)" = $'u3:a:b\nu4:' ] || fail "$1: keys"
  printf '\0\0\0\1\n\377\377\377\377' >frames
  event-produce lines --frame frames
  event-consume lines --frame --from end-2 | cmp - frames || fail "$1: frames"
  event-produce lines --whole frames lines
  { cat frames; printf '\0'; cat lines; printf '\0'; } |
    cmp - <(event-consume lines -0 --from end-2) || fail "$1: whole files"

  for codec in none gzip snappy lz4 zstd; do
    event-admin topic create "codec-$codec" --partitions 1
    event-produce "codec-$codec" -j events.jsonl -X compression.type=$codec
    kcat -C -b "$2" -t "codec-$codec" -o beginning -e -q -f '%K %S %T %h|%k|%s\n' |
      cmp - expected.kcat || fail "$1: kcat reads something else ($codec)"
  done
  event-consume codec-zstd -j | event-produce copy -j -X compression.type=lz4
  event-consume copy -j | sed 's/"topic":"copy"/"topic":"codec-none"/' |
    cmp - <(event-consume codec-none -j) || fail "$1: a copy differs"

  seq 1000 | event-produce spread --partitioner round-robin --report >report
  python3 - <<'PYTHON' || fail "$1: the report"
import json
told = [json.loads(line) for line in open("report")]
assert sorted(one["line"] for one in told) == list(range(1, 1001))
for partition in range(6):
    mine = sorted((one["offset"], one["line"]) for one in told if one["partition"] == partition)
    assert mine == [(i, 1 + partition + 6 * i) for i in range(len(mine))], mine[:5]
PYTHON
  seq 7 | event-produce spread -k x --partitioner-command 'sed "s/.*/5/"'
  [ "$(event-consume spread -p 5 -k x 2>/dev/null | wc -l)" = 7 ] || fail "$1: asked partitions"
  local status=0
  { echo good; head -c 1200 /dev/zero | tr '\0' x; echo; echo also; } |
    event-produce small --dead-letter dead 2>err || status=$?
  [ $status = 1 ] && [ "$(wc -c <dead)" = 1201 ] && [ "$(event-consume small | wc -l)" = 2 ] ||
    fail "$1: a line that is too long: $status $(cat err)"
  rm dead
  status=0
  { echo good; head -c 990 /dev/zero | tr '\0' y; echo; echo also; } |
    event-produce small --dead-letter dead 2>err || status=$?
  [ $status = 1 ] && [ "$(wc -c <dead)" = 991 ] && [ "$(event-consume small | wc -l)" = 4 ] ||
    fail "$1: a line that the broker finds too long: $status $(cat err)"
  rm dead
}
for one in "eventd $broker" "Kafka $truth" "kfake $fake"; do
  # shellcheck disable=SC2086  # two words
  tasks $one
done

# Kafka refuses records for what is in them: 4, by their lines, and the others are there.
export EVENT_BROKERS=$truth
event-admin topic create table --partitions 1 --config cleanup.policy=compact
status=0
printf '{"key":"k","value":"1"}\n{"value":"2"}\n{"key":"l","value":"3"}\n' |
  event-produce table -j --dead-letter dead 2>err || status=$?
[ $status = 4 ] && grep -q 'stdin line 2: refused' err || fail "no key: $status $(cat err)"
[ "$(cat dead)" = '{"value":"2"}' ] || fail "dead letters: $(cat dead)"
[ "$(event-consume table | paste -sd,)" = 1,3 ] || fail "beside a refused record"

status=0
event-produce nope </dev/null 2>err || status=$?
[ $status = 1 ] && grep -q 'topic nope' err || fail "no such topic: $status $(cat err)"
! event-admin topic list | grep -qx nope || fail "a topic was made by asking for it"

# Kafka's own consumer, and KafkaJS, which decodes gzip by itself.
kafka tool console-consumer --bootstrap-server "$truth" --topic codec-zstd --from-beginning \
  --max-messages 300 --timeout-ms 20000 --formatter-property print.key=true \
  --formatter-property print.headers=true --formatter-property print.timestamp=true \
  --formatter-property null.literal=NULL >console 2>console.err || fail "$(tail -n 5 console.err)"
python3 - <<'PYTHON' || fail "Kafka's console consumer reads something else"
import base64, json
def raw(value):
    if value is None:
        return b"NULL"
    raw = value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])
    return raw
expected = b""
for line in open("events.jsonl"):
    event = json.loads(line)
    headers = b",".join(name.encode() + b":" + raw(v) for name, v in event.get("headers", []))
    expected += b"CreateTime:%d\t%s\t%s\t%s\n" % (
        event["timestamp"], headers or b"NO_HEADERS", raw(event["key"]), raw(event["value"]))
got = open("console", "rb").read()
if got != expected:
    for a, b in zip(got.split(b"\n"), expected.split(b"\n")):
        if a != b:
            raise SystemExit(f"{a} is not {b}")
    raise SystemExit("shorter")
PYTHON
home=$EVENTD_KEPT_CACHE/eventd-interop/kafkajs
if [ -d "$home/node_modules/kafkajs" ]; then
  BROKER=$truth node --input-type=module - >kafkajs <<SCRIPT || fail "KafkaJS"
import { createRequire } from 'node:module'
const { Kafka, logLevel } = createRequire('$home/')('kafkajs')
const kafka = new Kafka({ brokers: [process.env.BROKER], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: 'produced', maxWaitTimeInMs: 100 })
await consumer.connect()
await consumer.subscribe({ topic: 'codec-gzip', fromBeginning: true })
let left = 300
const done = new Promise(resolve => consumer.run({ eachMessage: async ({ message }) => {
  const hex = bytes => bytes === null || bytes === undefined ? null : bytes.toString('hex')
  const headers = Object.entries(message.headers).map(([name, value]) =>
    [name, (Array.isArray(value) ? value : [value]).map(hex)])
  console.log(JSON.stringify([message.timestamp, hex(message.key), hex(message.value), headers]))
  if (--left === 0) resolve()
} }))
await done
await consumer.disconnect()
SCRIPT
  python3 - <<'PYTHON' || fail "KafkaJS reads something else"
import base64, json
def hexed(value):
    if value is None:
        return None
    return (value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])).hex()
for line, got in zip(open("events.jsonl"), open("kafkajs"), strict=True):
    event = json.loads(line)
    headers = {}
    for name, value in event.get("headers", []):
        headers.setdefault(name, []).append(hexed(value))
    expected = [str(event["timestamp"]), hexed(event["key"]), hexed(event["value"]),
                [[name, values] for name, values in headers.items()]]
    if json.loads(got) != expected:
        raise SystemExit(f"{got} is not {expected}")
PYTHON
else
  say "KafkaJS is not installed: tests/interop/kafkajs.sh does that; not read by it"
fi
stop_broker
say "eventd, Kafka and kfake take the same, and others read what was written"
