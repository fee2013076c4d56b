"""Whether a model keeps the contract of `audioscan_host.plugins.hookspecs`: for whoever writes a plugin.

One line in a file of pytest gives a test for each promise of the contract:

    from audioscan_host.testing import conformance

    test_conformance = conformance("MY_MODEL")

`audioscan-host check MY_MODEL` prints the same as a table, and `check_model` returns it.
"""

from audioscan_host.testing.finding import ConformanceError, Finding, NotCheckedError
from audioscan_host.testing.pytest_tests import conformance
from audioscan_host.testing.subject import Subject
from audioscan_host.testing.suite import CHECKS, Check, Examination, check_model

__all__ = [
    "CHECKS",
    "Check",
    "ConformanceError",
    "Examination",
    "Finding",
    "NotCheckedError",
    "Subject",
    "check_model",
    "conformance",
]
