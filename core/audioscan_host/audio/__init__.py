"""Media file -> mono float32 chunks at a wanted rate, as a stream."""

from audioscan_host.audio.decoders import Decoders
from audioscan_host.audio.decoding import decode, decode_channels
from audioscan_host.audio.opening import AudioInfo, probe
from audioscan_host.audio.random_access import RecordingReader
from audioscan_host.audio.read_ahead import ReadAhead, read_ahead

__all__ = [
    "AudioInfo",
    "Decoders",
    "ReadAhead",
    "RecordingReader",
    "decode",
    "decode_channels",
    "probe",
    "read_ahead",
]
