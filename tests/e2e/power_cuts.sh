#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real power cuts of an ext4 on a loop device, 15 of them, 100 in the long form; power_cuts.py says
# what must survive them. The mounts are in a mount namespace of their own and go with it.
. "$(dirname "$0")/lib.sh"
need eventd python3 mkfs.ext4 mount losetup unshare
[ "$(id -u)" = 0 ] || skip "power cuts need root, for a loop device and its file system"
unshare -m true 2>/dev/null || skip "power cuts need a mount namespace, which is not allowed here"
cuts=15
[ -z "${EVENTD_LONG:-}" ] || cuts=100
unshare -m --propagation private /usr/bin/python3 "$here/power_cuts.py" "$work" "$cuts" "$@"
