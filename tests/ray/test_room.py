"""How many workers there is room for, by the cores and GPUs of the nodes."""

import pytest

from audioscan_host import ExecutorError, Resources
from audioscan_ray.room import Room, room


def node(cores, gpus=0):
    return {"CPU": cores, "GPU": gpus} if gpus else {"CPU": cores}


@pytest.mark.parametrize(
    ("nodes", "asked", "expected"),
    [
        ([node(8)], {}, Room(4, 2, 0)),
        ([node(1), node(1)], {}, Room(2, 1, 0)),
        ([node(4), node(3), node(0)], {}, Room(3, 2, 0)),
        ([node(4)], {"workers": 3}, Room(3, 1, 0)),
        ([node(16, 2), node(16, 2)], {}, Room(4, 4, 1)),
        ([node(6, 2), node(64)], {}, Room(2, 3, 1)),
        ([node(8, 1)], {"gpus_per_worker": 0.5}, Room(2, 4, 0.5)),
        ([node(8, 1)], {"gpus_per_worker": 0}, Room(4, 2, 0)),
        ([node(8, 4)], {"workers": 2}, Room(2, 2, 1)),
    ],
)
def test_a_worker_has_a_gpu_where_there_are_gpus_and_two_cores_where_there_are_none(nodes, asked, expected):
    assert room(nodes, Resources(**asked), device="auto", crowded=False) == expected


def test_encoders_on_the_cpu_need_no_gpu():
    assert room([node(8, 2)], Resources(), device="cpu", crowded=False) == Room(4, 2, 0)


def test_more_workers_than_cores_share_them_on_this_machine_and_wait_for_nodes_on_a_cluster():
    asked = Resources(workers=4)
    assert room([node(2)], asked, device="auto", crowded=True) == Room(4, 0.5, 0)
    assert room([node(2)], asked, device="auto", crowded=False) == Room(4, 1, 0)


def test_a_cluster_without_what_a_worker_needs_is_refused():
    with pytest.raises(ExecutorError, match="no node of the cluster has a core"):
        room([node(0)], Resources(), device="auto", crowded=False)
    with pytest.raises(ExecutorError, match=r"has 1 GPU, .* --gpus-per-worker 0"):
        room([node(4)], Resources(gpus_per_worker=1), device="auto", crowded=False)
