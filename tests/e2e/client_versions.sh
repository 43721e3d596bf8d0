#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tools with brokers of other ages: see client_versions.py.
. "$(dirname "$0")/lib.sh"
need eventd event-admin event-produce event-consume event-replay python3
python3 "$here/client_versions.py"
