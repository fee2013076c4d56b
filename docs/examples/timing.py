"""A plugin without models: says how long each batch takes in the encoder, whichever model it is.

A GPU goes on computing after `embed` has returned: there, the time is that of giving it the work.
"""

import logging
import time

from audioscan_host import hookimpl

CONTRACT_VERSION = 1

WRAPPER_REVISION = None
"""No embedding changes: what is in the cache stays valid whether this plugin is installed or not."""

# What is logged below this name appears on stderr, unless --quiet is given.
logger = logging.getLogger("audioscan_host.timing")


@hookimpl(wrapper=True)
def embed(layers):
    begun = time.perf_counter()
    states = yield
    seconds = time.perf_counter() - begun
    windows = len(states[min(layers)])
    logger.info("embed: %d windows in %.3f s", windows, seconds)
    return states
