"""Plots and tables of whole processes are made from files alone, and say what is not in them."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from benchmarks.page import cross_tables, crossings, plots, results, svg

SVG = "{http://www.w3.org/2000/svg}"


def record(key, **least):
    names = {name.replace("_", "/"): value for name, value in least.items()}
    timings = {name: results.Timing(name, (value,), "run", 1, 0) for name, value in names.items()}
    return results.Record(key, {}, timings, (1.0,), ("2026-01-01",), "")


def call(setting, p50, **more):
    times = dict.fromkeys(("p99_s", "most_s", "first_s", "to_warm_s"), 2.0)
    row = {"work": "scan", "size": 1, "setting": setting, "calls": 5, "memory": 9_000_000}
    return {**row, **times, "p50_s": p50, **more}


def total(work, size, *seconds):
    return {"work": work, "size": size, "total_s": list(seconds), "memory": 5_000_000}


@pytest.fixture
def folder(tmp_path):
    """Results of a machine on which PyPy starts slower and overtakes at ten chains."""
    files = {
        "cpython-pure": ([total("scan", n, 1.5 * n, float(n)) for n in (1, 100)], []),
        "pypy-pure": (
            [total("scan", n, 10.0) for n in (1, 100)],
            [call("default", 1.0), call("nursery of 1 MB", 3.0),
             {"work": "scan", "size": 1, "setting": "at most 200 MB", "failed": "MemoryError"}],
        ),
    }  # fmt: skip
    host = tmp_path / "some-x86-64"
    host.mkdir()
    for key, (totals, calls) in files.items():
        content = {"about": {}, "totals": totals, "calls": calls}
        (host / f"crossover-{key}.json").write_text(json.dumps(content))
    return host


class TestOvertaken:
    @pytest.mark.parametrize(
        ("slow", "fast", "size"),
        [
            ([(1, 1), (100, 100)], [(1, 10), (100, 10)], 10.0),
            ([(1, 1), (100, 100)], [(1, 0.5), (100, 10)], 0.0),
            ([(1, 1), (100, 100)], [(1, 10), (100, 200)], None),
            ([(1, 1), (100, 100)], [(2, 0.1)], None),
            ([(1, 1), (10, 10), (100, 100)], [(1, 0.5), (10, 20), (100, 50)], 31.6),
        ],
    )
    def test_the_size_from_which_on_one_is_faster(self, slow, fast, size):
        assert crossings.overtaken(slow, fast) == size


class TestTables:
    def test_the_crossover_is_in_the_table(self, folder):
        rows = cross_tables.crossovers(cross_tables.read(folder)).splitlines()[2:]
        (row,) = rows
        assert row.startswith("| scan | PyPy | CPython | 10 | 100 |")

    def test_sizes_show_the_least_of_all_starts_and_gaps(self, folder):
        text = cross_tables.totals(cross_tables.read(folder))
        assert "| 100 s, 5 MB | 10.0 s, 5 MB | – |" in text

    def test_settings_of_the_collector_are_judged_against_the_default(self, folder):
        lines = cross_tables.collector(cross_tables.read(folder)).splitlines()[2:]
        assert lines[1].endswith("| 3.00x | 1.00x | 1.00x |")
        assert "ended: MemoryError" in lines[2]

    def collector(self, folder, *calls):
        """Return what is said below the table of the collector."""
        path = folder / "crossover-pypy-pure.json"
        content = {**json.loads(path.read_text()), "calls": list(calls)}
        path.write_text(json.dumps(content))
        text = cross_tables.collector(cross_tables.read(folder))
        return "- " + " ".join(text.rpartition("\n- ")[2].split())

    def test_a_setting_has_to_gain_more_than_noise(self, folder):
        base = call("default", 1.0, p50_rounds_s=[1.0, 1.3])
        near = call("nursery of 1 MB", 0.8, p99_s=1.0, p50_rounds_s=[0.8])
        said = self.collector(folder, base, near)
        assert said.startswith("- PyPy: leave the defaults.")
        assert "more than 1.30x, which is noise here" in said
        far = call("nursery of 32 MB", 0.7, p99_s=1.0, p50_rounds_s=[0.7])
        said = self.collector(folder, base, near, far)
        assert said.endswith("p50, p99, memory: nursery of 32 MB (0.70x, 0.50x, 1.00x).")
        # Better in the middle alone is not better.
        assert "leave the defaults" in self.collector(folder, base, {**far, "p99_s": 1.9})

    def test_a_limit_that_never_binds_says_what_noise_is(self, folder):
        limit = call("at most 200 MB", 1.6)
        far = call("nursery of 32 MB", 0.7, p99_s=1.0)
        assert "more than 1.60x" in self.collector(folder, call("default", 1.0), limit, far)
        met = {**limit, "memory": 200_000_000}
        assert "nursery of 32 MB" in self.collector(folder, call("default", 1.0), met, far)

    def test_a_99th_of_few_calls_says_of_how_many(self, folder):
        shown = cross_tables.calls(cross_tables.read(folder)).splitlines()[2]
        assert "| 1.00 s | 2.00 s (of 5) |" in shown
        self.collector(folder, call("default", 1.0, calls=500, warm_calls=100))
        assert "(of" not in cross_tables.calls(cross_tables.read(folder))
        self.collector(folder, call("default", 1.0, calls=500, warm_calls=99))
        assert "(of 99)" in cross_tables.calls(cross_tables.read(folder))

    def test_a_process_that_failed_is_no_point_and_is_listed(self, folder):
        path = folder / "crossover-pypy-pure.json"
        content = json.loads(path.read_text())
        failed = {"work": "scan", "size": 1000, "failed": "pypy-pure: scan of 1000: killed"}
        content["totals"].append(failed)
        path.write_text(json.dumps(content))
        host = cross_tables.read(folder)
        assert [size for size, _ in host.crossings.points("pypy-pure", "scan")] == [1.0, 100.0]
        assert "1,000" not in cross_tables.totals(host)
        assert "| whole processes | pypy-pure: scan of 1000: killed |" in (
            cross_tables.not_measured(host)
        )

    def test_nothing_measured_is_said_with_the_command(self, tmp_path):
        (tmp_path / "host").mkdir()
        host = cross_tables.read(tmp_path / "host")
        for name in ("crossovers", "totals", "calls", "collector", "peers"):
            said = cross_tables.HOST_TABLES[name](host)
            assert "`python benchmarks/" in said or "`python -m benchmarks." in said

    def test_what_is_missing_is_listed(self, folder):
        host = cross_tables.read(folder)
        text = cross_tables.not_measured(host)
        assert "no ARM timing has been taken" in text
        assert "| peers | nothing of it |" in text
        (folder.parent / "neoverse-aarch64").mkdir()
        text = cross_tables.not_measured(cross_tables.read(folder))
        assert "no ARM timing" not in text
        assert "results/neoverse-aarch64" in text

    def test_peers_stand_beside_us_with_what_differs(self, folder):
        peers = {
            "about": {"date": "2026-01-02 03:04:05", "load_avg_1min": 0.25},
            "measured": [
                {"peer": "other", "version": "1.2", "workload": "kernel/price/50000",
                 "least_s": 2e-3, "count": 1000, "note": "prices alone",
                 "worst_difference": 3e-13}
            ],
            "missing": [{"peer": "absent", "reason": "no wheel"}],
        }  # fmt: skip
        (folder / results.PEERS).write_text(json.dumps(peers))
        text = cross_tables.peers(cross_tables.read(folder))
        assert (
            "| kernel/price/50000 | other 1.2 | 2.00 µs | – | – | – | 3e-13 | prices alone |"
            in text
        )
        assert "| absent | no wheel |" in text
        assert "2026-01-02 03:04, load average 0.2." in text
        assert results.read_host(folder) == {}


class TestPlots:
    def test_every_plot_is_xml_with_a_title(self, folder):
        names = {"kernel_box": 2e-3, "kernel_price": 4e-3}
        records = {
            "c": record("c", **dict.fromkeys(names, 0.001)),
            "pypy-pure": record("pypy-pure", **names, scan_one=1e-3),
            "cpython-pure": record("cpython-pure", kernel_box=1.0, scan_one=2e-3),
        }
        host = cross_tables.read(folder)
        for name, plot in plots.PLOTS.items():
            text = plot(records, host.crossings)
            if name.startswith("crossover") and name != "crossover_scan":  # not in these files
                assert text == ""
                continue
            root = ElementTree.fromstring(text)
            assert root.find(f"{SVG}title").text
            assert "nan" not in text

    def test_bars_are_as_long_as_their_ratio(self):
        text = svg.bars("t", [("a", 0)], [("x", [10.0]), ("y", [100.0]), ("z", [None])], "u")
        rects = ElementTree.fromstring(text).findall(f"{SVG}rect")
        ten, hundred = [float(one.get("width")) for one in rects if one.get("height") == "11.0"]
        assert hundred == pytest.approx(2.0 * ten, abs=0.2)

    def test_few_decades_have_lines_between(self):
        near = svg.curves("t", [svg.Series("a", [(1.0, 1.5), (10.0, 8.0)], 0)], "n", "s")
        assert all(f">{value} s<" in near for value in ("1", "2", "5", "10"))
        far = svg.curves("t", [svg.Series("a", [(1.0, 0.0015), (10.0, 800.0)], 0)], "n", "s")
        assert ">5 s<" not in far
        assert ">10 s<" in far

    def test_scans_stand_before_phases_and_small_chains_before_large(self):
        names = ["phase/view/9", "scan/clean/2000x1", "scan/few/9", "scan/clean/200x10"]
        assert sorted(names, key=plots._order) == [
            "scan/few/9", "scan/clean/200x10", "scan/clean/2000x1", "phase/view/9",
        ]  # fmt: skip

    def test_what_is_slower_points_the_other_way(self):
        text = svg.bars("t", [("a", 0)], [("x", [0.1]), ("y", [10.0])], "u")
        rects = ElementTree.fromstring(text).findall(f"{SVG}rect")
        less, more = [one for one in rects if one.get("height") == "11.0"]
        assert float(less.get("x")) + float(less.get("width")) == pytest.approx(
            float(more.get("x")), abs=0.2
        )

    def test_a_number_stands_at_the_end_of_its_bar_between_label_and_axis(self):
        text = svg.bars("t", [("a", 0)], [("label", [0.011]), ("y", [10.0])], "u")
        root = ElementTree.fromstring(text)
        less, more = [one for one in root.findall(f"{SVG}rect") if one.get("height") == "11.0"]
        numbers = {
            one.text: one for one in root.findall(f"{SVG}text") if one.get("font-size") == "10"
        }
        small, label = numbers["0.011"], next(t for t in root.iter() if t.text == "label")
        assert small.get("text-anchor") == "end"
        assert float(small.get("x")) < float(less.get("x"))
        assert float(small.get("x")) - 5 * svg.CHARACTER > float(label.get("x"))
        ends = float(more.get("x")) + float(more.get("width"))
        large = [one for one in root.findall(f"{SVG}text") if one.text == "10"]
        assert any(float(one.get("x")) == pytest.approx(ends + 5.0, abs=0.2) for one in large)

    def test_text_is_escaped(self):
        text = svg.bars("a < b & c", [("<n>", 0)], [("x & y", [2.0])], "u")
        assert ElementTree.fromstring(text).find(f"{SVG}title").text == "a < b & c"

    def test_curves_lie_within_the_frame(self):
        series = [svg.Series("one", [(3.0, 0.02), (40.0, 5.0), (7000.0, 900.0)], 0)]
        root = ElementTree.fromstring(svg.curves("t", series, "n", "s"))
        height = float(root.get("height"))
        for circle in root.findall(f"{SVG}circle"):
            assert 0.0 < float(circle.get("cx")) < svg.WIDTH
            assert 0.0 < float(circle.get("cy")) < height
