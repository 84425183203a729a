#!/usr/bin/python3
"""The windows measured from outside: how long an input takes to the screen, and how many frames a second there are, while
the net runs.

    bench/view.py BESRA MODEL PICTURES [VIDEO.mp4] [SECONDS]

Each window runs on an Xvfb of its own, drawn by SDL's software renderer, with a hand that moves the pointer, turns the
wheel and drags a slider 60 times a second (BESRA_PLAY_EVENTS and BESRA_PLAY_PACE; an input waits from when it was due).
`besra view` shows the folder PICTURES: once with nothing to compute, once while all of its pictures go through the
detector MODEL into a folder. `besra live` shows VIDEO at 60 frames a second (a file, paced as a camera; written by
python3-opencv where that is there, else as it is). Needs Xvfb and Python's standard library. Prints a table of the medians and 99th
percentiles in milliseconds of SECONDS (10).
"""
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

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
    done = subprocess.run([besra, *words], env=env, cwd=folder, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: {done.returncode}: {done.stderr}")
    with open(times, encoding="ascii") as file:
        return [line.split() for line in file]


def part_of(values, part):
    values = sorted(values)
    return values[int((len(values) - 1) * part)] if values else float("nan")


def report(name, frames, net_fps):
    """The first second is the opening's."""
    begin = float(frames[0][0]) + 1000
    frames = [frame for frame in frames if float(frame[0]) > begin]
    answers = [float(frame[2]) for frame in frames if frame[2] != "-"]
    shows = [float(frame[1]) for frame in frames]
    ends = [float(frame[0]) for frame in frames]
    rate = 1000 * (len(ends) - 1) / (ends[-1] - ends[0])
    gaps = [b - a for a, b in zip(ends, ends[1:])]
    print(f"| {name} | {part_of(answers, .5):.1f} | {part_of(answers, .99):.1f} | {len(answers)} | {part_of(shows, .5):.1f} | "
          f"{part_of(shows, .99):.1f} | {rate:.1f} | {part_of(gaps, .99):.1f} | {net_fps} |", flush=True)


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
    frames = play(besra, [*words, *pictures[:3]], ["wait-for idle", *events], folder, display, "still")
    report("view, nothing to compute", frames, "–")
    full = many(pictures, folder, int(100 * seconds))
    out = os.path.join(folder, "out")
    begin = ["wait-for result", "key a", "key ctrl+a", f"text {out}", "key return"]
    frames = play(besra, [*words, full], [*begin, *events], folder, display, "folder")
    done = len(os.listdir(out)) if os.path.isdir(out) else 0
    took = (float(frames[-1][0]) - float(frames[0][0])) / 1000
    report("view, all pictures through the net", frames, f"{done / took:.1f}")


def film_of(video, folder, rate=60):
    """VIDEO's pictures at 60 a second."""
    try:
        import cv2
    except ImportError:
        return video
    source, path, writer = cv2.VideoCapture(video), os.path.join(folder, "film.mp4"), None
    for _ in range(200):
        there, frame = source.read()
        if not there:
            break
        writer = writer or cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), rate, (frame.shape[1], frame.shape[0]))
        writer.write(frame)
    writer.release()
    return path


def see_live(besra, model, video, seconds, folder, display):
    record, film = os.path.join(folder, "live.jsonl"), film_of(video, folder)
    frames = play(besra, ["live", "--no-config", "-q", "-m", model, "--realtime", "--loop", "--json=" + record, film],
                  ["wait-for frame", *hand(int(1000 * seconds / PACE_MS))], folder, display, "live")
    with open(record, encoding="utf-8") as lines:
        looked = [json.loads(line) for line in lines]
    span = looked[-1]["time"] - looked[0]["time"]
    report("live, a film at 60 frames a second", frames, f"{(len(looked) - 1) / span:.1f}" if span > 0 else "–")


def main():
    besra, model, pictures = (os.path.abspath(word) for word in sys.argv[1:4])
    video = os.path.abspath(sys.argv[4]) if len(sys.argv) > 4 else None
    seconds = float(sys.argv[5]) if len(sys.argv) > 5 else 10
    if not shutil.which("Xvfb"):
        sys.exit("Xvfb isn't there (package xvfb)")
    found = sorted(glob.glob(os.path.join(pictures, "*.jpg")) + glob.glob(os.path.join(pictures, "*.png")))
    server, display = start_xvfb()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print("| window | input to screen, ms | 99 % | inputs' frames | showing | 99 % | frames a second | longest gap, 99 % | net, a second |\n"
                  "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
            see_view(besra, model, found, seconds, folder, display)
            if video:
                see_live(besra, model, video, seconds, folder, display)
    finally:
        server.terminate()
        server.wait()
    print(f"\n{os.cpu_count()} processors; load (1 min) at the end {os.getloadavg()[0]:.1f}, this measurement's among it")


if __name__ == "__main__":
    main()
