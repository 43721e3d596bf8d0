#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where eventd listens, but for a port of its own: unix sockets, and sockets that systemd made.

The file of a unix socket comes and goes with the broker; that of a dead one is replaced, that of a
living one, or of something else, never. Sockets of LISTEN_FDS stand instead of `listeners`.
NOTIFY_SOCKET hears READY=1 when connections are served, and STOPPING=1.
"""

import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import tempfile

from wire import Connection

TAKEN, USAGE = 3, 2


class Eventd:
    """One run of the program, in a folder of its own; it is killed if it is still there."""

    def __init__(self, folder, *arguments, env=None, sockets=()):
        self.log = pathlib.Path(folder) / "log"

        def give_sockets():
            # As systemd does: from descriptor 3 on, and the variables name who they are for.
            copies = [os.dup(one.fileno()) for one in sockets]
            for number, one in enumerate(copies):
                os.dup2(one, 3 + number)

        command = ["eventd", "--data-dir", f"{folder}/data", *arguments]
        if sockets:
            names = f"LISTEN_PID=$$ LISTEN_FDS={len(sockets)}"
            command = ["sh", "-c", f'exec env {names} "$@"', "sh", *command]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **(env or {})}, close_fds=not sockets,
                preexec_fn=give_sockets if sockets else None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def listens(self):
        line = self.process.stdout.readline().strip()
        assert line.startswith("listening on "), f"{line!r}: {self.complaint()}"
        return line.removeprefix("listening on ")

    def ends(self, sign=None):
        if sign:
            self.process.send_signal(sign)
        return self.process.wait(20)

    def complaint(self):
        return self.log.read_text()


def tool(name, *arguments, given=""):
    return subprocess.run([name, *arguments], input=given, check=True, text=True, timeout=20,
                          stdout=subprocess.PIPE).stdout


def write_and_read(address, topic):
    tool("event-admin", "-b", address, "topic", "create", topic)
    tool("event-produce", "-b", address, topic, given="a\nb\n")
    assert tool("event-consume", "-b", address, topic) == "a\nb\n"


def listening(family, address):
    one = socket.socket(family, socket.SOCK_STREAM)
    one.bind(address)
    one.listen()
    return one


def is_socket(path):
    return path.exists() and stat.S_ISSOCK(path.lstat().st_mode)


def tell_of_a_unix_socket(folder):
    path = folder / "s"
    listeners = f"listeners=unix:{path},PLAINTEXT://127.0.0.1:0"
    with Eventd(folder, "-X", listeners, "--port-file", str(folder / "port")) as broker:
        assert broker.listens() == f"unix:{path}"
        write_and_read(f"unix:{path}", "t")
        # The other listener is there as well, and knows nothing of the file.
        port = int((folder / "port").read_text())
        told = Connection(f"127.0.0.1:{port}").fetch("t", 0, 0)
        assert [record.value for record in told] == [b"a", b"b"]
        told = tool("event-admin", "-b", f"127.0.0.1:{port}", "cluster", "-j")
        assert f'"host":"127.0.0.1","port":{port}' in told, told
        # Nobody takes the socket of a broker that lives.
        other = folder / "other"
        other.mkdir()
        with Eventd(other, "-X", f"listeners=unix:{path}") as second:
            assert second.ends() == TAKEN and str(path) in second.complaint()
        assert broker.ends(signal.SIGKILL) == -signal.SIGKILL
    assert is_socket(path), "kill -9 leaves it"
    with Eventd(folder, "-X", f"listeners=unix:{path}") as broker:
        assert broker.listens() == f"unix:{path}"
        assert tool("event-consume", "-b", f"unix:{path}", "t") == "a\nb\n"
        assert broker.ends(signal.SIGTERM) == 0
    assert not path.exists(), "a clean stop takes it away"
    # A file that is no socket is somebody's.
    path.write_text("mine")
    with Eventd(folder, "-X", f"listeners=unix:{path}") as broker:
        assert broker.ends() == TAKEN and str(path) in broker.complaint()
    assert path.read_text() == "mine"
    with Eventd(folder, "-X", f"listeners=unix:{folder}/{'x' * 120}") as broker:
        assert broker.ends() == USAGE and "bytes" in broker.complaint()


def tell_of_sockets_that_were_given(folder):
    path = folder / "given"
    with listening(socket.AF_INET, ("127.0.0.1", 0)) as tcp, \
            listening(socket.AF_UNIX, str(path)) as unix:
        port = tcp.getsockname()[1]
        with Eventd(folder, "--port", "1", sockets=[tcp, unix]) as broker:
            assert broker.listens() == f"127.0.0.1:{port}", "instead of --port"
            write_and_read(f"127.0.0.1:{port}", "tcp")
            write_and_read(f"unix:{path}", "unix")
            assert broker.ends(signal.SIGTERM) == 0
        assert is_socket(path), "it belongs to whoever made it"
        # Those of another process are not for us.
        with Eventd(folder, "--port", "0",
                    env={"LISTEN_PID": "1", "LISTEN_FDS": "1"}) as broker:
            assert broker.listens() != f"127.0.0.1:{port}"
    with open("/dev/null", "rb") as nothing, Eventd(folder, sockets=[nothing]) as broker:
        assert broker.ends() == USAGE and "no stream socket" in broker.complaint()
    # In a network of its own, which nobody else reaches.
    alone = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        subprocess.run([*alone, sys.executable, __file__, "anywhere"], check=True, timeout=60)


def tell_of_a_socket_that_all_can_reach(folder):
    with listening(socket.AF_INET, ("0.0.0.0", 0)) as anywhere:
        with Eventd(folder, sockets=[anywhere]) as broker:
            assert broker.ends() == USAGE and "--listen-anywhere" in broker.complaint()
        with Eventd(folder, "--listen-anywhere", sockets=[anywhere]) as broker:
            assert broker.listens().startswith("0.0.0.0:")


def tell_who_waits(folder, address, shown):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waiting:
        waiting.bind(address)
        waiting.settimeout(20)
        with Eventd(folder, "--port", "0", env={"NOTIFY_SOCKET": shown}) as broker:
            assert waiting.recv(100) == b"READY=1"
            address = broker.listens()
            tool("event-admin", "-b", address, "topic", "list")
            broker.process.send_signal(signal.SIGTERM)
            assert waiting.recv(100) == b"STOPPING=1"
            assert broker.ends() == 0


def main():
    with tempfile.TemporaryDirectory(prefix="sockets.") as name:
        folder = pathlib.Path(name)
        if sys.argv[1:] == ["anywhere"]:
            return tell_of_a_socket_that_all_can_reach(folder)
        tell_of_a_unix_socket(folder)
        tell_of_sockets_that_were_given(folder)
        tell_who_waits(folder, str(folder / "notify"), str(folder / "notify"))
        abstract = f"eventd-test-{os.getpid()}"
        tell_who_waits(folder, "\0" + abstract, "@" + abstract)
        with Eventd(folder, "--port", "0", env={"NOTIFY_SOCKET": "relative"}) as broker:
            broker.listens()
            assert broker.ends(signal.SIGTERM) == 0 and "NOTIFY_SOCKET" in broker.complaint()
    return print("unix sockets, given sockets, and who waits for us")


main()
