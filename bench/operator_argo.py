#!/usr/bin/env python3
"""bench/operator_argo.py: `vedette operator` on a real cluster with real Argo and pods, as one JSON object.

Runs inside `tests/cluster/with-cluster --argo`. The operator is the release binary with the account and the rights of
deploy/operator. Two watches of our own, one of Workflows and one of HealthChecks, note by one clock when each event
arrives; so what is told of a status holds the way of its event to us too.

  1. HealthChecks that run again at once, for their ends, beside three at 60 s, for their periods; all with a pod
  2. in turn: HealthChecks made by one `kubectl create` of one file, until Argo has begun with the Workflow of each;
     and as many Workflows made the same way, until Argo has begun with them. They wait (`suspend`) and need no pod
"""
import argparse
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy/operator"
CHECKS = "/apis/activemonitor.keikoproj.io/v1alpha1"
WORKFLOWS = "/apis/argoproj.io/v1alpha1"
INSTANCE = {"workflows.argoproj.io/controller-instanceid": "activemonitor-workflows"}
ENDED = ("Succeeded", "Failed", "Error")
PATIENCE = 600  # seconds that anything may take before we give up


def kubectl(*arguments, **more):
    return subprocess.run(["kubectl", *arguments], check=True, stdout=subprocess.PIPE, text=True, **more).stdout


# --- what happens, and when ------------------------------------------------------------------------------------------

class Notes:
    """When the API server first told us what. Its fields are looked at under `changed` alone."""

    def __init__(self):
        self.changed = threading.Condition()
        self.made, self.begun, self.ended = {}, {}, {}  # of Workflows, by "namespace/name"
        self.owner = {}  # of a Workflow: the HealthCheck that made it, "namespace/name"
        self.there = set()  # Workflows and HealthChecks that are not deleted
        self.check_made, self.booked = {}, {}  # by the HealthCheck's name; by that of the Workflow

    def workflow(self, when, kind, name, item):
        self.forget_or_keep(kind, WORKFLOWS, name)
        self.made.setdefault(name, when)
        for owner in item["metadata"].get("ownerReferences", []):
            self.owner[name] = f"{item['metadata']['namespace']}/{owner['name']}"
        phase = item.get("status", {}).get("phase")
        if phase in ("Running", *ENDED):
            self.begun.setdefault(name, when)
        if phase in ENDED:
            self.ended.setdefault(name, when)

    def check(self, when, kind, name, item):
        self.forget_or_keep(kind, CHECKS, name)
        self.check_made.setdefault(name, when)
        for field in "lastSuccessfulWorkflow", "lastFailedWorkflow":
            if last := item.get("status", {}).get(field):
                self.booked.setdefault(f"{item['metadata']['namespace']}/{last}", when)

    def forget_or_keep(self, kind, resource, name):
        (self.there.discard if kind == "DELETED" else self.there.add)((resource, name))

    def wait_for(self, what, holds):
        with self.changed:
            if not self.changed.wait_for(holds, PATIENCE):
                sys.exit(f"bench: waited too long until {what}")


def connect():
    pki = pathlib.Path(os.environ["VEDETTE_CLUSTER_RUN"]) / "pki"
    context = ssl.create_default_context(cafile=pki / "ca.crt")
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    return http.client.HTTPSConnection(urllib.parse.urlparse(os.environ["SERVER"]).netloc, context=context)


def ask(path, query=""):
    connection, end = connect(), time.monotonic() + PATIENCE
    while True:
        connection.request("GET", path + query)
        answer = connection.getresponse()
        if answer.status == 200:
            return answer
        text = answer.read().decode()
        if answer.status != 429 or time.monotonic() > end:  # 429: the resource has just been made
            sys.exit(f"bench: {path}: {answer.status} {text}")
        time.sleep(0.1)


