#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The stories that end with real Kafka, with the last release before 4.0: the long form only, of
# their ordinary forms. (That eventd starts on a folder of Kafka's and back is for 4.3, whose
# metadata we write: an older Kafka cannot load them.)
. "$(dirname "$0")/lib.sh"
[ -n "${EVENTD_LONG:-}" ] || skip "Kafka 3.9 beside 4.3 is for the long form"
need java mvn
export KAFKA_VERSION=3.9.1
kafka install >/dev/null 2>"$work/install.log" || skip "the jars of Kafka 3.9 cannot be had"

export TMPDIR=$work
for one in consume_kafka produce_kafka replay_kafka admin; do
  status=0
  EVENTD_LONG= "$here/$one.sh" >"$work/$one.log" 2>&1 || status=$?
  case $status in
    0) say "$(tail -n 1 "$work/$one.log")" ;;
    77) say "without $one: $(tail -n 1 "$work/$one.log")" ;;
    *) fail "$one with Kafka $KAFKA_VERSION: $(tail -n 20 "$work/$one.log")" ;;
  esac
done
