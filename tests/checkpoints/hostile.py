"""What would a hostile file look like? Traps of every kind; opening one must end in one sentence and nothing else.

``python tests/checkpoints/hostile.py`` springs all of them in one process and prints how much memory that took.
"""

import io
import json
import os
import pickle
import resource
import struct
import tempfile
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

CANARY = "canary"
ACT = f"touch {CANARY}"

WORDS = {
    "os.system": b"cos\nsystem\n",
    "posix.system": b"cposix\nsystem\n",
    "nt.system": b"cnt\nsystem\n",
    "builtins.eval": b"cbuiltins\neval\n",
    "Python 2's eval": b"c__builtin__\neval\n",
    "builtins.exec": b"cbuiltins\nexec\n",
    "subprocess.Popen": b"csubprocess\nPopen\n",
    "subprocess.check_output": b"csubprocess\ncheck_output\n",
    "Python 2's commands": b"ccommands\ngetoutput\n",
    "importlib": b"cimportlib\nimport_module\n",
    "runpy": b"crunpy\nrun_path\n",
    "ctypes": b"cctypes\nCDLL\n",
    "socket": b"csocket\ncreate_connection\n",
    "shutil": b"cshutil\nrmtree\n",
    "webbrowser": b"cwebbrowser\nopen\n",
    "pydoc": b"cpydoc\npipepager\n",
    "timeit": b"ctimeit\ntimeit\n",
    "code": b"ccode\ninteract\n",
    "pickle.loads": b"c_pickle\nloads\n",
    "torch.load": b"ctorch\nload\n",
    "torch.hub": b"ctorch.hub\nload\n",
    "torch's own os": b"ctorch\nos.system\n",
    "numpy.load": b"cnumpy\nload\n",
    "numpy's runstring": b"cnumpy.testing._private.utils\nrunstring\n",
    "getattr": b"c__builtin__\ngetattr\n",
    "attrgetter": b"coperator\nattrgetter\n",
    "open": b"cio\nopen\n",
    "globals through dunders": b"ctorch.nn\nModule.__init__.__globals__\n",
}
"""Names that act, as pickles of protocol 0 spell them."""


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


ARG = short(ACT) + b"\x85"
SYSTEM = short("posix") + short("system") + b"\x93"

SHAPES = {
    "REDUCE, protocol 4": b"\x80\x04" + SYSTEM + ARG + b"R.",
    "STACK_GLOBAL from the memo": b"\x80\x04" + short("posix") + b"\x940" + short("system") + b"\x940h\x00h\x01\x93" + ARG + b"R.",
    "STACK_GLOBAL of a name that is put together": (
        b"\x80\x04" + short("operator") + short("add") + b"\x93" + short("po") + short("six") + b"\x86R"
        + short("system") + b"\x93" + ARG + b"R."
    ),
    "INST": b"(S'" + ACT.encode() + b"'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'" + ACT.encode() + b"'\no.",
    "NEWOBJ": b"\x80\x02csubprocess\nPopen\nX\x05\x00\x00\x00touch\x85\x81.",
    "NEWOBJ_EX": b"\x80\x04" + short("subprocess") + short("Popen") + b"\x93)}" + short("args") + short(ACT) + b"s\x92.",
    "BUILD that plants a __setstate__": (
        b"cargparse\nNamespace\n)R(S'__setstate__'\ncos\nsystem\ndbS'" + ACT.encode() + b"'\nb."
    ),
    "EXT1": b"\x80\x02\x82\x01" + b"U\x05touch\x85R.",
    "EXT4": b"\x80\x02\x84\x01\x00\x00\x00)R.",
    "PERSID": b"Pposix.system\n.",
    "BINPERSID": b"\x80\x02U\x0cposix.system\x85Q.",
    "hidden behind a POP": b"\x80\x04" + SYSTEM + ARG + b"R0K\x01.",
    "hidden behind a mark": b"\x80\x04(" + SYSTEM + ARG + b"R1K\x01.",
    "hidden in a key": b"\x80\x04}" + SYSTEM + ARG + b"RK\x01s.",
    "two calls deep": b"\x80\x04" + short("functools") + short("partial") + b"\x93" + SYSTEM + b"\x85R" + ARG + b"R.",
    "a pickle in a pickle": b"c_pickle\nloads\n(" + b"C" + bytes([20]) + b"cos\nsystem\n(S'x'\ntR." + b"tR.",
    "a class that calls": b"cbuiltins\ntype\n(S'X'\n(t}S'__reduce__'\ncos\nsystem\nstR.",
    "a call of what was called": b"\x80\x04" + short("torch.nn") + short("Linear") + b"\x93)R)R.",
}  # fmt: skip
"""Pickles that reach a name in another way than by GLOBAL and REDUCE."""


