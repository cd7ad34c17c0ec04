"""Backtests of strategies written as objects. No input or output, no clock."""
