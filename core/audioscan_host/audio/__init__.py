"""Media file -> mono float32 chunks at a wanted rate, as a stream."""

from audioscan_host.audio.decoding import AudioInfo, decode, decode_channels, probe
from audioscan_host.audio.read_ahead import read_ahead

__all__ = ["AudioInfo", "decode", "decode_channels", "probe", "read_ahead"]
