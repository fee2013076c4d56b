"""Tags between the frames of MP3 and its like, as joined files have them: no audio, and no damage."""

from av import AudioStream, Packet

_ID3 = b"ID3"
_ID3_HEADER = 10
_OTHERS = (b"APETAGEX", b"TAG")


class Tags:
    """Knows the packets of one file that belong to its tags: a parser takes a picture in a tag for many packets."""

    def __init__(self) -> None:
        self._end = 0  # of the tag, in bytes from the beginning of the file

    def hold(self, packet: "Packet[AudioStream]") -> bool:
        """Whether a packet, in the order of the file, is of a tag."""
        begin = packet.pos or 0
        if begin < self._end:
            return True
        content = bytes(packet)
        at = content.find(_ID3)
        if at >= 0 and (size := _size(content[at : at + _ID3_HEADER])) is not None:
            self._end = begin + at + size
            # A frame whose bytes happen to read as a tag begins as frames do.
            return not _is_frame(content)
        return content.startswith(_OTHERS)


def _size(header: bytes) -> int | None:
    """Bytes of an ID3v2 tag, header included; None where it is none."""
    if len(header) < _ID3_HEADER or header[3] > 4 or any(byte & 0x80 for byte in header[6:]):
        return None
    return _ID3_HEADER + sum(byte << 7 * place for place, byte in enumerate(reversed(header[6:])))


def _is_frame(content: bytes) -> bool:
    return len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0
