//! What is measured: the programs, how each way runs them, how often, and the targets.

/// Stands for the program's text in a command.
pub(crate) const SOURCE: &str = "{source}";
/// Stands for a number that no program had before, so that nothing of an earlier round serves again.
pub(crate) const NEW: &str = "{new}";
/// What each program prints.
pub(crate) const OUTPUT: &[u8] = b"hello\n";

/// One row of the benchmark.
pub(crate) struct Program {
    /// Kiln's id of the language.
    pub(crate) language: &'static str,
    /// How it is called in the report.
    pub(crate) title: &'static str,
    /// The file that the host's commands find the program in.
    pub(crate) file: &'static str,
    pub(crate) source: &'static str,
    /// The host's commands, one after the other in a fresh directory.
    pub(crate) host: &'static [&'static [&'static str]],
    /// The same in the executor image: one command, which has the program's text as an argument.
    pub(crate) container: &'static [&'static str],
    pub(crate) rounds: usize,
    /// How many times faster than the bare toolchain Kiln is to be, at the median.
    pub(crate) faster_min: f64,
    /// The same for a source that was compiled before.
    pub(crate) again_faster_min: Option<f64>,
    /// What Kiln may take at the median, in milliseconds.
    pub(crate) p50_ms_max: Option<f64>,
    /// Whether `docker exec` is what the target is measured against where the host lacks what the program needs.
    pub(crate) exec_stands_in: bool,
}

impl Program {
    pub(crate) fn image(&self) -> String {
        format!("kiln-executor-{}:local", self.language)
    }

    /// Whether there is something to compile.
    pub(crate) fn is_compiled(&self) -> bool {
        self.source.contains(NEW)
    }

    /// The program's text with a number of its own.
    pub(crate) fn text(&self, number: u64) -> String {
        self.source.replace(NEW, &number.to_string())
    }
}

const GROUP_BY: &str = "\
import numpy
import pandas

frame = pandas.DataFrame({'key': numpy.arange(1000) % 7, 'value': numpy.arange(1000)})
sums = frame.groupby('key')['value'].sum()
print('hello' if int(sums.sum()) == 499500 else sums)
";

const JAVA: &str = "\
public class Main {
    public static void main(String[] arguments) {
        System.out.println({new}L > 0 ? \"hello\" : \"\");
    }
}
";

const CPP_ALL: &str = "\
#include <bits/stdc++.h>

int main() {
    std::vector<unsigned long long> numbers{3, {new}, 2};
    std::sort(numbers.begin(), numbers.end());
    std::cout << (numbers.front() == 2 ? \"hello\" : \"\") << std::endl;
}
";

const CPP_IOSTREAM: &str = "\
#include <iostream>

int main() {
    std::cout << ({new}ULL > 0 ? \"hello\" : \"\") << std::endl;
}
";

const RUST: &str = "\
fn main() {
    println!(\"{}\", if std::env::args().count() as u64 != {new} { \"hello\" } else { \"\" });
}
";

const GO: &str = "\
package main

import (
\t\"fmt\"
\t\"os\"
)

func main() {
\tif uint64(len(os.Args)) != {new} {
\t\tfmt.Println(\"hello\")
\t}
}
";

/// Of ways that take a second, fewer rounds: the whole run stays at a third of an hour.
const COMPILED_ROUNDS: usize = 18;

/// How many times faster the same source is to run again.
const AGAIN_FASTER_MIN: f64 = 50.0;

/// What most rows have in common.
const USUAL: Program = Program {
    language: "",
    title: "",
    file: "",
    source: "",
    host: &[],
    container: &[],
    rounds: COMPILED_ROUNDS,
    faster_min: 1.5,
    again_faster_min: None,
    p50_ms_max: None,
    exec_stands_in: false,
};

/// In the order of the report.
pub(crate) const PROGRAMS: [Program; 8] = [
    Program {
        language: "python",
        title: "Python hello",
        file: "main.py",
        source: "print(\"hello\")",
        host: &[&["python3", "-c", SOURCE]],
        container: &["python3", "-c", SOURCE],
        rounds: 48,
        faster_min: 8.0,
        p50_ms_max: Some(1.5),
        ..USUAL
    },
    Program {
        language: "python-data",
        title: "Python, numpy and pandas, a groupby",
        file: "main.py",
        source: GROUP_BY,
        host: &[&["python3", "-c", SOURCE]],
        container: &["python3", "-c", SOURCE],
        rounds: 32,
        faster_min: 40.0,
        exec_stands_in: true,
        ..USUAL
    },
    Program {
        language: "javascript",
        title: "JavaScript hello",
        file: "main.js",
        source: "console.log(\"hello\")",
        host: &[&["node", "-e", SOURCE]],
        container: &["node", "-e", SOURCE],
        rounds: 50,
        faster_min: 8.0,
        ..USUAL
    },
    Program {
        language: "java",
        title: "Java hello, new source",
        file: "Main.java",
        source: JAVA,
        host: &[&["javac", "Main.java"], &["java", "Main"]],
        container: &[
            "sh",
            "-c",
            "cd /tmp && printf %s \"$1\" >Main.java && javac Main.java && exec java Main",
            "sh",
            SOURCE,
        ],
        faster_min: 8.0,
        ..USUAL
    },
    Program {
        language: "cpp",
        title: "C++, bits/stdc++.h first, new source",
        source: CPP_ALL,
        faster_min: 2.5,
        ..CPP
    },
    Program { language: "cpp", title: "C++, iostream first, new source", source: CPP_IOSTREAM, ..CPP },
    Program {
        language: "rust",
        title: "Rust hello, new source",
        file: "main.rs",
        again_faster_min: Some(AGAIN_FASTER_MIN),
        source: RUST,
        host: &[&["rustc", "--edition=2021", "-O", "main.rs"], &["./main"]],
        container: &[
            "sh",
            "-c",
            "cd /tmp && printf %s \"$1\" >main.rs && rustc --edition=2021 -O main.rs && exec ./main",
            "sh",
            SOURCE,
        ],
        ..USUAL
    },
    Program {
        language: "go",
        title: "Go hello, new source",
        file: "main.go",
        again_faster_min: Some(AGAIN_FASTER_MIN),
        source: GO,
        host: &[&["go", "build", "-o", "main", "main.go"], &["./main"]],
        // The image has no go command.
        container: &[
            "sh",
            "-c",
            "cd /tmp && printf %s \"$1\" >main.go && /opt/kiln/bin/kiln-go-build main main.go && exec ./main",
            "sh",
            SOURCE,
        ],
        ..USUAL
    },
];

/// Both of C++.
const CPP: Program = Program {
    language: "cpp",
    file: "main.cpp",
    again_faster_min: Some(AGAIN_FASTER_MIN),
    host: &[&["g++", "-O2", "-std=c++20", "-o", "main", "main.cpp"], &["./main"]],
    container: &[
        "sh",
        "-c",
        "cd /tmp && printf %s \"$1\" >main.cpp && g++ -O2 -std=c++20 -o main main.cpp && exec ./main",
        "sh",
        SOURCE,
    ],
    ..USUAL
};

/// Executions/s of Python hello at concurrency 8 with reuse.
pub(crate) const RATE_MIN: f64 = 300.0;
/// The concurrency that `RATE_MIN` speaks of.
pub(crate) const RATE_CONCURRENCY: usize = 8;
/// `ONE_SHOT` executions against the engine's own rate of containers.
pub(crate) const ENGINE_SHARE_MIN: f64 = 0.85;
/// A reset at the median, in milliseconds.
pub(crate) const RESET_MS_MAX: f64 = 5.0;
