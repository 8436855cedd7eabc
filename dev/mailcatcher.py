"""Catches what the demo sends.

A real SMTP server for e-mail, and the tests' stand-in for SMS and letters. Each
message becomes a file in one folder, named by time and recipient: .eml (e-mail), .txt
(SMS), .pdf (letter). Listens on the loopback interface only; prints its two ports, then
serves until it is told to stop.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from iap_server import Folder, IapServer  # noqa: E402

HOST = "127.0.0.1"


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
    services = IapServer(folder, args.http_port)
    services.start()

    print(mail.sockets[0].getsockname()[1], services.port, flush=True)
    await stop.wait()
    mail.close()
    services.stop()


if __name__ == "__main__":
    main()