def pickles():
    """All pickles that act, by name."""
    argument = b"(S'" + ACT.encode() + b"'\ntR."
    return {f"names {name}": word + argument for name, word in WORDS.items()} | SHAPES


def in_archive(data, **members):
    """A pickle in an archive of torch.save."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x/data.pkl", data)
        archive.writestr("x/byteorder", b"little")
        archive.writestr("x/version", b"3\n")
        for name, held in members.items():
            archive.writestr(name, held)
    return out.getvalue()


def old_torch(data):
    """A pickle where torch.save of old had it."""
    parts = [pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2)]
    return b"".join(parts) + data + pickle.dumps([], 2)


class Trap:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return (os.system, (ACT,))


def torch_bytes(value):
    out = io.BytesIO()
    torch.save(value, out)
    return out.getvalue()


def npy_header(text, tail=b"\0" * 64):
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + tail


def zipped(name, data, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def npz_bytes(array):
    out = io.BytesIO()
    np.savez(out, array)
    return out.getvalue()


def deflated_zeros(size):
    """A real bomb: ``size`` zeros in a thousandth of that."""
    header = npy_header(
        "{'descr': '|u1', 'fortran_order': False, 'shape': (ROWS, 1024), }".replace("ROWS", str(size // 1024)), b""
    )
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -15)
    block, whole, crc = bytes(2**20), squeeze.compress(header), zlib.crc32(header)
    for _ in range(size // 2**20):
        whole, crc = whole + squeeze.compress(block), zlib.crc32(block, crc)
    whole += squeeze.flush()
    told = struct.pack("<HHHLLL", 8, 0, 0, crc, len(whole), size + len(header))
    local = b"PK\3\4" + struct.pack("<HH", 20, 0) + told + struct.pack("<HH", 9, 0) + b"arr_0.npy"
    central = (
        b"PK\1\2" + struct.pack("<HHH", 20, 20, 0) + told + struct.pack("<HHHHHLL", 9, 0, 0, 0, 0, 0, 0) + b"arr_0.npy"
    )
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(whole), 0)
    return local + whole + central + end


def said_larger(data, factor):
    """The same archive, whose list says that its first member is so many times larger."""
    at = data.rindex(b"PK\1\2") + 24
    (size,) = struct.unpack_from("<L", data, at)
    return data[:at] + struct.pack("<L", min(size * factor, 2**32 - 2)) + data[at + 4 :]


def safetensors(header, length=None, tail=b"\0" * 64):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + tail


def one_tensor(**about):
    return {"w": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]} | about}


def copying():
    """A pickle of 300 KB that asks for the copying of a million pairs a hundred thousand times."""
    pairs = b"".join(b"(K" + bytes([i % 250]) + b"K\x01t" for i in range(4000))
    return (
        b"\x80\x02ccollections\nOrderedDict\nq\x01("
        + b"("
        + pairs
        + b"tq\x02"
        + b"t0"
        + b"h\x01h\x02\x85R" * 10000
        + b"l."
    )


@lru_cache
def files():
    """Damaged and exaggerated files, by name: each a file's bytes."""
    sound = npz_bytes(np.zeros((9, 4, 4), np.uint8))
    state = torch_bytes({"w": torch.zeros(8, 8), "b": torch.zeros(8)})
    script = {
        "x/constants.pkl": b"\x80\x02).",
        "x/code/__torch__/g.py": b"def forward(self, z):\n  torch.save(z, 'canary')\n",
    }
    bomb = bytearray(b"".join(pickle.dumps(i, 2)[2:-1] for i in range(3)))
    laughs = b"\x80\x02]q\x00" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(60)) + b"."
    return {
        "npz that unpacks to 320 MB": deflated_zeros(320 * 2**20),
        "npz whose list exaggerates": said_larger(npz_bytes(np.zeros((99, 99))), 4000),
        "npz with a path upwards": zipped("../../arr_0.npy", b"x"),
        "npz with an absolute path": zipped("/tmp/arr_0.npy", b"x"),
        "npz cut in half": sound[: len(sound) // 2],
        "npz with another compression": zipped("arr_0.npy", b"x" * 99, compression=zipfile.ZIP_LZMA),
        "npz of objects": zipped("arr_0.npy", npy_header("{'descr': '|O', 'fortran_order': False, 'shape': (9, 9), }")),
        "npy of a trillion": npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"),
        "npy of a negative shape": npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-4, -4), }"),
        "npy whose header is deep": npy_header("(" * 9000 + ")" * 9000),
        "npy whose header acts": npy_header("__import__('os').system('touch canary')"),
        "npy of pickled objects": npy_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickle.dumps(Trap())),
        "torch tensor of a trillion": torch_bytes(torch.zeros(1).expand(10**6, 10**6)),
        "torch weights of a trillion": torch_bytes({"g": {"w": torch.zeros(1).expand(10**6, 10**6)}}),
        "torch archive cut in half": state[: len(state) // 2],
        "torch archive without its numbers": in_archive(pickle_of_tensor(10**9)),
        "torch archive whose tensor is short": in_archive(pickle_of_tensor(10**9), **{"x/data/0": b"\0" * 16}),
        "torch archive with a negative tensor": in_archive(pickle_of_tensor(-4), **{"x/data/0": b"\0" * 16}),
        "torch archive with a path upwards": in_archive(b"\x80\x02}.", **{"../../evil": b"x"}),
        "pickle that copies and copies": copying(),
        "pickle that asks for bytes": b"\x80\x02c__builtin__\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
        "pickle that asks for a long array": b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ft\x85R.",
        "pickle of endless nesting": b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".",
        "pickle with a deep key": b"\x80\x02}" + b")" + b"\x85" * 50_000 + b"K\x01s.",
        "pickle that laughs": laughs,
        "pickle with a huge memo": b"\x80\x02]r\xff\xff\xff\x7f.",
        "pickle with a huge frame": b"\x80\x04\x95" + b"\xff" * 7 + b"\x7f].",
        "pickle with a huge text": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7fabc.",
        "pickle that is cut off": pickle.dumps({"a": 1})[:-2],
        "pickle of nothing": b"\x80\x04.",
        "pickle with a storage that is a pickle": b"\x80\x04" + short("torch.storage") + short("_load_from_bytes") + b"\x93C"
        + bytes([len(SHAPES["INST"])]) + SHAPES["INST"] + b"\x85R.",
        "safetensors with an endless header": safetensors(one_tensor(), length=2**60),
        "safetensors with a long header": safetensors(one_tensor(), length=2**31),
        "safetensors with a header that is no JSON": safetensors(b"{" + b"x" * 40),
        "safetensors with a deep header": safetensors(b'{"a":' + b"[" * 100_000),
        "safetensors of a trillion": safetensors(one_tensor(shape=[10**6, 10**6])),
        "safetensors that overlap their end": safetensors(one_tensor(data_offsets=[0, 10**12])),
        "safetensors of an unknown type": safetensors(one_tensor(dtype="X99")),
        "safetensors that name what to run": safetensors(
            one_tensor() | {"__metadata__": {"config": json.dumps({"format": "collapse_metrics bundle 1", "model": "os:system", "model_args": {"command": ACT}})}}
        ),
        "TorchScript that writes files": in_archive(b"\x80\x02).", **script),
        "TorchScript with a huge text": in_archive(b"\x80\x02X\xff\xff\xff\x73ab.", **{"x/constants.pkl": b"\x80\x02)."}),
        "an exported program that acts": exported_graph("torch.os.system"),
        "an exported program that opens files": exported_graph("torch.ops.aten.from_file.default"),
        "an exported program without a graph": zipped("x/models/model.json", b"{}"),
        "an exported program of deep JSON": zipped("x/models/model.json", b'{"a":' * 50_000),
        "ONNX cut off": b"\x08\x08\x12\x07pytorch:\xff\xff\xff\x7f",
        "HDF5 cut off": b"\x89HDF\r\n\x1a\n" + bytes(bomb) * 9,
        "Parquet cut off": b"PAR1" + b"\0" * 40 + struct.pack("<L", 2**31) + b"PAR1",
        "Parquet without an end": b"PAR1" + b"\xff" * 99,
        "a table of half a line": b"a,b\n1,2\n3,4,5,6\n",
        "a table with zeros": b"a,b\n1,\x00\n",
    }  # fmt: skip


