#!/usr/bin/env python3
"""OpenCV's DNN in Python, the usual way. For bench/compare.py.

  opencv.py time MODEL INPUT.f32 1,3,640,640 RUNS THREADS [OUTPUT.f32]   runs a net on one tensor
  opencv.py upscale BODY PICTURE FACTOR RUNS THREADS    bicubic by cv2.resize, then the net, pixels to pixels
  opencv.py detect MODEL THREADS PICTURE...             JPEG in, JSON Lines out (YOLOv5, decoded, 640x640)
  opencv.py letterbox PICTURE OUTPUT.f32                the tensor that the net is given
  opencv.py pixels PICTURE OUTPUT.f32                   its pixels as planes of BGR in 0..255
  opencv.py boxes ROWS.f32 25200,85 PICTURE             JSON of what a net's output says of this picture
"""
import json
import sys
import time

import cv2
import numpy as np

SIDE, PAD, CONFIDENCE, IOU, MOST, WARM = 640, 114, 0.25, 0.45, 300, 3


def letterbox(image):
    height, width = image.shape[:2]
    gain = min(SIDE / width, SIDE / height)
    fit = round(width * gain), round(height * gain)
    left, top = (SIDE - fit[0]) / 2, (SIDE - fit[1]) / 2
    if (width, height) != fit:
        image = cv2.resize(image, fit, interpolation=cv2.INTER_LINEAR)
    sides = [round(top - 0.1), round(top + 0.1), round(left - 0.1), round(left + 0.1)]
    image = cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(PAD, PAD, PAD))
    # Boxes are mapped back by the padding before it was rounded, as YOLOv5 does.
    return cv2.dnn.blobFromImage(image, 1 / 255, swapRB=True), gain, (SIDE - width * gain) / 2, (SIDE - height * gain) / 2


def boxes_of(rows, gain, left, top, width, height):
    rows = rows[rows[:, 4] > CONFIDENCE]
    classes = rows[:, 5:].argmax(1)
    scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + classes]
    keep = scores > CONFIDENCE
    rows, classes, scores = rows[keep], classes[keep], scores[keep]
    corners = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, 2:4]], 1)
    # Boxes of other classes are moved out of each other's way, as YOLOv5's own suppression does.
    moved = corners + np.concatenate([classes[:, None] * 7680.0] * 2 + [np.zeros((len(rows), 2))], 1)
    kept = cv2.dnn.NMSBoxes(moved.tolist(), scores.tolist(), CONFIDENCE, IOU)
    found = []
    for i in np.array(kept, int).ravel()[:MOST]:
        x, y, w, h = corners[i]
        box = [(x - left) / gain, (y - top) / gain, (x + w - left) / gain, (y + h - top) / gain]
        box = [float(min(max(v, 0), (width, height)[n % 2])) for n, v in enumerate(box)]
        found.append({"class": int(classes[i]), "score": float(scores[i]), "box": box})
    return found


def timed(runs, work):
    ms = []
    for run in range(-WARM, runs):
        start = time.perf_counter()
        result = work()
        if run >= 0:
            ms.append((time.perf_counter() - start) * 1e3)
    return ms, result


def time_net(model, source, shape, runs, threads, output=None):
    cv2.setNumThreads(int(threads))
    blob = np.fromfile(source, np.float32).reshape([int(n) for n in shape.split(",")])
    begun = time.perf_counter()
    net = cv2.dnn.readNetFromONNX(model)
    opened = (time.perf_counter() - begun) * 1e3
    names = net.getUnconnectedOutLayersNames()

    def work():
        net.setInput(blob)
        return net.forward(names)

    ms, results = timed(int(runs), work)
    if output:
        results[0].astype(np.float32).tofile(output)
    print(json.dumps({"ms": ms, "open_ms": opened, "dims": list(results[0].shape)}))


def upscale(model, picture, factor, runs, threads):
    cv2.setNumThreads(int(threads))
    net = cv2.dnn.readNetFromONNX(model)
    image = cv2.imread(picture)

    def work():
        large = cv2.resize(image, None, fx=float(factor), fy=float(factor), interpolation=cv2.INTER_CUBIC)
        net.setInput(cv2.dnn.blobFromImage(large))
        planes = net.forward()[0]
        return np.clip(planes.transpose(1, 2, 0) + 0.5, 0, 255).astype(np.uint8)

    ms, _ = timed(int(runs), work)
    print(json.dumps({"ms": ms}))


def detect(model, threads, *pictures):
    cv2.setNumThreads(int(threads))
    net = cv2.dnn.readNetFromONNX(model)
    for source in pictures:
        image = cv2.imread(source)
        blob, gain, left, top = letterbox(image)
        net.setInput(blob)
        rows = net.forward()[0]
        found = boxes_of(rows, gain, left, top, image.shape[1], image.shape[0])
        print(json.dumps({"source": source, "detections": found}))


def write_tensor(picture, output):
    letterbox(cv2.imread(picture))[0].tofile(output)


def show_boxes(source, shape, picture):
    image = cv2.imread(picture)
    _, gain, left, top = letterbox(image)
    rows = np.fromfile(source, np.float32).reshape([int(n) for n in shape.split(",")])
    print(json.dumps({"source": picture, "detections": boxes_of(rows, gain, left, top, image.shape[1], image.shape[0])}))


def write_pixels(picture, output):
    cv2.dnn.blobFromImage(cv2.imread(picture)).tofile(output)


COMMANDS = {"time": time_net, "upscale": upscale, "detect": detect, "letterbox": write_tensor,
            "boxes": show_boxes, "pixels": write_pixels}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
