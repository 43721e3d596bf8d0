#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What decides whether real clients work at all: each of these has broken one.

Which APIs and versions are advertised, how ApiVersions answers versions it does not know, headers
of both kinds, the order of answers, acks=0, batches larger than every limit, empty record sets,
what is stamped outside of the checksum and what inside.
"""

import random
import socket
import struct
import tempfile

from broker import Broker
from frames import FrameMaker
from wire import (API_VERSIONS, FETCH, METADATA, PRODUCE, BrokerError, Connection, Reader, batch,
                  crc32c)

UNSUPPORTED_VERSION, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_EPOCH = 35, 45, 47

# key: (lowest, highest) as this broker serves them; nothing else may be advertised.
ADVERTISED = {0: (0, 13), 1: (4, 17), 2: (1, 11), 3: (0, 13), 10: (0, 6), 18: (0, 4), 19: (2, 7),
              20: (1, 6), 21: (0, 2), 22: (0, 5), 23: (2, 4), 32: (1, 4), 33: (0, 2), 35: (1, 5),
              37: (0, 3), 44: (0, 1), 60: (0, 2), 61: (0, 0), 74: (0, 1), 75: (0, 0)}


def raw(one, key, version, correlation, body, flexible=False, client=b"\xff\xff"):
    head = struct.pack(">hhi", key, version, correlation) + client + (b"\0" if flexible else b"")
    one.socket.sendall(struct.pack(">i", len(head) + len(body)) + head + body)


def is_closed(one):
    try:
        return one.socket.recv(1) == b""
    except ConnectionResetError:
        return True


def what_is_advertised(address):
    with Connection(address) as one:
        assert one.api_versions() == ADVERTISED, one.api_versions()
    # librdkafka 2.0.2 stops compressing where Produce does not begin at 0, but nobody may use it.
    for version in (0, 1, 2):
        with Connection(address) as one:
            raw(one, PRODUCE, version, 1, struct.pack(">hii", 1, 1000, 0))
            assert is_closed(one), f"Produce v{version} is refused by closing"
    for key, version in ((4, 0), (7, 0), (11, 0), (999, 0), (-1, 0), (METADATA, 99), (FETCH, 3)):
        with Connection(address) as one:
            raw(one, key, version, 1, b"")
            assert is_closed(one), f"key {key} version {version} is refused by closing"


def api_versions_answers_anybody(address):
    for version in (5, 99, 32767, -1):
        with Connection(address) as one:
            raw(one, API_VERSIONS, version, 77, b"whatever comes here", flexible=True)
            answer = one.receive(77)
            assert answer.number("h") == UNSUPPORTED_VERSION
            rows = {answer.number("h"): (answer.number("h"), answer.number("h"))
                    for _ in range(answer.number("i"))}
            assert not answer.more(), "a version 0 answer ends with its list"
            assert rows.get(API_VERSIONS) == ADVERTISED[API_VERSIONS], rows
            # Clients ask again on the same connection.
            assert one.api_versions() == ADVERTISED
    with Connection(address) as one:
        raw(one, API_VERSIONS, 3, 78, b"\2a\2b\0", flexible=True)
        answer = one.receive(78)
        # The header is of version 0 although the body is flexible: the error comes at once.
        assert answer.number("h") == 0
        assert answer.number("B") == len(ADVERTISED) + 1
        assert b"transaction.version" not in answer.data, "transactions are not served"


def headers_of_both_kinds(address):
    one_topic = b"\2" + b"\2t" + b"\0" + b"\0\0\0" + b"\0"
    for client in (b"\xff\xff", b"\0\0", b"\0\3abc"):
        with Connection(address) as one:
            raw(one, METADATA, 9, 5, one_topic, flexible=True, client=client)
            answer = one.receive(5)
            assert answer.number("B") == 0, "a flexible answer has tags in its header"
            assert answer.number("i") == 0
    with Connection(address) as one:
        # Tags that nobody knows, in the header and in the body, are skipped.
        head = struct.pack(">hhi", METADATA, 9, 6) + b"\xff\xff" + b"\1\x50\3abc"
        body = b"\2" + b"\2t" + b"\1\x07\1x" + b"\0\0\0" + b"\1\x63\0"
        one.socket.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        assert one.receive(6).more()


def order_and_acks(address):
    with Connection(address) as one:
        sent = [one.produce_later("t", 0, batch([b"%d" % i])) for i in range(7)]
        sent.append(one.send(METADATA, 1, struct.pack(">i", 0)))
        sent.append(one.fetch_later("t", 0, 0))
        sent.append(one.produce_later("t", 0, batch([b"last"])))
        for correlation in sent:
            one.receive(correlation)
        # acks=0 has no answer, and what comes next is answered.
        one.produce_later("t", 0, batch([b"silent"]), acks=0)
        one.receive(one.send(METADATA, 1, struct.pack(">i", 0)))
        assert [record.value for record in one.fetch("t", 0, 8)] == [b"silent"]
        one.produce_later("no such topic", 0, batch([b"x"]), acks=0)
        assert is_closed(one), "an error with acks=0 closes the connection"
    with Connection(address) as one:
        one.produce_later("t", 0, batch([b"half-closed"]))
        asked = one.send(METADATA, 1, struct.pack(">i", 0))
        one.socket.shutdown(socket.SHUT_WR)
        one.receive(asked - 1)
        one.receive(asked)
        assert is_closed(one), "who sends no more is answered, then closed"


def sequences(address):
    with Connection(address) as one:
        pid, epoch = one.init_producer_id()
        first = one.produce("t", 0, batch([b"a", b"b"], pid, epoch, 0))
        assert one.produce("t", 0, batch([b"c"], pid, epoch, 2)) == first + 2
        assert one.produce("t", 0, batch([b"a", b"b"], pid, epoch, 0)) == first, "a duplicate"
        for values, at, code in (([b"x"], 9, OUT_OF_ORDER_SEQUENCE_NUMBER),
                                 ([b"x"], 0, OUT_OF_ORDER_SEQUENCE_NUMBER)):
            try:
                one.produce("t", 0, batch(values, pid, epoch, at))
                assert False, "a wrong sequence was taken"
            except BrokerError as error:
                assert error.code == code, error
        assert one.list_offset("t", 0) == first + 3


def raw_records(one, topic, offset, max_bytes, partition_bytes, wait_ms=0):
    """The record set as it stands in the answer: None for null."""
    body = struct.pack(">iiiibi", -1, wait_ms, 1, max_bytes, 0, 1)
    body += struct.pack(">h", len(topic)) + topic.encode()
    body += struct.pack(">iiqi", 1, 0, offset, partition_bytes)
    answer = one.ask(FETCH, 4, body)
    answer.take(4 + 4)
    answer.text()
    answer.take(4 + 4)
    assert answer.number("h") == 0
    answer.take(8 + 8)
    answer.take(16 * max(0, answer.number("i")))
    return answer.data_field()


def record_sets(address):
    with Connection(address) as one:
        one.create_topic("large")
        one.produce("large", 0, batch([b"z" * 50000]))
        one.produce("large", 0, batch([b"z" * 50000]))
        for limits in ((1, 1), (0, 0), (1000, 1 << 20), (1 << 20, 1000)):
            got = raw_records(one, "large", 0, *limits)
            assert 50000 < len(got) < 60000, f"one whole batch, whatever the limits: {len(got)}"
        assert raw_records(one, "large", 2, 1 << 20, 1 << 20) == b"", "empty, but not null"


def stamps(address):
    with Connection(address) as one:
        one.create_topic("stamped")
        one.create_topic("timed", {"message.timestamp.type": "LogAppendTime"})
        for topic in ("stamped", "timed"):
            sent = batch([b"one", b"two"], timestamp_ms=1000)
            one.produce(topic, 0, batch([b"zero"]))
            one.produce(topic, 0, sent)
            got = raw_records(one, topic, 1, 1 << 20, 1 << 20)
            reader = Reader(got)
            assert reader.number("q") == 1, "the base offset is stamped"
            reader.number("i")
            assert reader.number("i") == 0, "the leader epoch is stamped"
            assert reader.number("b") == 2
            crc = reader.number("I")
            assert crc == crc32c(got[21:]), "the checksum holds"
            same = got[21:] == sent[21:]
            assert same == (topic == "stamped"), "only LogAppendTime changes what is checked"


def nothing_is_created_in_vain(address):
    """FindCoordinator answers this node and makes no topic."""
    with Connection(address) as one:
        maker = FrameMaker(random.Random(1), ["t"], [])
        one.socket.sendall(maker.frame(10, 1, False, ["str", "i8"]))
        one.receive(maker.correlation)
        assert not any(name.startswith("__") for name in one.topics())


def main():
    with tempfile.TemporaryDirectory(prefix="traps.") as folder, Broker(folder) as broker:
        with Connection(broker.address) as one:
            one.create_topic("t")
        for trap in (what_is_advertised, api_versions_answers_anybody, headers_of_both_kinds,
                     order_and_acks, record_sets, stamps, sequences, nothing_is_created_in_vain):
            trap(broker.address)
            print("ok", trap.__name__)
        assert broker.end() == 0


main()
