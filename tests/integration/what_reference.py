# SPDX-License-Identifier: GPL-3.0-or-later
"""A second implementation of WHAT, from its description, slow and without any structure to speed it up."""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction


@dataclass
class Flow:
    client: str
    start: float
    end: float | None
    name: str | None
    bytes: int


def normal(name: str) -> str:
    name = name.lower().removesuffix(".")
    folded, n = re.subn(r"(^|\.)[a-z0-9]+\.profile\..+\.cloudfront\.net$", r"\1X.cloudfront.net", name, count=1)
    name = folded if n else re.sub(r"(^|\.)[a-z0-9]+\.cloudfront\.net$", r"\1X.cloudfront.net", name)
    name = re.sub(r"---sn-.+(\.googlevideo\.com|\.c\.pack\.google\.com)$", r"---sn-X\1", name)
    name = re.sub(r"[0-9]+", "D", name)
    return re.sub(r"(?:^|(?<=[-._D]))[a-z](?=[-._D])", "C", name)


def is_unnamed(name: str | None) -> bool:
    if name in (None, "", "-"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@dataclass
class Window:
    core: str
    start: float
    end: float
    index: int


def train(clients: list[list[Flow]], cores: set[str], ow: float, gap: float, by_flows: bool):
    occurrences: Counter[str] = Counter()
    count: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for flows in clients:
        last = window = None
        for f in flows:
            silent = last is not None and f.start - last > gap
            last = f.start
            if window is not None and f.start - window[1] > ow:
                window = None
            if f.name in cores and silent:
                window = (f.name, f.start, set())
                occurrences[f.name] += 1
            elif window is not None and not is_unnamed(f.name):
                if by_flows or normal(f.name) not in window[2]:
                    window[2].add(normal(f.name))
                    count[window[0]][normal(f.name)] += 1
    return occurrences, count


def weigh(occurrences, count, cores: set[str], minfreq: float):
    freq = {core: {d: n / occurrences[core] for d, n in count[core].items() if n / occurrences[core] >= minfreq}
            for core in cores}
    full = [core for core in cores if freq[core]]
    df = Counter(d for core in full for d in freq[core])
    return {core: {d: (f, f * math.log10(len(full) / df[d])) for d, f in freq[core].items()} for core in cores}


def classify(flows: list[Flow], cores: set[str], bags, ew: float, is_future: bool) -> list[str]:
    weights = {core: {d: Fraction(w) for d, (_, w) in bag.items()} for core, bag in bags.items()}

    def score(names: list[str], core: str) -> Fraction:
        total = sum((weights[core].get(d, Fraction(0)) for d in names), Fraction(0))
        return total / len(set(names)) if names else Fraction(0)

    windows: dict[str, Window] = {}
    history: list[tuple[int, float, str]] = []
    labels = []
    for i, f in enumerate(flows):
        t = f.start
        windows = {core: w for core, w in windows.items() if not w.end < t}
        if is_unnamed(f.name):
            labels.append("UNKNOWN")
            continue
        n = normal(f.name)
        e = max(f.end if f.end is not None else t, t) + ew
        ordered = sorted(windows.values(), key=lambda w: (-w.start, w.core))
        a = next((w for w in ordered if n in bags[w.core]), None)

        def is_trigger() -> bool:
            if a is None or a.start < t - 5 * ew:
                return True
            past = [name for index, _, name in history if index > a.index] + [n]
            future = [normal(g.name) for g in flows[i + 1:] if g.start - t <= ew and not is_unnamed(g.name)]
            evidence = future if is_future else past + future
            return score(future, f.name) >= (1 - Fraction(1, 10**12)) * score(evidence, a.core)

        if f.name in cores and is_trigger():
            windows[f.name] = Window(f.name, t, e, i)
            labels.append(f.name)
        elif a is not None:
            a.end = max(a.end, e)
            labels.append(a.core)
        else:
            labels.append("UNKNOWN")
        history = [entry for entry in [*history, (i, t, n)] if not entry[1] < t - 5 * ew]
    return labels


def what(flows: list[Flow], cores, *, ow=10, gap=10, ew=5, minfreq=0.05, bag_count="windows", trigger="history"):
    """The report's rows, the bags, and the service of each flow in the order of `flows`."""
    services = cores if isinstance(cores, dict) else {core: [core] for core in cores}
    service_of = {core.lower().removesuffix("."): s for s, names in services.items() for core in names}
    cores = set(service_of)
    by_client: defaultdict[str, list[int]] = defaultdict(list)
    for i, f in enumerate(flows):
        by_client[f.client].append(i)
    orders = [sorted(rows, key=lambda i: flows[i].start) for rows in by_client.values()]
    clients = [[flows[i] for i in order] for order in orders]
    occurrences, count = train(clients, cores, ow, gap, bag_count == "flows")
    bags = weigh(occurrences, count, cores, minfreq)
    labels = [""] * len(flows)
    for order, client in zip(orders, clients):
        for i, label in zip(order, classify(client, cores, bags, ew, trigger == "future")):
            labels[i] = service_of.get(label, label)
    report = dict.fromkeys([*services, "UNKNOWN"], 0)
    for f, label in zip(flows, labels):
        report[label] += f.bytes
    rows = sorted(report.items(), key=lambda item: (-item[1], item[0].encode()))
    return rows, occurrences, bags, labels
