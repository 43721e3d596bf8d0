#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What decides whether real clients work at all; see traps.py.
. "$(dirname "$0")/lib.sh"
need eventd python3
/usr/bin/python3 "$here/traps.py"
