#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A flag exists in the code, the man page and the completions, or nowhere: what --help says is what
# man/ and completions/ hold.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3
cd "$top"
python3 tests/reference
for file in completions/*.bash; do bash -n "$file"; done
say "man pages and completions have what --help has"

tests/contract
sed 's|e2e/tools|e2e/fools|' tests/README.md >"$work/README.md"
tests/contract "$work/README.md" >"$work/faults" && fail "a test that does not exist passed"
grep -q 'there is no test e2e/fools' "$work/faults" || fail "$(cat "$work/faults")"
sed 's|durations have units|durations have unions|' tests/README.md >"$work/README.md"
tests/contract "$work/README.md" >"$work/faults" && fail "a case that does not exist passed"
say "the tests that tests/README.md names are there"
