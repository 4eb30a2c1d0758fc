"""Clients that mean no good: each is refused cleanly or cut off, the others are served meanwhile, and memory stays as it was."""
import json
import re
import socket
import time

import pytest
import requests
from client import claims, jwt
from conftest import url_of
from raw import Raw, talk
from system import wait_for

BODY_MAX = 10 << 20
SLOW = 40  # of each kind


def megabytes(system, api=None):
    """Resident; 0 with the address sanitizer, which keeps what was freed."""
    if b"__asan_init" in (system.build / "bin/metricx-api").read_bytes():
        return 0
    status = open(f"/proc/{(api or system.api).process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def head(path, method="GET", token=None, length=None, *more):
    lines = [f"{method} {path} HTTP/1.1", "Host: api"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Content-Length: {length}"] if length is not None else []
    return "\r\n".join([*lines, *more, "", ""])


@pytest.fixture
def token(workspace):
    return jwt(claims([workspace], "admin"))


@pytest.fixture(autouse=True)
def it_lives(system):
    yield
    assert system.api.process.poll() is None
    assert requests.get(f"{system.url}/openapi.json", timeout=20).status_code == 200
    assert not re.search(r"AddressSanitizer|runtime error|status=500", system.api.log())


@pytest.fixture
def memory_is_flat(system):
    """Hostile input may not stay in memory: what a first round takes, a second does not take again."""
    def check(attack, api=None):
        attack()
        before = megabytes(system, api)
        attack()
        attack()
        wait_for("its memory", lambda: megabytes(system, api) < before + 24, 20)

    return check


# ---- slow ones: they wait beside all tests of this file, and are looked at by the last ----

@pytest.fixture(scope="module")
def slow(system):
    """Clients that send a byte now and then, or nothing."""
    clients = {"headers": [], "body": [], "nothing": []}
    for _ in range(SLOW):
        clients["headers"].append(Raw(system.url))
        clients["body"].append(Raw(system.url))
        clients["nothing"].append(Raw(system.url))
    for raw in clients["headers"]:
        raw.send("GET /openapi.json HTTP/1.1\r\nHost: api\r\nX-Slow: ")
    for raw in clients["body"]:
        raw.send(head("/workspaces/x/metrics/ingest", "POST", None, 1000))
    yield clients
    for raw in sum(clients.values(), []):
        raw.socket.close()


def test_slow_ones_have_begun(slow, system):
    assert len(slow["body"]) == SLOW


# ---- bodies ----

def test_a_body_that_is_too_large(system, workspace, token, memory_is_flat):
    path = f"/workspaces/{workspace}/metrics/ingest"

    def declared(size=BODY_MAX + 1):
        with Raw(system.url) as raw:
            raw.send(head(path, "POST", token, size))
            for _ in range(size // 65536 + 1):
                if not raw.send(b"x" * min(65536, size)):
                    break
            return raw.answer()

    problem = declared().problem()
    assert (problem["status"], problem["code"]) == (413, "too_large")
    with Raw(system.url) as raw:  # asked before it is sent, or far too large: at once
        raw.send(head(path, "POST", token, BODY_MAX + 1, "Expect: 100-continue"))
        assert raw.answer().problem()["status"] == 413
    for size in (1 << 40, (1 << 63) - 1):
        with Raw(system.url) as raw:
            raw.send(head(path, "POST", token, size))
            assert raw.answer().problem()["status"] == 413
    answer, behind = talk(system.url, head(path, "POST", token, 1 << 64))  # no number to the library: its own words
    assert answer.status in (400, 413) and behind == []
    answer = requests.post(f"{system.url}{path}", data=b" " * (BODY_MAX + 1), headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert answer.status_code == 413 and answer.headers["X-Request-Id"]
    memory_is_flat(declared)


def test_chunks_beyond_it(system, workspace, token):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with Raw(system.url) as raw:
        raw.send(head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, None, "Transfer-Encoding: chunked"))
        for _ in range(161):
            assert raw.send(chunk)
        raw.send(b"0\r\n\r\n")
        assert raw.answer().problem()["status"] == 413
    with Raw(system.url) as raw:  # without end: cut off
        raw.send(head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, None, "Transfer-Encoding: chunked"))
        assert any(not raw.send(chunk) for _ in range(2000))


BODIES = {
    "nothing": (b"", 400), "not JSON": (b"hello", 400), "cut short": (b'[{"a":', 400), "two values": (b"[] []", 400),
    "trailing comma": (b'[{"a":1,}]', 400), "comments": (b"[/* x */]", 400), "deep lists": (b"[" * 100000, 400),
    "deep objects": (b'{"a":' * 100000, 400), "deep and whole": (b"[" * 5000 + b"]" * 5000, 400), "17 deep": (b"[" * 17 + b"]" * 17, 400),
    "invalid UTF-8": (b'[{"external_entity_id":"\xff\xfe"}]', 400), "overlong UTF-8": (b'[{"external_entity_id":"\xc0\xaf"}]', 400),
    "a surrogate": (b'[{"external_entity_id":"\\ud800"}]', 400), "UTF-16": ('[{"a":1}]'.encode("utf-16"), 400),
    "a byte order mark": (b"\xef\xbb\xbf[]", 400), "the same key twice": (b'[{"level":"ad","level":"campaign"}]', 400),
    "1e400": (b"1e400", 422), "[1e400]": (b"[1e400]", 422), "-1e400": (b"[-1e400]", 422), "infinity": (b"[Infinity]", 400), "NaN": (b"[NaN]", 400),
    "a long number": (b"[" + b"9" * 1000000 + b"]", 422), "a NUL": (b"[\0]", 400), "a NUL in a text": (b'["\0"]', 400), "only NULs": (b"\0" * 100, 400),
    "hexadecimal": (b"[0x10]", 400), "a plus": (b"[+1]", 400), "leading zero": (b"[01]", 400), "a point alone": (b"[1.]", 400), "a text": (b'"x"', 422),
    "null": (b"null", 422), "lists without end": (b"[" + b"[]," * 3000000 + b"[]]", 400), "objects without end": (b"[" + b"{}," * 2000000 + b"{}]", 400),
    "too many": (b"[" + b"1," * 10000 + b"1]", 422), "many numbers": (b"[" + b"1e5," * 2000000 + b"1]", 422),
    "many keys": (b"[{" + b",".join(b'"k%d":1' % i for i in range(100000)) + b"}]", 422), "a long key": (b'[{"' + b"k" * 1000000 + b'":1}]', 422),
    "a key that is cut": ('[{"xé'.encode() + "é".encode() * 300 + b'":1}]', 422), "an action that is cut": (
        b'[{"external_entity_id":"1","provider":"meta","level":"ad","event_date":"2026-10-01","currency":"EUR","actions":{"x' + "é".encode() * 300 + b'":"y"}}]', 422),
    "our own mark": (b'[{"external_entity_id":"\\u0001x","spend":"\\u00011.5\\u0000junk"}]', 422),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_none(system, workspace, token, name):
    body, status = BODIES[name]
    answer, behind = talk(system.url, head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, len(body), "Connection: close").encode() + body)
    assert answer.status == status, (answer.status, answer.body[:1000])
    if b"ingested" not in answer.body:
        problem = answer.problem()
        assert problem["detail"] and problem["errors"][0]["message"] in problem["detail"] and len(answer.body) < 20000
    assert behind == []
    assert system.query("SELECT 1 FROM metric_facts WHERE workspace_id = %s", workspace) == []


def test_bodies_do_not_stay(system, workspace, token, memory_is_flat):
    def attack():
        for name in ("lists without end", "many numbers", "many keys", "deep objects", "a long number"):
            talk(system.url, head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, len(BODIES[name][0]), "Connection: close").encode() + BODIES[name][0])

    memory_is_flat(attack)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "application/jsonx",
                                  "application/json-patch+json", "", "application/json\r\nContent-Encoding: gzip"])
