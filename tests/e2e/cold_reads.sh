#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is not in memory is read beside the loop, and what the disk damaged is told; see the .py.
. "$(dirname "$0")/lib.sh"
need eventd python3 fincore
/usr/bin/python3 "$here/cold_reads.py"
