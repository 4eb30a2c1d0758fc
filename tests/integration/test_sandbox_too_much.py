"""Questions that are too big for the sandbox, as they are for Meta (S22)."""
import pytest

from graph_client import error, graph  # noqa: F401 (fixtures)

FIELDS = "campaign_id,adset_id,ad_id,impressions,clicks,spend,reach,attribution_setting,actions,action_values"
ASKED = {"level": "ad", "time_increment": 1, "time_range": {"since": "2026-10-01", "until": "2026-10-07"}, "fields": FIELDS}


def is_too_much(g, path="act_1001/insights", **params):
    answer = g.ask(path, **({**ASKED, **params} if path.endswith("insights") else params))
    if answer.status_code == 200:
        return False
    assert answer.status_code == 500
    assert answer.json() == {"error": {"code": 1, "message": "Please reduce the amount of data you're asking for, then retry "
                                                             "your request"}}
    return True


def day(text):
    return {"time_range": {"since": text, "until": text}}


def test_s22_rows_of_a_page(graph):
    g = graph()
    g.post("too-much", rows=250)
    assert [is_too_much(g, limit=limit) for limit in (1000, 251, 250, 15)] == [True, True, False, False]
    assert not is_too_much(g, limit=1000, level="account")
    whole = g.insights(fields=FIELDS, limit=250)
    g.post("too-much")
    assert g.insights(fields=FIELDS) == whole and not is_too_much(g, limit=1000)


def test_s22_pages_of_objects(graph):
    g = graph()
    g.post("too-much", entity_rows=125)
    for edge in ("campaigns", "adsets", "ads"):
        assert [is_too_much(g, f"act_1001/{edge}", limit=limit) for limit in (500, 125)] == [True, False]
    assert not is_too_much(g, limit=1000)


def test_s22_rows_times_days_of_the_whole_question(graph):
    g = graph()
    g.post("too-much", cells=3 * 100)
    assert is_too_much(g, limit=5)
    assert not is_too_much(g, limit=1000, time_range={"since": "2026-10-05", "until": "2026-10-07"})


def test_s22_fields(graph):
    g = graph()
    g.post("too-much", fields=8)
    assert is_too_much(g, limit=5, **day("2026-10-07"))
    assert not is_too_much(g, limit=5, fields=FIELDS.removesuffix(",actions,action_values"))
    assert not is_too_much(g, limit=5, fields="ad_id,actions,action_values")


def test_s22_only_as_a_report_or_only_by_campaign(graph):
    g = graph()
    g.post("report", polls=0)
    campaign = next(e["external_id"] for e in g.truth()["entities"] if e["level"] == "campaign")
    one = [{"field": "campaign.id", "operator": "IN", "value": [campaign]}]

    def status(**params):
        run = g.post_graph("act_1001/insights", form={**ASKED, **params}).json()["report_run_id"]
        return g.ask(run).json()["async_status"]

    g.post("too-much", unless_report=True)
    assert is_too_much(g, limit=5) and status() == "Job Completed"
    g.post("too-much", unless_campaign=True)
    assert is_too_much(g, limit=5) and status() == "Job Failed"
    assert not is_too_much(g, filtering=one) and status(filtering=one) == "Job Completed"
    assert not is_too_much(g, level="campaign", fields="campaign_id")


@pytest.mark.parametrize("by_report", [False, True])
def test_s22_a_day_that_is_never_answered(graph, by_report):
    g = graph()
    g.post("report", polls=0)
    g.post("too-much", day="2026-10-05", coded=True)
    for question, right in ((ASKED, False), (ASKED | day("2026-10-05"), False), (ASKED | day("2026-10-04"), True)):
        if by_report:
            run = g.ask(g.post_graph("act_1001/insights", form=question).json()["report_run_id"]).json()
            assert run["async_status"] == ("Job Completed" if right else "Job Failed")
            assert right or (run["error_code"], run["error_subcode"]) == (100, 1487534)
        elif right:
            assert g.ask("act_1001/insights", **question).status_code == 200
        else:
            error(g.ask("act_1001/insights", **question), 400, 100, 1487534)
