#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sentences about `eventd run [--] CMD..`.

  run.py FOLDER [WORD..]     all of them, or those that contain a word
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

from broker import until
from sentences import main, sentence, skip

DEADLINE_S = 20
FOLDERS = "eventd-run-"
# What a command does until a trap ends it.
WAITING = "while :; do sleep 0.05; done"  # between two polls


def environment(folder, **more):
    return {**os.environ, "TMPDIR": str(folder), **more}


def run(folder, *arguments, **how):
    """The whole run, with the folder as TMPDIR; nothing may be left there."""
    done = subprocess.run(["eventd", "run", *map(str, arguments)], env=environment(folder),
                          stdin=how.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=DEADLINE_S, **how)
    assert left(folder) == [], left(folder)
    return done


def left(folder):
    return sorted(one.name for one in folder.iterdir() if one.name.startswith(FOLDERS))


class Started:
    """A run that is looked at while it lasts. It has a process group of its own."""

    def __init__(self, folder, *arguments, **how):
        self.folder = folder
        self.process = subprocess.Popen(
            [*how.pop("wrapper", ()), "eventd", "run", *map(str, arguments)],
            env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, **how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.communicate()

    def line(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    def ends(self):
        """(status, the rest of stdout, stderr)"""
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, out.decode(), err.decode()


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@sentence("the command finds the broker by its environment; the profile is unset")
def _(folder):
    os.environ["EVENT_PROFILE"] = "p"
    done = run(folder, "sh", "-c", 'echo $KAFKA_BOOTSTRAP_SERVERS; echo $EVENT_BROKERS; '
                                   'echo "${EVENT_PROFILE-none}"')
    lines = done.stdout.decode().splitlines()
    assert re.fullmatch(r"127\.0\.0\.1:\d+", lines[0]) and lines[0] == lines[1], lines
    assert lines[2] == "none" and done.returncode == 0 and done.stderr == b""


@sentence("the broker works, on a free port and in a folder of its own")
def _(folder):
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    done = run(folder, "sh", "-c",
               "event-admin topic create t >/dev/null && seq 1000 | event-produce t && "
               'event-consume t | tail -n 1 && ls -d "$TMPDIR"/eventd-run-*/data/t-0')
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0] == "1000" and lines[1].endswith("/data/t-0"), lines
    assert not (folder / "cache").exists(), "a cache of topics for a broker that is gone"


@sentence("its status is the command's: any from 0 to 255")
def _(folder):
    for status in (0, 1, 42, 125, 255):
        assert run(folder, "sh", "-c", f"exit {status}").returncode == status


@sentence("a command that dies by a signal: so do we")
def _(folder):
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE, signal.SIGINT):
        done = run(folder, "sh", "-c", f"ulimit -c 0; kill -{int(number)} $$")
        assert done.returncode == -number, (number, done.returncode)


@sentence("127: not found; 126: cannot be executed; 125: our own failure; each with one line")
def _(folder):
    (folder / "text").write_text("no program\n")
    (folder / "file").write_text("")
    cases = [(127, ["no-such-command"], "no-such-command"), (127, ["./no/such"], "./no/such"),
             (126, [folder / "text"], "text"), (126, [folder], str(folder)),
             (125, [], "command is missing"), (125, ["--"], "command is missing"),
             (125, ["--no-such-option", "true"], "--no-such-option"),
             (125, ["-X", "num.partitions=many", "true"], "num.partitions"),
             (125, ["--data-dir", folder / "file", "true"], "file")]
    for status, arguments, word in cases:
        done = run(folder, *arguments)
        lines = done.stderr.decode().splitlines()
        assert done.returncode == status, (arguments, done.returncode, lines)
        assert len(lines) == 1 and lines[0].startswith("eventd: run: ") and word in lines[0], lines
        assert "run: run" not in lines[0], lines
    done = subprocess.run(["eventd", "run", "true"], env={**os.environ, "TMPDIR": "/no/such"},
                          stderr=subprocess.PIPE)
    assert done.returncode == 125 and b"/no/such" in done.stderr


