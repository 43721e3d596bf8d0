#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""First figures: eventd beside real Apache Kafka, in turn, in one run.

  bench/bench.py [--pairs N] [--lines N] [--json] [ROW..]

A row starts both brokers anew for every measurement, A B A B ..., and reports the median of the
ratios of neighbours with their least and greatest, because this machine's speed may change from one
minute to the next. What was read back is compared with what was written, or the row is void.
Broker CPU is user plus system time of the broker's process between the first and the last byte.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVENTD = pathlib.Path(os.environ.get("EVENTD", ROOT / "build/release/eventd"))
KAFKA = ROOT / "tests/peers/kafka"
TICK = os.sysconf("SC_CLK_TCK")
PAGE_CACHE = str(2**63 - 1)  # flush.messages as Kafka has it: the kernel decides when to write


def free_port():
    """A port such that the next one is free as well: Kafka's controller listens there. Below those
    that the system gives to clients, which would take it before Kafka has started."""
    while True:
        port = random.randrange(20000, 30000, 2)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                continue


class Broker:
    """A broker in a folder of its own; `with` starts and stops it."""

    def __init__(self, flush_messages, folder):
        self.flush_messages = flush_messages
        self.folder = pathlib.Path(folder)
        self.pid = 0
        self.port = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory_mib(self):
        text = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1)) / 1024


class Eventd(Broker):
    name = "eventd"

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [EVENTD, "-q", "--data-dir", self.folder / "data", "--port", "0",
                 "-X", "num.partitions=1",
                 "-X", f"log.flush.interval.messages={self.flush_messages}"],
                stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        match = re.match(r"listening on .*:(\d+)$", line.strip())
        if not match:
            raise SystemExit(f"bench: eventd did not start: {line!r}")
        self.pid, self.port = self.process.pid, int(match.group(1))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(20)
        self.process.stdout.close()
        complaints = (self.folder / "log").read_text()
        if complaints:  # of a config that it did not take, for one
            raise SystemExit(f"bench: eventd complained:\n{complaints}")


class Kafka(Broker):
    name = "kafka"

    def start(self):
        self.port = self.port or free_port()
        options = [f"log.flush.interval.messages={self.flush_messages}", "num.partitions=1"]
        subprocess.run([KAFKA, "start", self.folder, str(self.port), *options], check=True,
                       stdout=subprocess.DEVNULL)
        self.pid = int((self.folder / "pid").read_text())

    def stop(self, how=signal.SIGTERM):
        if how == signal.SIGTERM:
            subprocess.run([KAFKA, "stop", self.folder], check=True)
            return
        os.kill(self.pid, how)
        while pathlib.Path(f"/proc/{self.pid}").exists():
            time.sleep(0.01)


def kcat(broker, *arguments, **options):
    command = ["kcat", "-q", "-b", f"127.0.0.1:{broker.port}", *arguments]
    return subprocess.run(command, check=True, stderr=subprocess.DEVNULL, **options)


def timed(broker, act):
    """Runs `act` and returns (wall seconds, CPU seconds of the broker)."""
    cpu, start = broker.cpu_seconds(), time.monotonic()
    act()
    return time.monotonic() - start, broker.cpu_seconds() - cpu


