#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 20 times kill -9 under load, 200 in the long form; kill9.py says what is checked.
. "$(dirname "$0")/lib.sh"
need eventd python3 kcat
rounds=20
[ -z "${EVENTD_LONG:-}" ] || rounds=200
/usr/bin/python3 "$here/kill9.py" wire $rounds
if /usr/bin/python3 -c 'import confluent_kafka' 2>/dev/null; then
  /usr/bin/python3 "$here/kill9.py" confluent $rounds
else
  say "python3-confluent-kafka is not there; librdkafka was not tried"
fi
