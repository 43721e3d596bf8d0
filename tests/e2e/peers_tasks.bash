# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What event-consume and event-replay do alike on every broker; peers.sh and peers_cluster.sh source
# it. $EVENT_BROKERS is the broker, $peer its name; events.jsonl and want.jsonl are in the folder.

same() { # FILE FILE WHAT
  cmp -s "$1" "$2" || { diff -a "$1" "$2" | sed 6q >&2 || true; fail "$peer: $3"; }
}
prints() { # FILE COMMAND..: exactly what is in the file
  local wanted=$1
  shift
  "$@" >printed || fail "$peer: $*: status $?"
  same printed "$wanted" "$*"
}
exits() { # STATUS COMMAND..
  local wanted=$1 status=0
  shift
  "$@" >out 2>err || status=$?
  [ $status = "$wanted" ] || fail "$peer: $*: $status, not $wanted: $(cat err)"
}
chosen() { grep -aE "$@" want.jsonl >chosen || fail "no such event: $*"; }
python() { python3 "$here/cross_read.py" "$@"; }

# kcat to the end of a topic, where it waits half a second by itself.
kcat_all() { # TOPIC OPTION..
  kcat -q -C -e -X fetch.wait.max.ms=10 -b "$EVENT_BROKERS" -t "$@"
}

make_events() { # COUNT
  python events "$1" >events.jsonl
  python shown read <events.jsonl >want.jsonl
  python kcat <events.jsonl >want.kcat
}

consume_tasks() {
  local count follower
  count=$(wc -l <want.jsonl)
  event-admin topic create read --partitions 3
  event-produce read -j --keep-partition -X compression.type=zstd events.jsonl
  prints want.jsonl event-consume read --merge -j
  tail -n 7 want.jsonl >chosen
  prints chosen event-consume read -n 7 -j
  sed -n '101,200p' want.jsonl >chosen
  prints chosen event-consume read --merge -j --from @1790000100 --until @1790000200
  chosen '"partition":1,"offset":1[0-9],'
  prints chosen event-consume read -p 1 --from 10 --until 20 -j
  prints chosen event-consume read --from 1:10 --until 20 -j
  chosen '"key":"täxt 15"'
  prints chosen event-consume read --merge -k 'täxt 15' -j
  chosen '"headers":\[.*\["a",'
  prints chosen event-consume read --merge -H a -j
  chosen '"value":"täxt 1'
  prints chosen event-consume read --merge --grep '^täxt 1' -j
  chosen '"offset":[0-4],.*"key":"t'
  prints chosen event-consume read --merge --where 'offset < 5 && key ~ "^t"' -j
  tail -n 1 want.jsonl >chosen
  prints chosen event-consume --regex 're.d' -n 1 -j
  kcat_all read -f '%p %o %T %K %S\n' | sort >theirs
  event-consume read --format '%p %o %T %K %V\n' | sort >ours
  same ours theirs "places, times and lengths, as kcat has them"
  kcat_all read -p 1 -o beginning -f '%R%s' >theirs
  prints theirs event-consume read -p 1 --frame
  kcat_all read -p 2 -o beginning -f '%k=>%s\n' >theirs
  prints theirs event-consume read -p 2 -K '=>'

  exits 5 event-consume read --require $((count + 1))
  exits 5 event-consume read -f --timeout 50ms
  exits 1 event-consume nowhere
  exits 0 event-consume read --until count=2 --stats
  [ "$(wc -l <out)" -ge 2 ] && [ "$(jq -r .ended_by err)" = count=2 ] || fail "$peer: $(cat err)"
  event-consume read -f --until count=$((count + 1)) --format '%o\n' >followed &
  follower=$!
  all_but_one() { [ "$(wc -l <followed)" = "$count" ]; }
  until_true 20 all_but_one || fail "$peer: -f has $(wc -l <followed) records"
  echo '{"value":"more"}' | event-produce read -p 0 -j
  wait $follower || fail "$peer: -f: $?"
  event-admin topic trim read --until 1 --yes >/dev/null
  exits 0 event-consume read --until 2
  sed '1,3d' want.jsonl >chosen
  prints chosen event-consume read --merge -j --until $((count / 3))
}

# A topic like the other, whole.
replay_tasks() {
  local files=./${peer// /-} first
  event-admin topic create again --partitions 3
  event-produce again -j --keep-partition events.jsonl
  sed 's/"topic":"read"/"topic":"again"/' want.jsonl >again.jsonl
  prints again.jsonl event-replay again -j --merge
  event-replay ./again.jsonl --sum >sum
  [ "$(cut -d' ' -f 2 sum | xargs)" = "100 100 100" ] || fail "$peer: sums: $(cat sum)"
  prints sum event-replay again --sum
  event-replay again --to "$files/%Y/{topic}-{partition}-{first_offset}.jsonl.gz" --roll count=60
  event-replay again --to "$files/%Y/{topic}-{partition}-{first_offset}.jsonl.gz" --roll count=60
  zcat "$files"/2026/*.gz | sort >ours
  sort again.jsonl >theirs
  same ours theirs "files of events"
  event-replay again --to "$files.jsonl.zst"
  prints sum event-replay "$files.jsonl.zst" --sum
  event-replay again --import "$files.import"
  prints sum event-replay "$files.import/" --sum
  event-replay "$files.import/" --verify || fail "$peer: an import is not sound"
  first=$(head -n 1 again.jsonl)
  [ "$(event-replay again --until 2 --pace 100x --merge -j | head -n 1)" = "$first" ] ||
    fail "$peer: --pace"
}
