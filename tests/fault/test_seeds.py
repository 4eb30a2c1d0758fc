"""The seed that a random scenario prints repeats it."""
import itertools
import os
import subprocess
import sys

import pytest
from scenario import random_kills, say_seed
from test_links import at_random
from test_soak import steps

RANDOM = {"kills": lambda seed: random_kills(seed, 50), "ways": lambda seed: at_random(seed, 20),
          "soak": lambda seed: list(itertools.islice(steps(seed), 200))}


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_means_the_same_steps_each_time(name):
    assert RANDOM[name](7) == RANDOM[name](7) != RANDOM[name](8)


def test_what_is_printed_is_obeyed(capsys):
    say_seed(4711)
    name, value = capsys.readouterr().out.split()[0].split("=")
    said = subprocess.run([sys.executable, "-c", "import scenario; print(scenario.SEEDS)"], env={**os.environ, name: value,
                          "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[4711]"
