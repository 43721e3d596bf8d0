# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # its variables are for the stories
# What the stories in this folder share. A story sources it first:
#
#   . "$(dirname "$0")/lib.sh"
#   start_broker -X segment.bytes=1048576     # sets $broker (HOST:PORT), $broker_pid and $data
#   ...
#   stop_broker                               # cleanly; kill_broker is kill -9
#
# EVENTD_PROGRAMS is the folder of the programs, where they are not those of build/quick.
# $work is a folder of the story's own. What was started is ended when the story ends, in whatever
# way. The broker's output is $work/broker.log, and is shown when a story fails.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
story=$(basename "$0" .sh)
export PATH=${EVENTD_PROGRAMS:-$top/build/quick}:$top/tests/peers:$PATH PYTHONDONTWRITEBYTECODE=1
unset EVENT_BROKERS EVENT_PROFILE KAFKA_BOOTSTRAP_SERVERS
work=$(mktemp -d "${TMPDIR:-/tmp}/$story.XXXXXX")
data=$work/data
# What stays from story to story: Kafka's jars, instruments, what Go has compiled, clients.
export EVENTD_KEPT_CACHE=${EVENTD_KEPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}
export PEERS_HOME=${PEERS_HOME:-$EVENTD_KEPT_CACHE/eventd-peers}
export GOCACHE=${GOCACHE:-$EVENTD_KEPT_CACHE/go-build}
export XDG_CACHE_HOME=$work/cache
broker='' broker_pid=''
background=()  # ids of other processes to end with the story

say() { echo "$story: $*"; }
skip() { echo "$story: skipped: $*"; exit 77; }
fail() { echo "$story: $*" >&2; exit 1; }

need() { # PROGRAM..
  local program
  for program; do
    command -v "$program" >/dev/null || skip "there is no $program"
  done
}

# until_true SECONDS COMMAND..: looks until it holds; 1 if it never did.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt "$deadline" ] || return 1
    sleep 0.02  # between two polls
  done
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# launch_broker ARG..: a broker on $data; $broker_wrapper (strace, say) stands in front of eventd.
broker_wrapper=()
launch_broker() {
  rm -f "$work/port"
  "${broker_wrapper[@]}" eventd --data-dir "$data" --port "${broker_port:-0}" \
    --port-file "$work/port" "$@" >>"$work/broker.log" 2>&1 </dev/null &
  broker_pid=$!
}

start_broker() {
  launch_broker "$@"
  until_true 30 broker_is_up_or_gone || fail "eventd did not start within 30 s"
  [ -s "$work/port" ] || fail "eventd ended before it listened"
  broker=127.0.0.1:$(sed 's/.*://' "$work/port")
}

broker_is_up_or_gone() { [ -s "$work/port" ] || ended "$broker_pid"; }

stop_broker() { # [SIGNAL]: $broker_status is how it ended
  kill "-${1:-TERM}" "$broker_pid" 2>/dev/null || true
  broker_status=0
  wait "$broker_pid" 2>/dev/null || broker_status=$?
  broker_pid=''
}

kill_broker() { stop_broker KILL; }

# create_topic NAME PARTITIONS KEY=VALUE..
create_topic() {
  PYTHONPATH=$here python3 - "$broker" "$@" <<'PYTHON'
import sys
from wire import Connection
address, name, partitions, *configs = sys.argv[1:]
Connection(address).create_topic(name, dict(one.split("=", 1) for one in configs), int(partitions))
PYTHON
}

# Two neighbouring ports that nobody uses now (Kafka's controller takes the second), and that no
# system chooses by itself before they are used.
free_port() {
  python3 - <<'PYTHON'
import random
import socket
while True:
    port = random.randrange(10240, 32000)
    with socket.socket() as first, socket.socket() as second:
        try:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
        except OSError:
            continue
        print(port)
        break
PYTHON
}

clean_up() {
  local status=$? pid
  trap - EXIT
  for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ -n "$broker_pid" ]; then kill -9 "$broker_pid" 2>/dev/null || true; fi
  if [ $status != 0 ] && [ $status != 77 ] && [ -s "$work/broker.log" ]; then
    echo "the end of the broker's log:" >&2
    tail -n 15 "$work/broker.log" >&2
  fi
  wait 2>/dev/null || true
  # Not all are children of ours; what still writes would be in the way of the rm.
  for pid in "${background[@]}"; do until_true 20 ended "$pid" || kill -9 "$pid" || true; done
  [ -n "${KEEP:-}" ] || rm -rf "$work"
  exit $status
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
