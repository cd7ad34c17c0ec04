"""A gateway of our own, in a process of its own: what `parity live` trades with when told nothing.

``python -m engine.live.own_gateway SEED SYMBOL`` serves the moving demo market on a free port of
loopback, prints the port, and ends when its standard input closes: so it never outlives whoever
started it, however that one ended.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from select import select

from engine.errors import UnavailableError

SYMBOL = "ZETF"
ACCOUNT = "DU1234567"
# Livelier than the demo's own: something is there to be traded every few seconds, and lives long
# enough to be seen by a person.
PLANT_EVERY, PLANT_LIFE = 3.0, (1.0, 20.0)
_START_SECONDS = 60.0


class OwnGateway:
    """The child process, with a core of its own where there are two.

    It starts at once; `port` waits until it listens.
    """

    def __init__(self, symbols: tuple[str, ...] = (SYMBOL,), seed: int = 0) -> None:
        command = [sys.executable, "-m", "engine.live.own_gateway", str(seed), ",".join(symbols)]
        # A session of its own: Ctrl-C in the terminal is for the engine, which needs the gateway
        # to cancel what it has in the market.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )

    def port(self) -> int:
        """Return where it listens.

        Raises
        ------
        UnavailableError
            If it does not say so in a minute.
        """
        out = self._process.stdout
        assert out is not None
        ready, _, _ = select([out], [], [], _START_SECONDS)
        line = out.readline() if ready else b""
        if not line.strip().isdigit():
            raise UnavailableError("the simulated gateway did not start; try `parity gateway`")
        return int(line)

    def close(self) -> None:
        """End it and wait for it."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


async def _serve(seed: int, symbols: list[str]) -> None:
    from engine.feeds.demo_market import DemoMarket, Rates
    from engine.gateway.gateway import Gateway
    from engine.gateway.server import Server

    rates = Rates(plant_every=PLANT_EVERY, plant_life=PLANT_LIFE)
    gateway = Gateway(DemoMarket(seed, symbols, compact=True, rates=rates), accounts=(ACCOUNT,))
    server = Server(gateway)
    print(await server.start("127.0.0.1", 0), flush=True)
    loop = asyncio.get_running_loop()
    is_over = loop.create_future()

    def look() -> None:
        if not os.read(sys.stdin.fileno(), 4096) and not is_over.done():
            is_over.set_result(None)

    loop.add_reader(sys.stdin.fileno(), look)
    running = asyncio.ensure_future(server.wait(lambda: None, 1.0))
    try:
        await asyncio.wait({running, is_over}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        await server.stop()


def main(words: list[str]) -> int:
    """Serve until standard input ends."""
    from engine.runtime.comparisons import correct

    correct()
    seed, symbols = int(words[0]), words[1].split(",")
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(seed, symbols))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
