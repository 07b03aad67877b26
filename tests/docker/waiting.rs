//! Programs that were run before and wait to be run again: started, stopped before their first instruction, and not to be told
//! from those that are started when they are asked for.

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kiln::proto::pool_client::PoolClient;
use kiln::proto::{ExecuteRequest, ExecuteResponse, GetPoolRequest, Limits, Outcome};

use crate::builds::{ONE, execute, is_cached};
use crate::support::daemon::{Daemon, program, stdout};

/// A build is put into the engine at the second run, and from then on a program may wait for the next.
const WAITS_WITHIN: Duration = Duration::from_secs(30);
/// A reset, and the start of what waits: 2 ms, on a busy machine more.
const RETURNS_WITHIN: Duration = Duration::from_secs(1);
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// Commands of the processes in a container that are traced and stopped.
fn stopped_in(container: &str) -> Vec<String> {
    told_by_stopped_in(container, "comm")
}

/// What a file of /proc says of each of those.
fn told_by_stopped_in(container: &str, file: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        if read("cgroup").contains(container) && read("status").contains("State:\tt") {
            found.push(read(file).trim().to_owned());
        }
    }
    found
}

fn container(reply: &ExecuteResponse) -> &str {
    &reply.placement.as_ref().unwrap().container_id
}

/// Runs a program until it waits to be run again; returns the last reply.
async fn until_it_waits(daemon: &Daemon, request: &ExecuteRequest) -> ExecuteResponse {
    assert!(!is_cached(&execute(daemon, request.clone()).await));
    let deadline = Instant::now() + WAITS_WITHIN;
    loop {
        let reply = execute(daemon, request.clone()).await;
        assert!(is_cached(&reply));
        if is_waiting_in(container(&reply)).await {
            return reply;
        }
        assert!(Instant::now() < deadline, "it does not wait:\n{}", daemon.log());
    }
}

