"""Stand-in for a mail server that can be ill, on the loopback interface."""

import contextlib
import socketserver
import time
from threading import Event, Thread

OK = "ok"
SLOW = "slow"  # answers late
HANG = "hang"  # accepts the connection and says nothing more
DIE = "die"  # hangs up when it has got the message, without a word

#: Answers to a step: (step, line).
GREETING_4XX = ("greeting", "421 Too busy, come back later")
RECIPIENT_4XX = ("rcpt", "451 Greylisted, try again later")
RECIPIENT_5XX = ("rcpt", "550 No such user here")
TOO_LARGE = ("data", "552 Message exceeds the size limit")


class SmtpServer(socketserver.ThreadingTCPServer):
    """Serves from ``start`` to ``stop``; ``answer`` is one of those above.

    ``messages`` are the contents that were taken in, also those without an answer;
    ``recipients`` the addresses of those that were taken, one list for each.
    Addresses in ``refused`` do not exist.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = self.server_address[1]
        self.answer = OK
        self.done = Event()
        self.messages = []
        self.recipients = []
        self.refused = set()

    def start(self):
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.done.set()
        self.shutdown()
        self.server_close()


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            self._serve()

    def _say(self, step, line):
        """Answer a step; return whether it went well."""
        answer = self.server.answer
        if answer == SLOW:
            time.sleep(0.1)
        elif isinstance(answer, tuple) and answer[0] == step:
            line = answer[1]
        self.wfile.write(line.encode() + b"\r\n")
        return line[0] in "23"

    def _serve(self):
        if self.server.answer == HANG:
            self.server.done.wait(600)
            return
        if not self._say("greeting", "220 stand-in"):
            return
        recipients = []
        while command := self.rfile.readline().decode().strip().lower():
            if command.startswith("data"):
                self._say("start", "354 Go on")
                self._read_message()
                if self.server.answer == DIE:
                    return
                if not self._say("data", "250 Taken"):
                    self.server.messages.pop()
                else:
                    self.server.recipients.append(recipients)
            elif command.startswith("quit"):
                self._say("quit", "221 Bye")
                return
            elif command.startswith("rcpt"):
                address = command.partition("<")[2].partition(">")[0]
                is_refused = address in self.server.refused
                line = RECIPIENT_5XX[1] if is_refused else "250 OK"
                if self._say("rcpt", line):
                    recipients.append(address)
            elif command.startswith(("mail", "rset")):
                recipients = []
                self._say("other", "250 OK")
            else:
                self._say("other", "250 OK")

    def _read_message(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.messages.append(b"".join(lines))
