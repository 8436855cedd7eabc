"""Shares out what a run of all tests does, and checks that nothing was left out.

A piece of work is a file of tests, "lint" or "install"; a shard is the pieces that one
lane of dev/test does, one after the other. How long a piece takes is remembered from
the last run, else it is what dev/test_seconds says: only the balance depends on it.
"""

import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Seconds of a file that was never run.
UNKNOWN = 10.0
OTHERS = ("lint", "install")


def get_files():
    return sorted(path.stem for path in (ROOT / "tests").glob("test_*.py"))


def read_seconds(paths):
    """Return {piece: seconds}; what a later file says goes before an earlier one."""
    seconds = {}
    for path in paths:
        if path.exists():
            for line in path.read_text().splitlines():
                name, value = line.split()
                seconds[name] = float(value)
    return seconds


def share(pieces, seconds, jobs):
    """The longest piece first, each to the lane that has the least to do."""
    lanes = [[] for _number in range(jobs)]
    loads = [0.0] * jobs
    for piece in sorted(pieces, key=lambda one: (-seconds.get(one, UNKNOWN), one)):
        lane = loads.index(min(loads))
        lanes[lane].append(piece)
        loads[lane] += seconds.get(piece, UNKNOWN)
    return lanes


def plan(args):
    """Print a line for each lane: its pieces."""
    seconds = read_seconds([ROOT / "dev" / "test_seconds", args.remembered])
    for lane in share([*OTHERS, *get_files()], seconds, args.jobs):
        print(*lane)


def read_ran(paths):
    """Return (file, test, seconds) of each test that was started."""
    for path in paths:
        for line in path.read_text().splitlines():
            file, test, seconds = line.split()
            yield file, test, float(seconds)


def get_faults(files, ran):
    """Say what did not run exactly once."""
    counts = Counter((file, test) for file, test, _seconds in ran)
    for file in sorted(set(files) - {file for file, _test in counts}):
        yield f"tests/{file}.py: none of its tests ran (is it in tests/__init__.py?)"
    for file, test in sorted(key for key, count in counts.items() if count > 1):
        yield f"tests/{file}.py: {test} ran {counts[file, test]} times"


def check(args):
    """Fail if a file had no test or a test ran twice; else remember the seconds."""
    ran = list(read_ran(args.ran))
    faults = list(get_faults(get_files(), ran))
    print(*faults, sep="\n")
    if faults:
        return 1
    seconds = defaultdict(float, read_seconds([args.others]))
    for file, _test, duration in ran:
        seconds[file] += duration
    lines = [f"{name} {value:.1f}\n" for name, value in sorted(seconds.items())]
    args.remembered.write_text("".join(lines))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--remembered", type=Path, required=True)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("plan", help="say which lane does what")
    command.add_argument("jobs", type=int)
    command.set_defaults(run=plan)
    command = commands.add_parser("check", help="did each test run exactly once?")
    command.add_argument("--others", type=Path, required=True)
    command.add_argument("ran", type=Path, nargs="+")
    command.set_defaults(run=check)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
