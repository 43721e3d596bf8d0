#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Peers that die in every state that a connection can wait in leave nothing behind.

With one loop and with four: peers come to wait (for records, for a sync, for room to append, for
the rest of a frame, for us to take an answer) and vanish, by closing and by a reset. Each time the
broker's descriptors return to where they were, and its memory does not grow from round to round. At
the end it is stopped while peers wait in all those states, and the stop is clean. Built with a
sanitizer, the broker itself says at its end what it has leaked.
"""

import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from broker import Broker, sanitizer_of, until
from wire import Connection, batch

PEERS = 12
ROUNDS = 3
SLOW_SYNC_S = 0.6
# A connection's buffers may be cached by the allocator; what leaks grows with every round.
GROWTH_MAX_KIB = 6 << 10
LARGE = batch([b"x" * 1000000])  # made once: its checksum takes a while


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def sockets(pid):
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def eventd_pid(broker):
    """Of the broker itself, where a tracer stands in front of it."""
    if not broker.wrapper:
        return broker.process.pid
    children = pathlib.Path(f"/proc/{broker.process.pid}/task/{broker.process.pid}/children")
    return int(children.read_text().split()[0])


def vanish(peer, by_reset):
    if by_reset:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def silent(peer, seconds):
    """Whether nothing comes from the broker for so long: the wait itself is what is tested."""
    peer.socket.settimeout(seconds)
    try:
        return peer.socket.recv(1, socket.MSG_PEEK) is None
    except socket.timeout:
        return True
    finally:
        peer.socket.settimeout(30)


class Story:
    def __init__(self, broker):
        self.broker = broker
        self.pid = eventd_pid(broker)
        self.client = Connection(broker.address)

    def peer(self, small_buffer=False):
        one = Connection.__new__(Connection)
        one.correlation = 0
        one.socket = socket.socket()
        if small_buffer:
            one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.socket.settimeout(30)
        host, port = self.broker.address.rsplit(":", 1)
        one.socket.connect((host, int(port)))
        one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return one

    # Each brings one peer into a state of waiting.

    def wait_for_records(self):
        one = self.peer()
        one.fetch_later("quiet", 0, 0, wait_ms=60000)
        return one

    def wait_for_records_with_more_behind(self):
        one = self.peer()
        one.fetch_later("quiet", 0, 0, wait_ms=60000)
        one.send(3, 1, struct.pack(">i", -1))
        one.send(3, 1, struct.pack(">i", -1))
        return one

    def half_a_length(self):
        one = self.peer()
        one.socket.sendall(b"\0\0")
        return one

    def half_a_frame(self):
        one = self.peer()
        one.socket.sendall(struct.pack(">i", 90 << 20) + b"x" * 100000)
        return one

    def half_an_answer(self):
        one = self.peer(small_buffer=True)
        one.fetch_later("full", 0, 0, max_bytes=20 << 20)
        assert one.socket.recv(1, socket.MSG_PEEK), "an answer has begun"
        return one

    def nothing_said(self):
        return self.peer()

    def wait_for_sync(self):
        one = self.peer()
        one.produce_later("slow", 0, batch([b"x"]), acks=-1)
        one.send(3, 1, struct.pack(">i", -1))
        return one

    def wait_for_room(self):
        one = self.peer()
        one.produce_later("slow", 0, LARGE, acks=1)
        return one

    def round(self, state, pid_sockets):
        peers = [state() for _ in range(PEERS)]
        until(lambda: sockets(self.pid) >= pid_sockets + PEERS, "all peers were accepted")
        return peers


def settled(story, base, what):
    until(lambda: sockets(story.pid) <= base,
          f"after {what} the broker has its {base} sockets again")


def states_without_tracer(folder, loops):
    with Broker(folder, "-X", f"num.network.threads={loops}") as broker:
        story = Story(broker)
        story.client.create_topic("quiet")
        story.client.create_topic("full")
        for _ in range(24):
            story.client.produce("full", 0, LARGE, acks=-1)
        base = sockets(story.pid)
        states = [story.wait_for_records, story.wait_for_records_with_more_behind,
                  story.half_a_length, story.half_a_frame, story.half_an_answer,
                  story.nothing_said]
        resident, opened = [], []
        for _ in range(ROUNDS):
            for state in states:
                for by_reset in (False, True):
                    for one in story.round(state, base):
                        vanish(one, by_reset)
                    settled(story, base, f"{state.__name__} reset={by_reset}")
            assert "quiet" in story.client.topics(), "the broker answers"
            resident.append(resident_kib(story.pid))
            opened.append(descriptors(story.pid))
        assert opened[-1] <= opened[0], f"descriptors after each round: {opened}"
        grown = resident[-1] - resident[0]
        assert sanitizer_of(story.pid) or grown < GROWTH_MAX_KIB, f"KiB, each round: {resident}"
        print(f"{loops} loops: {opened[-1]} descriptors, {resident} KiB after each round")
        # A stop finds peers in all states: who can be answered is, nobody is waited for long.
        parked = story.wait_for_records()
        others = [state() for state in states]
        until(lambda: sockets(story.pid) >= base + 1 + len(states), "all peers were accepted")
        began = time.monotonic()
        status = broker.end(seconds=60)
        seconds = time.monotonic() - began
        assert status == 0, f"the stop ended with {status}"
        assert (broker.data / ".kafka_cleanshutdown").exists(), "the stop was not clean"
        records, _ = parked.fetched(1)
        assert records == [], "a parked fetch was answered at the stop"
        print(f"{loops} loops: stopped after {seconds:.1f} s with {len(others) + 1} peers waiting")


def states_of_slow_syncs(folder, loops):
    # Leaks cannot be looked for in a process that is traced.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
               f"inject=fdatasync:delay_enter={int(SLOW_SYNC_S * 1e6)}"]
    with Broker(folder, "-X", f"num.network.threads={loops}", wrapper=wrapper) as broker:
        story = Story(broker)
        story.client.create_topic("slow")
        story.client.produce("slow", 0, batch([b"first"]), acks=-1)
        base = sockets(story.pid)
        for by_reset in (False, True):
            peers = story.round(story.wait_for_sync, base)
            assert silent(peers[0], 0.05), "acks=all waits for the sync"
            for one in peers:
                vanish(one, by_reset)
            settled(story, base, f"wait_for_sync reset={by_reset}")
        # More than a partition may have unsynced: the last of these wait before they append.
        end = story.client.list_offset("slow", 0)
        peers = [story.wait_for_room() for _ in range(24)]
        until(lambda: sockets(story.pid) >= base + 24, "all peers were accepted")
        for index, one in enumerate(peers):
            vanish(one, index % 2 == 0)
        settled(story, base, "wait_for_room")
        appended = story.client.list_offset("slow", 0) - end
        assert appended < 24, "appends beyond 16 MiB wait, and those who vanished append nothing"
        story.client.produce("slow", 0, batch([b"last"]), acks=-1)
        os.kill(story.pid, signal.SIGTERM)
        assert broker.process.wait(30) == 0, "the stop is clean"
        print(f"{loops} loops, slow syncs: nothing is left; {appended} of 24 were appended")


def main():
    can_trace = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fdatasync:delay_enter=1", "true"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    # In the ordinary run the sanitized broker has one loop, the other one four.
    some = (1,) if "EVENTD_PROGRAMS" in os.environ else (4,)
    for loops in (1, 4) if "EVENTD_LONG" in os.environ else some:
        with tempfile.TemporaryDirectory(prefix="killed-peers.") as folder:
            states_without_tracer(folder, loops)
        if can_trace:
            with tempfile.TemporaryDirectory(prefix="killed-peers.") as folder:
                states_of_slow_syncs(folder, loops)
    if not can_trace:
        print("killed_peers: skipped: strace cannot trace here, so no sync was slow")
        sys.exit(77)


main()