def first_in_line():
    """No other work is to delay the time that an instrument notes."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)


def print_events(path, seen):
    """A process of its own for each watch."""
    first_in_line()
    while True:  # the server ends a watch now and then
        answer, line = ask(path, f"?watch=1&timeoutSeconds=7200&resourceVersion={seen}"), b""
        while event := answer.readline():
            sys.stdout.buffer.write(b"%d " % time.monotonic_ns() + event)
            sys.stdout.buffer.flush()
            line = event
        seen = json.loads(line)["object"]["metadata"]["resourceVersion"] if line else seen


def print_round_trips(path, name):
    """Milliseconds from a PATCH of an object until its answer and its event are here: what the server allows."""
    first_in_line()
    seen = json.loads(ask(f"{path}/{name}").read())["metadata"]["resourceVersion"]
    events = ask(path, f"?watch=1&timeoutSeconds=7200&fieldSelector=metadata.name%3D{name}&resourceVersion={seen}")
    connection = connect()
    for number in itertools.count():
        began = time.monotonic()
        connection.request("PATCH", f"{path}/{name}", json.dumps({"data": {"number": str(number)}}),
                           {"Content-Type": "application/merge-patch+json"})
        connection.getresponse().read()
        if not events.readline():
            sys.exit("bench: the watch of the probe has ended")
        print((time.monotonic() - began) * 1e3, flush=True)
        time.sleep(0.2)


@contextlib.contextmanager
def round_trips(namespace, into):
    kubectl("-n", namespace, "create", "configmap", "probe")
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    child = subprocess.Popen([sys.executable, __file__, "--print-round-trips", path, "probe"], stdout=subprocess.PIPE,
                             text=True)
    threading.Thread(target=lambda: into.extend(map(float, child.stdout)), daemon=True).start()
    try:
        yield
    finally:
        child.kill()
        child.wait()


@contextlib.contextmanager
def watch(path, notes, note):
    """Every event of one resource in all namespaces goes to `note`, with the time at which it arrived."""
    seen = json.loads(ask(path).read())["metadata"]["resourceVersion"]
    child = subprocess.Popen([sys.executable, __file__, "--print-events", path, seen], stdout=subprocess.PIPE)

    def listen():
        for line in child.stdout:
            when, _, text = line.partition(b" ")
            event = json.loads(text)
            item = event["object"]
            name = f"{item['metadata']['namespace']}/{item['metadata']['name']}"
            with notes.changed:
                note(int(when) / 1e9, event["type"], name, item)
                notes.changed.notify_all()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        child.kill()
        child.wait()


# --- the operator ----------------------------------------------------------------------------------------------------

def install(folder):
    """CRD, account and rights as they are in deploy/operator; a kubeconfig of that account."""
    kubectl("apply", "--server-side", "-f", DEPLOY / "crd.yaml")
    while subprocess.run(["kubectl", "wait", "--for=condition=Established", "--timeout=30s",
                          "crd/healthchecks.activemonitor.keikoproj.io"], stdout=subprocess.DEVNULL).returncode:
        time.sleep(0.2)  # it fails as long as there are no conditions
    rights = [text for text in (DEPLOY / "install.yaml").read_text().split("\n---\n")
              if "\nkind: ServiceAccount\n" in text or "rbac.authorization.k8s.io/v1\n" in text]
    kubectl("apply", "--server-side", "-f", "-", input="\n---\n".join(rights))
    token = kubectl("-n", "health", "create", "token", "activemonitor-controller-sa", "--duration=4h").strip()
    authority = pathlib.Path(os.environ["VEDETTE_CLUSTER_RUN"]) / "pki/ca.crt"
    cluster = {"server": os.environ["SERVER"], "certificate-authority": str(authority)}
    (folder / "kubeconfig").write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "bench",
        "clusters": [{"name": "bench", "cluster": cluster}],
        "users": [{"name": "bench", "user": {"token": token}}],
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench", "namespace": "health"}}]}))
    return folder / "kubeconfig"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def operator(kubeconfig, log):
    metrics, probes = (f"127.0.0.1:{free_port()}" for _ in range(2))
    child = subprocess.Popen([options.vedette, "operator", "--kubeconfig", kubeconfig, "--namespace", "health",
                              "--metrics-bind-address", metrics, "--health-probe-bind-address", probes], stderr=log)
    try:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"http://{probes}/readyz", timeout=5).status == 200:
                    break
            if child.poll() is not None or time.monotonic() > end:
                sys.exit(f"bench: the operator is not ready; see {options.log}")
            time.sleep(0.1)
        yield
    finally:
        child.terminate()
        child.wait(30)


# --- HealthChecks and Workflows --------------------------------------------------------------------------------------

def in_a_pod():
    return {"spec": {"entrypoint": "main", "templates": [{"name": "main", "container": {
        "image": os.environ["BUSYBOX_IMAGE"], "imagePullPolicy": "Never", "command": ["true"]}}]}}


def waiting():
    return {"spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]}}


def health_check(namespace, name, account, repeat, text):
    """As users write it, its Workflow inline. JSON is YAML."""
    return {"apiVersion": "activemonitor.keikoproj.io/v1alpha1", "kind": "HealthCheck",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"repeatAfterSec": repeat, "level": "namespace",
                     "workflow": {"generateName": f"{name}-", "workflowtimeout": 600,
                                  "resource": {"namespace": namespace, "serviceAccount": account,
                                               "source": {"inline": json.dumps(text)}}}}}


def workflow(namespace, name, account, text):
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {"name": name, "namespace": namespace, "labels": INSTANCE},
            "spec": {**text["spec"], "serviceAccountName": account, "activeDeadlineSeconds": 600,
                     "podGC": {"strategy": "OnPodCompletion"}}}


def create(items):
    """By kubectl out of one file; when it began."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": items}, file)
        file.flush()
        began = time.monotonic()
        kubectl("create", "-f", file.name)
    return began


