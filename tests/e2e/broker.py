# SPDX-License-Identifier: Apache-2.0
"""An eventd in a folder of its own, for the stories that are written in Python.

  with Broker(folder, "-X", "num.partitions=2") as broker:
      connect(broker.address); broker.kill(); broker.start()     # the same port again

Leaving the `with` kills what still runs. What it printed is folder/broker.log. Its data are in
folder/data, or where `data` says.
"""

import os
import pathlib
import signal
import subprocess
import time


def until(condition, what, seconds=30):
    """Looks until it holds; an AssertionError that names `what` if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)  # between two polls


def sanitizer_of(pid):
    """"asan", "tsan", or nothing: freed memory is kept for a while then, and all is slower."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    return next((name for name in ("asan", "tsan") if f"/lib{name}.so" in maps), "")


class Broker:
    def __init__(self, folder, *arguments, wrapper=(), data=None):
        self.folder = pathlib.Path(folder)
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.arguments = list(arguments)
        self.wrapper = list(wrapper)
        self.port = 0
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def launch(self):
        """Starts it without waiting until it listens."""
        self._port_file().unlink(missing_ok=True)
        with open(self.folder / "broker.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, "eventd", "--data-dir", str(self.data), "--port", str(self.port),
                 "--port-file", str(self._port_file()), *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self):
        self.launch()
        until(lambda: self._listens() or self.process.poll() is not None, "eventd listens")
        assert self.process.poll() is None, f"eventd ended with {self.process.returncode} at start"
        self.port = int(self._port_file().read_text().split(":")[-1])

    def end(self, sign=signal.SIGTERM, seconds=20):
        """Its exit status."""
        self.process.send_signal(sign)
        return self.process.wait(seconds)

    def kill(self):
        self.end(signal.SIGKILL)

    def _port_file(self):
        return self.folder / "port"

    def _listens(self):
        return self._port_file().exists() and self._port_file().stat().st_size > 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        log = self.folder / "broker.log"
        if kind and log.exists():
            tail = log.read_text(errors="replace").splitlines()[-15:]
            print("the end of the broker's log:", *tail, sep="\n")


LONG = bool(os.environ.get("EVENTD_LONG"))
