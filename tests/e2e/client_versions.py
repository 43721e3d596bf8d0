#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tools do their jobs with a broker as old as Kafka 2.1, and with one of the future.

Both are eventd behind a proxy that offers other versions: what the tools print must be the same,
and nothing is sent in a version that was not offered.
"""

import json
import subprocess
import sys
import tempfile

from broker import Broker
from version_proxy import VersionProxy, ask_versions, versions_of_2_1, versions_of_the_future

LIST_OFFSETS, FETCH = 2, 1
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


class Shell:
    def __init__(self, address):
        self.address = address
        self.told = []

    def __call__(self, tool, *arguments, given=""):
        done = subprocess.run([tool, "-b", self.address, *arguments], input=given, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if done.returncode != 0 or done.stderr:
            sys.exit(f"{tool} {' '.join(arguments)}: {done.returncode} {done.stderr}")
        self.told.append(done.stdout)
        return done.stdout


def write_and_read(shell):
    events = [{"timestamp": 1700000000000 + i, "key": f"k{i}", "value": None if i == 3 else f"v{i}",
               "headers": [["h", str(i)], ["h", None]]} for i in range(6)]
    lines = "".join(json.dumps(event) + "\n" for event in events)
    for codec in CODECS:
        shell("event-produce", "t", "-p", "0", "-j", "-X", f"compression.type={codec}", given=lines)
    shell("event-produce", "t", "-p", "1", "-K", ":", given="a:1\nb:2\n")
    shell("event-consume", "t", "-p", "0", "-j")
    shell("event-consume", "t", "-p", "1", "-K", ":")
    shell("event-consume", "t", "-p", "0", "--from", "@1700000000004", "--until", "7")
    shell("event-consume", "t", "-n", "2", "-k", "k4")
    shell("event-replay", "t", "-p", "0", "--sum")


def administer(shell):
    admin = lambda *arguments: shell("event-admin", *arguments)
    admin("topic", "create", "u", "--partitions", "2", "--config", "retention.ms=7d")
    admin("topic", "list")
    admin("topic", "describe", "u", "-j")
    admin("topic", "offsets", "t", "--at", "start", "-j")
    admin("topic", "offsets", "t", "--at", "@1700000000004", "-j")
    admin("topic", "set-partitions", "u", "3")
    admin("topic", "trim", "t", "--until", "1", "--yes")
    admin("topic", "offsets", "t", "--at", "start", "-j")
    admin("config", "set", "topic", "u", "retention.bytes=1M", "segment.ms=1h")
    admin("config", "unset", "topic", "u", "segment.ms")
    assert admin("config", "get", "topic", "u", "retention.bytes") == "1048576\n"
    assert admin("config", "get", "topic", "u", "retention.ms") == "604800000\n", "it is kept"
    admin("dump")
    admin("wait", "topic", "u")
    admin("wait", "broker")
    admin("log-dirs", "-j")
    admin("topic", "delete", "u", "--yes")
    admin("topic", "list")


def do_all(address):
    shell = Shell(address)
    shell("event-admin", "topic", "create", "t", "--partitions", "2")
    write_and_read(shell)
    administer(shell)
    shell("event-admin", "topic", "delete", "t", "--yes")
    return shell.told


def main():
    with tempfile.TemporaryDirectory(prefix="client-versions.") as folder, \
            VersionProxy() as proxy:
        # Clients are told to come by the proxy.
        advertised = f"advertised.listeners=PLAINTEXT://{proxy.address}"
        with Broker(folder, "-X", advertised, "-X", "log.retention.ms=-1") as broker:
            now = ask_versions(broker.address)
            ages = {"today": now, "2.1": versions_of_2_1(), "later": versions_of_the_future(now)}
            told = {}
            for age, versions in ages.items():
                proxy.stand_before(broker.address, versions)
                told[age] = do_all(proxy.address)
                assert not proxy.violations, f"{age}: sent, but not offered: {proxy.violations}"
                assert proxy.asked[FETCH] >= 3 and proxy.asked[LIST_OFFSETS] >= 3, proxy.asked
                print(f"{age}: {sum(proxy.asked.values())} requests")
            for age in ages:
                for one, other in zip(told["today"], told[age], strict=True):
                    assert one == other, f"{age}:\n{one}\n{other}"


main()
