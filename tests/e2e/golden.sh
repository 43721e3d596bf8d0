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

need eventd
/usr/bin/python3 -c 'import confluent_kafka' 2>/dev/null ||
  skip "there is no python3-confluent-kafka"
"$top/tests/golden/generate/partitions" "$work/partitions" 2>"$work/partitions.log" ||
  skip "the partitioners of others cannot be had: $(tail -n 1 "$work/partitions.log")"
diff -r "$top/tests/golden/partitions" "$work/partitions" >"$work/differences" ||
  fail "keys go elsewhere: $(head -c 2000 "$work/differences")"
