#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev install puts everything where a system expects it, below DESTDIR, and it works from there.
# What is installed here is build/quick: the release differs by its link only (e2e/products).
. "$(dirname "$0")/lib.sh"
need eventd cmake ninja

DESTDIR=$work/dest EVENTD_PRESET=quick "$top/dev" install /opt/events >"$work/said"
grep -q "$work/dest/opt/events" "$work/said" || fail "it does not say where: $(cat "$work/said")"
[ "$(ls "$work/dest")" = opt ] || fail "files beside the prefix: $(ls "$work/dest")"
share=$work/dest/opt/events/share
for name in eventd event-produce event-consume event-admin event-replay; do
  for file in "$work/dest/opt/events/bin/$name" "$share/man/man1/$name.1" \
    "$share/bash-completion/completions/$name" "$share/zsh/site-functions/_$name" \
    "$share/fish/vendor_completions.d/$name.fish"; do
    [ -s "$file" ] || fail "there is no $file"
  done
done
for page in "$top"/man/*.[57]; do
  cmp "$page" "$share/man/man${page##*.}/$(basename "$page")" || fail "$page"
done
cmp "$top/LICENSE" "$share/doc/eventd/LICENSE"

# cmake --install does the same, and the same again does no harm.
DESTDIR=$work/dest cmake --install "$top/build/quick" --prefix /opt/events >"$work/said"
mv "$work/dest/opt/events" "$work/moved"
prefix=$work/moved

# It works from there, wherever that is.
export PATH=$prefix/bin:/usr/bin:/bin
[ "$(command -v eventd)" = "$prefix/bin/eventd" ] || fail "another eventd"
eventd run -- sh -c 'event-admin topic create t >/dev/null && seq 3 | event-produce t &&
  event-consume t' >"$work/got"
[ "$(cat "$work/got")" = "$(seq 3)" ] || fail "$(cat "$work/got")"

if command -v man >/dev/null && man -l "$top/man/event.7" >"$work/page" 2>&1; then
  man -M "$prefix/share/man" event-consume 2>"$work/errors" | grep -q 'cat and tail' ||
    fail "man: $(cat "$work/errors")"
  man -M "$prefix/share/man" eventd.conf | grep -q log.retention.ms || fail "man 5"
else
  say "NOT SHOWN: there is no man (man-db, groff-base)"
fi
offered=$(bash -c '. "$1"; COMP_LINE="event-admin top" COMP_POINT=15; _event_admin
  echo "${COMPREPLY[*]}"' - "$prefix/share/bash-completion/completions/event-admin" 2>/dev/null)
[ "$offered" = topic ] || fail "the completion offers $offered"

# The unit starts what was installed.
unit=$prefix/lib/systemd/system
grep -q '^ExecStart=/opt/events/bin/eventd ' "$unit/eventd.service" || fail "another program"
[ -s "$unit/eventd.socket" ] || fail "there is no eventd.socket"
if command -v systemd-analyze >/dev/null; then
  sed "s|/opt/events|$prefix|" "$unit/eventd.service" >"$work/eventd.service"
  cp "$unit/eventd.socket" "$work"
  SYSTEMD_MAN_PATH='' systemd-analyze verify --man=no "$work/eventd.service" "$work/eventd.socket" \
    >"$work/said" 2>&1 || true
  grep -F "$work" "$work/said" && fail "systemd does not like the units"
else
  say "NOT SHOWN: there is no systemd-analyze"
fi

# A prefix that is none installs nothing.
status=0
(cd "$work" && "$top/dev" install --help >"$work/said" 2>&1) || status=$?
[ $status = 2 ] || fail "a wrong prefix: $status $(cat "$work/said")"
say "programs, pages, completions and units are where a system expects them"
