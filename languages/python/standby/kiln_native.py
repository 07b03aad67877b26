"""How Kiln's parent of waiting interpreters speaks to the C library and looks at memory: see kiln_forking.py."""

import _ctypes


class Word(_ctypes._SimpleCData):
    """64 bits, for a system call and from one."""

    _type_ = "l"


class Call(_ctypes.CFuncPtr):
    """A function of the C library's or of CPython's that returns such."""

    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI
    _restype_ = Word
