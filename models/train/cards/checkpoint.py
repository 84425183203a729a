"""Weights in and out: full checkpoints (.pt) and the exported ONNX (.onnx), which training can resume from."""
import os

import numpy as np
import torch

from net import CardNet, ConvBlock


def save(path, net, ema, optimizer, step, elapsed):
    """Writes a checkpoint that training can go on from; never leaves half a file. elapsed: seconds trained."""
    torch.save({"model": net.state_dict(), "ema": ema.state_dict(), "optimizer": optimizer.state_dict(),
                "step": step, "elapsed": elapsed}, path + ".part")
    os.replace(path + ".part", path)


def load_for_use(path):
    """The averaged weights of a checkpoint, as a net in evaluation mode."""
    net = CardNet()
    state = torch.load(path, map_location="cpu")
    net.load_state_dict(state["ema"])
    return net.eval().to(memory_format=torch.channels_last)


def load_onnx(net, path, pictures):
    """Fills `net` from an export, whose batch norms are folded into its convolutions.

    Each norm gets the statistics of `pictures` ([n][3][H][W], 0..1, some tens of training pictures) and the
    scale and shift that undo them, so that the net computes what the export does in both of its modes. The
    heads' rank and suit parts are zero: their sum lives on in the joint part.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    values = {init.name: numpy_helper.to_array(init) for init in graph.initializer}
    convolutions = [[torch.from_numpy(np.array(values[name])) for name in node.input[1:]]
                    for node in graph.node if node.op_type == "Conv"]
    order = []                                               # blocks in the order they run, as in the graph
    hooks = [module.register_forward_pre_hook(lambda block, _: order.append(block))
             for module in net.modules() if isinstance(module, ConvBlock)]
    net.eval()
    with torch.no_grad():
        net(pictures[:1])
    for hook in hooks:
        hook.remove()
    order += list(net.heads)
    if len(order) != len(convolutions):
        raise SystemExit(f"{path}: {len(convolutions)} convolutions, expected {len(order)}")

    def absorb(shift):
        def hook(norm, inputs):
            activations = inputs[0]
            mean, variance = activations.mean((0, 2, 3)), activations.var((0, 2, 3), unbiased=False)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.copy_(shift + mean)
        return hook

    hooks = []
    with torch.no_grad():
        for module, (weight, bias) in zip(order, convolutions):
            if isinstance(module, ConvBlock):
                module.conv.weight.copy_(weight)
                hooks.append(module.norm.register_forward_pre_hook(absorb(bias)))
            else:
                module.joint.weight.copy_(weight)
                module.joint.bias.copy_(bias)
                module.parts.weight.zero_()
                module.parts.bias.zero_()
        net(pictures)
    for hook in hooks:
        hook.remove()
