import sys

print(sys.flags)
print(sys.warnoptions, sys._xoptions, sys.dont_write_bytecode, sys.pycache_prefix, sys.platlibdir if hasattr(sys, "platlibdir") else None)
print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), sys.getdefaultencoding())
print(sys.version, sys.implementation.name, sys.hash_info, sys.thread_info)
print(sys.getdlopenflags(), getattr(sys, "get_int_max_str_digits", lambda: None)())
