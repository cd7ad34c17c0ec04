"""What a strategy has no business with, by the dotted name that its source uses.

A row: names (a name also means everything under it), what to say. Bars, the account and `self.rng`
are all that a run can repeat; the rest answers otherwise tomorrow, or knows what came later.
"""

from __future__ import annotations

CLOCK, CHANCE, FILES, NET, INSIDE, HASH = "clock", "chance", "files", "network", "inside", "hash"

SAID = {
    CLOCK: "reads a clock: take the time from the bar",
    CHANCE: "draws by chance that no seed repeats: use self.rng",
    FILES: "reads or writes files: what is in them may know the future",
    NET: "reaches into the network: what answers there may know the future",
    INSIDE: "looks into the program that runs it",
    HASH: "depends on hashes or addresses, which differ from run to run",
}

REFUSED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        CLOCK,
        (
            "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.localtime",
            "time.perf_counter", "time.perf_counter_ns", "time.process_time", "time.gmtime",
            "time.ctime", "time.strftime", "time.sleep", "datetime.datetime.now",
            "datetime.datetime.today", "datetime.datetime.utcnow", "datetime.date.today",
            "pandas.Timestamp.now", "pandas.Timestamp.today", "pandas.Timestamp.utcnow",
        ),
    ),
    (
        CHANCE,
        ("random", "secrets", "uuid", "os.urandom", "numpy.random"),
    ),
    (
        FILES,
        (
            "open", "io.open", "io.FileIO", "os.open", "os.listdir", "os.scandir", "os.walk",
            "os.environ", "os.getenv", "pathlib", "shutil", "tempfile", "glob", "fileinput",
            "sqlite3", "pickle.load", "pickle.dump", "shelve", "dbm", "mmap", "joblib", "csv",
            "pandas.read_csv", "pandas.read_parquet", "pandas.read_pickle", "pandas.read_json",
            "pandas.read_excel", "pandas.read_feather", "pandas.read_hdf", "pandas.read_sql",
            "pandas.read_table", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt",
            "numpy.fromfile", "numpy.memmap", "linecache", "engine.store", "engine.session",
            "engine.feeds",
        ),
    ),
    (
        NET,
        (
            "socket", "ssl", "urllib.request", "http", "requests", "httpx", "aiohttp", "ftplib",
            "smtplib", "websocket", "websockets", "yfinance", "pandas_datareader", "ib_async",
            "ccxt", "subprocess", "os.system", "os.popen", "multiprocessing", "asyncio",
            "threading",
        ),
    ),
    (
        INSIDE,
        (
            "gc", "inspect", "ctypes", "sys._getframe", "sys.modules", "importlib", "__import__",
            "exec", "eval", "compile", "builtins", "engine.backtesting.run",
        ),
    ),
    (HASH, ("hash", "id")),
)  # fmt: skip

# Methods by their name alone, whatever they are called on: what pandas and pathlib offer.
METHODS = {
    "read_text": FILES, "read_bytes": FILES, "write_text": FILES, "write_bytes": FILES,
}  # fmt: skip
