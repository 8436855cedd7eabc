"""Takes a picture of a screen of the server that dev/run serves, as a user sees it."""

import argparse
import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
import websocket

CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
]
# The client is at rest when nothing loads and its views are drawn
AT_REST = """
    document.readyState === 'complete'
    && !document.querySelector('.o_loading_indicator, .o_blockUI')
    && (!document.body.matches('.o_web_client')
        || !!document.querySelector('.o_action_manager > *'))
"""


class Odoo:
    """The little of Odoo's JSON-RPC that is needed here."""

    def __init__(self, address, database, login, password):
        self.address = address
        self.session = requests.Session()
        params = {"db": database, "login": login, "password": password}
        self.info = self.call("/web/session/authenticate", params)
        if not self.info.get("uid"):
            sys.exit(f"cannot log in as {login}")

    def call(self, path, params):
        payload = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self.session.post(self.address + path, json=payload).json()
        if "error" in answer:
            sys.exit(answer["error"]["data"]["message"])
        return answer["result"]

    def model(self, model, method, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self.call(f"/web/dataset/call_kw/{model}/{method}", params)

    def language(self):
        return self.model("res.users", "read", [self.info["uid"]], ["lang"])[0]["lang"]

    def set_language(self, code):
        domain = [("code", "=", code)]
        found = self.model(
            "res.lang",
            "search_read",
            domain,
            ["active"],
            context={"active_test": False},
        )
        if not found:
            sys.exit(f"Odoo knows no language {code}")
        if not found[0]["active"]:
            values = {"lang_ids": [(6, 0, [found[0]["id"]])]}
            wizard = self.model("base.language.install", "create", values)
            self.model("base.language.install", "lang_install", [wizard])
        self.model("res.users", "write", [self.info["uid"]], {"lang": code})


class Browser:
    """Chromium, spoken to by its DevTools protocol."""

    def __init__(self, width, height):
        executable = next(filter(shutil.which, CHROMIUM), None)
        if not executable:
            sys.exit("no Chromium found")
        self.profile = tempfile.mkdtemp(prefix="followup-chromium.")
        self.process = subprocess.Popen(
            [
                executable,
                *SWITCHES,
                f"--window-size={width},{height}",
                f"--user-data-dir={self.profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self.port()
        page = requests.put(f"http://127.0.0.1:{port}/json/new?about:blank").json()
        self.socket = websocket.create_connection(
            page["webSocketDebuggerUrl"], timeout=60
        )
        self.number = 0
        self.logged = []
        self.size = {"width": width, "height": height}
        self.send(
            "Emulation.setDeviceMetricsOverride",
            deviceScaleFactor=1,
            mobile=width < 600,
            **self.size,
        )
        self.send("Page.enable")
        self.send("Runtime.enable")

    def port(self):
        file = Path(self.profile, "DevToolsActivePort")
        for _try in range(300):
            if file.exists() and (text := file.read_text()):
                return text.split()[0]
            time.sleep(0.1)
        sys.exit("Chromium does not start")

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            self.note(answer)
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def note(self, event):
        """Keep what the page wrote as an error on its console."""
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details["text"]
            self.logged.append(text)
        elif (
            event.get("method") == "Runtime.consoleAPICalled"
            and params["type"] == "error"
        ):
            values = (
                str(a.get("value") or a.get("description")) for a in params["args"]
            )
            self.logged.append(" ".join(values))

    def evaluate(self, expression):
        result = self.send(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if details := result.get("exceptionDetails"):
            sys.exit(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, expression, what, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.evaluate(f"!!({expression})"):
                return
            time.sleep(0.1)
        print(f"warning: waited in vain for {what}", file=sys.stderr)

    def rest(self):
        self.wait(AT_REST, "the page to come to rest")
        time.sleep(0.5)
        self.wait(AT_REST, "the page to come to rest")

    def click(self, selector):
        element = f"document.querySelector({json.dumps(selector)})"
        self.wait(element, selector)
        self.evaluate(f"{element}.scrollIntoView({{block: 'center'}})")
        box = self.evaluate(f"{element}.getBoundingClientRect().toJSON()")
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        self.send("Input.dispatchMouseEvent", type="mouseMoved", **place)
        for kind in ("mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent",
                type=kind,
                button="left",
                clickCount=1,
                **place,
            )
        self.rest()

    def save(self, path, full):
        clip = {}
        if full:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"clip": {**size, "x": 0, "y": 0, "scale": 1}}
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=full, **clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.profile, ignore_errors=True)


def parse():
    parser = argparse.ArgumentParser(
        prog="dev/screenshot",
        description=__doc__,
        epilog="Example: dev/screenshot /odoo/customers out.png "
        "--click '.o_searchview_dropdown_toggler' --wait .o_filter_menu",
    )
    parser.add_argument("path", help="what follows the address, e.g. /odoo/customers")
    parser.add_argument("picture", type=Path, help="the .png file to write")
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--full", action="store_true", help="all of a long page")
    parser.add_argument("--lang", help="in this language, e.g. de_DE")
    parser.add_argument("--login", default="admin", help="also the password, as here")
    parser.add_argument("--public", action="store_true", help="without logging in")
    parser.add_argument(
        "--click",
        action="append",
        default=[],
        metavar="SELECTOR",
        help="click this first; may be given more than once",
    )
    parser.add_argument("--wait", metavar="SELECTOR", help="wait for this at the end")
    parser.add_argument("--address", help=argparse.SUPPRESS)
    parser.add_argument("--database", help=argparse.SUPPRESS)
    return parser.parse_args()


def take(args, odoo):
    browser = Browser(args.width, args.height)
    try:
        cookies = odoo.session.cookies.get_dict() if odoo else {}
        for name, value in cookies.items():
            browser.send("Network.setCookie", name=name, value=value, url=args.address)
        browser.send("Page.navigate", url=args.address + args.path)
        browser.rest()
        for selector in args.click:
            browser.click(selector)
        if args.wait:
            selector = json.dumps(args.wait)
            browser.wait(f"document.querySelector({selector})", args.wait)
        browser.rest()
        browser.save(args.picture, args.full)
        for line in browser.logged:
            print(f"console: {line}", file=sys.stderr)
    finally:
        browser.close()


def main():
    args = parse()
    who = (args.address, args.database, args.login, args.login)
    odoo = None if args.public else Odoo(*who)
    if not args.lang:
        take(args, odoo)
        return
    before = odoo.language()
    odoo.set_language(args.lang)
    try:
        # a session keeps the language of its login, and with it the direction
        take(args, Odoo(*who))
    finally:
        odoo.set_language(before)


if __name__ == "__main__":
    main()
