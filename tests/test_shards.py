import importlib.util
from pathlib import Path

from odoo.tests import BaseCase, tagged

PATH = Path(__file__).parent.parent / "dev" / "shards.py"


@tagged("post_install", "-at_install")
class TestShards(BaseCase):
    """dev/test shares out the files of tests: each runs once, in one of the lanes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        spec = importlib.util.spec_from_file_location("shards", PATH)
        cls.shards = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(cls.shards)

    def test_each_file_is_in_one_lane(self):
        files = self.shards.get_files()
        self.assertIn("test_shards", files)
        seconds = self.shards.read_seconds([PATH.with_name("test_seconds")])
        for jobs in (1, 2, 3, len(files) + 5):
            lanes = self.shards.share(files, seconds, jobs)
            self.assertEqual(len(lanes), jobs)
            self.assertEqual(sorted(sum(lanes, [])), files)

    def test_lanes_are_even(self):
        seconds = {"a": 60.0, "b": 30.0, "c": 20.0, "d": 10.0}
        lanes = self.shards.share(seconds, seconds, 2)
        self.assertEqual(lanes, [["a"], ["b", "c", "d"]])

    def test_a_file_that_did_not_run_is_a_fault(self):
        ran = [("test_a", "TestA.test_1", 1.0)]
        faults = list(self.shards.get_faults(["test_a", "test_b"], ran))
        self.assertEqual(len(faults), 1)
        self.assertIn("tests/test_b.py", faults[0])

    def test_a_test_that_ran_twice_is_a_fault(self):
        ran = [("test_a", "TestA.test_1", 1.0), ("test_a", "TestA.test_1", 1.0)]
        faults = list(self.shards.get_faults(["test_a"], ran))
        self.assertEqual(faults, ["tests/test_a.py: TestA.test_1 ran 2 times"])
