# SPDX-License-Identifier: Apache-2.0
"""The rows of the tools: each does a job beside kcat, kcat at its best, and the least that any
program could do."""

import json
import pathlib
import resource
import statistics
import subprocess
import time

from brokers import DURABLE, PAGE_CACHE, PROGRAMS, ROOT, Eventd
from paired import Lines, demand, in_turn, report, sha256

RUNS = 30  # of a job that takes milliseconds, within a turn
# What kcat needs to be fast: in, and out.
TUNED_IN = ["-X", "linger.ms=50", "-X", "batch.size=1000000", "-X", "batch.num.messages=100000",
            "-X", "queue.buffering.max.messages=2000000"]
TUNED_OUT = ["-X", "queued.min.messages=1000000"]


def ours(name, broker, *arguments):
    return [PROGRAMS / name, "-q", "-b", f"127.0.0.1:{broker.port}", *arguments]


def kcat(broker, *arguments):
    return ["kcat", "-q", "-b", f"127.0.0.1:{broker.port}", *arguments]


def run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
    """(wall seconds, CPU seconds) of a process that must succeed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, stdin=stdin, stdout=stdout, check=True)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rates(count, wall, cpu):
    return {"lines/s": count / wall, "tool us/line": cpu / count * 1e6}


def piped(command, path):
    """`cat path | command`"""
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        return run(command, stdin=cat.stdout)


def check_topic(broker, topic, lines):
    out = broker.folder / "check"
    with open(out, "wb") as sink:
        run(ours("event-consume", broker, topic), stdout=sink)
    demand(sha256(out) == lines.sha256, f"{topic} is not what was written")
    out.unlink()


def write_row(flush_messages):
    def row(name, options, scratch):
        lines = Lines(options.lines, 200, scratch)

        def with_broker(command_of):
            def measure(folder):
                with Eventd(flush_messages, folder) as broker:
                    run(ours("event-admin", broker, "topic", "create", "t"))
                    wall, cpu = piped(command_of(broker), lines.path)
                    check_topic(broker, "t", lines)
                return rates(lines.count, wall, cpu)
            return measure

        report(name, "cat f | event-produce", in_turn({
            "event-produce": with_broker(lambda broker: ours("event-produce", broker, "t")),
            "kcat": with_broker(lambda broker: kcat(broker, "-P", "-t", "t")),
            "kcat tuned": with_broker(lambda broker: kcat(broker, "-P", "-t", "t", *TUNED_IN)),
            "cat": lambda folder: rates(lines.count, *piped(["cat"], lines.path)),
        }, options.pairs, scratch), options.json)
    return row


def fill(broker, lines, *arguments):
    run(ours("event-admin", broker, "topic", "create", "t"))
    with open(lines.path, "rb") as source:
        run(ours("event-produce", broker, "t", *arguments), stdin=source)


def into(command, lines, path=None):
    """A measurement: the command's stdout, or the file it makes, must be the lines."""
    def measure(folder):
        out = path(folder) if path else folder / "out"
        with open(folder / "out", "wb") as sink:
            wall, cpu = run(command(folder) if callable(command) else command, stdout=sink)
        demand(sha256(out) == lines.sha256, f"{command} did not give back what was written")
        return rates(lines.count, wall, cpu)
    return measure


def read_row(name, options, scratch):
    lines = Lines(options.lines, 200, scratch)
    with Eventd(PAGE_CACHE, scratch_folder(scratch, name)) as broker:
        fill(broker, lines)
        everything = ["-C", "-t", "t", "-o", "beginning", "-e"]
        report(name, "event-consume > f", in_turn({
            "event-consume": into(ours("event-consume", broker, "t"), lines),
            "kcat": into(kcat(broker, *everything), lines),
            "kcat tuned": into(kcat(broker, *everything, *TUNED_OUT), lines),
            "cp": into(["cat", lines.path], lines),
        }, options.pairs, scratch), options.json)


def scratch_folder(scratch, name):
    folder = pathlib.Path(scratch) / name
    folder.mkdir()
    return folder


