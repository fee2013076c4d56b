"""Whether a change leaves the demo's results as they are: SHA-256 of its detector and of what a scan finds with it.

python tools/demo_digest.py                      digests of the installed host
python tools/demo_digest.py OTHER/SOURCE/FOLDER  and those of another source folder, with the exit code 1 where they differ
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

RESULTS = ("*.detector", "regions.csv")
SOURCES = Path(__file__).resolve().parents[1]


def digests(sources: Path) -> dict[str, str]:
    """File name -> digest of what the demo of a source folder makes, in an empty folder."""
    paths = [sources / "core", sources / "plugins" / "mel"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "AUDIOSCAN_PLUGINS": "mel",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    program = "from audioscan_host.cli.main import main; main(['-q', 'demo', '--out', 'demo'])"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, check=True
        )
        files = sorted(file for pattern in RESULTS for file in Path(folder, "demo").glob(pattern))
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def main() -> int:
    here = digests(SOURCES)
    there = digests(Path(sys.argv[1]).resolve()) if sys.argv[1:] else here
    for name in sorted(here | there):
        same = "" if here.get(name) == there.get(name) else f"  differs: {there.get(name)}"
        print(f"{here.get(name)}  {name}{same}")
    return int(here != there)


if __name__ == "__main__":
    sys.exit(main())
