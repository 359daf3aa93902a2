"""Drives a sandbox in Python: `python drive.py world component steps.json`. Prints what came of each step."""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples/sandbox/hosts"))
from sandbox import Connections, Failure, Sandbox, request  # noqa: E402


# Requests that are not about time have plenty of it.
PLENTY_MS = 60_000


class Brittle(Connections):
    """The transport, but for what is broken of it."""

    broken = None


def fragile(name):
    def call(self, *arguments):
        if self.broken == name:
            raise OSError("the cable was cut")
        return getattr(Connections, name)(self, *arguments)

    return call


for name in ("connect", "read", "write"):
    setattr(Brittle, name, fragile(name))


def request_of(step):
    body = step.get("body")
    octets = None if body is None else body.encode()
    return request(step["method"], step["url"], body=octets, timeout_ms=step.get("timeoutMs", PLENTY_MS))


def whole(response):
    return {"status": response.status, "headers": response.headers, "body": response.body.decode()}


def read(sandbox, step, handled):
    status, body = sandbox.open(request_of(step))
    pieces = []
    for piece in body:
        pieces.append(piece.decode())
        if handled is None:
            break
        sandbox.send(request_of({**handled, "body": pieces[-1]}))
    body.close()
    return {"status": status, "pieces": pieces}


def outcome_of(sandbox, transport, step):
    transport.broken = step.get("broken")
    try:
        if step["do"] == "send":
            return whole(sandbox.send(request_of(step["request"])))
        if step["do"] == "relay":
            return whole(sandbox.relay(request_of(step["source"]), request_of(step["target"])))
        return read(sandbox, step["request"], step.get("handled"))
    except Failure as failure:
        said = {"name": failure.name, "code": failure.code, "retryable": failure.retryable}
        return {"failure": {**said, "message": str(failure)}}


world, component, steps = sys.argv[1:]
began = time.perf_counter()
brittle = Brittle()
given = brittle if world == "over-transport" else None
sandbox = Sandbox(component, transport=given, http=world == "over-http")
start_ms = (time.perf_counter() - began) * 1000
outcomes = [outcome_of(sandbox, brittle, step) for step in json.loads(Path(steps).read_text())]
print("RESULTS", json.dumps({"startMs": start_ms, "outcomes": outcomes}))
