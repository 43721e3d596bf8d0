# SPDX-License-Identifier: Apache-2.0
"""Manual pages from man/*.in: text of our own, and what the programs say with --help.

A source is plain text. `# WORD` begins a section and `## WORD` a part of one, a blank line a
paragraph, four spaces an example, `- TERM` a term whose text follows, indented by two. *so* is
italic, **so** or `so` bold.

  @if [PROGRAM] WORD..     only where the program has that option or verb
  @end
  @option NAME             what follows, to the next @, is said of that option in @options
  @option! NAME            the same, instead of what --help says of it
  @options @examples @properties @configs KIND     from the programs
  @include NAME            man/NAME.in

A page whose section is 1 begins with a name and synopsis from --help. Options that man/options.in
tells of are told in all pages that do not tell of them themselves.
"""

import re

from manual import configs
from manual.command import PROGRAMS, command, properties

USED = set()  # (source, option) of every @option that stands in a page


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    return text.replace("'", "\\(aq").replace("`", "\\(ga")


def inline(text):
    """A line of a source as roff."""
    parts = re.split(r"(`[^`]+`|\*\*[^*]+\*\*|(?<![\w*])\*[^*\s](?:[^*]*[^*\s])?\*(?![\w*]))", text)
    made = ""
    for part in parts:
        if part[:1] == "`" and len(part) > 2:
            made += f"\\fB{escape(part[1:-1])}\\fR"
        elif part[:2] == "**" and len(part) > 4:
            made += f"\\fB{escape(part[2:-2])}\\fR"
        elif part[:1] == "*" and len(part) > 2:
            made += f"\\fI{escape(part[1:-1])}\\fR"
        else:
            made += escape(part)
    return "\\&" + made if made[:1] in ".'\\" and not made.startswith("\\f") else made


def plain(text):
    """A line that stands as it is."""
    made = escape(text)
    return "\\&" + made if made[:1] in (".", "\\") else made


class Source:
    """One file of man/, with its conditions decided and its options taken out."""

    def __init__(self, top, name, program):
        self.top, self.name, self.program = top, name, program
        self.options, self.lines, self.instead = {}, [], set()
        keep, option = True, None
        for line in self.included(name):
            word, _, rest = line.partition(" ")
            if word == "@if":
                keep = self.holds(rest.split())
            elif word == "@end":
                keep = True
            elif not keep:
                continue
            elif word in ("@option", "@option!"):
                option = rest
                self.options[option] = []
                if word == "@option!":
                    self.instead.add(option)
            elif option and not (word.startswith("@") or line.startswith("# ")):
                self.options[option].append(line)
            else:
                option = None
                self.lines.append(line)

    def included(self, name):
        for line in (self.top / "man" / f"{name}.in").read_text(encoding="utf-8").splitlines():
            if line.startswith("@include "):
                yield from self.included(line.split()[1])
            else:
                yield line

    def holds(self, words):
        program = self.program
        if words[0] in PROGRAMS:
            program, words = words[0], words[1:]
        return bool(program) and (not words or command(program).has(words))


def body(lines):
    """The lines of a source as roff."""
    made, example, term = [], False, False
    for line in lines:
        is_example = line.startswith("    ")
        if example and not is_example:
            made += [".EE", ".RE"]
        if is_example and not example:
            if made and made[-1] == ".PP":
                made.pop()
            made += [".PP", ".RS 4", ".EX"]
        example = is_example
        if is_example:
            made.append(plain(line[4:]))
        elif line.startswith("## "):
            made.append(f".SS {inline(line[3:])}")
        elif line.startswith("# "):
            made.append(f".SH {escape(line[2:])}")
        elif line.startswith("- "):
            made += [".TP", inline(line[2:])]
        elif line.startswith("  "):
            made.append(inline(line[2:]))
        elif not line:
            if made and not made[-1].startswith((".SH", ".SS", ".PP")):
                made.append(".PP")
        else:
            made.append(inline(line))
        term = line.startswith("- ")
    if example:
        made += [".EE", ".RE"]
    clean = [line for line, after in zip(made, [*made[1:], ".SH"])
             if not (line == ".PP" and after.startswith((".SH", ".SS", ".TP", ".PP")))]
    return clean if not term else clean + ["\\&"]


