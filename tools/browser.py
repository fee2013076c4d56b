"""The browser that the tests of the review page drive: where it is, or how to get it.

python tools/browser.py    find it; where it is missing, install it from the system's packages if that can be done

Exit code 1 where there is none and the variable AUDIOSCAN_NEED_BROWSER or AUDIOSCAN_NEED_ALL is set: then no test of the page may be
skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
BESIDE_THE_PATH = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
PACKAGES = ("chromium", "fonts-dejavu-core")
ADVICE = (
    "no Chromium was found. Without it the tests of the review page in a browser do not run. Install it "
    f"(Debian, Ubuntu: apt-get install --no-install-recommends {' '.join(PACKAGES)}), or name one by "
    "AUDIOSCAN_BROWSER=/path/to/chromium. Nothing else needs it."
)


def find() -> str | None:
    """The path of a browser of the Chromium family, or None."""
    if named := os.environ.get("AUDIOSCAN_BROWSER"):
        return shutil.which(named)
    on_the_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_the_path or next((path for path in BESIDE_THE_PATH if Path(path).is_file()), None)


def is_needed() -> bool:
    """Whether tests must fail, rather than be skipped, where there is no browser."""
    return any(os.environ.get(name) for name in ("AUDIOSCAN_NEED_BROWSER", "AUDIOSCAN_NEED_ALL"))


def _install() -> None:
    """Install it where packages are Debian's and may be installed; whether that worked, `find` tells."""
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    print(f"Installing {' and '.join(PACKAGES)}, for the tests of the review page.", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *PACKAGES],
    ):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"{' '.join(command)} failed with exit code {done.returncode}.", file=sys.stderr)
            return


def main() -> int:
    """Find or install it."""
    if find() is None and not os.environ.get("AUDIOSCAN_BROWSER"):
        _install()
    if find() is None:
        print(ADVICE, file=sys.stderr)
        return int(is_needed())
    return 0


if __name__ == "__main__":
    sys.exit(main())
