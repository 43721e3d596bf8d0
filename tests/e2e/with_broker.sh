#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# with_broker.sh COMMAND..: runs it with BROKER and DATA_DIR of a new broker; its status is ours.
. "$(dirname "$0")/lib.sh"
story=$(basename "$1")
need eventd
start_broker
status=0
BROKER=$broker DATA_DIR=$data "$@" || status=$?
if [ $status = 0 ]; then
  stop_broker
  [ $broker_status = 0 ] || fail "the broker ended with status $broker_status"
fi
exit $status
