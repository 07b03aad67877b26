//! The programs of docs/outcomes.md: one for each way to end that Kiln tells apart.

use kiln::proto::Limits;

use super::seconds;

/// A program and the limits that its request sets.
pub(super) struct Case {
    pub(super) title: &'static str,
    pub(super) language: &'static str,
    pub(super) code: &'static str,
    pub(super) limits: Limits,
    /// What it has written when its caller cancels it, where that happens.
    pub(super) cancelled_at: Option<&'static str>,
}

const fn none() -> Limits {
    Limits {
        wall_time: None,
        cpu_time: None,
        compile_time: None,
        memory_bytes: 0,
        output_bytes: 0,
        disk_bytes: 0,
        processes: 0,
        inodes: 0,
        file_bytes: 0,
        open_files: 0,
        stack_bytes: 0,
    }
}

fn case(title: &'static str, language: &'static str, code: &'static str, limits: Limits) -> Case {
    Case { title, language, code, limits, cancelled_at: None }
}

const SPIN_CPP: &str = "int main() { volatile unsigned long n = 0; for (;;) n++; }";
const FILL_CPP: &str =
    "#include <cstdlib>\n#include <cstring>\nint main() { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }";
const TEMPLATES: &str = "template<long A, long B> struct F { static const long v = F<A - 1, 2 * B>::v + F<A - 1, 2 * B + 1>::v; };\n\
    template<long B> struct F<0, B> { static const long v = B; };\n\
    int main() { return F<40, 1>::v; }";

/// In the order of the page.
pub(super) fn cases() -> Vec<Case> {
    [ends(), times(), memory(), output_and_files(), others(), soft()].into_iter().flatten().collect()
}

fn ends() -> Vec<Case> {
    vec![
        case("ends well", "python", "print('well')", none()),
        case("exits with 3", "python", "raise SystemExit(3)", none()),
        case("exits with 137, as a shell says of SIGKILL", "python", "raise SystemExit(137)", none()),
        case("sends itself SIGKILL", "python", "import os\nos.kill(os.getpid(), 9)", none()),
        case(
            "says that it is out of memory and sends itself SIGKILL",
            "python",
            "import os, sys\nprint('MemoryError: Killed by the kernel, out of memory', file=sys.stderr, flush=True)\nos.kill(os.getpid(), 9)",
            none(),
        ),
        case("aborts", "cpp", "#include <cstdlib>\nint main() { abort(); }", none()),
        case("writes to address 0", "cpp", "int main() { *(volatile int *)0 = 1; }", none()),
        case(
            "divides by 0",
            "cpp",
            "int main() { volatile int zero = 0, one = 1; return one / zero; }",
            none(),
        ),
        case("panics", "rust", "fn main() { panic!(\"over\"); }", none()),
        case("throws", "javascript", "throw new Error('over')", none()),
        case("throws", "typescript", "const words: string = 'over';\nthrow new Error(words)", none()),
        case("does not compile", "cpp", "int main() { return x; }", none()),
        case("does not compile", "java", "class Main { int f() { return \"\"; } }", none()),
        case(
            "needs more than its types taken away",
            "typescript",
            "enum Color { Red }\nconsole.log(Color.Red)",
            none(),
        ),
        Case {
            cancelled_at: Some("begun"),
            ..case(
                "is cancelled by its caller",
                "python",
                "import time\nprint('begun', flush=True)\ntime.sleep(1000)",
                none(),
            )
        },
    ]
}

fn times() -> Vec<Case> {
    let wall = || Limits { wall_time: seconds(1), ..none() };
    let cpu = || Limits { cpu_time: seconds(1), ..none() };
    vec![
        case("sleeps", "python", "import time\nprint('before', flush=True)\ntime.sleep(1000)", wall()),
        case("waits for input that does not come", "javascript", "setInterval(() => {}, 1000)", wall()),
        case(
            "sleeps in a child in a session of its own",
            "python",
            "import os, time\nif os.fork() == 0:\n    os.setsid()\ntime.sleep(1000)",
            wall(),
        ),
        case("computes", "python", "print('before', flush=True)\nwhile True: pass", cpu()),
        case("computes", "cpp", SPIN_CPP, cpu()),
        case(
            "computes in children, each less than the limit",
            "python",
            "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        while time.process_time() < 0.5: pass\n        os._exit(0)\nfor _ in range(8): os.wait()",
            cpu(),
        ),
        case(
            "is compiled for longer than it may",
            "cpp",
            TEMPLATES,
            Limits { compile_time: seconds(2), ..none() },
        ),
    ]
}

fn memory() -> Vec<Case> {
    let less = |mib: u64| Limits { memory_bytes: mib << 20, ..none() };
    vec![
        case("uses memory", "python", "print('before', flush=True)\nx = b'x' * (500 << 20)", less(64)),
        case("uses memory, the default limit", "python", "x = b'x' * (1 << 30)", none()),
        case("uses memory", "cpp", FILL_CPP, less(64)),
        case(
            "uses memory outside of the heap",
            "javascript",
            "const all = [];\nfor (;;) all.push(Buffer.alloc(1 << 20, 1));",
            less(128),
        ),
        case(
            "uses memory",
            "rust",
            "fn main() { let mut all = Vec::new(); loop { all.push(vec![1u8; 1 << 20]); } }",
            less(64),
        ),
        case(
            "uses memory",
            "go",
            "package main\nfunc main() { var all [][]byte\n for { b := make([]byte, 1<<20); for i := range b { b[i] = 1 }; all = append(all, b) } }",
            less(64),
        ),
        case(
            "ends well after a child used too much memory",
            "python",
            "import os\nif os.fork() == 0:\n    x = b'x' * (500 << 20)\nos.wait()",
            less(64),
        ),
        case(
            "fills memory with files",
            "python",
            "for name in ('/tmp/a', '/workspace/b'):\n    with open(name, 'wb') as f:\n        for _ in range(40): f.write(b'x' * (1 << 20))",
            less(64),
        ),
        case("has a compiler that uses too much memory", "cpp", TEMPLATES, less(64)),
    ]
}

