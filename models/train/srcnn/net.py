"""The net, and the ways to run it."""
import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

REACH = 4 + 0 + 2  # pixels that an output sees on each side: 9x9, 1x1, 5x5


def make_net():
    """SRCNN 9-1-5; zero padding keeps the size. It starts as the identity: one channel carries the
    picture through, so that training begins at bicubic's PSNR; the others start as He, and silent."""
    net = nn.Sequential(nn.Conv2d(1, 64, 9, padding=4), nn.ReLU(),
                        nn.Conv2d(64, 32, 1), nn.ReLU(),
                        nn.Conv2d(32, 1, 5, padding=2))
    first, second, third = net[0], net[2], net[4]
    with torch.no_grad():
        for layer in (first, second):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.normal_(third.weight, std=1e-3)
        nn.init.zeros_(third.bias)
        first.weight[0] = 0
        first.weight[0, 0, 4, 4] = 1
        second.weight[0] = 0
        second.weight[0, 0] = 1
        third.weight[0, 0] = 0
        third.weight[0, 0, 2, 2] = 1
    return net.to(memory_format=torch.channels_last)


def run_on_patches(net, seen, inside):
    """[BATCH][1][SEEN][SEEN] -> [BATCH][1][PATCH][PATCH]: what `net` gives there when it runs on the
    whole picture. The zeros it pads with are in the patch already, so nothing is padded; before
    the last layer they are put back where the picture has ended."""
    first, second, third = net[0], net[2], net[4]
    hidden = F.relu(F.conv2d(seen, first.weight, first.bias))
    hidden = F.relu(F.conv2d(hidden, second.weight, second.bias))
    return F.conv2d(hidden * inside[:, :, 4:-4, 4:-4], third.weight, third.bias)


def run_torch(net):
    """Returns a function [H][W] -> [H][W] that runs `net`."""
    def run(luma):
        with torch.no_grad():
            return net(torch.from_numpy(luma.astype(np.float32))[None, None])[0, 0].numpy()
    return run


def run_opencv(path):
    """The same through OpenCV DNN and an exported file: what runs in use."""
    net = cv2.dnn.readNetFromONNX(str(path))

    def run(luma):
        net.setInput(np.ascontiguousarray(luma, np.float32)[None, None])
        return net.forward()[0, 0].copy()
    return run


def load_checkpoint(path):
    saved = torch.load(path, map_location="cpu")
    net = make_net()
    net.load_state_dict(saved["net"])
    return net.eval(), saved
