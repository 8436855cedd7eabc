import ast
import re
from collections import defaultdict
from inspect import unwrap
from itertools import combinations
from pathlib import Path
from types import FunctionType

from odoo.tests import BaseCase, TransactionCase, tagged

MODULE = "account_payment_followup"
ROOT = Path(__file__).parents[1]

#: No function is longer, no class has more methods than a reader can hold.
MAX_LINES = 40
MAX_METHODS = 30

#: Nine functions of ten are not longer, beside what their docstrings say.
MAX_LINES_OF_MOST = 20

#: Lines in a row that may stand in two places.
MAX_SAME = 6

#: The rule itself, which is read as one, and the demo data.
WITHOUT_LIMIT = {"account.followup.item", "account.followup.demo"}

#: What docstrings and remarks cite, and where it is defined.
CITED = re.compile(
    r"\b(rule|promise)s?\s+(\d+[a-z]?(?:(?:,\s+|\s+and\s+|\s+to\s+)\d+[a-z]?)*)", re.I
)
DEFINED = re.compile(r"^\| (\d+[a-z]?)\b", re.M)

#: Where code is that a user needs.
ROOMS = ("models", "wizard", "report", "controllers", "tools")

#: What is no line of code of its own: imports, remarks, brackets.
THIN = re.compile(r"(from .* import .*|import .*|#.*|\W*)$")


def get_files(*rooms):
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def get_functions(path):
    """Return each function of a file as (place, lines, lines of its docstring)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            lines = node.end_lineno - node.lineno + 1
            docs = node.body[0] if ast.get_docstring(node) else None
            said = docs.end_lineno - docs.lineno + 1 if docs else 0
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines, said


def get_counts(path):
    """Return (name, number of methods) of each class of a file that is no model."""
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.ClassDef):
            continue
        if not any(ast.unparse(base).startswith("models.") for base in node.bases):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
            yield f"{path.relative_to(ROOT)} {node.name}", len(methods)


def get_runs(path):
    """Return (text, place) of each run of lines that must not stand twice."""
    numbered = [
        (number, line.strip())
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if not THIN.match(line.strip())
    ]
    for start in range(len(numbered) - MAX_SAME):
        run = numbered[start : start + MAX_SAME + 1]
        place = f"{path.relative_to(ROOT)}:{run[0][0]}-{run[-1][0]}"
        yield "\n".join(line for _number, line in run), place


@tagged("post_install", "-at_install")
class TestHouse(BaseCase):
    """The measures of the house, see docs/development.md."""

    def test_names_in_the_documents_are_in_the_code(self):
        """What docs/ say of a method, a field or an index can be looked up."""
        code = "".join(path.read_text() for path in get_files("."))
        known = set(re.findall(r"\w+", code))
        for name in ("rules", "development"):
            text = (ROOT / "docs" / f"{name}.md").read_text()
            quoted = " ".join(re.findall(r"`([^`\n]+)`", text))
            named = set(re.findall(r"(?<!\w)_[a-z]\w+", quoted))
            self.assertGreater(len(named), 20)
            # what a module may write is an example
            unknown = {one for one in named - known if "_my_" not in one}
            self.assertEqual(unknown, set(), name)

    def test_tours_have_one_day(self):
        """By the real clock it may be tomorrow in one time zone, and not in another."""
        own_day = re.compile(r"context_today\(|[dD]ate\.today\(")
        tours = [
            path for path in get_files("tests") if ".start_tour(" in path.read_text()
        ]
        self.assertGreater(len(tours), 10)
        for path in tours:
            self.assertNotRegex(path.read_text(), own_day, path.name)

    def test_what_is_cited_is_defined(self):
        """Rules and promises have an address in docs/rules.md."""
        text = (ROOT / "docs" / "rules.md").read_text()
        rules, promises = text.split("## Promises")
        defined = {
            "rule": set(DEFINED.findall(rules)),
            "promise": set(DEFINED.findall(promises)),
        }
        self.assertGreater(len(defined["rule"]), 20)
        unknown, count = [], 0
        for path in get_files(*ROOMS, "tests"):
            code = re.sub(r"\n\s*#?", " ", path.read_text())
            for kind, numbers in CITED.findall(code):
                for number in re.findall(r"\d+[a-z]?", numbers):
                    count += 1
                    if number not in defined[kind.lower()]:
                        unknown.append(f"{path.relative_to(ROOT)}: {kind} {number}")
        self.assertGreater(count, 100)
        self.assertEqual(unknown, [])

    def _get_all_functions(self):
        files = [*get_files(*ROOMS), ROOT / "hooks.py"]
        return [one for path in files for one in get_functions(path)]

    def test_no_function_is_too_long(self):
        functions = self._get_all_functions()
        self.assertGreater(len(functions), 2000)
        long = [place for place, lines, _said in functions if lines > MAX_LINES]
        self.assertFalse(long, f"More than {MAX_LINES} lines")

    def test_most_functions_are_short(self):
        lengths = [lines - said for _place, lines, said in self._get_all_functions()]
        of_most = sorted(lengths)[int(len(lengths) * 0.9)]
        self.assertLessEqual(of_most, MAX_LINES_OF_MOST)

    def test_no_plain_class_is_too_large(self):
        counts = dict(count for path in get_files(*ROOMS) for count in get_counts(path))
        self.assertGreater(len(counts), 30)
        large = {name: count for name, count in counts.items() if count > MAX_METHODS}
        self.assertFalse(large, f"More than {MAX_METHODS} methods")

    def test_nothing_stands_twice(self):
        places = defaultdict(list)
        for path in get_files(*ROOMS):
            for text, place in get_runs(path):
                places[text].append(place)
        twice = [
            f"{one} = {other}"
            for found in places.values()
            for one, other in combinations(found, 2)
        ]
        self.assertFalse(twice, f"More than {MAX_SAME} lines are the same")


@tagged("post_install", "-at_install")
class TestHouseOfModels(TransactionCase):
    def _get_methods(self, model):
        """Return the names of the methods that this module gives to a model.

        Those of its mixins, too: it is the class as Odoo builds it.
        """
        return {
            name
            for part in type(self.env[model]).mro()
            if part.__module__.startswith(f"odoo.addons.{MODULE}.")
            for name, value in vars(part).items()
            if isinstance(unwrap(getattr(value, "fget", value)), FunctionType)
        }

    def test_no_model_is_too_large(self):
        own = {
            name
            for name, model in self.env.registry.items()
            if model._original_module == MODULE and name not in WITHOUT_LIMIT
        }
        self.assertGreater(len(own), 100)
        counts = {name: len(self._get_methods(name)) for name in own}
        self.assertGreater(counts["account.followup.customer"], 15)
        large = {name: count for name, count in counts.items() if count > MAX_METHODS}
        self.assertFalse(large, f"More than {MAX_METHODS} methods")
