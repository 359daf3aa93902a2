"""The sandbox in Python, through wasmtime: a component over the transport given, or over what wasmtime has of WASI."""

import os
import select
import socket
import time
from types import SimpleNamespace

from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Variant

PACKAGE = "httpx-wasm:sandbox"
VERSION = "0.1.0"
READ_OCTETS = 65536


def seconds(timeout_ms):
    return None if timeout_ms is None else timeout_ms / 1000


class Connections:
    """The host's side of `interface transport`: connections by their numbers. An OSError becomes the `err` of the result."""

    def __init__(self):
        self.all = {}

    def connect(self, host, port, timeout_ms):
        try:
            connection = socket.create_connection((host, port), seconds(timeout_ms))
        except TimeoutError:
            return 0
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = len(self.all) + 1
        self.all[number] = connection
        return number

    def read(self, number, timeout_ms):
        connection = self.all[number]
        if not select.select([connection], [], [], seconds(timeout_ms))[0]:
            return b"", False
        octets = connection.recv(READ_OCTETS)
        return octets, octets == b""

    def write(self, number, octets, timeout_ms):
        connection = self.all[number]
        if not select.select([], [connection], [], seconds(timeout_ms))[1]:
            return 0
        return connection.send(octets)

    def close(self, number):
        # Its number is not given to another.
        self.all[number].close()

    def now(self):
        return time.time_ns() // 1_000_000

    def random(self, octets):
        return os.urandom(octets)


def answered(function):
    """A function of the transport as wasmtime wants one: with the store first, and a string for what went wrong."""

    def call(_store, *arguments):
        try:
            return function(*arguments)
        except OSError as error:
            return error.strerror or str(error)

    return call


class Failure(Exception):
    """What the sandbox could not do: an error of httpx's tree."""

    def __init__(self, record):
        super().__init__(record.message)
        self.name, self.code, self.retryable = record.name, record.code, record.retryable


class Sandbox:
    """An instance of a component. `transport`: for `over-transport`; the others have WASI, `http` its HTTP."""

    def __init__(self, path, transport=None, wasi=None, http=False, engine=None):
        engine = engine or Engine()
        self.store = Store(engine)
        linker = Linker(engine)
        if transport is None:
            self.store.set_wasi(wasi or WasiConfig())
            linker.add_wasip2()
        if http:
            self.store.set_wasi_http()
            linker.add_wasi_http()
        if transport is not None:
            with linker.root() as root, root.add_instance(f"{PACKAGE}/transport@{VERSION}") as instance:
                for name in ("connect", "read", "write", "close", "now", "random"):
                    instance.add_func(name, answered(getattr(transport, name)))
        self.instance = linker.instantiate(self.store, Component.from_file(engine, path))
        self.client = self.instance.get_export_index(self.store, f"{PACKAGE}/client@{VERSION}")

    def call(self, name, *arguments):
        function = self.instance.get_func(self.store, self.instance.get_export_index(self.store, name, self.client))
        answer = function(self.store, *arguments)
        # The tag is left out where types tell the cases apart.
        value = answer.payload if isinstance(answer, Variant) else answer
        if hasattr(value, "retryable"):
            raise Failure(value)
        return value

    def send(self, request):
        """The response, read: `status`, `headers`, `body`."""
        return self.call("send", request)

    def relay(self, source, target):
        """What `source` answers is sent as the body of `target`, while it comes."""
        return self.call("relay", source, target)

    def open(self, request):
        """The response's status, and its body as a generator, which reads as it is asked."""
        download = self.call("open", request)
        return self.call("[method]download.status", download), self._pieces(download)

    def _pieces(self, download):
        try:
            while (piece := self.call("[method]download.next", download)) is not None:
                yield piece
        finally:
            self.call("[method]download.close", download)
            download.drop(self.store)


def request(method, url, headers=(), body=None, timeout_ms=None):
    """A request as the component takes one: WIT's names have hyphens."""
    record = SimpleNamespace(method=method, url=url, headers=list(headers), body=body)
    setattr(record, "timeout-ms", timeout_ms)
    return record
