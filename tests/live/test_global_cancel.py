"""A global cancel from a process that shares nothing with the engine, against the gateway."""

from __future__ import annotations

import socket

import pytest
from served_gateway import Wire, contract_fields, near_option, serving

from engine.errors import InputOutputError
from engine.gateway.gateway import Gateway
from engine.live.global_cancel import cancel_everything


def n_live(gateway: Gateway) -> int:
    return sum(not order.is_final for order in gateway.desk.every)


def test_orders_of_every_client_are_cancelled_though_the_first_id_is_in_use() -> None:
    with serving(pacing=0) as served:
        gateway = served.gateway

        def fill() -> tuple[Wire, Wire]:
            wires = Wire(gateway, 1), Wire(gateway, 7)
            contract = contract_fields(gateway, near_option(gateway, "ZETF"))
            for number in range(1, 41):
                for wire in wires:
                    wire.place(number, contract, limit=0.01)
            return wires

        wires = served.call(fill)
        assert served.call(lambda: n_live(gateway)) == 80
        done = cancel_everything("127.0.0.1", served.port, 7)
        assert (done.n_left, done.seconds < 2.0) == (0, True)
        assert served.call(lambda: n_live(gateway)) == 0
        assert wires


def test_nobody_there_is_one_line() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InputOutputError, match=f"127.0.0.1:{port}: Connection refused"):
        cancel_everything("127.0.0.1", port, 9, seconds=1.0)


def test_somebody_else_is_there() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(InputOutputError, match="timed out"):
            cancel_everything("127.0.0.1", other.getsockname()[1], 9, seconds=0.2)