/// Whether a program comes to wait in the container that has just served.
async fn is_waiting_in(container: &str) -> bool {
    let deadline = Instant::now() + RETURNS_WITHIN;
    while Instant::now() < deadline {
        let stopped = stopped_in(container);
        if !stopped.is_empty() {
            assert_eq!(stopped, ["main"]);
            return true;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    false
}

/// Shows what a process can know of itself, and what it is given.
const SHOWS_ITSELF: &str = r#"
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>
extern char **environ;
static std::vector<std::string> names(const char *place) {
    std::vector<std::string> all;
    DIR *directory = opendir(place);
    while (dirent *entry = readdir(directory)) all.push_back(entry->d_name);
    closedir(directory);
    std::sort(all.begin(), all.end());
    return all;
}
int main(int count, char **words) {
    for (int i = 0; i < count; i++) std::cout << words[i] << ' ';
    std::set<std::string> variables;
    for (char **pair = environ; *pair; pair++) variables.insert(*pair);
    for (auto &pair : variables) std::cout << pair << '\n';
    for (auto place : {"/proc/self/fd", "/proc/self/task/../cwd", "/build", "/tmp"})
        for (auto &name : names(place)) std::cout << name << (place[1] == 'p' ? " " : ", ");
    std::cout << '\n';
    for (int of = 0; of < RLIM_NLIMITS; of++) {
        rlimit limit;
        getrlimit(__rlimit_resource(of), &limit);
        std::cout << limit.rlim_cur << ' ' << limit.rlim_max << ' ';
    }
    std::cout << getpriority(PRIO_PROCESS, 0) << sched_getscheduler(0) << (getsid(0) == getpid()) << (getpgrp() == getpid())
              << (getuid() == getgid()) << geteuid() - getuid() << '\n';
    mode_t mask = umask(0);
    struct stat own, input;
    stat("/build/main", &own);
    fstat(0, &input);
    std::cout << mask << ' ' << own.st_uid << ' ' << own.st_mode << ' ' << (input.st_uid == getuid()) << ' ' << fcntl(0, F_GETFL)
              << ' ' << fcntl(1, F_GETFL) << '\n';
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        for (auto field : {"Tracer", "Threads", "Sig", "Shd", "Cap", "NoNew", "Seccomp", "Groups", "Umask", "Name"})
            if (!line.compare(0, strlen(field), field)) std::cout << line << '\n';
    itimerval timer;
    getitimer(ITIMER_REAL, &timer);
    std::cout << timer.it_value.tv_sec << ' ' << std::ifstream("/proc/self/oom_score_adj").rdbuf() << std::cin.rdbuf();
}
"#;

#[tokio::test]
async fn nothing_shows_that_a_program_has_waited() {
    let daemon = Daemon::start_with(&["cpp"], &ONE).await;
    let request = ExecuteRequest {
        args: vec!["one".into(), "two words".into()],
        env: [("OWN".to_owned(), "value".to_owned())].into(),
        stdin: b"input\n".to_vec(),
        ..program("cpp", SHOWS_ITSELF)
    };
    let compiled = execute(&daemon, request.clone()).await;
    assert!(!is_cached(&compiled));
    // The same program with other words is the same build, and does not wait for these.
    let other = ExecuteRequest { args: vec!["other".into()], ..request.clone() };
    let shown = stdout(&compiled);
    assert!(shown.starts_with("/build/main one two words ") && shown.ends_with("1000\ninput\n"), "{shown}");
    let mut waited = 0;
    for round in 0..100 {
        let reply = execute(&daemon, request.clone()).await;
        assert!(is_cached(&reply));
        assert_eq!(stdout(&reply), shown, "round {round}");
        let usage = reply.run.as_ref().unwrap().usage.as_ref().unwrap();
        assert!(usage.peak_memory_bytes > 0, "{usage:?}");
        waited += u32::from(is_waiting_in(container(&reply)).await);
        if waited == 5 {
            let reply = execute(&daemon, other.clone()).await;
            assert_eq!(
                stdout(&reply),
                shown.replacen("one two words", "other", 1),
                "nor what waits for others"
            );
        }
        if waited == 10 {
            break;
        }
    }
    assert_eq!(waited, 10, "it has not waited:\n{}", daemon.log());
    daemon.stop();
}

#[tokio::test]
async fn another_program_finds_nothing_of_one_that_waits() {
    let daemon = Daemon::start_with(&["cpp"], &ONE).await;
    let looks = "#include <cstdio>\n#include <cstdlib>\n\
        int main() {\n\
            return std::system(\"ls -A /build /tmp /workspace /dev/shm; grep -lz secr[e]t /proc/[0-9]*/cmdline;\"\n\
                \" for p in /proc/[0-9]*; do readlink $p/exe; done; stat -c '%u %a' /build\") == 0;\n\
        }\n";
    let fresh = stdout(&daemon.run("cpp", looks).await);
    for before in [false, true] {
        // Compiled anew, and then from a build of its own.
        let code = format!("{looks}// {}\n", if before { "kept" } else { "new" });
        if before {
            let _ = daemon.run("cpp", &code).await;
        }
        let first = format!("#include <cstdio>\nint main() {{ std::puts(\"{before}\"); }}\n");
        let secret = ExecuteRequest { args: vec!["secret".into()], ..program("cpp", &first) };
        let waiting = until_it_waits(&daemon, &secret).await;
        let reply = daemon.run("cpp", &code).await;
        assert_eq!(container(&reply), container(&waiting), "in the same container");
        assert_eq!(is_cached(&reply), before);
        assert_eq!(stdout(&reply), fresh);
    }
    daemon.stop();
}

/// Where a program's own code runs before `main`, in ways that differ in who calls it.
#[cfg(target_arch = "x86_64")]
const EARLY: [(&str, &str); 4] = [
    ("a constructor", "__attribute__((constructor)) static void early() { note(); }\n"),
    (
        "what comes before constructors",
        "static void early() { note(); }\n\
         __attribute__((section(\".preinit_array\"), used)) static void (*entry)() = early;\n",
    ),
    (
        "a function that chooses a function",
        "extern \"C\" { static int one() { return 1; }\n\
         static int (*pick())() { note(); return one; }\n\
         int picked() __attribute__((ifunc(\"pick\"))); }\n\
         __attribute__((constructor)) static void use() { if (!picked()) note(); }\n",
    ),
    (
        "an allocator that libraries find",
        "extern \"C\" void *malloc(size_t bytes) {\n\
            static char room[1 << 20]; static size_t used;\n\
            if (!early_at) note();\n\
            used += (bytes + 15) & ~size_t(15);\n\
            return used > sizeof room ? nullptr : room + used - ((bytes + 15) & ~size_t(15));\n\
         }\n\
         extern \"C\" void free(void *) {}\n",
    ),
];

/// Before the libraries are there, only a system call serves.
#[cfg(target_arch = "x86_64")]
const NOTES: &str = "\
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sys/syscall.h>
#include <time.h>
static long early_at;
static inline void note() {
    timespec now;
    long result;
    __asm__ volatile(\"syscall\" : \"=a\"(result) : \"a\"(SYS_clock_gettime), \"D\"(CLOCK_REALTIME), \"S\"(&now) : \"rcx\", \"r11\", \"memory\");
    early_at = now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
";

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn what_is_the_programs_own_runs_when_it_is_asked_for_and_not_before() {
    let daemon = Daemon::start_with(&["cpp"], &ONE).await;
    let micros = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    for (name, early) in EARLY {
        let code = format!("{NOTES}{early}int main() {{ std::cout << early_at << std::endl; }}\n");
        let request = program("cpp", &code);
        let _ = until_it_waits(&daemon, &request).await;
        let asked = micros();
        let reply = execute(&daemon, request).await;
        let ran: u128 = stdout(&reply).trim().parse().unwrap();
        assert!((asked..=micros()).contains(&ran), "{name}: asked at {asked}, ran at {ran}");
    }
    daemon.stop();
}

/// When the thread of a program writes that should not have one yet, and longer than that.
#[cfg(target_arch = "x86_64")]
const WRITE_AFTER: Duration = Duration::from_millis(50);
#[cfg(target_arch = "x86_64")]
const WRITTEN_BY: Duration = Duration::from_millis(500);

/// The C++ library finds this weak function instead of its own, as it would one of a template's, and calls it before the program's entry.
#[cfg(target_arch = "x86_64")]
const EARLY_BY_FORCE: &str = "\
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>
#include <iostream>
static int runs;
static void *write_later(void *) { usleep(WRITE_AFTER_US); open(\"/tmp/left\", O_CREAT | O_WRONLY, 0600); return nullptr; }
extern \"C\" __attribute__((weak, used)) void early(void *) __asm__(\"_ZNSt14error_categoryC2Ev\");
extern \"C\" void early(void *) { if (!runs++) { EARLY; } }
int main() { std::cout << runs << std::endl; }
";

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn what_forces_its_way_before_its_entry_leaves_nothing() {
    let looks = "#include <cstdlib>\nint main() { return std::system(\"ls -A /tmp /dev/shm /workspace; cat /proc/sysvipc/shm | wc -l; \
         set -- /proc/[0-9]*; echo $#\"); }\n";
    let leaves = [
        ("a file", "open(\"/tmp/left\", O_CREAT | O_WRONLY, 0600)", "/tmp holds"),
        ("shared memory", "shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600)", "System V objects are left"),
        ("a child", "if (!fork()) { setsid(); pause(); }", "processes ["),
        ("a child of one that ends", "if (!fork()) { setsid(); pause(); } _exit(0)", "processes ["),
        ("a thread", "pthread_t thread; pthread_create(&thread, nullptr, write_later, nullptr)", ""),
        ("nothing, for long", "for (;;) pause()", ""),
    ];
    for (what, early, reason) in leaves {
        let daemon = Daemon::start_with(&["cpp"], &ONE).await;
        let fresh = stdout(&daemon.run("cpp", looks).await);
        let code = EARLY_BY_FORCE
            .replace("EARLY;", &format!("{early};"))
            .replace("WRITE_AFTER_US", &WRITE_AFTER.as_micros().to_string());
        let wall_time = Some(Duration::from_millis(200).try_into().unwrap());
        let limits = Some(Limits { wall_time, ..Default::default() });
        let request = ExecuteRequest { limits, ..program("cpp", &code) };
        let first = execute(&daemon, request.clone()).await;
        // As often as it takes until one comes from the engine, and is to wait afterwards.
        for _ in 0..20 {
            let last = execute(&daemon, request.clone()).await;
            assert_eq!(last.outcome, first.outcome, "{what}");
            if container(&last) != container(&first) {
                break;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        // What must not come is not waited for otherwise.
        tokio::time::sleep(WRITTEN_BY).await;
        let reply = daemon.run("cpp", &format!("{looks}// {what}")).await;
        assert_eq!(stdout(&reply), fresh, "{what}");
        let is_another = container(&reply) != container(&first);
        assert_eq!(is_another, !reason.is_empty(), "{what}: {}", daemon.log());
        assert!(daemon.log().contains(reason), "{what}: {}", daemon.log());
        daemon.stop();
    }
}

#[tokio::test]
async fn a_program_is_run_where_it_waits_and_others_elsewhere() {
    let two = [("KILN__LANGUAGES__POOLS__CPP__MIN", "2"), ("KILN__LANGUAGES__POOLS__CPP__MAX", "2")];
    let daemon = Daemon::start_with(&["cpp"], &two).await;
    // Long enough for both to run at the same time.
    let code = |word: &str| {
        format!(
            "#include <cstdio>\n#include <unistd.h>\nint main() {{ usleep(100000); std::puts(\"{word}\"); }}\n"
        )
    };
    let [one, other] = ["one", "other"].map(|word| program("cpp", &code(word)));
    let deadline = Instant::now() + WAITS_WITHIN;
    let places = loop {
        let replies = tokio::join!(execute(&daemon, one.clone()), execute(&daemon, other.clone()));
        let places = [container(&replies.0).to_owned(), container(&replies.1).to_owned()];
        let is_apart = places[0] != places[1];
        if is_apart && is_waiting_in(&places[0]).await && is_waiting_in(&places[1]).await {
            break places;
        }
        assert!(Instant::now() < deadline, "they do not wait:\n{}", daemon.log());
    };
    for (request, place) in [&one, &other, &one, &other, &other, &one].into_iter().zip([0, 1, 0, 1, 1, 0]) {
        let reply = execute(&daemon, request.clone()).await;
        assert_eq!(container(&reply), places[place]);
        assert!(is_waiting_in(&places[place]).await);
    }
    // What waits nowhere ends one of the two, no more.
    let _ = daemon.run("cpp", &code("new")).await;
    assert_eq!(stopped_in(&places[0]).len() + stopped_in(&places[1]).len(), 1);
    daemon.stop();
}

#[tokio::test]
async fn what_waits_goes_on_waiting_where_others_find_room() {
    let three = [("KILN__LANGUAGES__POOLS__CPP__MIN", "2"), ("KILN__LANGUAGES__POOLS__CPP__MAX", "3")];
    let daemon = Daemon::start_with(&["cpp"], &three).await;
    let code = |number: u32| format!("#include <cstdio>\nint main() {{ std::puts(\"{number}\"); }}\n");
    let waits = container(&until_it_waits(&daemon, &program("cpp", &code(0))).await).to_owned();
    let mut pools = PoolClient::new(daemon.channel().await);
    for number in 1..5 {
        // Another one is there, be it one that nothing has run in.
        let deadline = Instant::now() + WAITS_WITHIN;
        while pools.get_pool(GetPoolRequest::default()).await.unwrap().into_inner().pools[0].warm < 2 {
            assert!(Instant::now() < deadline, "{}", daemon.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        let reply = daemon.run("cpp", &code(number)).await;
        assert_eq!(stdout(&reply), format!("{number}\n"));
        assert_ne!(container(&reply), waits);
        assert_eq!(stopped_in(&waits), ["main"]);
    }
    assert_eq!(container(&daemon.run("cpp", &code(0)).await), waits);
    daemon.stop();
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn what_waits_has_its_libraries() {
    let cpp = "#include <algorithm>\n#include <iostream>\n#include <vector>\n\
        int main() { std::vector<int> all{3, 1, 2}; std::sort(all.begin(), all.end()); std::cout << all[0] << std::endl; }\n";
    let rust = "fn main() { println!(\"{:?}\", vec![3, 1, 2]); }\n";
    let daemon = Daemon::start(&["cpp", "rust"]).await;
    for (language, code) in [("cpp", cpp), ("rust", rust)] {
        let reply = until_it_waits(&daemon, &program(language, code)).await;
        // It was seen stopped, and be it in its exec.
        let deadline = Instant::now() + WAITS_WITHIN;
        loop {
            let maps = told_by_stopped_in(container(&reply), "maps");
            if maps.iter().any(|maps| maps.contains("/libc.so.6")) {
                break;
            }
            assert!(Instant::now() < deadline, "{language}: {maps:?}");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
    daemon.stop();
}

#[tokio::test]
async fn a_large_program_waits_as_well() {
    let daemon = Daemon::start_with(&["cpp"], &ONE).await;
    // Its file is twice what the memory of a clean container may differ by.
    let code = "#include <cstdio>\n#define K(x) x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x\nstatic int one = 1;\n\
        int *volatile far[] = {K(K(K(K(&one)))), K(K(K(K(&one)))), K(K(K(K(&one)))), K(K(K(K(&one))))};\nint main() { std::printf(\"%d %zu\\n\", *far[12345], sizeof far); }\n";
    let waiting = until_it_waits(&daemon, &program("cpp", code)).await;
    let reply = daemon.run("cpp", code).await;
    assert_eq!(stdout(&reply), "1 2097152\n");
    assert_eq!(container(&reply), container(&waiting));
    daemon.stop();
}

#[tokio::test]
async fn a_program_waits_in_every_language_that_makes_one() {
    for language in ["cpp", "rust", "go"] {
        let name = language.to_uppercase();
        let (min, max) =
            (format!("KILN__LANGUAGES__POOLS__{name}__MIN"), format!("KILN__LANGUAGES__POOLS__{name}__MAX"));
        let daemon = Daemon::start_with(&[language], &[(&min, "1"), (&max, "1")]).await;
        let code = match language {
            "cpp" => {
                "#include <cstdio>\n#include <cstdlib>\nint main() { std::puts(\"ran\"); std::exit(3); }\n"
            }
            "rust" => "fn main() { println!(\"ran\"); std::process::exit(3); }\n",
            _ => {
                "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() { fmt.Println(\"ran\"); os.Exit(3) }\n"
            }
        };
        let _ = until_it_waits(&daemon, &program(language, code)).await;
        for _ in 0..2 {
            let reply = daemon.run(language, code).await;
            assert_eq!(stdout(&reply), "ran\n", "{language}");
            assert_eq!(reply.outcome, i32::from(Outcome::NonzeroExit), "{language}: {reply:?}");
            assert_eq!(reply.run.unwrap().exit_code, 3);
        }
        daemon.stop();
    }
}
