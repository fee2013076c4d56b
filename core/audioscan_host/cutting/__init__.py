"""Found places of recordings cut out as audio files: which, called what, from where to where, and in what."""
