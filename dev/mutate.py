"""Changes the pure rules in one place after the other; a test has to notice each time.

Run by ``dev/mutate``. Each mutant is tried in a process of its own, with the tests of
pure functions only: no database is needed. What survives must be argued in the document
that is given, by its own line, else the status is 1.
"""

import argparse
import ast
import copy
import importlib
import io
import os
import signal
import sys
import unittest
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

ADDON = "odoo.addons.account_payment_followup"
ROOT = Path(__file__).resolve().parent.parent
TESTS = {
    "ageing": "test_report.TestReportTools",
    "days": "test_tools.TestTools",
    "ladder": "test_tools.TestTools",
    "paper": "test_paper.TestPaper",
    "periods": "test_report.TestReportTools",
}
SECONDS = 60  # an endless loop counts as noticed

SWAPS = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult},
    **{ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.LShift: ast.RShift},
    **{ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr},
}
NAMES = {"min": "max", "max": "min", "sorted": "list", "any": "all"}


def with_fields(node, **values):
    """Return a copy of a node with other fields."""
    node = copy.copy(node)
    for name, value in values.items():
        setattr(node, name, value)
    return node


def get_mutants(node):
    """Return what a node is changed into, one change each."""
    found = []
    if isinstance(node, ast.Compare):
        for index, one in enumerate(node.ops):
            ops = [*node.ops[:index], SWAPS[type(one)](), *node.ops[index + 1 :]]
            found.append(with_fields(node, ops=ops))
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPS:
        found.append(with_fields(node, op=SWAPS[type(node.op)]()))
    elif isinstance(node, ast.If | ast.IfExp):
        found.append(with_fields(node, test=ast.UnaryOp(ast.Not(), node.test)))
    elif isinstance(node, ast.UnaryOp):
        found.append(node.operand)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        found += [with_fields(node, value=node.value + step) for step in (1, -1)]
    elif isinstance(node, ast.Constant) and type(node.value) is str:
        found.append(with_fields(node, value=node.value + "x"))
    elif isinstance(node, ast.Name) and node.id in NAMES:
        found.append(with_fields(node, id=NAMES[node.id]))
    elif isinstance(node, ast.Return) and node.value:
        found.append(with_fields(node, value=ast.Constant(None)))
    elif isinstance(node, ast.Continue):
        found.append(ast.Break())
    elif isinstance(node, ast.Expr):
        found.append(ast.Pass())
    return found


class Mutator(ast.NodeTransformer):
    """Makes the change of a number; ``text`` says what it was."""

    def __init__(self, number, source):
        self.number = number
        self.lines = source.splitlines()
        self.text = None

    def visit(self, node):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return node  # a docstring
        for mutant in get_mutants(node):
            self.number -= 1
            if self.number == -1:
                before, after = map(self._get_text, (node, mutant))
                line = self.lines[node.lineno - 1].strip()
                where = "" if line.startswith(before) else f" in `{line}`"
                self.text = f"`{before}` → `{after}`{where}"
                return ast.copy_location(mutant, node)
        return self.generic_visit(node)

    def _get_text(self, node):
        return ast.unparse(ast.fix_missing_locations(node)).splitlines()[0]


def is_noticed(module, tree):
    """Return whether a test fails with a module as it is changed."""
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        sys.stdout = sys.stderr = io.StringIO()
        status = 1
        try:
            ast.fix_missing_locations(tree)
            exec(compile(tree, module.__file__, "exec"), module.__dict__)  # noqa: S102
            tests = TESTS[module.__name__.rpartition(".")[2]]
            suite = unittest.defaultTestLoader.loadTestsFromName(
                f"{ADDON}.tests.{tests}"
            )
            runner = unittest.TextTestRunner(stream=io.StringIO(), failfast=True)
            result = runner.run(suite)
            status = 0 if result.wasSuccessful() and result.testsRun else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] != 0


def find_survivors(name):
    """Return (number of mutants, texts of those that no test notices) of a module."""
    module = importlib.import_module(f"{ADDON}.tools.{name}")
    source = (ROOT / "tools" / f"{name}.py").read_text()
    if is_noticed(module, ast.parse(source)):
        sys.exit(f"{name}: the tests fail without a change")
    survivors = []
    number = 0
    while True:
        mutator = Mutator(number, source)
        tree = mutator.visit(ast.parse(source))
        if not mutator.text:
            return number, survivors
        if not is_noticed(module, tree):
            survivors.append(f"{name}: {mutator.text}")
            print(f"  not noticed: {survivors[-1]}", flush=True)
        number += 1


def hurry():
    """Let hypothesis only look for a failure, instead of for the smallest one too."""
    settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow],
    )
    os.environ["FOLLOWUP_PROFILE"] = "mutants"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, help="of Odoo: the add-ons path")
    parser.add_argument("--argued", required=True, help="document on survivors")
    parser.add_argument("names", nargs="*", help="modules of tools/")
    options = parser.parse_args()
    config = importlib.import_module("odoo.tools").config
    config.parse_config(["-c", options.config, "--log-level=critical"])
    hurry()
    argued = Path(options.argued).read_text()
    news = 0
    for name in options.names or TESTS:
        count, survivors = find_survivors(name)
        print(f"{name}: {count} changes, {len(survivors)} not noticed", flush=True)
        for text in survivors:
            if text not in argued:
                news += 1
                print(f"  not argued: {text}", flush=True)
    sys.exit(1 if news else 0)


main()
