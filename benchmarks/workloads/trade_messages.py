"""Trade messages as an exchange sends them: what ours and the peers read. Knows nothing of either.

The form is that of the public trade streams of Binance.
"""

from __future__ import annotations

from collections.abc import Iterable

START = 1_700_000_000_000


def messages(prices: Iterable[float]) -> list[bytes]:
    """Return a message for each price."""
    return [
        b'{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"%.2f","q":"0.01500","T":%d,"m":true}'
        % (START + k, k, price, START + k)
        for k, price in enumerate(prices)
    ]
