#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tells eventd and real Kafka the same stories (tests/peers/cases), and compares their answers field
# by field. Stories that need an API which eventd does not advertise are skipped by kdiff. Those
# that differ must be exactly the ones in kdiff.expected.
. "$(dirname "$0")/lib.sh"
need eventd java mvn go
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"
export GOTOOLCHAIN=local
kreq Produce >/dev/null 2>"$work/build.log" ||
  skip "the instruments cannot be built: $(tail -n 1 "$work/build.log")"

truth=$(kafka start "$work/truth" "$(free_port)")
background+=("$(cat "$work/truth/pid")")
start_broker -X offsets.topic.num.partitions=4 -X num.partitions=4

status=0
kdiff -truth "$truth" -subject "$broker" "$top/tests/peers/cases" >"$work/answers" || status=$?
[ $status -le 1 ] || { cat "$work/answers"; fail "kdiff could not be run"; }

sed 's/ *#.*//; /^$/d' "$here/kdiff.expected" | sort >"$work/expected"
sed -n 's/^differs //p' "$work/answers" | sort >"$work/differs"
tail -n 1 "$work/answers"
surprises=$(comm -13 "$work/expected" "$work/differs")
agreeing=$(comm -23 "$work/expected" "$work/differs")
if [ -n "$surprises" ]; then
  awk '/^(ok|skip|differs) / { print_it = /^differs / } print_it' "$work/answers"
  # shellcheck disable=SC2086  # names have no spaces
  printf 'differs, but is not in kdiff.expected: %s\n' $surprises
fi
[ -z "$agreeing" ] || printf 'agrees, but is in kdiff.expected: %s\n' $agreeing
[ -z "$surprises$agreeing" ] || fail "the list is not the expected one"
stop_broker
