"""A sandbox asked as Meta's Graph is: answers, lists to their end, errors.

    from graph_client import error, graph  # noqa: F401 (fixtures)
"""
import json

import pytest
import requests
from system import Sandbox

DAY = "2026-11-22"
FULL = ["ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES"]
AD_FULL = FULL + ["CAMPAIGN_PAUSED", "ADSET_PAUSED", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO"]


class Graph(Sandbox):
    def ask(self, path, token="sandbox-token", version="v26.0", headers=None, **params):
        params = {k: json.dumps(v) if isinstance(v, (list, dict)) else v for k, v in params.items()}
        if token:
            headers = {"Authorization": f"Bearer {token}", **(headers or {})}
        return requests.get(f"{self.url}/{version}/{path}", params=params, headers=headers, timeout=30, allow_redirects=False)

    def post_graph(self, path, token="sandbox-token", version="v26.0", form=None, body=None):
        """With the parameters as a form, or as the JSON body."""
        if form is not None:
            form = {k: json.dumps(v) if isinstance(v, (list, dict)) else v for k, v in form.items()}
        return requests.post(f"{self.url}/{version}/{path}", data=form, json=body, timeout=30,
                             headers={"Authorization": f"Bearer {token}"})

    def data(self, path, **params):
        """All pages, by following `next` as it is."""
        answer = self.ask(path, **params)
        rows, pages = [], 0
        while True:
            assert answer.status_code == 200, answer.text
            body = answer.json()
            rows += body["data"]
            pages += 1
            after = body.get("paging", {}).get("next")
            if not after:
                return rows
            answer = requests.get(after, timeout=30)

    def insights(self, node="act_1001", level="ad", since="2026-10-01", until="2026-10-07", **params):
        params = {"time_increment": 1, "limit": 500, **params}
        return self.data(f"{node}/insights", level=level, time_range={"since": since, "until": until}, **params)


def error(answer, status, code, subcode=None):
    assert answer.status_code == status, answer.text
    found = answer.json()["error"]
    assert (found["code"], found.get("error_subcode")) == (code, subcode), found
    assert found["message"] and found["fbtrace_id"]
    return found


@pytest.fixture
def graph(build, tmp_path):
    """graph(options…): a sandbox of its own, on a day that stands still."""
    made = []

    def make(*options):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Graph(folder, build, "--today", DAY, "--stop-clock", *options))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.stop()
        assert sandbox.process.returncode == 0
