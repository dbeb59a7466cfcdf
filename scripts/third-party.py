#!/usr/bin/env python3
"""Write THIRD-PARTY.md: what others wrote of the program that we ship, and under which licences.

scripts/third-party.py          writes it anew, after dependencies have changed
scripts/third-party.py --check  fails where it is not what it would write

Crates come from `cargo metadata`, on all platforms; packages of the web app from npm's lock, so web/node_modules must be
installed. What only builds or tests is left out. A licence that is not in PERMISSIVE is an error.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "THIRD-PARTY.md"
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0",
    "Unicode-3.0",
    "Unlicense", "Zlib",
}
TEXTS = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)

HEAD = """# What others wrote

The program `acehls` contains the crates and, in its web app, the npm packages below, and Rust's standard library
(MIT OR Apache-2.0). hls.js has parts of eventemitter3 (MIT, Copyright (c) 2014 Arnout Kazemier) and url-toolkit (Apache-2.0)
built into it. Of several licences that a package offers we take Apache-2.0 where it is one of them.

Written by `scripts/third-party.py`; do not edit.
"""


class Package:
    """A package, its licence as an SPDX expression, and the folder that holds its licence's text."""

    def __init__(self, kind, name, version, licence, folder):
        self.kind, self.name, self.version, self.folder = kind, name, version, Path(folder)
        self.licence = (licence or "").replace("/", " OR ")

    def title(self):
        return f"{self.name} {self.version}"

    def chosen(self):
        """The licences we take: of each choice Apache-2.0, else all that are permissive. Empty where none is."""
        taken = []
        for term in self.licence.split(" AND "):
            choice = [name.split(" WITH ")[0] for name in term.strip("() ").split(" OR ")]
            permissive = [name for name in choice if name in PERMISSIVE]
            if not permissive:
                return []
            taken += ["Apache-2.0"] if "Apache-2.0" in permissive else permissive
        return taken

    def texts(self):
        """The texts to pass on: that of Apache-2.0 is the same for all, unless it is the only one."""
        files = sorted(file for file in self.folder.iterdir() if file.is_file() and TEXTS.match(file.name))
        if self.licence != "Apache-2.0" and self.chosen() == ["Apache-2.0"]:
            files = [file for file in files if file.name.upper().startswith("NOTICE")]
        return [tidy(file.read_text(encoding="utf-8", errors="replace")) for file in files]


def tidy(text):
    lines = [line.rstrip() for line in text.replace("\f", "").splitlines()]
    return "\n".join(lines).strip("\n")


def crates():
    """What `server` links, by way of any crate that is no procedural macro: those run in the compiler."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", str(ROOT / "Cargo.toml")]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    waiting = [id for id, package in packages.items() if package["name"] == "server" and package["source"] is None]
    seen = set()
    while waiting:
        id = waiting.pop()
        if id in seen or any("proc-macro" in target["kind"] for target in packages[id]["targets"]):
            continue
        seen.add(id)
        normal = (dep for dep in nodes[id]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"]))
        waiting += [dep["pkg"] for dep in normal]
    for package in (packages[id] for id in seen):
        if package["source"] is not None:
            folder = Path(package["manifest_path"]).parent
            yield Package("crate", package["name"], package["version"], package["license"], folder)


def npm():
    lock = json.loads((ROOT / "web/package-lock.json").read_text(encoding="utf-8"))
    for path, package in lock["packages"].items():
        if path and not package.get("dev") and not package.get("devOptional"):
            name = path.split("node_modules/")[-1]
            yield Package("npm", name, package["version"], package.get("license"), ROOT / "web" / path)


def fenced(text):
    """As a block of Markdown, whatever is in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def document(packages):
    table = ["| package | version | licence | from |", "|---|---|---|---|"]
    table += [f"| {p.name} | {p.version} | {p.licence} | {p.kind} |" for p in packages]
    holders = {tidy((ROOT / "LICENSE-APACHE").read_text(encoding="utf-8")): []}
    apache = next(iter(holders))
    for package in packages:
        texts = package.texts()
        if "Apache-2.0" in package.chosen() and apache not in texts:
            texts.append(apache)
        for text in texts:
            holders.setdefault(text, []).append(package.title())
    without = [p.title() for p in packages if not p.texts() and "Apache-2.0" not in p.chosen()]
    parts = [HEAD, "\n".join(table) + "\n"]
    if without:
        parts.append("No text of a licence came with: " + ", ".join(without) + ".\n")
    parts.append("## The licences\n")
    parts += [f"### {', '.join(dict.fromkeys(names))}\n\n{fenced(text)}\n" for text, names in holders.items()]
    return "\n".join(parts)


def main():
    packages = sorted([*crates(), *npm()], key=lambda p: (p.kind, p.name.lower(), p.version))
    refused = [f"{p.title()} ({p.licence or 'no licence'})" for p in packages if not p.chosen()]
    if refused:
        sys.exit("third-party: not among the permissive licences: " + ", ".join(refused))
    text = document(packages)
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("third-party: THIRD-PARTY.md is not up to date, run scripts/third-party.py")


if __name__ == "__main__":
    main()
