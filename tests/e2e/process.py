#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sentences about eventd as a process.

  process.py FOLDER [WORD..]     all of them, or those that contain a word
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time

from broker import LONG, Broker, until
from sentences import main, sentence, skip
from wire import Connection, batch

DEADLINE_S = 20
# A leak check at the end does not work where strace looks on.
TRACED = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


class Run:
    """One eventd with its output in files; what is left of it is killed at the end."""

    def __init__(self, folder, *arguments, stdout=None, environment=None, wrapper=(), **how):
        self.folder = folder
        with open(folder / "stderr", "wb") as error, open(folder / "stdout", "wb") as out:
            self.process = subprocess.Popen(
                [*wrapper, "eventd", *map(str, arguments)], stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout, stderr=error,
                env={**os.environ, **(environment or {})}, **how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def out(self):
        return (self.folder / "stdout").read_text()

    @property
    def err(self):
        return (self.folder / "stderr").read_text()

    def ready(self):
        """The address it listens on."""
        until(lambda: "\n" in self.out or self.process.poll() is not None, "listening", DEADLINE_S)
        found = re.fullmatch(r"listening on (\S+:\d+)\n", self.out)
        assert found, f"stdout has {self.out!r}, stderr {self.err!r}"
        return found[1]

    def ends(self):
        return self.process.wait(DEADLINE_S)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.ends()


def refused(folder, status, words, *arguments, **how):
    """It ends with that status and one line on stderr that has all the words; stdout is empty."""
    with Run(folder, *arguments, **how) as run:
        assert run.ends() == status, f"ended with {run.process.returncode}: {run.err}"
        lines = [line for line in run.err.splitlines() if line.startswith("eventd: ")]
        assert len(lines) == 1 and run.err.endswith("\n"), f"stderr: {run.err!r}"
        for word in words:
            assert word in lines[0], f"{word!r} is not in {lines[0]!r}"
        assert run.out == ""


def here(folder):
    return ["--data-dir", folder / "data", "--port", 0]


def is_clean(folder):
    return (folder / "data" / ".kafka_cleanshutdown").exists()


@contextlib.contextmanager
def somebody_else(folder):
    """(a folder, a wrapper): eventd as another user than root, who may write into that folder.
    Where we are not root, that is us."""
    if os.geteuid() != 0:
        yield folder, ["env"]
        return
    wrapper = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    if not shutil.which("setpriv"):
        skip("there is no setpriv")
    if subprocess.run([*wrapper, "eventd", "--version"], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode != 0:
        skip("nobody else can run what was built here")
    with tempfile.TemporaryDirectory(prefix="eventd-process.", dir="/tmp") as public:
        os.chmod(public, 0o777)
        yield pathlib.Path(public), wrapper


# -- starting

@sentence("it starts with nothing: port 9092 of this machine, and its own state folder")
def _(folder):
    if subprocess.run(["unshare", "-rn", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("a network namespace is not allowed here")
    up = ("import socket, fcntl, struct; s = socket.socket(); "
          "fcntl.ioctl(s, 0x8914, struct.pack('16sH', b'lo', 0x41))")
    # Without -r: not root, so that the state folder is the user's.
    script = f'python3 -c "{up}" && exec unshare -U --map-user=1000 eventd'
    environment = {"XDG_STATE_HOME": str(folder / "state"), "HOME": str(folder)}
    with Run(folder, environment=environment,
             wrapper=["unshare", "-rn", "sh", "-c", script, "sh"]) as run:
        assert run.ready() == "127.0.0.1:9092"
        assert (folder / "state" / "eventd" / "meta.properties").exists()
        assert run.end() == 0


@sentence("a relative XDG_STATE_HOME is ignored, as its specification wants")
def _(folder):
    with somebody_else(folder) as (home, wrapper), \
            Run(folder, "--port", 0, environment={"XDG_STATE_HOME": "rel", "HOME": str(home)},
                wrapper=wrapper, cwd=home) as run:
        run.ready()
        assert (home / ".local" / "state" / "eventd" / "meta.properties").exists()
        assert not (home / "rel").exists()
        assert run.end() == 0


@sentence("it starts with Kafka's server.properties; each unknown key is one warning")
def _(folder):
    (folder / "server.properties").write_text(
        "# Kafka's\nprocess.roles=broker,controller\nnode.id=7\n"
        "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://:0\n"
        "controller.listener.names=CONTROLLER\ncontroller.quorum.voters=7@localhost:9093\n"
        f"log.dirs={folder}/data\nnum.partitions=3\n"
        "no.such.key=1\nanother.unknown.key=2\n")
    with Run(folder, folder / "server.properties") as run:
        address = run.ready()
        for key in ("no.such.key", "another.unknown.key"):
            assert run.err.count(key) == 1, run.err
        assert "node.id=7\n" in (folder / "data" / "meta.properties").read_text()
        with Connection(address) as one:
            one.create_topic("t", {}, -1)
            assert one.topics() == {"t": 3}
        assert run.end() == 0


@sentence("the config may come through a pipe")
def _(folder):
    read, write = os.pipe()
    os.write(write, f"listeners=PLAINTEXT://127.0.0.1:0\nlog.dirs={folder}/piped\n".encode())
    os.close(write)
    with Run(folder, f"/dev/fd/{read}", pass_fds=[read]) as run:
        os.close(read)
        run.ready()
        assert (folder / "piped").is_dir()
        assert run.end() == 0


@sentence("-X is over flags, flags are over the file, and -X takes one word only")
def _(folder):
    (folder / "p").write_text("num.partitions=2\nlog.dirs=/nowhere/to/be/found\n")
    with Run(folder, "-X", "num.partitions=5", "-X", "num.network.threads=2", folder / "p",
             *here(folder)) as run:
        with Connection(run.ready()) as one:
            one.create_topic("t", {}, -1)
            assert one.topics() == {"t": 5}
        assert run.end() == 0


@sentence("--port-file appears once the port is open, whole, and no old one is seen before")
def _(folder):
    port_file = folder / "port"
    port_file.write_text("1\n")
    with Run(folder, *here(folder), "--port-file", port_file) as run:
        until(lambda: port_file.exists() and port_file.read_text() != "1\n", "the port file")
        port = port_file.read_text()
        socket.create_connection(("127.0.0.1", int(port)), 5).close()
        assert run.ready() == f"127.0.0.1:{port.strip()}"
        assert sorted(one.name for one in folder.iterdir() if "port" in one.name) == ["port"]
        assert run.end() == 0


@sentence("--port-file may be a pipe")
def _(folder):
    os.mkfifo(folder / "pipe")
    with Run(folder, *here(folder), "--port-file", folder / "pipe") as run:
        with open(folder / "pipe", encoding="ascii") as pipe:
            port = pipe.read()
        assert run.ready() == f"127.0.0.1:{port.strip()}"
        assert run.end() == 0


@sentence("a data directory is made with its parents, and may have a slash at its end")
def _(folder):
    with Run(folder, "--data-dir", f"{folder}/a/b/c/", "--port", 0) as run:
        run.ready()
        assert (folder / "a/b/c/meta.properties").exists()
        assert run.end() == 0


@sentence("it starts with what Kafka ships as server.properties, and says nothing of it")
def _(folder):
    shipped = (
        "process.roles=broker,controller\nnode.id=1\n"
        "controller.quorum.bootstrap.servers=localhost:9093\n"
        "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://:9093\n"
        "inter.broker.listener.name=PLAINTEXT\ncontroller.listener.names=CONTROLLER\n"
        "advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,"
        "SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL\n"
        "num.network.threads=3\nnum.io.threads=8\nsocket.send.buffer.bytes=102400\n"
        "socket.receive.buffer.bytes=102400\nsocket.request.max.bytes=104857600\n"
        f"log.dirs={folder}/data\nnum.partitions=1\nnum.recovery.threads.per.data.dir=1\n"
        "offsets.topic.replication.factor=1\ntransaction.state.log.replication.factor=1\n"
        "transaction.state.log.min.isr=1\nshare.coordinator.state.topic.replication.factor=1\n"
        "share.coordinator.state.topic.min.isr=1\nlog.retention.hours=168\n"
        "log.segment.bytes=1073741824\nlog.retention.check.interval.ms=300000\n")
    file = folder / "server.properties"
    file.write_text(shipped)
    with Run(folder, file) as run:
        run.ready()
        assert "warning" not in run.err, run.err
        assert run.end() == 0
    file.write_text(shipped + "no.such.key=1\nno.such.key=2\n")
    with Run(folder, file) as run:
        run.ready()
        assert run.err.count("no.such.key") == 1, run.err
        assert run.end() == 0
    file.write_text(shipped.replace("PLAINTEXT://127.0.0.1:0", "PLAINTEXT://:0"))  # as shipped
    refused(folder, 2, ["listeners", "--listen-anywhere"], file)


@sentence("root may run it, and so may anybody else")
def _(folder):
    with Run(folder, *here(folder)) as run:  # root, where the tests are
        run.ready()
        assert run.end() == 0
    with somebody_else(folder) as (home, wrapper), \
            Run(folder, "--data-dir", home / "theirs", "--port", 0, wrapper=wrapper) as run:
        run.ready()
        assert (home / "theirs").stat().st_uid != 0
        assert run.end() == 0


# -- ending

@sentence("SIGTERM, SIGINT and SIGHUP are a clean stop: marker, snapshots, status 0")
def _(folder):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Run(folder, *here(folder)) as run:
            with Connection(run.ready()) as one:
                if "t" not in one.topics():
                    one.create_topic("t")
                pid, epoch = one.init_producer_id()
                end = one.produce("t", 0, batch([b"x"], pid, epoch, 0)) + 1
            assert not is_clean(folder)
            assert run.end(number) == 0, run.err
        assert is_clean(folder)
        assert (folder / "data" / "t-0" / f"{end:020}.snapshot").exists()


@sentence("after a clean stop nothing is scanned")
def _(folder):
    with Run(folder, *here(folder)) as run:
        with Connection(run.ready()) as one:
            one.create_topic("t")
            one.produce("t", 0, batch([b"x"]))
        assert run.end() == 0
    with Run(folder, *here(folder)) as run:
        with Connection(run.ready()) as one:
            assert "checked" not in run.err, run.err
            one.produce("t", 0, batch([b"y"]))
        assert run.end(signal.SIGKILL) == -9
    with Run(folder, *here(folder)) as run:
        run.ready()
        assert "t-0: checked" in run.err, run.err
        assert run.end() == 0


@sentence("a clean stop syncs what a topic with a large flush.messages has not, however much it is")
def _(folder):
    with Run(folder, *here(folder)) as run:
        with Connection(run.ready()) as one:
            one.create_topic("t", {"flush.messages": 1000000})
            megabyte = batch([bytes(1000000)])
            for _ in range(70):
                end = one.produce("t", 0, megabyte) + 1
        assert run.end() == 0, run.err
    assert is_clean(folder)
    points = (folder / "data" / "recovery-point-offset-checkpoint").read_text()
    assert f"t 0 {end}\n" in points, points


@sentence("a stop answers who waits for acks and who waits for records, then closes")
def _(folder):
    with Run(folder, *here(folder)) as run:
        address = run.ready()
        with Connection(address) as reader, Connection(address) as writer, \
                Connection(address) as idle, Connection(address) as half:
            writer.create_topic("t")
            parked = reader.fetch_later("t", 0, 0, wait_ms=60000, min_bytes=1 << 20)
            idle.api_versions()
            half.socket.sendall(half.frame(18, 0, b"")[:7])
            # All of that has arrived: one more round trip on each loop.
            idle.api_versions()
            began = time.monotonic()
            run.process.send_signal(signal.SIGTERM)
            records, _ = reader.fetched(parked)
            assert records == []
            assert run.ends() == 0, run.err
            assert time.monotonic() - began < 4, "it waited for peers that want nothing"
            for one in (reader, idle, half):
                assert one.socket.recv(1) == b""
    assert is_clean(folder)


@sentence("a stop waits for the sync of an acks=all, and answers it")
def _(folder):
    delay = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
             "inject=fdatasync:delay_enter=400000"]
    if not shutil.which("strace") or \
            subprocess.run([*delay, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("strace cannot trace here")
    with Run(folder, *here(folder), environment=TRACED) as run:
        address = run.ready()
        with Connection(address) as one:
            one.create_topic("t")
            tracer = subprocess.Popen([*delay, "-p", str(run.process.pid)])
            until(lambda: "TracerPid:\t0\n" not in
                  open(f"/proc/{run.process.pid}/status", encoding="ascii").read(), "strace")
            correlation = one.produce_later("t", 0, batch([b"x"]))
            until(lambda: os.path.getsize(folder / "data/t-0/00000000000000000000.log"), "append")
            run.process.send_signal(signal.SIGTERM)
            assert one.produced(correlation) == 0
            assert run.ends() == 0, run.err
            tracer.wait()
    assert is_clean(folder)


@sentence("who does not take answers delays a stop by some seconds, and it is clean all the same")
def _(folder):
    with Run(folder, *here(folder)) as run:
        address = run.ready()
        with Connection(address) as one:
            one.create_topic("t", {"max.message.bytes": 1 << 24})
            one.produce("t", 0, batch([bytes(1 << 20)]))
            for _ in range(20):
                one.fetch_later("t", 0, 0, max_bytes=1 << 24)
            until(lambda: one.socket.recv(1, socket.MSG_PEEK), "an answer")
            assert run.end() == 0, run.err
    assert is_clean(folder)


@sentence("a second signal ends it at once, by that signal, as kill -9 would")
def _(folder):
    for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT)):
        with Run(folder, *here(folder)) as run:
            with Connection(run.ready()) as one:
                if "t" not in one.topics():
                    one.create_topic("t", {"max.message.bytes": 1 << 24})
                    one.produce("t", 0, batch([bytes(1 << 20)]))
                for _ in range(20):  # nobody takes these: the stop waits
                    one.fetch_later("t", 0, 0, max_bytes=1 << 24)
                until(lambda: is_full(one.socket), "no room for further answers")
                address = one.socket.getpeername()
                run.process.send_signal(first)
                until(lambda: not listens(address), "it stops accepting")
                assert run.process.poll() is None
                assert run.end(second) == -second
        assert not is_clean(folder)


def is_full(taken):
    """The system keeps no more for who does not read: what is unread grows no longer."""
    def unread():
        return struct.unpack("i", fcntl.ioctl(taken, termios.FIONREAD, bytes(4)))[0]
    before = unread()
    time.sleep(0.2)  # between two polls
    return 0 < before == unread()


def listens(address):
    try:
        socket.create_connection(address, 1).close()
        return True
    except OSError:
        return False


@sentence("a stop that takes longer is over after 10 s, by its signal")
def _(folder):
    if not LONG:
        skip("it takes 10 s: in the long form only")
    slow = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
            "inject=fdatasync:delay_enter=400000"]
    if not shutil.which("strace") or \
            subprocess.run([*slow, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("strace cannot trace here")
    with Run(folder, *here(folder), environment=TRACED) as run:
        with Connection(run.ready()) as one:
            one.create_topic("t", {}, 60)  # each has a last sync
            for partition in range(60):
                one.produce("t", partition, batch([b"x"]))
        tracer = subprocess.Popen([*slow, "-p", str(run.process.pid)])
        until(lambda: "TracerPid:\t0\n" not in
              open(f"/proc/{run.process.pid}/status", encoding="ascii").read(), "strace")
        began = time.monotonic()
        run.process.send_signal(signal.SIGTERM)
        assert run.ends() == -signal.SIGTERM, run.err
        assert time.monotonic() - began > 9
        assert "as after kill -9" in run.err, run.err
        tracer.wait()
    assert not is_clean(folder)


@sentence("a signal during the start is a clean stop as soon as it has started")
def _(folder):
    with Run(folder, *here(folder)) as run:
        with Connection(run.ready()) as one:
            for number in range(10):
                one.create_topic(f"t{number}", {}, 10)
        run.end(signal.SIGKILL)
    with Run(folder, *here(folder)) as run:
        until(lambda: catches(run.process.pid, signal.SIGTERM), "its handlers")
        assert run.end() == 0, run.err
    assert is_clean(folder)


def catches(pid, number):
    """Whether the process has a handler for that signal."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        caught = int(re.search(r"^SigCgt:\t([0-9a-f]+)$", status.read(), re.MULTILINE)[1], 16)
    return caught >> (number - 1) & 1


@sentence("nohup holds: a SIGHUP that is ignored at the start stays ignored")
def _(folder):
    with Run(folder, *here(folder), wrapper=["nohup"]) as run:
        address = run.ready()
        run.process.send_signal(signal.SIGHUP)
        with Connection(address) as one:
            one.api_versions()
        assert run.end() == 0


@sentence("after SIGTERM the registration is fenced and in controlled shutdown")
def _(folder):
    with Run(folder, *here(folder)) as run:
        run.ready()
        assert run.end() == 0
    # The last record of the metadata: a BrokerRegistrationChange (17) of node 1 with two tagged
    # fields, fenced and in controlled shutdown, both 1.
    log = next((folder / "data/__cluster_metadata-0").glob("*.log")).read_bytes()
    record = rb"\x01\x11[\x00\x01]\0\0\0\x01.{8}\x02\0\x01\x01\x01\x01\x01\0$"
    assert re.search(record, log, re.DOTALL), log[-40:].hex()


# -- refusing

@sentence("a second eventd on the same directory is refused: 3, and the first one is untouched")
def _(folder):
    (folder / "other").mkdir()
    with Run(folder, *here(folder)) as run:
        address = run.ready()
        refused(folder / "other", 3, ["another broker", str(folder / "data"), "--data-dir"],
                *here(folder))
        with Connection(address) as one:
            one.create_topic("t")
        assert run.end() == 0


@sentence("after a kill -9 the next one starts, although the killed one is not quite gone")
def _(folder):
    (folder / "next").mkdir()
    with Run(folder, *here(folder)) as run:
        run.ready()
        with Run(folder / "next", *here(folder)) as following:
            time.sleep(0.2)  # input: so long does the death take
            run.process.kill()
            following.ready()
            assert following.end() == 0


@sentence("a port that is taken: 3, and a directory that was clean stays clean")
def _(folder):
    with Run(folder, *here(folder)) as run:
        run.ready()
        assert run.end() == 0
    (folder / "other").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(folder / "other", 3, [f"127.0.0.1:{port}", "in use", "--port"],
                "--data-dir", folder / "data", "--port", port)
    assert is_clean(folder)


@sentence("a bad config or command line: 2, naming the key or the option")
def _(folder):
    (folder / "bad").write_text("num.partitions=many\n")
    cases = [
        (["num.partitions", "many"], [folder / "bad", *here(folder)]),
        (["num.partitions", "0x"], ["-X", "num.partitions=0x", *here(folder)]),
        (["-X nonsense", "KEY=VALUE"], ["-X", "nonsense", *here(folder)]),
        (["nosuch.properties"], [folder / "nosuch.properties", *here(folder)]),
        (["directory"], [folder, *here(folder)]),
        (["--frobnicate"], ["--frobnicate"]),
        (["--prot", "perhaps --port"], ["--prot", "0"]),
        (["--dat", "perhaps --data-dir"], ["--dat", "x"]),
        (["--port"], ["--port", "65536", "--data-dir", folder / "data"]),
        (["another"], [folder / "bad", "another"]),
        (["0.0.0.0", "--listen-anywhere"], ["-X", "listeners=PLAINTEXT://0.0.0.0:0",
                                            "--data-dir", folder / "data"]),
        (["listeners"], ["-X", "listeners=PLAINTEXT://192.0.2.1:0", "--listen-anywhere",
                         "--data-dir", folder / "data"]),
        *((["listeners", protocol, "PLAINTEXT"],
           ["-X", f"listeners={protocol}://127.0.0.1:0", "--data-dir", folder / "data"])
          for protocol in ("SSL", "SASL_SSL", "SASL_PLAINTEXT")),
        (["listeners", "SSL"], ["-X", "listeners=SAFE://127.0.0.1:0", "-X",
                                "listener.security.protocol.map=SAFE:SSL",
                                "--data-dir", folder / "data"]),
        *(([key], ["-X", f"{key}=0", *here(folder)])
          for key in ("log.retention.ms", "log.retention.minutes", "log.retention.hours",
                      "log.roll.hours")),
        (["log.segment.bytes", "unit"], ["-X", "log.segment.bytes=1Q", *here(folder)]),
        (["log.dirs"], ["-X", f"log.dirs={folder}/a,{folder}/b", "--port", 0]),
    ]
    for number, (words, arguments) in enumerate(cases):
        (folder / f"case-{number}").mkdir()
        refused(folder / f"case-{number}", 2, words, *arguments)


@sentence("a directory of another node: 2")
def _(folder):
    with Run(folder, *here(folder), "-X", "node.id=5") as run:
        run.ready()
        assert run.end() == 0
    (folder / "other").mkdir()
    refused(folder / "other", 2, ["node 5", "node.id"], *here(folder), "-X", "node.id=6")


@sentence("a data directory that is a file: 4")
def _(folder):
    (folder / "data").write_text("")
    refused(folder, 4, [str(folder / "data"), "--data-dir"], *here(folder))


@sentence("a data directory that may not be written: 4")
def _(folder):
    with somebody_else(folder) as (home, wrapper):
        (home / "data").mkdir(mode=0o555)
        refused(folder, 4, [str(home / "data"), "ermission denied", "--data-dir"], *here(home),
                wrapper=wrapper)


@sentence("no space for a start: 4")
def _(folder):
    mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=4k none "$0" && exec "$@"',
             str(folder / "small")]
    (folder / "small").mkdir()
    if subprocess.run([*mount, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("a mount namespace is not allowed here")
    refused(folder, 4, ["No space left", "space"], "--data-dir", folder / "small/data",
            "--port", 0, wrapper=mount)


@sentence("a --port-file that cannot be written: 4, and the directory is left clean")
def _(folder):
    refused(folder, 4, ["--port-file", f"{folder}/no/such/port"], *here(folder),
            "--port-file", folder / "no/such/port")
    assert is_clean(folder)


@sentence("a directory that vanishes ends it with 4, and says so")
def _(folder):
    with Run(folder, *here(folder)) as run:
        with Connection(run.ready()) as one:
            one.create_topic("t")
            os.rename(folder / "data", folder / "moved")
            assert run.ends() == 4, run.err
            assert f"{folder}/data" in run.err and "is gone" in run.err, run.err


@sentence("a closed stdin, stdout and stderr harm nothing")
def _(folder):
    port_file = folder / "port"
    process = subprocess.Popen(
        ["sh", "-c", 'exec eventd "$@" <&- >&- 2>&-', "sh", *map(str, here(folder)),
         "--port-file", str(port_file)])
    try:
        until(lambda: port_file.exists() or process.poll() is not None, "the port file")
        assert process.poll() is None, process.returncode
        with Connection(f"127.0.0.1:{port_file.read_text().strip()}") as one:
            one.create_topic("t")
            one.produce("t", 0, batch([b"x"]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
    written = b"".join(one.read_bytes() for one in (folder / "data").rglob("*") if one.is_file())
    assert b"listening on" not in written and b"info:" not in written


@sentence("a stdout that nobody reads any more is no reason to stop")
def _(folder):
    read, write = os.pipe()
    os.close(read)
    with Run(folder, *here(folder), "--port-file", folder / "port", stdout=write) as run:
        os.close(write)
        until(lambda: (folder / "port").exists() or run.process.poll() is not None, "the port file")
        with Connection(f"127.0.0.1:{(folder / 'port').read_text().strip()}") as one:
            one.api_versions()
        assert run.end() == 0


main()
