"""What the tests of label files share: writing one, and the line by which one is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audioscan_host.annotations import read_annotations
from audioscan_host.errors import AnnotationError


@pytest.fixture
def write(tmp_path) -> Callable[[str, str | bytes], Path]:
    """Write a file, to the letter: `write("labels.csv", content)`."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def refused() -> Callable[[Path], str]:
    """Read a label file that must be refused; the one line that a user reads."""

    def refused(path: Path) -> str:
        with pytest.raises(AnnotationError) as caught:
            read_annotations(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refused
