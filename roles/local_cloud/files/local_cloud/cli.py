# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from . import environment
from .cloud import Cloud, Report
from .errors import LocalCloudError

SETTING = re.compile(r"(?P<name>\w+\.\w+)=(?P<value>.*)")
STOPPED = 3


def setting(text: str) -> tuple[str, str]:
    """ "section.key=value" as name and value; an empty value takes the setting back."""
    match = SETTING.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form section.key=value")
    return match["name"], match["value"]


def folder(text: str) -> Path:
    """A path, absolute and with ~ replaced."""
    return Path(text).expanduser().absolute()


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="local_cloud", description="A real Keystone and two Glance regions on loopback, in one folder."
    )
    commands = top.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", type=folder, required=True, metavar="DIR", help="folder of this cloud")
    common.add_argument("--venv", type=folder, metavar="DIR", help="virtual environment, shareable; default DIR/venv")
    common.add_argument("--python", metavar="PYTHON", help="Python 3.11 or later to build the environment with")
    common.add_argument("--json", action="store_true", help="print the result as JSON")

    up = commands.add_parser("up", parents=[common], help="start what does not run; build what is not built")
    up.add_argument(
        "--glance-set",
        type=setting,
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="a Glance option, remembered until it is given again with an empty value; several are possible",
    )
    down = commands.add_parser("down", parents=[common], help="end this cloud's processes")
    down.add_argument("--remove", action="store_true", help="remove its folder, too")
    commands.add_parser("reset", parents=[common], help="back to no images and the first users, in seconds")
    env = commands.add_parser("env", parents=[common], help="print variables for a shell")
    env.add_argument("--cloud", default=environment.DEFAULT_CLOUD, help="entry of clouds.yaml for OS_CLOUD")
    env.add_argument("--token", action="store_true", help="log in, and add OS_IMAGE_URL and OS_AUTH_TOKEN")
    commands.add_parser("status", parents=[common], help=f"say what runs; exit status {STOPPED} unless all does")
    return top


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run a command; the exit status."""
    options = parser().parse_args(arguments)
    cloud = Cloud(options.state, options.venv or options.state / "venv", options.python)
    try:
        if options.command == "env":
            return _env(cloud, options)
        if options.command == "status":
            return _status(cloud, options)
        if options.command == "up":
            report = cloud.up(dict(options.glance_set))
        elif options.command == "down":
            report = cloud.down(options.remove)
        else:
            report = cloud.reset()
    except (LocalCloudError, OSError) as error:
        print(f"local_cloud: {error}", file=sys.stderr)
        return 1
    _tell(report, options)
    return 0


def _tell(report: Report, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps({"changed": report.changed, "actions": report.actions, "seconds": round(report.seconds, 2)}))
        return
    for action in report.actions or ["nothing to do"]:
        print(action)
    print(f"{options.command} took {report.seconds:.1f} s")


def _env(cloud: Cloud, options: argparse.Namespace) -> int:
    found = cloud.variables(options.cloud, options.token)
    print(json.dumps(found, indent=2) if options.json else environment.exports(found), end="\n" if options.json else "")
    return 0


def _status(cloud: Cloud, options: argparse.Namespace) -> int:
    found = cloud.status()
    if options.json:
        print(json.dumps(found))
    else:
        for service, state in found.items() or {"cloud": "none"}.items():
            print(f"{service}: {state}")
    return 0 if found and set(found.values()) == {"running"} else STOPPED
