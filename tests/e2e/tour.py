#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tour of a README in one bash, and compares what each line prints with what stands there.

  tour.py README PORT      the broker's port, instead of 9092, wherever a line names that

A line of a console block that begins with "$ " is a command, "> " continues it, others are what it
prints. What a background job prints may come a little later.
"""

import os
import re
import select
import signal
import subprocess
import sys
import time

PATIENCE_S = 20
JOB_NEWS = re.compile(rb"^bash: line \d+:\s+\d+ (Killed|Terminated).*\n", re.MULTILINE)


def commands(text):
    """(command, what it prints) of every console block of the section "Five minutes"."""
    section = re.search(r"^## Five minutes$(.*?)^## ", text, re.DOTALL | re.MULTILINE)[1]
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", section, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], ""])
            elif line.startswith("> "):
                found[-1][0] += "\n" + line[2:]
            else:
                found[-1][1] += line + "\n"
    return found


def main():
    text = open(sys.argv[1], encoding="utf-8").read().replace("9092", sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shell = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
    try:
        play(shell, commands(text))
    finally:
        try:
            os.killpg(shell.pid, signal.SIGKILL)  # the tour's broker, where a line failed
        except ProcessLookupError:
            pass


def play(shell, lines):
    for command, printed in lines:
        shell.stdin.write(f"{command}\nprintf '\\001done %d\\002' $?\n".encode())
        shell.stdin.flush()
        got, done = b"", None
        deadline = time.monotonic() + (600 if command.startswith("./dev") else PATIENCE_S)
        while done is None or got != printed.encode():
            ready, _, _ = select.select([shell.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(shell.stdout.fileno(), 65536) if ready else b""
            got += more
            found = re.search(rb"\x01done (\d+)\x02", got)
            if found:
                done = int(found[1])
                got = got[:found.start()] + got[found.end():]
            got = JOB_NEWS.sub(b"", got)
            if done not in (None, 0) or not more:
                break
            if done is not None and not printed.encode().startswith(got):
                break
        if done != 0 or got != printed.encode():
            print(f"$ {command}\nstatus {done}, printed:\n{got.decode(errors='replace')}"
                  f"expected:\n{printed}")
            sys.exit(1)
    shell.stdin.close()
    shell.wait(PATIENCE_S)
    print(f"{len(lines)} command lines do what the README says")


main()
