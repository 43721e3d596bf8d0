#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every line that event-tutorial(7) shows is run, in its order, in one folder and on one broker, and
# what it says of kcat and of Kafka's scripts is looked at. Those scripts run in the long form, on
# Kafka.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay jq kcat
claims=$here/tutorial_claims.bash

cd "$work"
echo fetch.wait.max.ms=10 >kcat.conf  # so long does kcat wait at each end, 500 by itself
export KCAT_CONFIG=$work/kcat.conf
# Without the start of a shell, which would wait for a person, and what goes on without end.
sed -n 's/^    //p' "$top/man/event-tutorial.7.in" | grep -v '^eventd run .* bash$' |
  grep -v -- ' -n 10 -f$' >all
# Without Kafka's scripts, in whatever line of a command they stand.
awk '{ command = command $0 "\n" }
  !/(\\|\|)$/ { if (command !~ /kafka-[a-z-]+\.sh/) printf "%s", command; command = "" }' all >lines
[ "$(wc -l <lines)" -ge 35 ] && [ "$(grep -c kafka- all)" -ge 12 ] || fail "it has few lines"

told() { # WHAT FILE COMMAND..: the lines of the file, then the claims; COMMAND gives the broker
  local what=$1 file=$2
  shift 2
  mkdir "$what"
  (cd "$what" && "$@" bash -euo pipefail -xc '. "$0"; . "$1"' "../$file" "$claims") >out 2>err ||
    fail "$what: $(tail -n 4 err)"
  grep -q 604800000 out || fail "$what: retention is not shown"
  [ "$(zcat "$what"/backup/*/*.gz | wc -l)" = 3 ] || fail "$what: the backup"
}
[ "$(wc -L <all)" -le 69 ] || fail "a line is too wide for a page of 80 columns"
told eventd lines eventd run -X num.partitions=6 --
if [ -n "${EVENTD_LONG:-}" ]; then
  need java mvn
  kafka install >install.log 2>&1 || skip "Kafka's jars cannot be had"
  mkdir bin
  grep -o 'kafka-[a-z-]*\.sh' all | sort -u | while read -r script; do
    name=${script#kafka-}
    printf '#!/bin/sh\nexec kafka tool %s "$@"\n' "${name%.sh}" >"bin/$script"
    chmod +x "bin/$script"
  done
  truth=$(kafka start "$work/truth" "$(free_port)" num.partitions=6 \
    offsets.topic.num.partitions=1 group.initial.rebalance.delay.ms=0)
  background+=("$(cat "$work/truth/pid")")
  told Kafka all env "EVENT_BROKERS=$truth" "PATH=$work/bin:$PATH"
fi
say "$(wc -l <lines) lines of the tutorial do what it says"