def test_other_kinds_of_bodies(system, workspace, token, kind):
    answer, _ = talk(system.url, head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, 2, f"Content-Type: {kind}", "Connection: close") + "[]")
    problem, coding = answer.problem(), "gzip" in kind
    assert problem["status"] == 415 and problem["code"] == "bad_input"
    assert [(e["field"], e["value"]) for e in problem["errors"]] == [("Content-Encoding", "gzip") if coding else ("Content-Type", kind)]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON;x", "application/json\r\nContent-Encoding: identity"])
def test_our_kind_of_bodies(system, workspace, token, kind):
    answer, _ = talk(system.url, head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, 2, f"Content-Type: {kind}", "Connection: close") + "[]")
    assert answer.status == 200


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=1&limit=1", "status=failed&limit=1&status=queued", "limit=1&%6cimit=2"])
def test_a_parameter_that_comes_twice(system, workspace, token, query):
    """Who reads the last one and who reads the first would not mean the same."""
    answer, _ = talk(system.url, head(f"/workspaces/{workspace}/runs?{query}", "GET", token, None, "Connection: close"))
    (error,) = answer.problem()["errors"]
    assert answer.status == 422 and error["message"] == "is given more than once"


def test_every_bad_input_names_its_field(system, workspace, token):
    for path, method, body, field, value, detail in (
            ("runs?cursor=xyz", "GET", "", "cursor", "xyz", "cursor: this is none that we gave"),
            ("tokens?cursor=", "GET", "", "cursor", "", "cursor: this is none that we gave"),
            ("metrics/ingest", "POST", "{}", "", {}, "the body must be of type array"),
            ("metrics/ingest", "POST", "[", "", None, "the body is no JSON: ']' expected near end of file at line 1, column 1")):
        answer, _ = talk(system.url, head(f"/workspaces/{workspace}/{path}", method, token, len(body), "Connection: close") + body)
        problem = answer.problem()
        assert (problem["status"], problem["code"], problem["detail"]) == (400 if body == "[" else 422, "bad_input", detail)
        assert [(e["field"], e["value"]) for e in problem["errors"]] == [(field, value)]


