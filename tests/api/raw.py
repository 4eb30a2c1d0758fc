"""HTTP by hand: bytes to a socket, and what comes back."""
import json
import socket
from urllib.parse import urlsplit


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def problem(self):
        """It is a refusal in the API's own shape."""
        assert 400 <= self.status < 500 or self.status == 503, (self.status, self.body)
        assert self.headers["content-type"] == "application/problem+json", (self.headers, self.body)
        problem = json.loads(self.body)
        assert problem["status"] == self.status and problem["request_id"] == self.headers["x-request-id"] and problem["code"]
        assert problem["code"] != "bad_input" or problem["errors"]
        for name, value in (("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("cache-control", "no-store"),
                            ("referrer-policy", "no-referrer"), ("content-security-policy", "default-src 'none'; frame-ancestors 'none'")):
            assert self.headers[name] == value
        return problem


class Raw:
    """One connection. Reading ends at `seconds` without a byte: by then a server of ours has answered or closed."""

    def __init__(self, url, seconds=20, source=""):
        where = urlsplit(url)
        self.socket = socket.create_connection((where.hostname, where.port), timeout=seconds, source_address=(source, 0) if source else None)
        self.kept, self.reset = b"", False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """False when the server has closed meanwhile."""
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode())
            return True
        except OSError:
            return False

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            self.reset = True
            return False
        self.kept += piece
        return piece != b""

    def until(self, mark):
        while mark not in self.kept:
            if not self.more():
                return None
        found, self.kept = self.kept.split(mark, 1)
        return found

    def answer(self, method="GET"):
        """The next one; None when the connection ends before."""
        head = self.until(b"\r\n\r\n")
        if head is None:
            return None
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
        while len(self.kept) < length and self.more():
            pass
        body, self.kept = self.kept[:length], self.kept[length:]
        return Answer(int(lines[0].split()[1]), headers, body)

    def rest(self):
        """Every further answer, to the connection's end."""
        answers = []
        while (answer := self.answer()) is not None:
            answers.append(answer)
        return answers

    def ends(self):
        """Reads to its end."""
        while self.more():
            pass
        return True


def talk(url, data, method="GET", seconds=20):
    """The first answer to these bytes on a connection of their own, and all that came behind it until it ended or fell silent."""
    with Raw(url, seconds) as raw:
        raw.send(data)
        try:
            first = raw.answer(method)
            raw.socket.settimeout(min(seconds, 0.5))
            return first, raw.rest()
        except TimeoutError:
            return (first, []) if "first" in locals() else (None, [])
