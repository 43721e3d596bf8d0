#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What --help says fits a terminal, and its examples work as they stand.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3 make
start_broker
export EVENT_BROKERS=$broker
python3 "$here/help.py" "$work" "$data"
stop_broker
