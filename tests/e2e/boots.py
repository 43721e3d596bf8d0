#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes to a broker, and tells all that it serves, so that two brokers can be compared.

  boots.py state ADDRESS            topics, configs, offsets and a checksum of each batch, in lines
  boots.py write ADDRESS TAG MEMORY   new and changed topics, configs, records; see write()

MEMORY is a file: an idempotent producer goes on with its sequence in the next run, whoever serves.
"""

import gzip
import hashlib
import json
import os
import struct
import sys
import time

import wire
from wire import BrokerError, Connection

DELETE_RECORDS, DESCRIBE_CONFIGS, CREATE_PARTITIONS, ALTER_CONFIGS = 21, 32, 37, 44
TOPIC, BROKER = 2, 4
DYNAMIC = {1, 2, 3}  # of the topic, of one broker, of all brokers
SHARED = "boot-shared"
NOT_YET = {3, 5, 6}  # UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER
LEADS_WITHIN_S = 30


def text(value):
    if value is None:
        return struct.pack(">h", -1)
    return struct.pack(">h", len(value.encode())) + value.encode()


def settles(look, seconds=20):
    """Kafka's brokers learn a little later what its controller has answered."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit("the broker does not know what it has answered")
        time.sleep(0.01)  # between two polls


def settled(action):
    """What the action yields, once nothing retriable is in its way."""
    got = []

    def try_once():
        try:
            got.append(action())
        except BrokerError as error:
            if error.code not in (3, 5, 6, 14):
                raise
        return got

    settles(try_once)
    return got[0]


class Admin(Connection):
    def produce(self, topic, partition, records, **how):
        """Once the broker knows the partition."""
        return settled(lambda: Connection.produce(self, topic, partition, records, **how))

    def init_producer_id(self):
        return settled(lambda: Connection.init_producer_id(self))

    def create_partitions(self, topic, total):
        body = struct.pack(">i", 1) + text(topic) + struct.pack(">ii", total, -1)
        reader = self.ask(CREATE_PARTITIONS, 0, body + struct.pack(">i?", 30000, False))
        reader.number("i"), reader.number("i"), reader.text()
        self._check(reader.number("h"), f"CreatePartitions {topic}")

    def delete_records(self, topic, partition, before):
        body = struct.pack(">i", 1) + text(topic) + struct.pack(">iiq", 1, partition, before)
        reader = self.ask(DELETE_RECORDS, 0, body + struct.pack(">i", 30000))
        reader.number("i"), reader.number("i"), reader.text(), reader.number("i")
        reader.number("i"), reader.number("q")
        self._check(reader.number("h"), f"DeleteRecords {topic}")

    def set_configs(self, kind, name, configs):
        body = struct.pack(">ib", 1, kind) + text(name) + struct.pack(">i", len(configs))
        for key, value in configs.items():
            body += text(key) + struct.pack(">b", 1 if value is None else 0) + text(value)
        reader = self.ask(ALTER_CONFIGS, 0, body + struct.pack(">?", False))
        reader.number("i"), reader.number("i")
        self._check(reader.number("h"), f"IncrementalAlterConfigs {name}: {reader.text()}")
        wanted = {pair for pair in configs.items() if pair[1] is not None}
        settles(lambda: wanted <= set(self.dynamic_configs(kind, name)) and not any(
            key in configs and configs[key] is None for key, _ in self.dynamic_configs(kind, name)))

    def dynamic_configs(self, kind, name):
        """[(key, value)] of what was set, in order."""
        body = struct.pack(">ib", 1, kind) + text(name) + struct.pack(">i?", -1, False)
        reader = self.ask(DESCRIBE_CONFIGS, 1, body)
        reader.number("i"), reader.number("i")
        self._check(reader.number("h"), f"DescribeConfigs {name}")
        reader.text(), reader.number("b"), reader.text()
        found = []
        for _ in range(reader.number("i")):
            key, value = reader.text(), reader.text()
            reader.number("?")
            source = reader.number("b")
            reader.number("?")
            for _ in range(reader.number("i")):
                reader.text(), reader.text(), reader.number("b")
            # Broker configs of all brokers are told of each one too.
            if source in DYNAMIC and (source != 3 or name == ""):
                found.append((key, value))
        return sorted(found)

    def offset_of(self, topic, partition, timestamp):
        """Kafka answers before it leads all that it will."""
        deadline = time.monotonic() + LEADS_WITHIN_S
        while True:
            try:
                return self.list_offset(topic, partition, timestamp)
            except BrokerError as error:
                if error.code not in NOT_YET or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)  # between two polls

    def batches(self, topic, partition, start, end):
        while start < end:
            later = self.fetch_later(topic, partition, start, wait_ms=20)
            data, _ = self.fetched_raw(later)
            found = False
            for base, last, whole in wire.batches_of(data):
                found = True
                if last >= start:
                    yield base, last, whole
                start = max(start, last + 1)
            if not found:
                raise ValueError(f"{topic}-{partition} has nothing at {start}, before {end}")


