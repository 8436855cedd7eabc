"""Runs an Odoo command, keeps its log, and says in a few lines what it meant.

Shows each test as it ends; at the end the failures with their tracebacks and every
unexpected WARNING, ERROR or CRITICAL line. Writes "PASSED FAILED SKIPPED" into a file
for dev/test; a log with unexpected lines counts as one failure. Beside other runs its
end goes into a file, and so do file, name and seconds of each test.
"""

import argparse
import contextlib
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) \S+ (?P<logger>\S+?): (?P<text>.*)$",
    re.DOTALL,
)
STARTING = re.compile(r"^Starting (\S+) \.\.\.$")
SKIPPED = re.compile(r"^skipped (\S+) : (.*)$", re.DOTALL)
FAILED = re.compile(
    r"^(?:FAIL|ERROR): (?:Subtest )?"
    r"(?P<name>(?:setUpClass|tearDownClass) \(\S+\)|\S+)[^\n]*\n",
)
# Where tracebacks see this module, through its link among the add-ons
LINK = re.compile(r'(?<=File ")[^"]*/addons/account_payment_followup/')
# What Odoo says at the end of failures, each of which was counted
SUMMARY = re.compile(r"^\d+ failed, \d+ error\(s\) of \d+ tests")
# How long a test really took (dev/odoo_timed.py): what comes before it, like the set-up
# of its class, is not its own
TOOK = re.compile(r"^Took ([\d.]+) s: (\S+)$")
# A tour that cannot run is a tour that was not tested
NOT_TESTED = re.compile(r"[Cc]hrome|websocket|DevTools", re.IGNORECASE)


class Report:
    def __init__(self, allowed, quiet=False):
        self.allowed = allowed
        self.quiet = quiet
        self.times = {}  # test: seconds until the next one began
        self.own_times = {}  # test: seconds of its own
        self.ran = []  # (file, test, seconds)
        self.failures = []  # (test, text)
        self.failed = set()
        self.skipped = {}  # test: reason
        self.problems = []  # (test, entry)
        self.current = None
        self.file = None
        self.since = time.monotonic()

    def add(self, entry):
        """One entry of the log: its first line and those that belong to it."""
        match = LINE.match(entry)
        if not match:
            if "Traceback (most recent call last)" in entry:
                self.problems.append((self.current, entry.rstrip()))
            return
        level, logger, text = match["level"], match["logger"], match["text"].rstrip()
        if start := STARTING.match(text):
            self.finish_test()
            self.current, self.since = start[1], time.monotonic()
            self.file = logger.rpartition(".")[2]
        elif took := TOOK.match(text):
            self.own_times[took[2]] = float(took[1])
        elif skip := SKIPPED.match(text):
            self.skipped[skip[1]] = skip[2]
        elif level == "ERROR" and (failure := FAILED.match(text + "\n")):
            self.failed.add(failure["name"])
            self.failures.append((failure["name"], text))
        elif level in ("WARNING", "ERROR", "CRITICAL"):
            known = f"{level} {logger}: {text}"
            if self.failed and SUMMARY.match(text):
                return
            if not any(rule.search(known) for rule in self.allowed):
                self.problems.append((self.current, entry.rstrip()))

    def finish_test(self):
        if not self.current:
            return
        name, seconds = self.current, time.monotonic() - self.since
        own = self.own_times.get(name, seconds)
        self.times[name] = seconds
        self.ran.append((self.file, name, seconds))
        self.current = None
        if name in self.failed:
            word = "FAIL"
        elif name in self.skipped:
            word = "skip"
        else:
            word = "ok"
        if not self.quiet or word == "FAIL":
            print(f"  {word:4} {name}  {own:.1f} s", flush=True)

    def not_tested(self):
        return {n: r for n, r in self.skipped.items() if NOT_TESTED.search(r)}

    def unclean(self):
        """The lines of a failed test are part of its failure."""
        return [problem for problem in self.problems if problem[0] not in self.failed]

    def counts(self, status):
        failed = len(self.failed) + len(self.not_tested())
        skipped = len(self.skipped) - len(self.not_tested())
        passed = len(self.times.keys() - self.failed - self.skipped.keys())
        if self.unclean() or (status and not failed):
            failed += 1
        return passed, failed, skipped

    def show(self, status):
        for name, text in self.failures:
            print(f"\n{'=' * 78}\n{name}\n{'-' * 78}\n{excerpt(text)}")
        for name, reason in self.skipped.items():
            print(f"\nskipped {name}: {reason}")
        if problems := self.unclean():
            print(f"\n{'=' * 78}\nUnexpected in the log (dev/allowed_log_lines):")
            for test, line in problems:
                print("-" * 78)
                if test:
                    print(f"during {test}")
                print(excerpt(line))
        if status and not self.failed and not problems:
            print(f"\nThe server ended with status {status}")
        slow = sorted(self.own_times.items(), key=lambda item: -item[1])[:5]
        if not self.quiet and sum(self.times.values()) > 60:
            print("\nslowest: " + ", ".join(f"{n} {s:.1f} s" for n, s in slow))


def excerpt(text, first=15, last=45):
    lines = LINK.sub("", text).splitlines()
    if len(lines) > first + last:
        lines[first:-last] = [f"    … {len(lines) - first - last} lines …"]
    return "\n".join(lines)


def read_allowed(path):
    """One regular expression per line; # starts the reason."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return [re.compile(line) for line in lines if line and not line.startswith("#")]


def entries(stream):
    """The log's entries: a line with a time stamp and those after it without one."""
    entry = ""
    for line in stream:
        if LINE.match(line.rstrip("\n")):
            if entry:
                yield entry
            entry = line
            # what ends a test or starts one is shown at once
            if " INFO " in line and STARTING.match(LINE.match(line)["text"].rstrip()):
                yield entry
                entry = ""
        else:
            entry += line
    if entry:
        yield entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--log", type=Path, required=True, help="the whole log")
    parser.add_argument("--counts", type=Path, required=True, help="the counts")
    parser.add_argument("--quiet", action="store_true", help="show only what failed")
    parser.add_argument("--report", type=Path, help="the end, instead of showing it")
    parser.add_argument("--ran", type=Path, help="file, test, seconds: a line each")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()

    allowed = read_allowed(Path(__file__).with_name("allowed_log_lines"))
    report = Report(allowed, args.quiet)
    process = subprocess.Popen(
        ["setsid", "setpriv", "--pdeathsig", "TERM", *args.command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )

    def interrupted(number, _frame):
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)

    with args.log.open("w") as log:

        def copied():
            for line in process.stdout:
                log.write(line)
                log.flush()
                yield line

        for entry in entries(copied()):
            report.add(entry)
    report.finish_test()
    status = process.wait()
    with contextlib.ExitStack() as stack:
        if args.report:
            file = stack.enter_context(args.report.open("w"))
            stack.enter_context(contextlib.redirect_stdout(file))
        report.show(status)
    if args.ran:
        lines = ["{} {} {:.2f}\n".format(*one) for one in report.ran]
        args.ran.write_text("".join(lines))
    args.counts.write_text("{} {} {}\n".format(*report.counts(status)))


if __name__ == "__main__":
    main()
