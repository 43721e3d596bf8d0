#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures: eventd beside real Apache Kafka, the tools beside kcat, in turn, in one run.

  bench/bench.py [--pairs N] [--lines N] [--json] [ROW..]

A broker row starts both brokers anew for every measurement, A B A B ..; a tool row starts eventd
anew and lets every program do the same job. What was read back is compared with what was written,
or the row is void. CPU is user plus system time of the process that is named.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time

import tools
from brokers import DURABLE, PAGE_CACHE, Eventd, Kafka, await_answer, kcat, timed
from paired import Lines, demand, in_turn, report, sha256


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
    demand(sha256(out) == lines.sha256, f"{broker.name} did not give back what was written")
    out.unlink()
    return wall, cpu


def write_row(acks, durable):
    def measure(kind, lines, folder):
        with kind(DURABLE if durable else PAGE_CACHE, folder) as broker:
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


def broker_row(title, measure):
    def run(name, options, scratch):
        lines = Lines(options.lines, 100, scratch)
        contestants = {kind.name: lambda folder, kind=kind: measure(kind, lines, folder)
                       for kind in (Eventd, Kafka)}
        report(name, title, in_turn(contestants, options.pairs, scratch), options.json)
    return run


def all_rows():
    rows = {name: broker_row(title, measure) for name, (title, measure) in ROWS.items()}
    return rows | tools.ROWS


def main():
    rows = all_rows()
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(rows))
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--lines", type=int, default=3_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    unknown = set(options.rows) - set(rows)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}; rows: {', '.join(rows)}")
    wanted = options.rows or list(rows)
    needed = ["kcat"] + ["java", "mvn"] * bool(set(wanted) & set(ROWS))
    for program in needed:
        demand(shutil.which(program), f"{program} is not installed")
    with tempfile.TemporaryDirectory(prefix="eventd-bench.") as scratch:
        for name in wanted:
            rows[name](name, options, scratch)


if __name__ == "__main__":
    sys.exit(main())