def pickle_of_tensor(size):
    """A pickle of a tensor that says to have so many numbers."""
    storage = (
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ"
        + struct.pack("<i", size)
        + b"tQ"
    )
    shape = b"J" + struct.pack("<i", size) + b"\x85K\x01\x85"
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"K\x00"
        + shape
        + b"\x89ccollections\nOrderedDict\n)RtR."
    )


def exported_graph(target):
    """An exported program of one node."""
    tensor = {"as_tensor": {"name": "z"}}
    node = {
        "target": target,
        "inputs": [{"name": "z", "arg": tensor, "kind": 1}],
        "outputs": [{"as_tensor": {"name": "x"}}],
    }
    graph = {"nodes": [node], "tensor_values": {"z": {"sizes": [{"as_int": 2}, {"as_int": 4}]}}}
    signature = {
        "input_specs": [{"user_input": {"arg": tensor}}],
        "output_specs": [{"user_output": {"arg": {"as_tensor": {"name": "x"}}}}],
    }
    return zipped("x/models/model.json", json.dumps({"graph_module": {"graph": graph, "signature": signature}}))


def folders(here):
    """Traps that are folders, links or no files at all; each is made, and its path returned."""
    import h5py
    from PIL import Image

    for name in ("outside", "looped", "dangling", "cut", "large", "folded", "hub", "odd"):
        (here / name).mkdir()
    Image.new("L", (4, 4)).save(here / "secret.png")
    (here / "outside" / "a.png").symlink_to(here / "secret.png")
    (here / "looped" / "a.png").symlink_to(here / "looped" / "a.png")
    (here / "dangling" / "a.png").symlink_to(here / "nothing.png")
    Image.new("L", (64, 64)).save(here / "cut" / "a.png")
    (here / "cut" / "a.png").write_bytes((here / "cut" / "a.png").read_bytes()[:60])
    Image.new("1", (20000, 20000)).save(here / "large" / "a.png")
    for index in range(40):
        Image.new("1", (4000, 4000)).save(here / "folded" / f"{index}.png")
    (here / "hub" / "config.json").write_text("[" * 100_000)
    (here / "hub" / "model.safetensors").write_bytes(safetensors(one_tensor()))
    os.mkfifo(here / "odd" / "a.png")
    os.mkfifo(here / "pipe.npz")
    with h5py.File(here / "sparse.h5", "w") as file:
        file.create_dataset("x", shape=(10**9, 16), chunks=(10**5, 16), dtype="f8")
    with h5py.File(here / "linked.h5", "w") as file:
        file["x"] = h5py.ExternalLink("/etc/hostname", "/x")
    with h5py.File(here / "outer.h5", "w") as file:
        file.create_dataset("x", shape=(4, 4), dtype="u1", external=[("/etc/passwd", 0, 16)])
    (here / "link.npz").symlink_to("/dev/zero")
    names = ("outside", "looped", "dangling", "cut", "large", "folded", "hub", "odd", "pipe.npz", "sparse.h5")
    return [here / name for name in (*names, "linked.h5", "outer.h5", "link.npz")]


