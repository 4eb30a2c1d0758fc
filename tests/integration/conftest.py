"""The fixtures of servers.py, for these tests."""
from servers import *  # noqa: F403
