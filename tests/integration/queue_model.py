"""The queue as it should be, in plain Python. It does not say whose turn it is, but what a claim may answer and what every
other step must leave behind."""

BUCKETS = 60
LANES = ["high", "normal", "low"]


class Budget:
    def __init__(self, limit, window_ms):
        self.limit, self.width = limit, -(-window_ms * 1000 // BUCKETS)
        self.open, self.ended, self.blocked = 0, [], 0  # ended: instants in microseconds
        self.spent, self.pace = 0, -(-self.width * BUCKETS // (2 * limit)) if limit else 0

    def used(self, now):
        self.ended = [t for t in self.ended if t // self.width + BUCKETS >= now // self.width]
        return self.open + len(self.ended)

    def room(self, now, lane):
        """Calls allowed now; None = any number."""
        if self.blocked > now:
            return 0
        if self.limit == 0:
            return 1000
        if lane == "high":
            return max(0, self.limit - self.used(now))
        burst = max(20, self.limit // 4)
        paced = burst - -(-max(0, self.spent - now) // self.pace)
        return max(0, min(self.limit - self.limit // 20 - self.used(now), paced))

    def take(self, now):
        self.open += 1
        self.spent = min(max(now, self.spent) + self.pace, now + max(20, self.limit // 4) * self.pace)


class Job:
    def __init__(self, job_id, connection, account, lane):
        self.id, self.connection, self.domain, self.lane = job_id, connection, f"meta:{account}", lane
        self.attempts = self.deliveries = self.open = self.until = 0
        self.state, self.token = "ready", None


class Model:
    def __init__(self, budgets):
        self.now = 0
        self.jobs, self.lists, self.budgets, self.flying = {}, {}, budgets, []

    @property
    def ms(self):
        return self.now // 1000

    def scopes(self, job):
        return [self.budgets[job.domain], self.budgets["meta:app"]]

    # ---- lists: ids from head to tail, stale places included, as they are passed over when reached ----

    def ready(self, job, at_head=False):
        job.state = "ready"
        places = self.lists.setdefault((job.connection, job.lane), [])
        places.insert(0, job.id) if at_head else places.append(job.id)

    def waiting(self, key):
        seen = []
        for job_id in self.lists.get(key, []):
            job = self.jobs.get(job_id)
            if job and job.state == "ready" and (job.connection, job.lane) == key and job_id not in seen:
                seen.append(job_id)
        return seen

    # ---- steps ----

    def enqueue(self, job_id, connection, account, lane, delay):
        old = self.jobs.get(job_id)
        if old and old.state != "dead":
            if LANES.index(lane) < LANES.index(old.lane):
                old.lane = lane
                if old.state == "ready":
                    self.ready(old)
            return 0
        job = self.jobs[job_id] = Job(job_id, connection, account, lane)
        if delay:
            job.state, job.until = "delayed", self.ms + delay
        else:
            self.ready(job)
        return 1

    def promote(self, limit):
        due = sorted((j.until, j.id) for j in self.jobs.values() if j.state == "delayed" and j.until <= self.ms)
        for _, job_id in due[:limit]:
            self.ready(self.jobs[job_id])
        return min(len(due), limit)

    def can_run(self, lane):
        """Is there a job of this lane that its budgets allow now?"""
        return any(
            self.waiting(key) and self.budgets[self.jobs[self.waiting(key)[0]].domain].room(self.now, lane) > 0
            for key in list(self.lists) if key[1] == lane) and self.budgets["meta:app"].room(self.now, lane) > 0

    def claimed(self, answers, want, want_low, lease):
        """Checks a claim's answer job by job."""
        low = 0
        for job_id, token, lane in answers:
            job = self.jobs[job_id]
            key = (job.connection, lane)
            assert self.waiting(key)[0] == job_id, "the oldest of its list"
            assert all(b.room(self.now, lane) > 0 for b in self.scopes(job)), "a call that the budget allows"
            low += lane == "low"
            assert low <= want_low
            assert not any(self.can_run(x) for x in LANES[: LANES.index(lane)]), "lane after lane"
            places = self.lists[key]
            del places[: places.index(job_id) + 1]
            job.state, job.token, job.until, job.lease = "leased", token, self.ms + lease, lease
            job.deliveries += 1
            job.open = 1
            for b in self.scopes(job):
                b.take(self.now)
        if len(answers) < want:
            assert not self.can_run("high") and not self.can_run("normal"), "all that may run"
            assert low >= min(want - (len(answers) - low), want_low) or not self.can_run("low"), "all that may run"

    def settle(self, domain, ended, refunded):
        for b in (self.budgets[domain], self.budgets["meta:app"]):
            b.open -= ended + refunded
            b.spent -= refunded * b.pace
            b.ended += [self.now] * ended

    def feedback(self, job, blocked, app_wide):
        if job and blocked:
            b = self.budgets["meta:app" if app_wide else job.domain]
            b.blocked = max(b.blocked, self.now + blocked * 1000)

    def held(self, job_id, token):
        job = self.jobs.get(job_id)
        return job if job and job.state == "leased" and job.token == token else None

    def grant(self, job_id, token, ended, refunded, blocked, app_wide, word):
        """word: what the queue said; it may keep the slot for others if there are any."""
        self.feedback(self.jobs.get(job_id), blocked, app_wide)
        job = self.held(job_id, token)
        if not job:
            return -1
        ended = min(ended, job.open)
        refunded = min(refunded, job.open - ended)
        self.settle(job.domain, ended, refunded)
        job.open -= ended + refunded
        if not all(b.room(self.now, job.lane) > 0 for b in self.scopes(job)):
            return 0
        if word == 0 and any(self.can_run(lane) for lane in LANES[: LANES.index(job.lane) + 1]):
            return 0
        job.open += 1
        job.until = max(job.until, self.ms + job.lease)
        for b in self.scopes(job):
            b.take(self.now)
        return 1

    def let_go(self, job, refunded):
        refunded = min(refunded, job.open)
        self.settle(job.domain, job.open - refunded, refunded)
        job.open, job.token = 0, None

    def finish(self, job_id, token, how, delay, refunded, blocked, app_wide):
        self.feedback(self.jobs.get(job_id), blocked, app_wide)
        job = self.held(job_id, token)
        if not job:
            return 0
        self.let_go(job, refunded)
        if how in ("done", "drop"):
            del self.jobs[job_id]
        elif how == "retry":
            job.state, job.until, job.deliveries = "delayed", self.ms + delay, 0
            job.attempts += 1
        elif how == "yield":
            job.deliveries -= 1
            self.ready(job, at_head=True)
        else:
            job.state, job.until = "dead", self.ms
        return 1

    def beat(self, held, lease):
        words = []
        for job_id, token in held:
            job = self.held(job_id, token)
            words.append(1 if job else 0)
            if job:
                job.lease = max(job.lease, lease)
                job.until = max(job.until, self.ms + lease)
        return words

    def reap(self, limit):
        over = sorted((j.until, j.id) for j in self.jobs.values() if j.state == "leased" and j.until <= self.ms)[:limit]
        suspects = 0
        for _, job_id in over:
            job = self.jobs[job_id]
            self.let_go(job, 0)
            wait = suspects % 8 * job.lease // 2 if job.deliveries > 1 else 0
            suspects += job.deliveries > 1
            if wait:
                job.state, job.until = "delayed", self.ms + wait
            else:
                self.ready(job, at_head=True)
        for flight in [f for f in self.flying if f[0] <= self.ms]:
            self.flying.remove(flight)
            self.settle(flight[1], flight[2], 0)
        return len(over), self.promote(limit)

    def remove(self, job_id):
        job = self.jobs.pop(job_id, None)
        if job and job.state == "leased" and job.open:
            self.flying.append((job.until, job.domain, job.open))
        return 1 if job else 0
