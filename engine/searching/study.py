"""Trials proposed by Optuna: the tree-structured Parzen estimator, or NSGA-II for several metrics.

The front alone owns the study; workers see trials as numbers. It asks for a batch of trials, has
them run, and tells their scores, so that the same seed gives the same trials for any number of
workers. A journal file keeps the study, and a search that was interrupted goes on from it.
"""

from __future__ import annotations

import json
import warnings
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

from engine.errors import BadDataError, NoInputError, UsageError, load_extra
from engine.searching.proposals import Columns
from engine.searching.space import Axis, Space

BATCH = 32
MOST_TRIALS = 100_000
_NAME = "parity"
_SPACE = "parity_space"


class Study:
    """A study of Optuna as a source of trials.

    Parameters
    ----------
    method
        "tpe", for one metric, or "nsga2".
    journal
        The file that keeps the study, "" for none. With `is_resumed` the trials in it count: they
        are run again first, and Optuna learns nothing new of them.

    Raises
    ------
    UnavailableError
        If Optuna is not installed.
    UsageError
        If the numbers of trials or metrics do not fit, or the journal is of another search.
    NoInputError, BadDataError
        If there is no journal to go on with, or it is none.
    """

    is_adaptive = True

    def __init__(
        self,
        space: Space,
        method: str,
        n_trials: int,
        n_metrics: int,
        seed: int,
        *,
        journal: str = "",
        is_resumed: bool = False,
    ) -> None:
        if not 1 <= n_trials <= MOST_TRIALS:
            raise UsageError(f"--trials must be from 1 to {MOST_TRIALS:,} here, not {n_trials}")
        if method == "tpe" and n_metrics > 1:
            raise UsageError("several metrics are for --search nsga2: tpe judges by one")
        if is_resumed and not journal:
            raise UsageError("--resume goes on with a study: name its file by --study")
        self._optuna = load_extra("optuna", "search", f"--search {method} needs Optuna")
        self.n_trials = n_trials
        self._space = space
        self._distributions = {axis.name: self._distribution(axis) for axis in space.axes}
        with _quietly(self._optuna):
            self._study = self._opened(method, n_metrics, seed, journal, is_resumed)
        self._before = self._known() if is_resumed else deque()
        self._asked: deque[Any] = deque()
        self._n_asked = 0

    def ask(self, most: int) -> Columns | None:
        """Return the next batch, whatever `most` is: what is learned must not depend on it."""
        count = min(BATCH, self.n_trials - self._n_asked)
        if count < 1:
            return None
        rows: list[tuple[float, ...]] = []
        while self._before and len(rows) < count:
            rows.append(self._before.popleft())
            self._asked.append(None)
        with _quietly(self._optuna):
            while len(rows) < count:
                trial = self._study.ask(self._distributions)
                self._asked.append(trial)
                rows.append(tuple(float(trial.params[axis.name]) for axis in self._space.axes))
        self._n_asked += count
        return [array("d", column) for column in zip(*rows, strict=True)]

    def tell(self, columns: Columns, scores: Sequence[Sequence[float]]) -> None:
        """Tell the scores; one without a number has failed."""
        failed = self._optuna.trial.TrialState.FAIL
        with _quietly(self._optuna):
            for score in scores:
                trial = self._asked.popleft()
                if trial is None:
                    continue
                if all(map(isfinite, score)):
                    self._study.tell(trial, list(score))
                else:
                    self._study.tell(trial, state=failed)

    def _opened(
        self, method: str, n_metrics: int, seed: int, journal: str, is_resumed: bool
    ) -> Any:
        optuna = self._optuna
        # A batch must not be one point: trials that run count as bad until they are told.
        sampler = (
            optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            if method == "tpe"
            else optuna.samplers.NSGAIISampler(seed=seed)
        )
        storage = self._storage(journal, is_resumed) if journal else None
        try:
            study = optuna.create_study(
                directions=["maximize"] * n_metrics,
                sampler=sampler,
                storage=storage,
                study_name=_NAME,
                load_if_exists=is_resumed,
            )
        except optuna.exceptions.DuplicatedStudyError:
            raise UsageError(f"{journal} has a study already: --resume goes on with it") from None
        text = json.dumps([[axis.name, repr(axis.parameter)] for axis in self._space.axes])
        known = study.user_attrs.get(_SPACE, text)
        if known != text or len(study.directions) != n_metrics:
            raise UsageError(f"{journal} is the study of another search: its parameters differ")
        study.set_user_attr(_SPACE, text)
        return study

    def _storage(self, journal: str, is_resumed: bool) -> Any:
        path = Path(journal)
        if is_resumed and not path.exists():
            raise NoInputError(f"{journal}: no such file to go on with")
        if path.exists():
            with path.open("rb") as file:
                first = file.readline(1_000_000)
            if first and not first.lstrip().startswith(b"{"):
                raise BadDataError(f"{journal} is no journal of a study")
        storages = self._optuna.storages
        backend = storages.journal.JournalFileBackend(str(path))
        try:
            return storages.JournalStorage(backend)
        except (ValueError, KeyError, AssertionError) as error:
            raise BadDataError(f"{journal} is no journal of a study: {error}") from None

    def _known(self) -> deque[tuple[float, ...]]:
        """Return the trials that the journal has whole, and end those that were running."""
        states = self._optuna.trial.TrialState
        rows: deque[tuple[float, ...]] = deque()
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state == states.RUNNING:
                self._study.tell(trial.number, state=states.FAIL)
            else:
                rows.append(tuple(float(trial.params[axis.name]) for axis in self._space.axes))
        return rows

    def _distribution(self, axis: Axis) -> Any:
        distributions, one = self._optuna.distributions, axis.parameter
        if one.options:
            return distributions.CategoricalDistribution(list(range(len(one.options))))
        high = axis.level(axis.n_levels - 1) if axis.n_levels else one.high
        step = one.step or (1.0 if one.is_whole else 0.0)
        is_log = one.is_log and step in (0.0, 1.0)
        if one.is_whole:
            return distributions.IntDistribution(
                int(one.low), int(high), log=is_log, step=1 if is_log else int(step)
            )
        return distributions.FloatDistribution(
            one.low, high, log=is_log and not step, step=step or None
        )


@contextmanager
def _quietly(optuna: Any) -> Iterator[None]:
    """Keep Optuna from telling of every trial, and of what it calls experimental."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)
