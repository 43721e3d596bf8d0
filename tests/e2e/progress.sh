#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Progress is for people: on a terminal, after a second, and gone when the run is.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin python3
start_broker
export EVENT_BROKERS=$broker
event-admin topic create t
seq 100 | event-produce t
python3 "$here/progress.py" "$work"
stop_broker
