#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is not in the page cache is read beside the loop, and its checksums are looked at.

Records that were dropped from memory come back as they were. A batch that the disk has damaged is
KAFKA_STORAGE_ERROR for its partition; the batches before it and other partitions are served. A file
that was cut short under the broker gives neither foreign bytes nor a connection that hangs.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time

from broker import Broker
from wire import BrokerError, Connection, batch

KAFKA_STORAGE_ERROR = 56
SMALL, LARGE = 100, 300_000  # copied into the answer, and sent from the file


def let_go_of_what_was_sent():
    """Pages that were sent from a file are held until their packets are freed, and the kernel
    leaves that to the next packet on the processor which sent them: one arrives on each."""
    allowed = os.sched_getaffinity(0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        for processor in allowed:
            os.sched_setaffinity(0, {processor})
            one.sendto(b"", one.getsockname())
    os.sched_setaffinity(0, allowed)


def drop_from_memory(path):
    """Ends the test as skipped where pages do not go. They may be in use for a moment."""
    deadline = time.monotonic() + 10
    while not try_to_drop(path):
        let_go_of_what_was_sent()
        if time.monotonic() > deadline:
            print("cold_reads: skipped: files cannot be dropped from memory here")
            sys.exit(77)
        time.sleep(0.02)  # between two polls


def try_to_drop(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
    pages = subprocess.run(["fincore", "-n", "-o", "PAGES", str(path)], stdout=subprocess.PIPE,
                           check=True)
    return int(pages.stdout) == 0


def flip(path, position):
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 1]))


def values(one, topic, offset, **limits):
    return [record.value for record in one.fetch(topic, 0, offset, **limits)]


def refused(one, topic, offset):
    try:
        one.fetch(topic, 0, offset, wait_ms=0)
    except BrokerError as error:
        return error.code
    return 0


def story(folder, size):
    with Broker(folder) as broker, Connection(broker.address) as one:
        one.create_topic("t")
        one.create_topic("other")
        one.produce("other", 0, batch([b"sound"]))
        written = [bytes([65 + i]) * size for i in range(10)]
        ends = []
        path = broker.data / "t-0" / "00000000000000000000.log"
        for value in written:
            one.produce("t", 0, batch([value]))
            ends.append(path.stat().st_size)
        drop_from_memory(path)
        assert values(one, "t", 0, max_bytes=20 << 20) == written, "what was dropped is as it was"

        # Batch 4 is damaged: in its records, then in its header.
        for position in (ends[4] - 3, ends[3] + 20, ends[3] + 9):
            flip(path, position)
            drop_from_memory(path)
            assert values(one, "t", 0, max_bytes=20 << 20) == written[:4], "those before it come"
            assert refused(one, "t", 4) == KAFKA_STORAGE_ERROR
            assert values(one, "other", 0) == [b"sound"]
            flip(path, position)
            drop_from_memory(path)
            assert values(one, "t", 4, max_bytes=20 << 20) == written[4:]

        # Somebody cuts the file.
        os.truncate(path, ends[7] + 70)
        assert values(one, "t", 0, max_bytes=20 << 20) == written[:8]
        assert refused(one, "t", 8) == KAFKA_STORAGE_ERROR
        assert values(one, "other", 0) == [b"sound"]
        log = (broker.folder / "broker.log").read_text()
        assert "damaged" in log, "the log says nothing of the damage"


def main():
    for size in (SMALL, LARGE):
        with tempfile.TemporaryDirectory(prefix="cold-reads.") as folder:
            story(folder, size)
    print("dropped batches come back, damaged ones are told")


main()