@sentence("options stand before the command; all after it is the command's")
def _(folder):
    words = ["-X", "--data-dir", "-v", "--", "-h", "--help", "", "a b"]
    for front in ([], ["--"], ["-q"], ["-X", "num.partitions=2", "-X", "num.io.threads=1"],
                  ["-X", "num.partitions=2", "--"], ["--data-dir", folder / "d"]):
        done = run(folder, *front, "printf", "%s\\n", *words)
        assert done.returncode == 0, (front, done.stderr)
        assert done.stdout.decode().split("\n")[:-1] == words, (front, done.stdout)
    done = run(folder, "--", "--odd")
    assert done.returncode == 127 and b"--odd" in done.stderr


@sentence("-X sets a config")
def _(folder):
    done = run(folder, "-X", "num.partitions=7", "sh", "-c",
               "event-admin topic create t && event-admin topic describe t -j | wc -l")
    assert done.stdout.decode().split()[-1] == "7", (done.stdout, done.stderr)


@sentence("the command has our stdin, stdout, stderr and process group")
def _(folder):
    (folder / "in").write_text("from stdin\n")
    with open(folder / "in", "rb") as stdin:
        done = run(folder, "sh", "-c", "cat; echo to stderr >&2; ps -o pgid= -p $$ -p $PPID",
                   stdin=stdin)
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "from stdin" and lines[1] == lines[2], lines
    assert done.stderr == b"to stderr\n"


