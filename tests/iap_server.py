"""Stand-in for Odoo's paid services (IAP): SMS and letters by post.

Speaks what the modules ``sms`` and ``snailmail`` of Odoo expect, on the loopback
interface, with nothing but the standard library. Tests start it in a thread, tell it
what to answer and look at what it got. Run alone it keeps each SMS as a .txt and each
letter as a .pdf file in a folder:

    python tests/iap_server.py --folder messages --port 8090
    python tests/iap_server.py --folder messages --answer +15550100=insufficient_credit

Then point the system parameters ``sms.endpoint`` and ``snailmail.endpoint`` to it.
"""

import argparse
import base64
import json
import re
import signal
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread

SMS_PATH = "/api/sms/3/send"
LETTER_PATH = "/iap/snailmail/1/print"

#: Answers to a whole request that are no answer at all; any other one is the state of
#: one SMS or the error of one letter, as the service names it.
ERROR_500 = "error_500"  # server error
HANG_UP = "hang_up"  # the connection is closed without an answer
TIMEOUT = "timeout"  # the connection stays open without an answer
NO_JSON = "no_json"  # the page of some proxy
NONSENSE = "nonsense"  # JSON, but of another shape
EMPTY = "empty"  # well-formed, but not a word about what was sent

SUCCESS = "success"


class Folder:
    """Where messages go; names sort by time, and no message replaces another."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.lock = Lock()

    def add(self, recipient, suffix, content):
        name = re.sub(r"[^\w.@+-]+", "_", recipient)[:80] or "nobody"
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        part = self.path / f".{stamp}_{name}.part"
        with self.lock:
            part.write_bytes(content)
            path = self.path / f"{stamp}_{name}{suffix}"
            while path.exists():
                path = path.with_name(f"{path.stem}+{suffix}")
            part.rename(path)
        return path


class IapServer:
    """The stand-in. Serves from ``start`` to ``stop``; keeps messages in a ``Folder``.

    ``answers`` maps a phone number or the name on a letter to an answer, ``sms_answer``
    and ``letter_answer`` are for all others. ``sms`` and ``letters`` are what was taken
    in, each a dict; ``requests`` all calls, refused ones, too. While ``gate`` is
    cleared, no call is answered.
    """

    def __init__(self, folder=None, port=0):
        self.folder = folder
        self.done = Event()
        self.gate = Event()
        self.reset()
        handler = type("Handler", (_Handler,), {"service": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def reset(self):
        """Forget what was received and answer everything with success."""
        self.answers = {}
        self.sms_answer = self.letter_answer = SUCCESS
        self.sms = []
        self.letters = []
        self.requests = []
        self.gate.set()

    @property
    def is_silent(self):
        """Say whether somebody waits for an answer that will not come."""
        answers = (self.sms_answer, self.letter_answer, *self.answers.values())
        return TIMEOUT in answers

    def start(self):
        Thread(
            target=self.server.serve_forever,
            kwargs={"poll_interval": 0.05},
            daemon=True,
        ).start()

    def stop(self):
        self.done.set()
        self.server.shutdown()
        self.server.server_close()

    # ------------------------------------------------------------------
    # The services
    # ------------------------------------------------------------------

    def answer(self, path, params):
        """Return the result of a call, or the name of an answer that is none."""
        self.requests.append((path, params))
        self.gate.wait(600)
        if path == SMS_PATH:
            return self.answer_sms(params)
        if path == LETTER_PATH:
            return self.answer_letters(params)
        return {}

    def answer_sms(self, params):
        results = []
        for message in params["messages"]:
            for entry in message["numbers"]:
                answer = self.answers.get(entry["number"], self.sms_answer)
                if answer in _Handler.failures:
                    return answer
                if answer == EMPTY:
                    continue
                if answer in (SUCCESS, "processing"):
                    self.keep_sms(entry["number"], message["content"], entry["uuid"])
                results.append({"uuid": entry["uuid"], "state": answer, "credit": 1})
        return results

    def answer_letters(self, params):
        documents = []
        for document in params["documents"]:
            name = document["address"]["name"]
            answer = self.answers.get(name, self.letter_answer)
            if answer in _Handler.failures:
                return answer
            if answer == EMPTY:
                continue
            if answer == SUCCESS:
                self.keep_letter(document, params["options"])
                result = {"sent": True, "send_id": len(self.letters), "cost": 1}
            else:
                result = {"sent": False, "error": answer}
            documents.append({"letter_id": document["letter_id"], **result})
        return {
            "request_code": 200,
            "total_cost": len(documents),
            "credit_error": False,
            "request": {"documents": documents, "options": params["options"]},
        }

    def keep_sms(self, number, text, uuid):
        self.sms.append({"number": number, "text": text, "uuid": uuid})
        if self.folder:
            content = f"To: {number}\n\n{text}\n".encode()
            self.folder.add(number, ".txt", content)

    def keep_letter(self, document, options):
        pdf = base64.b64decode(document["pdf_bin"])
        self.letters.append({**document, "pdf": pdf, "options": options})
        if self.folder:
            self.folder.add(document["address"]["name"], ".pdf", pdf)


class _Handler(BaseHTTPRequestHandler):
    service = None
    failures = (ERROR_500, HANG_UP, TIMEOUT, NO_JSON, NONSENSE)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        params = json.loads(self.rfile.read(length) or b"{}").get("params") or {}
        result = self.service.answer(self.path, params)
        if result == TIMEOUT:
            self.service.done.wait(600)
        if result in (TIMEOUT, HANG_UP):
            self.close_connection = True
        elif result == ERROR_500:
            self.reply(500, b"Internal Server Error", "text/plain")
        elif result == NO_JSON:
            self.reply(200, b"<html>Please log in to the network.</html>", "text/html")
        elif result == NONSENSE:
            self.reply_json({"result": {"weather": "fine"}})
        else:
            self.reply_json({"result": result})

    def reply_json(self, content):
        body = json.dumps({"jsonrpc": "2.0", "id": None, **content}).encode()
        self.reply(200, body, "application/json")

    def reply(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing: the log belongs to the tests."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", required=True, help="where the messages go")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="RECIPIENT=ANSWER",
        help="what is answered for a phone number or the name on a letter, such as "
        "insufficient_credit, wrong_number_format, CREDIT_ERROR, error_500, timeout",
    )
    args = parser.parse_args()

    service = IapServer(Folder(args.folder), args.port)
    service.answers.update(rule.rsplit("=", 1) for rule in args.answer)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_args: stop.set())
    service.start()
    print(service.url, flush=True)  # pylint: disable=print-used
    stop.wait()
    service.stop()


if __name__ == "__main__":
    main()
