#!/usr/bin/python3
"""The windows measured from outside: how long an input takes to the screen, and how many frames a second there are, while
the net runs.

    bench/view.py BESRA MODEL PICTURES [SECONDS]

Each window runs on an Xvfb of its own, drawn by SDL's software renderer, with a hand that moves the pointer, turns the
wheel and drags a slider 60 times a second (BESRA_PLAY_EVENTS and BESRA_PLAY_PACE; an input waits from when it was due).
`besra view` shows the folder PICTURES: once with nothing to compute, once while all of its pictures go through the
detector MODEL into a folder. `besra live` shows them as a camera of 60 frames a second (motion JPEG from a server on
loopback), without and with the hand. Needs Xvfb and Python's standard library. Prints a table of medians and 99th
percentiles in milliseconds, of SECONDS (10) each but the first; "busy" is how many threads besra had at work at once on average, those that run
nets and all, by the processor time that they took.
"""
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PACE_MS = 16
SIZE = "1280x800"


def start_xvfb():
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1200x24", "-nolisten", "tcp",
                               "-noreset"], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as number:
        return server, ":" + number.readline().strip()


def hand(count, seed=7):
    """`count` inputs as a person makes them: strokes over the picture, some zoom, drags of a slider."""
    draw, lines = random.Random(seed), []
    while len(lines) < count:
        kind = draw.random()
        if kind < 0.5:
            x, y = draw.randint(50, 850), draw.randint(60, 650)
            for i in range(30):
                lines.append(f"move {x + 4 * i % 800} {y + i}")
        elif kind < 0.75:
            lines.append(f"move {draw.randint(200, 600)} {draw.randint(200, 500)}")
            lines += ["wheel 0 1"] * 5 + ["wheel 0 -1"] * 5 + ["key 0"]
        else:
            x = draw.randint(1060, 1200)
            lines += [f"move {x} 108", "press 1"] + [f"move {x - i} 108" for i in range(15)] + ["release 1"]
    return lines[:count]


