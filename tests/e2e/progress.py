# SPDX-License-Identifier: Apache-2.0
"""The sentences of progress.sh: the tools on a terminal of the test's own. The topic t has the
numbers to 100."""

import os
import pty
import re
import select
import subprocess
import time

from sentences import main, sentence

PATIENCE_S = 20
CLEAR = b"\r\x1b[K"


class Run:
    """A tool whose stderr is a terminal; stdin is a pipe, stdout too unless `terminal`."""

    def __init__(self, *command, terminal=False):
        self.outside, inside = pty.openpty()
        self.tool = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=inside,
                                     stdout=inside if terminal else subprocess.PIPE)
        os.close(inside)
        self.seen = b""

    def look(self, wait_s):
        """False once nothing more can come."""
        if not select.select([self.outside], [], [], wait_s)[0]:
            return True
        try:
            some = os.read(self.outside, 65536)
        except OSError:  # EIO: the tool has ended
            return False
        self.seen += some
        return bool(some)

    def until(self, word):
        deadline = time.monotonic() + PATIENCE_S
        while word not in self.seen:
            assert time.monotonic() < deadline, f"no {word!r} in {self.seen!r}"
            assert self.look(0.1), f"ended without {word!r}: {self.seen!r}"

    def end(self, status=0):
        """Lets it come to its end, and returns what stdout had."""
        out, _ = self.tool.communicate(timeout=PATIENCE_S)
        while self.look(PATIENCE_S):
            pass
        os.close(self.outside)
        assert self.tool.returncode == status, (self.tool.returncode, self.seen)
        return out


def screen(seen):
    """What a person sees in the end: of each line what stands there after the last return."""
    lines = seen.replace(b"\r\n", b"\n").split(b"\n")
    return [line.split(CLEAR)[-1].split(b"\r")[-1] for line in lines]


@sentence("a producer shows how many records it has taken, and clears that at its end")
def _(_folder):
    run = Run("event-produce", "t")
    run.tool.stdin.write(b"a\nb\n")
    run.tool.stdin.flush()
    run.until(b"2 records")
    run.end()
    assert run.seen.endswith(CLEAR), run.seen
    assert screen(run.seen) == [b""], run.seen


@sentence("a complaint stands on a line of its own")
def _(_folder):
    run = Run("event-produce", "t", "-K", ":")
    run.tool.stdin.write(b"a:b\n")
    run.tool.stdin.flush()
    run.until(b"1 records")
    run.tool.stdin.write(b"no delimiter\n")
    run.end(1)
    said, rest = screen(run.seen)
    assert said.startswith(b"event-produce: stdin line 2:") and not rest, run.seen


@sentence("the time left is said where the end is known: of files by bytes, of a count by records")
def _(folder):
    file = folder / "lines"
    file.write_text("".join(f"line {n}\n" for n in range(40)))
    run = Run("event-produce", "t", str(file), "--rate", "20")
    run.until(b"%, 1s left")
    run.end()
    assert b" 20 a second" in run.seen or b" 19 a second" in run.seen, run.seen
    run = Run("event-replay", "t", "-f", "--until", "count=200")
    run.until(b" a second, ")
    run.tool.terminate()
    run.end(-15)
    percent = re.search(rb"(\d+) records, \d+ a second, (\d+)%", run.seen)
    assert int(percent[1]) // 2 == int(percent[2]) >= 50, run.seen


@sentence("what a reader prints has no progress in it")
def _(_folder):
    run = Run("event-replay", "t", "-f", "--until", "idle=2s")
    out = run.end()
    assert out.startswith(b"1\n2\n3\n") and b"second" not in out, out
    assert b"records" in run.seen and screen(run.seen) == [b""], run.seen


@sentence("there is none in lines on a terminal, none with -q, and none for what takes no second")
def _(_folder):
    lines = Run("event-consume", "t", "-f", "--until", "idle=2s", terminal=True)
    quiet = Run("event-consume", "t", "-f", "--until", "idle=2s", "-q")
    short = Run("event-consume", "t")
    assert not lines.end() and quiet.end() and short.end()
    assert b"1\r\n2\r\n3\r\n" in lines.seen and b"records" not in lines.seen, lines.seen
    assert not quiet.seen and not short.seen, (quiet.seen, short.seen)


@sentence("a signal takes it away")
def _(_folder):
    run = Run("event-produce", "t")
    run.until(b"0 records")
    run.tool.terminate()
    run.end(-15)
    assert run.seen.endswith(CLEAR), run.seen


main()
