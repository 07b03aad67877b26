//! Every language of the catalogue, end to end: its smoke programs, input, arguments, files, failures.

use kiln::language::Catalogue;
use kiln::proto::{ExecuteRequest, File, Outcome};

use crate::support::daemon::{Daemon, program, stdout};

#[tokio::test]
async fn every_language_runs_its_smoke_programs() {
    let catalogue = Catalogue::load(None).unwrap();
    let ids: Vec<_> = catalogue.languages().iter().map(|spec| spec.id.as_str()).collect();
    let one = ids
        .iter()
        .map(|id| format!("KILN__LANGUAGES__POOLS__{}__MIN", id.to_uppercase()))
        .collect::<Vec<_>>();
    let settings: Vec<_> = one.iter().map(|name| (name.as_str(), "1")).collect();
    let daemon = Daemon::start_with(&ids, &settings).await;
    for spec in catalogue.languages() {
        for smoke in &spec.smoke {
            let reply = daemon.run(spec.id.as_str(), &smoke.code).await;
            let run = reply.run.unwrap_or_else(|| panic!("{} {}: {:?}", spec.id, smoke.name, reply.compile));
            let told = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
            assert_eq!(run.stdout, smoke.expected_stdout, "{} {}: {told:?}", spec.id, smoke.name);
            assert_eq!(reply.outcome, i32::from(Outcome::Succeeded));
            assert_eq!(reply.compile.is_some(), spec.compiles());
        }
    }
    daemon.stop();
}

#[tokio::test]
async fn input_arguments_variables_and_files_arrive_byte_for_byte() {
    let daemon = Daemon::start(&["python"]).await;
    let code = "import os, sys\n\
        data = sys.stdin.buffer.read()\n\
        sys.stdout.buffer.write(data + open('data/a.bin', 'rb').read())\n\
        print(sys.argv[1:], os.environ['NAME'], os.access('tool', os.X_OK), os.getcwd())\n";
    let file = |path: &str, content: &[u8], executable| File {
        path: path.into(),
        content: content.to_vec().into(),
        executable,
    };
    let request = ExecuteRequest {
        args: vec!["-x".into(), "".into(), "two words".into()],
        env: [("NAME".into(), "value=1".into())].into(),
        stdin: b"\xff\0no newline".to_vec(),
        files: vec![file("data/a.bin", b"\r\n\x80", false), file("tool", b"", true)],
        ..program("python", code)
    };
    let run = daemon.execute(request).await.unwrap().run.unwrap();
    let expected = b"\xff\0no newline\r\n\x80['-x', '', 'two words'] value=1 True /workspace\n";
    assert_eq!(String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(expected));
    daemon.stop();
}

/// More than what waits reads at once.
#[tokio::test]
async fn long_arguments_and_variables_reach_what_waits() {
    let daemon = Daemon::start(&["python", "javascript"]).await;
    let long = |letter: &str| letter.repeat(60_000);
    let python = "import os, sys; print([(a[0], len(a)) for a in sys.argv[1:] + [os.environ['LONG']]])";
    let javascript =
        "console.log([...process.argv.slice(2), process.env.LONG].map((a) => a[0] + a.length).join())";
    for (language, code, expected) in [
        ("python", python, "[('a', 60000), ('b', 60000), ('c', 60000)]\n"),
        ("javascript", javascript, "a60000,b60000,c60000\n"),
    ] {
        let request = ExecuteRequest {
            args: vec![long("a"), long("b")],
            env: [("LONG".into(), long("c"))].into(),
            ..program(language, code)
        };
        let reply = daemon.execute(request).await.unwrap();
        assert_eq!(stdout(&reply), expected, "{language}: {}", reply.message);
    }
    daemon.stop();
}

#[tokio::test]
async fn an_entrypoint_among_the_files_is_run_instead_of_code() {
    let daemon = Daemon::start(&["python"]).await;
    let file = |path: &str, text: &str| File {
        path: path.into(),
        content: text.as_bytes().to_vec().into(),
        executable: false,
    };
    let request = ExecuteRequest {
        language: "py".into(),
        files: vec![
            file("app/start.py", "import helper; print(helper.x, __file__)"),
            file("app/helper.py", "x = 5"),
        ],
        entrypoint: "app/start.py".into(),
        ..Default::default()
    };
    let reply = daemon.execute(request).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&reply.run.unwrap().stdout), "5 /workspace/app/start.py\n");
    daemon.stop();
}

