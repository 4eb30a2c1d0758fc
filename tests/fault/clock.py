"""Wall clocks that a test can step, each for one process and its children: see stepped_clock.c.

    clock = Clock(folder, build)      in a folder that the process may read
    clock.environment                 of the process
    clock.step(seconds)               ahead, or back when negative; at once
    clock.set_right()"""
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
        self.set_right()

    def set(self, seconds):
        self.seconds = seconds
        with open(self.file, "r+b") as file:  # in place: it is mapped
            file.write(struct.pack("q", round(seconds * 1000)))

    def step(self, seconds):
        self.set(self.seconds + seconds)

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
