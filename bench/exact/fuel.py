"""Does to plain modules in wasmtime, with fuel, what traces.json says was done to the metered ones (fuel.mjs).

Prints for each row how many counts it has, and the first that differs as [ours, fuel], or null. Newer releases of wasmtime
take fuel for each octet that is moved and each page by which memory grows, older ones do not: what this one takes is found out
first. We count octets apart, and growing as the one instruction that it is.
"""

import base64
import json
import sys

import wasmtime

FUEL = 1 << 60


PROBE = """(module (memory (export "memory") 1)
  (func (export "grow") (param i32) (drop (memory.grow (local.get 0))))
  (func (export "copy") (param i32) (memory.copy (i32.const 0) (i32.const 0) (local.get 0))))"""


def fuel_each(engine, what):
    """Fuel for each page that memory grows by, or each octet that is copied."""
    store, exports = instance_of(engine, wasmtime.Module(engine, PROBE))

    def fuel_of(count):
        store.set_fuel(FUEL)
        exports[what](store, count)
        return FUEL - store.get_fuel()

    return fuel_of(1) - fuel_of(0)


def instance_of(engine, module):
    store = wasmtime.Store(engine)
    store.set_fuel(FUEL)
    return store, wasmtime.Instance(store, module, []).exports(store)


def replay(store, exports, steps, per_octet, per_page):
    memory = exports["memory"]
    counts = 0
    pages = 0
    for step in steps:
        if "call" in step:
            function = exports[step["call"]]
            kinds = [str(kind) for kind in function.type(store).params]
            given = [float(value) if kind.startswith("f") else int(value) for kind, value in zip(kinds, step["given"])]
            function(store, *given)
        elif "octets" in step:
            memory.write(store, base64.b64decode(step["octets"]), step["at"])
        elif "begin" in step:
            store.set_fuel(FUEL)
            pages = memory.size(store)
        else:
            counts += 1
            grown = per_page * (memory.size(store) - pages)
            used = FUEL - store.get_fuel() - grown
            expected = step["instructions"] + per_octet * step["bulk"]
            if used != expected:
                return counts, [expected, used]
    return counts, None


def main(path):
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    per_octet, per_page = fuel_each(engine, "copy"), fuel_each(engine, "grow")
    modules = {}
    rows = []
    with open(path, encoding="utf-8") as file:
        for row in json.load(file):
            where = row["module"]
            if where not in modules:
                modules[where] = wasmtime.Module.from_file(engine, where)
            counts, differing = replay(*instance_of(engine, modules[where]), row["steps"], per_octet, per_page)
            rows.append({"name": row["name"], "counts": counts, "differing": differing})
    json.dump(rows, sys.stdout)


main(sys.argv[1])
