"""What dev/bench does inside Odoo: fill a database, measure, print the table."""

import argparse
import json
import sys
from contextlib import contextmanager
from math import log10
from pathlib import Path

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

sys.path.insert(0, str(Path(__file__).parent))

from benchmarks import beside, history, ledger, rows, sharing  # noqa: E402
from benchmarks.timing import Figure  # noqa: E402

COMMANDS = (
    "fill",
    "history",
    "install",
    "measure",
    "table",
    "thin-out",
    "work",
    "check",
    "shared",
    "beside",
)
HEAD = "| id | what | size | figure (min–max) | floor | ratio | goal |\n" + "|---" * 7


def get_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    parser.add_argument("--database")
    parser.add_argument("--size", choices=ledger.SIZES)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--results", help="file of JSON that rows are added to")
    parser.add_argument("--label", default="", help="added to what a row says")
    parser.add_argument("--core", help="database without the module, for P9")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("names", nargs="*")
    return parser.parse_args()


def read_results(path):
    path = Path(path)
    return json.loads(path.read_text()) if path.exists() else []


def measure(env, arguments):
    """Measure the named rows and add them to the file of results."""
    if "res.company" in env and hasattr(env["res.company"], "_get_followup_day"):
        rows.set_day(env)
    for name in arguments.names:
        if name == "P9":
            with open_database(arguments.core) as core_env:
                new = rows.run_p9(env, arguments.runs, core_env)
        else:
            new = rows.ROWS[name](env, arguments.runs)
        add_rows(arguments, new)


@contextmanager
def open_database(name):
    """Yield an environment on a database, nothing of it is kept."""
    with Registry(name).cursor() as cr:
        yield api.Environment(cr, api.SUPERUSER_ID, {})
        cr.rollback()


def add_rows(arguments, new):
    results = read_results(arguments.results)
    for row in new:
        data = {"size": arguments.size, "label": arguments.label, **row._asdict()}
        results.append(data)
        print(f"  {row.id} {row.what}: {row.figure}  {row.ratio}", flush=True)
    Path(arguments.results).write_text(json.dumps(results))


def add_install(arguments):
    """Add P13: the names are microseconds of its runs."""
    figure = Figure([int(time) / 1e6 for time in arguments.names])
    goal = "≤ 10 s more than S, no"
    row = rows.Row("P13", "installing,", str(figure), "", "", goal, figure.median)
    add_rows(arguments, [row])


def add_shared(arguments):
    """Add P15: customers, microseconds with one worker, then with two, in turns."""
    count, *times = map(int, arguments.names)
    seconds = [value / 1e6 for value in times]
    add_rows(arguments, [sharing.get_row(count, seconds[::2], seconds[1::2])])


def add_beside(arguments):
    """Add P18: the names are the command that installs the module."""
    waits, is_done = beside.watch(arguments.database, arguments.names)
    if not is_done:
        sys.exit("the module could not be installed beside people who work")
    who = max(waits, key=waits.get)
    figure = Figure([waits[who]])
    what = f"installing while people work, longest wait: who {who}"
    add_rows(arguments, [rows.Row("P18", what, str(figure), "", "", "< 1 s")])


def share(env, arguments):
    """Carry out a step of P15."""
    rows.set_day(env)
    if arguments.command == "thin-out":
        sharing.thin_out(env)
    elif arguments.command == "work":
        print(int(sharing.work(env, float(arguments.names[0])) * 1e6))
    else:
        print(sharing.check(env))


def add_peer_ratios(results):
    """Compare P2 with P1 of the same size: both tell who is due."""
    ours = {row["size"]: row for row in results if row["id"] == "P1"}
    for row in results:
        if row["id"] == "P2" and row["size"] in ours:
            own = ours[row["size"]]
            row["floor"] = f"P1: {own['figure']}"
            row["ratio"] = f"{row['seconds'] / own['seconds']:.0f}× P1"


def print_table(results):
    add_peer_ratios(results)
    print(HEAD)
    for data in results:
        print(
            f"| {data['id']} | {data['what']} {data['label']} | {data['size']} "
            f"| {data['figure']} | {data['floor']} | {data['ratio']} | {data['goal']} |"
        )
    seconds = {row["size"]: row["seconds"] for row in results if row["id"] == "P1"}
    for first, second, decades in (("S", "M", 1), ("M", "XL", 1), ("S", "XL", 2)):
        if first in seconds and second in seconds:
            exponent = log10(seconds[second] / seconds[first]) / decades
            print(
                f"| P3 | growth with open items, {10**decades} times as many "
                f"| {first} to {second} | exponent {exponent:.2f} | | | ≤ 1.05 |"
            )
    if "M" in seconds and "L" in seconds:
        ratio = seconds["L"] / seconds["M"]
        print(
            "| P4 | growth with closed history, 10 times as much | M to L "
            f"| | | {ratio:.2f}× | ≤ 1.25× |"
        )


def main():
    arguments = get_arguments()
    if arguments.command == "table":
        print_table(read_results(arguments.results))
        return
    if arguments.command == "install":
        add_install(arguments)
        return
    if arguments.command == "shared":
        add_shared(arguments)
        return
    if arguments.command == "beside":
        add_beside(arguments)
        return
    config.parse_config(
        ["-c", arguments.config, "-d", arguments.database, "--log-level=warn"]
        # no server answers when a letter wants its logo
        + ["--log-handler=odoo.addons.base.models.ir_actions_report:ERROR"]
    )
    with open_database(arguments.database) as env:
        if arguments.command == "fill":
            ledger.fill(env, ledger.SIZES[arguments.size])
        elif arguments.command == "history":
            history.fill(env)
        elif arguments.command == "measure":
            measure(env, arguments)
        else:
            share(env, arguments)


if __name__ == "__main__":
    main()
