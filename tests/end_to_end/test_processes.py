"""Several processes on the same folder at once: correct results, no damage, nothing left over."""

import subprocess
import sys

import numpy as np

from audioscan_host.cache import file as cache_file
from audioscan_host.cache.local_folder import LocalFolder

PROCESSES = 8


def command(cache, folder):
    code = "from audioscan_host.cli.main import main; main()"
    return [sys.executable, "-c", code, "embed", str(folder), "--model", "MEL", "--cache-dir", str(cache)]


def test_eight_processes_embed_one_folder(make_wav, tmp_path):
    folder = make_wav("folder/0.wav", seconds=60, seed=0).parent
    for i in range(1, 6):
        make_wav(f"folder/{i}.wav", seconds=60 + 7 * i, seed=i)
    alone = tmp_path / "alone"
    subprocess.run(command(alone, folder), check=True, capture_output=True, timeout=120)

    together = tmp_path / "together"
    running = [
        subprocess.Popen(
            command(together, folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(PROCESSES)
    ]
    said = [process.communicate(timeout=200)[0] for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES, said

    names = sorted(path.name for path in (alone / "w2v").iterdir())
    assert len(names) == 6
    assert sorted(path.name for path in (together / "w2v").iterdir()) == names
    for name in names:
        one, other = (
            cache_file.read(LocalFolder(alone), f"w2v/{name}"),
            cache_file.read(LocalFolder(together), f"w2v/{name}"),
        )
        np.testing.assert_array_equal(one.vectors, other.vectors)
        np.testing.assert_array_equal(one.times, other.times)
    assert list((together / "unfinished").iterdir()) == []
