#!/usr/bin/python3
"""Layers, cycles, length and banned calls of every C source; one line a finding, exit 1 when there is one."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
LINES_MAX = 500

# Which folders a file of a folder may include. Longest prefix wins; tests see everything.
LAYERS = {
    "common/base": [],
    "common/io": ["common/base"],
    "common/provider": ["common/base"],
    "common/plan": ["common/base"],
    "common/store": ["common/base", "common/io", "common/provider", "common/plan"],
    "common/remote": ["common/base", "common/io", "common/provider", "common/plan", "common/store"],
    "migrations": ["common/base", "common/io", "common/store"],
    "worker": ["common"],
    "scheduler": ["common"],
    "api": ["common"],
    "cli": ["common", "migrations"],
    "tests": [""],
}
# A foreign library has one owner.
OWNERS = {
    "curl/curl.h": ["common/io/http_client"],
    "microhttpd.h": ["common/io/http_"],
    "libpq-fe.h": ["common/io/db_"],
    "hiredis/": ["common/io/redis_"],
    "uv.h": ["common/io/"],
    "glib.h": ["common/base/zone"],
    "openssl/": ["common/base/"],
}
BLOCKING = re.compile(
    r"\b(redisCommand|redisConnect|PQexec|PQexecParams|PQconnectdb|PQconnectdbParams|PQgetResult_wait|getaddrinfo|gethostbyname"
    r"|curl_easy_perform|usleep|sleep|nanosleep|system|popen) ?\("
)
# The one way to memory; mem.h says when it may be refused.
ALLOCATING = re.compile(r"\b(malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf) ?\(")
ALLOCATORS = ("common/base/mem.c", "common/base/json_text.c")
READING_JSON = re.compile(r"\bjson_load[a-z_]* ?\(")
VAGUE = re.compile(r"(^|/)(utils?|helpers?|misc|common_?stuff)\.[a-z]+$")
OPEN_END = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def folder_of(path):
    return max((f for f in LAYERS if path.startswith(f + "/")), key=len, default=None)


def may_include(path, target):
    folder = folder_of(path)
    if folder is None or folder == "tests" or target.startswith(folder + "/"):
        return True
    return any(target.startswith(allowed + "/") for allowed in LAYERS[folder])


def cycles(graph):
    state, found = {}, []

    def visit(node, trail):
        state[node] = "open"
        for target in graph.get(node, []):
            if state.get(target) == "open":
                found.append(" -> ".join(trail[trail.index(target) :] + [target]))
            elif target not in state:
                visit(target, trail + [target])
        state[node] = "closed"

    for node in graph:
        if node not in state:
            visit(node, [node])
    return found


def check_file(path, text, graph, say):
    if len(text.splitlines()) > LINES_MAX:
        say(f"{path}: {len(text.splitlines())} lines, more than {LINES_MAX}: two files?")
    if VAGUE.search(path):
        say(f"{path}: a name that says nothing")
    for number, line in enumerate(text.splitlines(), 1):
        if OPEN_END.search(line):
            say(f"{path}:{number}: something left open")
        if not path.startswith("tests/") and BLOCKING.search(line.split("//")[0]):
            say(f"{path}:{number}: a call that blocks the loop: {line.strip()}")
        if not path.startswith("tests/") and path != "common/base/json_text.c" and READING_JSON.search(line):
            say(f"{path}:{number}: JSON is read through common/base/json_text.h: {line.strip()}")
        if not path.startswith("tests/") and path not in ALLOCATORS and ALLOCATING.search(line):
            say(f"{path}:{number}: memory is had through common/base/mem.h: {line.strip()}")
    for target in re.findall(r'^#include "([^"]+)"', text, re.M):
        graph.setdefault(path, []).append(target)
        if not (TOP / target).exists() and not target.endswith("_files.h"):
            say(f'{path}: includes "{target}": paths start at the top')
        if not may_include(path, target):
            say(f'{path}: may not include "{target}"')
    for target in re.findall(r"^#include <([^>]+)>", text, re.M):
        for library, owners in OWNERS.items():
            if target.startswith(library) and not path.startswith("tests/") and not any(path.startswith(o) for o in owners):
                say(f"{path}: <{target}> belongs to {', '.join(owners)}")


def main():
    findings, graph = [], {}
    for path in sorted(TOP.rglob("*.[ch]")):
        name = str(path.relative_to(TOP))
        if not name.startswith(("build/", ".run/", "web/")):
            check_file(name, path.read_text(encoding="utf-8"), graph, findings.append)
    findings += [f"include cycle: {c}" for c in cycles(graph)]
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
