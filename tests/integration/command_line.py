"""What the command line answers, for its tests."""
import json
import re

NOBODY = "0b54c3e4-0000-4000-8000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def refused(done, code, *words):
    """Ended with this code, said each word on stderr in one line of ours, and nothing on stdout."""
    assert done.returncode == code, (done.args, done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    first = done.stderr.splitlines()[0]
    assert first.startswith("metricx: "), done.stderr
    for word in words:
        assert word in first, first


def listed(system, *words):
    answer = json.loads(system.metricx(*words, "--json"))
    assert answer["next_cursor"] is None
    return answer["items"]
