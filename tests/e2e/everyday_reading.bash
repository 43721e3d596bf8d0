# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The tasks of everyday.sh, which sources it, that read topics. What compaction and transactions
# leave in a topic is in consume_kafka.sh.

task '12 how many, and is there any'
seq 100 | event-produce numbers
event-consume numbers >numbers.txt || fail "$?"
see count 103 "$(event-consume numbers | wc -l)"
see 'in a file' 103 "$(lines <numbers.txt)"
topic empty
see 'no lines' 0 "$(event-consume empty | wc -l)"
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
# Records that are made while it starts: each is printed once, none is left out.
event-produce numbers --rate 2000 < <(seq 1000) &
producer=$!
grows() { [ "$(event-consume numbers | wc -l)" -gt 150 ]; }
until_true 20 grows || fail "the producer does not produce"
event-consume numbers -n 10 -f -j >joined &
follower=$!
wait $producer || fail "the producer: $?"
has_all() { tail -n 50 joined | grep -q '"value":"1000"'; }
until_true 20 has_all || fail "it does not go on"
kill $follower
wait $follower 2>/dev/null || true
event-consume numbers --merge -j | tail -n "$(lines <joined)" | sort >should
see 'without a hole' "$(jq -r .value should | sort -n)" "$(jq -r .value joined | sort -n)"
head -n 10 joined | jq .timestamp | sort -nc || fail "the last ten are not in order of time"

task '14 only new errors; the last three'
topic logs
for i in $(seq 1790000000001 1790000000009); do
  printf '{"timestamp":%d,"value":"ERROR %d"}\n{"timestamp":%d,"value":"fine"}\n' "$i" "$i" "$i"
done | event-produce logs -j
see last "$(event-consume logs --merge | grep -E 'ERROR|FATAL' | tail -n 3)" \
  "$(event-consume logs -n 3 --grep 'ERROR|FATAL')"
event-consume logs -n 0 -f --grep 'ERROR|FATAL' --until count=1 >new &
follower=$!
appears() { printf 'fine\nFATAL new\n' | event-produce logs; ! kill -0 $follower 2>/dev/null; }
until_true 20 appears || fail "nothing new"
see new 'FATAL new' "$(cat new)"
event-consume later -n 0 -f --grep 'ERROR|FATAL' --until count=1 >new 2>waits &
follower=$!
until_true 20 test -s waits || fail "it does not say that the topic is not there"
kill -STOP $follower  # so that it sees the topic only with its first record
topic later
printf 'fine\nERROR early\n' | event-produce later
kill -CONT $follower
gone() { ! kill -0 $follower 2>/dev/null; }
until_true 20 gone || fail "a topic that was made later is not picked up"
see 'of a later topic' 'ERROR early' "$(cat new)"
see 'said once' 1 "$(lines <waits)"

task '15 the first five'
see 'five, and' 0 "$(status_of event-consume numbers --until count=5)"
see lines 5 "$(lines <out)"
see silent 0 "$(lines <err)"
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
event-consume orders -k c42 --format '%d %v\n' >customer
see customer '{"id":7,"total":120}' "$(cut -d' ' -f 2 customer)"
grep -Eqx '[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z .*' customer || fail "$(cat customer)"

task '18 by a field and a header'
printf '%s\n' '{"value":"{\"id\":1,\"total\":150}","headers":[["env","test"]]}' \
  '{"value":"{\"id\":2,\"total\":150}","headers":[["env","prod"]]}' \
  '{"value":"{\"id\":3,\"total\":99}"}' '{"value":"no json"}' | event-produce orders -j
see ids '2 7' "$(event-consume orders -J --where 'json.total > 100 && header.env != "test"' 2>err |
  jq -r .json.id | sort | xargs)"
see 'without a word' 0 "$(lines <err)"

task '19 per day; top keys; biggest'
topic log-c clicks
see days '2026-03-01 16' \
  "$(event-consume log-b --format '%d{%F}\n' | sort | uniq -c | awk '{print $2, $1}')"
midnight=$(date -u -d 2026-03-02T00:00:00Z +%s)
printf '{"timestamp":%d999,"value":"-"}\n{"timestamp":%d000,"value":"-"}\n' \
  $((midnight - 1)) "$midnight" | event-produce log-c -j
see 'days are UTC' '2026-03-01 2026-03-02' \
  "$(TZ=America/New_York event-consume log-c --format '%d{%F}\n' | sort | xargs)"
printf 'a:1\nb:22\na:333\n' | event-produce clicks -K :
see 'top keys' '2 a 1 b' "$(event-consume clicks --format '%k\n' | sort | uniq -c | sort -rn |
  sed -n 1,10p | xargs)"
see 'biggest' "$(event-consume clicks -J | jq -r 'select(.json == 333) | "3 \(.partition) \(.offset)"')" \
  "$(event-consume clicks --format '%V %p %o\n' | sort -rn | sed -n 1,5p | head -n 1)"
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
topic orders-dead
printf '%s\n' '{"timestamp":1790000000123,"key":"c1","value":"{\"why\":\"timeout\",\"retries\":3}","headers":[["h","x"],["h",null]]}' \
  '{"key":"c2","value":"{\"why\":\"other\",\"retries\":3}"}' | event-produce orders-dead -j
event-consume orders-dead -J --grep timeout | jq -c '.json.retries = 0' | event-produce orders -j
again() { event-consume "$@" -J --where 'json.why == "timeout"' | jq -c 'del(.partition, .offset)'; }
see mended '{"topic":"orders","timestamp":1790000000123,"key":"c1","json":{"why":"timeout","retries":0},"headers":[["h","x"],["h",null]]}' \
  "$(again orders)"
see 'only retries differs' "$(again orders-dead | jq -c 'del(.topic, .json.retries)')" \
  "$(again orders | jq -c 'del(.topic, .json.retries)')"
see 'nothing went back' 2 "$(event-consume orders-dead | wc -l)"
event-consume orders-dead -J --grep other | jq -c '.topic = "orders"' | event-produce -j
see 'without TOPIC to that of the event' 1 "$(event-consume orders -k c2 | wc -l)"
