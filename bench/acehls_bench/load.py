"""The load generator: a program of its own, in bench/load, built when it is first needed."""

import json
import os
import pathlib
import resource
import subprocess

from .machine import say

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "load"


def build(target):
    """The generator's program, built into the folder `target`."""
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", FOLDER / "Cargo.toml"]
    subprocess.run([*command, "--target-dir", target], check=True)
    return target / "release/acehls-load"


def allow_many_files():
    """As many sockets as this machine lets a process have; children inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def run(program, *arguments):
    """What the generator says, as an object."""
    say(f"load: {' '.join(str(argument) for argument in arguments)}")
    done = subprocess.run(
        [program, *(str(argument) for argument in arguments)], stdout=subprocess.PIPE, text=True, check=True,
        env=dict(os.environ),
    )
    return json.loads(done.stdout)
