"""A page of 1,000 rows into chunk_facts, a transaction each, one connection: the three ways side by side."""
ROUNDS, PAGES = 5, 20
METHODS = (("copy", "COPY"), ("unnest", "INSERT … SELECT FROM unnest(23 arrays)"),
           ("recordset", "INSERT … SELECT FROM jsonb_to_recordset"))


def run(place, table):
    table.head(f"staging: pages of 1,000 rows, {PAGES} a round")
    rates = {method: [] for method, _ in METHODS}
    with place.database() as database:
        for _ in range(ROUNDS):
            for method, _ in METHODS:
                database.execute("TRUNCATE chunk_facts")
                seconds = place.driver("staging", database.url, method, PAGES)["seconds"]
                assert database.query("SELECT count(*) FROM chunk_facts") == [(PAGES * 1000,)]
                rates[method].append(PAGES * 1000 / seconds)
    for method, name in METHODS:
        table.row(name, rates[method], "rows/s")
