"""Catches what the demo sends.

A real SMTP server for e-mail, and a stand-in for Odoo's SMS and letter services. Each
message becomes a file in one folder, named by time and recipient: .eml (e-mail), .txt
(SMS), .pdf (letter). Listens on the loopback interface only; prints its two ports, then
serves until it is told to stop.
"""

import argparse
import asyncio
import base64
import json
import re
import signal
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

from aiosmtpd.smtp import SMTP

HOST = "127.0.0.1"


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


class MailHandler:
    """The envelope is put in front as X- headers: Bcc and bounces show only there."""

    def __init__(self, folder):
        self.folder = folder

    async def handle_DATA(self, _server, _session, envelope):
        head = f"X-Envelope-From: {envelope.mail_from}\r\n" + "".join(
            f"X-Envelope-To: {address}\r\n" for address in envelope.rcpt_tos
        )
        self.folder.add(envelope.rcpt_tos[0], ".eml", head.encode() + envelope.content)
        return "250 OK"


class ServiceHandler(BaseHTTPRequestHandler):
    """Answers the modules sms and snailmail as Odoo's services do if all goes well."""

    folder = None

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        params = json.loads(self.rfile.read(length) or b"{}").get("params") or {}
        answer = {
            "/api/sms/3/send": self.catch_sms,
            "/iap/snailmail/1/print": self.catch_letters,
        }.get(self.path, lambda params: {})
        body = json.dumps({"jsonrpc": "2.0", "result": answer(params)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def catch_sms(self, params):
        results = []
        for message in params.get("messages", []):
            for number in message["numbers"]:
                text = f"To: {number['number']}\n\n{message['content']}\n"
                self.folder.add(number["number"], ".txt", text.encode())
                results.append(
                    {"uuid": number["uuid"], "state": "success", "credit": 0}
                )
        return results

    def catch_letters(self, params):
        documents = params.get("documents", [])
        for document in documents:
            content = base64.b64decode(document.get("pdf_bin") or "")
            name = document["address"]["name"]
            path = self.folder.add(name, ".pdf", content)
            document.update(sent=True, send_id=path.stem, cost=0)
            document.pop("pdf_bin", None)
        return {
            "request_code": 200,
            "total_cost": 0,
            "credit_error": False,
            "request": {"documents": documents, "options": params.get("options")},
        }

    def log_message(self, *args):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="where the messages go")
    parser.add_argument("--smtp-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--http-port", type=int, default=0, help="0: any free one")
    args = parser.parse_args()

    asyncio.run(serve(args))


async def serve(args):
    folder = Folder(args.folder)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)

    handler = MailHandler(folder)
    mail = await loop.create_server(
        lambda: SMTP(handler, data_size_limit=None, loop=loop), HOST, args.smtp_port
    )
    ServiceHandler.folder = folder
    web = ThreadingHTTPServer((HOST, args.http_port), ServiceHandler)
    Thread(target=web.serve_forever, daemon=True).start()

    print(mail.sockets[0].getsockname()[1], web.server_port, flush=True)
    await stop.wait()
    mail.close()
    web.shutdown()


if __name__ == "__main__":
    main()
