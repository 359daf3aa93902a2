"""The public cases against the component under wasmtime, as component-entry.mjs has them under jco, and the counts of the core's
instructions, as cases/counts.mjs has them. `python component-entry.py http-core.component.wasm`"""

import base64
import hashlib
import json
import sys
import traceback
from types import SimpleNamespace

import wasmtime
from wasmtime.component import Component, Linker

PACKAGE, VERSION = "httpx-wasm:http-core", "0.1.0"
PIECE_OCTETS = 7
LARGE_PIECE_OCTETS = 16_384
ROWS_MIN = 40


def record(**fields):
    return SimpleNamespace(**{name.replace("_", "-"): value for name, value in fields.items()})


class Core:
    def __init__(self, path):
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        self.instance = Linker(engine).instantiate(self.store, Component.from_file(engine, path))
        self.functions = {}

    def call(self, interface, name, *arguments):
        key = interface, name
        if key not in self.functions:
            index = self.instance.get_export_index(self.store, f"{PACKAGE}/{interface}@{VERSION}")
            index = self.instance.get_export_index(self.store, name, index)
            self.functions[key] = self.instance.get_func(self.store, index)
        return self.functions[key](self.store, *arguments)

    def new(self, interface, resource, *arguments):
        return Resource(self, interface, resource, self.call(interface, f"[constructor]{resource}", *arguments))


class Resource:
    """A resource, dropped behind `with`."""

    def __init__(self, core, interface, name, handle):
        self.core, self.interface, self.name, self.handle = core, interface, name, handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.handle.drop(self.core.store)

    def call(self, method, *arguments):
        return self.core.call(self.interface, f"[method]{self.name}.{method}", self.handle, *arguments)


def connection_of(core, protocol):
    return core.new("connections", "connection", protocol, record(octets=65536, fields=256, interim=16))


def request_of(method, target):
    host = record(name=b"Host", value=b"example.org")
    return record(
        method=method.encode(), target=target.encode(), scheme="https", protocol=None, fields=[host], is_complete=True
    )


def events_of(connection, octets, piece_octets, closes):
    """All events of the input, whose content is released as it comes."""
    events = []
    for at in range(0, len(octets), piece_octets):
        some = connection.call("receive", octets[at : at + piece_octets], 0)
        for event in some:
            if event.tag == "data":
                connection.call("release", event.payload.stream, len(event.payload.octets))
        connection.call("take-output")
        events += some
    return events + (connection.call("receive-end") if closes else [])


def find(events, tag, stream):
    return next((event.payload for event in events if event.tag == tag and event.payload.stream == stream), None)


def http1_wrong(core, one):
    with connection_of(core, "http1") as connection:
        connection.call("open", request_of(one["method"], "/"))
        octets = base64.b64decode(one["input_b64"])
        events = events_of(connection, octets, PIECE_OCTETS, one.get("server_closes_after", False))
    expect = one["expect"]
    refused = any(event.tag == "error" and event.payload.fault.rule != "unsolicited" for event in events)
    if refused != (expect["outcome"] == "reject"):
        return "refused" if refused else "accepted"
    if refused:
        return None
    if "status" in expect:
        head = find(events, "head", 1)
        if head is None or head.status != expect["status"]:
            return "status"
    body = b"".join(event.payload.octets for event in events if event.tag == "data")
    return "body" if "body_b64" in expect and body != base64.b64decode(expect["body_b64"]) else None


def http2_wrong(core, one):
    with connection_of(core, "http2") as connection:
        for request in one["requests"]:
            connection.call("open", request_of(request["method"], request["path"]))
        connection.call("take-output")
        events = events_of(connection, bytes.fromhex(one["input"]), LARGE_PIECE_OCTETS, one["closes"])
    expect = one["expect"]
    broken = any(event.tag == "error" for event in events)
    if expect["type"] == "connection_error":
        return None if broken else "not broken"
    if broken:
        return "broken"
    stream = expect.get("stream", 1)
    head = find(events, "head", stream)
    if head is None or head.status != expect["status"]:
        return "status"
    return None if find(events, "end", stream) else "no end"


def decoder_of(core, table_octets, fields):
    limits = record(table_octets=table_octets, list_octets=65536, fields=fields)
    return core.new("hpack", "field-decoder", limits)


def story_wrong(core, one):
    blocks = one["blocks"]
    with decoder_of(core, blocks[0].get("max_table_size", 4096), 1024) as decoder:
        for index, block in enumerate(blocks):
            if index and "max_table_size" in block:
                decoder.call("allow", block["max_table_size"])
            fields = decoder.call("decode", bytes.fromhex(block["wire"]))
            if not isinstance(fields, list):
                return f"block {index}: {fields.rule}"
            pairs = [[field.name.decode("latin-1"), field.value.decode("latin-1")] for field in fields]
            if pairs != one["lists"][index]:
                return f"block {index}"
    return None


