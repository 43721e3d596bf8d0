#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a peer can choose has limits: connections, descriptors, frames, what a short question costs.

Beyond max.connections others wait in the queue; beyond max.connections.per.ip they are closed. A
process with few descriptors keeps enough of them for its logs. A declared length costs nothing. A
fetch over hundreds of partitions wakes for one.
"""

import pathlib
import socket
import struct
import tempfile

from broker import Broker, sanitizer_of, until
from wire import METADATA, Connection, batch

FRAME_MAX = 1 << 20


def is_closed(one):
    try:
        return one.socket.recv(1) == b""
    except ConnectionResetError:
        return True


def answers(one, seconds):
    """Whether a question is answered in that time."""
    one.socket.settimeout(seconds)
    try:
        one.ask(METADATA, 1, struct.pack(">i", 0))
        return True
    except socket.timeout:
        return False


def connections(folder):
    with Broker(folder, "-X", "max.connections=5", "-X", "num.network.threads=2") as broker:
        inside = [Connection(broker.address) for _ in range(5)]
        assert all(answers(one, 30) for one in inside)
        waits = Connection(broker.address)
        correlation = waits.send(METADATA, 1, struct.pack(">i", 0))
        waits.socket.settimeout(0.3)
        try:
            waits.receive(correlation)
            assert False, "one connection too many was served"
        except socket.timeout:
            pass
        inside.pop().close()
        waits.socket.settimeout(30)
        waits.receive(correlation)
        assert broker.end() == 0


def connections_of_one_address(folder):
    with Broker(folder, "-X", "max.connections.per.ip=3") as broker:
        inside = [Connection(broker.address) for _ in range(3)]
        assert all(answers(one, 30) for one in inside)
        assert is_closed(Connection(broker.address)), "the fourth is closed"
        inside.pop().close()
        until(lambda: not is_refused(broker.address), "after one has left another is let in")
    with Broker(folder, "-X", "max.connections.per.ip=1", "-X",
                "max.connections.per.ip.overrides=127.0.0.1:2,10.0.0.1:0") as broker:
        inside = [Connection(broker.address) for _ in range(2)]
        assert all(answers(one, 30) for one in inside)
        assert is_closed(Connection(broker.address)), "the third is closed"


def is_refused(address):
    try:
        with Connection(address) as one:
            return not answers(one, 30)
    except ConnectionError:
        return True


def few_descriptors(folder):
    """A crowd of connections must not take the descriptors that appends and syncs need."""
    with Broker(folder, wrapper=["prlimit", "--nofile=128:128"]) as broker:
        one = Connection(broker.address)
        one.create_topic("t", {"segment.bytes": 1 << 20}, partitions=40)
        large = batch([b"x" * 600000])
        crowd = []
        for _ in range(200):
            crowd.append(socket.create_connection(("127.0.0.1", broker.port)))
        for partition in range(40):
            for _ in range(2):
                one.produce("t", partition, large, acks=-1)
        for other in crowd:
            other.close()
        until(lambda: not is_refused(broker.address), "there is room again")
        assert broker.end() == 0, "the broker ends with 0"


def frames(folder):
    with Broker(folder, "-X", f"socket.request.max.bytes={FRAME_MAX}") as broker:
        for size in (FRAME_MAX + 1, 0x7FFFFFFF, -1, 0):
            with Connection(broker.address) as one:
                one.socket.sendall(struct.pack(">i", size))
                assert is_closed(one), f"a frame of {size} bytes is refused"
        with Connection(broker.address) as one:
            # As large as it may be: what is in it is no request, but that is seen at its end.
            one.socket.sendall(struct.pack(">i", FRAME_MAX))
            rest = b"\x7f" * FRAME_MAX
            one.socket.sendall(rest[:-1])
            assert not answers_anything(one)
            one.socket.sendall(rest[-1:])
            assert is_closed(one)


def answers_anything(one):
    one.socket.settimeout(0.2)
    try:
        one.socket.recv(1)
        return True
    except socket.timeout:
        return False
    finally:
        one.socket.settimeout(30)


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def memory(folder):
    with Broker(folder) as broker:
        one = Connection(broker.address)
        long_name = "t" * 60
        one.create_topic(long_name, partitions=10)
        before = resident_kib(broker.process.pid)
        peers = [socket.create_connection(("127.0.0.1", broker.port)) for _ in range(200)]
        for peer in peers:
            peer.sendall(struct.pack(">ihh", 100 << 20, 0, 7))
        # The same topic, named very often: it is told once.
        name = struct.pack(">h", len(long_name)) + long_name.encode()
        answer = one.ask(METADATA, 1, struct.pack(">i", 20_000) + name * 20_000)
        assert len(answer.data) < 2000, f"an answer of {len(answer.data)} bytes"
        grown = resident_kib(broker.process.pid) - before
        assert sanitizer_of(broker.process.pid) or grown < 60 << 10, f"{grown} KiB for nothing"


def many_partitions(folder):
    with Broker(folder) as broker, Connection(broker.address) as reader, \
            Connection(broker.address) as writer:
        count = 300
        writer.create_topic("many", partitions=count)
        body = struct.pack(">iiiibi", -1, 60000, 1, 1 << 20, 0, 1) + struct.pack(">h", 4) + b"many"
        body += struct.pack(">i", count)
        body += b"".join(struct.pack(">iqi", index, 0, 1000) for index in range(count))
        correlation = reader.send(1, 4, body)
        assert not answers_anything(reader)
        writer.produce("many", 234, batch([b"one"]))
        assert reader.receive(correlation).data.count(b"one") == 1
        for index in (3, 299):
            writer.produce("many", index, batch([b"two"]))
        correlation = reader.send(1, 4, body)
        assert reader.receive(correlation).data.count(b"two") == 2
        assert broker.end() == 0


def main():
    for part in (connections, connections_of_one_address, few_descriptors, frames, memory,
                 many_partitions):
        with tempfile.TemporaryDirectory(prefix="limits.") as folder:
            part(folder)
        print("ok", part.__name__)


main()
