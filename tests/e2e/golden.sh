#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The golden messages are what Kafka's classes and kmsg write today: they are made again, and
# compared with what is committed.
. "$(dirname "$0")/lib.sh"
need java mvn go
export GOTOOLCHAIN=local
kafka install >/dev/null 2>"$work/install.log" || skip "Kafka's jars cannot be had"
kreq Produce >/dev/null 2>"$work/build.log" ||
  skip "kmsg cannot be built: $(tail -n 1 "$work/build.log")"

"$top/tests/golden/generate/all" "$work/messages"
diff -r "$top/tests/golden/messages" "$work/messages" >"$work/differences" ||
  fail "the generators write other bytes: $(head -c 2000 "$work/differences")"