fn output_and_files() -> Vec<Case> {
    let disk = || Limits { disk_bytes: 8 << 20, ..none() };
    vec![
        case(
            "writes too much and ends",
            "python",
            "print('x' * (2 << 20))",
            Limits { output_bytes: 1 << 20, ..none() },
        ),
        case(
            "writes without end",
            "python",
            "import sys\nwhile True: sys.stdout.write('x' * 65536)",
            Limits { output_bytes: 1 << 20, ..none() },
        ),
        case(
            "keeps too much in files, in two directories",
            "python",
            "import time\nfor name in ('/tmp/a', 'b'):\n    with open(name, 'wb') as f: f.write(b'x' * (6 << 20))\ntime.sleep(1000)",
            disk(),
        ),
        case(
            "keeps too much in a file without a name",
            "python",
            "import os, time\nf = open('a', 'wb')\nos.unlink('a')\nf.write(b'x' * (9 << 20))\ntime.sleep(1000)",
            disk(),
        ),
        case(
            "makes many files",
            "python",
            "import time\nfor n in range(200): open(f'{n}', 'w').close()\ntime.sleep(1000)",
            Limits { inodes: 100, ..none() },
        ),
        case(
            "fills the workspace",
            "python",
            "with open('a', 'wb') as f:\n    while True: f.write(b'x' * (1 << 20))",
            none(),
        ),
        case(
            "writes a large file",
            "cpp",
            "#include <fstream>\nint main() { std::ofstream f(\"a\"); for (;;) f << std::string(4096, 'x') << std::flush; }",
            Limits { file_bytes: 1 << 20, ..none() },
        ),
        case(
            "writes a large file",
            "python",
            "with open('a', 'wb') as f: f.write(b'x' * (2 << 20))",
            Limits { file_bytes: 1 << 20, ..none() },
        ),
    ]
}

fn others() -> Vec<Case> {
    vec![
        case(
            "opens many files",
            "python",
            "all = [open('/dev/null') for _ in range(100)]",
            Limits { open_files: 64, ..none() },
        ),
        case(
            "starts many processes",
            "python",
            "import os, time\nfor _ in range(100):\n    if os.fork() == 0:\n        time.sleep(1000)",
            Limits { processes: 32, ..none() },
        ),
        case(
            "starts many threads",
            "python",
            "import threading\nstop = threading.Event()\nthreads = [threading.Thread(target=stop.wait, daemon=True) for _ in range(100)]\nfor t in threads: t.start()",
            Limits { processes: 32, ..none() },
        ),
        case(
            "recurses deeply",
            "cpp",
            "int f(volatile int n) { volatile char a[1024]; a[0] = n; return n == 0 ? 0 : f(n - 1) + a[0]; }\nint main() { return f(4000); }",
            Limits { stack_bytes: 1 << 20, ..none() },
        ),
        case(
            "recurses deeply, with a stack for it",
            "cpp",
            "int f(volatile int n) { volatile char a[1024]; a[0] = 0; return n == 0 ? 0 : f(n - 1) + a[0]; }\nint main() { return f(40000); }",
            Limits { stack_bytes: 128 << 20, ..none() },
        ),
    ]
}

fn soft() -> Vec<Case> {
    vec![
        case("asks for too much memory", "python", "x = [1] * (1 << 60)", none()),
        case(
            "asks for too much memory",
            "cpp",
            "#include <vector>\nint main() { std::vector<char> v(1UL << 50); return v[1]; }",
            none(),
        ),
        case(
            "asks for too much memory",
            "rust",
            "fn main() { let v: Vec<u8> = Vec::with_capacity(1 << 50); std::hint::black_box(&v); }",
            none(),
        ),
        case(
            "asks for too much memory",
            "go",
            "package main\nimport \"fmt\"\nfunc main() { n := 1 << 44; fmt.Println(len(make([]byte, n))) }",
            none(),
        ),
        case(
            "fills its heap",
            "javascript",
            "const all = [];\nfor (;;) all.push({ a: all.length, b: [all.length] });",
            none(),
        ),
        case(
            "fills its heap",
            "java",
            "import java.util.*;\nclass Main { public static void main(String[] a) { List<long[]> all = new ArrayList<>(); for (;;) all.add(new long[1 << 17]); } }",
            none(),
        ),
        case("recurses without end", "python", "def f(): f()\nf()", none()),
        case(
            "recurses without end",
            "java",
            "class Main { static void f() { f(); } public static void main(String[] a) { f(); } }",
            none(),
        ),
        case("recurses without end", "javascript", "function f() { f(); }\nf();", none()),
        case(
            "recurses without end",
            "go",
            "package main\nfunc f(n int) int { return f(n+1) + 1 }\nfunc main() { f(0) }",
            none(),
        ),
    ]
}
