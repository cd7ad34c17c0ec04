"""Backtests of option packages over recorded chains. No input or output, no clock."""
