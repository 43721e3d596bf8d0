#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A small Kafka client without dependencies, for tests that must know what is on which socket.

  with Connection("127.0.0.1:9092") as one:
      one.create_topic("t", {"segment.bytes": 1048576})
      pid, epoch = one.init_producer_id()
      offset = one.produce("t", 0, batch([b"x"], pid, epoch, sequence=0), acks=-1)
      values = [record.value for record in one.fetch("t", 0, 0)]

A Connection is one socket. Produce and Fetch have a `*_later` half, and there are send() and
receive(): an answer is read when the test wants it. What the broker refuses is a BrokerError with
Kafka's code.
"""

import collections
import socket
import struct
import time

PRODUCE, FETCH, LIST_OFFSETS, METADATA, API_VERSIONS = 0, 1, 2, 3, 18
CREATE_TOPICS, DELETE_TOPICS, INIT_PRODUCER_ID = 19, 20, 22
DELETE_RECORDS, CREATE_PARTITIONS = 21, 37
LATEST, EARLIEST = -1, -2

Record = collections.namedtuple("Record", "offset timestamp key value")


class BrokerError(Exception):
    """What the broker refused; `code` is Kafka's error code."""

    def __init__(self, code, what):
        super().__init__(f"{what}: error {code}")
        self.code = code


def _castagnoli_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _castagnoli_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def varint(number):
    """Zigzag, seven bits a byte."""
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _sized(data):
    return varint(-1) if data is None else varint(len(data)) + data


def batch(values, producer_id=-1, epoch=-1, sequence=-1, keys=None, timestamp_ms=None):
    """A record batch of format 2, uncompressed."""
    now = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    records = b""
    for index, value in enumerate(values):
        key = keys[index] if keys else None
        body = b"\0" + varint(0) + varint(index) + _sized(key) + _sized(value) + varint(0)
        records += varint(len(body)) + body
    count = len(values)
    checked = struct.pack(">hiqqqhii", 0, count - 1, now, now, producer_id, epoch, sequence, count)
    checked += records
    rest = struct.pack(">ibI", -1, 2, crc32c(checked)) + checked
    return struct.pack(">qi", 0, len(rest)) + rest


class Reader:
    """Takes numbers and texts off the front of `data`."""

    def __init__(self, data):
        self.data = data
        self.position = 0

    def take(self, size):
        if size < 0 or self.position + size > len(self.data):
            raise ValueError(f"{size} bytes wanted, {len(self.data) - self.position} left")
        self.position += size
        return self.data[self.position - size:self.position]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))[0]

    def text(self):
        size = self.number("h")
        return None if size < 0 else self.take(size).decode()

    def data_field(self):
        size = self.number("i")
        return None if size < 0 else self.take(size)

    def varint(self):
        shift = value = 0
        while True:
            byte = self.number("B")
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)

    def sized(self):
        size = self.varint()
        return None if size < 0 else self.take(size)

    def more(self):
        return self.position < len(self.data)


def records_of(data, first_offset=0):
    """The records of plain batches from `first_offset` on. A batch cut short at the end is left."""
    reader = Reader(data or b"")
    while len(reader.data) - reader.position >= 61:
        base, length = struct.unpack_from(">qi", reader.data, reader.position)
        if reader.position + 12 + length > len(reader.data):
            return
        body = Reader(reader.data[reader.position:reader.position + 12 + length])
        reader.take(12 + length)
        body.take(16)
        magic, crc = body.number("b"), body.number("I")
        if magic != 2 or crc32c(body.data[21:]) != crc:
            raise ValueError(f"the batch at offset {base} is damaged")
        attributes = body.number("h")
        body.number("i")
        first_time = body.number("q")
        body.take(8 + 8 + 2 + 4)
        count = body.number("i")
        if attributes & 0x27:
            continue  # compressed or control: no test of this client writes those
        for _ in range(count):
            body.varint()
            body.take(1)
            time_delta, delta = body.varint(), body.varint()
            key, value = body.sized(), body.sized()
            for _ in range(body.varint()):
                body.sized(), body.sized()
            if base + delta >= first_offset:
                yield Record(base + delta, first_time + time_delta, key, value)


