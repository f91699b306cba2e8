"""PostgreSQL's own test sources, as Debian ships them, and the libraries its tests load.

PGVEIL_PG_SOURCE names an unpacked source tree; without it, `apt-get source` fetches one under build/ with package lists
of its own, so that nothing of the machine's configuration is touched. Any 15.x will do: the direct run is the baseline.
"""
import os
import pathlib
import re
import shutil
import subprocess

lists = """Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, **options)


def tree(cache):
    given = os.environ.get("PGVEIL_PG_SOURCE")
    if given:
        return pathlib.Path(given)
    found = sorted(cache.glob("postgresql-15*/src/test/regress/parallel_schedule"))
    if found:
        return found[0].parents[3]
    (cache / "parts").mkdir(parents=True, exist_ok=True)
    (cache / "lists/partial").mkdir(parents=True, exist_ok=True)
    (cache / "parts/source.sources").write_text(lists)
    apt = ["apt-get", "-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={cache}/parts", "-o", f"Dir::State::lists={cache}/lists"]
    run(*apt, "update")
    run(*apt, "source", "--download-only", "postgresql-15", cwd=cache)
    run("tar", "xjf", next(cache.glob("postgresql-15_*.orig.tar.bz2")), cwd=cache)
    return next(cache.glob("postgresql-15*/"))


def library(source, into, name):
    include = run("pg_config", "--includedir-server").stdout.strip()
    if not pathlib.Path(include, "postgres.h").exists() or "/15/" not in include:
        include = "/usr/include/postgresql/15/server"
    run("gcc", "-O1", "-fPIC", "-shared", "-w", f"-I{include}", "-I/usr/include/postgresql", "-o", into / f"{name}.so", source)


def prepare(cache, work):
    """Copies what the tests read, builds what they load; gives the input directory and the library directory."""
    source = tree(cache)
    inputs, libraries = work / "regress", work / "lib"
    shutil.copytree(source / "src/test/regress", inputs)
    shutil.copytree(source / "src/test/isolation", work / "isolation")
    libraries.mkdir()
    library(source / "src/test/regress/regress.c", libraries, "regress")
    for name in ("refint", "autoinc"):
        library(source / f"contrib/spi/{name}.c", libraries, name)
    return inputs, libraries


def version(source):
    return re.search(r"PACKAGE_VERSION='([^']*)'", (source / "configure").read_text())[1]
