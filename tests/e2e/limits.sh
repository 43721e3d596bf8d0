#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a peer can choose has limits; see limits.py.
. "$(dirname "$0")/lib.sh"
need eventd python3 prlimit
/usr/bin/python3 "$here/limits.py"
