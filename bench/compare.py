#!/usr/bin/env python3
"""Measures besra beside ONNX Runtime and OpenCV, all in one run, and writes docs/performance.md with a chart.

  bench/compare.py                      all rows: some 20 minutes on a machine that does nothing else
  bench/compare.py --rows SRCNN         only the rows with this in their name
  bench/compare.py --help

Peers are installed where they are missing: python3-opencv by apt (as root), onnxruntime-node and sharp by npm into
a folder outside of the tree. Models and pictures come from $BESRA_SHARED or the folder that is named; a row whose
material is missing is skipped, and said so.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "peers"))
sys.dont_write_bytecode = True

import report  # noqa: E402
from peers import Missing, Runner, count_partners, records, say  # noqa: E402

ORT, STOCK = "ONNX Runtime", "stock OpenCV DNN"
YOLO_SHAPE, FACE_SHAPE, CLASSIFIER_SHAPE = "1,3,640,640", "1,3,256,256", "1,3,224,224"


def median(values):
    return statistics.median(values)


class Material:
    """Models and pictures, by their names below the shared folder."""

    def __init__(self, folder, scratch, runner, photos):
        self.folder, self.scratch, self.runner, self.photos = folder, scratch, runner, photos

    def path(self, name):
        path = os.path.join(self.folder or "", name)
        if not self.folder or not os.path.exists(path):
            raise Missing(f"{name} is not there ($BESRA_SHARED, or the option for it, names its folder)")
        return path

    def pictures(self, name, extensions=(".jpg", ".jpeg")):
        folder = self.path(name) if not os.path.isabs(name) else name
        found = sorted(os.path.join(at, file) for at, _, files in os.walk(folder) for file in files
                       if file.lower().endswith(extensions))
        if not found:
            raise Missing(f"no JPEGs in {name}")
        return found

    def tensor(self, what, picture, name):
        """The tensor that nets are given, made by OpenCV (without it, zeros: times hardly depend on values)."""
        path = os.path.join(self.scratch, name + ".f32")
        if not self.runner.opencv:
            return self.zeros(3 * (640 * 640 if what == "letterbox" else 256 * 256), name)
        if not os.path.exists(path):
            self.runner.run(self.runner.opencv_command(what, picture, path))
        return path

    def quantised(self, name):
        """The model on bytes, quantised with pictures that no row measures."""
        path = os.path.join(self.scratch, os.path.basename(name))
        if not os.path.exists(path):
            self.runner.run([self.runner.besra, "model", "quantize", "-q", "--calibrate", self.path("images"), "-o", path,
                             self.path(name)])
        return path

    def zeros(self, count, name):
        path = os.path.join(self.scratch, name + ".f32")
        with open(path, "wb") as file:
            file.write(bytes(4 * count))
        return path

    def srcnn_body(self):
        """The net behind the enlargement, for peers that do that themselves."""
        path = os.path.join(self.scratch, "srcnn-body.onnx")
        model = self.path("models/tutorial/srcnn.onnx")
        if not os.path.exists(path):
            shown = self.runner.run([self.runner.besra, "model", "show", "-q", "--json", "--layers", model])
            enlarge = next(layer for layer in json.loads(shown)["layers"] if layer["op"] == "Resize")
            self.runner.run([self.runner.besra, "model", "extract", "-q", "--inputs", enlarge["outputs"][0], model, path])
        return path


# ---- rows --------------------------------------------------------------------------------------------------
# A row is its name, what makes the contestants ready, and what is asked for: {peer: {class of machine: ratio}}.
# Making ready gives {"besra": turn, peer: turn}; a turn runs once through and gives milliseconds.


def net_rows(material, runner):
    def besra_net(model, notes):
        def turn():
            told = runner.bench(model)
            notes.append(told)
            return told["net_ms"]["p50"]
        return turn

    def besra_decoded(model, picture, notes, precision="f32"):
        def turn():
            told = runner.bench(model, picture, ["--size", "640", "--precision", precision])
            notes.append(told)
            return told["stages_ms"]["net"] + told["stages_ms"]["post"]
        return turn

    def node(model, tensor, shape):
        return lambda: runner.peer_time(runner.node_command("time", model, tensor, shape, runner.runs, runner.threads))

    def opencv(model, tensor, shape):
        return lambda: runner.peer_time(runner.opencv_command("time", model, tensor, shape, runner.runs, runner.threads))

    def yolo(name, peers):
        def ready(notes):
            model, picture = material.path(name), material.path("images/bus.jpg")
            tensor = material.tensor("letterbox", picture, "bus")
            makers = {ORT: node, STOCK: opencv}
            return {"besra": besra_decoded(model, picture, notes),
                    **{peer: makers[peer](model, tensor, YOLO_SHAPE) for peer in peers}}
        return ready

    def narrow(precision):
        def ready(notes):
            name, picture = "models/yolov5/yolov5n.onnx", material.path("images/bus.jpg")
            tensor = material.tensor("letterbox", picture, "bus")
            ours = material.quantised(name) if precision == "int8" else material.path(name)
            return {"besra": besra_decoded(ours, picture, notes, precision), ORT: node(material.path(name), tensor, YOLO_SHAPE)}
        return ready

    def opening(notes):
        model, picture = material.path("models/yolov5/yolov5n.onnx"), material.path("images/bus.jpg")
        command = runner.node_command("time", model, material.tensor("letterbox", picture, "bus"), YOLO_SHAPE, 1, runner.threads)
        return {"besra": lambda: runner.bench(model)["open_ms"], ORT: lambda: json.loads(runner.run(command))["open_ms"]}

    def heads(notes):
        model = material.path("models/yolov5/yolov5n-heads.onnx")
        tensor = material.tensor("letterbox", material.path("images/bus.jpg"), "bus")
        return {"besra": besra_net(model, notes), ORT: node(model, tensor, YOLO_SHAPE),
                STOCK: opencv(model, tensor, YOLO_SHAPE)}

    def classifier(name):
        def ready(notes):
            model = material.path(name)
            tensor = material.zeros(3 * 224 * 224, "classifier")
            return {"besra": besra_net(model, notes), ORT: node(model, tensor, CLASSIFIER_SHAPE),
                    STOCK: opencv(model, tensor, CLASSIFIER_SHAPE)}
        return ready

    return [
        ("YOLOv5n 640, decoded export, net + decode", yolo("models/yolov5/yolov5n.onnx", [ORT, STOCK]),
         {ORT: {"avx2": 0.52, "avx512": 0.70}, STOCK: {"avx2": 0.21, "avx512": 0.15}}),
        ("YOLOv5n 640, raw heads, all computed", heads, {ORT: {"avx2": 0.62, "avx512": 0.75}}),
        ("yolov8n 640, net + decode", yolo("models/yolov8n.onnx", [ORT, STOCK]), {ORT: {"avx2": 0.65, "avx512": 0.80}}),
        ("YOLOv5n 640 in bf16, net + decode / f32", narrow("bf16"), {ORT: {"avx512": 0.55}}),
        ("YOLOv5n 640 in int8, net + decode / f32", narrow("int8"), {ORT: {"avx512": 0.42}}),
        ("opening YOLOv5n, with its first run / a session's creation", opening, {ORT: {"avx2": 2.0, "avx512": 2.0}}),
        ("MobileNetV2 224", classifier("models/classify/mobilenet_v2.onnx"), {ORT: {"avx2": 0.95, "avx512": 1.00}}),
        ("SqueezeNet 1.1 224", classifier("models/classify/squeezenet1_1.onnx"),
         {ORT: {"avx2": 0.85, "avx512": 1.00}}),
    ]


def pair_rows(material, runner):
    """Two nets of one thread each, side by side; milliseconds a picture."""
    def side_by_side(command, read):
        both = [runner.start(command) for _ in range(2)]
        rates = [1 / read(json.loads(runner.finish(process))) for process in both]
        return 1 / sum(rates)

    def ready(notes):
        model, picture = material.path("models/yolov5/yolov5n.onnx"), material.path("images/bus.jpg")
        tensor = material.tensor("letterbox", picture, "bus")
        ours = runner.bench_command(model, 1, picture, ["--size", "640"])
        return {"besra": lambda: side_by_side(ours, lambda told: told["stages_ms"]["net"] + told["stages_ms"]["post"]),
                ORT: lambda: side_by_side(runner.node_command("time", model, tensor, YOLO_SHAPE, runner.runs, 1),
                                          lambda told: median(told["ms"]))}

    return [("YOLOv5n 640, two one-thread nets, a picture", ready, {ORT: {"avx2": 0.67, "avx512": 0.75}})]


def srcnn_rows(material, runner):
    def ready(notes):
        model, picture = material.path("models/tutorial/srcnn.onnx"), material.path("images/face.png")
        pixels = material.tensor("pixels", picture, "face")
        body = material.srcnn_body()

        def besra():
            told = runner.bench(model, picture, ["--scale", "3"])
            notes.append(told)
            return sum(told["stages_ms"][stage] for stage in ("pre", "net", "post"))

        def node():
            return runner.peer_time(runner.node_command("time", model, pixels, FACE_SHAPE, runner.runs, runner.threads))

        def opencv():
            return runner.peer_time(runner.opencv_command("upscale", body, picture, 3, runner.runs, runner.threads))

        return {"besra": besra, ORT: node, STOCK: opencv}

    return [("SRCNN face.png x3, bicubic + net", ready,
             {ORT: {"avx2": 0.16, "avx512": 0.24}, STOCK: {"avx2": 0.18, "avx512": 0.18}})]


def folder_rows(material, runner):
    """Whole processes: JPEG in, JSON Lines out; milliseconds a picture."""
    node, python = "onnxruntime-node + sharp", "python3-opencv"

    def contest(pictures, peers):
        model = material.path("models/yolov5/yolov5n.onnx")
        makers = {"besra": lambda: runner.detect_command(model, pictures),
                  node: lambda: runner.node_command("detect", model, runner.threads, *pictures),
                  python: lambda: runner.opencv_command("detect", model, runner.threads, *pictures)}
        return {name: (lambda make=makers[name]: runner.wall(make()) / len(pictures)) for name in ["besra", *peers]}

    def photos(notes):
        if not material.photos:
            raise Missing("a folder of 12-megapixel photographs was not named")
        return contest(material.pictures(os.path.abspath(material.photos)), [node])

    return [
        ("folder val128, JPEG in, JSON Lines out", lambda notes: contest(material.pictures("coco/val128"), [node, python]),
         {node: {"avx2": 0.50, "avx512": 0.55}, python: {"avx2": 0.23, "avx512": 0.20}}),
        ("folder of 12-megapixel photos, the same", photos, {node: {"avx2": 0.60, "avx512": 0.60}}),
        ("whole process, one picture, cold start", lambda notes: contest([material.path("images/bus.jpg")], [node, python]),
         {node: {"avx2": 0.50, "avx512": 0.50}}),
    ]


# ---- measuring ---------------------------------------------------------------------------------------------


def measure(row, rounds, result):
    """Turns of all contestants, A B C A B C; their medians become pairs of the result."""
    name, ready, bars = row
    notes = []
    try:
        turns = ready(notes)
        times = {contestant: [] for contestant in turns}
        for turn in range(rounds):
            for contestant in list(times):
                try:
                    times[contestant].append(turns[contestant]())
                except Missing as reason:
                    if contestant == "besra":
                        raise
                    result["skipped"].append(f"{name}, {contestant}: {reason}")
                    say(result["skipped"][-1])
                    del times[contestant]
            say(f"{name}: round {turn + 1} of {rounds}: "
                + ", ".join(f"{who} {report.number(ms[-1])} ms" for who, ms in times.items()))
    except Missing as reason:
        result["skipped"].append(f"{name}: {reason}")
        say(result["skipped"][-1])
        return
    for peer in times:
        if peer != "besra":
            result["pairs"].append(report.Pair(name, peer, times["besra"], times[peer], bars.get(peer)))
    if notes:
        share = median([note["share_of_peak"] for note in notes])
        rate = median([note["macs_per_s"] for note in notes])
        result["fractions"].append((name, f"{rate / 1e9:.1f} GMAC/s, {share:.2f} of the peak"))


def check_boxes(material, runner, result):
    """All find the same: nets on the tensor that OpenCV makes, and whole programs from JPEG on."""
    model = material.path("models/yolov5/yolov5n.onnx")
    pictures = [material.path(f"images/{name}.jpg") for name in ("bus", "dog", "person", "zidane")]
    ours = records(runner.run(runner.detect_command(model, pictures)))
    limits = {"score": 0.01, "iou": 0.98, "surely": 0.26}

    def on_tensor(make):
        found = {}
        for picture in pictures:
            stem = os.path.splitext(os.path.basename(picture))[0]
            tensor, rows = material.tensor("letterbox", picture, stem), os.path.join(material.scratch, "rows.f32")
            runner.run(make("time", model, tensor, YOLO_SHAPE, 1, runner.threads, rows))
            found.update(records(runner.run(runner.opencv_command("boxes", rows, "25200,85", picture))))
        return found

    val128 = material.pictures("coco/val128")
    ours128 = records(runner.run(runner.detect_command(model, val128)))
    loose = {"score": 0.15, "iou": 0.85, "surely": 0.40}
    cases = [
        (f"{ORT}, the same tensor, {len(pictures)} pictures", lambda: on_tensor(runner.node_command), ours, limits, 1.0),
        (f"{STOCK}, the same tensor, {len(pictures)} pictures", lambda: on_tensor(runner.opencv_command), ours, limits, 1.0),
        (f"python3-opencv from JPEG on, {len(val128)} pictures",
         lambda: records(runner.run(runner.opencv_command("detect", model, runner.threads, *val128))), ours128, limits, 0.99),
        (f"onnxruntime-node + sharp, whose pixels are others, {len(val128)} pictures",
         lambda: records(runner.run(runner.node_command("detect", model, runner.threads, *val128))), ours128, loose, 0.90),
    ]
    good = True
    for name, theirs, mine, how, least in cases:
        try:
            found, total = count_partners(mine, theirs(), **how)
        except Missing as reason:
            result["skipped"].append(f"boxes of {name}: {reason}")
            say(result["skipped"][-1])
            continue
        result["checks"].append(f"{name}: {found} of {total} boxes have a partner (same class, IoU ≥ {how['iou']}, score "
                                f"within {how['score']}, of those with a score of {how['surely']} or more)")
        say(result["checks"][-1])
        good = good and total > 0 and found >= least * total
    return good


def measure_memory(material, runner, result):
    def row(name, limit, make):
        try:
            mega = runner.peak_bytes(make()) / 1e6
            result["memory"].append((name, f"{mega:.0f} MB (asked for: ≤ {limit} MB, "
                                           f"{'met' if mega <= limit else 'missed'})"))
            say(f"{name}: {mega:.0f} MB")
        except Missing as reason:
            result["skipped"].append(f"{name}: {reason}")
            say(result["skipped"][-1])

    def upscale_command():
        small = os.path.join(material.scratch, "four-megapixels.png")
        large = os.path.join(material.scratch, "large.png")
        runner.run([runner.besra, "upscale", "-q", "-y", "--to", "2312x1728", "-o", small, material.path("images/dog.jpg")])
        return [runner.besra, "upscale", "-q", "-y", "-s", "4", "--threads", str(runner.threads), "-o", large, small]

    row("detect, one picture, peak memory", 200,
        lambda: runner.detect_command(material.path("models/yolov5/yolov5n.onnx"), [material.path("images/bus.jpg")]))
    row("upscale, 4 megapixels x4, peak memory", 700, upscale_command)


# ---- the machine -------------------------------------------------------------------------------------------


def cpu_lines():
    found = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition(":")
                found.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    return found


def machine_facts(runner, told, loads):
    cpu = cpu_lines()
    features = [f for f in ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "asimd")
                if f in (cpu.get("flags") or cpu.get("Features") or "").split()]
    versions = [runner.run([runner.besra, "--version"]).strip()]
    for command in (["node", "-p", "'onnxruntime-node ' + require('onnxruntime-node/package.json').version + ', sharp ' "
                     "+ require('sharp').versions.sharp + ', node ' + process.version"],
                    [runner.opencv or sys.executable, "-c", "import cv2; print('python3-opencv', cv2.__version__)"]):
        done = subprocess.run(command, env=runner.env, capture_output=True, text=True, check=False)
        versions += [done.stdout.strip()] if done.returncode == 0 else []
    return [
        ("processor", f"{cpu.get('model name', platform.machine())}, {os.cpu_count()} processors"),
        ("its features", ", ".join(features) or "none that matter here"),
        ("besra's kernels", told["cpu"]),
        ("threads", runner.threads),
        ("multiplications a second at best (FMA peak)", f"{told['peak_macs_per_s'] / 1e9:.1f} G "
         f"({2 * told['peak_macs_per_s'] / 1e9:.0f} GFLOP/s)"),
        ("versions", "; ".join(versions)),
        ("load before and after", f"{loads[0]:.2f}, {os.getloadavg()[0]:.2f}"
         + (" – NOT QUIET: these numbers mean little" if loads[0] > 0.5 else "")),
    ]


def parse():
    root = os.path.dirname(HERE)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--besra", default=os.path.join(root, "build", "app", "besra"), help="the program")
    parser.add_argument("--shared", help="models and pictures",
                        default=os.environ.get("BESRA_SHARED") or os.path.join(os.path.dirname(root), "shared"))
    parser.add_argument("--photos", help="a folder of JPEGs of 12 megapixels")
    parser.add_argument("--peers", default=os.path.join(cache, "besra-peers"), help="where npm installs to")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10, help="turns of each contestant")
    parser.add_argument("--runs", type=int, default=10, help="of the net, in each turn")
    parser.add_argument("--rows", default="", help="only rows with this in their name; nothing is checked then")
    parser.add_argument("--output", default=os.path.join(root, "docs"), help="the folder of performance.md")
    return parser.parse_args()


def write(result, folder):
    os.makedirs(folder, exist_ok=True)
    title = f"Time of besra / time of others, {result['threads']} threads, {result['machine']} (shorter is better)"
    for name, text in (("performance.md", report.markdown(result)),
                       ("performance.svg", report.svg(result["pairs"], result["machine"], title))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        say(f"written: {os.path.join(folder, name)}")


def main():
    args = parse()
    if not os.access(args.besra, os.X_OK):
        say(f"{args.besra} is not there: build besra, or name it with --besra")
        return 3
    runner = Runner(os.path.abspath(args.besra), os.path.abspath(args.peers), args.threads, args.runs)
    runner.install()
    loads = [os.getloadavg()[0]]
    if loads[0] > 0.5:
        say(f"this machine is busy (load {loads[0]:.2f}): what is measured now means little")
    told = runner.bench("cards")
    result = {"machine": told["cpu"], "threads": args.threads, "pairs": [], "checks": [], "fractions": [], "memory": [],
              "skipped": []}
    with tempfile.TemporaryDirectory() as scratch:
        material = Material(args.shared, scratch, runner, args.photos)
        good = True
        if not args.rows:
            try:
                good = check_boxes(material, runner, result)
            except Missing as reason:
                result["skipped"].append(f"boxes: {reason}")
                say(result["skipped"][-1])
        for make in (net_rows, pair_rows, srcnn_rows, folder_rows):
            for row in make(material, runner):
                if args.rows.lower() in row[0].lower():
                    measure(row, args.rounds, result)
        if not args.rows:
            measure_memory(material, runner, result)
    result["facts"] = machine_facts(runner, told, loads)
    write(result, args.output)
    if not good:
        say("some found other boxes than besra: the times say nothing")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
