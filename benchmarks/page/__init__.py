"""Result files as values, and the tables and plots of docs/PYPY_PERFORMANCE.md made from them."""
