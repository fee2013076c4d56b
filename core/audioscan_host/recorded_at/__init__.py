"""When a recording began, as its header and its name tell; loads no FFmpeg."""
