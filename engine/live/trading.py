"""Trade through a gateway: our own, or a TWS or IB Gateway that is there already."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.clock import SYSTEM, Clock
from engine.errors import EngineError, NotPermittedError, UnavailableError
from engine.ib.broker import IbBroker
from engine.ib.connection import LinkSettings
from engine.ib.market import MarketSettings
from engine.ib.orders import Contracts
from engine.ib.states import State
from engine.ib.warmup import ORDERS as WARM_ORDERS
from engine.ib.warmup import warm_up
from engine.live import rehearsal
from engine.live.folder import SIM, folder_of
from engine.live.guards import account_to_trade, check_start
from engine.live.lease import lease_id, only_writer
from engine.live.loop import Stop
from engine.live.own_gateway import OwnGateway
from engine.live.presence import ORDERS, QUOTES
from engine.live.start import LiveRequest, Runner, say
from engine.live.tws_source import GRADES, TwsSource, is_up
from engine.market.carry import Carry
from engine.market.contract import STOCK, Contract
from engine.report.live_screen import BUSY, Link

if TYPE_CHECKING:
    from engine.cli.screen import Screen

_IN_USE = "326"
# Enough for a demonstration, which should begin soon.
_SIM_ORDERS = min(WARM_ORDERS, 800)
_SIM_SECONDS, REHEARSAL_SECONDS = 3.0, rehearsal.MOST_SECONDS


async def trade(
    request: LiveRequest, console: Screen, *, seed: int = 0, is_live: bool = False,
    is_acknowledged: bool = False, stop: Stop | None = None, clock: Clock = SYSTEM,
) -> int:  # fmt: skip
    """Trade until stopped; return the exit code. `clock` is the machine's.

    Raises
    ------
    EngineError
        If it cannot begin: nobody there, not permitted, no such symbol, traded by another engine.
    """
    settings = request.settings
    check_start(settings, is_live=is_live, is_acknowledged=is_acknowledged)
    async with AsyncExitStack() as stack:
        if stop is None:
            stop = Stop()
            stop.listen()
            stack.callback(stop.deaf)
        own: OwnGateway | None = None
        if settings.broker == SIM and settings.port == 0:
            own = OwnGateway(request.symbols, seed)
            stack.callback(own.close)
            if not request.is_json:
                say(
                    console,
                    "starting a simulated gateway with a market of its own: nothing is real",
                )
            await _warmed(request, _SIM_ORDERS, _SIM_SECONDS)  # while the gateway starts
        place, is_own = f"{settings.host}:{settings.port}", False
        if own is not None:
            settings = replace(settings, host="127.0.0.1", port=own.port())
            place, is_own = f"127.0.0.1:{settings.port} (our own)", True
        request = replace(request, settings=settings, is_fresh=is_own)
        source = _source(request, seed, clock)
        stack.push_async_callback(source.stop)
        try:
            await source.start()
        except UnavailableError as error:
            raise _refused(place, settings.client_id + QUOTES, str(error)) from None
        if own is None:
            await _warmed(request, WARM_ORDERS, REHEARSAL_SECONDS)
        account = account_to_trade(
            settings, source.accounts(), is_live=is_live, is_acknowledged=is_acknowledged
        )
        folder = folder_of(settings.journal, settings.broker, account)
        # A simulated account is one at each gateway; one of IB's is the same everywhere.
        where = f"-{settings.port}" if settings.broker == SIM else ""
        stack.enter_context(only_writer(f"{folder.name}{where}"))
        contracts = Contracts()

        def failed(error: BaseException) -> None:
            if runner.engine is not None:
                runner.engine.failed(error)

        def alerted(text: str) -> None:
            if runner.engine is not None:
                runner.engine.alerted(text)

        broker = IbBroker(
            account, _link(request, ORDERS), lease_id(account), contracts,
            clock=source.clock, tick_of=source.tick_of, failure=failed, alert=alerted,
        )  # fmt: skip
        runner = Runner(
            request, folder, source, broker, console, place=place, port=settings.port, machine=clock
        )

        def links() -> tuple[Link, ...]:
            state = broker.link.state
            trip = f"{broker.link.round_trip_s * 1e3:.0f} ms"
            detail = trip if state is State.READY else broker.link.last_error
            return (*source.links(), Link("orders", state.value, GRADES.get(state, BUSY), detail))

        async def begin() -> None:
            for symbol in request.symbols:
                listed = source.market.symbols[symbol].listed
                if listed.underlying_id.isdecimal():
                    contracts.add(Contract(STOCK, symbol), int(listed.underlying_id))
            broker.start()
            if not await is_up(broker.link, lambda: False):
                reason = broker.link.last_error or "no answer"
                raise _refused(
                    place, settings.client_id, f"{place}: no connection for orders: {reason}"
                )
            if not await is_up(broker.kill.link, lambda: False):
                if broker.kill.is_taken:
                    raise NotPermittedError(
                        f"account {account} is traded by another engine through {place} already: "
                        "stop that one"
                    )
                reason = broker.kill.link.last_error or "no answer"
                raise UnavailableError(f"{place}: no connection for the kill switch: {reason}")

        runner.what_if, runner.funds = broker.what_if, broker.available_usd
        runner.links, runner.begin, runner.end = links, begin, broker.stop
        runner.forgive = broker.forgive
        return await runner.run(stop)


async def _warmed(request: LiveRequest, n_orders: int, seconds: float) -> None:
    """Walk the way of an order: an interpreter compiles what runs often, not what runs first."""
    if request.settings.is_armed:
        await warm_up(n_orders)
        await rehearsal.rehearse(request, most_seconds=seconds)


def _refused(place: str, client_id: int, words: str) -> EngineError:
    """Return what is said where a connection could not be made."""
    if _IN_USE in words:
        return NotPermittedError(
            f"{place}: client id {client_id} is in use: another engine trades through this "
            "gateway; stop it, or take another --client-id for another account"
        )
    return UnavailableError(words)


def _link(request: LiveRequest, offset: int) -> LinkSettings:
    settings = request.settings
    return LinkSettings(
        settings.host, settings.port, settings.client_id + offset, heartbeat_s=settings.heartbeat,
        is_for_quotes=offset == QUOTES,
    )  # fmt: skip


def _source(request: LiveRequest, seed: int, clock: Clock) -> TwsSource:
    settings = request.settings
    market = MarketSettings(link=_link(request, QUOTES), most_lines=settings.lines)
    if settings.broker != SIM:
        return TwsSource(market, clock=clock)
    from engine.feeds.demo_listing import KINDS
    from engine.feeds.demo_market import DemoMarket, Rates

    # The simulated market says what its money costs: IB's messages have no word for it.
    known = [symbol for symbol in request.symbols if symbol in KINDS]
    still = Rates(spot_every=1e9, flicks=1e-9)
    demo = DemoMarket(seed, known, compact=True, planted=False, rates=still)

    def carry_of(symbol: str, now_ns: int) -> Carry | None:
        demo.run_until(max(now_ns, demo.now_ns))
        return demo.carry(symbol) if symbol in known else None

    styles = {symbol: KINDS[symbol].style for symbol in known}
    return TwsSource(market, carry_of=carry_of, styles=styles, scope=f"sim-{seed}", clock=clock)
