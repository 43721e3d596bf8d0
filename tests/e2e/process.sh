#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# eventd as a process: how it starts, what it says, how it ends; process.py has the sentences.
. "$(dirname "$0")/lib.sh"
need eventd python3
/usr/bin/python3 "$here/process.py" "$work"
