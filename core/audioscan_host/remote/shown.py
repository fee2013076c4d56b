"""What of a URL is shown and stored: not the credentials that some have in them."""

import re
from urllib.parse import urlsplit, urlunsplit

_CREDENTIAL = re.compile(
    r"^(x-amz-|x-goog-)|^(sig|se|sp|st|ske|skt|skoid|sktid|policy|expires|key)$"
    r"|signature|token|secret|passw|pwd|credential|auth|api-?_?key|access-?_?key|accessid|key-pair-id",
    re.IGNORECASE,
)
"""Names of parameters that sign an address, or that let in: of Amazon S3, Google, Azure, CloudFront and home-made ones."""

_NO_CREDENTIALS = frozenset({"abfs", "abfss", "wasb", "wasbs", "az", "adl", "memory", "file"})
"""Kinds of URLs that have a container, or a file, before an @."""

_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]+://[^\s'\"<>]+", re.IGNORECASE)


def shown(url: str) -> str:
    """The URL without name and password before its host, and without the parameters that sign it or let in.

    What is left tells one recording from another, and may be printed, kept in a cache and sent around.
    """
    split = urlsplit(url)
    host = split.netloc
    if split.scheme.lower() not in _NO_CREDENTIALS:
        host = host.rpartition("@")[2]
    query = "&".join(
        each for each in split.query.split("&") if not _CREDENTIAL.search(each.partition("=")[0])
    )
    if (host, query) == (split.netloc, split.query):
        return url
    return urlunsplit(split._replace(netloc=host, query=query))


def without_credentials(text: str) -> str:
    """A text with every URL in it as it may be shown."""
    return _IN_TEXT.sub(lambda found: shown(found[0]), text)
