# SPDX-License-Identifier: Apache-2.0
"""Completions for bash, zsh and fish, from what the programs say with --help.

What may stand as a value or an operand has a kind: "topics" (from the cache that the tools keep),
"files", "sources" (both), "commands", "" (nothing we could know), or the words themselves.
"""

import pathlib

from manual import configs
from manual.command import command, properties

TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"

PARTITIONERS = ["murmur2", "sticky", "round-robin", "random", "crc32", "fnv1a"]
TIMES = ["start", "end", "end-10", "@today", "@-1h"]
VALUES = {  # of options, by their longest name
    "--topic": "topics",
    "--properties": "files",
    "--dead-letter": "files",
    "--to": "files",
    "--import": "files",
    "--data-dir": "files",
    "--port-file": "files",
    "--partitioner": PARTITIONERS,
    "--from": TIMES,
    "--at": TIMES,
    "--until": ["end", "count=", "idle=", "match=", "@today", "@+1h"],
    "--pace": ["1x", "2x", "10x", "100x"],
    "--roll": ["count=", "bytes=", "age="],
}
PROPERTY_VALUES = {  # of client properties that have few
    "acks": ["all"],
    "compression.type": ["none", "gzip", "snappy", "lz4", "zstd"],
    "isolation.level": ["read_committed", "read_uncommitted"],
    "security.protocol": ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
    "sasl.mechanism": ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"],
    "ssl.endpoint.identification.algorithm": ["https"],
}
OPERANDS = {"TOPIC": "topics", "T": "topics", "FILE": "files", "CONFIG": "files",
            "SOURCE": "sources", "CMD": "commands"}
NAMES_OF_CONFIG = {"TYPE": ["topic", "broker"], "NAME": "topics", "KEY": "config names",
                   "CONFIG": "config names"}


def settings(program):
    """What -X may be followed by."""
    if program == "eventd":
        return [f"{name}=" for name in configs.names("broker")]
    words = []
    # "sasl.*" stands for many; those that have few values are worth offering.
    names = [known for name in properties(program)
             for known in (PROPERTY_VALUES if "*" in name else [name])
             if known.startswith(name.removesuffix("*"))]
    for name in dict.fromkeys(names):
        words += [f"{name}={value}" for value in PROPERTY_VALUES.get(name, [])] or [f"{name}="]
    return words


def kind_of_value(part, option):
    program = part.words[0]
    if option.long == "--set":
        return settings(program)
    if option.long == "--config":
        return [f"{name}=" for name in configs.names("topic")]
    return VALUES.get(option.long, "")


def kind_of_operand(part, operand):
    name = operand.names[0]
    if part.words[1:2] == ["config"]:
        kind = NAMES_OF_CONFIG.get(name.split("=")[0].split("[")[0], "")
        ending = "=" if part.words[-1] == "set" else ""
        return [one + ending for one in configs.names("topic")] if kind == "config names" else kind
    return OPERANDS.get(name, "")


def all_options(program, part):
    """Its own, and those that all verbs take."""
    own = {name for option in part.options for name in option.names}
    top = [] if part.words == [program] or program == "eventd" else command(program).options
    return part.options + [option for option in top if not set(option.names) & own]


def parts_of(program):
    return list(command(program).all())


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def fill(shell, program, **parts):
    """The template of a shell, whose marks are @NAME@."""
    text = (TEMPLATES / shell).read_text(encoding="utf-8")
    for name, part in {"program": program, "function": program.replace("-", "_"), **parts}.items():
        text = text.replace(f"@{name.upper()}@", part)
    return text


def profiles(program, text):
    """`text` where the program can be given brokers by a file that we do not read."""
    return text if command(program).has(["--profile"]) else ""


def kind_text(kind):
    return kind if isinstance(kind, str) else " ".join(kind)


def bash(program):
    at, values = [], []
    for part in parts_of(program):
        path = "".join(word + " " for word in part.words[1:])
        options = all_options(program, part)
        verbs = " ".join(verb.words[-1] for verb in part.verbs)
        flags = " ".join(sorted(name for option in options for name in option.names))
        valued = " ".join(sorted(name for option in options if option.value
                                 for name in option.names))
        kinds = "|".join(kind_text(kind_of_operand(part, one)) or "nothing"
                         for one in part.operands)
        at.append(f"    {quoted(path)}) verbs={quoted(verbs)} flags={quoted(flags)}\n"
                  f"      valued={quoted(valued)} operands={quoted(kinds)} ;;")
        for option in part.options:
            kind = kind_text(kind_of_value(part, option))
            if kind:
                names = " | ".join(("*" if part.words == [program] else quoted(path)) + name
                                   for name in option.names)
                values.append(f"    {names}) kind={quoted(kind)} ;;")
    names = "--profile | --profile=* | --properties | --properties=*"
    return fill("bash", program, at="\n".join(at), values="\n".join(dict.fromkeys(values)),
                profiles=profiles(program, f"      {names}) list='' ;;\n"))


