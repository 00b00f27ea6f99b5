"""A DICOMweb server for tests: takes multipart/related, and answers as the first part of the path says.

Objects are text files that hold their SOP Instance UID. Prints its port. Arguments: [certificate] for TLS.
"""
import http.server
import json
import re
import socket
import ssl
import sys
import time

TAGS = {"stored": "00081199", "failed": "00081198"}


def answer(stored, failed):
    body = {}
    if stored:
        body[TAGS["stored"]] = {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [u]}} for u in stored]}
    if failed:
        body[TAGS["failed"]] = {"vr": "SQ", "Value": [
            {"00081155": {"vr": "UI", "Value": [u]}, "00081197": {"vr": "US", "Value": [0xA700]}} for u in failed]}
    return json.dumps(body).encode()


def xml(stored):
    items = "".join(
        f'<Item number="{i + 1}"><DicomAttribute tag="00081155" vr="UI"><Value number="1">{u}</Value></DicomAttribute></Item>'
        for i, u in enumerate(stored))
    return f'<NativeDicomModel><DicomAttribute tag="00081199" vr="SQ">{items}</DicomAttribute></NativeDicomModel>'.encode()


class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", kind="application/dicom+json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        mode = self.path.split("/")[1]
        if mode == "early":
            self.close_connection = True
            return self.say(413)
        if mode == "stall":
            time.sleep(60)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        boundary = re.search("boundary=(.*)", self.headers["Content-Type"]).group(1).encode()
        assert body.endswith(b"\r\n--" + boundary + b"--\r\n"), "no end"
        parts = body.split(b"--" + boundary)[1:-1]
        uids = []
        for part in parts:
            head, content = part[2:-2].split(b"\r\n\r\n", 1)
            assert head == b"Content-Type: application/dicom", head
            uids.append(content.decode().split()[0])
        if mode == "ok":
            self.say(200, answer(uids, []))
        elif mode == "xml":
            self.say(200, xml(uids), "application/dicom+xml")
        elif mode == "half":
            self.say(202, answer(uids[::2], uids[1::2]))
        elif mode == "poison":
            bad = any(u.endswith(".2") for u in uids)
            self.say(400 if bad else 200, b"it holds DOE^JOHN" if bad else answer(uids, []), "text/plain" if bad else "application/json")
        elif mode == "private":
            right = self.headers.get("Authorization") in ("Basic bWU6c2VjcmV0", "Bearer abc")
            self.say(200 if right else 401, answer(uids, []) if right else b"")
        elif mode == "moved":
            self.say(307, Location="https://elsewhere/studies")
        elif mode == "busy":
            self.say(503, Retry_After="7")
        elif mode == "mute":
            time.sleep(60)
        elif mode == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif mode == "endless":
            self.send_response(200)
            self.send_header("Content-Type", "application/dicom+json")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" " * 65536)
            except OSError:
                pass
        elif mode == "drip":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.2)
            except OSError:
                pass
        elif mode == "garbage":
            self.connection.sendall(b"\x00\x01\x02" * 1000)
            self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
server.daemon_threads = True
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
