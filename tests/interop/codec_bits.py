#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""codec_bits.py PARTITION_FOLDER CODEC: all batches stored there have this codec (bits 0-2)."""
import pathlib
import struct
import sys

folder, codec = pathlib.Path(sys.argv[1]), int(sys.argv[2])
seen = set()
for segment in sorted(folder.glob("*.log")):
    data = segment.read_bytes()
    at = 0
    while at + 61 <= len(data):
        length = struct.unpack_from(">i", data, at + 8)[0]
        seen.add(struct.unpack_from(">h", data, at + 21)[0] & 7)
        at += 12 + length
if seen != {codec}:
    sys.exit(f"{folder}: codecs {sorted(seen)}, not {codec}")