def option_lines(part, known, told):
    """The options of a program or verb, but those that `known` has told already."""
    for option in part.options:
        if set(option.names) <= known:
            continue
        value = f" \\fI{escape(option.value_name)}\\fR" if option.value_name else ""
        names = ", ".join(f"\\fB{escape(name)}\\fR" for name in option.names)
        more, instead = told(part, option)
        yield from [".TP", names + value]
        if not instead:
            yield inline(option.about) + "."
        yield from body(more)


def options(source, shared):
    program = command(source.program)

    def told(part, option):
        verbs = " ".join(part.words[1:])
        for one in (source, shared):
            for name in (f"{verbs} {option.long}".strip(), option.long):
                if name in one.options:
                    USED.add((one.name, name))
                    return one.options[name], name in one.instead
        return [], False

    made = list(option_lines(program, set(), told))
    known = {name for option in program.options for name in option.names}
    for part in list(program.all())[1:]:
        if part.verbs:
            continue
        usage = re.sub(r"\[OPTIONS\] ?", "", part.usage).strip()
        made += [f".SS {escape(usage)}"]
        if " ".join(part.words[1:]) not in source.instead:
            made += [inline(part.about) + "."]
        made += body(verb_text(source, part))
        made += option_lines(part, known, told)
    return made


def verb_text(source, part):
    name = " ".join(part.words[1:])
    if name in source.options:
        USED.add((source.name, name))
        return source.options[name]
    return []


def examples(program):
    made = []
    for example in command(program).examples:
        typed, _, about = re.match(r"(.*?)(  +|$)(.*)", example).groups()
        made += [".TP", f"\\fB{plain(typed)}\\fR", inline(about) or "\\&"]
    return made


def synopsis(program):
    made = [".SH SYNOPSIS"]
    for part in command(program).all():
        if part.verbs and part.words != ["eventd"]:
            continue
        words = part.usage.split(" ")
        count = len(part.words)
        made += [f".B {escape(' '.join(words[:count]))}"]
        if words[count:]:
            made += [f"\\fI{escape(' '.join(words[count:]))}\\fR"]
        made += [".br"]
    return made[:-1]


def page(top, name):
    """The page man/NAME from man/NAME.in."""
    title, section = name.rsplit(".", 1)
    program = title if title in PROGRAMS else None
    source, shared = Source(top, name, program), Source(top, "options", program)
    lines = [".\\\" Made by tests/reference from man/*.in and what the programs say of themselves.",
             f'.TH {title.upper()} {section} "" eventd', ".nh", ".ad l"]
    if section == "1":
        about = command(program).about
        lines += [".SH NAME", f"{escape(title)} \\- {escape(about[0].lower() + about[1:])}"]
        lines += synopsis(program)
    text = []

    def flush():
        lines.extend(body(text))
        text.clear()

    for line in source.lines:
        if not line.startswith("@"):
            text.append(line)
            continue
        flush()
        word, *rest = line.split()
        if word == "@options":
            lines += options(source, shared)
        elif word == "@examples":
            lines += examples(program)
        elif word == "@properties":
            lines.append(", ".join(f"\\fB{escape(one)}\\fR" for one in properties(program)) + ".")
        elif word == "@configs":
            lines += body(configs.table(rest[0]))
        else:
            raise SystemExit(f"man/{name}.in: {line}")
    flush()
    return "\n".join(lines) + "\n"


def unused(top, names):
    """What the sources tell of options that no program has. Of man/options.in too."""
    for name in [*names, "options"]:
        title = name.rsplit(".", 1)[0]
        for option in Source(top, name, title if title in PROGRAMS else None).options:
            if (name, option) not in USED:
                yield f"man/{name}.in tells of {option}, which no page has"
