#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flips bits in the files of a partition, and expects event-replay --verify to find each.

  replay_flips.py FOLDER COUNT    FOLDER is a partition of a log folder that nobody uses

COUNT flips go to each file; what can be flipped without a trace is left out: room that was set
aside, and the leader epoch of the last batch.
"""

import pathlib
import random
import subprocess
import sys

INDEX = {".index": 8, ".timeindex": 12, ".txnindex": 34}


def used(path):
    """How many bytes of the file mean something: an index may have room behind its entries."""
    data = path.read_bytes()
    size = INDEX.get(path.suffix)
    if size is None or path.suffix == ".txnindex":
        return len(data)
    count = 0
    while data[count * size:(count + 1) * size].strip(b"\0"):
        count += 1
    return count * size


def verify(folder):
    done = subprocess.run(["event-replay", "--verify", f"{folder}/"], capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def main(folder, count):
    folder = pathlib.Path(folder)
    chance = random.Random(11)
    status, out, err = verify(folder)
    if status != 0:
        sys.exit(f"the folder is not sound before: {out}{err}")
    flips = 0
    for path in sorted(folder.iterdir()):
        size = used(path)
        if size == 0 or path.name in ("leader-epoch-checkpoint", "partition.metadata"):
            continue
        places = range(size) if size <= count else [chance.randrange(size) for _ in range(count)]
        for place in places:
            bit = 1 << chance.randrange(8)
            with path.open("r+b") as file:
                file.seek(place)
                byte = file.read(1)[0]
                file.seek(place)
                file.write(bytes([byte ^ bit]))
                file.flush()
                status, out, err = verify(folder)
                file.seek(place)
                file.write(bytes([byte]))
            if status != 1 or not out.strip() or "bad place" not in err:
                sys.exit(f"bit {bit} of byte {place} of {path.name}: {status} {out} {err}")
            flips += 1
    print(f"{flips} flipped bits were all found")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