@sentence("ignored and blocked signals are the command's as they were ours, and none of ours are")
def _(folder):
    show = ["grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]
    for wrapper in ([], ["nohup"], ["env", "--ignore-signal=INT", "--block-signal=USR1"]):
        if wrapper[:1] == ["env"] and subprocess.run([*wrapper, "true"]).returncode != 0:
            continue
        plain = subprocess.run([*wrapper, *show], stdout=subprocess.PIPE,
                               stdin=subprocess.DEVNULL).stdout
        with Started(folder, *show, wrapper=wrapper) as one:
            assert one.ends()[1] == plain.decode(), wrapper


@sentence("SIGINT and SIGQUIT are the command's: the broker outlives them")
def _(folder):
    script = "trap 'echo caught' INT QUIT; echo ready; while :; do read -r x < fifo; done"
    for number in (signal.SIGINT, signal.SIGQUIT):
        (folder / "fifo").unlink(missing_ok=True)
        os.mkfifo(folder / "fifo")
        with Started(folder, "bash", "-c", script, cwd=folder) as one:
            assert one.line() == "ready"
            os.killpg(one.process.pid, number)  # as the terminal does
            assert one.line() == "caught"
            one.process.send_signal(number)  # to us alone: nothing
            os.killpg(one.process.pid, number)
            assert one.line() == "caught"
            assert one.process.poll() is None
            one.process.send_signal(signal.SIGTERM)
            assert one.ends()[0] == -signal.SIGTERM
        assert left(folder) == []


@sentence("at a terminal the command reads it, and ^C is the command's")
def _(folder):
    script = ("trap 'echo caught; exit 5' INT; test -t 0 && test -t 1 && echo tty; read -r x; "
              f'echo "got $x"; {WAITING}')
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("eventd", ["eventd", "run", "bash", "-c", script], environment(folder))
    said = b""

    def says(words):
        nonlocal said
        ready, _, _ = select.select([terminal], [], [], 0)
        said += os.read(terminal, 4096) if ready else b""
        return words in said

    try:
        until(lambda: says(b"tty"), "it is a terminal")
        os.write(terminal, b"hello\n")
        until(lambda: says(b"got hello"), "it is read")
        os.write(terminal, b"\x03")
        until(lambda: says(b"caught"), "^C is caught")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    finally:
        os.close(terminal)
    assert left(folder) == []


@sentence("SIGTERM and SIGHUP are passed on, and the command decides")
def _(folder):
    for number, name in ((signal.SIGTERM, "TERM"), (signal.SIGHUP, "HUP")):
        script = f"trap 'echo caught; exit 9' {name}; echo ready; {WAITING}"
        with Started(folder, "sh", "-c", script) as one:
            assert one.line() == "ready"
            one.process.send_signal(number)
            status, out, err = one.ends()
            assert (status, out) == (9, "caught\n"), (status, out, err)
        assert left(folder) == []


@sentence("kill -9 of us: the command gets SIGTERM, and the next run removes the folder")
def _(folder):
    script = f"trap 'echo caught; exit' TERM; echo $$; {WAITING}"
    with Started(folder, "sh", "-c", script) as one:
        child = int(one.line())
        one.process.kill()
        assert one.line() == "caught"
        until(lambda: not is_alive(child), "the command ends")
        one.process.wait()
        assert len(left(folder)) == 1
        assert run(folder, "true").returncode == 0  # it looks that nothing is left


@sentence("the next run leaves alone what lives, and what is not its business")
def _(folder):
    (folder / "eventd-run-file").write_text("not a folder")
    (folder / "eventd-run-link").symlink_to("/")
    (folder / "eventd-run-fresh").mkdir()
    with Started(folder, "sh", "-c", f"echo ready; {WAITING}") as one:
        assert one.line() == "ready"
        there = left(folder)
        done = subprocess.run(["eventd", "run", "true"], env=environment(folder),
                              stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr
        assert left(folder) == there and len(there) == 4
        one.process.send_signal(signal.SIGTERM)
        one.ends()
    # A minute later the one without an owner is old.
    old = time.time() - 100
    os.utime(folder / "eventd-run-fresh", (old, old))
    assert subprocess.run(["eventd", "run", "true"], env=environment(folder)).returncode == 0
    assert left(folder) == ["eventd-run-file", "eventd-run-link"]


@sentence("a signal before the command has started ends us by it, and nothing is left")
def _(folder):
    if not shutil.which("strace"):
        skip("there is no strace")
    # Held back from the start on; strace delivers it within the first mkdir.
    wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=mkdir", "-e",
               "inject=mkdir:signal=SIGTERM:when=1"]
    if subprocess.run([*wrapper, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("strace cannot trace here")
    with Started(folder, "echo", "the command ran", wrapper=wrapper) as one:
        status, out, _ = one.ends()
        assert out == "" and status == -signal.SIGTERM, (status, out)
    assert left(folder) == []


@sentence("if the broker fails, the command gets SIGTERM and we exit 125")
def _(folder):
    script = ('trap "echo caught; exit 3" TERM; rm -rf "$TMPDIR"/eventd-run-*/data; echo gone; '
              + WAITING)
    with Started(folder, "sh", "-c", script) as one:
        assert one.line() == "gone"
        status, out, err = one.ends()
        assert (status, out) == (125, "caught\n"), (status, out, err)
        assert "broker has failed" in err, err
    assert left(folder) == []


@sentence("nothing is left behind: no folder, no process, no port")
def _(folder):
    with Started(folder, "sh", "-c", "echo $KAFKA_BOOTSTRAP_SERVERS") as one:
        one.line()
        assert one.ends()[0] == 0
        try:
            os.killpg(one.process.pid, 0)
            raise AssertionError("something of the process group lives")
        except ProcessLookupError:
            pass
    assert left(folder) == []


@sentence("--data-dir keeps the data")
def _(folder):
    done = run(folder, "--data-dir", folder / "kept", "sh", "-c",
               "event-admin topic create t >/dev/null && seq 10 | event-produce t")
    assert done.returncode == 0, done.stderr
    done = run(folder, "--data-dir", folder / "kept", "event-consume", "t")
    assert done.stdout.decode().split() == [str(n) for n in range(1, 11)], done.stderr


@sentence("nothing is synced")
def _(folder):
    if not shutil.which("strace"):
        skip("there is no strace")
    trace = ["strace", "-f", "-qq", "-o", str(folder / "trace"), "-e", "signal=none", "-e",
             "trace=fsync,fdatasync,sync,syncfs,sync_file_range,msync"]
    if subprocess.run([*trace, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("strace cannot trace here")
    with Started(folder, "sh", "-c", "event-admin topic create t >/dev/null && seq 10 | "
                 "event-produce t && event-consume t", wrapper=trace) as one:
        status, out, err = one.ends()
        assert status == 0 and out.split() == [str(n) for n in range(1, 11)], (status, out, err)
    assert (folder / "trace").read_text() == ""


@sentence("only warnings are logged, and no listening line")
def _(folder):
    done = run(folder, "sh", "-c", "event-admin topic create t >/dev/null")
    assert done.stdout == b"" and done.stderr == b"", done


main()
