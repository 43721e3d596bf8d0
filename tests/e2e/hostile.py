#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The hostile hour: peers that send what no client sends, beside one that behaves.

Attackers send random bytes, real requests that were spoilt, halves of frames and floods of whole
ones; they read slowly or not at all, and vanish. Meanwhile one client writes with acks=all and
reads back. The broker must neither end nor take more memory than a fixed amount, the good client
must get an answer to all that it asks, and in the end its records must be there, once, in their
order, also after a kill.

  EVENTD_SEED=7 EVENTD_SECONDS=600 tests/e2e/hostile.py     # the seed of a run is printed
"""

import hashlib
import multiprocessing
import os
import pathlib
import random
import socket
import struct
import sys
import tempfile
import time

from broker import LONG, Broker, sanitizer_of
from frames import SHAPES, FrameMaker, spoil
from wire import Connection, batch

SECONDS = int(os.environ.get("EVENTD_SECONDS", 3600 if LONG else 20))
SEED = int(os.environ.get("EVENTD_SEED", random.randrange(1 << 30)))
ATTACKERS = 3
# Sanitizers have shadows, and keep for a while what was freed.
RESIDENT_MAX_MIB = {"asan": 1200, "tsan": 4000, "": 400}
ANSWER_MAX_S = 30
# Input: how long the good client pauses, so that what an hour of it wrote can be read in the end.
PAUSE_S = 0.1 if SECONDS > 60 else 0
SETTINGS = {"socket.request.max.bytes": 8 << 20, "queued.max.request.bytes": 32 << 20,
            "max.connections": 600, "connections.max.idle.ms": 5000, "num.network.threads": 2,
            "log.retention.check.interval.ms": 2000, "log.initial.task.delay.ms": 1000}


class Attacker:
    def __init__(self, address, seed, topic_ids):
        self.random = random.Random(seed)
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))
        self.maker = FrameMaker(self.random, ["victim", "none-such"], topic_ids)
        self.held = []  # sockets that are kept waiting

    def connect(self):
        one = socket.socket()
        if self.random.random() < 0.2:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        one.settimeout(2)
        one.connect(self.address)
        return one

    def end(self, one):
        if self.random.random() < 0.5:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()

    def good_frame(self):
        return self.maker.any_frame()

    def send(self, one, data):
        """In pieces, or at once."""
        if self.random.random() < 0.3:
            at = self.random.randrange(len(data) + 1)
            one.sendall(data[:at])
            one.sendall(data[at:])
        else:
            one.sendall(data)

    def take(self, one):
        """Reads a little of what may come."""
        one.settimeout(self.random.choice([0.001, 0.01, 0.05]))
        try:
            while one.recv(self.random.choice([1, 100, 65536])):
                if self.random.random() < 0.3:
                    break
        except socket.timeout:
            pass

    # -- the ways to attack: each has one connection

    def noise(self, one):
        size = self.random.choice([0, 1, 3, 4, 8, 100, 5000])
        data = self.random.randbytes(size)
        if self.random.random() < 0.7:
            data = struct.pack(">i", len(data)) + data
        self.send(one, data)
        self.take(one)

    def spoilt(self, one):
        for _ in range(self.random.choice([1, 5, 20])):
            self.send(one, spoil(self.good_frame(), self.random))
        self.take(one)

    def mixed(self, one):
        frames = [self.good_frame() for _ in range(self.random.choice([2, 10]))]
        frames.append(spoil(self.good_frame(), self.random))
        self.send(one, b"".join(frames))
        self.take(one)

    def lengths(self, one):
        size = self.random.choice([0, -1, 1, 4, 8 << 20, (8 << 20) + 1, 0x7FFFFFFF, -0x80000000])
        some = self.random.choice([0, 1, 3000])
        one.sendall(struct.pack(">i", size) + self.random.randbytes(some))
        self.hold(one)

    def half(self, one):
        frame = self.good_frame()
        one.sendall(frame[:self.random.randrange(len(frame))])
        self.hold(one)

    def large(self, one):
        size = self.random.choice([100_000, 1 << 20, 4 << 20])
        head = struct.pack(">ihhi", size, self.random.choice([0, 1, 3, 19, 32]), 7, 1)
        one.sendall(head + self.random.randbytes(1000) * (size // 1000 - 1))
        self.take(one)

    def greedy(self, one):
        """Asks for much, often, and reads none of it."""
        shape = next(shape for shape in SHAPES if shape[:2] == (1, 4))
        for _ in range(50):
            one.sendall(self.maker.frame(*shape))
        self.hold(one)

    def flood(self, one):
        data = b"".join(self.good_frame() for _ in range(300))
        self.send(one, data)
        self.take(one)

    def crowd(self, one):
        for _ in range(60):
            self.held.append(self.connect())
        self.take(one)

    def sweep(self, one):
        """Deletes what the others made, so that an hour of it fits on the disk."""
        names = [f"hostile-{number}" for number in range(40)]
        body = struct.pack(">i", len(names))
        body += b"".join(struct.pack(">h", len(name)) + name.encode() for name in names)
        body += struct.pack(">i", 1000)
        head = struct.pack(">hhih", 20, 1, 1, -1)
        one.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        self.take(one)

    def hold(self, one):
        self.held.append(one)

    def run(self, until_time):
        ways = [(self.noise, 10), (self.spoilt, 40), (self.mixed, 20), (self.lengths, 5),
                (self.half, 10), (self.large, 2), (self.greedy, 3), (self.flood, 3),
                (self.crowd, 1), (self.sweep, 1)]
        attacks = 0
        while time.monotonic() < until_time:
            way = self.random.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
            try:
                one = self.connect()
                way(one)
            except OSError:
                pass  # the broker closed: that is its right
            if not self.held or self.held[-1] is not one:
                self.end(one)
            while len(self.held) > 100:
                self.end(self.held.pop(self.random.randrange(len(self.held))))
            attacks += 1
        for one in self.held:
            self.end(one)
        return attacks


def attack(address, seed, topic_ids, seconds, done):
    done.put(Attacker(address, seed, topic_ids).run(time.monotonic() + seconds))


class GoodClient:
    """Writes, and reads back, with the fewest assumptions: each answer must come in time."""

    def __init__(self, address):
        self.address = address
        self.random = random.Random(SEED + 1)
        self.digest = hashlib.sha256()
        self.count = 0
        self.writer = Connection(address, ANSWER_MAX_S)
        self.reader = Connection(address, ANSWER_MAX_S)
        self.id, self.epoch = self.writer.init_producer_id()

    def step(self):
        sizes = [self.random.choice([5, 900]) for _ in range(self.random.choice([1, 10, 100]))]
        values = [f"{self.count + i} ".encode() + self.random.randbytes(size)
                  for i, size in enumerate(sizes)]
        records = batch(values, self.id, self.epoch, self.count & 0x7FFFFFFF)
        offset = self.writer.produce("good", 0, records, acks=-1)
        assert offset == self.count, f"{self.count} was expected, not {offset}"
        read = [record.value for record in self.reader.fetch("good", 0, offset, max_bytes=1 << 20)]
        assert read == values, f"what was written at {offset} is read otherwise"
        for value in values:
            self.digest.update(value)
        self.count += len(values)

    def check_all(self, address):
        digest, count = hashlib.sha256(), 0
        with Connection(address, ANSWER_MAX_S) as one:
            for record in one.fetch_all("good", 0):
                assert record.offset == count, f"offset {record.offset} where {count} was expected"
                digest.update(record.value)
                count += 1
        assert (count, digest.digest()) == (self.count, self.digest.digest()), \
            f"{self.count} records were acknowledged, {count} are there"


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) >> 10
    return 0


def topic_ids(address, names):
    """{name: the 16 bytes} from Metadata 10."""
    with Connection(address) as one:
        body = bytes([len(names) + 1])
        for name in names:
            body += b"\0" * 16 + bytes([len(name) + 1]) + name.encode() + b"\0"
        head = struct.pack(">hhih", 3, 12, 7, -1) + b"\0"
        frame = head + body + b"\0\0\0"
        one.socket.sendall(struct.pack(">i", len(frame)) + frame)
        answer = one.receive(7).data
        return {name: answer[answer.index(name.encode()) + len(name):][:16] for name in names}


def all_good_frames_are_answered(address, ids):
    """So that what is spoilt is known to have been good."""
    maker = FrameMaker(random.Random(5), ["victim"], ids)
    for shape in SHAPES:
        for _ in range(3):
            with Connection(address) as one:
                frame = maker.frame(*shape)
                first = maker.correlation
                one.socket.sendall(frame)
                if shape[0] == 0 and is_without_answer(frame, shape):
                    continue
                assert one.receive(first) is not None, f"key {shape[0]} version {shape[1]}"


def is_without_answer(frame, shape):
    """Of a Produce with acks=0."""
    client = max(0, struct.unpack_from(">h", frame, 12)[0])
    at = 14 + client + 2  # a null, or tags and a compact null
    return struct.unpack_from(">h", frame, at)[0] == 0


def run(folder):
    arguments = [word for key, value in SETTINGS.items() for word in ("-X", f"{key}={value}")]
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=64"
    with Broker(folder, *arguments) as broker:
        pid = broker.process.pid
        with Connection(broker.address) as one:
            one.create_topic("good", {"segment.bytes": 1 << 20})
            one.create_topic("victim", {"segment.bytes": 1 << 20, "retention.bytes": 4 << 20}, 2)
        ids = [topic_ids(broker.address, ["victim"])["victim"]]
        all_good_frames_are_answered(broker.address, ids)
        good = GoodClient(broker.address)
        done = multiprocessing.Queue()
        attackers = [multiprocessing.Process(
            target=attack, args=(broker.address, SEED + 100 * index, ids, SECONDS, done))
            for index in range(ATTACKERS)]
        for one in attackers:
            one.start()
        limit = RESIDENT_MAX_MIB[sanitizer_of(pid)]
        largest, said, slowest = 0, time.monotonic(), 0
        try:
            while any(one.is_alive() for one in attackers):
                began = time.monotonic()
                good.step()
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(PAUSE_S)  # input
                largest = max(largest, resident_mib(pid))
                assert largest <= limit, f"the broker takes {largest} MiB"
                if time.monotonic() - said > 60:
                    said = time.monotonic()
                    print(f"{good.count} records, {largest} MiB at most, "
                          f"slowest step {slowest:.1f} s", flush=True)
        finally:
            for one in attackers:
                if sys.exc_info()[0]:
                    one.terminate()
                one.join()
        attacks = sum(done.get() for _ in attackers)
        good.check_all(broker.address)
        broker.kill()
        broker.start()
        good.check_all(broker.address)
        assert broker.end() == 0, "the broker does not end with 0"
    log = (broker.folder / "broker.log").read_text(errors="replace")
    assert "ERROR:" not in log and "runtime error" not in log, "the sanitizer complains"
    print(f"{attacks} attacks in {SECONDS} s; {good.count} records are as they were written; "
          f"{largest} MiB at most; the slowest write and read took {slowest:.1f} s")


def main():
    print(f"hostile: EVENTD_SEED={SEED}", flush=True)
    with tempfile.TemporaryDirectory(prefix="hostile.") as folder:
        run(folder)


if __name__ == "__main__":
    main()
