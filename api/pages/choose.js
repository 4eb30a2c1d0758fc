"use strict";
// The choice of ad accounts after a login at Meta: lists them and connects those that are ticked.
const query = new URLSearchParams(location.search);
const workspace = `/workspaces/${encodeURIComponent(query.get("workspace_id"))}`;
const token = query.get("token_id");
const byId = (id) => document.getElementById(id);
const say = (text) => { byId("state").textContent = text; };

async function call(method, path, body) {
  const answer = await fetch(workspace + path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail);
  return json;
}

function row(account) {
  const item = document.createElement("li"), label = document.createElement("label"), box = document.createElement("input");
  box.type = "checkbox";
  box.value = account.external_account_id;
  box.disabled = account.closed;
  const state = account.closed ? ", closed" : account.connection_id ? ", connected already" : "";
  label.append(box, ` ${account.name} (${account.external_account_id}, ${account.currency}, ${account.timezone}${state})`);
  item.append(label);
  return item;
}

async function list() {
  const { items } = await call("GET", `/tokens/${encodeURIComponent(token)}/accounts`);
  byId("accounts").replaceChildren(...items.map(row));
  byId("choice").hidden = items.length === 0;
  say(items.length ? "Choose what to connect." : "This login may read no ad account.");
}

async function connect(event) {
  event.preventDefault();
  const accounts = [...document.querySelectorAll("#accounts input:checked")].map((box) => box.value);
  if (!accounts.length) return say("Tick at least one ad account.");
  say("Connecting …");
  const { items, errors } = await call("POST", "/connections", { token_id: token, accounts });
  byId("choice").hidden = true;
  say(`Connected: ${items.length}.` + (errors.length ? ` Not connected: ${errors.length}.` : ""));
  const lines = [
    ...items.map((c) => `${c.name} (${c.external_account_id}): ${c.run_id ? "first sync requested" : c.status}`),
    ...errors.map((e) => e.message),
  ];
  byId("made").replaceChildren(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

byId("choice").addEventListener("submit", (event) => connect(event).catch((e) => say(e.message)));
list().catch((e) => say(e.message));
