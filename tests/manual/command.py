# SPDX-License-Identifier: Apache-2.0
"""What the programs say with --help, as data: verbs, options, operands, examples."""

import functools
import re
import subprocess

PROGRAMS = ["eventd", "event-produce", "event-consume", "event-replay", "event-admin"]


class Option:
    """One line of --help: its names, what its value is called, and what it does."""

    def __init__(self, names, value, about):
        self.names, self.value, self.about = names.split(","), value, about
        self.repeats = bool(value) and "..." in value
        self.required = bool(value) and "REQUIRED" in value
        self.value_name = re.sub(r" (\.\.\.|REQUIRED)", "", value) if value else None

    @property
    def long(self):
        """Its longest name, by which our tables have it."""
        return max(self.names, key=len)


class Command:
    """A program or a verb of one."""

    def __init__(self, words):
        self.words = words
        said = subprocess.run([*words, "--help"], capture_output=True, check=True, text=True).stdout
        self.help = said
        self.about = said.split("\n")[0]
        self.usage = re.search(r"^Usage: (.*)$", said, re.MULTILINE)[1]
        self.operands = self.options_of(said, "Positionals")
        self.options = self.options_of(said, "Options")
        self.verbs = [Command([*words, one.names[0]])
                      for one in self.options_of(said, "Subcommands")]
        if words == ["eventd"]:
            run = Command(["eventd", "run"])
            run.usage += " [--] CMD.."
            run.operands = [Option("CMD", "TEXT ...", "The command, as it stands")]
            self.verbs.append(run)
        found = re.search(r"^Examples:\n(.*)", said, re.MULTILINE | re.DOTALL)
        self.examples = [line.strip() for line in found[1].splitlines() if line] if found else []

    @staticmethod
    def options_of(said, section):
        found = re.search(rf"^{section}:\n((?:  .*\n)+)", said, re.MULTILINE)
        joined = re.sub(r"\n {10,}", "  ", found[1]) if found else ""
        options = []
        for line in joined.splitlines():
            match = re.match(
                r"  (\S+)(?: (\S+(?: \.\.\.)?(?: REQUIRED)?))?(?:  +(\S.*)| ([A-Z].*))$", line)
            if not match:
                raise SystemExit(f"tests/reference: cannot read {line!r}")
            options.append(Option(match[1], match[2], match[3] or match[4]))
        return options

    def all(self):
        yield self
        for verb in self.verbs:
            yield from verb.all()

    def has(self, words):
        """Whether there is an option or a verb as a page's `@if` names it."""
        parts = [part for part in self.all() if part.words[1:] == words]
        flags = {name for part in self.all() for option in part.options for name in option.names}
        return bool(parts) or (len(words) == 1 and words[0] in flags)


@functools.cache
def command(program):
    return Command([program])


@functools.cache
def properties(program):
    """The client properties that -X takes, as the tool lists them when it is given another."""
    if program == "eventd":
        return []
    words = {"event-admin": ["cluster"]}.get(program, ["topic"])
    said = subprocess.run([program, *words, "-X", "?=1"], capture_output=True, text=True,
                          check=False).stderr
    return said.split(f"{program} has ")[1].strip().split(", ") if f"{program} has " in said else []
