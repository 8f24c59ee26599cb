#!/usr/bin/env python3
"""Visitors of a site, for as long as they run: what each asked for, and whether it was answered.

  visitors.py --to ADDRESS:PORT --host NAME [--readers 6] [--writers 2] [--fresh 1] --out FILE

`readers` GET over connections that are kept, `fresh` of them with a new connection each time, `writers` POST an order with
a number that nobody else has. SIGTERM ends them after the request under way, and FILE then holds one JSON object:
{"asked", "answered", "failed", "failures" (the first of them), "by_machine", "orders" (numbers of answered POSTs)}.
An answer counts when its status is 200, its body is whole, and X-Machine says who made it. FILE.now holds the number of
answers so far, by machine: "old 120" a line.
"""
import argparse
import http.client
import json
import os
import signal
import threading
import time

PAUSE = 0.01  # between two requests of one visitor, in seconds
PATIENCE = 30


class Visitors:
    def __init__(self, given):
        address, port = given.to.rsplit(":", 1)
        self.address, self.port, self.host, self.out = address, int(port), given.host, given.out
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.asked, self.by_machine, self.failures, self.failed, self.orders = 0, {}, [], 0, []

    def ask(self, connection, method, number):
        path = "/order?number=" + number if method == "POST" else "/index.html"
        body = ("tea=1&number=" + number).encode() if method == "POST" else None
        connection.request(method, path, body=body, headers={"Host": self.host})
        answer = connection.getresponse()
        body = answer.read()
        machine = answer.getheader("X-Machine")
        if answer.status != 200 or not machine or not body:
            raise ValueError(f"{answer.status}, {len(body)} bytes, by {machine}: {body[:200]!r}")
        return machine

    def visit(self, method, fresh, who):
        connection, count = None, 0
        while not self.ended.wait(PAUSE):
            count += 1
            number = f"{who}-{count}"
            with self.lock:
                self.asked += 1
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(self.address, self.port, timeout=PATIENCE)
                machine = self.ask(connection, method, number)
                with self.lock:
                    self.by_machine[machine] = self.by_machine.get(machine, 0) + 1
                    if method == "POST":
                        self.orders.append(number)
            except Exception as problem:  # whatever it is, a visitor was not served
                with self.lock:
                    self.failed += 1
                    if len(self.failures) < 20:
                        self.failures.append(f"{method} {number} at {time.time():.3f}: {type(problem).__name__} {problem}")
                connection = None
            if fresh and connection is not None:
                connection.close()
                connection = None

    def write(self, path, text):
        with open(path + ".new", "w") as out:
            out.write(text)
        os.rename(path + ".new", path)

    def tell(self):
        while not self.ended.wait(0.05):
            with self.lock:
                text = "".join(f"{machine} {count}\n" for machine, count in self.by_machine.items())
            self.write(self.out + ".now", text)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--to", required=True)
    words.add_argument("--host", required=True)
    words.add_argument("--readers", type=int, default=6)
    words.add_argument("--fresh", type=int, default=1)
    words.add_argument("--writers", type=int, default=2)
    words.add_argument("--out", required=True)
    given = words.parse_args()
    all_of_them = Visitors(given)
    threads = [threading.Thread(target=all_of_them.visit, args=("GET", n < given.fresh, f"r{n}")) for n in range(given.readers)]
    threads += [threading.Thread(target=all_of_them.visit, args=("POST", False, f"w{n}")) for n in range(given.writers)]
    threads.append(threading.Thread(target=all_of_them.tell))
    signal.signal(signal.SIGTERM, lambda *_: all_of_them.ended.set())
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = all_of_them
    told.write(told.out, json.dumps({"asked": told.asked, "answered": sum(told.by_machine.values()), "failed": told.failed,
                                     "failures": told.failures, "by_machine": told.by_machine, "orders": told.orders}))


main()
