#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command line of the README's tour does what the README says. The broker gets a port of its
# own: a wrapper adds --port, and 9092 reads as that port.
. "$(dirname "$0")/lib.sh"
need eventd event-admin event-produce event-consume kcat jq python3
port=$(free_port)
mkdir "$work/bin"
printf '#!/bin/sh\nexec "%s" "$@" --port %d\n' "$(command -v eventd)" "$port" >"$work/bin/eventd"
chmod +x "$work/bin/eventd"
# The tour puts build/quick into PATH itself; the wrapper must come before it.
sed "s|^\$ PATH=.*|\$ PATH=$work/bin:\$PWD/build/quick:\$PATH|" "$top/README.md" >"$work/README.md"
cd "$top"
TMPDIR=$work EVENT_BROKERS=127.0.0.1:$port python3 "$here/tour.py" "$work/README.md" "$port"
