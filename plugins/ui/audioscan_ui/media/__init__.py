"""What is heard and seen of a recording: audio by ranges of bytes, and tiles of its spectrogram."""
