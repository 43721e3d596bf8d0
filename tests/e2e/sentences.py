# SPDX-License-Identifier: Apache-2.0
"""For stories that are many short sentences about one program.

  @sentence("it starts with nothing")
  def _(folder): ...

  main()     # each in a folder of its own; a failure does not hide the next

skip("why") ends a sentence that this machine cannot show; that is said loudly, and the story goes
on.
"""

import pathlib
import sys
import traceback

_SENTENCES = []


class _Skipped(Exception):
    pass


def skip(why):
    raise _Skipped(why)


def sentence(words):
    def take(function):
        _SENTENCES.append((words, function))
        return function
    return take


def main():
    """The folder is the first argument; further ones are words that choose sentences."""
    top, words = pathlib.Path(sys.argv[1]), sys.argv[2:]
    failed = 0
    for number, (said, function) in enumerate(_SENTENCES):
        if words and not any(word in said for word in words):
            continue
        folder = top / f"sentence-{number}"
        folder.mkdir()
        try:
            function(folder)
            print(f"true: {said}", flush=True)
        except _Skipped as why:
            print(f"skipped: {said}: {why}", flush=True)
        except Exception:
            failed += 1
            print(f"FALSE: {said}", flush=True)
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)
