#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is there twice, and
the order is kept.

  kill9.py {confluent|wire} ROUNDS [SEED]

Two idempotent producers with acks=all write numbered values into each of two partitions, whose
segments hold 1 MiB, so that rolls happen. A round ends with kill -9, now and then with a second one
while it recovers; then the broker starts again and the producers go on. `confluent` is librdkafka,
which retries by itself. `wire` sends, after every kill, the last five batches of each producer and
partition again, acknowledged or not: each must be answered with the offset that it had before. And
beside it somebody writes with acks=1 to a third partition, where what was acknowledged may be lost,
but nothing that anybody has read.
"""

import collections
import os
import random
import subprocess
import sys
import tempfile
import time

from broker import Broker, until
from promises import STAMPED, Follower, Pool, Promises, stored
from wire import Connection, batch

TOPIC = "numbers"
LOOSE = ("loose", 0)
PARTITIONS = 2
PRODUCERS = 2
LANES = [(partition, producer) for partition in range(PARTITIONS) for producer in range(PRODUCERS)]
PADDING = os.urandom(1024).hex().encode()


def value_of(producer, number):
    begin = (number * 7 + producer) % 997
    return b"%d:%d:" % (producer, number) + PADDING[begin:begin + 400]


class Client:
    """What both kinds know of a lane, the values of one producer in one partition."""

    def __init__(self):
        self.acknowledged = {lane: {} for lane in LANES}  # number -> offset
        self.next = {lane: 0 for lane in LANES}

    def count(self):
        return sum(map(len, self.acknowledged.values()))


class Confluent(Client):
    """librdkafka: retries, sequences and epochs are its business."""

    def __init__(self, broker):
        super().__init__()
        from confluent_kafka import Producer
        self.failures = []
        self.producers = [Producer({
            "bootstrap.servers": broker.address, "enable.idempotence": True, "linger.ms": 1,
            "batch.num.messages": 200, "queue.buffering.max.messages": 4000,
            "message.timeout.ms": 120000, "reconnect.backoff.ms": 10,
            "reconnect.backoff.max.ms": 50, "retry.backoff.ms": 20, "log_level": 2})
            for _ in range(PRODUCERS)]

    def _delivered(self, lane, number, error, message):
        if error:
            self.failures.append((lane, number, str(error)))
        else:
            assert number not in self.acknowledged[lane], f"{lane} {number}: told twice"
            self.acknowledged[lane][number] = message.offset()

    def work(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for lane in LANES:
                number, (partition, producer) = self.next[lane], lane
                try:
                    self.producers[producer].produce(
                        TOPIC, value_of(producer, number), partition=partition,
                        on_delivery=lambda error, message, l=lane, n=number:
                            self._delivered(l, n, error, message))
                    self.next[lane] = number + 1
                except BufferError:
                    self.producers[producer].poll(0.01)
            for producer in self.producers:
                producer.poll(0)

    def killed(self):
        pass

    def resume(self, broker):
        before = self.count()
        until(lambda: self.work(0.01) or self.count() > before,
              "an acknowledgement after a restart")

    def finish(self, broker):
        for producer in self.producers:
            left = producer.flush(60)
            assert left == 0, f"{left} values were never acknowledged"
        assert not self.failures, self.failures[:3]


Sent = collections.namedtuple("Sent", "first count data")


class Wire(Client):
    """One connection and one producer id for each lane; up to five batches in flight. Followers
    read all that is written."""

    COUNT = 25

    def __init__(self, broker):
        super().__init__()
        self.recent = {lane: collections.deque(maxlen=5) for lane in LANES}
        self.flying = {lane: collections.deque() for lane in LANES}
        self.connections = {lane: Connection(broker.address) for lane in LANES}
        self.producers = {lane: one.init_producer_id() for lane, one in self.connections.items()}
        assert len({pid for pid, _ in self.producers.values()}) == len(LANES)
        self.pool = Pool()
        self.promises = Promises()
        self.followers = [Follower((TOPIC, partition), self.promises, what_of)
                          for partition in range(PARTITIONS)]
        self.followers.append(Follower(LOOSE, self.promises, what_of))
        self.connect_others(broker)

    def connect_others(self, broker):
        self.loose = Connection(broker.address)
        for follower in self.followers:
            follower.connect(broker.address)

    def _send(self, lane, sent):
        correlation = self.connections[lane].produce_later(TOPIC, lane[0], sent.data)
        self.flying[lane].append((correlation, sent))

    def _receive(self, lane):
        correlation, sent = self.flying[lane][0]
        base = self.connections[lane].produced(correlation)
        self.flying[lane].popleft()
        known = self.acknowledged[lane]
        for i in range(sent.count):
            before = known.setdefault(sent.first + i, base + i)
            assert before == base + i, \
                f"{lane} {sent.first + i} was at offset {before}, its retry says {base + i}"

    def work(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for lane in LANES:
                while len(self.flying[lane]) < random.choice((1, 5)):
                    first = self.next[lane]
                    values = [value_of(lane[1], first + i) for i in range(self.COUNT)]
                    data = batch(values, *self.producers[lane], sequence=first)
                    self.recent[lane].append(Sent(first, self.COUNT, data))
                    self.next[lane] = first + self.COUNT
                    self._send(lane, self.recent[lane][-1])
                self._receive(lane)
            self.loose.produce(*LOOSE, random.choice(self.pool.batches), acks=1)
            for follower in self.followers:
                follower.poll()

    def killed(self):
        """Takes the answers that arrived before the kill."""
        for lane in LANES:
            try:
                while self.flying[lane]:
                    self._receive(lane)
            except OSError:
                pass
            self.connections[lane].close()
            self.flying[lane].clear()

    def resume(self, broker):
        self.connect_others(broker)
        for lane in LANES:
            self.connections[lane] = Connection(broker.address)
            for sent in self.recent[lane]:
                self._send(lane, sent)
        with Connection(broker.address) as one:
            self.check_what_was_read(one, *LOOSE)

    def check_what_was_read(self, one, *place):
        found = {base: what_of(data) for base, _, data in stored(one, place, 0)}
        self.promises.verify(place, found)

    def finish(self, broker):
        for lane in LANES:
            while self.flying[lane]:
                self._receive(lane)
            assert len(self.acknowledged[lane]) == self.next[lane]
        with Connection(broker.address) as one:
            for partition in range(PARTITIONS):
                self.check_what_was_read(one, TOPIC, partition)
        assert self.promises.count["read"] > 0
        print(f"{self.promises.count['read']} batches were read on the way", flush=True)


def what_of(data):
    return hash(bytes(data[STAMPED:]))


def values_in(address, partition):
    """(offset, producer, number) of every value that the partition has, in its order."""
    out = subprocess.run(
        ["kcat", "-b", address, "-C", "-t", TOPIC, "-p", str(partition), "-o", "beginning", "-e",
         "-q", "-X", "check.crcs=true", "-f", "%o:%s\\n"],
        stdout=subprocess.PIPE, check=True).stdout
    for line in out.splitlines():
        offset, value = line.split(b":", 1)
        producer, number = map(int, value.split(b":", 2)[:2])
        assert value == value_of(producer, number), f"value {number} of {producer} was changed"
        yield int(offset), producer, number


def verify(broker, client):
    for partition in range(PARTITIONS):
        expected_offset = 0
        expected = [0] * PRODUCERS
        for offset, producer, number in values_in(broker.address, partition):
            lane = (partition, producer)
            assert offset == expected_offset, f"offset {offset} follows {expected_offset - 1}"
            assert number == expected[producer], \
                f"{lane}, offset {offset}: {number} where {expected[producer]} belongs"
            assert client.acknowledged[lane].get(number, offset) == offset, \
                f"{lane}: {number} was acknowledged elsewhere"
            expected_offset = offset + 1
            expected[producer] = number + 1
        for producer in range(PRODUCERS):
            lane = (partition, producer)
            end = expected[producer]
            lost = [number for number in client.acknowledged[lane] if number >= end]
            assert not lost, f"{lane}: {len(lost)} values are lost, from {min(lost)} on"
            assert end == client.next[lane]


def main():
    rounds = int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kill9.") as folder, Broker(folder) as broker:
        with Connection(broker.address) as admin:
            admin.create_topic(TOPIC, {"segment.bytes": 1 << 20}, PARTITIONS)
            admin.create_topic(LOOSE[0], {"segment.bytes": 1 << 20})
        client = {"confluent": Confluent, "wire": Wire}[sys.argv[1]](broker)
        for round_number in range(rounds):
            try:
                client.work(random.uniform(0.02, 0.4))
            finally:
                status = broker.process.poll()
            assert status is None, f"eventd ended with {status} by itself in round {round_number}"
            broker.kill()
            client.killed()
            if random.random() < 0.25:
                broker.launch()
                time.sleep(random.uniform(0, 0.03))  # input: how far it gets before the next kill
                broker.kill()
            broker.start()
            client.resume(broker)
        client.finish(broker)
        verify(broker, client)
        broker.kill()
        broker.start()
        verify(broker, client)
        segments = len(list(broker.data.glob(f"{TOPIC}-*/*.log")))
        assert segments > PARTITIONS, "no segment was rolled; the test shows less than it says"
        print(f"{rounds} kills, {sum(client.next.values())} values, {segments} segments: "
              "all is there, once")


main()
