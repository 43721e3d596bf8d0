# SPDX-License-Identifier: Apache-2.0
"""The sentences of completion.sh. $EVENT_BROKERS names a broker that is gone; the tools know its
topics order-lines, orders and clicks."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import time

from sentences import main, sentence, skip

COMPLETIONS = pathlib.Path(sys.argv.pop(2))
PATIENCE_S = 20

# The typed line, and what is offered for its last word.
COMMON = [
    ("event-consume order", ["order-lines", "orders"]),
    ("event-consume cl", ["clicks"]),
    ("event-consume orders cl", ["clicks"]),
    ("event-consume -f --from start cl", ["clicks"]),
    ("event-consume --fol", ["--follow"]),
    ("event-replay cl", ["clicks"]),
    ("event-produce cl", ["clicks"]),
    ("event-produce orders --partitioner mur", ["murmur2"]),
    ("event-admin to", ["topic"]),
    ("event-admin topic desc", ["describe"]),
    ("event-admin topic describe order", ["order-lines", "orders"]),
    ("event-admin topic delete cl", ["clicks"]),
    ("event-admin topic create new --if", ["--if-not-exists"]),
    ("event-admin topic create new --config retention.b", ["retention.bytes="]),
    ("event-produce orders -X compression.type=z", ["compression.type=zstd"]),
    ("event-consume orders -X sasl.mechanism=P", ["sasl.mechanism=PLAIN"]),
    ("event-admin config set topic orders retention.b", ["retention.bytes="]),
    ("event-admin wait topic cl", ["clicks"]),
    ("event-consume orders --until cou", ["count="]),
    ("eventd -X log.retention.b", ["log.retention.bytes="]),
    ("eventd --listen", ["--listen-anywhere"]),
    ("eventd r", ["run"]),
    ("event-consume -b other:1 cl", ["clicks"]),
    # The value of an option is no verb, and a verb is one behind it.
    ("event-admin -b host:1 to", ["topic"]),
    ("event-admin -b host:1 topic desc", ["describe"]),
    ("event-admin topic -b host:1 desc", ["describe"]),
    ("event-admin -b host:1 topic describe cl", ["clicks"]),
    ("event-admin --brokers host:1 wait topic cl", ["clicks"]),
    ("event-admin --brokers=host:1 -q topic desc", ["describe"]),
    ("event-admin -X client.id=x -bhost:1 topic create new --if", ["--if-not-exists"]),
    ("event-admin topic describe -q cl", ["clicks"]),
    ("event-admin --profile topic to", ["topic"]),
    ("eventd run -q --data", ["--data-dir"]),
    ("eventd some.properties --listen", ["--listen-anywhere"]),
    ("eventd --port-file run r", ["run"]),
]


def same(shell, line, got, wanted):
    assert sorted(got) == sorted(wanted), f"{shell}: {line!r}: {got}, not {wanted}"


class Terminal:
    """An interactive shell, in a terminal of the test's own."""

    def __init__(self, command, prompt, environment):
        self.prompt = prompt
        self.child, self.outside = pty.fork()
        if self.child == 0:
            os.chdir(environment["PWD"])
            os.execvpe(command[0], command, environment)
        self.wait_for(prompt)

    def wait_for(self, word):
        seen, deadline = b"", time.monotonic() + PATIENCE_S
        while word not in seen:
            assert time.monotonic() < deadline, f"no {word!r} in {seen!r}"
            if select.select([self.outside], [], [], 0.1)[0]:
                seen += os.read(self.outside, 65536)
        return seen

    def run(self, typed):
        """Types a line, and returns what it prints."""
        os.write(self.outside, typed.encode() + b"\r")
        return self.wait_for(self.prompt).decode()

    def close(self):
        os.close(self.outside)
        os.waitpid(self.child, 0)


def need(shell):
    if not shutil.which(shell):
        skip(f"there is no {shell}")


def offered_by_bash(line):
    """What the function that is registered for the first word makes of the line."""
    name = line.split()[0]
    script = """
compopt() { echo "$*" >&3; }
. "$1/$2.bash"
COMP_LINE=$3 COMP_POINT=${#3}
read -ra COMP_WORDS <<<"$3"
_${2//-/_}
printf '%s\\n' "${COMPREPLY[@]}"
"""
    said = subprocess.run(["bash", "-c", "exec 3>&2 && " + script, "-", COMPLETIONS, name, line],
                          capture_output=True, check=True, text=True)
    return said.stdout.split("\n")[:-1], said.stderr


