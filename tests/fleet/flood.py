"""Strangers by the thousand at a machine's SSH port: silent, dripping, half-open. One process, one thread.

usage: flood.py HOST PORT KINDS COUNT NET SOURCES SECONDS
KINDS: of s (silent), d (dripping), h (half-open), COUNT connections each. They come from SOURCES addresses, NET.1.1,
NET.1.2, ..., 200 to a network, and are opened again when they are closed, for SECONDS. A line "full" is printed once
all are under way, and at the end one line of JSON: what was opened and what the other side closed.
"""
import json
import os
import selectors
import socket
import struct
import sys
import time

GREETING = b"SSH-2.0-stranger\r\n"


def kexinit():
    """A client's KEXINIT that both sides' lists can agree on (RFC 4253 7.1), as a packet."""
    lists = ["curve25519-sha256", "ssh-ed25519", "aes256-gcm@openssh.com", "aes256-gcm@openssh.com", "hmac-sha2-256",
             "hmac-sha2-256", "none", "none", "", ""]
    payload = bytes([20]) + os.urandom(16)
    for names in lists:
        payload += struct.pack(">I", len(names)) + names.encode()
    payload += bytes(5)
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


class Flood:
    def __init__(self, place, kinds, count, sources):
        self.place, self.sources, self.waiting = place, sources, [kind for kind in kinds for _ in range(count)]
        self.wanted = len(self.waiting)
        self.selector = selectors.EpollSelector()
        self.open = self.opened = self.closed = self.failed = 0
        self.drips = {}
        self.half = GREETING + kexinit()

    def start(self, kind):
        stranger = socket.socket()
        stranger.setblocking(False)
        stranger.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: ports are not the point
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # nor TIME_WAIT
        try:
            stranger.bind((self.sources[self.opened % len(self.sources)], 0))
            stranger.connect_ex(self.place)
        except OSError:
            self.failed += 1
            stranger.close()
            self.waiting.append(kind)
            return
        self.opened += 1
        self.open += 1
        self.selector.register(stranger, selectors.EVENT_WRITE if kind != "s" else selectors.EVENT_READ, kind)

    def stop(self, stranger, kind):
        self.selector.unregister(stranger)
        self.drips.pop(stranger, None)
        stranger.close()
        self.open -= 1
        self.closed += 1
        self.waiting.append(kind)

    def ready(self, key, mask):
        stranger, kind = key.fileobj, key.data
        try:
            if mask & selectors.EVENT_WRITE:
                if kind == "h":
                    stranger.send(self.half)
                else:
                    self.drips[stranger] = 0
                self.selector.modify(stranger, selectors.EVENT_READ, kind)
            elif not stranger.recv(65536):
                self.stop(stranger, kind)
        except OSError:
            self.stop(stranger, kind)

    def drip(self):
        for stranger, sent in list(self.drips.items()):
            try:
                stranger.send(b"SSH-2.0-" [sent:sent + 1] or b"x")
                self.drips[stranger] = sent + 1
            except OSError:
                pass  # its end is told by the selector

    def run(self, seconds):
        until = time.monotonic() + seconds
        next_drip, told = 0, False
        while (now := time.monotonic()) < until:
            batch, self.waiting = self.waiting[:200], self.waiting[200:]
            for kind in batch:
                self.start(kind)
            if not told and self.opened >= self.wanted:
                told = True
                print("full", flush=True)
            if now >= next_drip:
                self.drip()
                next_drip = now + 1
            for key, mask in self.selector.select(0.05):
                self.ready(key, mask)
        return {"wanted": self.wanted, "opened": self.opened, "closed": self.closed, "held": self.open,
                "failed": self.failed}


def addresses(net, count):
    return [f"{net}.{1 + i // 200}.{1 + i % 200}" for i in range(count)]


def main():
    host, port, kinds, count, net, sources, seconds = sys.argv[1:]
    flood = Flood((host, int(port)), kinds, int(count), addresses(net, int(sources)))
    print(json.dumps(flood.run(float(seconds))), flush=True)


if __name__ == "__main__":
    main()
