#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Peers that die in every state that a connection can wait in leave nothing behind; see the .py.
. "$(dirname "$0")/lib.sh"
need eventd python3
/usr/bin/python3 "$here/killed_peers.py"
