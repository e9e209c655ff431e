"""Which names may a pickle mention? Inert ones may, some never, the rest if the user answers for them."""

import _compat_pickle


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMPUTED = "a name that is computed while loading"
"""Stands for the name of a pickle that puts it together while it is read: done only to hide it."""

INERT = _words(
    """
    collections.OrderedDict collections.defaultdict collections.Counter
    builtins.dict builtins.list builtins.tuple builtins.set builtins.frozenset builtins.int builtins.float builtins.bool
    builtins.str builtins.bytes builtins.complex builtins.slice builtins.range builtins.object builtins.bytearray
    _codecs.encode copyreg._reconstructor copyreg.__newobj__
    argparse.Namespace types.SimpleNamespace
    pathlib.PosixPath pathlib.WindowsPath pathlib.PurePosixPath pathlib.PureWindowsPath pathlib.Path
    pathlib._local.PosixPath pathlib._local.WindowsPath
    datetime.datetime datetime.date datetime.timedelta datetime.timezone decimal.Decimal fractions.Fraction uuid.UUID
    numpy.ndarray numpy.dtype numpy.bool_ numpy.bool
    numpy.core.multiarray._reconstruct numpy._core.multiarray._reconstruct
    numpy.core.multiarray.scalar numpy._core.multiarray.scalar
    numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer
    numpy.random._pickle.__randomstate_ctor numpy.random._pickle.__generator_ctor
    numpy.random._pickle.__bit_generator_ctor numpy.random._mt19937.MT19937 numpy.random._pcg64.PCG64
    numpy.random.bit_generator.__pyx_unpickle_SeedSequence numpy.random.bit_generator.SeedSequence
    numpy.random._generator.Generator numpy.random.mtrand.RandomState
    torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor_v3
    torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state torch._tensor._rebuild_from_type_v2
    torch.storage._load_from_bytes torch.storage.UntypedStorage torch.storage.TypedStorage
    torch.nn.parameter.Parameter torch.nn.parameter.Buffer torch.Tensor torch.Size torch.device torch._C.Generator
    torch.serialization._get_layout
    omegaconf.dictconfig.DictConfig omegaconf.listconfig.ListConfig omegaconf.base.ContainerMetadata
    omegaconf.base.Metadata omegaconf.base.SCMode omegaconf.nodes.AnyNode omegaconf.nodes.StringNode
    omegaconf.nodes.IntegerNode omegaconf.nodes.FloatNode omegaconf.nodes.BooleanNode omegaconf.nodes.ValueNode
    typing.Any
    lightning.fabric.utilities.data.AttributeDict lightning_fabric.utilities.data.AttributeDict
    pytorch_lightning.utilities.parsing.AttributeDict lightning.pytorch.utilities.parsing.AttributeDict
    lightning_utilities.core.apply_func.AttributeDict easydict.EasyDict munch.Munch addict.addict.Dict
    """
)
"""Names that checkpoints mention and that stand for data alone. None is looked up: each becomes data or is kept as it
stands. They are the ones that real checkpoints were found to hold (arguments, best scores, paths, random states,
configurations)."""

FORBIDDEN_MODULES = _words(
    """
    os posix nt ntpath posixpath subprocess _posixsubprocess sys importlib _frozen_importlib _frozen_importlib_external
    imp runpy code codeop socket _socket socketserver ssl ctypes _ctypes cffi _cffi_backend pty tty shutil signal
    multiprocessing _multiprocessing asyncio _asyncio threading _thread concurrent http urllib ftplib smtplib poplib
    imaplib telnetlib xmlrpc requests httpx aiohttp webbrowser pip ensurepip venv setuptools distutils pkgutil zipimport
    pkg_resources site pdb bdb cProfile profile timeit trace doctest pydoc pickle _pickle cPickle dill cloudpickle
    marshal shelve dbm sqlite3 inspect gc atexit platform getpass crypt pwd tempfile glob fileinput linecache
    commands popen2 winreg msvcrt _winapi antigravity turtle tkinter idlelib lib2to3 unittest pytest nose
    """
)
"""Modules that a checkpoint never has a reason to mention, and through which a file could act. No option lifts it."""

ANYWHERE = _words(
    """
    os posix nt subprocess _posixsubprocess sys importlib runpy socket ctypes pty shutil pickle _pickle marshal
    multiprocessing builtins
    """
)
"""Those of them that are refused as a part of any name: `torch.os.system` is `os.system` by another way."""

FORBIDDEN = _words(
    """
    builtins.eval builtins.exec builtins.compile builtins.open builtins.__import__ builtins.getattr builtins.setattr
    builtins.delattr builtins.input builtins.globals builtins.locals builtins.vars builtins.breakpoint builtins.map
    builtins.filter builtins.apply builtins.execfile builtins.file builtins.reload builtins.exit builtins.quit
    builtins.help builtins.print builtins.dir builtins.memoryview builtins.type builtins.super builtins.classmethod
    io.open io.FileIO io.open_code _io.open _io.FileIO _io.open_code codecs.open copyreg.add_extension copyreg.pickle
    types.CodeType types.FunctionType types.ModuleType types.MethodType types.LambdaType
    operator.attrgetter operator.methodcaller operator.call _operator.attrgetter _operator.methodcaller
    functools.reduce _functools.reduce itertools.starmap
    torch.load torch.save torch.hub torch.jit torch.package torch.serialization.load torch.serialization.save
    torch.utils.cpp_extension torch.ops torch.classes torch._inductor torch._C._jit_pass torch.distributed.rpc
    torch.utils.collect_env torch.testing torch.utils.bottleneck torch._dynamo
    numpy.load numpy.save numpy.savez numpy.fromfile numpy.memmap numpy.loadtxt numpy.genfromtxt numpy.f2py
    numpy.distutils numpy.testing numpy.ctypeslib numpy.lib.npyio joblib.load pandas.read_pickle pandas.io
    pandas.eval pandas.core.computation scipy.io sympy.sympify sympy.core.sympify
    """
)
"""Names by which a file could act, whatever else the module is good for; everything below a name is meant too."""


def modern(module: str, name: str) -> str:
    """A dotted name as today's Python spells it: pickles of protocol 2 keep the spelling of Python 2."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        module, name = _compat_pickle.NAME_MAPPING[(module, name)]
    elif module in _compat_pickle.IMPORT_MAPPING:
        module = _compat_pickle.IMPORT_MAPPING[module]
    return f"{module}.{name}"


def is_forbidden(full: str) -> bool:
    """Whether no option lets a file mention this name: it, what it lies in, or anything on the way to it."""
    if full in INERT:
        return False
    parts = full.split(".")
    if full == COMPUTED or parts[0] in FORBIDDEN_MODULES or ANYWHERE.intersection(parts[1:]):
        return True
    if any(part.startswith("__") and part != "__main__" for part in parts[:-1]):
        return True
    return any(".".join(parts[: length + 1]) in FORBIDDEN for length in range(len(parts)))


def is_inert(full: str) -> bool:
    """Whether this name stands for data alone."""
    if full in INERT:
        return True
    module, _, name = full.rpartition(".")
    if module in ("torch", "torch.storage", "torch.cuda") and name.endswith("Storage"):
        return True
    return module == "torch" and name.rstrip("0123456789") in NUMBERS_OF_TORCH


NUMBERS_OF_TORCH = frozenset(
    ["float", "double", "half", "bfloat", "int", "long", "short", "uint", "bool", "complex", "strided", "qint", "quint"]
)
"""Kinds of numbers in torch, without their widths."""
