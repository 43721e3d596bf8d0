#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# event-replay on files that are damaged, torn, old, or not a broker's: each has its sentence and
# exit code, what is whole is read, and an import of it is a folder that eventd starts on.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3


status_of() { local status=0; "$@" >out 2>err </dev/null || status=$?; echo $status; }
expect() { # STATUS WORD COMMAND..
  local wanted=$1 word=$2 status
  shift 2
  status=$(status_of "$@")
  [ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat err)"
  grep -qE -e "$word" err || fail "$*: no '$word' in: $(cat err)"
}
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 5 >&2 || true; fail "$1 and $2 differ"; }; }
flip() { # FILE BYTE
  python3 - "$@" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 4]))
PYTHON
}
fresh() { rm -rf t-0 && cp -r "$work/sound/t-0" t-0; }

cd "$work"
start_broker
export EVENT_BROKERS=$broker
event-admin topic create t u --partitions 1 --config segment.bytes=1048576 >/dev/null
# Three segments, in batches of some 16 KiB that do not compress.
head -c 1800000 /dev/urandom | base64 -w 100 | head -n 24000 >lines
event-produce t -X batch.size=16384 <lines
event-produce u <lines
event-replay t --sum >sum

# A live folder is read beside its broker, while it grows too: what was there is there.
event-replay "$data/" -t t --sum >got
same sum got
event-replay "$data/t-0" >got
same lines got
{ for _ in 1 2 3 4 5; do cat lines; done; } | event-produce u &
writer=$!
while ! ended $writer; do
  event-replay "$data/u-0" --from 100 --until 24000 >got || fail "a log that grows"
  sed -n '101,$p' lines | cmp -s - got || fail "a log that grows has other records"
done
wait $writer
event-replay "$data/" -t u --verify || fail "a live folder is not sound"

# Records that were deleted are not there offline either. Nor needs reading any right to write.
PYTHONPATH=$here python3 - "$broker" <<'PYTHON'
import sys
from wire import Connection
Connection(sys.argv[1]).delete_records("u", 0, 777)
PYTHON
stop_broker
[ "$(event-replay "$data/" -t u -j --until count=1 | python3 -c '
import json, sys
print(json.loads(sys.stdin.readline())["offset"])')" = 777 ] || fail "deleted records are read"
mkdir sound && cp -r "$data/t-0" sound/t-0
before=$(find sound -exec stat -c '%n %Y %Z %s' {} + | md5sum)
event-replay sound/t-0 >got
same lines got
event-replay sound/t-0/00000000000000000000.log >first
head -n "$(wc -l <first)" lines | cmp - first || fail "a single segment"
[ "$before" = "$(find sound -exec stat -c '%n %Y %Z %s' {} + | md5sum)" ] || fail "files changed"
event-replay sound/t-0/ --verify || fail "the folder is not sound"
python3 "$here/replay_flips.py" sound/t-0 8

# A torn tail; zeros; damage in the middle; a segment that is lost.
last=$(cd sound/t-0 && ls ./*.log | tail -n 1)
fresh
truncate -s -100 "t-0/$last"
expect 1 'ends in [0-9]+ torn bytes from [0-9]+ on' event-replay t-0/
[ "$(wc -l <out)" -lt 24000 ] && head -n "$(wc -l <out)" lines | cmp -s - out || fail "a torn tail"
expect 1 'torn bytes' event-replay t-0/ --verify
fresh
truncate -s +4096 "t-0/$last"
expect 1 'ends in 4096 zero bytes' event-replay t-0/
same lines out
fresh
flip t-0/00000000000000000000.log 300000
expect 1 'damaged at byte [0-9]+: batch has checksum' event-replay t-0/ -j
missing=$((24000 - $(wc -l <out)))
[ $missing -gt 0 ] && [ $missing -lt 300 ] || fail "one flipped bit takes $missing records"
cp out damaged.jsonl
fresh
middle=$(cd t-0 && ls ./*.log | sed -n 2p)
rm "t-0/$middle"
expect 1 'a gap: offsets [0-9]+ to [0-9]+ are in no segment' event-replay t-0/

# What recovery takes for gone is not read, and a swap that was not finished is.
fresh
cp "t-0/$middle" t-0/00000000000000000001.log.cleaned
cp "t-0/$middle" t-0/00000000000000000002.log.deleted
mv "t-0/$middle" "t-0/$middle.swap"
event-replay t-0/ >got
same lines got

# The import of a damaged folder has every whole batch, and eventd starts on it.
fresh
flip t-0/00000000000000000000.log 300000
expect 1 'damaged at byte' event-replay t-0/ --import ./imported
expect 2 'exists' event-replay t-0/ --import ./imported
event-replay imported/ --verify || fail "the import is not sound"
event-replay imported/t-0 -j >got
same damaged.jsonl got
data=$work/imported
start_broker
export EVENT_BROKERS=$broker
event-consume t -j >got
same damaged.jsonl got
echo next | event-produce t --report >report
grep -q '"offset":24000' report || fail "the next offset: $(cat report)"
event-replay t -k nobody --import ./empty
kill_broker
start_broker
event-consume t -j --until 24000 -b "$broker" >got
same damaged.jsonl got
stop_broker
[ ! -e imported.part ] || fail "a part is left"

# What is no log has its sentence.
mkdir old-0 foreign empty-0
python3 - old-0/00000000000000000000.log <<'PYTHON'
import struct
import sys
import zlib
body = b"\x01\x00" + struct.pack(">qii", 1790000000000, -1, 1) + b"x"
message = struct.pack(">I", zlib.crc32(body)) + body
open(sys.argv[1], "wb").write(struct.pack(">qi", 0, len(message)) + message)
PYTHON
touch foreign/ibdata1 old.checkpoint
expect 1 'message format 1 .*only format 2' event-replay old-0/
expect 1 'message format 1' event-replay old-0/ --verify
expect 1 'no log folder' event-replay foreign/
expect 1 'no segments are in it' event-replay empty-0/
expect 1 'snapshot of the cluster' event-replay ./old.checkpoint
expect 1 'metadata, no topic' event-replay sound/../imported/__cluster_metadata-0/
expect 1 'No such file' event-replay ./nowhere/
touch odd.log
expect 1 'no segment' event-replay ./odd.log
expect 1 'topic nope' event-replay imported/ -t nope
expect 2 'event files are not replayed in one run' event-replay t ./t-0/
expect 2 'files are read as they are' event-replay t-0/ -f
expect 2 'folders and segments' event-replay t --verify
expect 2 '-t chooses' event-replay t -t t

say "what is damaged is said, and what is whole is read and imported"
