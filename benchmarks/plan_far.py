"""How long `plan` looks at recordings behind a server that takes its time, and how many requests that takes.

The server is of this machine, and answers after `--milliseconds`. So many names lead to one minute of WAV at 16 kHz. One after the
other stands for looking as it would be without `ahead.py`.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from pathlib import Path

import machine
from aiohttp import web

from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.plugins.registry import load_registry
from audioscan_host.progress import Silent
from audioscan_host.remote_path import path_of
from audioscan_host.sizing.survey import survey
from audioscan_host.windows import Windowing


class SlowServer:
    """Serves a file under all names, by ranges, and counts what it is asked.

    Args:
        content: of each file.
        seconds: before each answer.
    """

    def __init__(self, content: bytes, seconds: float) -> None:
        self._content, self._seconds = content, seconds
        self.requests, self.port = 0, 0
        self._is_up = threading.Event()
        threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True).start()
        self._is_up.wait()

    async def _serve(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{name:.*}", self._answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._is_up.set()
        await asyncio.Event().wait()

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests += 1
        await asyncio.sleep(self._seconds)
        size, headers = len(self._content), {"Accept-Ranges": "bytes", "ETag": f'"{request.path}"'}
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(size)})
        asked = request.http_range
        begin, end = asked.start or 0, min(asked.stop or size, size)
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
        return web.Response(status=206, body=self._content[begin:end], headers=headers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--milliseconds", type=float, default=20.0)
    arguments = parser.parse_args()
    registry, rows = load_registry(), []
    with tempfile.TemporaryDirectory() as folder:
        noise = machine.write_noise(Path(folder, "a.wav"), 1.0).read_bytes()
        server = SlowServer(noise, arguments.milliseconds / 1000)
        paths = [
            path_of(f"http://127.0.0.1:{server.port}/{number}.wav") for number in range(arguments.recordings)
        ]
        for title, is_far in (("several at once", True), ("one after the other", False)):
            embedder = Embedder(registry, [registry.model("MEL")], Windowing(), Cache(Path(folder, title)))
            begun, before = time.perf_counter(), server.requests
            survey(paths, embedder.tasks, Silent(), most=arguments.sample, seed=0, is_far=is_far)
            seconds, requests = time.perf_counter() - begun, server.requests - before
            rows.append((title, f"{seconds:.1f} s, {requests} requests"))
    title = f"{arguments.sample} of {arguments.recordings} recordings looked at, {arguments.milliseconds:g} ms a request"
    machine.report(title, rows)


if __name__ == "__main__":
    main()
