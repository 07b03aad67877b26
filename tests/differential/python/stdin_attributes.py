import os
import stat
import sys

for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering, getattr(stream, "write_through", None), stream.newlines)
    print(stream.isatty(), stream.fileno(), stream.seekable(), stream.readable(), stream.writable(), type(stream.buffer).__name__, type(stream.buffer.raw).__name__)
    print(oct(stat.S_IFMT(os.fstat(stream.fileno()).st_mode)), os.get_inheritable(stream.fileno()), os.get_blocking(stream.fileno()))
