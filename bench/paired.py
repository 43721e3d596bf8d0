# SPDX-License-Identifier: Apache-2.0
"""Contestants measured in turn, A B C A B C .., and the ratios of neighbours.

This machine's speed may change from one minute to the next, so nothing is said of two figures but
the median of the ratios within a turn, with their least and greatest.
"""

import hashlib
import json
import os
import pathlib
import statistics
import tempfile


class Lines:
    """Numbered lines of `width` bytes, newline included."""

    def __init__(self, count, width, folder):
        self.count = count
        self.path = pathlib.Path(folder) / f"lines-{width}"
        filler = (b"abcdefghij" * (width // 10 + 1))[:width - 12]
        digest = hashlib.sha256()
        with open(self.path, "wb") as out:
            for first in range(0, count, 10000):
                block = b"".join(b"%010d %s\n" % (i, filler)
                                 for i in range(first, min(first + 10000, count)))
                digest.update(block)
                out.write(block)
        self.sha256 = digest.hexdigest()


def sha256(path):
    with open(path, "rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def demand(true, why):
    """A row whose data is not right is void, and so is the run."""
    if not true:
        raise SystemExit(f"bench: {why}")


def in_turn(contestants, pairs, scratch):
    """{name: function(folder) -> {figure: number}}: {name: [{figure: number}, ..]}."""
    taken = {name: [] for name in contestants}
    for _ in range(pairs):
        for name, measure in contestants.items():
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                taken[name].append(measure(pathlib.Path(folder)))
            os.sync()
    return taken


def report(row, title, taken, as_json):
    """The first contestant beside each of the others."""
    ours, *others = taken
    for figure in taken[ours][0]:
        mine = [one[figure] for one in taken[ours]]
        for other in others:
            theirs = [one[figure] for one in taken[other] if figure in one]
            if theirs:
                tell(row, title, figure, ours, mine, other, theirs, as_json)


def tell(row, title, figure, ours, mine, other, theirs, as_json):
    ratios = [a / b for a, b in zip(mine, theirs)]
    told = {"row": row, "figure": figure, "pairs": len(mine), ours: statistics.median(mine),
            other: statistics.median(theirs), "ratio": statistics.median(ratios),
            "ratio_min": min(ratios), "ratio_max": max(ratios)}
    if as_json:
        print(json.dumps(told), flush=True)
        return
    print(f"{title:42} {figure:26} {ours} {told[ours]:.4g}  {other} {told[other]:.4g}"
          f"  ratio {told['ratio']:.3g} [{told['ratio_min']:.3g} .. {told['ratio_max']:.3g}]",
          flush=True)