def zsh_action(function, kind, long=None):
    if long == "--set":
        return f"_{function}_settings"
    if long == "--config":
        return f"_{function}_configs"
    named = {"topics": f"_{function}_topics", "files": "_files", "": " ",
             "sources": f"_{function}_sources", "commands": "_command_names"}
    if isinstance(kind, str):
        return named[kind]
    return "(" + " ".join(word.replace(":", "\\:") for word in kind) + ")"


def zsh_text(text):
    for special in "\\[]:":
        text = text.replace(special, "\\" + special)
    return text.replace("'", "'\\''")


def zsh_function(program, part):
    function = program.replace("-", "_")
    name = "_" + "_".join(word.replace("-", "_") for word in part.words)
    lines = [f"{name}() {{", "  local curcontext=$curcontext state line", "  local -a at"]
    options = []
    for option in all_options(program, part):
        # A value may be a word of its own, or stand in that of the option.
        ends = ("=", "+") if option.value else ("", "")
        names = [name + ends[name[1] != "-"] for name in option.names]
        names = names[0] if len(names) == 1 else "{" + ",".join(names) + "}"
        value = ""
        if option.value:
            action = zsh_action(function, kind_of_value(part, option), option.long)
            value = f":{zsh_text(option.value_name)}:{action}"
        others = "'*'" if option.repeats else f"'({' '.join(option.names)})'"
        options.append(f"    {others}{names}'[{zsh_text(option.about)}]{value}' \\")
    operands = [(one.names[0], zsh_action(function, kind_of_operand(part, one)),
                 one is part.operands[-1] and one.repeats) for one in part.operands]
    if part.verbs:
        words = " ".join(verb.words[-1] for verb in part.verbs)
        lines += ["  _arguments -s -S -C \\", *options]
        # Options behind a verb are left to its own function.
        lines.append(f"    '(-)1:verb:({words})' '(-)*:: :->rest'")
        lines += ["  [[ $state = rest ]] || return 0", "  case $line[1] in"]
        for verb in part.verbs:
            after = "_" + "_".join(word.replace("-", "_") for word in verb.words)
            lines.append(f"    {verb.words[-1]}) {after} ;;")
        if operands:
            title, action, _ = operands[0]
            lines += ["    *)", "      _arguments -s -S \\", *("    " + one for one in options),
                      f"        '*:{title}:{action}' ;;"]
        lines.append("  esac")
        return "\n".join(lines + ["}"]) + "\n"
    lines += ["  _arguments -s -S -C \\", *options]
    if operands and operands[0][1] == "_command_names":
        lines.append("    '(-)1:command:_command_names -e' '*::argument:_normal'")
    else:
        for number, (title, action, repeats) in enumerate(operands, 1):
            lines.append(f"    '{'*' if repeats else number}:{title}:{action}' \\")
        lines[-1] = lines[-1].removesuffix(" \\")
    return "\n".join(lines + ["}"]) + "\n"


def zsh(program):
    functions = "".join(zsh_function(program, part) for part in reversed(parts_of(program)))
    names = [f"{name}=" for name in configs.names("topic")] if program == "event-admin" else []
    case = "      --profile*|--properties*) list='' ;;\n"
    return fill("zsh", program, functions=functions, profiles=profiles(program, case),
                settings=" ".join(settings(program)), configs=" ".join(names))


def fish_value(function, kind):
    if not isinstance(kind, str):
        return f" -x -a {quoted(' '.join(kind))}"
    return {"topics": f" -x -a '(__{function}_topics)'", "files": " -r -F"}.get(kind, " -x")


def fish(program):
    function = program.replace("-", "_")
    lines = []
    for part in parts_of(program):
        verbs = part.words[1:]
        condition = f" -n '__{function}_at {' '.join(verbs)}'" if verbs else ""
        if part.verbs:
            only = " ".join([f"__{function}_ends_at", *verbs])
            for verb in part.verbs:
                about = verb.about.replace("'", "\\'")
                what = f"-f -a {verb.words[-1]} -d '{about}'"
                lines.append(f"complete -c {program} -n '{only}' {what}")
        for option in part.options:
            short = "".join(f" -s {flag[1:]}" for flag in option.names if flag[1] != "-")
            long = "".join(f" -l {flag[2:]}" for flag in option.names if flag[1] == "-")
            about = option.about.replace("\\", "\\\\").replace("'", "\\'")
            value = fish_value(function, kind_of_value(part, option)) if option.value else ""
            lines.append(f"complete -c {program}{condition}{short}{long}{value} -d '{about}'")
        kinds = [kind_of_operand(part, one) for one in part.operands]
        if kinds and "files" not in kinds and "sources" not in kinds and "commands" not in kinds:
            lines.append(f"complete -c {program}{condition} -f")
        for kind in kinds:
            words = kind if not isinstance(kind, str) else {
                "topics": [f"(__{function}_topics)"], "sources": [f"(__{function}_topics)"],
                "commands": ["(__fish_complete_command)"]}.get(kind, [])
            if words:
                lines.append(f"complete -c {program}{condition} -a {quoted(' '.join(words))}")
    case = "            case '--profile*' '--properties*'\n                set list\n"
    valued = {name for part in parts_of(program) for option in part.options if option.value
              for name in option.names}
    return fill("fish", program, profiles=profiles(program, case),
                valued=" ".join(sorted(valued))) + "\n".join(lines) + "\n"