# ---- heads ----

HIDDEN = "GET /openapi.json?hidden HTTP/1.1\r\nHost: api\r\n\r\n"
PROBES = {
    "both lengths": "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n", "both, the other way": "Transfer-Encoding: chunked\r\nContent-Length: {n}\r\n",
    "two lengths": "Content-Length: 5\r\nContent-Length: {n}\r\n", "the same length twice": "Content-Length: {n}\r\nContent-Length: {n}\r\n",
    "a list of lengths": "Content-Length: 5, 5\r\n", "plus": "Content-Length: +5\r\n", "minus": "Content-Length: -5\r\n", "hexadecimal": "Content-Length: 0x5\r\n",
    "spaces": "Content-Length: 5 5\r\n", "no digits": "Content-Length:\r\n", "two hosts": "Host: other\r\n", "gzip, chunked": "Transfer-Encoding: gzip, chunked\r\n",
    "identity": "Transfer-Encoding: identity\r\n", "xchunked": "Transfer-Encoding: xchunked\r\n", "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "chunked, chunked": "Transfer-Encoding: chunked, chunked\r\n", "quoted": 'Transfer-Encoding: "chunked"\r\n', "a tab": "Transfer-Encoding:\tchunked, x\r\n",
    "space before the colon": "Content-Length : 5\r\n", "the same with chunked": "Transfer-Encoding : chunked\r\n", "no colon": "Transfer-Encoding chunked\r\n",
    "a folded encoding": "Transfer-Encoding:\r\n gzip, chunked\r\n", "vertical tab": "Transfer-Encoding:\x0bchunked\r\n",
    "a name with a NUL": "Content-\0Length: 5\r\n", "a length beyond all": "Content-Length: 18446744073709551621\r\n",
}


@pytest.mark.parametrize("name", PROBES)
def test_ambiguous_framing(system, name):
    """Whoever reads the request differently may not find a second one in it: one refusal, and the connection ends."""
    tail = "0\r\n\r\n" + HIDDEN
    lines = PROBES[name].replace("{n}", str(len(tail)))
    answer, behind = talk(system.url, f"POST /auth/logout HTTP/1.1\r\nHost: api\r\n{lines}\r\n{tail}")
    assert answer is None or (400 <= answer.status < 500), (answer.status, answer.body)
    assert behind == []


@pytest.mark.parametrize("name, lines", [
    ("a bare line feed ends a line", "Content-Length: 0\nTransfer-Encoding: chunked\r\n"), ("a bare carriage return", "X: a\rContent-Length: 30\r\n"),
    ("a folded length", "Content-Length: 0\r\n 0\r\n"), ("no name", ": 5\r\n"), ("a folded line", "X: a\r\n Content-Length: 30\r\n"), ("a folded line with a tab", "X: a\r\n\tTransfer-Encoding: chunked\r\n")])
