#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A full disk refuses what is new and loses nothing; full_disk.py says what exactly. On a tmpfs, and
# where we are root on an ext4 too. The mounts are in a mount namespace of their own.
. "$(dirname "$0")/lib.sh"
need eventd python3 mount unshare
own=(unshare -m --propagation private)
[ "$(id -u)" = 0 ] || own=(unshare -rm --propagation private)
"${own[@]}" true 2>/dev/null || skip "a full disk needs a mount namespace: not allowed here"
rounds=4
[ -z "${EVENTD_LONG:-}" ] || rounds=40
"${own[@]}" /usr/bin/python3 "$here/full_disk.py" "$work" tmpfs $rounds
if [ "$(id -u)" = 0 ] && command -v mkfs.ext4 >/dev/null; then
  "${own[@]}" /usr/bin/python3 "$here/full_disk.py" "$work" ext4 $rounds
else
  say "an ext4 on a loop device needs root and mkfs.ext4: only tmpfs was tried"
fi
