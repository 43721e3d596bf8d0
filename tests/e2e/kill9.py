#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is there twice, and
the order is kept.

  kill9.py {confluent|wire} ROUNDS [SEED]

An idempotent producer with acks=all writes numbered values into two partitions whose segments hold
1 MiB, so that rolls happen. A round ends with kill -9, now and then with a second one while it
recovers; then the broker starts again and the producer goes on. `confluent` is librdkafka, which
retries by itself. `wire` sends, after every kill, the last five batches of each partition again,
acknowledged or not: each of them must be answered with the offset that it had before.
"""

import collections
import os
import random
import subprocess
import sys
import tempfile
import time

from broker import Broker, until
from wire import Connection, batch

TOPIC = "numbers"
PARTITIONS = 2
PADDING = os.urandom(1024).hex().encode()


def value_of(number):
    begin = number % 997
    return b"%d:" % number + PADDING[begin:begin + 400]


class Confluent:
    """librdkafka: retries, sequences and epochs are its business."""

    def __init__(self, broker):
        from confluent_kafka import Producer
        self.acknowledged = [dict() for _ in range(PARTITIONS)]  # number -> offset
        self.failures = []
        self.next = [0] * PARTITIONS
        self.producer = Producer({
            "bootstrap.servers": broker.address, "enable.idempotence": True, "linger.ms": 1,
            "batch.num.messages": 200, "queue.buffering.max.messages": 4000,
            "message.timeout.ms": 120000, "reconnect.backoff.ms": 10,
            "reconnect.backoff.max.ms": 50, "retry.backoff.ms": 20, "log_level": 2})

    def _delivered(self, partition, number, error, message):
        if error:
            self.failures.append((partition, number, str(error)))
        else:
            self.acknowledged[partition][number] = message.offset()

    def work(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for partition in range(PARTITIONS):
                number = self.next[partition]
                try:
                    self.producer.produce(
                        TOPIC, value_of(number), partition=partition,
                        on_delivery=lambda error, message, p=partition, n=number:
                            self._delivered(p, n, error, message))
                    self.next[partition] = number + 1
                except BufferError:
                    self.producer.poll(0.01)
            self.producer.poll(0)

    def killed(self):
        pass

    def resume(self, broker):
        pass

    def finish(self):
        left = self.producer.flush(60)
        assert left == 0, f"{left} values were never acknowledged"
        assert not self.failures, self.failures[:3]


Sent = collections.namedtuple("Sent", "first count sequence data")


class Wire:
    """One connection and one producer id for each partition; up to five batches in flight."""

    COUNT = 25

    def __init__(self, broker):
        self.acknowledged = [dict() for _ in range(PARTITIONS)]
        self.next = [0] * PARTITIONS
        self.recent = [collections.deque(maxlen=5) for _ in range(PARTITIONS)]
        self.flying = [collections.deque() for _ in range(PARTITIONS)]
        self.connections = [Connection(broker.address) for _ in range(PARTITIONS)]
        self.producers = [one.init_producer_id() for one in self.connections]
        assert len({pid for pid, _ in self.producers}) == PARTITIONS

    def _send(self, partition, sent):
        correlation = self.connections[partition].produce_later(TOPIC, partition, sent.data)
        self.flying[partition].append((correlation, sent))

    def _receive(self, partition):
        correlation, sent = self.flying[partition][0]
        base = self.connections[partition].produced(correlation)
        self.flying[partition].popleft()
        known = self.acknowledged[partition]
        for i in range(sent.count):
            before = known.setdefault(sent.first + i, base + i)
            assert before == base + i, \
                f"{sent.first + i} was at offset {before}, its retry says {base + i}"

    def work(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for partition in range(PARTITIONS):
                while len(self.flying[partition]) < random.choice((1, 5)):
                    first = self.next[partition]
                    values = [value_of(first + i) for i in range(self.COUNT)]
                    data = batch(values, *self.producers[partition], sequence=first)
                    sent = Sent(first, self.COUNT, first, data)
                    self.recent[partition].append(sent)
                    self.next[partition] = first + self.COUNT
                    self._send(partition, sent)
                self._receive(partition)

    def killed(self):
        """Takes the answers that arrived before the kill."""
        for partition in range(PARTITIONS):
            try:
                while self.flying[partition]:
                    self._receive(partition)
            except OSError:
                pass
            self.connections[partition].close()
            self.flying[partition].clear()

    def resume(self, broker):
        for partition in range(PARTITIONS):
            self.connections[partition] = Connection(broker.address)
            for sent in self.recent[partition]:
                self._send(partition, sent)

    def finish(self):
        for partition in range(PARTITIONS):
            while self.flying[partition]:
                self._receive(partition)
            assert len(self.acknowledged[partition]) == self.next[partition]


def stored(address, partition):
    """(offset, number) of every value that the partition has, in its order."""
    out = subprocess.run(
        ["kcat", "-b", address, "-C", "-t", TOPIC, "-p", str(partition), "-o", "beginning", "-e",
         "-q", "-X", "check.crcs=true", "-f", "%o:%s\\n"],
        stdout=subprocess.PIPE, check=True).stdout
    for line in out.splitlines():
        offset, number, padding = line.split(b":", 2)
        assert value_of(int(number)).endswith(b":" + padding), f"value {number} was changed"
        yield int(offset), int(number)


def verify(broker, client):
    for partition in range(PARTITIONS):
        expected_offset = expected_number = 0
        known = client.acknowledged[partition]
        for offset, number in stored(broker.address, partition):
            assert offset == expected_offset, f"offset {offset} follows {expected_offset - 1}"
            assert number == expected_number, \
                f"partition {partition}, offset {offset}: {number} where {expected_number} belongs"
            assert known.get(number, offset) == offset, f"{number} was acknowledged elsewhere"
            expected_offset, expected_number = offset + 1, number + 1
        lost = [number for number in known if number >= expected_number]
        assert not lost, f"{len(lost)} acknowledged values are lost, the first is {min(lost)}"
        assert expected_number == client.next[partition]


def main():
    rounds = int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kill9.") as folder, Broker(folder) as broker:
        with Connection(broker.address) as admin:
            admin.create_topic(TOPIC, {"segment.bytes": 1 << 20}, PARTITIONS)
        client = {"confluent": Confluent, "wire": Wire}[sys.argv[1]](broker)
        for round_number in range(rounds):
            try:
                before = sum(map(len, client.acknowledged))
                client.work(random.uniform(0.02, 0.4))
                if sys.argv[1] == "confluent":
                    until(lambda: client.work(0.01) or sum(map(len, client.acknowledged)) > before,
                          "an acknowledgement after a restart")
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
        client.finish()
        verify(broker, client)
        broker.kill()
        broker.start()
        verify(broker, client)
        segments = len(list(broker.data.glob(f"{TOPIC}-*/*.log")))
        assert segments > PARTITIONS, "no segment was rolled; the test shows less than it says"
        print(f"{rounds} kills, {sum(client.next)} values, {segments} segments: all is there, once")


main()
