#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flips bits in the files of a partition, and expects event-replay --verify to find each; of an
index it names the one entry.

  replay_flips.py FOLDER COUNT    FOLDER is a partition of a log folder that nobody uses

COUNT flips go to each file; what can be flipped without a trace is left out: room that was set
aside, the leader epoch of the last batch, and an entry of an offset index that now names a later
batch, as older brokers named all that had come together.
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


def names_a_later_batch(path, place, before):
    """Whether the flip has left an entry that an older broker could have written."""
    if path.suffix != ".index" or place % 8 >= 4:
        return False
    number = place // 8
    was = int.from_bytes(before[number * 8:number * 8 + 4], "big")
    data = path.read_bytes()
    now = int.from_bytes(data[number * 8:number * 8 + 4], "big")
    following = int.from_bytes(data[number * 8 + 8:number * 8 + 12], "big")
    return was < now and (following == 0 or now < following)


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
        flipped = [(place, 1 << chance.randrange(8)) for place in places]
        if path.suffix in INDEX:  # an entry that claims to stand behind all others
            flipped.append((0, 0x40))
        for place, bit in flipped:
            before = path.read_bytes()
            with path.open("r+b") as file:
                file.seek(place)
                byte = file.read(1)[0]
                file.seek(place)
                file.write(bytes([byte ^ bit]))
                file.flush()
                status, out, err = verify(folder)
                is_excused = names_a_later_batch(path, place, before)
                file.seek(place)
                file.write(bytes([byte]))
            if status == 0 and is_excused:
                continue
            if status != 1 or not out.strip() or "bad place" not in err:
                sys.exit(f"bit {bit} of byte {place} of {path.name}: {status} {out} {err}")
            lines = out.splitlines()
            if path.suffix in INDEX and len(lines) != 1:
                sys.exit(f"byte {place} of {path.name}: {len(lines)} lines of one entry: {out}")
            flips += 1
    print(f"{flips} flipped bits were all found")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
