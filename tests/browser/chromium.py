# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a headless Chromium without a driver: pages in, the DOM or a PDF out.

What a person would do on a page is done by a script that is put into a copy of it and leaves its findings in the DOM.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Nothing is fetched, reported or kept, and a machine without a display or user namespaces will do.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
SECONDS = 180


def executable() -> str | None:
    """The Chromium that is on PATH."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass(frozen=True)
class Browser:
    """One Chromium; ``folder`` is for its profiles and our copies of pages."""

    program: str
    folder: Path

    def run(self, page: Path, *flags: str, view: str = "", dark: bool = False) -> str:
        """Load a page with ``view`` behind its #, and return what Chromium prints."""
        profile = self.folder / "profile"
        shutil.rmtree(profile, ignore_errors=True)
        done = subprocess.run(
            [
                self.program,
                *FLAGS,
                f"--user-data-dir={profile}",
                "--window-size=1440,900",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                *flags,
                page.as_uri() + (f"#{view}" if view else ""),
            ],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def dom(self, page: Path, view: str = "") -> str:
        """The page as it stands when its scripts have run."""
        return self.run(page, "--dump-dom", view=view)

    def findings(self, page: Path, script: str, dark: bool = False) -> Any:
        """What ``script``, the body of an async function that is run in the page, returns."""
        copy = self._probed(page, script, "show(found);")
        return _read(self.run(copy, "--virtual-time-budget=20000", "--dump-dom", dark=dark))

    def findings_at(self, page: Path, script: str, widths: Sequence[int]) -> dict[int, Any]:
        """The same at several widths at once, in frames: no window of Chromium is as narrow as a phone."""
        copy = self._probed(page, script, "parent.postMessage([innerWidth, found], '*');")
        frames = "".join(
            f'<iframe src="{copy.name}" style="width:{width}px;height:800px;border:0"></iframe>' for width in widths
        )
        around = self.folder / "frames.html"
        around.write_text(
            f"""<!DOCTYPE html><body><script>{_SHOW}
            const all = {{}};
            addEventListener('message', (event) => {{
              all[event.data[0]] = event.data[1];
              if (Object.keys(all).length === {len(widths)}) show(all);
            }});
            </script>{frames}</body>""",
            encoding="utf-8",
        )
        found = _read(self.run(around, "--virtual-time-budget=20000", "--dump-dom"))
        return {int(width): one for width, one in found.items()}

    def _probed(self, page: Path, script: str, then: str) -> Path:
        """A copy of the page with the script in it."""
        text = page.read_text(encoding="utf-8")
        # The page lets no script run but its own, which another test shows.
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        probe = f"""<script>{_SHOW}
          const wait = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
          addEventListener('load', async () => {{
            let found;
            try {{
              found = await (async () => {{ {script} }})();
            }} catch (error) {{
              found = {{ error: String(error) }};
            }}
            {then}
          }});
        </script>"""
        copy = self.folder / "copy.html"
        copy.write_text(text.replace("</body>", f"{probe}</body>"), encoding="utf-8")
        return copy


_SHOW = """
  const show = (found) => {
    const note = document.createElement('pre');
    note.id = 'findings';
    note.textContent = JSON.stringify(found);
    document.body.replaceChildren(note);
  };
"""


def _read(dom: str) -> Any:
    found = re.search(r'<pre id="findings">(.*?)</pre>', dom, re.DOTALL)
    assert found, dom[-2000:]
    result = json.loads(html.unescape(found[1]))
    assert "error" not in (result if isinstance(result, dict) else {}), result
    return result
