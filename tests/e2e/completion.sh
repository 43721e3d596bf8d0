#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Completions, as the shells themselves make them: nouns, verbs, options, values, and topics from
# the cache that the tools keep.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3
start_broker
export EVENT_BROKERS=$broker
event-admin topic create orders order-lines clicks
event-admin topic list >/dev/null
stop_broker  # who completes asks nobody
python3 "$here/completion.py" "$work" "$top/completions"