def everything(here):
    """Write every trap into a folder, and return their paths."""
    paths = []
    for index, (name, data) in enumerate(pickles().items()):
        for ending, held in (("pkl", data), ("pt", in_archive(data)), ("old.pt", old_torch(data))):
            paths.append(here / f"{index} {name.replace('/', ' ')}.{ending}")
            paths[-1].write_bytes(held)
    for name, data in files().items():
        paths.append(here / f"{name}.bin")
        paths[-1].write_bytes(data)
    return paths + folders(here)


def spring(path, *words):
    """Exit code, standard output and error of scoring a trap in this process."""
    from contextlib import redirect_stderr, redirect_stdout

    from collapse_metrics import cli

    out, err, code = io.StringIO(), io.StringIO(), None
    with redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main(["score", str(path), *words])
        except SystemExit as stop:
            code = stop.code
    return code, out.getvalue(), err.getvalue()


def main():
    """Spring every trap in this process, and say what that took."""
    import collapse_metrics.checkpoints
    import collapse_metrics.checkpoints.hdf5
    import collapse_metrics.checkpoints.programs  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        paths = everything(Path(folder))
        np.savez("sound.npz", np.zeros((99, 4, 4), np.uint8))
        spring("sound.npz")  # imports what a score imports
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answers = {path.name: spring(path) for path in paths}
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        bad = {name: answer for name, answer in answers.items() if answer[0] != 2 or answer[2].count("\n") != 1}
        print(
            json.dumps(
                {
                    "traps": len(paths),
                    "bad": bad,
                    "grown_mb": grown,
                    "peak_mb": before / 1024 + grown,
                    "canary": Path(CANARY).exists(),
                }
            )
        )


if __name__ == "__main__":
    main()
