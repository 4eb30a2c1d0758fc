// Asks a Graph for everything that Meta's SDK is commonly used for and prints what it was told, as one JSON object.
// Usage: node drive.js GRAPH_URL TOKEN ACCOUNT SINCE UNTIL
'use strict';

const sdk = require('facebook-nodejs-business-sdk');
const [url, token, account, since, until] = process.argv.slice(2);

// Static getters: the only way to another host and to a version that is alive.
Object.defineProperty(sdk.FacebookAdsApi, 'GRAPH', { get: () => url });
Object.defineProperty(sdk.FacebookAdsApi, 'VERSION', { get: () => 'v26.0' });
const api = sdk.FacebookAdsApi.init(token, 'en_US', false);

const HOURLY = 'hourly_stats_aggregated_by_advertiser_time_zone';
const STATES = ['ACTIVE', 'PAUSED', 'DELETED', 'ARCHIVED', 'IN_PROCESS', 'WITH_ISSUES'];
const MORE_STATES = {
  campaigns: STATES,
  adsets: [...STATES, 'CAMPAIGN_PAUSED'],
  ads: [...STATES, 'CAMPAIGN_PAUSED', 'ADSET_PAUSED', 'PENDING_REVIEW', 'DISAPPROVED', 'PREAPPROVED', 'PENDING_BILLING_INFO'],
};
const INSIGHTS = ['ad_id', 'impressions', 'clicks', 'spend', 'actions', 'action_values'];
const everything = {
  level: 'ad',
  time_increment: 1,
  time_range: { since, until },
  limit: 100,
  filtering: [{ field: 'ad.effective_status', operator: 'IN', value: MORE_STATES.ads }],
};

const plain = object => object._data;

async function list(cursor) {
  const rows = [...cursor];
  let pages = 1;
  for (; cursor.hasNext(); pages++) {
    await cursor.next();
    rows.push(...cursor);
  }
  return { pages, rows: rows.map(plain) };
}

async function refusal(promise) {
  try {
    await promise;
  } catch (e) {
    const { code, error_subcode, type, is_transient } = e.response;
    return { name: e.constructor.name, status: e.status, message: e.message, code, error_subcode, type, is_transient };
  }
  throw new Error('that should have been refused');
}

async function report(ad_account) {
  const states = [];
  let run = await ad_account.getInsightsAsync(INSIGHTS, { ...everything });
  const early = await refusal(run.getInsights([], {}));
  for (let tries = 0; tries < 50 && states.at(-1)?.async_status !== 'Job Completed'; tries++) {
    const polled = await new sdk.AdReportRun(null, { report_run_id: run.id }).get([
      sdk.AdReportRun.Fields.async_status,
      sdk.AdReportRun.Fields.async_percent_completion,
    ]);
    states.push(plain(polled));
  }
  return { id: run.id, early, states, ...(await list(await run.getInsights([], { limit: 150 }))) };
}

async function main() {
  const ad_account = new sdk.AdAccount(account);
  const stranger = new sdk.FacebookAdsApi('wrong', 'en_US', false);
  const objects = {};
  for (const [edge, fields] of [
    ['campaigns', ['id', 'name', 'objective', 'effective_status']],
    ['adsets', ['id', 'name', 'campaign_id', 'effective_status']],
    ['ads', ['id', 'name', 'adset_id', 'campaign_id', 'effective_status']],
  ]) {
    const ask = { campaigns: 'getCampaigns', adsets: 'getAdSets', ads: 'getAds' }[edge];
    objects[edge] = await list(await ad_account[ask](fields, { effective_status: MORE_STATES[edge], limit: 7 }));
  }
  const campaign = new sdk.Campaign(objects.campaigns.rows[0].id);
  return {
    app_id: (await api.getAppID()).data.data.app_id,
    accounts: await list(await new sdk.User('me').getAdAccounts(['account_id', 'name', 'currency', 'timezone_name'], { limit: 2 })),
    account: plain(await ad_account.get(['id', 'name', 'currency', 'timezone_name'])),
    ...objects,
    below_campaign: await list(await campaign.getAds(['id'], { effective_status: MORE_STATES.ads })),
    insights: await list(await ad_account.getInsights(INSIGHTS, { ...everything })),
    hours: await list(await ad_account.getInsights(['ad_id', 'impressions', 'clicks', 'spend'], { ...everything, breakdowns: [HOURLY] })),
    report: await report(ad_account),
    errors: {
      field: await refusal(ad_account.getCampaigns(['id', 'colour'])),
      insights_field: await refusal(ad_account.getInsights(['spend', 'age'])),
      breakdown: await refusal(ad_account.getInsights(['spend'], { breakdowns: ['age', 'country'] })),
      token: await refusal(new sdk.AdAccount(account, {}, undefined, stranger).get(['id'])),
      object: await refusal(new sdk.Campaign('120000000000001').get(['name'])),
      report: await refusal(new sdk.AdReportRun(null, { report_run_id: '120000000000002' }).get(['async_status'])),
    },
  };
}

main().then(
  answer => process.stdout.write(JSON.stringify(answer)),
  error => {
    console.error(error);
    process.exitCode = 1;
  },
);
