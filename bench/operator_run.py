#!/usr/bin/env python3
"""bench/operator_run.py: `vedette operator` with 10,000 HealthChecks at 60 s, and what it took, as one JSON object.

The cluster is bench/operator_cluster.cpp, a process of its own: an in-memory API server behind HTTPS, an Argo whose
Workflows take 5 s, a sweeper that deletes them 60 s after their end. The operator is the release binary as anybody
would run it; what it costs is read from /proc and from its own /metrics, what it does from the server's side.

  1. started for some seconds, so that its RBAC objects are there, then told to end
  2. started again: until every HealthCheck is taken up; requests of the first interval
  3. one interval more: lateness, CPU, memory, requests
  4. more HealthChecks, all at once: until each has its Workflow
  5. told to end; two others with an election, of which the leader is told to end, and again: how long no Workflow is made
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
INTERVAL = 65  # seconds between two runs of a HealthCheck: 60, and 5 of the Workflow
HAND_OVERS = 5
SETTLED = 5  # seconds: what a start or a hand-over has held up is done
SCRAPE = 30  # seconds between two looks at /metrics, as the chart's ServiceMonitor does


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster:
    def __init__(self, program, kubeconfig, checks):
        self.child = subprocess.Popen([program, kubeconfig, str(checks), *(["remedies"] if options.remedies else [])],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "ready\n":
            sys.exit("bench: the cluster does not serve")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait(30)

    def ask(self, line="report"):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


class Operator:
    def __init__(self, kubeconfig, log, *flags):
        self.metrics, self.probes = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        address = [url.removeprefix("http://") for url in (self.metrics, self.probes)]
        self.began = time.monotonic()
        self.child = subprocess.Popen(
            [options.vedette, "operator", "--kubeconfig", kubeconfig, "--metrics-bind-address", address[0],
             "--health-probe-bind-address", address[1], *options.flag, *flags], stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.child.terminate()
        self.child.wait(30)

    def get(self, url):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.read().decode()
        return ""

    def samples(self):
        """{series: value} of /metrics."""
        text = self.get(self.metrics + "/metrics")
        return {series: float(value) for series, value in
                (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")}, len(text)

    def wait_for(self, done, most):
        while time.monotonic() < self.began + most:
            if done():
                return time.monotonic() - self.began
            if self.child.poll() is not None:
                sys.exit(f"bench: the operator ended with {self.child.returncode}; see {options.log}")
            time.sleep(0.02)
        sys.exit(f"bench: the operator is not ready after {most} s; see {options.log}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, which):
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(rf"{which}:\s+(\d+)", status)[1]) * 1024


def by_call(samples):
    """{(verb, resource, code): requests}"""
    calls = {}
    for series, value in samples.items():
        if series.startswith("vedette_operator_api_requests_total{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', series))
            calls[labels["verb"], labels["resource"], labels["code"]] = value
    return calls


def total(samples, metric):
    return sum(value for series, value in samples.items() if series.startswith(metric + "{"))


def difference(after, before):
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


def worded(calls):
    return {" ".join(key): int(value) for key, value in sorted(calls.items(), key=lambda item: -item[1])}


def percentile(samples, before, share):
    """Of healthcheck_start_lateness_seconds: the bucket's upper bound, in milliseconds, that holds the share."""
    counts = {}
    for series, value in samples.items():
        if series.startswith("healthcheck_start_lateness_seconds_bucket{"):
            bound = float(re.search(r'le="([^"]+)"', series)[1].replace("+Inf", "inf"))
            counts[bound] = counts.get(bound, 0) + value - before.get(series, 0)
    all_runs = counts.get(float("inf"), 0)
    return next((bound * 1000 for bound in sorted(counts) if all_runs and counts[bound] >= share * all_runs), None)


def wait_until(when, operator):
    """Looks at /metrics now and then, as Prometheus would."""
    while (left := when - time.monotonic()) > 0:
        time.sleep(min(left, SCRAPE))
        if left > SCRAPE:
            operator.samples()


