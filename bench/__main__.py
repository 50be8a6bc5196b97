"""``python -m bench hot|url|poll|begin|mem|…|failover|all``: measure and print the tables."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.aims import markdown, summary
from bench.cases import CASES, run_case
from bench.gateways import DARKROOM, GATEWAYS, Options
from bench.lab import OTHER_CORE, Bench
from bench.machine import facts
from bench.process import pinned
from bench.table import render


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="bench",
        description="What a request costs: Darkroom beside its upstream, a floor and its peers.",
    )
    made.add_argument("case", choices=[*CASES, "failover", "all"], nargs="?", default="hot")
    made.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default 3)")
    made.add_argument("--quick", action="store_true", help="one short round, to see that it works")
    made.add_argument(
        "--against", default="floor", help="comma list of floor, nginx, litellm (default floor)"
    )
    made.add_argument("--without-darkroom", action="store_true", help="only the others")
    made.add_argument("--darkroom", default=DARKROOM, help="how the gateway is started")
    made.add_argument("--litellm-python", default=sys.executable, help="a Python that has LiteLLM")
    made.add_argument("--disk", action="store_true", help="store on disk instead of in memory")
    made.add_argument("--json", type=Path, help="also write the report to this file (- for stdout)")
    return made


def contenders(told: argparse.Namespace) -> tuple[list[str], dict[str, str]]:
    """The gateways to run, and why the others cannot."""
    wanted = [name for name in told.against.split(",") if name]
    if unknown := sorted(set(wanted) - set(GATEWAYS)):
        raise SystemExit(f"bench: unknown in --against: {', '.join(unknown)}")
    if not told.without_darkroom and "darkroom" not in wanted:
        wanted.append("darkroom")
    options = Options(told.darkroom, told.litellm_python)
    missing = {name: GATEWAYS[name].missing(options) for name in wanted}
    return [name for name in wanted if not missing[name]], {k: v for k, v in missing.items() if v}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark. Status 1 if a row has a problem or a failed request."""
    told = parser().parse_args(argv)
    if told.case == "failover":
        from bench import failover  # it brings the gateway into this process

        return failover.main(quick=told.quick)
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        print("bench: needs Linux and two cores (one for the gateway, one for the rest): skipped")
        return 0
    # What was started is ended and what was written is removed, also when we are told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names, missing = contenders(told)
    rounds = 1 if told.quick else told.rounds
    bench = Bench(rounds, told.quick, told.disk, Options(told.darkroom, told.litellm_python))
    quiet = told.json is not None and str(told.json) == "-"
    machine = {**facts(), "store": "disk" if told.disk else "memory", "rounds": str(rounds)}
    report = {"machine": machine, "quick": told.quick, "missing": missing, "cases": []}
    if not quiet:
        print("  ".join(f"{name}: {value}" for name, value in machine.items()))
        for name, why in missing.items():
            print(f"left out: {name}: {why}")
    with pinned(OTHER_CORE):
        for case in CASES if told.case == "all" else (told.case,):
            result = run_case(case, names, bench)
            report["cases"].append(result)
            if not quiet:
                print(f"\n{case}: {result['title']}\n{render(result['rows'])}", flush=True)
    if told.case == "all":
        report["aims"] = summary(report["cases"], quick=told.quick)
        if not quiet:
            print(f"\naims{', not judged: a quick run' * told.quick}\n\n{markdown(report['aims'])}")
    if told.json is not None:
        text = json.dumps(report, indent=2)
        if quiet:
            print(text)
        else:
            told.json.write_text(text + "\n")
    rows = [row for case in report["cases"] for row in case["rows"]]
    return int(any(row.get("problem") or row.get("failed") for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
