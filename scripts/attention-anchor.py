#!/usr/bin/env python3
"""Times PyTorch's scaled_dot_product_attention on the points of a profile, as a second opinion.

usage: attention-anchor.py PROFILE.json [--out ANCHOR.json] [--budget-s S]

Reads the points that headroom-attention-bench measured and measures each distinct shape again with
torch.nn.functional.scaled_dot_product_attention on the same GPU, in the order of the profile. Writes
a profile of its own, so that

    headroom profile compare PROFILE.json ANCHOR.json

puts them side by side. Keys and values are contiguous here; batches of unequal lengths are left out,
since that function takes them only with a mask. Calls take turns with as many sets of inputs as
fill the last level cache five times. `cold`: one call at a time, with more than that cache written in
between; `hot`: replays of a CUDA graph of up to 20 calls. The implementation's name says which of
PyTorch's backends computed. The ceiling of matrix products is that of an 8192 x 8192 x 8192 torch.matmul.

Exit code 0, and a profile without points, where there is no PyTorch or no GPU: the reason is in
`skipped`.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time

MOST_HOT_LAUNCHES = 20
HOT_US = 20_000.0
HOT_SAMPLES = 7
MOST_SETS = 20
CACHES_PASSED = 5
HOLD_CYCLES = 400_000
MATMUL_SIZE = 8192
COLD_SAMPLES = 15
WARM_UP = 3
ABSENT_STATISTICS = ("median_ci95_us", "p05_us", "p25_us", "p75_us", "p95_us")


def unavailable():
    """PyTorch and why it cannot be used, one of them None."""
    try:
        import torch
    except ImportError as error:
        return None, f"PyTorch: {error}"
    if not torch.cuda.is_available():
        return None, "PyTorch sees no GPU"
    return torch, None


def statistics_of(times_us, launches=None):
    out = {key: None for key in ABSENT_STATISTICS}
    out.update(
        n=len(times_us),
        median_us=statistics.median(times_us),
        mean_us=statistics.fmean(times_us),
        stdev_us=statistics.stdev(times_us) if len(times_us) > 1 else 0.0,
        min_us=min(times_us),
    )
    if launches is not None:
        out["launches"] = launches
    return out


class Call:
    """One shape, ready to be called."""

    def __init__(self, torch, point):
        from torch.nn import functional
        from torch.nn.attention import bias

        kind = {"bf16": torch.bfloat16, "fp16": torch.float16}[point["type"]]
        batch, dim = point["batch"], point["head_dim"]

        def draw(heads, tokens):
            return torch.randn(batch, heads, tokens, dim, device="cuda", dtype=kind)

        def inputs():
            return (
                draw(point["q_heads"], point["q_len"]),
                draw(point["kv_heads"], point["kv_len"]),
                draw(point["kv_heads"], point["kv_len"]),
            )

        cache = torch.cuda.get_device_properties(0).L2_cache_size
        sets = max(1, min(MOST_SETS, math.ceil(CACHES_PASSED * cache / point["bytes"])))
        self.torch = torch
        self.attention = functional.scaled_dot_product_attention
        self.inputs = [inputs() for _ in range(sets)]
        self.calls = 0
        self.options = {"enable_gqa": point["q_heads"] != point["kv_heads"]}
        if point["causal"] and point["q_len"] == point["kv_len"]:
            self.options["is_causal"] = True
        elif point["causal"] and point["q_len"] > 1:
            # The last query sees all keys, as in an engine; is_causal would align the first ones.
            self.options["attn_mask"] = bias.causal_lower_right(point["q_len"], point["kv_len"])

    def __call__(self):
        inputs = self.inputs[self.calls % len(self.inputs)]
        self.calls += 1
        return self.attention(*inputs, **self.options)

    def backend(self):
        """The name of what computes, as torch.nn.attention.SDPBackend has it."""
        if "attn_mask" in self.options:  # a causal bias of that kind always goes there
            return "flash"
        choice = self.torch._fused_sdp_choice(*self.inputs[0], **self.options)
        from torch.nn.attention import SDPBackend

        names = {int(each.value): name for name, each in SDPBackend.__members__.items()}
        return names.get(int(choice), str(choice)).lower().removesuffix("_attention")

    def between_events(self, work):
        start = self.torch.cuda.Event(enable_timing=True)
        end = self.torch.cuda.Event(enable_timing=True)
        self.torch.cuda._sleep(HOLD_CYCLES)  # so that all is queued when the clock starts
        start.record()
        work()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) * 1000.0

    def cold(self, flush):
        times = []
        for _ in range(COLD_SAMPLES):
            flush.zero_()
            times.append(self.between_events(self))
        return statistics_of(times)

    def hot(self, once_us):
        stream = self.torch.cuda.Stream()
        with self.torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self()
        stream.synchronize()
        launches = max(1, min(MOST_HOT_LAUNCHES, int(HOT_US / once_us)))
        graph = self.torch.cuda.CUDAGraph()
        with self.torch.cuda.graph(graph):
            for _ in range(launches):
                self()
        graph.replay()
        times = [self.between_events(graph.replay) / launches for _ in range(HOT_SAMPLES)]
        return statistics_of(times, launches)


def measured(torch, point, flush):
    call = Call(torch, point)
    for _ in range(WARM_UP):
        call()
    name = "torch-sdpa-" + call.backend()
    cold = call.cold(flush)
    out = dict(point)
    out.update(
        id=point["id"].rsplit("/", 1)[0] + "/" + name,
        implementation=name,
        verified=None,
        page=0,
        cold=cold,
        hot=call.hot(cold["median_us"]),
        kernels=None,
        state=None,
        counters=None,
        check=None,
        flags=[],
    )
    return out


def matmul_rate(torch):
    """Operations a second of the largest product that is usual, bf16."""
    a, b = (
        torch.randn(MATMUL_SIZE, MATMUL_SIZE, device="cuda", dtype=torch.bfloat16) for _ in range(2)
    )
    times = []
    for _ in range(WARM_UP + HOT_SAMPLES):
        start = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        start.record()
        torch.matmul(a, b)
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) * 1e-3)
    return 2.0 * MATMUL_SIZE**3 / statistics.median(times[WARM_UP:])


def shape_of(point):
    keys = ("op", "type", "q_heads", "kv_heads", "head_dim", "batch", "q_len", "kv_len", "causal")
    return tuple(point[key] for key in keys)


def run(profile, torch, budget_s):
    """Points and what was left out of them."""
    flush = torch.empty(
        2 * torch.cuda.get_device_properties(0).L2_cache_size, dtype=torch.uint8, device="cuda"
    )
    points, skipped, seen = [], [], set()
    start = time.monotonic()
    for point in profile["attention"]:
        if point["lengths"] != "equal" or shape_of(point) in seen:
            continue
        seen.add(shape_of(point))
        if time.monotonic() - start > budget_s:
            skipped.append({"id": point["id"], "reason": "no time left"})
            continue
        try:
            points.append(measured(torch, point, flush))
        except RuntimeError as error:  # out of memory; no kernel for the shape
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            skipped.append({"id": point["id"], "reason": reason})
    return points, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("profile", help="what headroom-attention-bench wrote")
    parser.add_argument("--out", default="-", help="where the anchor's profile goes (default: stdout)")
    parser.add_argument("--budget-s", type=float, default=120.0, help="begin no point after this")
    arguments = parser.parse_args()

    with open(arguments.profile, encoding="utf-8") as file:
        profile = json.load(file)
    if profile["device"]["kind"] != "cuda":
        sys.exit("attention-anchor.py: that is a profile of a CPU; PyTorch is asked about GPUs only")
    torch, why_not = unavailable()
    points, skipped = [], [{"id": "torch-sdpa", "reason": why_not}]
    if torch is not None:
        profile["ceilings"]["matmul_flop_per_s"] = matmul_rate(torch)
        points, skipped = run(profile, torch, arguments.budget_s)
        profile["source"]["note"] = f"PyTorch {torch.__version__}, scaled_dot_product_attention"
    profile["attention"] = points
    for other in ("collectives", "matmuls", "latent_attention", "served"):
        profile[other] = []
    profile["skipped"] = skipped
    profile["complete"] = not any(each["reason"] == "no time left" for each in skipped)
    text = json.dumps(profile, indent=1) + "\n"
    if arguments.out == "-":
        sys.stdout.write(text)
        return
    with open(arguments.out + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(arguments.out + ".part", arguments.out)


if __name__ == "__main__":
    main()
