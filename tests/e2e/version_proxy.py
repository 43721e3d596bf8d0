# SPDX-License-Identifier: Apache-2.0
"""A broker of another age: stands before a broker and tells its clients another ApiVersions.

  with VersionProxy() as proxy:
      proxy.stand_before("127.0.0.1:9092", versions_of_2_1())
      ...                       # clients use proxy.address, which the broker must advertise
      assert not proxy.violations

What a client sends in a version that was not offered is a violation, and is answered as a broker
would: the connection ends. `asked` counts the requests by API.
"""

import collections
import socket
import struct
import threading

API_VERSIONS, UNSUPPORTED_VERSION = 18, 35

# The greatest versions of Kafka 2.1.0, from key 0 on; the least are 0.
MAXIMA_2_1 = [7, 10, 4, 7, 1, 0, 4, 1, 6, 5, 2, 3, 2, 2, 2, 2, 2, 1, 2, 3, 3, 1, 1, 2, 1, 1, 1, 0,
              2, 1, 1, 1, 2, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]


def versions_of_2_1():
    return {key: (0, greatest) for key, greatest in enumerate(MAXIMA_2_1)}


def versions_of_the_future(now):
    """What a broker serves now, and more: two versions on top of each API, and unknown APIs."""
    later = {key: (least, greatest + 2) for key, (least, greatest) in now.items()}
    later.update({500 + key: (0, 3) for key in range(20)})
    return later


def ask_versions(address):
    """{key: (least, greatest)} of a broker, by ApiVersions 0."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 20) as one:
        one.sendall(struct.pack(">ihhih", 10, API_VERSIONS, 0, 1, -1))
        frame = read_frame(one)
    _, error, count = struct.unpack_from(">ihi", frame)
    assert error == 0
    ranges = [struct.unpack_from(">hhh", frame, 10 + 6 * i) for i in range(count)]
    return {key: (least, greatest) for key, least, greatest in ranges}


def read_exactly(one, size):
    data = b""
    while len(data) < size:
        more = one.recv(size - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def read_frame(one):
    return read_exactly(one, struct.unpack(">i", read_exactly(one, 4))[0])


class VersionProxy:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def stand_before(self, address, versions):
        host, port = address.split(":")
        self.behind = (host, int(port))
        self.versions = versions
        self.violations = []
        self.asked = collections.Counter()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(self.behind) as broker:
            answers = threading.Thread(target=self._pass_on, args=(broker, client), daemon=True)
            answers.start()
            try:
                while self._take(client, broker):
                    pass
            except OSError:
                pass  # the client has gone
            for each in (broker, client):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            answers.join()

    @staticmethod
    def _pass_on(broker, client):
        try:
            while data := broker.recv(1 << 16):
                client.sendall(data)
        except OSError:
            pass

    def _take(self, client, broker):
        """One request; False where the connection ends."""
        frame = read_frame(client)
        key, version, correlation = struct.unpack_from(">hhi", frame)
        self.asked[key] += 1
        least, greatest = self.versions.get(key, (0, -1))
        if key == API_VERSIONS:
            # Nothing else is under way yet, or the client may not care for the order.
            client.sendall(self._told(correlation, version if version <= greatest else None))
            return True
        if not least <= version <= greatest:
            self.violations.append((key, version))
            return False
        broker.sendall(struct.pack(">i", len(frame)) + frame)
        return True

    def _told(self, correlation, version):
        """The answer; in version 0 with UNSUPPORTED_VERSION where the question was too new."""
        error = 0 if version is not None else UNSUPPORTED_VERSION
        flexible = (version or 0) >= 3
        body = struct.pack(">ih", correlation, error)
        body += bytes(uvarint(len(self.versions) + 1)) if flexible else \
            struct.pack(">i", len(self.versions))
        for key, (least, greatest) in sorted(self.versions.items()):
            body += struct.pack(">hhh", key, least, greatest) + (b"\0" if flexible else b"")
        if version:
            body += struct.pack(">i", 0)
        body += b"\0" if flexible else b""
        return struct.pack(">i", len(body)) + body


def uvarint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return out
