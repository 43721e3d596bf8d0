#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unix sockets, sockets of whoever starts us, and the word that we are ready.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin python3
python3 "$here/sockets.py"
