import os
import signal

parent = os.getppid()
print(parent > 1, open(f"/proc/{parent}/cmdline", "rb").read().replace(b"\0", b" "))
print(os.getpid() == os.getsid(0) == os.getpgid(0), os.getpgid(parent) != os.getpgid(0))
print(sorted(signal.sigpending()), signal.pthread_sigmask(signal.SIG_BLOCK, []))
print({signal.Signals(n).name: str(signal.getsignal(n)) for n in range(1, 32)})
for number in (signal.SIGKILL, 0):
    try:
        os.kill(parent, number)
        print("signalled")
    except OSError as error:
        print(error)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError as error:
    print(error)
print(os.times().children_user, os.times().children_system, os.times().user < 1)
