#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests that notice nothing test nothing: every bug that lib can be asked to have (mutant.h) must be
# caught by the unit tests of its layer; tests that hang have not noticed. The ordinary run takes
# every third of them.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit

# What takes seconds and is about metadata, of which there is no mutant.
slow='*outlives any power cut*,*grow without end*'
step=3 number=0 caught=0 missed=()
[ -z "${EVENTD_LONG:-}" ] || step=1
while IFS=: read -r layer name; do
  number=$((number + 1))
  [ $((number % step)) = 0 ] || continue
  program=build/debug/tests/unit_$layer
  [ -x "$program" ] || { echo "skipped: $program has not been built"; exit 77; }
  status=0
  EVENTD_MUTANT=$name timeout 60 "$program" --abort-after=1 --test-case-exclude="$slow" \
    >/dev/null 2>&1 </dev/null || status=$?
  case $status in
    0 | 124) missed+=("$layer: $name") ;;
    *) caught=$((caught + 1)) ;;
  esac
done < <(grep -rhoE 'is_mutant\("[a-z-]+"\)' lib --include='*.cc' -H |
  sed -E 's,^lib/([a-z]+)/.*is_mutant\("([a-z-]+)"\),\1:\2,' | sort -u)

[ $caught -gt 0 ] || { echo "no mutant was found in lib"; exit 1; }
[ ${#missed[@]} = 0 ] || printf 'nobody noticed %s\n' "${missed[@]}"
echo "$caught mutants caught, ${#missed[@]} missed"
[ ${#missed[@]} = 0 ]
