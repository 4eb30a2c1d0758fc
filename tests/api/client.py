"""Calls of the API as one caller, each answer compared with what /openapi.json says; and tokens made by hand, good and bad ones."""
import base64
import functools
import hashlib
import hmac
import json
import time

import re

import jsonschema
import requests

SECRET = "a secret of the tests that is long enough"
APP_ID, APP_SECRET = "258147369", "the app secret of the tests"


def part(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def jwt(claims, secret=SECRET, header=None):
    signed = part(header or {"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
    return signed + "." + part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def claims(workspaces, role=None, **more):
    return {"sub": "tester", "exp": int(time.time()) + 600, "workspaces": workspaces, **({"role": role} if role else {}), **more}


class Description:
    """The API's own."""

    def __init__(self, url):
        self.document = requests.get(url + "/openapi.json", timeout=60).json()
        self.paths = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$"), methods)
                      for path, methods in self.document["paths"].items()]

    def check(self, method, path, answer):
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if kind == "application/problem+json":
            schema = {"$ref": "#/components/schemas/Problem"}
            assert answer.json()["code"] != "bad_input" or answer.json()["errors"], answer.text
        elif kind:
            methods = next(methods for pattern, methods in self.paths if pattern.match(path.split("?")[0]))
            responses = methods[method.lower()]["responses"]
            schema = responses.get(str(answer.status_code), responses["default"])["content"][kind]["schema"]
            if kind != "application/json":
                return
        else:
            assert answer.content == b""
            return
        jsonschema.Draft202012Validator({**schema, "components": self.document["components"]}).validate(answer.json())


@functools.cache
def described(url):
    return Description(url)


class Client:
    def __init__(self, url, token=None):
        self.description = described(url)
        self.url = url
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, status=None, **more):
        """The answer; its status must be this one when it is given."""
        answer = self.session.request(method, self.url + path, timeout=60, allow_redirects=False, **more)
        assert status in (None, answer.status_code), f"{method} {path}: {answer.status_code} {answer.text}"
        if not more.get("stream"):
            self.description.check(method, path, answer)
        return answer

    def get(self, path, status=200, **more):
        return self.call("GET", path, status, **more).json()

    def post(self, path, body=None, status=200, **more):
        return self.call("POST", path, status, json=body, **more).json()
