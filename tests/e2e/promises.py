# SPDX-License-Identifier: Apache-2.0
"""What a broker has promised, for stories that then take its power, its process or its disk."""

import os
import random
import threading

from wire import Connection, batch, batches_of

STAMPED = 16  # bytes at the front of a batch that the broker writes


class Pool:
    """Batches of many sizes, made once: a checksum in Python takes longer than a broker's append.
    A batch is known by all of its bytes but the stamped ones."""

    def __init__(self, size=96):
        self.batches = []
        for number in range(size):
            values = [os.urandom(random.choice((10, 300, 4000)))
                      for _ in range(random.choice((1, 3, 20)))]
            self.batches.append(batch([b"%d" % number, *values]))
        self.numbers = {one[STAMPED:]: number for number, one in enumerate(self.batches)}

    def number_of(self, data):
        """Which one it is; None if it is none of them."""
        return self.numbers.get(bytes(data[STAMPED:]))


class Promises:
    """Batches that must stand at their offsets from now on, by (topic, partition)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.batches = {}  # place -> {base offset: what it is}
        self.count = {}    # "acknowledged" or "read" -> how many
        self.made = {}     # (place, base offset) -> how and when it was promised first
        self.when = ""     # for the report of a failure
        self.is_over = False  # what is noted from now on is no promise

    def note(self, place, offset, what, how):
        with self.lock:
            if self.is_over:
                return
            before = self.batches.setdefault(place, {}).setdefault(offset, what)
            self.count[how] = self.count.get(how, 0) + 1
            self.made.setdefault((place, offset), f"{how} {self.when}")
        assert before == what, f"{place} at {offset}: {what} was {how}, before it was {before}"

    def verify(self, place, found, begin=0):
        """`found` is all that stands there from `begin` on: {base offset: what it is}. From now on
        it is promised too, for somebody has read it."""
        known = self.batches.setdefault(place, {})
        for offset, what in known.items():
            if offset < begin:
                continue
            assert offset in found, \
                f"{place} at {offset}: lost, although {self.made[place, offset]}; the last is " \
                f"at {max(found, default=-1)}"
            assert found[offset] == what, f"{place} at {offset}: another batch"
        known.update(found)
        for offset in found:
            self.made.setdefault((place, offset), f"there {self.when}")


def stored(one, place, start):
    """(base, last, bytes) of every batch from `start` to the end that the partition has; offsets
    without a hole."""
    end = one.list_offset(*place)
    while start < end:
        data, _ = one.fetched_raw(one.fetch_later(*place, start, max_bytes=8 << 20))
        found = list(batches_of(data))
        assert found, f"{place} has nothing at {start}, before its end {end}"
        for base, last, content in found:
            assert base == start, f"{place}: {base} stands where {start} belongs"
            start = last + 1
            yield base, last, content


class Follower:
    """Reads a partition as it grows, and notes what it has seen. poll() does not wait."""

    def __init__(self, place, promises, what_of):
        self.place, self.promises, self.what_of = place, promises, what_of
        self.at = 0
        self.connection = None

    def connect(self, address):
        self.connection = Connection(address)

    def poll(self, wait_ms=0):
        later = self.connection.fetch_later(*self.place, self.at, wait_ms=wait_ms)
        data, watermark = self.connection.fetched_raw(later)
        for base, last, content in batches_of(data):
            assert last < watermark, f"{self.place} at {base}: read beyond {watermark}"
            if last < self.at:
                continue  # a fetch from within a batch has the whole of it
            self.promises.note(self.place, base, self.what_of(content), "read")
            self.at = last + 1
