#!/usr/bin/env python3
"""The style suite: what STYLE.md and floors.toml promise, checked on the tree.

usage: run.py [BUILD-DIR]      the build is asked for the option reference, when there is one
Exceptions stand in tests/style/exceptions.toml, each with its reason; one that is no longer needed fails.
"""
import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "tests/support"))
import cxx  # noqa: E402
from suite import Suite  # noqa: E402

suite = Suite("style")
floors = tomllib.loads((root / "src/floors.toml").read_text())["room"]
exceptions = tomllib.loads((root / "tests/style/exceptions.toml").read_text()).get("exception", [])
used = set()


def excepted(check, path, what=""):
    for number, entry in enumerate(exceptions):
        if entry["check"] == check and entry["path"] == path and entry.get("what", what) == what:
            used.add(number)
            return True
    return False


def tracked(*patterns):
    """As git sees the tree; without git, or outside of a clone, whatever is there but builds and installed modules."""
    if shutil.which("git"):
        done = subprocess.run(["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                              capture_output=True, text=True)
        if done.returncode == 0:
            return sorted({name for name in done.stdout.split("\n") if name and (root / name).exists()})
    names = {p.relative_to(root) for q in patterns for p in root.rglob(q)}
    return sorted(str(n) for n in names if not n.parts[0].startswith("build") and "node_modules" not in n.parts)


def room_folder(name):
    return root / floors[name].get("path", f"src/{name}")


def room_files(name):
    folder = room_folder(name)
    return sorted(p for p in folder.rglob("*") if p.suffix in (".h", ".cc")) if folder.is_dir() else []


def complain(troubles):
    if troubles:
        raise AssertionError("\n".join(troubles))


# Standard C++ headers have neither a dot nor a slash; these are ISO C's and the compiler's own.
plain_c = {"assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "locale.h", "math.h", "setjmp.h", "signal.h",
           "stdarg.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "time.h"}


def include_trouble(room, path, line, spelled):
    """None, or what is wrong with one include of one file of `room`."""
    may, door = floors[room].get("may", []), floors[room].get("door", [])
    quoted, name = spelled[0] == '"', spelled[1:-1]
    where = f"{path.relative_to(root)}:{line}: {spelled}"
    if name.startswith("pgveil/"):
        part = name.split("/")[1]
        if part == "core" or "*" in may or (part == "masking" and ("masking-contract" in may or room == "masking")):
            return None
        return f"{where}: room {room} may not include the masking contract"
    if name.startswith("fmt/"):
        return None if path.suffix == ".cc" else f"{where}: fmt in a header"
    if not quoted and ("/" not in name and "." not in name or name in plain_c or name.endswith("intrin.h")):
        return None
    if any(name == d or (d.endswith("/") and name.startswith(d)) for d in door):
        return None
    if quoted and (path.parent / name).exists() or (room == "masking" and (room_folder(room) / name).exists()):
        return None
    first = name.split("/")[0]
    if quoted and (first in floors or (root / "src" / first).is_dir()):
        if first == room or (room == "masking" and first in ("masking",)):
            return None
        if "*" not in may and first not in may:
            return f"{where}: room {room} may not include room {first} (floors.toml)"
        only = floors[room].get("only", {}).get(first)
        return None if only is None or name in only else f"{where}: of {first}, room {room} may include only {', '.join(only)}"
    return f"{where}: no door of room {room} leads there (floors.toml)"


includes = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")')


def check_floors(room):
    troubles = []
    for path in room_files(room):
        for number, text in enumerate(path.read_text().splitlines(), 1):
            found = includes.match(text)
            trouble = found and include_trouble(room, path, number, found[1])
            if trouble and not excepted("include", str(path.relative_to(root)), found[1]):
                troubles.append(trouble)
    complain(troubles)


def check_upward():
    """`may` never points up or sideways: a room includes lower floors only (floors.toml itself is sound)."""
    troubles = []
    for name, row in floors.items():
        for other in row.get("may", []):
            if other in floors and floors[other]["floor"] >= row["floor"] and not excepted("floor", name, other):
                troubles.append(f"{name} (floor {row['floor']}) may include {other} (floor {floors[other]['floor']})")
    complain(troubles)


def check_known_rooms():
    here = {p.name for p in (root / "src").iterdir() if p.is_dir()} - {"decisions"}
    complain([f"src/{name} has no row in floors.toml" for name in sorted(here - set(floors))])


def public_headers_without_fmt():
    troubles = []
    for path in sorted((root / "include").rglob("*.h")):
        for number, text in enumerate(path.read_text().splitlines(), 1):
            found = includes.match(text)
            if found and not re.fullmatch(r'<[a-z_]+>|"pgveil/(core|masking)/[a-z_]+\.h"', found[1]):
                troubles.append(f"{path.relative_to(root)}:{number}: {found[1]}")
    complain(troubles)


@functools.cache
def compiler_flags():
    packages = ["libuv", "libssl", "libpq", "libhs", "sqlite3", "icu-uc", "fmt"]
    done = subprocess.run(["pkg-config", "--cflags", *packages], capture_output=True, text=True, check=True)
    server = subprocess.run(["pg_config", "--includedir-server"], capture_output=True, text=True, check=True)
    return ["-std=c++23", "-O0", "-fsyntax-only", "-w", "-x", "c++", *(f"-I{root}/{d}" for d in ("include", "src", "masking", ".")),
            *done.stdout.split(), "-isystem", server.stdout.strip()]


def compiles_alone(path):
    source = f'#include "{path}"\n#include "{path}"\n'
    command = [*os.environ.get("CXX", "g++").split(), *compiler_flags(), "-"]
    command = command[1:] if command[0] == "ccache" else command
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{path.relative_to(root)}: " + "\n".join(done.stderr.splitlines()[:4])


def check_headers_alone(headers):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        complain([t for t in pool.map(compiles_alone, headers) if t])


def check_cards(headers):
    troubles = []
    for path in headers:
        lines = path.read_text().splitlines()
        name = str(path.relative_to(root))
        if not lines or not lines[0].startswith("//") or len(lines[0]) < 12:
            troubles.append(f"{name}: does not open with a card")
        if "#pragma once" not in lines:
            troubles.append(f"{name}: no #pragma once")
    complain(troubles)


def size_limit(path):
    return 300 if str(path.relative_to(root)).startswith("src/relay/") else 500


def check_sizes(files):
    troubles = []
    for path in files:
        name = str(path.relative_to(root))
        count = len(path.read_text().splitlines())
        if count > size_limit(path) and not excepted("file-size", name):
            troubles.append(f"{name}: {count} lines, limit {size_limit(path)}")
    complain(troubles)


def check_functions(files):
    troubles = []
    for path in files:
        name = str(path.relative_to(root))
        limit = 40 if name.startswith("src/relay/") else 60
        for function in cxx.functions(path.read_text()):
            if function.weight > limit and not excepted("function-size", name, function.name):
                troubles.append(f"{name}:{function.line}: {function.name}: {function.weight} lines, limit {limit}")
    complain(troubles)


def check_switches(files):
    troubles = []
    for path in files:
        for line in cxx.enum_switches_with_default(path.read_text()):
            if not excepted("switch-default", str(path.relative_to(root))):
                troubles.append(f"{path.relative_to(root)}:{line}: default in a switch over an enum")
    complain(troubles)


def check_readme(room):
    readme = room_folder(room) / "README.md"
    assert readme.exists(), f"{readme.relative_to(root)} is missing"
    count = len(readme.read_text().splitlines())
    assert count <= 40, f"{readme.relative_to(root)}: {count} lines, limit 40"


def check_reference(binary):
    committed = root / "src/config/reference.toml"
    done = subprocess.run([binary, "check", "--reference"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"pgveil check --reference: exit {done.returncode}: {done.stderr[-500:]}"
    assert committed.exists(), f"{committed.relative_to(root)} is not committed"
    assert done.stdout == committed.read_text(), f"{committed.relative_to(root)} is not what `pgveil check --reference` prints"


def check_main_readme():
    count = len((root / "README.md").read_text().splitlines())
    assert count <= 150, f"README.md: {count} lines, limit 150"
    pages = sorted((root / "src/decisions").glob("[0-9]*.md"))
    numbers = [int(p.name[:4]) for p in pages]
    assert numbers == list(range(1, len(pages) + 1)) and pages, f"decisions are numbered from 0001 without a gap: {numbers}"


def check_links():
    troubles = []
    for name in tracked("*.md"):
        text = (root / name).read_text()
        for target in re.findall(r"\]\(([^)#\s]+)\)", text):
            if "://" not in target and not ((root / name).parent / target).exists():
                troubles.append(f"{name}: link to {target} leads nowhere")
    complain(troubles)


def check_exceptions():
    troubles = [f"exceptions.toml: {entry} is not needed" for n, entry in enumerate(exceptions) if n not in used]
    troubles += [f"exceptions.toml: {entry} gives no reason" for entry in exceptions if len(entry.get("reason", "")) < 15]
    complain(troubles)


def check_self():
    """The heuristics themselves, on text that must be found and text that must not."""
    long = "void f(int a) {\n" + "    g();\n" * 70 + "}\n"
    found = cxx.functions("namespace x {\nstruct S {\n" + long + "};\nint h() const { return '{'; }\n}\n")
    assert [(f.name, f.line, f.weight) for f in found] == [("f", 3, 72), ("h", 76, 1)], found
    bad = "void f() { switch (k) { case Kind::A: break; default: break; } }"
    assert list(cxx.enum_switches_with_default(bad)) == [1]
    good = "void f() { switch (c) { case 'x': break; default: break; } switch (k) { case Kind::A: switch (c) { default: ; } } }"
    assert not list(cxx.enum_switches_with_default(good))
    here = root / "src/sql/x.cc"
    assert include_trouble("sql", here, 1, '"relay/x.h"') and include_trouble("sql", here, 1, "<uv.h>")
    assert not include_trouble("sql", here, 1, '"catalog/catalog.h"') and not include_trouble("sql", here, 1, "<vector>")
    assert include_trouble("relay", here, 1, '"audit/journal.h"') and not include_trouble("relay", here, 1, '"audit/record.h"')


def main():
    suite.check("the heuristics find what they should and nothing else", check_self)
    public = sorted((root / "include").rglob("*.h"))
    suite.check("floors.toml points downward only", check_upward)
    suite.check("every room has its row in floors.toml", check_known_rooms)
    suite.check("public headers name only the standard library and each other", public_headers_without_fmt)
    for area, headers, files in [("include", public, public)] + [
            (room, [p for p in room_files(room) if p.suffix == ".h"], room_files(room)) for room in floors if room_files(room)]:
        if area != "include":
            suite.check(f"{area}: includes only what its floor and doors allow", check_floors, area)
            suite.check(f"{area}: has a README of at most 40 lines", check_readme, area)
        suite.check(f"{area}: each header compiles alone", check_headers_alone, headers, limit=600)
        suite.check(f"{area}: each header opens with its card and is guarded", check_cards, headers)
        suite.check(f"{area}: files are within their limits", check_sizes, files)
        suite.check(f"{area}: functions are within their limits", check_functions, files)
        suite.check(f"{area}: switches over enums have no default", check_switches, files)
    suite.check("the README is short and decisions are numbered", check_main_readme)
    suite.check("links between pages lead somewhere", check_links)
    if len(sys.argv) > 1:
        suite.check("the option reference is up to date", check_reference, f"{sys.argv[1]}/src/pgveil")
    suite.check("every exception is needed and gives its reason", check_exceptions)
    suite.finish()


main()
