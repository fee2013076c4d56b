"""A node that lacks something, or has it otherwise, is named before anything is computed."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def refused(cluster, host, noise, tmp_path):
    """The line that a run ends in where one more node has this environment."""

    def refused(**environment):
        node = cluster.add(**environment)
        try:
            embed = ["embed", noise("a.wav", 12), "--model", "DROWSY", "--cache-dir", "cache"]
            done = host(*embed, "--on", "auto", "--workers", 3, expect=1)
        finally:
            node.kill()
        assert not list((tmp_path / "cache").glob("w2v/*.npz"))
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error")]
        return line

    return refused


def test_a_node_without_the_plugin_is_refused_by_name(cluster, refused):
    line = refused(AUDIOSCAN_PLUGINS="mel")
    assert line.startswith("Error: node ")
    assert line.endswith(" lacks the plugin drowsy, which has DROWSY: install drowsy==1.0 there")
    if cluster.network.is_real:
        assert f"({cluster.network.address.rpartition('.')[0]}.{len(cluster.network.namespaces) + 1})" in line


def test_a_node_with_another_version_is_refused_by_name(cluster, new_site, refused):
    before = cluster.environment["PYTHONPATH"].partition(":")[2]
    line = refused(PYTHONPATH=f"{new_site(version='1.1')}:{before}")
    assert line.endswith("has the plugin drowsy 1.1, here it is 1.0")