def bad_wrong(core, one):
    with decoder_of(core, 4096, 256) as decoder:
        if "settings_header_table_size" in one:
            decoder.call("allow", one["settings_header_table_size"])
        for block in one["blocks"]:
            if block.startswith("S"):
                decoder.call("allow", int(block[1:]))
            elif not isinstance(decoder.call("decode", bytes.fromhex(block)), list):
                return None
    return "accepted"


def decoded(core, coding, octets):
    """The decoded octets, or None for what is refused."""
    limits = record(octets=None, ratio=None, window_octets=None)
    pieces, at = [], 0
    with core.new("codings", "content-decoder", coding, limits) as decoder:
        while True:
            step = decoder.call("decode", octets[at : at + LARGE_PIECE_OCTETS])
            pieces.append(step.octets)
            at += step.taken
            if step.progress.tag == "broken":
                return None
            if step.progress.tag == "needs-input" and at >= len(octets):
                break
        return None if decoder.call("end") is not None else b"".join(pieces)


def coding_wrong(core, one):
    found = decoded(core, one["coding"], base64.b64decode(one["input_b64"]))
    expect = one["expect"]
    if (found is not None) != expect["ok"]:
        return "refused" if found is None else "accepted"
    wanted = expect.get("sha256")
    return "octets" if found is not None and wanted and hashlib.sha256(found).hexdigest() != wanted else None


JUDGES = {
    "http1": ("http1: ambiguous responses are refused, others accepted", http1_wrong),
    "http2": ("http2: broken connections are told, others go on", http2_wrong),
    "stories": ("hpack: stories decode to their fields", story_wrong),
    "bad": ("hpack: bad blocks are refused", bad_wrong),
    "deflate": ("codings: coding-deflate decodes as it should", coding_wrong),
    "brotli": ("codings: coding-brotli decodes as it should", coding_wrong),
    "zstd": ("codings: coding-zstd decodes as it should", coding_wrong),
}


def judged(core, key, judge):
    cases = VECTORS[key]
    wrong = [f"{one['id']}: {what}" for one in cases if (what := judge(core, one)) is not None]
    assert len(cases) > 10, f"{len(cases)} cases"
    assert not wrong, f"of {len(cases)} cases: {wrong}"


def count_difference(engine, module, steps):
    """Does to a new instance what the steps say: the first count that is another one, or None."""
    store = wasmtime.Store(engine)
    exports = wasmtime.Instance(store, module, []).exports(store)
    counters = [exports["__instructions"], exports["__bulk"]]
    for step in steps:
        if "call" in step:
            function = exports[step["call"]]
            kinds = [str(kind) for kind in function.type(store).params]
            given = [float(value) if kind.startswith("f") else int(value) for kind, value in zip(kinds, step["given"])]
            function(store, *given)
        elif "octets" in step:
            exports["memory"].write(store, base64.b64decode(step["octets"]), step["at"])
        elif "begin" in step:
            for counter in counters:
                counter.set_value(store, 0)
        else:
            found = [counter.value(store) for counter in counters]
            if found != [step["instructions"], step["bulk"]]:
                return f"{found} for {step['instructions']}, {step['bulk']}"
    return None


def count(_core):
    engine = wasmtime.Engine()
    modules = {name: wasmtime.Module.from_file(engine, f"counts/{name}.wasm") for name in ("core", "codings")}
    with open("counts/rows.json", encoding="utf-8") as file:
        rows = json.load(file)
    differing = [
        f"{row['name']}: {what}"
        for row in rows
        if (what := count_difference(engine, modules[row["module"]], row["steps"])) is not None
    ]
    assert len(rows) >= ROWS_MIN, f"{len(rows)} rows"
    assert not differing, f"of {len(rows)} rows: {differing}"


def nothing_left(core):
    live = core.call("memory", "live-octets")
    assert live == 0, f"{live} octets"


def result(name, run):
    try:
        run()
        return {"name": name, "passed": True}
    except Exception:  # Whatever it is, the suite tells of it.
        return {"name": name, "failed": traceback.format_exc()[-2000:]}


if __name__ == "__main__":
    with open("component-vectors.json", encoding="utf-8") as file:
        VECTORS = json.load(file)
    CORE = Core(sys.argv[1])
    RESULTS = [result(name, lambda: judged(CORE, key, judge)) for key, (name, judge) in JUDGES.items()]
    RESULTS.append(result("memory: nothing is left", lambda: nothing_left(CORE)))
    RESULTS.append(result("counts: the core executes as many instructions as elsewhere", lambda: count(CORE)))
    print("RESULTS", json.dumps(RESULTS))
