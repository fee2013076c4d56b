"""Where the weights of a checkpoint lie: what the module of a plugin names them with."""

from audioscan_host.models.packaged_weights import PackagedFile, PackagedFiles
from audioscan_host.models.weights import HubSnapshot, LocalWeights, TorchHubFile, Weights

__all__ = ["HubSnapshot", "LocalWeights", "PackagedFile", "PackagedFiles", "TorchHubFile", "Weights"]
