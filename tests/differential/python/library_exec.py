import builtins
import sys

scope = {}
exec("x = [n for n in range(3)]\ndef f(): return x", scope)
print(scope["f"](), sorted(scope), scope["__builtins__"] is builtins.__dict__)
print(eval("__name__"), eval("__file__ == main", {"__file__": 1, "main": 1}))
exec(compile("import sys; print(sys._getframe().f_code.co_filename, __name__)", "a name", "exec"))
exec(open("main.py").read().split("# stop" + " here")[0].replace("exec(open", "print; (lambda *a: None)(open")[:60])
# stop here
try:
    exec("raise ValueError('x')")
except ValueError as error:
    print(error.__traceback__.tb_next.tb_frame.f_code.co_filename)
exec("def broken(:\n")
