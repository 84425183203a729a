#!/usr/bin/python3
"""Live video measured from outside: is a recording as long as the clock says at 5, 15 and 60 frames a second, and is
memory flat over ten thousand frames?

    bench/live.py BESRA MODEL VIDEO.mp4 [SECONDS]

A server on loopback sends VIDEO's first frames as motion JPEG, paced by the clock; besra records them for SECONDS (10).
Then besra looks at 10,000 frames of VIDEO, over and over, and its memory is read from /proc at 1,000 and at the end.
Needs python3-opencv.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2

FRAMES = 10000


def pictures(path, count=60):
    video, found = cv2.VideoCapture(path), []
    while len(found) < count:
        there, frame = video.read()
        if not there:
            break
        found.append(cv2.imencode(".jpg", frame)[1].tobytes())
    return found


def serve(frames, rate, seen):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            begin = time.monotonic()
            seen["begin"] = begin
            for i in range(10 ** 9):
                time.sleep(max(0, begin + i / rate - time.monotonic()))
                data = frames[i % len(frames)]
                try:
                    self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data))
                    self.wfile.write(data + b"\r\n")
                except OSError:
                    return
                seen["sent"] = i + 1

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def duration_of(path):
    video = cv2.VideoCapture(path)
    return video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS), int(video.get(cv2.CAP_PROP_FRAME_COUNT))


def record(besra, model, frames, seconds, folder):
    print("| frames a second | sent | recorded | clock, s | film, s | difference |\n| ---: | ---: | ---: | ---: | ---: | ---: |")
    for rate in (5, 15, 60):
        seen, path = {}, os.path.join(folder, f"rec-{rate}.mp4")
        server = serve(frames, rate, seen)
        process = subprocess.Popen([besra, "live", "--headless", "-q", "-m", model, "--no-config", "-o", path,
                                    f"http://127.0.0.1:{server.server_port}/"])
        while "begin" not in seen or time.monotonic() < seen["begin"] + seconds:
            time.sleep(0.01)
        process.terminate()
        clock, sent = time.monotonic() - seen["begin"], seen["sent"]
        process.wait()
        server.shutdown()
        film, count = duration_of(path)
        print(f"| {rate} | {sent} | {count} | {clock:.2f} | {film:.2f} | {100 * (film / clock - 1):+.1f} % |")


def memory_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s*(\d+)", status.read()).group(1)) / 1024


def watch_memory(besra, model, video):
    process = subprocess.Popen([besra, "live", "--headless", "-q", "-m", model, "--no-config", "--json", "--track", "--loop",
                                "--frames", str(FRAMES), video], stdout=subprocess.PIPE, text=True)
    early = late = 0
    for line in process.stdout:
        number = json.loads(line).get("frame")
        if number == 1000:
            early = memory_of(process.pid)
        if number == FRAMES - 10:
            late = memory_of(process.pid)
    process.wait()
    print(f"memory: {early:.1f} MiB at frame 1,000, {late:.1f} MiB at frame {FRAMES - 10:,}")


def main():
    besra, model, video = sys.argv[1:4]
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 10
    with tempfile.TemporaryDirectory() as folder:
        record(besra, model, pictures(video), seconds, folder)
    watch_memory(besra, model, video)


if __name__ == "__main__":
    main()
