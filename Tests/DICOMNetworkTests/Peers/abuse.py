#!/usr/bin/env python3
"""Peers that behave badly towards a storage SCP: python abuse.py HOST PORT AETITLE [--seed N] [--rounds N] [--only CASE]

Each case is one connection or several. Behind each, the node must answer C-ECHO within ten seconds. Prints one line of
JSON: cases, and what failed. Exit status 1 where something did."""
import argparse
import json
import random
import socket
import struct
import threading
import time

IMPLICIT, EXPLICIT = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"
VERIFICATION, CR = b"1.2.840.10008.1.1", b"1.2.840.10008.5.1.4.1.1.1"


def item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def pdu(kind, body):
    return struct.pack(">BBI", kind, 0, len(body)) + body


def context(number, abstract, syntaxes):
    return item(0x20, struct.pack("BBBB", number, 0, 0, 0) + item(0x30, abstract)
                + b"".join(item(0x40, syntax) for syntax in syntaxes))


def user(maximum=16384, extra=b""):
    return item(0x50, item(0x51, struct.pack(">I", maximum)) + item(0x52, b"1.2.3.4") + extra)


def request(contexts, called=b"MMDICOM", calling=b"ABUSE", information=None):
    head = struct.pack(">HH", 1, 0) + called.ljust(16)[:16] + calling.ljust(16)[:16] + bytes(32)
    body = head + item(0x10, b"1.2.840.10008.3.1.1.1") + b"".join(contexts)
    return pdu(1, body + (user() if information is None else information))


def element(number, value):
    return struct.pack("<HHI", 0, number, len(value)) + value


def uid(value):
    return value + b"\0" * (len(value) % 2)


def command(field, message=1, data=0x0101, sop=VERIFICATION, instance=None, more=b""):
    body = element(2, uid(sop)) + element(0x100, struct.pack("<H", field)) + element(0x110, struct.pack("<H", message))
    if field == 1:
        body += element(0x700, b"\0\0")
    body += element(0x800, struct.pack("<H", data))
    if instance:
        body += element(0x1000, uid(instance))
    body += more
    return element(0, struct.pack("<I", len(body))) + body


def pdv(number, control, body):
    return struct.pack(">IBB", len(body) + 2, number, control) + body


def data(*pdvs):
    return pdu(4, b"".join(pdvs))


