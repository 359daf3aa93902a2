"""The protocol core of httpx-wasm in Python, through wasmtime: a response that comes in pieces is read, an HPACK block and a
zstd body are decoded. `python main.py http-core.component.wasm`"""

import sys
from types import SimpleNamespace

from wasmtime import Engine, Store
from wasmtime.component import Component, Linker

PACKAGE = "httpx-wasm:http-core"
VERSION = "0.1.0"
RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"6\r\nHello,\r\n7\r\n world!\r\n0\r\nServer-Timing: total\r\n\r\n"
)
PIECE_OCTETS = 7
# A request of RFC 7541 §C.4.1.
FIELD_BLOCK = bytes.fromhex("828684418cf1e3c2e5f23a6ba0ab90f4ff")
# `to and fro, ` a hundred times, by zstd.
ZSTD = bytes.fromhex("28b52ffd64b0039d000060746f20616e642066726f2c200100a1fc2f4936ff5498")


class Core:
    """An instance of the component, and its functions by their WIT names."""

    def __init__(self, path):
        engine = Engine()
        self.store = Store(engine)
        self.instance = Linker(engine).instantiate(self.store, Component.from_file(engine, path))

    def call(self, interface, name, *arguments):
        index = self.instance.get_export_index(self.store, f"{PACKAGE}/{interface}@{VERSION}")
        function = self.instance.get_func(self.store, self.instance.get_export_index(self.store, name, index))
        return function(self.store, *arguments)


def record(**fields):
    """A record: WIT names have hyphens where Python's have underscores."""
    return SimpleNamespace(**{name.replace("_", "-"): value for name, value in fields.items()})


def text(octets):
    """Octets of a head, as what they mostly are; they need not be UTF-8."""
    return octets.decode("latin-1")


def print_fields(fields):
    for field in fields:
        print(f"  {text(field.name)}: {text(field.value)}")


def read_response(core):
    """Reads the response as it comes, piece by piece."""

    def call(name, *arguments):
        return core.call("connections", f"[method]connection.{name}", *arguments)

    limits = record(octets=65536, fields=256, interim=16)
    connection = core.call("connections", "[constructor]connection", "http1", limits)
    host = record(name=b"Host", value=b"example.org")
    request = record(method=b"GET", target=b"/", scheme="http", protocol=None, fields=[host], is_complete=True)
    call("open", connection, request)
    print("request:", text(call("take-output", connection)).strip().replace("\r\n", " | "))
    content = b""
    for at in range(0, len(RESPONSE), PIECE_OCTETS):
        for event in call("receive", connection, RESPONSE[at : at + PIECE_OCTETS], 0):
            value = event.payload
            if event.tag == "head":
                print(f"response: {value.status} {text(value.reason)}")
                print_fields(value.fields)
            elif event.tag == "data":
                content += value.octets
            elif event.tag == "end":
                print("content:", text(content))
                print_fields(value.trailers)
            elif event.tag == "error":
                raise ValueError(f"Cannot read the response: {value.fault.rule}")
    connection.drop(core.store)


def decode_fields(core):
    """Decodes a field block of HTTP/2."""
    limits = record(table_octets=4096, list_octets=65536, fields=256)
    decoder = core.call("hpack", "[constructor]field-decoder", limits)
    fields = core.call("hpack", "[method]field-decoder.decode", decoder, FIELD_BLOCK)
    if not isinstance(fields, list):
        raise ValueError(f"Cannot decode the block: {fields.rule}")
    print("HPACK:")
    print_fields(fields)
    decoder.drop(core.store)


def decode_content(core):
    """Decodes a body: what is not taken is given again."""
    limits = record(octets=1_000_000, ratio=None, window_octets=None)
    decoder = core.call("codings", "[constructor]content-decoder", "zstd", limits)
    content, taken, tag = b"", 0, "has-output"
    while tag == "has-output":
        decoded = core.call("codings", "[method]content-decoder.decode", decoder, ZSTD[taken:])
        content += decoded.octets
        taken += decoded.taken
        tag = decoded.progress.tag
        if tag == "broken":
            raise ValueError(f"Cannot decode: {decoded.progress.payload.rule}")
    fault = core.call("codings", "[method]content-decoder.end", decoder)
    if fault is not None:
        raise ValueError(f"Cannot decode: {fault.rule}")
    print(f"zstd: {len(content)} octets, {text(content[:10])}…")
    decoder.drop(core.store)


if __name__ == "__main__":
    http_core = Core(sys.argv[1])
    read_response(http_core)
    decode_fields(http_core)
    decode_content(http_core)
    print("live octets:", http_core.call("memory", "live-octets"))
