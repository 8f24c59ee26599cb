"""The program under test as its people meet it: started with real arguments, asked through the console's API."""
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request


class Program:
    """A running causeway; what it prints is kept line by line."""

    def __init__(self, *arguments, **options):
        self.lines = []
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, **options)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def text(self):
        return "\n".join(self.lines)

    def wait_for(self, pattern, seconds=20):
        """The first match of the pattern in what was printed."""
        found = wait(lambda: re.search(pattern, self.text()) or self.process.poll() is not None, seconds,
                     lambda: f"'{pattern}' in:\n{self.text()}")
        if found is True:
            self.reader.join(5)
            found = re.search(pattern, self.text())
        assert found, f"it ended before '{pattern}':\n{self.text()}"
        return found

    def end(self, number=signal.SIGTERM, seconds=20):
        """Exit status, after this signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.ended(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it did not end within {seconds} s of signal {number}:\n{self.text()}") from None

    def ended(self, seconds):
        status = self.process.wait(seconds)
        self.reader.join(5)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Refused(AssertionError):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Console:
    """The API with the first administrator's session."""

    def __init__(self, program):
        self.address = program.wait_for(r"Console +(http://\S+)").group(1)
        token = program.wait_for(r"#token=(\S+)").group(1)
        self.fields = {}
        session, reply = self._ask("POST", "/api/v1/setup",
                                   {"token": token, "name": "anna", "password": "a long password"})
        self.fields = {"Cookie": reply["Set-Cookie"].split(";")[0], "X-Causeway-Proof": session["proof"]}

    def _ask(self, method, path, body=None, fields=None):
        request = urllib.request.Request(self.address + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json",
                                                  **(self.fields if fields is None else fields)})
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                text = reply.read()
                is_json = "json" in reply.headers.get("Content-Type", "")
                return (json.loads(text) if text and is_json else text.decode()), reply.headers
        except urllib.error.HTTPError as refused:
            raise Refused(refused.code, refused.read().decode(errors="replace")) from None

    def get(self, path, **options):
        return self._ask("GET", path, **options)[0]

    def post(self, path, body=None, **options):
        return self._ask("POST", path, {} if body is None else body, **options)[0]

    def delete(self, path):
        return self._ask("DELETE", path)[0]

    def incidents(self, query="state=open"):
        return self.get(f"/api/v1/incidents?{query}&limit=100")["incidents"]

    def incident_of(self, target, query="state=open"):
        """The newest incident with this member; None without one."""
        found = self.incidents(f"target={target}&{query}" if query else f"target={target}")
        return found[0] if found else None


def wait(what, seconds, why):
    """Polls until `what()` is true; its value. `why()` or text says what did not come."""
    until = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {why() if callable(why) else why}")
        time.sleep(0.1)


def clean_environment():
    """Without proxies and without a word about colours or terminals."""
    kept = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    return {**kept, "NO_COLOR": "1"}
