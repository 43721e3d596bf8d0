#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is acknowledged was synced, and a sync that fails is the end; see sync_is_real.py.
. "$(dirname "$0")/lib.sh"
need eventd python3 strace
/usr/bin/python3 "$here/sync_is_real.py"
