"""What Meta does to a rig: its answers go wrong, it allows too few calls, it takes access away."""
import math
import time

from system import ACCOUNT, wait_for


class Meta:
    def fault(self, **what):
        """Of the sandbox; what it answers in vain is its faults_struck."""
        self.sandbox.post("fault", **what)

    def metas_fault(self, what, vain):
        """vain: calls that each strike costs beside the one that it strikes."""
        self.vain += what["count"] * vain
        self.fault(**what)

    # --- limits ---

    def block(self, account=None, **what):
        """Of the sandbox; no account: the whole app."""
        self.sandbox.post("block", **what, **({"account": account} if account else {}))

    def blocked_ms(self, account="app"):
        """How much longer no call may be made, as Redis and PostgreSQL have it; None: they do not agree, or know of no block."""
        kept = self.query("SELECT (extract(epoch FROM blocked_until) * 1000)::bigint FROM provider_blocks WHERE scope = %s",
                          f"meta:{account}")
        heard = int(self.redis.client().hget(f"{{metricx}}:budget:meta:{account}", "blocked_until") or 0)
        heard -= round(self.redis.clock.seconds * 1000)
        agreed = kept and abs(kept[0][0] - round(self.postgres.clock.seconds * 1000) - heard) < 1000
        return heard - time.time() * 1000 if agreed else None

    def await_block(self, account="app"):
        return wait_for(f"a block of {account}", lambda: max(0, self.blocked_ms(account) or 0))

    def pass_blocks(self):
        """As if the time until their end had passed, at Meta too. The daemons are made anew: a look under way would tell Redis of
        the blocks once more, and a worker sleeps until the end that it was told."""
        for name in self.members:
            self.kill(name)
        for account in (None, *(row[0] for row in self.query("SELECT external_account_id FROM connections"))):
            self.block(account, ms=0)
        self.query("UPDATE provider_blocks SET blocked_until = clock_timestamp()")
        client = self.redis.client()
        for key in client.keys("{metricx}:budget:*"):
            client.hset(key, "blocked_until", 0)
        for member in self.members.values():
            member.start()

    def throttle(self, account, what):
        """A block that all who are refused hear of: nothing else may be wrong before, and the block before it is over."""
        self.mend()
        so_far = self.sandbox.calls()["total"]
        wait_for("a call that is served", lambda: self.goes_on() and self.served_last() > so_far, 300)
        began = time.time() * 1000
        self.block(account, **what)
        wait_for("a block", lambda: self.goes_on() and self.blocked_until(account) > began)
        wait_for("jobs that let go", lambda: self.in_flight() == 0)

    def served_last(self):
        """How many calls there are of the account, if the last one was answered as it should be."""
        calls = self.sandbox.calls()
        return calls["total"] if calls["calls"][-1]["status"] == 200 else 0

    def blocked_until(self, account):
        left = self.blocked_ms(account or "app")
        return -math.inf if left is None else left + time.time() * 1000

    # --- too much data ---

    def too_much(self, rows, coded):
        """More rows of a page than so many are too much."""
        self.sandbox.post("too-much", rows=rows, coded=coded)

    def enough(self):
        self.sandbox.post("too-much")

    def forget_limits(self):
        """As if days had passed since Meta taught what is too much and how many calls are too many."""
        self.query("UPDATE connection_limits SET learned_at = learned_at - interval '11 days'")
        self.query("UPDATE provider_blocks SET learned_at = learned_at - interval '11 days'")

    def count_small_pages(self):
        """Once all is stored: what smaller pages have cost."""
        self.vain += self.query("""SELECT coalesce(sum(rows / page_limit - rows / %s), 0)::int FROM sync_chunks
                                    WHERE page_limit < %s""", *[int(self.env["PAGE_LIMIT"])] * 2)[0][0]

    # --- access ---

    def lose_access(self, of, what):
        """of: the token or the account."""
        with self.standing_still():
            self.sandbox.post(of, **what, **({"token": self.tokens[-1]} if of == "token" else {"account": ACCOUNT}))

    def give_access_back(self):
        self.sandbox.post("token", token=self.tokens[-1], ads_read=True)
        self.sandbox.post("account", account=ACCOUNT, access=True)

    def give_token(self):
        """Another one in the place of the one that may be refused, if the budget allows the call that looks at it."""
        self.allow()
        self.tokens.append(f"{self.tokens[0]}{len(self.tokens)}")
        self.sandbox.post("token", token=self.tokens[-1])
        self.vain += 1
        done = self.metricx("connection", "token", self.query("SELECT id FROM connections")[0][0], "--stdin", stdin=self.tokens[-1],
                            code=None)
        if done.returncode != 0:
            assert "the budget allows no call" in done.stderr, done.stderr
            self.tokens.pop()

    def ask_again(self):
        """The time to ask for connections without access has come: a call each."""
        self.vain += len(self.query("""UPDATE connections SET access_check_at = now()
                                        WHERE status <> 'active' AND access_check_at > now() RETURNING id"""))

    def mend(self):
        """All that lasts ends."""
        self.fault(clear=True)
        self.enough()
        self.heal()
        self.allow()
        self.revive()

    def allow(self):
        self.release()
        self.give_access_back()
