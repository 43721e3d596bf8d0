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

# groff has nothing to complain about.
if command -v man >/dev/null && man --warnings -l man/event.7 >/dev/null 2>&1; then
  for page in man/*.[157]; do
    man --warnings -E UTF-8 -Tutf8 -l "$page" >"$work/page" 2>"$work/warnings"
    [ ! -s "$work/warnings" ] || fail "$page: $(head -n 3 "$work/warnings")"
    [ "$(wc -l <"$work/page")" -gt 20 ] || fail "$page is empty"
  done
  say "the pages are as man wants them"
else
  say "NOT SHOWN: there is no man (man-db, groff-base)"
fi

# A page changes with the programs: another text of --help is another page.
mkdir "$work/bin"
for name in eventd event-produce event-consume event-admin event-replay; do
  printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v $name)" >"$work/bin/$name"
done
printf '#!/bin/sh\n%s "$@" | sed "s/--follow/--pursue/"\n' "$(command -v event-consume)" \
  >"$work/bin/event-consume"
chmod +x "$work"/bin/*
PATH=$work/bin:$PATH tests/reference >"$work/differs" && fail "another --help made the same pages"
for file in man/event-consume.1 completions/event-consume.bash completions/_event-consume \
  completions/event-consume.fish; do
  grep -q "^$file " "$work/differs" || fail "$file stayed the same"
done
grep -q event-produce "$work/differs" && fail "pages of others changed"
say "they follow the programs"

tests/contract
sed 's|e2e/tools|e2e/fools|' tests/README.md >"$work/README.md"
tests/contract "$work/README.md" >"$work/faults" && fail "a test that does not exist passed"
grep -q 'there is no test e2e/fools' "$work/faults" || fail "$(cat "$work/faults")"
sed 's|durations have units|durations have unions|' tests/README.md >"$work/README.md"
tests/contract "$work/README.md" >"$work/faults" && fail "a case that does not exist passed"
say "the tests that tests/README.md names are there"
