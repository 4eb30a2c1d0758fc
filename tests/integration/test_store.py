"""The store against real servers: cmocka programs of tests/integration/store."""

import subprocess
from pathlib import Path

import pytest

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@pytest.mark.parametrize("name", ["test_store_queue", "test_store_budget"])
def test_program(build, environment, database, name):
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        database.execute(migration.read_text())
    done = subprocess.run([build / "tests" / name], env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
