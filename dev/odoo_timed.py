"""Runs odoo, and lets its log say how long each test took.

Odoo's own figures are of no use where tests hold the clock still.
"""

import logging
import os
import runpy

from odoo.tests.result import OdooTestResult

start_test, stop_test = OdooTestResult.startTest, OdooTestResult.stopTest


def now():
    return os.times().elapsed  # nobody holds this clock still


def start(self, test):
    start_test(self, test)
    self.started_at = now()


def stop(self, test):
    seconds = now() - self.started_at
    logger = logging.getLogger(type(test).__module__)
    logger.info("Took %.2f s: %s", seconds, self.getDescription(test))
    stop_test(self, test)


OdooTestResult.startTest, OdooTestResult.stopTest = start, stop
runpy.run_module("odoo", run_name="__main__", alter_sys=True)
