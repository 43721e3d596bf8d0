# SPDX-License-Identifier: Apache-2.0
"""The sentences of help.sh: --help of every program and verb, and its examples."""

import gzip
import os
import pathlib
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from manual.command import PROGRAMS, command  # noqa: E402
from sentences import main, sentence  # noqa: E402

DATA = sys.argv.pop(2)
TOPICS = ["clicks", "files", "users", "docs", "builds", "a", "b", "orders", "events", "log-app"]
PATIENCE_S = 20


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, check=True,
                          **more).stdout


def prepare(folder):
    """What the examples speak of, as a person would have it."""
    (folder / "users.txt").write_text("u1:Ada\nu2:Alan\n")
    (folder / "old.jsonl.gz").write_bytes(gzip.compress(b'{"value":"old"}\n'))
    (folder / "one.json").write_text('{"n":1}')
    (folder / "Makefile").write_text("all:\n\t@echo built\n")
    (folder / "my-test.sh").write_text("#!/bin/sh\nevent-admin topic create t >/dev/null\n")
    (folder / "my-test.sh").chmod(0o755)
    (folder / "server.properties").write_text(
        f"log.dirs={folder}/logs\nlisteners=PLAINTEXT://127.0.0.1:0\n")
    run("event-admin", "topic", "create", *TOPICS, "--if-not-exists")
    if not run("event-consume", "clicks"):
        events = "".join(f'{{"key":"u{n % 10}","value":"{{\\"level\\":{n % 9}}}"}}\n'
                         for n in range(300))
        run("event-produce", "clicks", "-j", input=events)
        run("event-produce", "log-app", "-j", input=events)
    if command("event-admin").has(["dump"]):
        (folder / "cluster.json").write_text(run("event-admin", "dump"))


def try_out(typed, folder):
    """Runs an example. One that follows, or serves, is ended by SIGTERM once it has said something.
    Returns what went wrong, or nothing."""
    new = re.search(r"topic create (\S+)", typed)
    if new:
        run("event-admin", "topic", "delete", new[1], "--yes")
    typed = typed.replace("/var/lib/kafka", DATA)
    if re.match(r"eventd(?! run)", typed):
        typed += " --data-dir ./own --port 0" if typed == "eventd" else ""
        typed = "exec " + typed
    endless = bool(re.search(r" -f\b| --follow\b|^exec eventd", typed))
    tool = subprocess.Popen(["bash", "-c", ("exec " if endless and "exec" not in typed else "") +
                             typed], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, cwd=folder)
    if endless:
        deadline = time.monotonic() + PATIENCE_S
        while not select.select([tool.stdout], [], [], 0.1)[0] and tool.poll() is None:
            assert time.monotonic() < deadline, f"{typed}: it says nothing"
        tool.terminate()
    out, err = tool.communicate(timeout=PATIENCE_S)
    good = tool.returncode in ((0, -15) if endless else (0,))
    return None if good else f"{typed}: {tool.returncode} {err.decode()} {out.decode()[:200]}"


@sentence("--help of every program and verb fits 80 columns")
def _(_folder):
    wide = [f"{' '.join(part.words)}: {line}" for name in PROGRAMS for part in command(name).all()
            for line in part.help.splitlines() if len(line) > 80]
    assert not wide, "\n".join(wide)


@sentence("every program has three to five examples")
def _(_folder):
    for name in PROGRAMS:
        assert 3 <= len(command(name).examples) <= 5, (name, command(name).examples)


@sentence("each of them works")
def _(folder):
    wrong = []
    for name in PROGRAMS:
        for number, example in enumerate(command(name).examples):
            place = folder / f"{name}-{number}"
            place.mkdir()
            prepare(place)
            wrong.append(try_out(re.split(r"  +", example)[0], place))
    wrong = [one for one in wrong if one]
    assert not wrong, "\n".join(wrong)


main()