def test_odd_line_ends(system, name, lines):
    """Read as one request or refused; never two answers for what a stricter reader takes for one."""
    answer, behind = talk(system.url, f"GET /openapi.json HTTP/1.1\r\nHost: api\r\n{lines}Connection: close\r\n\r\n")
    assert answer is None or answer.status in (200, 400), answer.status
    assert all(more.status >= 400 for more in behind)


@pytest.mark.parametrize("data", [
    b"\r\n\r\n\r\n\r\n", b"\0" * 1000, b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET / XTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xff" * 5000,
    b"G" * 100000, b"GET " + b"/" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 50000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1000000 + b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"x" * 100000 + b": y\r\n\r\n"],
    ids=lambda data: f"{data[:20]!r}×{len(data)}")
def test_what_is_no_http_or_too_much_of_it(system, data):
    answer, behind = talk(system.url, data, seconds=1)  # some of it is the beginning of a request: see the slow ones
    assert answer is None or 400 <= answer.status < 600 and answer.status not in (500, 502), (answer.status, answer.body)
    assert all(400 <= more.status < 600 for more in behind)


@pytest.mark.parametrize("count", [202, 300, 800, 1100, 3000, 12000])
def test_more_parameters_than_anybody_needs(system, count):
    answer, behind = talk(system.url, head("/openapi.json?" + "a=1&" * count))
    assert answer.status in (414, 431) and behind == []


def test_a_token_as_long_as_they_may_be(client, workspace):
    """Its bearer may act in some three hundred workspaces, and has cookies too."""
    long = claims([workspace, *("0" * 36 for _ in range(302))], "admin")
    assert 16300 < len(jwt(long)) < 16384
    answer = requests.get(f"{client(workspace).url}/workspaces/{workspace}/runs", timeout=20,
                          headers={"Authorization": f"Bearer {jwt(long)}", "Cookie": "x=" + "y" * 8000})
    assert answer.status_code == 200, answer.text


PATHS = {
    "/": 404, "//": 404, "/%00": 400, "/openapi.json%00": 400, "/openapi.json%00.html": 400, "/%": 404, "/%zz": 404, "/%2": 404, "/%ff%fe": 404,
    "/../openapi.json": 404, "/x/../openapi.json": 404, "/%2e%2e/openapi.json": 404, "/./openapi.json": 404, "/openapi.json/": 404,
    "/openapi.json/..": 404, "//openapi.json": 404, "/openapi.json;x=1": 404, "/OPENAPI.JSON": 404, "/openapi%2ejson": 200, "/openapi.json%20": 404,
    "/%252e%252e/": 404, "/openapi.json?a=%00": 400, "/openapi.json?%00=a": 400, "/openapi.json?a=b": 422, "/openapi.json?a=%ff": 422, "/openapi.json?%ff=a": 422, "/openapi.json?" + "%c3%a9" * 300 + "=a": 422, "/openapi.json?&&&": 422,
    "/workspaces/../../../etc/passwd": 404, "/..%2f..%2fetc%2fpasswd": 404, "/..%5c..%5cwindows": 404, "/" + "a" * 30000: 404, "/" + "%41" * 10000: 404,
    "/workspaces/" + "f" * 36 + "/runs": 404, "/workspaces/{}/runs": 404, "/workspaces/'%20OR%201=1--/runs": 404, "/?" + "a=b&" * 200: 404, "/?" + ("a" * 60 + "=b&") * 200: 404,
    "http://other/openapi.json": 404, "*": 404, "/openapi.json#x": 404}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:30])
def test_paths(system, path):
    answer, behind = talk(system.url, head(path, "GET", None, None, "Connection: close"))
    assert answer.status == PATHS[path], answer.body
    if answer.status != 200:
        answer.problem()
    assert behind == []


def test_a_workspace_is_found_under_one_name_only(system, workspace, token):
    """Escapes in the path say the same to the check of the token as to the handler."""
    other = system.metricx("workspace", "create", "other")
    for path in (f"/workspaces%2f{other}/runs", f"/workspaces/{workspace}%2f..%2f{other}/runs", f"/workspaces/{workspace}/../{other}/runs",
                 f"/workspaces/{other.upper()}/runs", f"/workspaces/%{ord(other[0]):x}{other[1:]}/runs", f"/workspaces/{other}%20/runs"):
        answer, _ = talk(system.url, head(path, "GET", token, None, "Connection: close"))
        assert answer.problem()["status"] == 404


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "POST", "get", "GETT", "FOO", "M" * 1000, "G\0T", "<script>"])
def test_methods(system, method):
    answer, behind = talk(system.url, head("/openapi.json", method, None, None, "Connection: close"))
    if answer is not None and answer.headers.get("content-type") == "application/problem+json":
        assert answer.problem()["status"] == 405 and answer.headers["allow"] == "GET, HEAD"
    assert answer is None or 400 <= answer.status < 500
    assert answer is None or not [name for name in answer.headers if name.startswith("access-control")]
    assert behind == []


