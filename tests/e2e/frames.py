# SPDX-License-Identifier: Apache-2.0
"""Requests of every API that eventd serves, made at random but well, and ways to spoil them.

  maker = FrameMaker(random.Random(1), ["a-topic"], [uuid_bytes])
  frame = maker.frame(*random.choice(SHAPES))          # length, header, body
  spoilt = spoil(frame, random.Random(2))

A shape is (key, version, flexible, fields). A field is a word, a list (an array of structures with
those fields) or a tuple of one word (an array of that).
"""

import pathlib
import struct

from wire import batch

SHAPES = [
    (0, 7, False, ["null", "acks", "wait", ["topic", ["part", "records"]]]),
    (0, 9, True, ["null", "acks", "wait", ["topic", ["part", "records"]]]),
    (0, 13, True, ["null", "acks", "wait", ["topicid", ["part", "records"]]]),
    (1, 4, False, ["replica", "wait", "i32", "size", "bool",
                   ["topic", ["part", "offset", "size"]]]),
    (1, 11, False, ["replica", "wait", "i32", "size", "bool", "session", "epoch",
                    ["topic", ["part", "epoch", "offset", "offset", "size"]],
                    ["topic", ("part",)], "str"]),
    (1, 12, True, ["replica", "wait", "i32", "size", "bool", "session", "epoch",
                   ["topic", ["part", "epoch", "offset", "epoch", "offset", "size"]],
                   ["topic", ("part",)], "str"]),
    (1, 13, True, ["replica", "wait", "i32", "size", "bool", "session", "epoch",
                   ["topicid", ["part", "epoch", "offset", "epoch", "offset", "size"]],
                   ["topicid", ("part",)], "str"]),
    (2, 2, False, ["replica", "bool", ["topic", ["part", "time"]]]),
    (2, 7, True, ["replica", "bool", ["topic", ["part", "epoch", "time"]]]),
    (3, 1, False, [("topic",)]),
    (3, 4, False, [("topic",), "bool"]),
    (3, 9, True, [["topic"], "bool", "bool", "bool"]),
    (3, 12, True, [["topicid", "null"], "bool", "bool"]),
    (10, 1, False, ["str", "i8"]),
    (10, 4, True, ["i8", ("str",)]),
    (18, 0, False, []),
    (18, 3, True, ["software", "software"]),
    (19, 2, False, [["newtopic", "few", "one", [], ["config", "number"]], "wait", "bool"]),
    (19, 7, True, [["newtopic", "few", "one", [], ["config", "number"]], "wait", "bool"]),
    (20, 1, False, [("newtopic",), "wait"]),
    (20, 6, True, [["null", "anyid"], "wait"]),
    (21, 0, False, [["newtopic", ["part", "offset"]], "wait"]),
    (21, 2, True, [["newtopic", ["part", "offset"]], "wait"]),
    (22, 0, False, ["null", "wait"]),
    (22, 4, True, ["null", "wait", "noid", "noepoch"]),
    (23, 2, False, [["topic", ["part", "epoch", "epoch"]]]),
    (23, 4, True, ["replica", ["topic", ["part", "epoch", "epoch"]]]),
    (32, 1, False, [["two", "topic", ("config",)], "bool"]),
    (32, 4, True, [["two", "topic", ("config",)], "bool", "bool"]),
    (33, 0, False, [["two", "newtopic", ["config", "number"]], "bool"]),
    (33, 2, True, [["two", "newtopic", ["config", "number"]], "bool"]),
    (35, 1, False, [["topic", ("part",)]]),
    (35, 4, True, [["topic", ("part",)]]),
    (37, 0, False, [["newtopic", "few", [("i32",)]], "wait", "bool"]),
    (37, 2, True, [["newtopic", "few", [("i32",)]], "wait", "bool"]),
    (44, 0, False, [["two", "newtopic", ["config", "i8", "number"]], "bool"]),
    (44, 1, True, [["two", "newtopic", ["config", "i8", "number"]], "bool"]),
    (60, 0, True, ["bool"]),
    (60, 1, True, ["bool", "i8"]),
    (61, 0, True, [["topic", ("part",)]]),
    (74, 1, True, [("i8",)]),
    (75, 0, True, [["topic"], "few", "nothing"]),
]

# API: (its key, its first flexible version)
APIS = {"ProduceRequest": (0, 9), "FetchRequest": (1, 12), "ListOffsetsRequest": (2, 6),
        "MetadataRequest": (3, 9), "FindCoordinatorRequest": (10, 3), "ApiVersionsRequest": (18, 3),
        "CreateTopicsRequest": (19, 5), "DeleteTopicsRequest": (20, 4),
        "DeleteRecordsRequest": (21, 2), "InitProducerIdRequest": (22, 2),
        "OffsetForLeaderEpochRequest": (23, 4), "DescribeConfigsRequest": (32, 4),
        "AlterConfigsRequest": (33, 2), "DescribeLogDirsRequest": (35, 2),
        "CreatePartitionsRequest": (37, 2), "IncrementalAlterConfigsRequest": (44, 1),
        "DescribeClusterRequest": (60, 0), "DescribeProducersRequest": (61, 0),
        "ListConfigResourcesRequest": (74, 0), "DescribeTopicPartitionsRequest": (75, 0)}