def await_answer(broker):
    """Asks for metadata until there is an answer: a Kafka that has just started may have none."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return kcat(broker, "-L", "-m", "5", stdout=subprocess.DEVNULL)
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise


class Lines:
    """The input of the rows: numbered lines of 100 bytes, newline included."""

    def __init__(self, count, folder):
        self.count = count
        self.path = pathlib.Path(folder) / "lines"
        digest = hashlib.sha256()
        with open(self.path, "wb") as out:
            for first in range(0, count, 10000):
                block = b"".join(b"%010d %s\n" % (i, b"abcdefghij" * 8 + b"12345678")
                                 for i in range(first, min(first + 10000, count)))
                digest.update(block)
                out.write(block)
        self.sha256 = digest.hexdigest()


def write_lines(broker, lines, acks):
    return timed(broker, lambda: kcat(broker, "-P", "-t", "lines", "-l", str(lines.path),
                                      "-X", f"acks={acks}", "-X", "linger.ms=5",
                                      stdout=subprocess.DEVNULL))


def read_lines(broker, lines):
    out = broker.folder / "read"

    def act():
        with open(out, "wb") as sink:
            kcat(broker, "-C", "-t", "lines", "-o", "beginning", "-e",
                 "-X", "queued.min.messages=1000000", stdout=sink)

    wall, cpu = timed(broker, act)
    with open(out, "rb") as source:
        if hashlib.file_digest(source, "sha256").hexdigest() != lines.sha256:
            raise SystemExit(f"bench: {broker.name} did not give back what was written")
    out.unlink()
    return wall, cpu


def write_row(acks, durable):
    def measure(kind, lines, folder):
        with kind("1" if durable else PAGE_CACHE, folder) as broker:
            wall, cpu = write_lines(broker, lines, acks)
            read_lines(broker, lines)
        return {"lines/s": lines.count / wall, "broker us/line": cpu / lines.count * 1e6}
    return measure


def read_row(kind, lines, folder):
    with kind(PAGE_CACHE, folder) as broker:
        write_lines(broker, lines, "1")
        wall, cpu = read_lines(broker, lines)
    return {"lines/s": lines.count / wall, "broker us/line": cpu / lines.count * 1e6}


def start_row(kind, lines, folder):
    """A clean start on an existing directory: exec to the first answer of ApiVersions."""
    broker = kind(PAGE_CACHE, folder)
    with broker:
        pass
    start = time.monotonic()
    with broker:
        await_answer(broker)
        wall = time.monotonic() - start
    return {"start and first answer ms": wall * 1e3}


def killed_row(kind, lines, folder):
    """A start after kill -9 with what the write rows leave behind."""
    broker = kind(PAGE_CACHE, folder)
    broker.start()
    write_lines(broker, lines, "1")
    broker.stop(signal.SIGKILL)
    start = time.monotonic()
    with broker:
        await_answer(broker)
        wall = time.monotonic() - start
        read_lines(broker, lines)
    return {"start and first answer ms": wall * 1e3}


def idle_row(kind, lines, folder):
    with kind(PAGE_CACHE, folder) as broker:
        await_answer(broker)
        return {"idle MiB": broker.memory_mib()}


ROWS = {
    "write-acks1": ("kcat writes, acks=1, page cache", write_row("1", False)),
    "write-acksall": ("kcat writes, acks=all, page cache", write_row("all", False)),
    "write-acks1-durable": ("kcat writes, acks=1, flush.messages=1", write_row("1", True)),
    "write-acksall-durable": ("kcat writes, acks=all, flush.messages=1", write_row("all", True)),
    "read": ("kcat reads from the page cache", read_row),
    "start": ("start on a clean directory", start_row),
    "start-killed": ("start after kill -9", killed_row),
    "idle": ("idle memory (Pss)", idle_row),
}


def run_row(name, pairs, lines, scratch, as_json):
    title, measure = ROWS[name]
    taken = {"eventd": [], "kafka": []}
    for _ in range(pairs):
        for kind in (Eventd, Kafka):
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                taken[kind.name].append(measure(kind, lines, folder))
            os.sync()
    for figure in taken["eventd"][0]:
        ours = [taken_once[figure] for taken_once in taken["eventd"]]
        theirs = [taken_once[figure] for taken_once in taken["kafka"]]
        ratios = [a / b for a, b in zip(ours, theirs)]
        row = {"row": name, "figure": figure, "pairs": pairs,
               "eventd": statistics.median(ours), "kafka": statistics.median(theirs),
               "ratio": statistics.median(ratios), "ratio_min": min(ratios),
               "ratio_max": max(ratios)}
        if as_json:
            print(json.dumps(row), flush=True)
        else:
            print(f"{title:42} {figure:26} eventd {row['eventd']:12.4g}  kafka {row['kafka']:12.4g}"
                  f"  ratio {row['ratio']:.3f} [{row['ratio_min']:.3f} .. {row['ratio_max']:.3f}]",
                  flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--lines", type=int, default=3_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}; rows: {', '.join(ROWS)}")
    for program in ("kcat", "java", "mvn"):
        if not shutil.which(program):
            raise SystemExit(f"bench: {program} is not installed")
    with tempfile.TemporaryDirectory(prefix="eventd-bench.") as scratch:
        lines = Lines(options.lines, scratch)
        for name in options.rows or ROWS:
            run_row(name, options.pairs, lines, scratch, options.json)


if __name__ == "__main__":
    sys.exit(main())
