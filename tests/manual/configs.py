# SPDX-License-Identifier: Apache-2.0
"""The configs of eventd, as a broker of its own tells them (DescribeConfigs)."""

import functools
import json
import os
import pathlib
import struct
import subprocess
import sys

WITHOUT_EFFECT = "without effect here"
TYPES = ["unknown", "boolean", "string", "int", "short", "long", "double", "list", "class",
         "password"]
# What differs from folder to folder and from machine to machine, and what stands there instead.
OF_THE_MACHINE = {"log.dirs": "see FILES", "listeners": "PLAINTEXT://127.0.0.1:9092",
                  "num.network.threads": "half the cores, 1 to 4",
                  "max.connections": "a quarter of the descriptors"}
KINDS = {"topic": 2, "broker": 4}
DESCRIBE_CONFIGS, DEFAULT = 32, 5


def described(read):
    """The configs of one resource."""
    read.number("h"), read.text(), read.number("b"), read.text()
    for _ in range(read.number("i")):
        one = {"name": read.text(), "value": read.text(), "read_only": read.number("?")}
        source = read.number("b")
        read.number("?")
        synonyms = [(read.text(), read.text(), read.number("b")) for _ in range(read.number("i"))]
        one["type"], one["about"] = TYPES[read.number("b")], read.text()
        if source != DEFAULT:
            one["value"] = next((value for _, value, by in synonyms if by == DEFAULT), None)
        one["synonyms"] = [name for name, _, _ in synonyms if name != one["name"]]
        yield one


def ask():
    """Of the broker that `eventd run` has started for us."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
    from wire import Connection  # pylint: disable=import-outside-toplevel
    found = {}
    with Connection(os.environ["EVENT_BROKERS"]) as one:
        one.create_topic("t")
        for kind, name in (("topic", b"t"), ("broker", b"1")):
            body = struct.pack(">ibh", 1, KINDS[kind], len(name)) + name
            read = one.ask(DESCRIBE_CONFIGS, 3, body + struct.pack(">i??", -1, True, True))
            read.number("i"), read.number("i")
            found[kind] = list(described(read))
    print(json.dumps(found))


@functools.cache
def all_configs():
    said = subprocess.run(["eventd", "run", "--", sys.executable, __file__], capture_output=True,
                          check=True, text=True).stdout
    return json.loads(said)


def names(kind):
    return [one["name"] for one in all_configs()[kind]]


def table(kind):
    """Lines of a page's source: what has an effect here, each with its text, then the others."""
    configs = sorted(all_configs()[kind], key=lambda one: one["name"])
    lines, others = [], []
    for one in configs:
        if WITHOUT_EFFECT in (one["about"] or ""):
            others.append(one["name"])
            continue
        default = one["value"]
        if kind == "broker":
            default = OF_THE_MACHINE.get(one["name"], default)
        default = {None: "none", "": "empty"}.get(default, default)
        facts = [one["type"], f"default {default}"]
        if kind == "broker":
            facts.append("at the start only" if one["read_only"] else "dynamic")
        lines += [f"- `{one['name']}` ({', '.join(facts)})", f"  {one['about']}"]
        if kind == "topic" and one["synonyms"]:
            lines.append(f"  The broker's: {', '.join(one['synonyms'])}.")
    if others:
        lines += ["", "Known, checked, stored and told, but without effect here: " +
                  ", ".join(others) + "."]
    return lines


if __name__ == "__main__":
    ask()
