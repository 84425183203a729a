"""Installs the peers and runs besra and them: one function a kind of run, each gives what the program told."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NODE_PACKAGES = ["onnxruntime-node@1.30.0", "sharp@0.35.5"]


class Missing(Exception):
    """Something that a row needs is not there; says what."""


def say(text):
    print(f"compare.py: {text}", file=sys.stderr, flush=True)


# ---- installing --------------------------------------------------------------------------------------------


def python_with_opencv():
    """A Python that has cv2, this one or Debian's; None when there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import cv2, numpy"], capture_output=True, check=False).returncode == 0:
                return python
        except OSError:
            continue
    return None


def install_opencv():
    """The Python that has cv2 afterwards, or None."""
    if python_with_opencv():
        return python_with_opencv()
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say("python3-opencv is not installed, and only root can: apt-get install python3-opencv")
        return None
    say("installing python3-opencv")
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3-opencv"], check=False,
                   stdout=subprocess.DEVNULL)
    if not python_with_opencv():
        say("python3-opencv could not be installed")
    return python_with_opencv()


def install_node(folder):
    """True when node has both packages in `folder` afterwards. Their install scripts are not run."""
    if not shutil.which("node"):
        say("node is not installed: apt-get install nodejs npm")
        return False
    wanted = [p for p in NODE_PACKAGES if not os.path.isdir(os.path.join(folder, "node_modules", p.split("@")[0]))]
    if wanted and not shutil.which("npm"):
        say("npm is not installed: apt-get install npm")
        return False
    if wanted:
        os.makedirs(folder, exist_ok=True)
        say(f"installing {' '.join(wanted)} into {folder}")
        done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, *wanted],
                              check=False, stdout=subprocess.DEVNULL)
        return done.returncode == 0
    return True


# ---- running -----------------------------------------------------------------------------------------------


class Runner:
    def __init__(self, besra, node_folder, threads, runs):
        self.besra, self.threads, self.runs = besra, threads, runs
        self.node_folder, self.node, self.opencv = node_folder, False, None
        self.env = dict(os.environ, NODE_PATH=os.path.join(node_folder, "node_modules"),
                        XDG_CONFIG_HOME="/nonexistent", OMP_NUM_THREADS=str(threads))

    def install(self):
        self.node = install_node(self.node_folder)
        self.opencv = install_opencv()

    def start(self, command, **how):
        return subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)

    def finish(self, process):
        out, err = process.communicate()
        if process.returncode != 0:
            raise Missing(why(os.path.basename(process.args[0]), err))
        return out

    def run(self, command, **how):
        return self.finish(self.start(command, **how))

    # besra

    def bench_command(self, model, threads=None, picture=None, options=()):
        command = [self.besra, "bench", "-q", "--json", "--no-config", "--runs", str(self.runs), "--threads",
                   str(threads or self.threads), *options, model]
        return command + (["-i", picture] if picture else [])

    def bench(self, model, picture=None, options=()):
        return json.loads(self.run(self.bench_command(model, None, picture, options)))

    def detect_command(self, model, pictures):
        return [self.besra, "detect", "-q", "--json", "--no-image", "--no-config", "--letterbox", "square", "--threads",
                str(self.threads), "-m", model, *pictures]

    # peers

    def node_command(self, what, *rest):
        if not self.node:
            raise Missing("onnxruntime-node and sharp are not there")
        return ["node", os.path.join(HERE, "onnxruntime.js"), what, *map(str, rest)]

    def opencv_command(self, what, *rest):
        if not self.opencv:
            raise Missing("python3-opencv is not there")
        return [self.opencv, os.path.join(HERE, "opencv.py"), what, *map(str, rest)]

    def peer_time(self, command):
        return statistics.median(json.loads(self.run(command))["ms"])

    # whole processes

    def wall(self, command):
        """Milliseconds from start to end of a process."""
        start = time.perf_counter()
        self.run(command)
        return (time.perf_counter() - start) * 1e3

    def peak_bytes(self, command):
        """The most memory that a process has had."""
        process = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise Missing(f"{os.path.basename(command[0])} failed")
        return usage.ru_maxrss * 1024


def records(text):
    return {json.loads(line)["source"]: json.loads(line)["detections"] for line in text.splitlines()}


def why(program, err):
    """The line of a program's last words that says most, with its name before it, as besra's own have it."""
    lines = [line.strip(" >") for line in err.splitlines() if line.strip(" >\n")] or ["failed"]
    if lines[0].startswith("besra: "):
        return lines[0]
    return f"{program}: " + next((line for line in reversed(lines) if "error" in line.lower()), lines[-1])[:200]


# ---- the same boxes ----------------------------------------------------------------------------------------


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - width * height
    return width * height / area


def count_partners(ours, theirs, score, iou, surely):
    """How many boxes of either have a partner in the other: of the same class, overlapping by `iou`, with a score
    within `score`. Only those surely over the threshold are asked for. Returns (with a partner, all)."""
    found = total = 0
    for picture, boxes in ours.items():
        for mine, others in ((boxes, theirs[picture]), (theirs[picture], boxes)):
            for box in mine:
                if box["score"] < surely:
                    continue
                total += 1
                found += any(o["class"] == box["class"] and abs(o["score"] - box["score"]) <= score and
                             overlap(o["box"], box["box"]) >= iou for o in others)
    return found, total
