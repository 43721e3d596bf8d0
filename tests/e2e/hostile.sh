#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The hostile hour (half a minute of it in the ordinary run); see hostile.py.
. "$(dirname "$0")/lib.sh"
need eventd python3
exec nice /usr/bin/python3 "$here/hostile.py"