def state(address):
    with Admin(address) as broker:
        for topic, partitions in sorted(broker.topics().items()):
            print("topic", topic, partitions)
            for key, value in broker.dynamic_configs(TOPIC, topic):
                print("config", topic, key, value)
            for partition in range(partitions):
                start = broker.offset_of(topic, partition, wire.EARLIEST)
                end = broker.offset_of(topic, partition, wire.LATEST)
                print("log", f"{topic}-{partition}", start, end)
                for base, last, whole in broker.batches(topic, partition, start, end):
                    print(f"{topic}-{partition}", base, last, hashlib.md5(whole).hexdigest())
        for name in ("", "1"):
            for key, value in broker.dynamic_configs(BROKER, name):
                print("broker", f"'{name}'", key, value)


def compressed(values):
    """A gzip batch: the same records, another codec in the attributes."""
    plain = wire.batch(values)
    rest = gzip.compress(plain[61:])
    checked = struct.pack(">h", 1) + plain[23:61] + rest
    head = struct.pack(">ibI", -1, 2, wire.crc32c(checked))
    return struct.pack(">qi", 0, len(head) + len(checked)) + head + checked


def go_on(broker, memory_file):
    """An idempotent producer begun elsewhere: its last batch is known, the next one follows."""
    memory = {}
    if os.path.exists(memory_file):
        with open(memory_file, encoding="ascii") as file:
            memory = json.load(file)
    if not memory:
        memory["id"], memory["epoch"] = broker.init_producer_id()
        memory["sequence"] = 0
    else:
        again = bytes.fromhex(memory["last"])
        offset = broker.produce(SHARED, 0, again)
        if offset != memory["offset"]:
            raise SystemExit(f"a retry was told offset {offset}, its original {memory['offset']}")
    for _ in range(3):
        values = [b"idempotent %d" % (memory["sequence"] + i) for i in range(5)]
        batch = wire.batch(values, memory["id"], memory["epoch"], memory["sequence"])
        memory["offset"] = broker.produce(SHARED, 0, batch)
        memory["last"] = batch.hex()
        memory["sequence"] += len(values)
    with open(memory_file, "w", encoding="ascii") as file:
        json.dump(memory, file)
    # A producer id that is given out now was never given out before.
    new_id, _ = broker.init_producer_id()
    if new_id <= memory["id"]:
        raise SystemExit(f"producer id {new_id} was given out after {memory['id']}")


def write(address, tag, memory_file):
    """A topic of its own with configs, records (plain, compressed, idempotent), a moved log start;
    in what is there: more records, partitions, other configs; and one topic less."""
    topic = f"boot-{tag}"
    with Admin(address) as broker:
        topics = broker.topics()
        if SHARED not in topics:
            broker.create_topic(SHARED, {"retention.ms": -1}, 3)
        broker.create_topic(topic, {"segment.bytes": 1048576, "retention.ms": -1,
                                    "cleanup.policy": "delete"}, 2)
        broker.create_topic(f"{topic}-gone", {"retention.ms": 1000}, 1)
        broker.produce(f"{topic}-gone", 0, wire.batch([b"gone"]))
        large = os.urandom(400_000)
        for partition in range(2):
            for i in range(10):
                broker.produce(topic, partition, wire.batch([b"%d" % i] * 50, keys=[b"k"] * 50))
                broker.produce(topic, partition, compressed([b"squeezed"] * 20))
            for _ in range(3):  # a roll
                broker.produce(topic, partition, wire.batch([large]))
        broker.delete_records(topic, 0, 123)
        broker.delete_topic(f"{topic}-gone")
        settles(lambda: f"{topic}-gone" not in broker.topics())
        broker.create_partitions(topic, 4)
        broker.produce(topic, 3, wire.batch([b"in a partition that was added"]))
        broker.set_configs(TOPIC, topic, {"cleanup.policy": None, "max.message.bytes": "2000000"})
        broker.set_configs(BROKER, "", {"message.max.bytes": str(3_000_000 + len(topics))})
        broker.set_configs(BROKER, "1", {"log.retention.ms": str(99_000_000 + len(topics))})
        go_on(broker, memory_file)


def main():
    command, address = sys.argv[1:3]
    if command == "state":
        state(address)
    else:
        write(address, *sys.argv[3:])


if __name__ == "__main__":
    main()
