#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A flag exists in the code, the man page and the completions, or nowhere: what --help says is what
# man/ and completions/ hold.
. "$(dirname "$0")/lib.sh"
need eventd event-produce event-consume event-admin event-replay python3
cd "$top"
python3 tests/reference
for file in completions/*.bash; do bash -n "$file"; done
say "man pages and completions have what --help has"