def test_no_other_origin_is_let_in(system, workspace, token):
    """A browser's question for another origin's page finds nothing that would allow it."""
    for method in ("OPTIONS", "GET"):
        answer, _ = talk(system.url, head(f"/workspaces/{workspace}/runs", method, token, None, "Origin: https://evil.example", "Connection: close",
                                          "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization"))
        assert answer.status == (405 if method == "OPTIONS" else 200)
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_head_is_get_without_the_body(system, workspace, token):
    for path in ("/openapi.json", f"/workspaces/{workspace}/runs", f"/workspaces/{workspace}/events", "/nothing"):
        answers = [talk(system.url, head(path, method, token, None, "Connection: close"), method)[0] for method in ("HEAD", "GET")
                   if method == "HEAD" or "events" not in path]
        assert len({answer.status for answer in answers}) == 1 and answers[0].body == b""
        assert len({answer.headers["content-type"] for answer in answers}) == 1


@pytest.mark.parametrize("given", ["a b", "a\tb", "é", "x" * 65, "a;b", "<script>", '"', "a\x01b", "a,b", ""])
def test_ids_of_requests_that_are_unfit(system, given):
    answer, _ = talk(system.url, head("/nothing", "GET", None, None, f"X-Request-Id: {given}", "Connection: close").encode("latin-1"))
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


def test_the_log_names_each_request_and_no_secret(system, workspace, token):
    path = f"/workspaces/{workspace}/runs"
    answer, _ = talk(system.url, head(path + "?cursor=not-for-the-log", "GET", token, None, "X-Request-Id: of-this-test", "Connection: close"))
    assert answer.status == 422 and answer.headers["x-request-id"] == "of-this-test"
    (line,) = [line for line in system.api.log().splitlines() if " id=of-this-test " in line]
    for part in ("event=request", "method=GET", "route=/workspaces/{ws}/runs", f"workspace={workspace}", "sub=tester", "status=422", "error_code=bad_input"):
        assert f" {part}" in line
    assert "not-for-the-log" not in line and token not in system.api.log()


def test_no_header_comes_in_through_another(system):
    """As a proxy may pass it on: a line end within a value is a line end, or nothing."""
    for given in ("x%0d%0aX-Evil: 1", "x\nX-Evil: 1", "x\r\n X-Evil: 1", "x\rX-Evil: 1"):
        answer, behind = talk(system.url, head("/nothing", "GET", None, None, f"X-Request-Id: {given}", "Connection: close"))
        assert (answer is None or "x-evil" not in answer.headers) and behind == []


def test_many_requests_at_once_on_one_connection(system, token, workspace):
    """Answered in their order, also when they are never read until then."""
    with Raw(system.url) as raw:
        for n in range(300):
            raw.send(head("/nothing", "GET", None, None, f"X-Request-Id: n{n}"))
        assert [raw.answer().headers["x-request-id"] for _ in range(300)] == [f"n{n}" for n in range(300)]


def test_who_never_reads(system, memory_is_flat):
    """Their requests wait in the kernel, not with us."""
    def attack():
        raws = [Raw(system.url, source="127.0.0.2") for _ in range(20)]
        for raw in raws:
            raw.socket.setblocking(False)
            request = head("/openapi.json").encode() * 50
            try:
                for _ in range(200):
                    raw.socket.sendall(request)
            except BlockingIOError:
                pass
        assert requests.get(f"{system.url}/openapi.json", timeout=20).status_code == 200
        for raw in raws:
            raw.socket.close()

    memory_is_flat(attack)