def delete_all(notes, namespace):
    for path in f"{CHECKS}/namespaces/{namespace}/healthchecks", f"{WORKFLOWS}/namespaces/{namespace}/workflows":
        kubectl("delete", "--raw", path)
    notes.wait_for(f"all of {namespace} is gone",
                   lambda: not any(name.startswith(namespace + "/") for _, name in notes.there))


# --- measuring -------------------------------------------------------------------------------------------------------

def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def summary(values):
    return {"p50": quantile(values, 0.5), "p99": quantile(values, 0.99), "max": max(values)}


def periods(notes, check):
    """From the end of a run of `check` to the Workflow of the next, in seconds."""
    runs = sorted((notes.made[name], notes.ended.get(name)) for name, owner in notes.owner.items() if owner == check)
    return [begin - end for (begin, _), (_, end) in zip(runs[1:], runs) if end]


def ends_and_periods(notes):
    namespace = "steady"
    kubectl("create", "namespace", namespace)
    minutely = [f"minutely-{i}" for i in range(3)]
    create([health_check(namespace, name, "steady", 60, in_a_pod()) for name in minutely] +
           [health_check(namespace, f"busy-{i}", "steady", 1, in_a_pod()) for i in range(options.busy)])
    seen = lambda: {name: periods(notes, f"{namespace}/{name}") for name in minutely}
    told = lambda: [max(0.0, when - notes.ended[name]) for name, when in notes.booked.items() if name in notes.ended]
    server = []
    with round_trips(namespace, server):
        notes.wait_for(f"{options.ends} runs have ended and each check has had {options.periods} periods",
                       lambda: len(told()) >= options.ends and min(map(len, seen().values())) >= options.periods)
    with notes.changed:
        times, pauses = told(), [pause for each in seen().values() for pause in each]
    delete_all(notes, namespace)
    return {"ends": len(times), "told_ms": summary([seconds * 1e3 for seconds in times]), "server_ms": summary(server),
            "period_seconds": pauses}


def until_begun(notes, namespace, items):
    """Seconds from the beginning of their creation until each has its Workflow, and until Argo runs them all."""
    ours = lambda times: [when for name, when in times.items() if name.startswith(namespace + "/")]
    began = create(items)
    notes.wait_for(f"{len(items)} Workflows of {namespace} run", lambda: len(ours(notes.begun)) >= len(items))
    with notes.changed:
        row = {"made_seconds": max(ours(notes.made)) - began, "begun_seconds": max(ours(notes.begun)) - began}
        lags = [notes.made[name] - notes.check_made[check] for name, check in notes.owner.items()
                if name.startswith(namespace + "/")]
    if lags:
        row["lag_p99_ms"] = quantile(lags, 0.99) * 1e3
    delete_all(notes, namespace)
    return row


def first_runs(notes):
    kubectl("create", "namespace", "checks")
    kubectl("create", "namespace", "workflows")
    kubectl("-n", "workflows", "create", "serviceaccount", "all")
    sides = {"ours": [], "theirs": []}
    for round in range(options.rounds + 1):  # the first is not counted
        names = [f"at-once-{round}-{i}" for i in range(options.at_once)]
        rows = {
            "ours": until_begun(notes, "checks", [health_check("checks", n, "all", 3600, waiting()) for n in names]),
            "theirs": until_begun(notes, "workflows", [workflow("workflows", n, "all", waiting()) for n in names])}
        with notes.changed:  # the next round counts its own
            for times in notes.made, notes.begun, notes.ended, notes.owner:
                times.clear()
        if round > 0:
            for side, row in rows.items():
                sides[side].append(row)
    return {"at_once": options.at_once, **sides}


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ends", type=int, default=120, help="of Workflows, at least (default %(default)s)")
parser.add_argument("--periods", type=int, default=2, help="of each of three checks at 60 s (default %(default)s)")
parser.add_argument("--busy", type=int, default=8, help="HealthChecks that run again at once (default %(default)s)")
parser.add_argument("--at-once", type=int, default=500, help="HealthChecks made at once (default %(default)s)")
parser.add_argument("--rounds", type=int, default=3, help="of those, counted (default %(default)s)")
parser.add_argument("--vedette", default=ROOT / "build/release/vedette", help="the binary")
parser.add_argument("--print-events", nargs=2, help=argparse.SUPPRESS)
parser.add_argument("--print-round-trips", nargs=2, help=argparse.SUPPRESS)
parser.add_argument("--log", default=os.devnull, help="file for what the operator says")
options = parser.parse_args()

if options.print_events:
    print_events(*options.print_events)
if options.print_round_trips:
    print_round_trips(*options.print_round_trips)

with tempfile.TemporaryDirectory() as name, open(options.log, "w") as log:
    kubeconfig = install(pathlib.Path(name))
    notes = Notes()
    with (watch(f"{WORKFLOWS}/workflows", notes, notes.workflow), watch(f"{CHECKS}/healthchecks", notes, notes.check),
          operator(kubeconfig, log)):
        result = {**ends_and_periods(notes), **first_runs(notes)}
    print(json.dumps(result, indent=1))
