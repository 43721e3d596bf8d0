#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The power is cut under load, again and again: what was promised is there afterwards.

  power_cuts.py FOLDER CUTS [SEED]

The data directory is an ext4 on a loop device. A cut is its shutdown ioctl, which drops all that
the device does not have: with the journal's tail (flag 2) or without (flag 1). Only then is the
broker killed: it must not have been able to put anything right. A cut comes at a random moment of
a busy time, of a start or of a clean stop. What is said after it began is no promise: a machine
without power says nothing, and ext4 was seen to answer 0 to an fdatasync that ran into its shutdown
(the new size of the file was lost); sync_is_real.py is about syncs that fail.

After each cut eventd starts on what is left, and
  - every batch acknowledged with acks=all is at its offset, byte for byte,
  - every batch that a consumer ever read is there, at its offset,
  - offsets have no holes and every batch is one that was sent,
  - every topic whose creation was acknowledged is there, and none whose deletion was.
"""

import collections
import fcntl
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import threading
import time

from broker import Broker, until
from promises import Follower, Pool, Promises, stored
from wire import BrokerError, Connection, batch

EXT4_IOC_SHUTDOWN = 0x8004587D
FLUSH_JOURNAL, DROP_JOURNAL = 1, 2
IMAGE_BYTES = 512 << 20
TOPICS = ("plain", "mixed")
PARTITIONS = 2

PLACES = [(topic, partition) for topic in TOPICS for partition in range(PARTITIONS)]


class Device:
    """A file system that can lose its power."""

    def __init__(self, folder):
        self.image = folder / "image"
        self.mount_point = folder / "disk"
        self.mount_point.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self.image)], check=True)

    def mount(self):
        return subprocess.run(["mount", "-o", "loop", str(self.image), str(self.mount_point)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def cut(self, how):
        root = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(root, EXT4_IOC_SHUTDOWN, struct.pack("I", how))
        finally:
            os.close(root)

    def unmount(self):
        subprocess.run(["umount", str(self.mount_point)], check=True)


class World(Promises):
    """The batches, and the topics by name."""

    def __init__(self):
        super().__init__()
        self.topics = set(TOPICS)
        self.deleted = set()
        self.attempted = set()  # named by a request without an answer: either is right


class Load(threading.Thread):
    """Works on a connection until it breaks, which it may once `over` is set: KAFKA_STORAGE_ERROR
    and closed connections are what a cut looks like. Any other error is for the main thread."""

    def __init__(self, over, work, *arguments):
        super().__init__(daemon=True)
        self.over, self.work, self.arguments = over, work, arguments
        self.error = None
        self.start()

    def run(self):
        try:
            self.work(*self.arguments)
        except (OSError, BrokerError) as error:
            if not self.over.is_set():
                self.error = error
        except Exception as error:
            self.error = error


def write(address, place, pool, world, seed):
    chance = random.Random(seed)
    flying = collections.deque()
    with Connection(address) as one:
        while True:
            while len(flying) < 4:
                number = chance.randrange(len(pool.batches))
                acks = chance.choice((-1, -1, 1)) if place[0] == "mixed" else -1
                correlation = one.produce_later(*place, pool.batches[number], acks)
                flying.append((correlation, number, acks))
            correlation, number, acks = flying.popleft()
            offset = one.produced(correlation)
            if acks == -1:
                world.note(place, offset, number, "acknowledged")


def consume(address, place, pool, world):
    follower = Follower(place, world, pool.number_of)
    follower.connect(address)
    follower.at = follower.connection.list_offset(*place)
    while True:
        follower.poll(wait_ms=200)


def administrate(address, world, round_number):
    with Connection(address) as one:
        for count in range(1000):
            name = f"topic-{round_number}-{count}"
            world.attempted.add(name)
            one.create_topic(name, {"retention.ms": 10**9}, 1 + count % 3)
            if world.is_over:
                return
            world.topics.add(name)
            one.produce(name, 0, batch([b"first"]))
            if count % 3 == 2:
                world.topics.discard(name)
                one.delete_topic(name)
                if world.is_over:
                    return
                world.deleted.add(name)


def verify(broker, pool, world, from_start):
    with Connection(broker.address) as one:
        topics = one.topics()
        lost = world.topics - topics.keys()
        assert not lost, f"acknowledged topics are lost: {sorted(lost)[:3]}"
        back = world.deleted & topics.keys()
        assert not back, f"deleted topics are back: {sorted(back)[:3]}"
        unknown = topics.keys() - world.topics - world.attempted
        assert not unknown, f"nobody made the topics {sorted(unknown)[:3]}"
        for place in PLACES:
            begin = 0 if from_start else verify.upto.get(place, 0)
            found = {}
            for base, last, data in stored(one, place, begin):
                found[base] = pool.number_of(data)
                assert found[base] is not None, f"{place} at {base}: nobody sent this"
                verify.upto[place] = last + 1
            world.verify(place, found, begin)


verify.upto = {}


def one_round(broker, device, pool, world, round_number):
    """From a start to a cut. Where the cut comes: under load, in a stop, or in a start."""
    how = random.choice((FLUSH_JOURNAL, DROP_JOURNAL))
    kind = random.choices(("load", "stop", "start"), (8, 2, 2))[0]
    load, over = [], threading.Event()
    if kind == "start":
        broker.end()
        broker.launch()
    else:
        for place in PLACES:
            load.append(Load(over, write, broker.address, place, pool, world, random.random()))
            load.append(Load(over, consume, broker.address, place, pool, world))
        load.append(Load(over, administrate, broker.address, world, round_number))
        time.sleep(random.uniform(0.05, 0.4))  # input: how much is under way
        if kind == "stop":
            over.set()
            broker.process.send_signal(signal.SIGTERM)
    if kind != "load":
        time.sleep(random.uniform(0, 0.04))  # input: how far it gets
    over.set()
    world.is_over = True
    device.cut(how)
    broker.process.kill()
    broker.process.wait()
    for one in load:
        one.join(30)
        assert not one.is_alive(), "a client hangs although its broker is gone"
        if one.error:
            raise one.error
    device.unmount()
    world.is_over = False
    print(f"{world.when}: the cut came in a {kind}, flag {how}", flush=True)
    return kind, how


def main():
    folder, cuts = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    device = Device(folder)
    mounted = device.mount()
    if mounted.returncode != 0:
        print(f"power_cuts: skipped: no loop device here: {mounted.stdout.decode().strip()}")
        sys.exit(77)
    pool, world = Pool(), World()
    kinds = collections.Counter()
    with Broker(folder, "-X", "log.segment.bytes=1048576", data=device.mount_point / "data") \
            as broker:
        with Connection(broker.address) as one:
            for topic in TOPICS:
                one.create_topic(topic, {}, PARTITIONS)
        for round_number in range(cuts):
            try:
                world.when = f"in round {round_number}"
                kinds[one_round(broker, device, pool, world, round_number)] += 1
                assert device.mount().returncode == 0
                world.when += ", after the cut"
                broker.start()
                verify(broker, pool, world, round_number == cuts - 1)
            except BaseException:
                print(f"in round {round_number} of {dict(kinds)}")
                raise
        assert broker.end() == 0
        segments = len(list(broker.data.glob("*/*.log")))
    device.unmount()
    assert min(world.count.values()) > cuts, f"hardly anything was promised: {world.count}"
    print(f"{cuts} power cuts, batches {world.count}, "
          f"{len(world.topics)} topics, {segments} segments: all is there")
    print(f"cuts by kind and flag: {dict(kinds)}")


main()