def batches_of(data):
    """(base offset, last offset, bytes) of each whole batch. What the broker stamps (base offset,
    leader epoch) stands in the first 16 bytes; the others are as they were produced."""
    position = 0
    while data and len(data) - position >= 61:
        base, length = struct.unpack_from(">qi", data, position)
        if position + 12 + length > len(data):
            return
        delta, = struct.unpack_from(">i", data, position + 23)
        yield base, base + delta, data[position:position + 12 + length]
        position += 12 + length


def _text(value):
    if value is None:
        return struct.pack(">h", -1)
    return struct.pack(">h", len(value.encode())) + value.encode()


class Connection:
    """One socket. Requests are of versions that are not flexible: those are short."""

    def __init__(self, address, timeout_s=30):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def frame(self, key, version, body, client="wire.py"):
        self.correlation += 1
        header = struct.pack(">hhi", key, version, self.correlation) + _text(client)
        return struct.pack(">i", len(header) + len(body)) + header + body

    def send(self, key, version, body):
        """Sends a request; returns its correlation id."""
        self.socket.sendall(self.frame(key, version, body))
        return self.correlation

    def _exactly(self, size):
        out = bytearray()
        while len(out) < size:
            more = self.socket.recv(size - len(out))
            if not more:
                raise ConnectionError("the broker closed the connection")
            out += more
        return bytes(out)

    def receive(self, correlation=None):
        """The body of the next answer, which must be the one to `correlation` if that is given."""
        reader = Reader(self._exactly(struct.unpack(">i", self._exactly(4))[0]))
        got = reader.number("i")
        if correlation is not None and got != correlation:
            raise ValueError(f"answer {got} came where {correlation} was expected")
        return reader

    def ask(self, key, version, body):
        return self.receive(self.send(key, version, body))

    def api_versions(self):
        """{api key: (lowest, highest version)}."""
        reader = self.ask(API_VERSIONS, 0, b"")
        self._check(reader.number("h"), "ApiVersions")
        return {reader.number("h"): (reader.number("h"), reader.number("h"))
                for _ in range(reader.number("i"))}

    def create_topic(self, name, configs=None, partitions=1, timeout_ms=30000):
        configs = configs or {}
        body = struct.pack(">i", 1) + _text(name)
        body += struct.pack(">ihii", partitions, 1, 0, len(configs))
        for key, value in configs.items():
            body += _text(key) + _text(str(value))
        reader = self.ask(CREATE_TOPICS, 2, body + struct.pack(">i?", timeout_ms, False))
        reader.number("i"), reader.number("i"), reader.text()
        self._check(reader.number("h"), f"CreateTopics {name}")

    def delete_topic(self, name, timeout_ms=30000):
        body = struct.pack(">i", 1) + _text(name) + struct.pack(">i", timeout_ms)
        reader = self.ask(DELETE_TOPICS, 1, body)
        reader.number("i"), reader.number("i"), reader.text()
        self._check(reader.number("h"), f"DeleteTopics {name}")

    def add_partitions(self, name, total, timeout_ms=30000):
        body = struct.pack(">i", 1) + _text(name) + struct.pack(">ii", total, -1)
        reader = self.ask(CREATE_PARTITIONS, 1, body + struct.pack(">i?", timeout_ms, False))
        reader.number("i"), reader.number("i"), reader.text()
        self._check(reader.number("h"), f"CreatePartitions {name}")

    def delete_records(self, name, partition, until, timeout_ms=30000):
        body = struct.pack(">i", 1) + _text(name) + struct.pack(">iiq", 1, partition, until)
        reader = self.ask(DELETE_RECORDS, 1, body + struct.pack(">i", timeout_ms))
        reader.number("i"), reader.number("i"), reader.text()
        reader.number("i"), reader.number("i"), reader.number("q")
        self._check(reader.number("h"), f"DeleteRecords {name}")

    def topics(self):
        """{topic: number of partitions}."""
        reader = self.ask(METADATA, 1, struct.pack(">i", -1))
        for _ in range(reader.number("i")):
            reader.number("i"), reader.text(), reader.number("i"), reader.text()
        reader.number("i")
        out = {}
        for _ in range(reader.number("i")):
            reader.number("h")
            name = reader.text()
            reader.number("?")
            partitions = reader.number("i")
            for _ in range(partitions):
                reader.take(2 + 4 + 4)
                reader.take(4 * reader.number("i")), reader.take(4 * reader.number("i"))
            out[name] = partitions
        return out

    def init_producer_id(self):
        """(producer id, epoch) for an idempotent producer."""
        reader = self.ask(INIT_PRODUCER_ID, 0, _text(None) + struct.pack(">i", 60000))
        reader.number("i")
        self._check(reader.number("h"), "InitProducerId")
        return reader.number("q"), reader.number("h")

    def produce_later(self, topic, partition, records, acks=-1, timeout_ms=30000):
        body = _text(None) + struct.pack(">hii", acks, timeout_ms, 1) + _text(topic)
        body += struct.pack(">iii", 1, partition, len(records)) + records
        return self.send(PRODUCE, 7, body)

    def produced(self, correlation):
        """The base offset that the answer to a produce_later() tells."""
        reader = self.receive(correlation)
        reader.number("i")
        topic = reader.text()
        reader.number("i"), reader.number("i")
        self._check(reader.number("h"), f"Produce {topic}")
        return reader.number("q")

    def produce(self, topic, partition, records, acks=-1, timeout_ms=30000):
        return self.produced(self.produce_later(topic, partition, records, acks, timeout_ms))

    def list_offset(self, topic, partition, at=LATEST):
        body = struct.pack(">ibi", -1, 0, 1) + _text(topic) + struct.pack(">iiq", 1, partition, at)
        reader = self.ask(LIST_OFFSETS, 2, body)
        reader.number("i"), reader.number("i"), reader.text()
        reader.number("i"), reader.number("i")
        self._check(reader.number("h"), f"ListOffsets {topic}")
        reader.number("q")
        return reader.number("q")

    def fetch_later(self, topic, partition, offset, wait_ms=500, min_bytes=1, max_bytes=1 << 20):
        body = struct.pack(">iiiibi", -1, wait_ms, min_bytes, max_bytes, 0, 1) + _text(topic)
        return self.send(FETCH, 4, body + struct.pack(">iiqi", 1, partition, offset, max_bytes))

    def fetched_raw(self, correlation):
        """The batches as they came, and the high watermark."""
        reader = self.receive(correlation)
        reader.number("i"), reader.number("i")
        topic = reader.text()
        reader.number("i"), reader.number("i")
        self._check(reader.number("h"), f"Fetch {topic}")
        watermark = reader.number("q")
        reader.number("q")
        reader.take(16 * max(0, reader.number("i")))
        return reader.data_field() or b"", watermark

    def fetched(self, correlation, offset=0):
        """The records from `offset` on, and the high watermark."""
        data, watermark = self.fetched_raw(correlation)
        return list(records_of(data, offset)), watermark

    def fetch(self, topic, partition, offset, **limits):
        return self.fetched(self.fetch_later(topic, partition, offset, **limits), offset)[0]

    def fetch_all(self, topic, partition, start=0):
        """Every record up to the end that the partition has now."""
        end = self.list_offset(topic, partition)
        while start < end:
            records = self.fetch(topic, partition, start)
            yield from (record for record in records if record.offset < end)
            if not records:
                raise ValueError(f"no records at {start}, before the end {end}")
            start = records[-1].offset + 1

    @staticmethod
    def _check(code, what):
        if code != 0:
            raise BrokerError(code, what)
