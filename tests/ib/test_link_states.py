"""Every move of the table of a session, and what must hold whatever happens in which order."""

from __future__ import annotations

from itertools import product

import pytest

from engine.ib.states import TABLE, Action, Signal, State, move

UP = {State.RECONCILING, State.READY, State.SILENT, State.DEGRADED}
# State: {signal: state}, written from the rules; what is not here stays.
MOVES = {
    State.DOWN: {"start": "connecting"},
    State.CONNECTING: {
        "greeted": "syncing", "failed": "down", "socket lost": "down", "link lost": "down",
        "dead": "down", "stop": "down",
    },
    State.SYNCING: {
        "synced": "reconciling", "failed": "down", "socket lost": "down", "link lost": "down",
        "dead": "down", "stop": "down",
    },
    State.RECONCILING: {
        "reconciled": "ready", "failed": "down", "socket lost": "down", "link lost": "degraded",
        "dead": "down", "stop": "down", "unanswered": "silent",
    },
    State.READY: {
        "socket lost": "down", "link lost": "degraded", "dead": "down", "stop": "down",
        "unanswered": "silent", "restored": "reconciling", "restored, data lost": "reconciling",
    },
    State.SILENT: {
        "socket lost": "down", "link lost": "degraded", "dead": "down", "stop": "down",
        "answered": "reconciling", "restored": "reconciling", "restored, data lost": "reconciling",
    },
    State.DEGRADED: {
        "socket lost": "down", "dead": "down", "stop": "down", "restored": "reconciling",
        "restored, data lost": "reconciling",
    },
}  # fmt: skip


@pytest.mark.parametrize(("state", "signal"), list(product(State, Signal)))
def test_each_move_is_the_one_that_is_written_down(state: State, signal: Signal) -> None:
    expected = MOVES[state].get(signal.value, state.value)
    assert move(state, signal).state.value == expected


def test_only_a_reconciliation_leads_to_ready() -> None:
    leads = {key for key in TABLE if TABLE[key].state is State.READY and key[0] is not State.READY}
    assert leads == {(State.RECONCILING, Signal.RECONCILED)}


@pytest.mark.parametrize(("state", "signal"), list(product(State, Signal)))
def test_what_is_done_fits_the_move(state: State, signal: Signal) -> None:
    after, actions = move(state, signal)
    # Whoever comes to be reconciled is, and who goes down hangs up and tries again unless stopped.
    if after is State.RECONCILING and state is not State.RECONCILING:
        assert Action.RECONCILE in actions
    if after is State.DOWN and state is not State.DOWN:
        assert Action.HANG_UP in actions
        assert Action.STALE in actions
        assert (Action.RETRY in actions) == (signal is not Signal.STOP)
        assert signal is Signal.STOP or actions.index(Action.HANG_UP) < actions.index(Action.RETRY)
    if after is State.DEGRADED:
        assert state is State.DEGRADED or Action.STALE in actions
    # Farms and other sessions are about quotes alone.
    if signal in (Signal.FARM_BROKEN, Signal.FARM_OK, Signal.COMPETING):
        assert after is state
        assert not {Action.RECONCILE, Action.HANG_UP, Action.CONNECT} & set(actions)
        wanted = Action.SUBSCRIBE if signal is Signal.FARM_OK else Action.STALE
        assert (wanted in actions) == (state in UP)
    if signal in (Signal.RESTORED, Signal.RESTORED_DATA_LOST) and state in UP:
        assert {Action.RECONCILE, Action.SUBSCRIBE} <= set(actions)


def test_from_every_state_there_is_a_way_to_ready() -> None:
    reached = {State.READY}
    while True:
        more = {state for (state, _), to in TABLE.items() if to.state in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(State)