def test_many_who_ask_for_a_large_file_and_take_none_of_it(system):
    """The file is the program's: it is not copied for each of them."""
    before = megabytes(system)
    raws = [Raw(system.url, source="127.0.0.3") for _ in range(40)]
    for raw in raws:
        raw.send(head("/docs/swagger-ui-bundle.js") * 6)  # the first ones are in the kernel's hands
    assert all(raw.more() for raw in raws)
    assert requests.get(f"{system.url}/openapi.json", timeout=20).status_code == 200
    time.sleep(0.5)
    assert megabytes(system) < before + 25  # each copy is 1.4 MB
    for raw in raws:
        raw.socket.close()


def test_thousands_of_idle_connections(system, memory_is_flat):
    """More than there are places: who is silent makes room for who asks. The slow ones wait elsewhere: they would be the first to go."""
    api = system.start("metricx-api", LISTEN="127.0.0.1:0")
    url = url_of(api)

    def attack():
        raws = [Raw(url) for _ in range(3000)]
        for _ in range(10):
            assert requests.get(f"{url}/openapi.json", timeout=20).status_code == 200
        raws[-1].send(head("/nothing"))
        assert raws[-1].answer().status == 404
        descriptors = len(__import__("os").listdir(f"/proc/{api.process.pid}/fd"))
        assert descriptors < 2048 + 100
        for raw in raws:
            raw.socket.close()

    memory_is_flat(attack, api)
    api.stop()


def test_many_large_bodies_at_once(system, workspace, token):
    """Together they have a bound: 503 and a wish to come again; afterwards there is room."""
    raws = [Raw(system.url) for _ in range(20)]
    for raw in raws:
        raw.send(head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, BODY_MAX))
        raw.send(b" " * (BODY_MAX - 1))
    before = megabytes(system)
    for raw in raws:
        raw.send(b" ")
    answers = [raw.answer() for raw in raws]
    assert {answer.problem()["status"] for answer in answers} == {400, 503}
    busy = [answer for answer in answers if answer.status == 503]
    assert len(busy) >= 7 and all(answer.headers["retry-after"] == "1" for answer in busy)
    assert before < 400
    for raw in raws:
        raw.socket.close()
    answer, _ = talk(system.url, head(f"/workspaces/{workspace}/metrics/ingest", "POST", token, BODY_MAX, "Connection: close").encode() + b" " * BODY_MAX)
    assert answer.problem()["status"] == 400


def test_one_who_asks_too_often_is_slowed_and_others_are_not(system, workspace):
    loud = {"Authorization": f"Bearer {jwt(claims([workspace], sub='loud'))}"}
    quiet = {"Authorization": f"Bearer {jwt(claims([workspace], sub='quiet'))}"}
    with Raw(system.url) as raw:
        request = head(f"/workspaces/{workspace}/coverage", "GET", loud["Authorization"].split()[1])
        raw.send(request * 6000)
        answers = []
        while 429 not in answers and len(answers) < 6000:
            answer = raw.answer()
            answers.append(answer.status)
        assert answers[-1] == 429 and int(answer.headers["retry-after"]) >= 1
        assert answer.problem()["code"] == "too_many_requests"
        assert requests.get(f"{system.url}/workspaces/{workspace}/runs", headers=quiet, timeout=20).status_code == 200


def test_nobody_without_a_name_uses_up_what_others_have(system):
    """They are told apart by their address."""
    with Raw(system.url, source="127.0.0.4") as raw:
        raw.send(head("/auth/logout", "POST", None, 0) * 6000)
        statuses = []
        while 429 not in statuses and len(statuses) < 6000:
            statuses.append(raw.answer().status)
        assert statuses[-1] == 429
        answer, _ = talk(system.url, head("/auth/logout", "POST", None, 0, "Connection: close"))
        assert answer.status == 204


def test_slow_ones_are_cut_off(slow, system):
    """They have trickled beside all tests before; what they kept open is free again."""
    end = time.monotonic() + 120
    waiting = slow["headers"] + slow["body"] + slow["nothing"]
    while waiting and time.monotonic() < end:
        for raw in waiting:
            if raw not in slow["nothing"]:
                raw.send(b"x")
        gone = []
        for raw in waiting:
            raw.socket.setblocking(False)
            try:
                if raw.socket.recv(4096) == b"":
                    gone.append(raw)
            except BlockingIOError:
                pass
            except OSError:
                gone.append(raw)
            raw.socket.settimeout(60)
        waiting = [raw for raw in waiting if raw not in gone]
        assert requests.get(f"{system.url}/openapi.json", timeout=20).status_code == 200
        time.sleep(0.2)
    assert not waiting