@sentence("bash offers topics, verbs, options and values")
def _(_folder):
    for line, wanted in COMMON:
        got, _ = offered_by_bash(line)
        word = line.split()[-1]
        before = re.match(r".*[=:]|", word)[0]  # readline has its own words
        same("bash", line, [before + one for one in got], wanted)


@sentence("bash leaves files to readline, and offers none where they are no good")
def _(_folder):
    for line in "event-produce orders --dead-letter x", "event-replay ./x", "eventd x", \
                "event-produce orders x":
        got, options = offered_by_bash(line)
        assert got in ([], [""]) and "+o default" not in options, (line, got, options)
    for line in "event-consume zzz", "event-consume orders --key x":
        _, options = offered_by_bash(line)
        assert "+o default" in options, (line, options)


@sentence("bash completes on the Tab of a person")
def _(folder):
    shell = Terminal(["bash", "--norc", "--noprofile", "-i"], b"ready> ",
                     {**os.environ, "PS1": "ready> ", "PWD": str(folder), "TERM": "dumb"})
    shell.run(f"for one in '{COMPLETIONS}'/*.bash; do . $one; done")
    # The terminal shows what Tab has typed.
    said = shell.run("event-consume cl\t; :")
    assert "event-consume clicks ;" in said, said
    said = shell.run("event-produce orders -X compression.type=zs\t; :")
    assert "compression.type=zstd ;" in said, said
    shell.close()


@sentence("a hostile name in the cache is not run")
def _(folder):
    cache = folder / "event" / "topics"
    cache.mkdir(parents=True)
    (cache / "x").write_text("$(touch ran)\n`touch ran`\ngood\n")
    before, os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CACHE_HOME"], str(folder)
    os.chdir(folder)
    try:
        got, _ = offered_by_bash("event-consume ")
        same("bash", "", got, ["good"])
        if shutil.which("fish"):
            offered_by_fish("event-consume ")
        assert not (folder / "ran").exists()
    finally:
        os.environ["XDG_CACHE_HOME"] = before


def offered_by_fish(line):
    name = line.split()[0]
    said = subprocess.run(["fish", "--no-config", "-c",
                           f"source {COMPLETIONS}/{name}.fish; complete -C '{line}'"],
                          capture_output=True, check=True, text=True, stdin=subprocess.DEVNULL)
    return [one.split("\t")[0] for one in said.stdout.splitlines()]


@sentence("fish offers the same")
def _(_folder):
    need("fish")
    for line, wanted in COMMON:
        same("fish", line, offered_by_fish(line), wanted)


@sentence("zsh offers the same")
def _(folder):
    need("zsh")
    functions = folder / "functions"
    functions.mkdir()
    for file in COMPLETIONS.glob("_*"):
        shutil.copy(file, functions)
    shell = Terminal(["zsh", "-f", "-i"], b"ready> ",
                     {**os.environ, "PS1": "ready> ", "PWD": str(folder), "TERM": "dumb"})
    shell.run(f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D")
    # Instead of a list on the screen: the matches, in brackets. What was typed is thrown away.
    shell.run("show() { compstate[insert]=; compstate[list]=; }")
    shell.run("compadd() { local -a got; builtin compadd -O got \"$@\"; "
              "[[ \" $* \" == *' -[OAD] '* ]] || offered+=($got); builtin compadd \"$@\" }")
    shell.run("zle -C offer complete-word tell; bindkey '^X?' offer")
    shell.run("tell() { offered=(); _main_complete; compstate[insert]= compstate[list]=; "
              "print -rn -- \"<<${(j:|:)${(@u)offered}}>>\" }")
    for line, wanted in COMMON:
        os.write(shell.outside, line.encode() + b"\x18?")
        said = shell.wait_for(b">>").decode()
        os.write(shell.outside, b"\x15")
        got = re.search(r"<<(.*)>>", said, re.DOTALL)[1].split("|")
        same("zsh", line, got, wanted)
    shell.close()


main()
