#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `eventd run [--] CMD..`: a broker for one command, as env(1); run.py has the sentences.
. "$(dirname "$0")/lib.sh"
need eventd python3
/usr/bin/python3 "$here/run.py" "$work"
