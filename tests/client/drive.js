// drive.js OPENAPI.JSON FOLDER URL: has a public validator read the document, makes a client of it in FOLDER, and calls what stdin lists:
// [{"operation", "token", "path": [values…], "body" or "query"}]. Prints [{"operation", "status"}], with what a stream of events begins
// with as "begins".
import fs from "node:fs";
import path from "node:path";
import {pathToFileURL} from "node:url";
import {Validator} from "@seriousme/openapi-schema-validator";
import {generateApi} from "swagger-typescript-api";

const [document, folder, url] = process.argv.slice(2);

const verdict = await new Validator().validate(JSON.parse(fs.readFileSync(document, "utf8")));
if (!verdict.valid) {
  console.error(JSON.stringify(verdict.errors, null, 1));
  process.exit(1);
}

await generateApi({input: document, output: folder, name: "client.ts", toJS: true, silent: true, httpClientType: "fetch"});
fs.writeFileSync(path.join(folder, "package.json"), '{"type": "module"}');
const {Api} = await import(pathToFileURL(path.join(folder, "client.js")));

const streams = new Set(Object.values(JSON.parse(fs.readFileSync(document, "utf8")).paths).flatMap((methods) => Object.values(methods))
  .filter((op) => op.responses["200"]?.content?.["text/event-stream"]).map((op) => op.operationId));
const camel = (name) => name.replace(/_+(.)/g, (_, letter) => letter.toUpperCase());
const results = [];
for (const call of JSON.parse(fs.readFileSync(0, "utf8"))) {
  const api = new Api({baseUrl: url, baseApiParams: {headers: call.token ? {Authorization: `Bearer ${call.token}`} : {}, redirect: "manual"}});
  const group = Object.values(api).find((g) => g && typeof g[camel(call.operation)] === "function");
  if (!group) throw new Error(`the client has no ${camel(call.operation)}`);
  const rest = call.body !== undefined ? [call.body] : call.query !== undefined ? [call.query] : [];
  const more = streams.has(call.operation) ? {format: undefined} : {}; // it has no end that could be waited for
  const answer = await group[camel(call.operation)](...(call.path ?? []), ...rest, {signal: AbortSignal.timeout(60000), ...more}).catch((e) => e);
  if (answer.status === undefined) throw answer;
  const result = {operation: call.operation, status: answer.status};
  if ((answer.headers.get("content-type") ?? "").startsWith("text/event-stream"))
    result.begins = new TextDecoder().decode((await answer.body.getReader().read()).value);
  results.push(result);
}
console.log(JSON.stringify(results));
process.exit(); // bodies that nobody read keep it for a minute
