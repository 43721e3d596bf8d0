#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Acknowledged means synced. strace makes every fdatasync of the broker slow, or fail.

Slow: acks=all takes at least the delay, acks=1 does not; no consumer sees a record before its sync,
and ListOffsets on another connection counts a record as soon as its acks=1 answer was read.
Failing, of a file or of a folder: no acknowledgement of records or topics, no consumer sees the
record, and the broker ends with status 4; it starts again.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

from broker import Broker
from wire import BrokerError, Connection, batch

DELAY_S = 0.2


def strace(injection):
    """A wrapper for the broker. Without an injection: does strace work here at all?"""
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", injection]


def took(action):
    began = time.monotonic()
    value = action()
    return value, time.monotonic() - began


def slow(folder):
    wrapper = strace(f"inject=fdatasync:delay_enter={int(DELAY_S * 1e6)}")
    with Broker(folder, wrapper=wrapper) as broker, Connection(broker.address) as writer, \
            Connection(broker.address) as reader, Connection(broker.address) as asker:
        writer.create_topic("t")
        _, seconds = took(lambda: writer.produce("t", 0, batch([b"all 0"]), acks=-1))
        assert seconds >= DELAY_S, f"acks=all was answered after {seconds:.3f} s"

        fastest = DELAY_S
        for attempt in range(5):
            # The consumer is parked at the end before the record is written.
            parked = reader.fetch_later("t", 0, attempt + 1, wait_ms=10000)
            time.sleep(0.05)  # input: the fetch arrives first
            began = time.monotonic()
            offset, seconds = took(lambda: writer.produce("t", 0, batch([b"one"]), acks=1))
            fastest = min(fastest, seconds)
            assert offset == attempt + 1
            end, asked = took(lambda: asker.list_offset("t", 0))
            assert end == offset + 1, f"ListOffsets says {end} after {offset} was acknowledged"
            records, watermark = reader.fetched(parked, offset)
            seen = time.monotonic() - began
            assert [record.value for record in records] == [b"one"] and watermark == offset + 1
            assert seen >= DELAY_S, f"a consumer saw a record {seen:.3f} s after it was written"
            print(f"acks=1 {seconds:.3f} s, ListOffsets {asked:.3f} s, seen after {seen:.3f} s")
        # One that waited for its sync could not be faster than that, however busy the machine is.
        assert fastest < DELAY_S, f"acks=1 was answered after {fastest:.3f} s at the earliest"

        correlation = writer.produce_later("t", 0, batch([b"last"]), acks=-1)
        began = time.monotonic()
        while time.monotonic() - began < DELAY_S / 2:
            assert reader.fetch("t", 0, 6, wait_ms=0) == [], "a record was seen before its sync"
        assert writer.produced(correlation) == 6
        assert [record.value for record in reader.fetch("t", 0, 6)] == [b"last"]


def failing(folder, call, errno, ask):
    """The first folder is made by a sound broker, so that only the sync of what is asked can
    fail. Then the broker starts again, and shows nothing that was refused as done."""
    with Broker(folder) as broker, Connection(broker.address) as writer:
        writer.create_topic("t")
        writer.produce("t", 0, batch([b"before"]), acks=-1)
        broker.end()
    with Broker(folder) as broker, Connection(broker.address) as writer, \
            Connection(broker.address) as reader:
        parked = reader.fetch_later("t", 0, 1, wait_ms=30000)
        with subprocess.Popen(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                 f"inject={call}:error={errno}", "-p", str(broker.process.pid)]) as tracer:
            wait_until_traced(broker.process.pid)
            acknowledged, code = None, 56
            try:
                acknowledged = ask(writer)
            except BrokerError as error:
                code = error.code
            except OSError:
                pass
            records = []
            try:
                records, _ = reader.fetched(parked)
            except (BrokerError, OSError):
                pass
            try:
                status = broker.process.wait(20)
            except subprocess.TimeoutExpired:
                status = "no end at all"
            finally:
                broker.process.kill()  # or strace would stay
    assert code == 56, f"KAFKA_STORAGE_ERROR was expected, not {code}"
    assert not acknowledged, f"{acknowledged} although {call} says {errno}"
    assert not records, f"a consumer saw {records} although {call} says {errno}"
    assert status == 4, f"eventd ended with {status} after a failed {call} ({errno})"
    with Broker(folder) as broker, Connection(broker.address) as one:
        assert one.fetch("t", 0, 0)[0].value == b"before"
        assert broker.end() == 0


def produce(acks):
    def ask(writer):
        offset = writer.produce("t", 0, batch([b"lost"]), acks=acks)
        return f"acks={acks} was acknowledged with offset {offset}" if acks != 1 else None
    return ask


def create_topic(writer):
    writer.create_topic("new")
    return "a topic was acknowledged"


def produce_into_new_topic(writer):
    """The creation needs no sync of a folder; the first acknowledged record of its log does."""
    writer.create_topic("new")
    writer.produce("new", 0, batch([b"lost"]), acks=-1)
    return "the first record of a topic was acknowledged"


def wait_until_traced(pid):
    """Until every thread of the process has a tracer."""
    deadline = time.monotonic() + 10
    while True:
        threads = list(pathlib.Path(f"/proc/{pid}/task").glob("*/status"))
        if threads and not any("TracerPid:\t0\n" in one.read_text() for one in threads):
            return
        assert time.monotonic() < deadline, "strace does not trace"
        time.sleep(0.01)  # between two polls


def main():
    can = subprocess.run([*strace("inject=fdatasync:delay_enter=1"), "true"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if can.returncode != 0:
        print(f"sync_is_real: skipped: strace cannot trace here: {can.stdout.decode().strip()}")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="sync-slow.") as folder:
        slow(folder)
    cases = [("fdatasync", errno, produce(acks))
             for errno in ("EIO", "ENOSPC", "EDQUOT") for acks in (-1, 1)]
    cases += [("fdatasync", "EIO", create_topic), ("fdatasync", "ENOSPC", create_topic),
              ("fsync", "EIO", produce_into_new_topic)]
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="sync-failing.") as folder:
            failing(folder, *case)
    print("a failed sync acknowledges nothing and ends the broker with 4")


main()