#[tokio::test]
async fn java_runs_the_class_that_has_main() {
    let daemon = Daemon::start(&["java"]).await;
    for code in [
        "public class Anything { public static void main(String[] a) { System.out.println(\"here\"); } }",
        "class Helper {}\nclass Other { public static void main(String... a) { System.out.println(\"here\"); } }",
        "package deep.down;\npublic class Main { public static void main(String[] a) { System.out.println(\"here\"); } }",
    ] {
        let reply = daemon.run("java", code).await;
        let said = reply.run.map(|run| String::from_utf8_lossy(&run.stdout).into_owned());
        assert_eq!(said.as_deref(), Some("here\n"), "{code}: {}", reply.message);
    }
    daemon.stop();
}

#[tokio::test]
async fn a_program_that_does_not_compile_says_why() {
    let daemon = Daemon::start(&["cpp", "rust", "go", "java"]).await;
    for (language, code, words) in [
        ("cpp", "int main() { return x; }", "was not declared"),
        ("rust", "fn main() { x }", "cannot find value `x`"),
        ("go", "package main\nfunc main() { x }", "undefined: x"),
        ("java", "class Main { public static void main(String[] a) { x; } }", "not a statement"),
    ] {
        let reply = daemon.run(language, code).await;
        assert_eq!(reply.outcome(), Outcome::CompileFailed, "{language}: {}", reply.message);
        let compile = reply.compile.unwrap();
        let said =
            String::from_utf8_lossy(&compile.stderr).into_owned() + &String::from_utf8_lossy(&compile.stdout);
        assert!(said.contains(words) && compile.exit_code != 0 && reply.run.is_none(), "{language}: {said}");
    }
    daemon.stop();
}

#[tokio::test]
async fn compilers_follow_the_promised_standards() {
    let daemon = Daemon::start(&["cpp", "rust"]).await;
    let cpp = "#include <cstdio>\n#include <concepts>\ntemplate <std::integral T> T f(T x) { return x; }\n\
        int main() {\n#ifdef __OPTIMIZE__\nstd::printf(\"%ld %d\\n\", __cplusplus, f(1));\n#endif\n}\n";
    let run = daemon.run("c++", cpp).await.run.unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "202002 1\n");
    let rust = "fn main() { let async_fn = async { 1 }; let _ = async_fn; println!(\"{}\", cfg!(debug_assertions)); }";
    let run = daemon.run("rs", rust).await.run.unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "false\n");
    daemon.stop();
}

/// The waiting interpreter's end leaves out what nobody can notice, where libraries in C are loaded too.
#[tokio::test]
async fn libraries_in_c_do_at_the_end_what_they_have_to() {
    let daemon = Daemon::start(&["python-data"]).await;
    for (code, stdout, signal) in [
        ("import pandas\nprint(pandas.Series([1, 2]).sum())", "3\n", 0),
        // The C library's own stream, which nobody flushes before.
        ("import numpy, ctypes\nctypes.CDLL(None).printf(b'buffered in C')", "buffered in C", 0),
        (
            "import numpy, ctypes\nc = ctypes.CDLL(None)\nc.on_exit(c.abort, None)\nprint('ends')\ndel c",
            "ends\n",
            6,
        ),
    ] {
        let reply = daemon.run("python-data", code).await;
        let run = reply.run.unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert_eq!((&*said, run.signal), (stdout, signal), "{code}: {}", reply.message);
    }
    daemon.stop();
}

