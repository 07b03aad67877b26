import os

wanted = ("Name", "Umask", "State", "Tgid", "PPid", "TracerPid", "Uid", "Gid", "FDSize", "Groups", "Threads", "SigQ", "Sig", "Shd", "Cap",
          "NoNewPrivs", "Seccomp", "Cpus_allowed", "Mems_allowed", "CoreDumping", "THP_enabled")
uid = str(os.getuid())
for line in open("/proc/self/status"):
    name, _, value = line.partition(":")
    if name.startswith(wanted):
        value = value.split()
        if name in ("Tgid", "SigQ"):
            continue
        if name == "PPid":
            value = int(value[0]) == os.getppid()
        print(name, [word.replace(uid, "UID") for word in value] if isinstance(value, list) else value)
for name in ("oom_score_adj", "cmdline", "comm", "limits", "cgroup", "coredump_filter", "personality", "loginuid", "timerslack_ns"):
    try:
        print(name, open(f"/proc/self/{name}").read().replace(uid, "UID"))
    except OSError as error:
        print(name, type(error).__name__)
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
print("stat", fields[0], [fields[n] == str(os.getpid()) for n in (2, 3)], fields[4:6], fields[15:18])