def play(besra, words, script, folder, display, name):
    path, times = os.path.join(folder, name + ".txt"), os.path.join(folder, name + ".times")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(script) + "\n")
    env = {**os.environ, "DISPLAY": display, "SDL_VIDEODRIVER": "x11", "SDL_RENDER_DRIVER": "software",
           "SDL_FRAMEBUFFER_ACCELERATION": "0", "BESRA_UI_SCALE": "1", "BESRA_PLAY_EVENTS": path,
           "BESRA_PLAY_PACE": str(PACE_MS), "BESRA_FRAME_TIMES": times, "BESRA_SHOTS": folder}
    env.pop("XDG_RUNTIME_DIR", None)
    with subprocess.Popen([besra, *words], env=env, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        busy = watch_threads(process)
        if process.returncode != 0:
            sys.exit(f"{' '.join(words)}: {process.returncode}: {process.stderr.read()}")
    with open(times, encoding="ascii") as file:
        return [line.split() for line in file], busy


def ticks_of(pid):
    """Of each thread: processor time so far, and whether it gives way to others, as those do that run nets."""
    found, own = {}, None
    for task in glob.glob(f"/proc/{pid}/task/*/stat"):
        try:
            with open(task, encoding="ascii", errors="replace") as file:
                words = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        thread = task.split("/")[4]
        found[thread] = (int(words[11]) + int(words[12]), int(words[16]))
        own = int(words[16]) if thread == str(pid) else own
    return {thread: (ticks, nice > (own or 0)) for thread, (ticks, nice) in found.items()}


def watch_threads(process):
    """How many threads had a processor on average from the second second to the end: those of nets, all."""
    time.sleep(1.5)
    first, began, last, ended = ticks_of(process.pid), time.monotonic(), {}, 0
    while process.poll() is None:
        now = ticks_of(process.pid)
        if now:
            last, ended = {**last, **now}, time.monotonic()
        time.sleep(0.2)
    spent = [((ticks - first.get(thread, (0, 0))[0]) / os.sysconf("SC_CLK_TCK"), low) for thread, (ticks, low) in last.items()]
    took = max(ended - began, 1e-3)
    return sum(each for each, low in spent if low) / took, sum(each for each, _ in spent) / took


def part_of(values, part):
    values = sorted(values)
    return values[int((len(values) - 1) * part)] if values else float("nan")


def report(name, frames, net_fps, busy):
    """The first second is the opening's."""
    begin = float(frames[0][0]) + 1000
    frames = [frame for frame in frames if float(frame[0]) > begin]
    answers = [float(frame[2]) for frame in frames if frame[2] != "-"]
    shows = [float(frame[1]) for frame in frames]
    ends = [float(frame[0]) for frame in frames]
    rate = 1000 * (len(ends) - 1) / (ends[-1] - ends[0])
    gaps = [b - a for a, b in zip(ends, ends[1:])]
    waited = f"{part_of(answers, .5):.1f} | {part_of(answers, .99):.1f}" if answers else "– | –"
    print(f"| {name} | {waited} | {len(answers)} | {part_of(shows, .5):.1f} | "
          f"{part_of(shows, .99):.1f} | {rate:.1f} | {part_of(gaps, .99):.1f} | {net_fps} | {busy[0]:.1f} of {busy[1]:.1f} |",
          flush=True)


def many(pictures, folder, count):
    """A folder of `count` pictures, so that the net has work for as long as it is looked at."""
    all_of_them = os.path.join(folder, "pictures")
    os.mkdir(all_of_them)
    for i in range(count):
        os.symlink(pictures[i % len(pictures)], os.path.join(all_of_them, f"{i:05}" + os.path.splitext(pictures[i % len(pictures)])[1]))
    return all_of_them


def see_view(besra, model, pictures, seconds, folder, display):
    words = ["view", "--no-config", "--window", SIZE, "-m", model]
    events = hand(int(1000 * seconds / PACE_MS))
    frames, busy = play(besra, [*words, *pictures[:3]], ["wait-for idle", *events], folder, display, "still")
    report("view, nothing to compute", frames, "–", busy)
    full = many(pictures, folder, int(100 * seconds))
    out = os.path.join(folder, "out")
    begin = ["wait-for result", "key a", "key ctrl+a", f"text {out}", "key return"]
    frames, busy = play(besra, [*words, full], [*begin, *events], folder, display, "folder")
    done = len(os.listdir(out)) if os.path.isdir(out) else 0
    took = (float(frames[-1][0]) - float(frames[0][0])) / 1000
    report("view, all pictures through the net", frames, f"{done / took:.1f}", busy)


def serve(pictures, rate=60):
    """A camera on loopback: motion JPEG, `rate` pictures a second."""
    data = [open(path, "rb").read() for path in pictures]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            begin, number = time.monotonic(), 0
            while True:
                time.sleep(max(0, begin + number / rate - time.monotonic()))
                picture = data[number // 30 % len(data)]
                number += 1
                try:
                    self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
                                     + picture + b"\r\n")
                except OSError:
                    return

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def size_of(path):
    """Width and height of a JPEG."""
    with open(path, "rb") as file:
        data = file.read()
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    return int.from_bytes(data[at + 7:at + 9], "big"), int.from_bytes(data[at + 5:at + 7], "big")


def see_live(besra, model, pictures, seconds, folder, display):
    server = serve([path for path in pictures if size_of(path) == size_of(pictures[0])][:10])
    words = ["live", "--no-config", "-q", "-m", model, "--overwrite"]
    events = hand(int(1000 * seconds / PACE_MS))
    for name, steps in (("live, 60 frames a second", [f"wait {int(1000 * seconds)}"]), ("the same, and a hand", events)):
        record = os.path.join(folder, "live.jsonl")
        frames, busy = play(besra, [*words, "--json=" + record, f"http://127.0.0.1:{server.server_port}/"],
                            ["wait-for frame", *steps], folder, display, "live")
        with open(record, encoding="utf-8") as lines:
            looked = [json.loads(line)["time"] for line in lines]
        span = looked[-1] - looked[0]
        report(name, frames, f"{(len(looked) - 1) / span:.1f}" if span > 0 else "–", busy)
    server.shutdown()


def main():
    besra, model, pictures = (os.path.abspath(word) for word in sys.argv[1:4])
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 10
    if not shutil.which("Xvfb"):
        sys.exit("Xvfb isn't there (package xvfb)")
    found = sorted(glob.glob(os.path.join(pictures, "*.jpg")) + glob.glob(os.path.join(pictures, "*.png")))
    server, display = start_xvfb()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print("| window | input to screen, ms | 99 % | frames with inputs | showing, ms | 99 % | frames a second | gap, 99 % | "
                  "net, a second | busy, nets of all |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
            see_view(besra, model, found, seconds, folder, display)
            see_live(besra, model, found, seconds, folder, display)
    finally:
        server.terminate()
        server.wait()
    print(f"\n{os.cpu_count()} processors; load (1 min) at the end {os.getloadavg()[0]:.1f}, this measurement's among it")


if __name__ == "__main__":
    main()
