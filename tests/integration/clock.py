"""Clocks that a test can step, each for one process and its children: see stepped_clock.c.

    clock = Clock(folder, build)      in a folder that the process may read
    clock.environment                 of the process
    clock.step(seconds)               the time of day, ahead, or back when negative; at once
    clock.set_right()
    clock.pass_by(seconds)            the monotonic clock goes ahead; a process that sleeps finds out when something wakes it"""
import shutil
import struct

from servers import Postgres, Redis, build_folder


class Clock:
    def __init__(self, folder, build, name="clock"):
        self.file = folder / name
        library = folder / "stepped_clock.so"
        if not library.exists():
            shutil.copy(build / "tests" / "stepped_clock.so", library)
        self.environment = {"LD_PRELOAD": str(library), "STEPPED_CLOCK": str(self.file)}
        self.file.touch()
        self.passed = 0
        self.set_right()

    def set(self, seconds):
        self.seconds = seconds
        with open(self.file, "r+b") as file:  # in place: it is mapped
            file.write(struct.pack("qq", round(seconds * 1000), round(self.passed * 1000)))

    def step(self, seconds):
        self.set(self.seconds + seconds)

    def pass_by(self, seconds):
        self.passed += seconds
        self.set(self.seconds)

    def set_right(self):
        self.set(0)


class Stepped:
    """A server with such a clock."""

    def __init__(self, folder):
        super().__init__(folder)
        self.clock = Clock(folder, build_folder())
        self.environment = self.clock.environment


class SteppedPostgres(Stepped, Postgres):
    pass


class SteppedRedis(Stepped, Redis):
    pass
