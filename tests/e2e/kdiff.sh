#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tells eventd and real Kafka the same stories (tests/peers/cases), and compares their answers field
# by field. Those that differ, and those that are skipped because they need an API which eventd does
# not advertise, must be the ones that stand in the two tables of ARCHITECTURE.md.
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

tail -n 1 "$work/answers"

# listed BEGIN: the stories in code marks in the first column of the table after that line.
listed() {
  sed -n "/$1/,\$p" "$top/ARCHITECTURE.md" |
    awk -F'|' '/^\|/ { inside = 1; print $2 } inside && /^$/ { exit }' |
    grep -o '`[^`]*`' | tr -d '`' | sort -u
}
# hold_against BEGIN WORD: kdiff's lines of that word, and the patterns of that table.
wrong=false
hold_against() {
  local story pattern found
  listed "$1" >"$work/listed"
  [ -s "$work/listed" ] || fail "ARCHITECTURE.md has no table after '$1'"
  sed -n "s/^$2 \([^:]*\).*/\1/p" "$work/answers" >"$work/seen"
  while read -r story; do
    found=false
    while read -r pattern; do
      # shellcheck disable=SC2053  # a pattern it is
      if [[ $story == $pattern ]]; then found=true; fi
    done <"$work/listed"
    $found || { echo "$2 $story, but ARCHITECTURE.md does not say so"; wrong=true; }
  done <"$work/seen"
  while read -r pattern; do
    found=false
    while read -r story; do
      # shellcheck disable=SC2053
      if [[ $story == $pattern ]]; then found=true; fi
    done <"$work/seen"
    $found || { echo "ARCHITECTURE.md says: $2 $pattern, but none does"; wrong=true; }
  done <"$work/listed"
}
{
  hold_against 'These differ:' differs
  hold_against 'These are skipped,' skip
} >"$work/wrong"
if $wrong; then
  awk '/^(ok|skip|differs) / { print_it = /^differs / } print_it' "$work/answers" | cut -c 1-400
  cat "$work/wrong"  # last, where the runner shows it
  fail "the lists of ARCHITECTURE.md are not what was seen"
fi
stop_broker
