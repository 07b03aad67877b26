# kiln: {"args": ["x"], "env": {"KEPT": "yes"}}
import os
import sys

print("before", flush=True)
if os.environ.get("AGAIN"):
    print(sys.argv, getattr(sys, "orig_argv", None), list(os.environ))
    os.execlp("sh", "sh", "-c", "echo $KEPT $0; ls /proc/self/fd | wc -l; exit 4")
os.environ["AGAIN"] = "1"
os.execv(sys.executable, [sys.executable] + sys.argv)