class Peer:
    def __init__(self, place, timeout=10):
        self.socket = socket.create_connection(place, timeout=timeout)
        self.socket.settimeout(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, bytes_):
        self.socket.sendall(bytes_)

    def read(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise EOFError
            got += part
        return got

    def pdu(self):
        kind, _, length = struct.unpack(">BBI", self.read(6))
        return kind, self.read(length)

    def associate(self, called, contexts=None):
        self.send(request(contexts or [context(1, VERIFICATION, [IMPLICIT]), context(3, CR, [EXPLICIT])], called))
        kind, body = self.pdu()
        assert kind == 2, f"PDU {kind} instead of an acceptance"
        return body

    def drain(self, seconds=10):
        """Until the other side hangs up."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except (ConnectionError, BrokenPipeError):
            pass


def echo(place, called):
    with Peer(place) as peer:
        peer.associate(called)
        peer.send(data(pdv(1, 3, command(0x30))))
        kind, body = peer.pdu()
        assert kind == 4 and body[-2:] != b"", "no answer to C-ECHO"
        assert struct.pack("<HHIH", 0, 0x900, 2, 0) in body, "C-ECHO isn't answered by success"
        peer.send(pdu(5, bytes(4)))
        assert peer.pdu()[0] == 6


def quietly(body):
    """The other side may hang up at any moment: that is what is wanted."""
    try:
        body()
    except (ConnectionError, BrokenPipeError, EOFError):
        pass


class Abuse:
    """Every method whose name begins with a_ is a case."""

    def __init__(self, place, called, seed):
        self.place, self.called, self.random = place, called, random.Random(seed)

    def flood(self, peer, bytes_, limit):
        """Sends until the other side has had enough."""
        peer.socket.settimeout(20)
        sent = 0
        begun = time.monotonic()
        while sent < limit and time.monotonic() - begun < 30:
            try:
                peer.send(bytes_)
            except OSError:
                return sent
            sent += len(bytes_)
        return sent

    def settle(self):
        """Until those that were dropped are over: as many associations as may be are too many."""
        for _ in range(20):
            try:
                return echo(self.place, self.called)
            except (AssertionError, EOFError, ConnectionError):
                time.sleep(0.5)

    def a_hang_up(self):
        for _ in range(50):
            Peer(self.place).socket.close()

    def a_hang_up_anywhere(self):
        whole = (request([context(1, VERIFICATION, [IMPLICIT]), context(3, CR, [EXPLICIT])], self.called)
                 + data(pdv(1, 3, command(0x30))) + self.store(b"x" * 5000))
        for _ in range(60):
            with Peer(self.place) as peer:
                quietly(lambda: peer.send(whole[:self.random.randrange(len(whole))]))
                if self.random.random() < 0.5:
                    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def a_noise(self):
        for _ in range(60):
            with Peer(self.place) as peer:
                quietly(lambda: peer.send(self.random.randbytes(self.random.randrange(1, 5000))))

    def a_http(self):
        with Peer(self.place) as peer:
            quietly(lambda: (peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), peer.drain()))

    def a_tls(self):
        with Peer(self.place) as peer:
            quietly(lambda: (peer.send(bytes.fromhex("16030100c8010000c40303") + bytes(189)), peer.drain()))

    def a_long_request(self):
        with Peer(self.place) as peer:
            peer.send(struct.pack(">BBI", 1, 0, 0xFFFFFFFF))
            sent = self.flood(peer, bytes(1 << 16), 1 << 28)
            assert sent < 1 << 24, f"{sent >> 20} MB of an association request were taken"

    def a_million_contexts(self):
        one = context(1, b"1", [b"1"])
        body = struct.pack(">HH", 1, 0) + self.called.ljust(16) + b"ABUSE".ljust(16) + bytes(32)
        for count in (129, 10_000, 1_000_000):
            with Peer(self.place) as peer:
                quietly(lambda: (peer.send(pdu(1, body + item(0x10, b"1.2.840.10008.3.1.1.1") + one * count + user())),
                                 peer.drain(10)))

    def a_many_syntaxes(self):
        with Peer(self.place) as peer:
            quietly(lambda: (peer.send(request([context(1, CR, [b"1.2.%d" % n for n in range(5000)])], self.called)),
                             peer.drain(10)))

    def a_wrong_lengths(self):
        whole = bytearray(request([context(1, VERIFICATION, [IMPLICIT]), context(3, CR, [EXPLICIT])], self.called))
        for _ in range(120):
            mutated = bytearray(whole)
            for _ in range(self.random.randrange(1, 6)):
                mutated[self.random.randrange(len(mutated))] = self.random.randrange(256)
            with Peer(self.place) as peer:
                quietly(lambda: peer.send(mutated))
                quietly(lambda: peer.send(data(pdv(1, 3, command(0x30)))))

    def a_zero_items(self):
        for kind in (0x10, 0x20, 0x30, 0x40, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59):
            for body in (b"", bytes(1), bytes(4), b"\xff" * 8):
                with Peer(self.place) as peer:
                    quietly(lambda: peer.send(request([item(kind, body)], self.called)))
                with Peer(self.place) as peer:
                    quietly(lambda: peer.send(request([context(1, VERIFICATION, [IMPLICIT])], self.called,
                                                      information=user(extra=item(kind, body)))))

    def a_same_identifiers(self):
        with Peer(self.place) as peer:
            contexts = [context(1, VERIFICATION, [IMPLICIT])] * 3 + [context(2, CR, [EXPLICIT])]
            quietly(lambda: (peer.send(request(contexts, self.called)), peer.drain(10)))

    def a_tiny_pdus(self):
        for maximum in (0, 1, 6, 12, 13, 14, 0xFFFFFFFF):
            with Peer(self.place) as peer:
                def talk():
                    peer.send(request([context(1, VERIFICATION, [IMPLICIT])], self.called, information=user(maximum)))
                    peer.pdu()
                    peer.send(data(pdv(1, 3, command(0x30))))
                    peer.pdu()
                quietly(talk)

    def a_states(self):
        """PDUs that have no place where they come."""
        kinds = [request([context(1, VERIFICATION, [IMPLICIT])], self.called), pdu(2, bytes(68)), pdu(3, bytes(4)),
                 data(pdv(1, 3, command(0x30))), pdu(5, bytes(4)), pdu(6, bytes(4)), pdu(7, bytes(4)), pdu(9, b"")]
        for first in kinds:
            for second in kinds:
                with Peer(self.place) as peer:
                    quietly(lambda: (peer.send(first), peer.send(second)))
        self.settle()
        for each in kinds:
            with Peer(self.place) as peer:
                waits = 1 if each == kinds[3] else 10  # a C-ECHO is in order
                try:
                    quietly(lambda: (peer.associate(self.called), peer.send(each), peer.drain(waits)))
                except TimeoutError:
                    assert each == kinds[3], "a PDU out of place is let pass"

    def store(self, body, instance=b"1.2.3", message=1):
        return data(pdv(3, 3, command(1, message, 1, CR, instance))) + data(pdv(3, 2, body))

    def a_bad_messages(self):
        bad = [
            data(), data(pdv(1, 3, b"")), data(pdv(1, 3, b"\0" * 7)), data(pdv(1, 3, command(0x30)[:-3])),
            data(pdv(5, 3, command(0x30))), data(pdv(1, 2, b"x" * 100)), data(struct.pack(">IBB", 0, 1, 3)),
            data(struct.pack(">IBB", 1, 1, 3)), data(struct.pack(">IBB", 0xFFFFFFFF, 1, 3)),
            data(pdv(1, 3, command(0x8030))), data(pdv(1, 3, command(0x20))), data(pdv(1, 3, command(0x21))),
            data(pdv(1, 3, command(0x30, data=1))), data(pdv(3, 3, command(1, sop=CR))),
            data(pdv(3, 3, command(1, 1, 1, CR, b"1.2.3"))) + data(pdv(3, 1, command(0x30))),
            data(pdv(3, 3, command(1, 1, 1, CR, b"1.2.3"))) + data(pdv(1, 2, b"x")),
            self.store(b"x", b"../../../../etc/passwd"), self.store(b"x", b"\x1b[2J\n\n"), self.store(b"x", b"9" * 600),
            self.store(b"x", b""), data(pdv(1, 3, command(0x30, more=element(0x902, b"\xff" * 65000)))),
            data(pdv(1, 3, struct.pack("<HHI", 0, 2, 0xFFFFFFFF))), data(pdv(3, 3, command(0x100, data=1))),
        ]
        for each in bad:
            with Peer(self.place) as peer:
                peer.associate(self.called)
                quietly(lambda: peer.send(each))
                quietly(lambda: peer.send(data(pdv(1, 3, command(0x30)))))

    def a_mutated_conversations(self):
        whole = data(pdv(1, 3, command(0x30))) + self.store(bytes(3000)) + pdu(5, bytes(4))
        for _ in range(120):
            mutated = bytearray(whole)
            for _ in range(self.random.randrange(1, 8)):
                mutated[self.random.randrange(len(mutated))] = self.random.randrange(256)
            with Peer(self.place) as peer:
                peer.associate(self.called)
                quietly(lambda: peer.send(mutated))

    def a_endless_command(self):
        with Peer(self.place) as peer:
            peer.associate(self.called)
            sent = self.flood(peer, data(pdv(1, 1, bytes(4000))), 1 << 28)
            assert sent < 1 << 24, f"{sent >> 20} MB of a command were taken"

    def a_empty_pieces(self):
        begun = time.monotonic()
        with Peer(self.place) as peer:
            peer.associate(self.called)
            sent = self.flood(peer, data(*[pdv(1, 1, b"")] * 600), 1 << 28)
            assert time.monotonic() - begun < 15 and sent < 1 << 28, "a command of nothing has no end"

    def a_long_pdu(self):
        with Peer(self.place) as peer:
            peer.associate(self.called)
            peer.send(struct.pack(">BBI", 4, 0, 0xFFFFFFF0))
            sent = self.flood(peer, bytes(1 << 16), 1 << 28)
            assert sent < 1 << 24, f"{sent >> 20} MB of a PDU were taken"

    def a_abort_everywhere(self):
        for length in range(0, 3000, 60):
            with Peer(self.place) as peer:
                peer.associate(self.called)
                whole = self.store(bytes(2500))
                quietly(lambda: (peer.send(whole[:length]), peer.send(pdu(7, bytes(4)))))

    def a_many_at_once(self):
        """More associations than may be, all of them open."""
        peers = []
        try:
            for _ in range(40):
                peer = Peer(self.place)
                peer.send(request([context(1, VERIFICATION, [IMPLICIT])], self.called))
                peers.append(peer)
            time.sleep(1)
        finally:
            for peer in peers:
                peer.socket.close()

    def a_word_to_the_late(self):
        """Whoever stops in the middle of a PDU, or between two of a message, is told that the association is over."""
        for begun in (b"\x04\x00\x00", data(pdv(1, 1, command(0x30)[:20]))):
            with Peer(self.place, 20) as peer:
                peer.associate(self.called)
                peer.send(begun)
                try:
                    assert peer.pdu()[0] == 7, "no A-ABORT"
                except (EOFError, ConnectionError) as error:
                    raise AssertionError("hung up without a word") from error

    # Slow ones, all at a time.

    def drip(self, opening, rest, wait):
        """A byte from time to time, or nothing more: how long until the other side has had enough."""
        begun = time.monotonic()
        with Peer(self.place, 60) as peer:
            opening(peer)
            try:
                for byte in rest:
                    peer.send(bytes([byte]))
                    peer.socket.settimeout(wait)
                    try:
                        if peer.socket.recv(1) in (b"", b"\x07"):
                            break
                    except TimeoutError:
                        pass
                    if time.monotonic() - begun > 40:
                        break
                if not rest:
                    peer.socket.settimeout(40)
                    peer.socket.recv(1)
            except OSError:
                pass
        return time.monotonic() - begun

    def a_slow_ones(self):
        ask = request([context(1, VERIFICATION, [IMPLICIT])], self.called)
        object_ = self.store(bytes(5000))
        cases = {
            "a request that comes byte by byte": (lambda peer: None, ask * 9, 0.5),
            "a request that begins late, and comes byte by byte": (
                lambda peer: (time.sleep(6), peer.send(ask[:10])), ask[10:] * 9, 0.5),
            "a message that comes byte by byte": (lambda peer: peer.associate(self.called), object_, 0.5),
            "a data set that stops": (lambda peer: (peer.associate(self.called), peer.send(object_[:200])), b"", 1),
            "an object in PDUs of a byte": (
                lambda peer: (peer.associate(self.called), peer.send(data(pdv(3, 3, command(1, 1, 1, CR, b"1.2.3"))))),
                None, 0.2),
        }
        took = {}

        def run(name, opening, rest, wait):
            if rest is not None:
                took[name] = self.drip(opening, rest, wait)
                return
            begun = time.monotonic()
            with Peer(self.place, 60) as peer:
                opening(peer)
                try:
                    while time.monotonic() - begun < 40:
                        peer.send(data(pdv(3, 0, b"x")))
                        time.sleep(wait)
                except OSError:
                    pass
            took[name] = time.monotonic() - begun

        threads = [threading.Thread(target=run, args=(name, *case)) for name, case in cases.items()]
        for thread in threads:
            thread.start()
        # The others are served meanwhile.
        for _ in range(5):
            echo(self.place, self.called)
            time.sleep(0.5)
        for thread in threads:
            thread.join()
        late = {name: round(seconds, 1) for name, seconds in took.items() if seconds > 10}
        assert not late, f"held on for {late}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("title")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", action="append", default=[])
    options = parser.parse_args()
    place, called = (options.host, options.port), options.title.encode()
    failed, count = {}, 0
    for round_ in range(options.rounds):
        abuse = Abuse(place, called, options.seed + round_)
        for name in sorted(name[2:] for name in dir(abuse) if name.startswith("a_")):
            if options.only and name not in options.only:
                continue
            count += 1
            begun = time.monotonic()
            try:
                getattr(abuse, "a_" + name)()
                # Associations that were dropped may take a moment to be over.
                for attempt in range(20):
                    try:
                        begun_echo = time.monotonic()
                        echo(place, called)
                        break
                    except (AssertionError, EOFError, ConnectionError):
                        if attempt == 19:
                            raise
                        time.sleep(0.5)
                assert time.monotonic() - begun_echo < 10, "C-ECHO took more than ten seconds"
            except Exception as error:  # noqa: BLE001
                failed[name] = f"{type(error).__name__}: {error}"
            print(f"# {name}: {time.monotonic() - begun:.1f} s", flush=True)
    print(json.dumps({"cases": count, "failed": failed}))
    raise SystemExit(1 if failed else 0)


main()