/// CPython would make it anew in each container without a word, for half the time of its own start.
#[tokio::test]
async fn what_waits_in_python_comes_from_bytecode_that_the_image_has() {
    let daemon = Daemon::start(&["python", "python-data"]).await;
    let code = "import _imp, glob, importlib.util as util\n\
        sources = glob.glob('/kiln/languages/python/standby/*.py')\n\
        for source in sources:\n\
        \x20   compiled = open(util.cache_from_source(source), 'rb').read(16)\n\
        \x20   digest = _imp.source_hash(int.from_bytes(util.MAGIC_NUMBER, 'little'), open(source, 'rb').read())\n\
        \x20   assert compiled == util.MAGIC_NUMBER + b'\\3\\0\\0\\0' + digest, source\n\
        print(len(sources) > 1)";
    for language in ["python", "python-data"] {
        let reply = daemon.run(language, code).await;
        assert_eq!(stdout(&reply), "True\n", "{language}: {reply:?}");
    }
    daemon.stop();
}

/// The image's build has noted a part of the compiler's code, and that of the libraries that are there.
#[tokio::test]
async fn rustc_waits_with_the_code_that_a_compile_touches() {
    let daemon = Daemon::start(&["rust"]).await;
    let code = "fn main() {\n\
        \x20   let list = std::fs::read_to_string(\"/opt/kiln/rust/touched\").unwrap();\n\
        \x20   let (names, ranges): (Vec<_>, Vec<_>) = list.lines().partition(|line| line.starts_with('/'));\n\
        \x20   let bytes = |range: &&str| u64::from_str_radix(range.split(' ').nth(1).unwrap(), 16).unwrap();\n\
        \x20   let all: u64 = names.iter().map(|name| std::fs::metadata(name).unwrap().len()).sum();\n\
        \x20   println!(\"{} {}\", names.len(), ranges.iter().map(bytes).sum::<u64>() * 100 / all);\n}\n";
    let reply = daemon.run("rust", code).await;
    let said = stdout(&reply);
    let (libraries, percent) = said.trim().split_once(' ').unwrap_or_else(|| panic!("{reply:?}"));
    assert_eq!(libraries, "2", "the compiler's and LLVM's");
    assert!((5..60).contains(&percent.parse::<u64>().unwrap()), "{percent} % of their bytes");
    daemon.stop();
}

/// The program finds it, by its user or its name; a compiler's, which may be about to die, has another memory.
#[tokio::test]
async fn what_waits_has_a_holder_of_its_memory() {
    let daemon = Daemon::start(&["python", "javascript", "java"]).await;
    let python = "import os\n\
        own = [p for p in os.listdir('/proc') if p.isdigit() and os.stat('/proc/' + p).st_uid == os.getuid()]\n\
        print(sorted(os.listdir(f'/proc/{p}/fd') for p in own if int(p) != os.getpid()))";
    let javascript = "const fs = require('fs');\n\
        const own = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && fs.readFileSync(`/proc/${name}/comm`, 'utf8') === 'holder\\n');\n\
        console.log(own.map((name) => fs.readdirSync(`/proc/${name}/fd`)));";
    // The holder is where the C library is at the same place: each process of another memory has it elsewhere.
    let java = "import java.nio.file.*;\n\
        public class Main { public static void main(String[] a) throws Exception {\n\
        \x20   var ours = library(Path.of(\"/proc/self/maps\"));\n\
        \x20   try (var all = Files.list(Path.of(\"/proc\"))) {\n\
        \x20       System.out.println(all.filter(p -> p.getFileName().toString().matches(\"[0-9]+\")).filter(p -> { try {\n\
        \x20           return Files.readString(p.resolve(\"comm\")).equals(\"holder\\n\") && library(p.resolve(\"maps\")).equals(ours);\n\
        \x20       } catch (java.io.IOException e) { return false; } }).count());\n\
        \x20   } }\n\
        \x20   static String library(Path maps) throws java.io.IOException {\n\
        \x20       return Files.readString(maps).lines().filter(l -> l.contains(\"/libc.so\")).findFirst().orElse(\"\");\n\
        \x20   } }";
    // The holder has none of the program's streams: Python's kept those of the interpreter that forked it, and its control stream.
    let cases = [
        ("python", python, "[['0', '1', '2', '3']]\n"),
        ("javascript", javascript, "[ [] ]\n"),
        ("java", java, "1\n"),
    ];
    for (language, code, expected) in cases {
        let reply = daemon.run(language, code).await;
        assert_eq!(stdout(&reply), expected, "{language}: {}", reply.message);
    }
    daemon.stop();
}
