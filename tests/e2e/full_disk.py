#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The disk runs full, again and again.

  full_disk.py FOLDER {tmpfs|ext4} ROUNDS [SEED]

While it is full
  - appends and new topics are refused with KAFKA_STORAGE_ERROR, and the broker lives,
  - every batch that was acknowledged can be read,
  - a refused topic is not there; one for which the metadata still had room is.
With space again, without a restart, appends and topics work. Over a kill -9, a clean stop and a
start, before or after there is space, nothing that was acknowledged is lost, nothing is there that
nobody sent, and each idempotent batch is there once.
"""

import collections
import os
import pathlib
import random
import subprocess
import sys

from broker import Broker, until
from wire import BrokerError, Connection, batch, batches_of

SIZE_BYTES = 40 << 20
ROUND_BYTES = 4 << 20  # what a round may take for good
SPARE_BYTES = 8 << 20  # with less than that the topic is deleted, and another one made
KAFKA_STORAGE_ERROR = 56
STAMPED = 16


class Disk:
    def __init__(self, folder, kind):
        self.mount_point = folder / f"disk-{kind}"
        self.mount_point.mkdir()
        self.ballast = self.mount_point / "ballast"
        if kind == "tmpfs":
            options = ["-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "none"]
        else:
            image = folder / "image"
            with open(image, "wb") as file:
                file.truncate(SIZE_BYTES)
            # Root too finds it full: no blocks are kept for it.
            subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", str(image)],
                           check=True)
            options = ["-o", "loop", str(image)]
        mounted = subprocess.run(["mount", *options, str(self.mount_point)],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if mounted.returncode != 0:
            print(f"full_disk: skipped: cannot mount a {kind}: {mounted.stdout.decode().strip()}")
            sys.exit(77)

    def fill(self, leave=0):
        """Takes all that is free but so many bytes."""
        with open(self.ballast, "ab") as file:
            for size in (1 << 16, 4096, 1):
                try:
                    while True:
                        os.write(file.fileno(), bytes(size))
                except OSError:
                    pass
            if leave:
                os.ftruncate(file.fileno(), max(0, os.fstat(file.fileno()).st_size - leave))

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def has_spare(self):
        status = os.statvfs(self.mount_point)
        return status.f_bavail * status.f_frsize >= SPARE_BYTES + ROUND_BYTES


class Sender:
    """An idempotent producer for one partition; a refused batch is sent again with its number."""

    def __init__(self, place, connection):
        self.place = place
        self.producer = connection.init_producer_id()
        self.sequence = 0
        self.next = None  # the batch that was refused
        self.sent = collections.OrderedDict()  # offset -> bytes

    def send(self, connection, size):
        if self.next is None:
            self.next = batch([os.urandom(size)], *self.producer, sequence=self.sequence)
        offset = connection.produce(*self.place, self.next)
        before = self.sent.setdefault(offset, self.next)
        assert before is self.next, f"{self.place} at {offset}: two batches were acknowledged"
        self.sequence += 1
        self.next = None


def refused(action):
    """Whether the broker refuses it for want of space; any other error is raised."""
    try:
        action()
        return False
    except BrokerError as error:
        assert error.code == KAFKA_STORAGE_ERROR, f"{error} where 56 was expected"
        return True


def verify(one, senders):
    for sender in senders:
        end, at = one.list_offset(*sender.place), 0
        stored = {}
        while at < end:
            data, _ = one.fetched_raw(one.fetch_later(*sender.place, at, max_bytes=8 << 20))
            for base, last, content in batches_of(data):
                stored[base] = content[STAMPED:]
                at = last + 1
        for offset, data in sender.sent.items():
            assert stored.pop(offset, None) == data[STAMPED:], f"{sender.place} at {offset}: lost"
        # A batch whose answer was an error may stand there, once; its retry will be told so.
        ours = [sender.next[STAMPED:]] if sender.next else []
        assert list(stored.values()) in ([], ours), \
            f"{sender.place}: nobody was told of {list(stored)}"


def start(broker, disk):
    """With as little space as there is; where that is too little it says so, with status 4."""
    broker.launch()
    until(lambda: broker._listens() or broker.process.poll() is not None, "a start, or an end")
    if broker.process.poll() is not None:
        log = (broker.folder / "broker.log").read_text().splitlines()
        assert broker.process.returncode == 4, f"{broker.process.returncode}: {log[-1]}"
        assert log[-1].startswith("eventd: ") and "space" in log[-1], log[-1]
        disk.free()
        broker.start()
        return "a start needed space"
    return "a start needed none"


def new_senders(one, name):
    one.create_topic(name, {}, 2)
    return [Sender((name, partition), one) for partition in range(2)]


def one_round(broker, disk, senders, counts, number):
    with Connection(broker.address) as one:
        # Somewhere in an append, a roll, an index, a snapshot or a checkpoint the space ends.
        disk.fill(leave=random.randrange(64 << 10, ROUND_BYTES))
        full = [False, False]
        while not all(full):
            for i, sender in enumerate(senders):
                size = random.choice((100, 5000, 100_000))
                full[i] = refused(lambda: sender.send(one, size))
        disk.fill()
        for sender in senders:
            for _ in range(200):
                if refused(lambda: sender.send(one, 3000)):
                    break
            else:
                raise AssertionError("nothing was refused by a full disk")
        verify(one, senders)
        topics = one.topics()
        for count in range(50):  # the last blocks have room for some
            name = f"topic-{number}-{count}"
            if refused(lambda: one.create_topic(name, {}, 3)):
                counts["topics refused"] += 1
                assert name not in one.topics(), f"{name} was refused and is there"
                break
            topics[name] = 3
        else:
            raise AssertionError("no topic was refused by a full disk")
        assert one.topics() == topics

    if number % 4 == 1:
        broker.kill()
        counts["kill -9 when full"] += 1
        counts[start(broker, disk)] += 1
    if number % 4 == 2:
        status = broker.end()
        assert status in (0, 4), status
        counts["stops when full"] += 1
        counts[start(broker, disk)] += 1
    disk.free()
    with Connection(broker.address) as one:
        verify(one, senders)
        for sender in senders:
            until(lambda: not refused(lambda: sender.send(one, 1000)), "service with space", 10)
        until(lambda: not refused(lambda: one.create_topic(name, {}, 3)), "topics with space", 10)
        topics[name] = 3
        for topic in topics:
            if topic.startswith("topic-"):
                until(lambda: not refused(lambda: one.produce(topic, 0, batch([b"x"]))),
                      f"{topic} takes records with space", 10)
        assert one.topics() == topics
        verify(one, senders)
        for topic in list(topics):
            if topic.startswith("topic-"):
                one.delete_topic(topic)
    if number % 4 == 3:
        broker.kill()
        broker.start()


def main():
    folder, kind, rounds = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 32)
    random.seed(seed)
    print(f"{kind}, seed {seed}", flush=True)
    disk = Disk(folder, kind)
    counts = collections.Counter()
    # Deleted topics are to give their space back at once.
    with Broker(folder, "-X", "log.segment.bytes=1048576", "-X", "log.segment.delete.delay.ms=0",
                data=disk.mount_point / "data") as broker:
        with Connection(broker.address) as one:
            senders = new_senders(one, "t")
        for number in range(rounds):
            if not disk.has_spare():
                with Connection(broker.address) as one:
                    counts["batches acknowledged"] += sum(len(each.sent) for each in senders)
                    one.delete_topic(senders[0].place[0])
                    until(disk.has_spare, "a deleted topic gives its space back")
                    senders = new_senders(one, f"t{number}")
            one_round(broker, disk, senders, counts, number)
        assert broker.end() == 0
        broker.start()
        with Connection(broker.address) as one:
            verify(one, senders)
    counts["batches acknowledged"] += sum(len(each.sent) for each in senders)
    print(f"{rounds} times full: all is there, once; {dict(counts)}")


main()
