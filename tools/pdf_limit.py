"""How long the PDF engine may take: it is waited for without end otherwise."""

import contextlib
import threading
from contextvars import ContextVar

import psutil

#: Ten letters take some seconds. All that one transaction waits for calls that hang
#: must be less than Odoo allows a worker (two minutes), else nothing is recorded.
TIME_LIMIT = 30
SHORTEST_LIMIT = 3
TOTAL_LIMIT = 3  # times the first limit


class Patience:
    """How long one transaction waits for calls of wkhtmltopdf that do not end.

    Each call that hangs halves the time of the next one: a batch is tried again without
    whose document hung, and all of that has to end before the worker is ended.
    """

    def __init__(self, seconds):
        """:param seconds: the limit of the first call, more than zero"""
        self.first = self.limit = seconds
        self.waited = 0

    @property
    def is_at_end(self):
        return self.waited >= self.first * TOTAL_LIMIT

    def note_hang(self):
        self.waited += self.limit
        shortest = min(SHORTEST_LIMIT, self.first)
        self.limit = max(self.limit / 2, shortest)


#: The patience of what a thread does at this moment, None where nothing is limited.
PATIENCE = ContextVar("followup_patience", default=None)


class Mark(str):
    """What a watch knows its process by: no client can send one, JSON has none."""

    __slots__ = ()


class Watch(threading.Thread):
    """Ends the child process with a mark in its arguments when its time is up."""

    def __init__(self, mark, seconds):
        super().__init__(name="wkhtmltopdf time limit", daemon=True)
        self.mark = mark
        self.seconds = seconds
        self.has_killed = False
        self.is_over = threading.Event()

    def run(self):
        wait = self.seconds
        while not self.is_over.wait(wait) and not self.has_killed:
            self._kill()
            wait = 0.5  # it has not begun yet, or was just about to end

    def stop(self):
        self.is_over.set()
        self.join()

    def _kill(self):
        """End the process and its own children: wkhtmltopdf may be a script."""
        for process in psutil.Process().children():
            try:
                if self.mark in process.cmdline():
                    self._kill_family([*process.children(recursive=True), process])
            except psutil.NoSuchProcess:
                continue

    def _kill_family(self, processes):
        """End all of them; a script may end by itself when its child is killed."""
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                self.has_killed = True