def json_out_row(name, options, scratch):
    lines = Lines(options.lines // 3, 100, scratch)

    def measured(command):
        def measure(folder):
            with open(folder / "out", "wb") as sink:
                wall, cpu = run(command, stdout=sink)
            with open(folder / "out", "rb") as source:
                last = None
                count = 0
                for last in source:
                    count += 1
            demand(count == lines.count and json.loads(last), f"{command}: {count} lines")
            return rates(lines.count, wall, cpu)
        return measure

    with Eventd(PAGE_CACHE, scratch_folder(scratch, name)) as broker:
        fill(broker, lines, "-k", "a key")
        everything = ["-C", "-J", "-t", "t", "-o", "beginning", "-e"]
        report(name, "event-consume -j > f", in_turn({
            "event-consume -j": measured(ours("event-consume", broker, "t", "-j")),
            "kcat -J": measured(kcat(broker, *everything)),
            "kcat -J tuned": measured(kcat(broker, *everything, *TUNED_OUT)),
        }, options.pairs, scratch), options.json)


def json_in_row(name, options, scratch):
    lines = Lines(options.lines // 3, 100, scratch)
    with Eventd(PAGE_CACHE, scratch_folder(scratch, name)) as broker:
        fill(broker, lines, "-k", "a key")
        events = broker.folder / "events"
        with open(events, "wb") as sink:
            run(ours("event-consume", broker, "t", "-j"), stdout=sink)

        def measure(folder):
            with Eventd(PAGE_CACHE, folder) as fresh:
                run(ours("event-admin", fresh, "topic", "create", "t"))
                with open(events, "rb") as source:
                    wall, cpu = run(ours("event-produce", fresh, "t", "-j"), stdin=source)
                check_topic(fresh, "t", lines)
            return rates(lines.count, wall, cpu)

        def kcat_out(folder):
            with open(folder / "out", "wb") as sink:
                return rates(lines.count, *run(kcat(broker, "-C", "-J", "-t", "t", "-o",
                                                    "beginning", "-e"), stdout=sink))

        # kcat reads no JSON: beside it stands what it needs to write the same.
        report(name, "event-produce -j < f", in_turn({
            "event-produce -j": measure, "kcat -J (out)": kcat_out,
        }, options.pairs, scratch), options.json)


def one_request_program(scratch):
    """Exec, connect, one request, its answer: the least that a client can do."""
    program = scratch / "one-request"
    subprocess.run(["cc", "-O2", "-static", "-o", program, ROOT / "bench/one_request.c"],
                   check=True)
    return program


def moments(command_of, data):
    """The median of many short runs."""
    def measure(folder):
        walls, cpus = [], []
        (folder / "in").write_bytes(data)
        for _ in range(RUNS):
            with open(folder / "in", "rb") as source:
                wall, cpu = run(command_of, stdin=source)
            walls.append(wall * 1e3)
            cpus.append(cpu * 1e3)
        return {"ms": statistics.median(walls), "tool CPU ms": statistics.mean(cpus)}
    return measure


def once_row(name, options, scratch):
    folder = scratch_folder(scratch, name)
    with Eventd(PAGE_CACHE, folder) as broker:
        run(ours("event-admin", broker, "topic", "create", "t", "one"))
        (folder / "a").write_text("a\n")
        with open(folder / "a", "rb") as source:
            run(ours("event-produce", broker, "one"), stdin=source)
        least = moments([one_request_program(folder), str(broker.port)], b"")
        jobs = {
            "topics": ("topic list", ours("event-admin", broker, "topic", "list"),
                       kcat(broker, "-L"), b""),
            "in": ("produce one", ours("event-produce", broker, "t"),
                   kcat(broker, "-P", "-t", "t"), b"a\n"),
            "out": ("consume one", ours("event-consume", broker, "one"),
                    kcat(broker, "-C", "-t", "one", "-o", "beginning", "-e"), b""),
        }
        for job, (title, mine, theirs, data) in jobs.items():
            report(f"{name}-{job}", title, in_turn({
                "ours": moments(mine, data), "kcat": moments(theirs, data), "one request": least,
            }, options.pairs, scratch), options.json)


def replay_row(name, options, scratch):
    lines = Lines(options.lines, 200, scratch)
    folder = scratch_folder(scratch, name)
    with Eventd(PAGE_CACHE, folder) as broker:
        fill(broker, lines)
        segments = folder / "data" / "t-0"

        def to_file(source):
            return into(lambda out: ours("event-replay", broker, source, "--to", out / "file"),
                        lines, lambda out: out / "file")

        cp = into(["cat", lines.path], lines)
        kcat_all = into(kcat(broker, "-C", "-t", "t", "-o", "beginning", "-e", *TUNED_OUT), lines)
        report(name, "event-replay t --to f", in_turn({
            "event-replay": to_file("t"), "cp": cp, "kcat tuned": kcat_all,
        }, options.pairs, scratch), options.json)
        report(f"{name}-segments", "event-replay t-0/ --to f", in_turn({
            "event-replay": to_file(f"{segments}/"), "cp": cp,
        }, options.pairs, scratch), options.json)


ROWS = {
    "tool-write": write_row(PAGE_CACHE),
    "tool-write-durable": write_row(DURABLE),
    "tool-read": read_row,
    "tool-json-out": json_out_row,
    "tool-json-in": json_in_row,
    "tool-once": once_row,
    "tool-replay": replay_row,
}
