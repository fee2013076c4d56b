"""For which hosts a distribution says that it is: the rules are those of packaging."""

import sys

import pytest
from packaging.specifiers import SpecifierSet

from audioscan_host.plugins.origin import Origin


class Distribution:
    def __init__(self, *requirements, ending="\n"):
        lines = ["Metadata-Version: 2.4", "Name: audioscan-owl", "Version: 1.2"]
        lines += [f"Requires-Dist: {each}" for each in requirements]
        self.text = ending.join([*lines, "", "Requires-Dist: audioscan-host>=99", ""])
        self.metadata = {"Name": "audioscan-owl", "Version": "1.2"}

    def read_text(self, name):
        return self.text if name == "METADATA" else None


def suits(host, *requirements, **more):
    return Origin(Distribution(*requirements, **more)).unsuited_to(host) == ""


SPECIFIERS = [
    ">=0.1,<0.2", "<0.2,>=0.1", ">=0.1.0, <0.2.0", ">=0.1", "<1", ">=0.1,<1,!=0.1.3", "~=0.1.2", "==0.1.*",
    "==0.1", "===0.1.0", ">0.1", ">=0.1a1,<0.2", ">=0.1,<0.2a1", "",
]  # fmt: skip
HOSTS = ["0.1", "0.1.0", "0.1.3", "0.2", "0.2.0", "0.2.0.dev1", "0.1.0rc1", "0.1.9+local", "1.0", "0.10.0"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("specifier", SPECIFIERS)
def test_a_range_is_read_as_packaging_reads_it(specifier, host):
    expected = SpecifierSet(specifier).contains(host, prereleases=True)
    assert suits(host, f"audioscan-host{specifier}") is expected
    assert suits(host, f"Audioscan_Host ({specifier})" if specifier else "audioscan.host") is expected
    assert suits(host, "numpy>=99", f"audioscan-host{specifier}", ending="\r\n") is expected


@pytest.mark.parametrize(
    "requirement",
    [
        "audioscan-host>=99; extra == 'next'",
        "audioscan-host>=99; python_version < '3'",
        "audioscan-hosting>=99",
        "audioscan-host-extras>=99",
        "audioscan-host ?? 99",
    ],
)
def test_what_does_not_concern_the_host_here_hinders_nothing(requirement):
    assert suits("0.1.0", requirement)


def test_the_description_is_not_taken_for_requirements():
    assert suits("0.1.0")


def test_the_sentence_says_what_is_asked_for_and_what_to_do():
    assert Origin(Distribution("audioscan-host>=0.3,<0.4")).unsuited_to("0.1.0") == (
        "audioscan-owl 1.2 is not for audioscan-host 0.1.0, it asks for audioscan-host>=0.3,<0.4: "
        "pip install --upgrade audioscan-host audioscan-owl"
    )


def test_a_usual_range_that_is_met_imports_no_packaging(monkeypatch):
    """It takes as long as all the rest of listing models does beyond its imports."""
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    assert suits("0.1.0", "audioscan-host<0.2,>=0.1")
    with pytest.raises(ImportError):
        suits("0.2.0", "audioscan-host<0.2,>=0.1")


def test_a_plugin_that_is_not_installed_suits_every_host():
    assert Origin().unsuited_to("0.1.0") == ""