def one_interval(operator, cluster, began):
    """What happens from `began` until an interval later; from the operator's very start if that is when it began."""
    fresh = began == operator.began
    before = {} if fresh else operator.samples()[0]
    if not fresh:
        cluster.ask()
    cpu = 0 if fresh else operator.cpu_seconds()
    wait_until(began + options.interval, operator)
    cpu = (operator.cpu_seconds() - cpu) / (time.monotonic() - began)
    server = cluster.ask()
    samples, size = operator.samples()
    calls = difference(by_call(samples), by_call(before))
    begun = calls.get(("create", "workflows.argoproj.io", "201"), 0)
    booked = total(samples, "healthcheck_runs_total") - total(before, "healthcheck_runs_total")
    runs = (begun + booked) / 2  # what began before and ended now is half a run
    if server["doubled"]:
        sys.exit(f"bench: {server['doubled']} Workflows were made while another of their HealthCheck was under way")
    return {"runs": int(runs), "cores": round(cpu, 3), "requests": int(sum(calls.values())),
            "requests_per_run": round(sum(calls.values()) / max(runs, 1), 3), "calls": worded(calls),
            "lateness_ms": server["lateness_ms"], "telling_ms": server["telling_ms"],
            "own_lateness_p99_at_most_ms": percentile(samples, before, 0.99),
            "waiting": samples.get("vedette_operator_runs_waiting"), "metrics_bytes": size,
            "memory_mb": round(operator.memory("VmRSS") / 1e6, 1)}


def first_runs(cluster, count):
    cluster.ask(f"add {count}")
    end = time.monotonic() + 120
    while time.monotonic() < end:
        time.sleep(0.1)
        if (report := cluster.ask())["awaited"] == 0:
            return round(report["all_begun_ms"])
    return None


def hand_overs(cluster, kubeconfig, log, stack):
    """Milliseconds in which one was due and nobody made a Workflow, for each leader that is told to end."""
    def candidate():
        operator = stack.enter_context(Operator(kubeconfig, log, "--leader-elect", "--namespace=default"))
        operator.wait_for(lambda: operator.get(operator.probes + "/readyz"), 60)
        return operator

    leader = candidate()
    leader.wait_for(lambda: leader.samples()[0].get("vedette_operator_acting") == 1, 60)
    silences = []
    for _ in range(HAND_OVERS):
        standby = candidate()
        time.sleep(SETTLED)
        while not cluster.ask()["due"]:  # of 65 s, none is due for 5
            time.sleep(0.2)
        leader.end()
        time.sleep(SETTLED)
        report = cluster.ask()
        if report["doubled"]:
            sys.exit(f"bench: {report['doubled']} Workflows were made twice as {len(silences) + 1} leaders had ended")
        silences.append(round(report["silence_ms"]))
        leader = standby
    return silences


def measure(folder, log, stack):
    kubeconfig = str(folder / "kubeconfig")
    cluster = stack.enter_context(Cluster(options.cluster, kubeconfig, options.checks))
    with Operator(kubeconfig, log) as operator:
        operator.wait_for(lambda: operator.get(operator.probes + "/readyz"), 60)
        time.sleep(options.warm_up)
    cluster.ask()

    operator = stack.enter_context(Operator(kubeconfig, log))
    ready = operator.wait_for(lambda: operator.get(operator.probes + "/readyz"), 60)
    known = "vedette_operator_healthchecks"
    taken_up = operator.wait_for(lambda: operator.samples()[0].get(known) == options.checks, 60)
    result = {"checks": options.checks, "ready_seconds": round(ready, 3), "taken_up_seconds": round(taken_up, 3)}
    result["first_interval"] = one_interval(operator, cluster, operator.began)
    result["interval"] = one_interval(operator, cluster, time.monotonic())
    result["peak_memory_mb"] = round(operator.memory("VmHWM") / 1e6, 1)
    result["new"] = options.new or max(1, options.checks // 20)
    result["new_begun_ms"] = first_runs(cluster, result["new"])
    operator.end()
    if not options.remedies:
        result["hand_over_ms"] = hand_overs(cluster, kubeconfig, log, stack)
    return result


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--checks", type=int, default=10_000, help="HealthChecks (default %(default)s)")
parser.add_argument("--quick", action="store_true", help="500 HealthChecks")
parser.add_argument("--remedies", action="store_true", help="each HealthCheck has a remedy; no check fails")
parser.add_argument("--new", type=int, help="HealthChecks created at once in the end (default a twentieth)")
parser.add_argument("--interval", type=float, default=INTERVAL, help=argparse.SUPPRESS)
parser.add_argument("--warm-up", type=float, default=8, help=argparse.SUPPRESS)
parser.add_argument("--vedette", default=ROOT / "build/release/vedette", help="the binary")
parser.add_argument("--cluster", default=ROOT / "build/release/bench/bench_operator_cluster", help=argparse.SUPPRESS)
parser.add_argument("--flag", action="append", default=[], help="one more flag of the operator; may be repeated")
parser.add_argument("--log", default=os.devnull, help="file for what the operator says")
options = parser.parse_args()
if options.quick:
    options.checks = 500

with tempfile.TemporaryDirectory() as name, open(options.log, "w") as log, contextlib.ExitStack() as stack:
    print(json.dumps(measure(pathlib.Path(name), log, stack), indent=1))
