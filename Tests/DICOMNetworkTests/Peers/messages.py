"""A web server that takes notices and a receiver of HL7 messages, for tests. Prints "HTTP-PORT MLLP-PORT", then writes what
comes as JSON lines to standard output.

The web server does what the path says; the receiver what stands in PID-3 of each message. KEY checks signatures."""
import hmac, http.server, json, socketserver, sys, threading, time

KEY = b"0123456789abcdef"
lock = threading.Lock()


def tell(**what):
    with lock:
        print(json.dumps(what), flush=True)


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields = dict(part.split("=", 1) for part in self.headers.get("X-Mmdicom-Signature", "t=0,v1=none").split(","))
        code = hmac.new(KEY, fields["t"].encode() + b"." + body, "sha256").hexdigest()
        tell(body=body.decode(), number=self.headers["X-Mmdicom-Notice"], type=self.headers["Content-Type"],
             genuine=hmac.compare_digest(code, fields["v1"]) and abs(time.time() - int(fields["t"])) < 300)
        what = self.path.strip("/")
        if what == "hang":
            time.sleep(3600)
        if what == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while True:
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.2)
        self.send_response(int(what))
        self.send_header("Location", "http://elsewhere.invalid/")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments):
        pass


class HL7(socketserver.StreamRequestHandler):
    def handle(self):
        data = b""
        while True:
            part = self.request.recv(65536)
            if not part:
                return
            data += part
            while b"\x1c\r" in data:
                message, data = data.split(b"\x1c\r", 1)
                assert message[:1] == b"\x0b"
                segments = [segment.split("|") for segment in message[1:].decode().split("\r") if segment]
                control = segments[0][9]
                what = next(segment for segment in segments if segment[0] == "PID")[3]
                tell(control=control, what=what)
                if what == "hang":
                    time.sleep(3600)
                if what == "close":
                    return
                if what == "other":
                    control = "another"
                code = what[:2] if what[:2] in ("AA", "AE", "AR", "CA", "CE", "CR") else "AA"
                answer = f"MSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|{code}|{control}|said\r"
                if what.startswith(code) and "-" in what:
                    answer += f"ERR|||{what.split('-')[1]}^words|E\r"
                if what == "junk":
                    answer = "hello"
                framed = b"\x0b" + answer.encode() + b"\x1c\r"
                # In pieces, as networks do it.
                for start in range(0, len(framed), 7):
                    self.request.sendall(framed[start:start + 7])
                    time.sleep(0.001)


class Threaded(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
hl7 = Threaded(("127.0.0.1", 0), HL7)
print(web.server_address[1], hl7.server_address[1], flush=True)
threading.Thread(target=web.serve_forever, daemon=True).start()
hl7.serve_forever()
