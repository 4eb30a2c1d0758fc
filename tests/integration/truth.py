"""Are the tables what the sandbox says is true? Every column that a sync must store, exactly."""
import datetime
import decimal
import json

FACT_NUMBERS = ("spend", "impressions", "clicks", "link_clicks", "conversions", "revenue", "leads", "installs", "purchases",
                "registrations", "visitors", "reach")
ENTITY_TEXTS = ("level", "name", "status", "configured_status", "objective", "goal")


def number(value):
    return None if value is None else decimal.Decimal(str(value))


def numbers(mapping):
    return {key: number(value) for key, value in mapping.items()}


def instant(text):
    return None if text is None else datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def stored_entities(system, connection):
    rows = system.query(
        """SELECT e.*, p.external_id AS parent_external_id, c.external_id AS campaign_external_id
             FROM entities e LEFT JOIN entities p ON p.id = e.parent_id LEFT JOIN entities c ON c.id = e.campaign_id
            WHERE e.connection_id = %s AND e.vanished_at IS NULL""", connection)
    return {
        row["external_id"]: {
            **{name: row[name] for name in ENTITY_TEXTS},
            "parent": row["parent_external_id"],
            "campaign": None if row["level"] == "campaign" else row["campaign_external_id"],
            "daily_budget": row["daily_budget"], "lifetime_budget": row["lifetime_budget"],
            "created": row["external_created_at"], "updated": row["external_updated_at"],
        } for row in rows}


def true_entities(truth):
    return {
        e["external_id"]: {
            **{name: e[name] for name in ENTITY_TEXTS},
            "objective": e["objective"] if e["level"] == "campaign" else None,
            "parent": e["parent_external_id"],
            "campaign": None if e["level"] == "campaign" else e["campaign_external_id"],
            "daily_budget": number(e["daily_budget"]), "lifetime_budget": number(e["lifetime_budget"]),
            "created": instant(e["external_created_at"]), "updated": instant(e["external_updated_at"]),
        } for e in truth["entities"] if not e["gone"]}


def stored_facts(system, connection):
    rows = system.query(
        """SELECT f.*, f.actions::text AS actions_text, f.action_values::text AS values_text, e.external_id
             FROM metric_facts f JOIN entities e ON e.id = f.entity_id WHERE f.connection_id = %s""", connection)
    return {
        (row["external_id"], str(row["event_date"])): {
            **{name: row[name] for name in FACT_NUMBERS},
            "event_at": row["event_at"], "currency": row["currency"], "level": row["level"], "source": row["source"],
            "attribution_setting": row["attribution_setting"],
            "actions": numbers(json.loads(row["actions_text"], parse_float=str, parse_int=str)),
            "action_values": numbers(json.loads(row["values_text"], parse_float=str, parse_int=str)),
        } for row in rows}


def true_facts(truth):
    return {
        (f["external_id"], f["event_date"]): {
            **{name: number(f[name]) for name in FACT_NUMBERS},
            "event_at": instant(f["event_at"]), "currency": f["currency"], "level": "ad", "source": "sync",
            "attribution_setting": f["attribution_setting"],
            "actions": numbers(f["actions"]), "action_values": numbers(f["action_values"]),
        } for f in truth["facts"]}


def differences(stored, true):
    found = [f"missing: {key}" for key in sorted(true.keys() - stored.keys())]
    found += [f"too much: {key}" for key in sorted(stored.keys() - true.keys())]
    for key in sorted(true.keys() & stored.keys()):
        for name, value in true[key].items():
            if stored[key][name] != value:
                found.append(f"{key} {name}: stored {stored[key][name]!r}, true {value!r}")
    return found


def assert_truth(system, connection, account="act_1001", **range_):
    truth = system.sandbox.truth(account, **range_)
    assert truth["facts"] and truth["entities"]
    found = differences(stored_entities(system, connection), true_entities(truth))
    found += differences(stored_facts(system, connection), true_facts(truth))
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:40])
    return truth