def golden_bodies():
    """(key, version, flexible, body) of every request that Kafka's own classes wrote."""
    path = pathlib.Path(__file__).parents[1] / "golden/messages/kafka-4.3.1/requests.txt"
    bodies = []
    for line in path.read_text().splitlines():
        words = line.split(" ")
        if words[0] in APIS:
            key, flexible_from = APIS[words[0]]
            version = int(words[1])
        elif words[0] == "bytes":
            bodies.append((key, version, version >= flexible_from, bytes.fromhex(words[1])))
    assert {body[0] for body in bodies} == {key for key, _ in APIS.values()}
    return bodies


CONFIGS = ["retention.ms", "segment.bytes", "cleanup.policy", "flush.messages", "no.such.config"]
EXTREMES = [0, 1, -1, 127, -128, 255, 32767, -32768, 65535, 1 << 20, 0x7FFFFFFF, -0x80000000]


def uvarint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class FrameMaker:
    """Topics that are only read and appended to are `topics`; others come and go."""

    def __init__(self, random, topics, topic_ids):
        self.random = random
        self.topics = topics
        self.topic_ids = topic_ids
        self.correlation = 0
        self.golden = golden_bodies()

    def any_frame(self):
        if self.random.random() < 0.5:
            return self.frame(*self.random.choice(SHAPES))
        key, version, flexible, body = self.random.choice(self.golden)
        return self.wrap(key, version, flexible, body)

    def frame(self, key, version, flexible, fields):
        return self.wrap(key, version, flexible, self.structure(fields, flexible))

    def wrap(self, key, version, flexible, body):
        self.correlation = (self.correlation + 1) & 0x7FFFFFFF
        head = struct.pack(">hhi", key, version, self.correlation)
        client = self.random.choice([b"", b"hostile", None])
        head += struct.pack(">h", -1) if client is None else struct.pack(">h", len(client)) + client
        head += b"\0" if flexible else b""
        return struct.pack(">i", len(head) + len(body)) + head + body

    def structure(self, fields, flexible):
        return b"".join(self.field(one, flexible) for one in fields) + (b"\0" if flexible else b"")

    def field(self, field, flexible):
        if isinstance(field, str):
            return self.word(field, flexible)
        count = self.random.choice([0, 1, 1, 1, 2, 3]) if len(field) else 0
        head = uvarint(count + 1) if flexible else struct.pack(">i", count)
        if isinstance(field, tuple):
            return head + b"".join(self.word(field[0], flexible) for _ in range(count))
        return head + b"".join(self.structure(field, flexible) for _ in range(count))

    def text(self, value, flexible):
        data = value.encode()
        return (uvarint(len(data) + 1) if flexible else struct.pack(">h", len(data))) + data

    def word(self, word, flexible):
        pick = self.random.choice
        if word == "topic":
            return self.text(pick(self.topics), flexible)
        if word == "newtopic":
            return self.text(f"hostile-{self.random.randrange(40)}", flexible)
        if word == "str":
            return self.text("x" * pick([0, 1, 5, 200]), flexible)
        if word == "software":
            return self.text(pick(["hostile", "1.0", "a.b-c"]), flexible)
        if word == "config":
            return self.text(pick(CONFIGS), flexible)
        if word == "number":
            return self.text(str(pick([1, 1000, -1, 10 ** 12])), flexible)
        if word == "null":
            return b"\0" if flexible else struct.pack(">h", -1)
        if word == "nothing":
            return b"\xff"
        if word == "topicid":
            return pick(self.topic_ids)
        if word == "anyid":
            return self.random.randbytes(16)
        if word == "records":
            records = batch([b"hostile"] * pick([1, 3])) if self.random.random() < 0.8 else b""
            return (uvarint(len(records) + 1) if flexible else struct.pack(">i", len(records))) \
                + records
        numbers = {"acks": "h", "one": "h", "noepoch": "h", "i8": "b", "two": "b", "bool": "b",
                   "offset": "q", "time": "q", "noid": "q"}
        values = {"acks": [-1, 0, 1], "one": [1, -1], "noepoch": [-1], "i8": [0, 1, 2], "two": [2],
                  "bool": [0, 1], "offset": [0, 1, 100, -1], "time": [-1, -2, -3, 0, 1 << 40],
                  "noid": [-1], "wait": [0, 1, 100, 5000], "part": [0, 0, 0, 1, -1],
                  "size": [0, 1000, 1 << 20, 0x7FFFFFFF], "replica": [-1], "session": [0, 0, 1],
                  "epoch": [0, -1, 1], "few": [1, 2, 3], "i32": [0, 1, 1000]}
        return struct.pack(">" + numbers.get(word, "i"), pick(values[word]))


def spoil(frame, random):
    """The frame with something wrong, mostly still of the length that it says."""
    data = bytearray(frame[4:])
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        how = random.randrange(7)
        at = random.randrange(len(data)) if data else 0
        if how == 0 and data:
            data[at] ^= 1 << random.randrange(8)
        elif how == 1 and data:
            data[at] = random.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif how == 2:
            del data[at:]
        elif how == 3:
            data[at:at] = random.randbytes(random.choice([1, 4, 100]))
        elif how == 4 and len(data) >= at + 4:
            data[at:at + 4] = struct.pack(">I", random.choice(EXTREMES) & 0xFFFFFFFF)
        elif how == 5 and len(data) >= at + 2:
            data[at:at + 2] = struct.pack(">H", random.choice(EXTREMES) & 0xFFFF)
        elif how == 6:
            end = min(len(data), at + random.choice([4, 16, 64]))
            data[at:at] = data[at:end] * random.choice([1, 2, 50])
    size = len(data)
    if random.random() < 0.15:
        size = random.choice(EXTREMES + [size + 1, size - 1, size // 2])
    return struct.pack(">I", size & 0xFFFFFFFF) + bytes(data)
