# SPDX-License-Identifier: Apache-2.0
"""The brokers that are measured, each in a folder of its own, and kcat, which talks to all."""

import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(os.environ.get("EVENTD_PROGRAMS", ROOT / "build/release"))
KAFKA = ROOT / "tests/peers/kafka"
TICK = os.sysconf("SC_CLK_TCK")
DURABLE = "1"
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
                [PROGRAMS / "eventd", "-q", "--data-dir", self.folder / "data", "--port", "0",
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
